"""Builds the timeline: time by kind, gaps, marks.

Time is added as it passes between records. Short stretches go into the bucket of their minute;
a silence of more than `GAP` seconds is kept as one gap, however long, so that days cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from tui.model.events import SourceRef
from tui.model.timeline import (
    BUCKET_SECONDS,
    KINDS,
    KnownSpan,
    MarkKind,
    TimeBucket,
    Timeline,
    TimelineGap,
    TimelineMark,
    TimeTotals,
)

WORKING, TOOL, API, LIMITED, STALLED, DEAD, IDLE = range(7)
MOST_BUCKETS = 5_760
MOST_GAPS = 4_096
MOST_MARKS = 400


class TailGap(Struct):
    """A gap as it was judged when it ended."""

    start: float
    end: float
    kind: int


def _zeros() -> list[float]:
    return [0.0] * len(KINDS)


class TimelineBuilder(Struct):
    """The timeline as it grows."""

    start: float | None = None
    clock: float | None = None
    resolution: float = BUCKET_SECONDS
    buckets: list[TimeBucket] = []
    minute: float = 0.0
    seconds: list[float] = field(default_factory=_zeros)
    totals: list[float] = field(default_factory=_zeros)
    gaps: list[TailGap] = []
    marks: dict[str, list[TimelineMark]] = {}
    version: int = 0

    def add_time(self, since: float, until: float, kind: int) -> None:
        """Time from `since` to `until`, less than `GAP`, was of `kind`."""
        self.totals[kind] += until - since
        minute = self.minute
        if since >= minute and until < minute + self.resolution:
            self.seconds[kind] += until - since
            return
        while since < until:
            if not self.minute <= since < self.minute + self.resolution:
                self._turn(since)
            end = min(until, self.minute + self.resolution)
            self.seconds[kind] += end - since
            since = end

    def _turn(self, at: float) -> None:
        """Close the bucket that is open and begin the one of `at`."""
        self._close()
        self.minute = at // self.resolution * self.resolution
        self.seconds = _zeros()

    def _close(self) -> None:
        if not any(self.seconds):
            return
        start = self.minute // self.resolution * self.resolution
        seconds = self.seconds
        if self.buckets and self.buckets[-1].start == start:
            before = self.buckets.pop().seconds
            seconds = [a + b for a, b in zip(before, seconds, strict=True)]
        self.buckets.append(TimeBucket(start, tuple(seconds)))
        if len(self.buckets) > MOST_BUCKETS:
            self._coarsen()

    def _coarsen(self) -> None:
        self.resolution *= 2
        merged: dict[float, list[float]] = {}
        for bucket in self.buckets:
            start = bucket.start // self.resolution * self.resolution
            seconds = merged.setdefault(start, _zeros())
            for place, amount in enumerate(bucket.seconds):
                seconds[place] += amount
        self.buckets = [TimeBucket(start, tuple(merged[start])) for start in merged]

    def add_gap(self, since: float, until: float, kind: int) -> None:
        """Nothing was heard from `since` to `until`, which makes it `kind`."""
        self.gaps.append(TailGap(since, until, kind))
        if len(self.gaps) > MOST_GAPS:
            first = self.gaps.pop(0)
            self.totals[first.kind] += first.end - first.start

    def reclassify_last_gap(self, at: float, kind: int) -> None:
        """What comes at `at` proves that the silence just ended was `kind`."""
        if self.gaps and self.gaps[-1].end == at:
            self.gaps[-1].kind = kind

    def mark(
        self, at: float | None, kind: MarkKind, label: str, ref: SourceRef | None = None
    ) -> None:
        """Something that mattered happened; the newest `MOST_MARKS` of a kind are kept."""
        if at is None:
            return
        marks = self.marks.setdefault(kind, [])
        marks.append(TimelineMark(at, kind, label, ref))
        if len(marks) > MOST_MARKS:
            del marks[: MOST_MARKS // 4]
        self.version += 1


def sorted_marks(builder: TimelineBuilder) -> tuple[TimelineMark, ...]:
    """All marks in order of time."""
    return tuple(
        sorted(
            (mark for marks in builder.marks.values() for mark in marks),
            key=lambda mark: (mark.at, mark.kind, mark.label),
        )
    )


def _split(silence: TailGap, spans: Sequence[KnownSpan]) -> list[TimelineGap]:
    """A gap cut where the journal knows better; later spans win."""
    pieces = [TimelineGap(silence.start, silence.end, KINDS[silence.kind])]
    for span in spans:
        cut: list[TimelineGap] = []
        for piece in pieces:
            start, end = max(span.start, piece.start), min(span.end, piece.end)
            if start >= end:
                cut.append(piece)
                continue
            if piece.start < start:
                cut.append(TimelineGap(piece.start, start, piece.kind))
            cut.append(TimelineGap(start, end, KINDS[span.kind]))
            if end < piece.end:
                cut.append(TimelineGap(end, piece.end, piece.kind))
        pieces = cut
    return pieces


def resolve_gaps(
    builder: TimelineBuilder, spans: Sequence[KnownSpan]
) -> tuple[tuple[TimelineGap, ...], tuple[float, ...]]:
    """All gaps that ended, and the seconds of each kind in them."""
    gaps = tuple(gap for silence in builder.gaps for gap in _split(silence, spans))
    return gaps, _seconds(gaps)


def _seconds(gaps: Sequence[TimelineGap]) -> tuple[float, ...]:
    totals = _zeros()
    for gap in gaps:
        totals[KINDS.index(gap.kind)] += gap.end - gap.start
    return tuple(totals)


def build_timeline(
    builder: TimelineBuilder,
    known: tuple[tuple[TimelineGap, ...], tuple[float, ...]],
    spans: Sequence[KnownSpan],
    marks: tuple[TimelineMark, ...],
    tail: TailGap | None,
) -> tuple[Timeline, TimeTotals]:
    """The timeline up to now: `tail` is the stretch since the last record, still open."""
    gaps, silent = known
    last = () if tail is None else tuple(_split(tail, spans))
    totals = [sum(parts) for parts in zip(builder.totals, silent, _seconds(last), strict=True)]
    buckets = list(builder.buckets)
    if any(builder.seconds):
        buckets.append(TimeBucket(builder.minute, tuple(builder.seconds)))
    end = tail.end if tail is not None else builder.clock
    timeline = Timeline(
        builder.start, end, builder.resolution, tuple(buckets), gaps + last if last else gaps, marks
    )
    return timeline, TimeTotals(sum(totals), *totals)
