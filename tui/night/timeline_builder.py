"""Builds the timeline: time by kind, gaps, marks.

Time is added as it passes between records. Short stretches go into the bucket of their minute;
a silence of more than `GAP` seconds is kept as one gap, however long, so that days cost nothing.

A gap may end a long absence, or its end may come from a wrong clock: only later records tell. So each of the
last gaps has a `RestorePoint`, to which the timeline goes back when they do.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.stall import Stall
from tui.model.state import CIRCLING
from tui.model.timeline import (
    BUCKET_SECONDS,
    GAP_SECONDS,
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
TURNED_BACK = 60.0
"""Seconds by which a record must lie behind its source's clock before that clock is doubted."""
NOW_SLACK = 120.0
WRITTEN_SLACK = 1800.0
"""How far a record may be ahead of the reader's clock, and of the time at which its file was written."""
_MOST_POINTS = 32
_FEW = 2


class TailGap(Struct):
    """A gap as it was judged when it ended."""

    start: float
    end: float
    kind: int


def _zeros() -> list[float]:
    return [0.0] * len(KINDS)


class RestorePoint(Struct, frozen=True):
    """The timeline before its clock jumped to `until`; without a `clock` it had not begun."""

    clock: float | None
    until: float
    moves: int
    minute: float
    seconds: tuple[float, ...]
    totals: tuple[float, ...]
    buckets: int
    last_bucket: TimeBucket | None
    gaps: int

    def is_crossed_by(self, limit: float, slack: float) -> bool:
        """Whether the jump leads over `limit`, which no true time can exceed by more than `slack`."""
        began = self.clock is None or self.clock <= limit + slack
        return began and self.until > limit + slack


class TurnedBack(Struct):
    """Records in a row that lie behind the clock: the first and last of their times, how many."""

    first: float
    last: float
    count: int
    moves: int


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
    moves: int = 0
    points: list[RestorePoint] = []
    turned_back: TurnedBack | None = None
    disproved: tuple[float, float] | None = None

    def begin(self, at: float) -> None:
        """The first record came."""
        self.points = [self._restore_point(at)]
        self.start = self.clock = at
        self.moves += 1

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
        self.points = []

    def add_gap(self, since: float, until: float, kind: int) -> None:
        """Nothing was heard from `since` to `until`, which makes it `kind`."""
        self.points.append(self._restore_point(until))
        if len(self.points) > _MOST_POINTS:
            del self.points[1]
        self.gaps.append(TailGap(since, until, kind))
        if len(self.gaps) > MOST_GAPS:
            first = self.gaps.pop(0)
            self.totals[first.kind] += first.end - first.start
            self.points = []

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

    # --- wrong clocks ----------------------------------------------------------------------------

    def _restore_point(self, until: float) -> RestorePoint:
        return RestorePoint(
            self.clock,
            until,
            self.moves,
            self.minute,
            tuple(self.seconds),
            tuple(self.totals),
            len(self.buckets),
            self.buckets[-1] if self.buckets else None,
            len(self.gaps),
        )

    def note_turn_back(self, at: float) -> RestorePoint | None:
        """A record lies behind the clock; the point to go back to once that proves the clock wrong.

        It does when at least as many records in a row lie behind it as had moved it since the jump.
        """
        before = self.turned_back
        if before is None or before.moves != self.moves or at < before.last - TURNED_BACK:
            before = self.turned_back = TurnedBack(at, at, 0, self.moves)
        before.last = max(at, before.last)
        before.count += 1
        for point in reversed(self.points):
            if point.clock is None or before.first >= point.clock:
                return point if before.count >= self.moves - point.moves else None
        return None

    def go_back(self, point: RestorePoint) -> None:
        """Forget what was added since the clock jumped; what was marked after it moves to its end."""
        turned, ahead = self.turned_back, self.clock or point.until
        limit = point.clock if turned is None else turned.last
        low, high = self.disproved or (ahead, ahead)
        self.disproved = min(low, ahead if limit is None else limit), max(high, ahead)
        self.clock, self.minute = point.clock, point.minute
        self.seconds, self.totals = list(point.seconds), list(point.totals)
        kept = [] if point.last_bucket is None else [point.last_bucket]
        self.buckets = self.buckets[: max(0, point.buckets - 1)] + kept
        self.gaps = self.gaps[: point.gaps]
        self.points = [one for one in self.points if one.moves < point.moves]
        if point.clock is None:
            self.start = None
        self.marks = {
            kind: [
                mark if limit is None or mark.at <= limit else replace(mark, at=limit)
                for mark in marks
                if kind != "stall" or (point.clock is not None and mark.at < point.clock)
            ]
            for kind, marks in self.marks.items()
        }
        self.turned_back = None
        self.version += 1

    @property
    def jumped_lately(self) -> bool:
        """Whether hardly a record came since the last jump: a clock that is wrong for long dates files too."""
        return bool(self.points) and self.moves - self.points[-1].moves <= _FEW

    def is_disproved(self, at: float) -> bool:
        """Whether `at` is a time that was taken back, so that its record tells nothing when told again."""
        return self.disproved is not None and self.disproved[0] < at <= self.disproved[1]

    def plausible(self, limit: float, slack: float, kind: int) -> TimelineBuilder:
        """The timeline without jumps over `limit`, a moment that no true time can exceed by `slack`.

        Itself where there is none. Records behind the jump count, the time up to them as `kind`.
        """
        clock = self.clock
        if clock is None or clock <= limit + slack:
            return self
        turned = self.turned_back
        if turned is not None and turned.moves != self.moves:
            turned = None
        for point in self.points:
            if not point.is_crossed_by(limit, slack) or (point.clock is None and turned is None):
                continue
            shown = replace(self)
            shown.go_back(point)
            for at in () if turned is None else (turned.first, turned.last):
                if shown.clock is None:
                    shown.begin(at)
                elif at > shown.clock:
                    add = shown.add_time if at - shown.clock < GAP_SECONDS else shown.add_gap
                    add(shown.clock, at, kind)
                    shown.clock = at
            return shown
        return self


def sorted_marks(builder: TimelineBuilder) -> tuple[TimelineMark, ...]:
    """All marks in order of time, but for what the journal says of circling: the fold marks that itself."""
    return tuple(
        sorted(
            (
                mark
                for marks in builder.marks.values()
                for mark in marks
                if mark.kind != "stall" or mark.label not in CIRCLING
            ),
            key=lambda mark: (mark.at, mark.kind, mark.label),
        )
    )


def with_circling(
    marks: tuple[TimelineMark, ...], troubles: Sequence[Stall]
) -> tuple[TimelineMark, ...]:
    """The marks with one for each trouble of circling, at the moment when it was noticed."""
    found = [
        TimelineMark(
            at, "loop", next(iter(stall.evidence), stall.kind), next(iter(stall.refs), None)
        )
        for stall in troubles
        if stall.called_wrong_at is None
        and (at := stall.since if stall.noticed_at is None else stall.noticed_at)
    ]
    return tuple(sorted((*marks, *found), key=lambda mark: mark.at)) if found else marks


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
