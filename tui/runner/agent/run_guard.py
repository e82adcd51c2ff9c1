"""The PreToolUse hook of our own runs: it holds whatever the CLI's rules and permission mode let through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tui.control.channels.mailbox import Mailbox
from tui.control.hooks.kept_rules import keep_for_run
from tui.control.hooks.status import shell_command
from tui.control.hooks.tool_guard import EVENT
from tui.model.permissions.granted import AgentPermissions
from tui.runner.permissions.preset import permissions_of
from tui.runner.run_context import RunContext
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts

_SECONDS = 10
_OUTSIDE = ("Read(~/", "Read(//")


def guard_hooks(facts: RunFacts) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """The hook that judges every tool call of a run, as the CLI's settings have it."""
    command = shell_command(EVENT, str(Mailbox(Path(facts.project)).folder), facts.run)
    entry = {"type": "command", "command": command, "timeout": _SECONDS}
    return {EVENT: [{"matcher": "*", "hooks": [entry]}]}


def keep_rules(context: RunContext) -> None:
    """Writes down what holds in the run, for its hook. Raises OSError: no agent starts without it."""
    settings = context.settings
    permissions = context.permissions or permissions_of(settings.agent, context.project)
    keep_run_rules(context.folder, context.project, settings, permissions)


def keep_run_rules(
    folder: RunDirectory, project: Path, settings: Settings, permissions: AgentPermissions
) -> None:
    """The same for an agent with these permissions that works in `project`. Raises OSError."""
    keep_for_run(
        folder.rules,
        project,
        settings.protect,
        permissions.preset,
        allowed=settings.agent.allowed_tools,
        unread=_unread(permissions.deny),
    )


def _unread(deny: Sequence[str]) -> Iterator[str]:
    """The globs of the CLI's rules for files outside of the project that may not be read."""
    for rule in deny:
        if rule.startswith(_OUTSIDE) and rule.endswith(")"):
            yield rule[len("Read(") : -1].replace("//", "/", 1)
