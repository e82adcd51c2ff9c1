"""What a proof's command prints: shown line by line, its end kept; safe to show, and without credentials."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tui.night.evidence.test_output import plain
from tui.system.credentials.hide import hide_credentials
from tui.system.sanitize import clean_line

_COPY: Final = "(copy)"
_LINE: Final = 400
_MOST_LINES: Final = 2_000
_MOST_PENDING: Final = 64 << 10
_KEPT_LINES: Final = 60
_KEPT: Final = 6_000


class OutputLines:
    """Hands the lines of an output on as they come, up to a number of them."""

    def __init__(self, say: Callable[[str], None], folder: Path) -> None:
        self._say = say
        self._folder = str(folder)
        self._pending = b""
        self._left = _MOST_LINES

    def add(self, data: bytes) -> None:
        """Takes a piece of the output."""
        if not self._left:
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        self._pending = self._pending[-_MOST_PENDING:]
        for line in lines:
            self._show(line)

    def end(self) -> None:
        """Shows what stands in a last line without its end."""
        if self._pending:
            self._show(self._pending)

    def _show(self, line: bytes) -> None:
        if not self._left:
            return
        self._left -= 1
        # Of a line that was drawn over and over, the last state.
        text = line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        self._say(f"  {_safe(text, self._folder)}")
        if not self._left:
            self._say("  … more of it is not shown")


def kept_output(text: str, folder: Path) -> str:
    """The end of an output as it is kept with a proof."""
    lines = [line.rpartition("\r")[2] for line in text.rstrip().split("\n")[-_KEPT_LINES:]]
    return "\n".join(_safe(line, str(folder)) for line in lines)[-_KEPT:]


def _safe(line: str, folder: str) -> str:
    return clean_line(hide_credentials(plain(line[: 4 * _LINE]).replace(folder, _COPY)), _LINE)
