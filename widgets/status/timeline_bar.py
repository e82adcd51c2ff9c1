"""The night in one row with a cursor."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from msgspec.structs import replace
from textual import events
from textual.message import Message

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
from widgets.glyphs import Glyphs, glyphs
from widgets.ink import Line, Role, Span
from widgets.row_widgets import SingleRow

TELLING: Final = 0.25
"""Share of a cell from which on trouble is what the cell shows."""
BUSY: Final = 0.1
"""Share of a cell from which on work is what the cell shows."""
_SHOWN: Final[tuple[MarkKind, ...]] = (
    "rewind",
    "restart",
    "injection",
    "checkpoint",
    "error",
    "red",
    "compaction",
)
"""Marks that take a cell, the weightiest first; commits and green tests would cover the night."""


def crowded(cells: list[TimelineCell]) -> frozenset[MarkKind]:
    """Kinds of marks in so many cells that they would hide the night."""
    out = set()
    for kind in _SHOWN:
        having = sum(1 for cell in cells if any(mark.kind == kind for mark in cell.marks))
        if len(cells) >= 12 and having > len(cells) // 4:
            out.add(kind)
    return frozenset(out)


def cell_sign(cell: TimelineCell, hidden: frozenset[MarkKind] = frozenset()) -> tuple[str, Role]:
    """The sign that says what the cell was, and its role."""
    signs = glyphs()
    kinds = {mark.kind for mark in cell.marks} - hidden
    for kind in _SHOWN:
        if kind in kinds:
            return _mark_sign(kind, signs)
    if cell.share("dead") >= TELLING:
        return signs.dead, "error"
    if cell.share("stalled") >= TELLING:
        return "S", "error"
    if cell.share("rate_limited") >= TELLING:
        return "L", "warning"
    busy = cell.share("working", "tool")
    if busy >= BUSY:
        if cell.share("tool") > 2 * cell.share("working"):
            return signs.tool_minute, "work"
        return signs.bars[min(len(signs.bars) - 1, int(busy * len(signs.bars)))], "work"
    if cell.share("waiting_api") >= BUSY:
        return signs.waiting_minute, "accent"
    return (signs.bars[0], "work") if busy else (" ", "dim")


def _mark_sign(kind: MarkKind, signs: Glyphs) -> tuple[str, Role]:
    looks: dict[MarkKind, tuple[str, Role]] = {
        "rewind": (signs.rewind, "person"),
        "restart": (signs.restart, "warning"),
        "injection": (signs.inject, "person"),
        "checkpoint": (signs.checkpoint, "accent"),
        "error": (signs.error, "error"),
        "red": (signs.error, "error"),
        "compaction": (signs.compaction, "accent"),
    }
    return looks[kind]


def described(cell: TimelineCell) -> str:
    """What the cell was, in words: "mostly running tools; checkpoint 4"."""
    parts = []
    if cell.known_share:
        most = max(range(len(KINDS)), key=cell.seconds.__getitem__)
        share = cell.seconds[most] / sum(cell.seconds)
        parts.append(("" if share > 0.9 else "mostly ") + TIME[KINDS[most]])
    order = [*_SHOWN, "commit", "green", "limit", "stall", "end"]
    marks = sorted(cell.marks, key=lambda mark: order.index(mark.kind))
    parts.extend(mark.label or mark.kind for mark in marks[:3])
    if len(marks) > 3:
        parts.append(f"and {len(marks) - 3} more")
    return "; ".join(parts) or "nothing recorded"


def cell_at(cells: list[TimelineCell], at: float) -> int:
    """The number of the cell that holds the time, the nearest when none does."""
    starts = [cell.start for cell in cells]
    return max(0, min(len(cells) - 1, bisect_left(starts, at + 1e-6) - 1))


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

    DEFAULT_CSS = "TimelineBar { background: $background; }"

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
        return cut_timeline(self._timeline, strip_columns(self.size.width), self._now)

    def spans(self, width: int) -> Line:
        self._cells = cut_timeline(self._timeline, strip_columns(width), self._now)
        cursor = None if self._at is None or not self._cells else cell_at(self._cells, self._at)
        return strip_line(self._cells, width, cursor)

    def on_click(self, event: events.Click) -> None:
        nth = event.x - LABEL
        if 0 <= nth < strip_columns(self.size.width) and self._cells:
            self._stand_on(nth if nth < len(self._cells) else None)


MOST = 6
"""Times that the night can be halved."""


def part(timeline: Timeline, level: int, around: float | None) -> Timeline:
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
            _cut(bucket, timeline.resolution, low, high)
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


def _cut(bucket: TimeBucket, length: float, low: float, high: float) -> TimeBucket:
    """The bucket with only its share of what lies between."""
    share = (min(high, bucket.start + length) - max(low, bucket.start)) / length
    if share >= 1:
        return bucket
    return TimeBucket(bucket.start, tuple(seconds * share for seconds in bucket.seconds))
