"""Remembers how commands ended: builds, linters, installs, pushes, whatever a claim may name."""

from __future__ import annotations

from msgspec import Struct

from tui.model.cli_commands import SHELLS
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import CommandRecord

MOST_COMMANDS = 1_500
_LONGEST_COMMAND = 400
_LONGEST_OUTPUT = 1_500
_LOOKS = frozenset(
    "ls cat head tail grep rg find sed awk pwd wc tree stat file which sleep echo jq less".split()
)
"""Commands whose answer only repeats what stands somewhere."""


class CommandLog(Struct):
    """Collects commands as they end; the oldest are forgotten first."""

    records: list[CommandRecord] = []
    forgotten: int = 0

    def on_tool_result(
        self, use: ToolCall, result: ToolResult, number: int, at: float | None, ref: SourceRef
    ) -> None:
        """A tool call was answered; `number` is that of the newest evidence."""
        if use.name in SHELLS:
            command = use.command or use.target
            if command.partition(" ")[0] in _LOOKS and "&&" not in command and ";" not in command:
                return
        elif use.name.startswith("mcp__") and "git" in use.name:
            command = use.target
        else:
            return
        # A command in the background has only begun.
        failed = result.is_error if result.task is None else None
        output = result.excerpt[-_LONGEST_OUTPUT:]
        cut = command[:_LONGEST_COMMAND]
        denied = result.denial is not None
        self.records.append(CommandRecord(number, at, use.name, cut, failed, output, ref, denied))
        if len(self.records) > MOST_COMMANDS:
            drop = MOST_COMMANDS // 10
            del self.records[:drop]
            self.forgotten += drop
