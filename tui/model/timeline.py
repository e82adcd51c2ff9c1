"""Time by kind, gaps, marks; the timeline cut into columns.

Time between records goes into the bucket of its minute. A silence of more than `GAP_SECONDS` is kept as
one gap, however long, so that days cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from msgspec import Struct, field

from tui.model.events import SourceRef

Kind = Literal["working", "tool", "waiting_api", "rate_limited", "stalled", "dead", "idle"]
KINDS: tuple[Kind, ...] = get_args(Kind)
GAP_SECONDS = 90.0
BUCKET_SECONDS = 60.0
MarkKind = Literal[
    "commit",
    "green",
    "red",
    "checkpoint",
    "compaction",
    "injection",
    "rewind",
    "restart",
    "limit",
    "stall",
    "loop",
    "error",
    "end",
]


class TimeBucket(Struct, frozen=True, gc=False):
    """Seconds of each of `KINDS` from `start` on, for as long as the timeline's resolution."""

    start: float
    seconds: tuple[float, ...]

    @property
    def kind(self) -> Kind:
        """What most of it was."""
        return KINDS[max(range(len(KINDS)), key=self.seconds.__getitem__)]


class TimelineGap(Struct, frozen=True, gc=False):
    """A stretch without records."""

    start: float
    end: float
    kind: Kind


class TimelineMark(Struct, frozen=True, gc=False):
    """Something that mattered, at its moment."""

    at: float
    kind: MarkKind
    label: str
    ref: SourceRef | None = None


class TimeTotals(Struct, frozen=True):
    """Seconds of each kind over the whole night; `idle` is waiting for a person, or asleep."""

    total: float = 0.0
    working: float = 0.0
    tool: float = 0.0
    waiting_api: float = 0.0
    rate_limited: float = 0.0
    stalled: float = 0.0
    dead: float = 0.0
    idle: float = 0.0


class Timeline(Struct, frozen=True):
    """Buckets, gaps between them, and marks, each in order of time."""

    start: float | None = None
    end: float | None = None
    resolution: float = BUCKET_SECONDS
    buckets: tuple[TimeBucket, ...] = ()
    gaps: tuple[TimelineGap, ...] = ()
    marks: tuple[TimelineMark, ...] = ()


class KnownSpan(Struct, frozen=True):
    """A stretch that the journal knows better: the agent was dead, or the machine asleep."""

    start: float
    end: float
    kind: int


class TimelineCell(Struct):
    """A stretch of the night: seconds by kind, and the marks in it."""

    start: float
    length: float
    seconds: list[float] = field(default_factory=lambda: [0.0] * len(KINDS))
    marks: list[TimelineMark] = []

    def share(self, *kinds: Kind) -> float:
        """The part of the cell that was of these kinds, 0 to 1."""
        return sum(self.seconds[KINDS.index(kind)] for kind in kinds) / self.length

    @property
    def known_share(self) -> float:
        """The part of the cell of which anything is known."""
        return sum(self.seconds) / self.length


def cut_timeline(timeline: Timeline, columns: int, now: float | None = None) -> list[TimelineCell]:
    """Cells from the night's beginning on; a young night does not fill the columns yet."""
    start, end = timeline.start, timeline.end
    if start is None or columns < 1:
        return []
    last = max(end if end is not None else start, now if now is not None else start)
    length = max(timeline.resolution, (last - start) / columns)
    used = min(columns, max(1, -(-int(last - start) // max(1, int(length))) or 1))
    cells = [TimelineCell(start + nth * length, length) for nth in range(used)]
    for bucket in timeline.buckets:
        total = sum(bucket.seconds)
        if total:
            begin = max(start, bucket.start)
            stop = min(last, bucket.start + timeline.resolution)
            _add_seconds(cells, begin, max(stop, begin + 1.0), bucket.seconds)
    for gap in timeline.gaps:
        seconds = [0.0] * len(KINDS)
        seconds[KINDS.index(gap.kind)] = gap.end - gap.start
        _add_seconds(cells, gap.start, gap.end, seconds)
    for mark in timeline.marks:
        nth = int((mark.at - start) / length)
        if 0 <= nth <= used:
            cells[min(nth, used - 1)].marks.append(mark)
    return cells


def _add_seconds(
    cells: list[TimelineCell], start: float, end: float, seconds: Iterable[float]
) -> None:
    """Spread the seconds of a stretch over the cells that it touches."""
    first, length = cells[0].start, cells[0].length
    low = max(0, min(len(cells) - 1, int((start - first) / length)))
    high = max(low, min(len(cells) - 1, int((end - first) / length)))
    for cell in cells[low : high + 1]:
        overlap = min(end, cell.start + cell.length) - max(start, cell.start)
        if overlap <= 0:
            continue
        part = overlap / (end - start)
        for kind, amount in enumerate(seconds):
            cell.seconds[kind] += amount * part
