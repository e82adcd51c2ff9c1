"""Tool calls that may have put a risk into the repository: edits, and shell commands that could."""

from __future__ import annotations

from msgspec import Struct

from tui.night.tools import EDITING, SHELLS
from tui.patterns import Signed
from tui.records import SourceRef, ToolResult, ToolCall

MOST_COMMANDS = 1_000
MOST_RISKY_EDITS = 5_000
_LONGEST = 2_000
_HINT = Signed(
    "--no-verify|commit|hooksPath|HUSKY|push|curl|wget|http|fetch|iwr|rm|Invoke-|LEFTHOOK|chmod|mv"
    "|sudo|sed|>|tee|cp|patch|apply|checkout|restore|perl|add|install|remove|write_text|open(",
    r"--no-verify|\bcommit\b|hooksPath|HUSKY|\bpush\b|\bcurl\b|\bwget\b|\b(?:https?|fetch|iwr|irm)\s|Invoke-|LEFTHOOK|\bchmod\b|\brm\b|\bmv\b"
    r"|\bsudo|\bsed\b.*-i|>|\btee\b|\bcp\b|\bpatch\b|\bapply\b|\bcheckout\b|\brestore\b|\bperl\b"
    r"|\b(?:add|install|remove|uninstall)\b|write_text|open\(",
)


class RiskyCall(Struct, frozen=True, gc=False):
    """An edit (`text` is the path) or a shell command (`text` is the command, cut at 2,000).

    `ref` is the line of the call itself; `is_error` says that its answer was an error.
    """

    name: str
    text: str
    ref: SourceRef
    at: float | None = None
    is_error: bool = False

    @property
    def shell(self) -> bool:
        """Whether this is a shell command."""
        return self.name in SHELLS


class RiskyCallLog(Struct):
    """Collects such calls as they come, by the id of the call; the oldest are forgotten first."""

    commands: dict[str, RiskyCall] = {}
    edits: dict[str, RiskyCall] = {}

    def called(self, use: ToolCall, ref: SourceRef, at: float | None) -> None:
        """A tool was called."""
        if use.name in EDITING:
            self._keep(self.edits, MOST_RISKY_EDITS, use.id, RiskyCall(use.name, use.path, ref, at))
        elif use.name in SHELLS:
            command = use.command or use.target
            if _HINT.search(command):
                call = RiskyCall(use.name, command[:_LONGEST], ref, at)
                self._keep(self.commands, MOST_COMMANDS, use.id, call)

    def answered(self, result: ToolResult) -> None:
        """A call was answered: what failed is remembered as failed."""
        if not result.is_error:
            return
        for calls in (self.commands, self.edits):
            call = calls.get(result.tool_use_id)
            if call is not None:
                calls[result.tool_use_id] = RiskyCall(
                    call.name, call.text, call.ref, call.at, is_error=True
                )

    def calls(self) -> tuple[RiskyCall, ...]:
        """Everything collected, edits before commands, each oldest first."""
        return (*self.edits.values(), *self.commands.values())

    @staticmethod
    def _keep(calls: dict[str, RiskyCall], most: int, id: str, call: RiskyCall) -> None:
        calls[id or f"{call.ref.source} {call.ref.offset}"] = call
        if len(calls) > most:
            del calls[next(iter(calls))]
