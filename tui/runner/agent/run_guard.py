"""The PreToolUse hook of our own runs: it holds whatever the CLI's rules and permission mode let through."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tui.control.channels.mailbox import Mailbox
from tui.control.hooks.kept_rules import keep_for_run
from tui.control.hooks.tool_guard import EVENT
from tui.model.permissions.granted import PermissionPreset
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts
from tui.system import paths
from tui.system.children import python_child

_SECONDS = 10
_HOME_FILES = ("Read(~/", "Read(//")


def guard_hooks(facts: RunFacts) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """The hooks that judge every tool call of a run, as the CLI's settings have them."""
    mailbox = str(Mailbox(Path(facts.project)).folder)
    words = python_child.program_command("hook", EVENT, mailbox, facts.run)
    # Without this program nothing can be judged; the session must not hang on that.
    gates = (words[0], python_child.program_file())
    gone = " || ".join(f"test ! -e {shlex.quote(gate)}" for gate in gates)
    state = f"XDG_STATE_HOME={shlex.quote(str(paths.state_dir().parent))}"
    command = f"{gone} || {state} {shlex.join(words)}"
    entry = {"type": "command", "command": command, "timeout": _SECONDS}
    return {EVENT: [{"matcher": "*", "hooks": [entry]}]}


def keep_rules(
    folder: RunDirectory,
    facts: RunFacts,
    settings: Settings,
    preset: PermissionPreset,
    deny: Sequence[str] = (),
) -> None:
    """Writes down what holds in the run, for the hook. Raises OSError.

    `deny` are the CLI's rules of its preset.
    """
    allowed = settings.agent.allowed_tools
    unread = _unread(deny)
    keep_for_run(folder.rules, Path(facts.project), settings.protect, preset, allowed, unread)


def _unread(deny: Sequence[str]) -> Iterator[str]:
    """The globs of the rules for files outside of the project that may not be read."""
    for rule in deny:
        if rule.startswith(_HOME_FILES) and rule.endswith(")"):
            path = rule[len("Read(") : -1]
            yield path[1:] if path.startswith("//") else path
