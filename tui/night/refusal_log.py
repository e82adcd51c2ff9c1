"""Collects the calls of a night that were not let run."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.failures import DenialKind
from tui.model.permissions.refusals import Refusals, RefusedCall
from tui.night.evidence.test_commands import reads_only
from tui.night.evidence.test_runners.calls import runner
from tui.night.stuck.refused.allow_rules import allow_rules, call_pattern, shell_parts
from tui.night.stuck.step import shown_text

_MOST_PATTERNS = 64
_OTHERS = "others"
_SHOWN = 80


class RefusalLog(Struct):
    """The refused calls by pattern, and how tests and commits fared."""

    count: int = 0
    calls: dict[str, RefusedCall] = {}
    newest: str = ""
    tests_refused: int = 0
    tests_run: int = 0
    commits_refused: int = 0

    def refusals(self, commits: int) -> Refusals:
        """What is known now; `commits` is how many the night made."""
        found = sorted(self.calls.values(), key=lambda call: -call.count)
        return Refusals(
            count=self.count,
            calls=tuple(found),
            newest=self.calls.get(self.newest),
            tests_refused=self.tests_refused,
            tests_run=self.tests_run,
            commits_refused=self.commits_refused,
            commits_made=commits,
        )


def count_refusal(
    log: RefusalLog, use: ToolCall, result: ToolResult, at: float | None, ref: SourceRef, cwd: str
) -> None:
    """A call was not let run; those that a person refused do not count."""
    kind = result.denial
    if kind is None or kind == DenialKind.PERSON:
        return
    log.count += 1
    command = use.command or use.target
    if use.name == "Bash":
        log.tests_refused += bool(runner(command)) and not reads_only(command)
        log.commits_refused += _commits(command)
    pattern = call_pattern(use.name, use)
    if pattern not in log.calls and len(log.calls) >= _MOST_PATTERNS:
        pattern = _OTHERS
    known = log.calls.get(pattern)
    rules = allow_rules(use.name, use, cwd) if kind.can_be_allowed else ()
    shown = shown_text(command if use.name == "Bash" else f"{use.name} {use.target}", _SHOWN)
    first = ref if known is None else known.first_ref
    count = 1 if known is None else known.count + 1
    log.calls[pattern] = RefusedCall(pattern, shown, count, kind, rules, at, first, ref)
    log.newest = pattern


def _commits(command: str) -> bool:
    parts = shell_parts(command)
    if parts is None:
        return "git commit" in command
    return any(part.words[:2] == ("git", "commit") for part in parts)
