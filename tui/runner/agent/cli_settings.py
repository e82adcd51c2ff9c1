"""The JSON of the CLI's `--settings`: what a run adds to the settings that the CLI reads by itself.

The CLI merges it with the person's and the project's own files: lists of rules are joined, and what any of
them denies is denied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.model.permissions.granted import AgentPermissions
from tui.settings.settings import Settings

Hooks = Mapping[str, Sequence[Mapping[str, object]]]
"""From an event to its groups, as the CLI's `hooks` has them."""


def inline_settings(
    settings: Settings,
    permissions: AgentPermissions,
    *,
    hooks: Hooks | None = None,
    env: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """What `--settings` gets; empty where nothing is to be added."""
    found: dict[str, object] = {}
    rules = {"allow": permissions.allow, "deny": permissions.deny}
    if any(rules.values()):
        found["permissions"] = {name: list(some) for name, some in rules.items() if some}
    if settings.agent.sandbox != "default":
        found["sandbox"] = {"enabled": settings.agent.sandbox == "on"}
    if env:
        found["env"] = dict(env)
    if hooks:
        found["hooks"] = {
            event: [dict(group) for group in groups] for event, groups in hooks.items()
        }
    return found
