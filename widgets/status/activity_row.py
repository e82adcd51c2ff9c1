"""A row that shows how far long work is."""

from __future__ import annotations

from tui.system.format import format_size
from widgets.glyphs import glyphs
from widgets.ink import Line
from widgets.line_layout import spread
from widgets.row_widgets import SingleRow
from widgets.text_cells import cells, clip, visible


def progress_line(words: str, share: float, width: int) -> Line:
    """The words, a bar that takes what is left, and the percentage."""
    share = max(0.0, min(1.0, share))
    signs = glyphs()
    percent = f" {int(100 * share)}% "
    words = clip(visible(words), max(0, width - 16))
    room = max(4, width - cells(words) - len(percent) - 2)
    filled = round(share * room)
    right: Line = [
        (signs.filled * filled, "accent"),
        (signs.empty * (room - filled), "faint"),
        (percent, "dim"),
    ]
    return spread([(" " + words + " ", "dim")], right, width)


def reading_text(done: int, total: int) -> str:
    """The words for bytes that have been read; of a big file all in megabytes."""
    if total >= 1_000_000:
        return f"reading {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
    return f"reading {format_size(done)} of {format_size(total)}"


class ActivityRow(SingleRow):
    """Shown while work goes on, gone when it does not."""

    DEFAULT_CSS = """
    ActivityRow { display: none; &.-on { display: block; } }
    """

    _words = ""
    _share: float | None = 0.0

    def show(self, words: str, share: float | None) -> None:
        """Say what goes on and how far it is, 0 to 1; None where nobody knows."""
        self._words, self._share = words, share
        self.set_class(True, "-on")
        self.redraw()

    def show_reading(self, done: int, total: int) -> None:
        """Say how many bytes of how many have been read."""
        self.show(reading_text(done, total), done / total if total else 1.0)

    def hide(self) -> None:
        """The work is over."""
        self.set_class(False, "-on")

    def spans(self, width: int) -> Line:
        if self._share is None:
            return [
                (f" {glyphs().waiting} {clip(visible(self._words), max(0, width - 4))}", "accent")
            ]
        return progress_line(self._words, self._share, width)


class NoticeRow(SingleRow):
    """A remark on one row, in full where it fits, else in short; not there without words."""

    def __init__(self, words: str, short: str) -> None:
        super().__init__()
        self._words, self._short = visible(words), visible(short)
        self.display = bool(words)

    def spans(self, width: int) -> Line:
        words = self._words if cells(self._words) <= width - 4 else self._short
        return [(f" {glyphs().warning} {clip(words, max(0, width - 4))}", "warning")]
