"""The night in one row, with a cursor."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace
from textual import events
from textual.message import Message
from textual.reactive import reactive

from tui.model.labels import TIME
from tui.model.timeline import (
    KINDS,
    MarkKind,
    TimeBucket,
    Timeline,
    TimelineCell,
    TimelineGap,
    cut_timeline,
)
from tui.system.format import format_clock
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.row_widgets import SingleRow

TROUBLE_SHARE: Final = 0.25
"""Share of a cell from which on trouble is what the cell shows."""
BUSY_SHARE: Final = 0.1
"""Share of a cell from which on work is what the cell shows."""
_SHOWN_MARKS: Final[dict[MarkKind, tuple[str, Role]]] = {
    "rewind": ("rewind", "person"),
    "restart": ("restart", "warning"),
    "loop": ("looping", "error"),
    "injection": ("inject", "person"),
    "checkpoint": ("checkpoint", "accent"),
    "error": ("error", "error"),
    "red": ("error", "error"),
    "compaction": ("compaction", "accent"),
}
"""Marks that take a cell, the weightiest first, with their sign's name and role; commits and green
tests would cover the night."""


def crowded_marks(cells: Sequence[TimelineCell]) -> frozenset[MarkKind]:
    """Kinds of marks in so many cells that they would hide the night."""
    # A narrow bar has too few cells for a share to mean anything.
    if len(cells) < 12:
        return frozenset()
    having = Counter(kind for cell in cells for kind in {mark.kind for mark in cell.marks})
    return frozenset(kind for kind in _SHOWN_MARKS if having[kind] > len(cells) // 4)


def cell_sign(cell: TimelineCell, hidden: frozenset[MarkKind] = frozenset()) -> tuple[str, Role]:
    """The sign that says what the cell was, and its role."""
    signs = glyphs()
    kinds = {mark.kind for mark in cell.marks} - hidden
    for kind, (name, role) in _SHOWN_MARKS.items():
        if kind in kinds:
            return getattr(signs, name), role
    if cell.share("dead") >= TROUBLE_SHARE:
        return signs.dead, "error"
    if cell.share("stalled") >= TROUBLE_SHARE:
        return "S", "error"
    if cell.share("rate_limited") >= TROUBLE_SHARE:
        return "L", "warning"
    busy = cell.share("working", "tool")
    if busy >= BUSY_SHARE:
        if cell.share("tool") > 2 * cell.share("working"):
            return signs.tool_minute, "work"
        return signs.bars[min(len(signs.bars) - 1, int(busy * len(signs.bars)))], "work"
    if cell.share("waiting_api") >= BUSY_SHARE:
        return signs.waiting_minute, "accent"
    return (signs.bars[0], "work") if busy else (" ", "dim")


def describe_cell(cell: TimelineCell) -> str:
    """What the cell was, in words: "mostly running tools; checkpoint 4"."""
    parts = []
    if cell.known_share:
        most = max(range(len(KINDS)), key=cell.seconds.__getitem__)
        share = cell.seconds[most] / sum(cell.seconds)
        parts.append(("" if share > 0.9 else "mostly ") + TIME[KINDS[most]])
    order = [*_SHOWN_MARKS, "commit", "green", "limit", "stall", "end"]
    marks = sorted(cell.marks, key=lambda mark: order.index(mark.kind))
    parts.extend(mark.label or mark.kind for mark in marks[:3])
    if len(marks) > 3:
        parts.append(f"and {len(marks) - 3} more")
    return "; ".join(parts) or "nothing recorded"


LABEL = 7
"""Columns of the clock at either end, blanks included."""


def timeline_columns(width: int) -> int:
    """Columns left for the night itself."""
    return max(1, width - 2 * LABEL)


def timeline_line(cells: Sequence[TimelineCell], width: int, cursor: int | None = None) -> Line:
    """The row in `width` columns; `cursor` is the cell that a person spans at."""
    columns = timeline_columns(width)
    if not cells:
        track = glyphs().empty * columns
        return [(" " * LABEL, "dim"), (track, "faint"), (" " * LABEL, "dim")]
    out: list[Span] = [(f" {format_clock(cells[0].start, False)} ", "dim")]
    hidden = crowded_marks(cells)
    for nth, cell in enumerate(cells[:columns]):
        sign, role = cell_sign(cell, hidden)
        out.append((sign, "badge" if nth == cursor else role))
    out.append((glyphs().empty * (columns - len(cells)), "faint"))
    edge = cells[0].start + columns * cells[0].length
    out.append((f" {format_clock(edge, False)} ", "dim"))
    return out


class TimelineBar(SingleRow):
    """Draws a `Timeline`; the cursor stands on a moment of it, or nowhere: then it is now."""

    DEFAULT_CSS = "TimelineBar { background: $background; }"

    cursor_at: reactive[float | None] = reactive(None, repaint=False, init=False)
    """The moment that the cursor stands on; None when it is now."""

    _timeline = Timeline()
    _now: float | None = None
    _cells: Sequence[TimelineCell] = ()

    @dataclass
    class CursorMoved(Message):
        """The person chose a moment; None is now. `words` say what the cell was."""

        at: float | None
        words: str

    watch_cursor_at = SingleRow.redraw

    def show(self, timeline: Timeline, now: float | None = None) -> None:
        """Draw this night, up to `now` if it still goes on."""
        self._timeline, self._now = timeline, now
        self.redraw()

    def move(self, step: int) -> float | None:
        """Move the cursor by cells; past the newest it is now again. Posts `CursorMoved`."""
        self._cut(self.size.width)
        if not self._cells:
            return None
        nth = self._cell_number
        nth = (len(self._cells) if nth is None else nth) + step
        self._set_cell(max(0, nth) if nth < len(self._cells) else None)
        return self.cursor_at

    def _set_cell(self, nth: int | None) -> None:
        cell = self._cells[nth] if nth is not None else None
        self.cursor_at = cell.start + cell.length / 2 if cell is not None else None
        words = describe_cell(cell) if cell is not None else ""
        self.post_message(self.CursorMoved(self.cursor_at, words))

    def _cut(self, width: int) -> None:
        self._cells = cut_timeline(self._timeline, timeline_columns(width), self._now)

    @property
    def _cell_number(self) -> int | None:
        """The cell that holds the cursor, the nearest when none does."""
        if self.cursor_at is None or not self._cells:
            return None
        starts = [cell.start for cell in self._cells]
        return max(0, min(len(starts) - 1, bisect_left(starts, self.cursor_at + 1e-6) - 1))

    def spans(self, width: int) -> Line:
        self._cut(width)
        return timeline_line(self._cells, width, self._cell_number)

    def on_click(self, event: events.Click) -> None:
        nth = event.x - LABEL
        if 0 <= nth < timeline_columns(self.size.width) and self._cells:
            self._set_cell(nth if nth < len(self._cells) else None)


MAX_ZOOM = 6
"""Times that the night can be halved."""


def zoom(timeline: Timeline, level: int, around: float | None) -> Timeline:
    """The night halved `level` times, round a moment (its middle if there is none)."""
    start, end = timeline.start, timeline.end
    if level <= 0 or start is None or end is None or end <= start:
        return timeline
    length = max(timeline.resolution * 8, (end - start) / 2**level)
    middle = (start + end) / 2 if around is None else around
    low = max(start, min(middle - length / 2, end - length))
    high = min(end, low + length)
    return replace(
        timeline,
        start=low,
        end=high,
        buckets=tuple(
            _cut_bucket(bucket, timeline.resolution, low, high)
            for bucket in timeline.buckets
            if bucket.start + timeline.resolution > low and bucket.start < high
        ),
        gaps=tuple(
            TimelineGap(max(low, gap.start), min(high, gap.end), gap.kind)
            for gap in timeline.gaps
            if gap.end > low and gap.start < high
        ),
        marks=tuple(mark for mark in timeline.marks if low <= mark.at <= high),
    )


def _cut_bucket(bucket: TimeBucket, length: float, low: float, high: float) -> TimeBucket:
    """The bucket with only its share of what lies between."""
    share = (min(high, bucket.start + length) - max(low, bucket.start)) / length
    if share >= 1:
        return bucket
    return TimeBucket(bucket.start, tuple(seconds * share for seconds in bucket.seconds))
