"""The JSON of the CLI's `--settings`: what a run adds to the settings that the CLI reads by itself.

The CLI merges it with the person's and the project's own files: lists of rules are joined, and what any of
them denies is denied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui.model.permissions.granted import AgentPermissions
from tui.settings.settings import Settings

_CACHES = "~/.cache ~/.cargo ~/.rustup ~/.npm ~/.gradle ~/.m2 ~/.bundle ~/.hex ~/go //tmp".split()
_SANDBOX: dict[str, object] = {
    "enabled": True,
    # Else every command is allowed that runs in it, whatever the rules say.
    "autoAllowBashIfSandboxed": False,
    # In it `git add -A` fails: the CLI puts devices in the place of files that it protects.
    "excludedCommands": ["git:*"],
    "filesystem": {"allowWrite": _CACHES},
}
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
        found["sandbox"] = _SANDBOX if settings.agent.sandbox == "on" else {"enabled": False}
    if env:
        found["env"] = dict(env)
    if hooks:
        found["hooks"] = {
            event: [dict(group) for group in groups] for event, groups in hooks.items()
        }
    return found


def merged(settings: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both, as the CLI merges its files: lists are joined, and of two values the other's holds."""
    found = dict(settings)
    for key, value in other.items():
        known = found.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            found[key] = merged(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            found[key] = [*known, *value]
        else:
            found[key] = value
    return found
