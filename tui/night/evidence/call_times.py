"""When calls went on, as few numbers: by them a commit of the agent is told from one of a person."""

from __future__ import annotations

from msgspec import Struct

from tui.model.cli_commands import EDITING, SHELLS, SUBAGENTS
from tui.model.events import ToolCall, ToolResult
from tui.model.evidence.log import CallSpans, Spans

_MOST = 10_000
_NEAR, _FAR = 2.0, 30.0
_LOOKS = frozenset(
    "cat cd date diff du echo file find grep head less ls printenv pwd rg sleep stat tail tree wc which".split()
)
# A person's hooks, which may commit, run within the call of an edit.
_MAY_COMMIT = EDITING | SUBAGENTS
_JOINED = frozenset(";&|`$\n⏎>")


class CallTimes(Struct):
    """Stretches of calls that can have committed (`shells`) and of all calls (`busy`), start and end in turn.

    `untimed` calls have no start or no end; `known_from`: what is older was forgotten; `beside_from` is when
    the first command was left running in the background.
    """

    shells: list[float] = []
    busy: list[float] = []
    untimed: int = 0
    known_from: float | None = None
    beside_from: float | None = None

    def on_answer(
        self,
        use: ToolCall,
        result: ToolResult,
        *,
        tests: bool,
        since: float | None,
        at: float | None,
    ) -> None:
        """A call was answered; `tests` says that it was a run of tests."""
        if since is None or at is None:
            self.untimed += 1
            return
        if result.denial is not None:
            return
        _add(self.busy, since, at, _FAR)
        if self.beside_from is None and _is_left_running(use, result):
            self.beside_from = since
        if use.name in SHELLS:
            command = use.command or use.target
            if not _is_harmless(command, tests):
                _add(self.shells, since, at, _NEAR)
        elif use.name in _MAY_COMMIT or use.name.startswith("mcp__"):
            _add(self.shells, since, at, _NEAR)
        if len(self.shells) > _MOST:
            del self.shells[: _MOST // 5]
            self.known_from = self.shells[0]

    def spans(self) -> CallSpans:
        """What is known by now."""
        return CallSpans(
            Spans(tuple(self.shells)),
            Spans(tuple(self.busy)),
            not self.untimed,
            self.known_from,
            self.beside_from,
        )


def _is_harmless(command: str, tests: bool) -> bool:
    """Whether a command surely commits nothing: it looks at something, or runs tests alone."""
    if tests:
        return "git" not in command
    first = command.split(None, 1)[:1]
    return bool(first) and first[0] in _LOOKS and _JOINED.isdisjoint(command)


def _is_left_running(use: ToolCall, result: ToolResult) -> bool:
    if result.task is not None and result.task.phase == "started":
        return True
    command = (use.command or use.target) if use.name in SHELLS else ""
    return "nohup " in command or command.rstrip().endswith("&")


def _add(spans: list[float], start: float, end: float, near: float) -> None:
    """Adds a stretch; those nearer than `near` seconds become one. Ends come in order, or nearly."""
    while spans and start <= spans[-1] + near:
        end = max(end, spans.pop())
        start = min(start, spans.pop())
    spans += (start, max(start, end))
