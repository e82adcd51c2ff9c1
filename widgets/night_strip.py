"""The whole night in one row, with a cursor to move along it."""

from __future__ import annotations

from textual import events
from textual.message import Message

from tui.night.timeline import Timeline
from tui.system.format import format_clock
from widgets.glyphs import glyphs
from widgets.ink import Line, Span
from widgets.night_cells import TimelineCell, cell_at, cell_sign, crowded, cut, described
from widgets.one_row import SingleRow

LABEL = 7
"""Columns of the clock at either end, blanks included."""


def strip_columns(width: int) -> int:
    """Columns left for the night itself."""
    return max(1, width - 2 * LABEL)


def strip_line(cells: list[TimelineCell], width: int, cursor: int | None = None) -> Line:
    """The row in `width` columns; `cursor` is the cell that a person looks at."""
    columns = strip_columns(width)
    if not cells:
        track = glyphs().empty * columns
        return [(" " * LABEL, "dim"), (track, "faint"), (" " * LABEL, "dim")]
    out: list[Span] = [(f" {format_clock(cells[0].start, False)} ", "dim")]
    hidden = crowded(cells)
    for nth, cell in enumerate(cells[:columns]):
        sign, role = cell_sign(cell, hidden)
        out.append((sign, "badge" if nth == cursor else role))
    out.append((glyphs().empty * (columns - len(cells)), "faint"))
    edge = cells[0].start + columns * cells[0].length
    out.append((f" {format_clock(edge, False)} ", "dim"))
    return out


class TimelineBar(SingleRow):
    """Draws a `Timeline`; the cursor stands on a moment of it, or nowhere: then it is now."""

    DEFAULT_CSS = "NightStrip { background: $background; }"

    class CursorMoved(Message):
        """The person chose a moment; None is now. `words` say what the cell was."""

        def __init__(self, at: float | None, words: str) -> None:
            super().__init__()
            self.at = at
            self.words = words

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._timeline = Timeline()
        self._now: float | None = None
        self._cells: list[TimelineCell] = []
        self._at: float | None = None

    @property
    def cursor_at(self) -> float | None:
        """The moment that the cursor stands on; None when it is now."""
        return self._at

    def show(self, timeline: Timeline, now: float | None = None) -> None:
        """Draw this night, up to `now` if it still goes on."""
        self._timeline, self._now = timeline, now
        self.redraw()

    def set_cursor(self, at: float | None) -> None:
        """Put the cursor on a moment, or take it away; posts nothing."""
        self._at = at
        self.redraw()

    def move(self, step: int) -> float | None:
        """Move the cursor by cells; past the newest it is now again. Posts `CursorMoved`."""
        self._cells = self._cut()
        if not self._cells:
            return None
        last = len(self._cells) - 1
        nth = last + 1 if self._at is None else cell_at(self._cells, self._at)
        nth += step
        self._stand_on(None if nth > last else max(0, nth))
        return self._at

    def _stand_on(self, nth: int | None) -> None:
        self._at = None if nth is None else self._cells[nth].start + self._cells[nth].length / 2
        self.redraw()
        words = "" if nth is None else described(self._cells[nth])
        self.post_message(self.CursorMoved(self._at, words))

    def _cut(self) -> list[TimelineCell]:
        return cut(self._timeline, strip_columns(self.size.width), self._now)

    def spans(self, width: int) -> Line:
        self._cells = cut(self._timeline, strip_columns(width), self._now)
        cursor = None if self._at is None or not self._cells else cell_at(self._cells, self._at)
        return strip_line(self._cells, width, cursor)

    def on_click(self, event: events.Click) -> None:
        nth = event.x - LABEL
        if 0 <= nth < strip_columns(self.size.width) and self._cells:
            self._stand_on(nth if nth < len(self._cells) else None)
