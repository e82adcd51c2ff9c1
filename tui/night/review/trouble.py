"""What held a night up, circling and silences, with its causes; and all that bought nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from tui.model.events import SourceRef
from tui.model.labels import trouble_title
from tui.model.review import MomentKind, Reason, WasteItem, WasteKind
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall, StallWaste
from tui.model.state import CIRCLING, StallKind
from tui.model.timeline import TimelineGap, TimelineMark
from tui.night.evidence.wasted_work import AbortedTurn, WastedWork
from tui.night.usage.bill import SpendingCurve
from tui.system.format import clip_text, format_count, format_duration, shorten

_NEAR = 5.0
_INSTANT = 0.001
_LONG = 3_600.0
_SHOWN = 90
_SILENCES = (StallKind.SILENT_TOOL, StallKind.SILENT_API, StallKind.WEDGED, StallKind.LIMIT_WAIT)
MOMENTS_OF_KINDS: dict[StallKind, MomentKind] = {
    StallKind.LOOP: "loop",
    StallKind.REFUSED: "refused",
    StallKind.SAME_ERROR: "same_error",
    StallKind.NO_PROGRESS: "no_progress",
}


_LEAST_S = 1.0
_WIDE = 50
_KINDS: dict[StallKind, WasteKind] = {
    StallKind.REFUSED: "refused",
    StallKind.SAME_ERROR: "same_error",
    StallKind.NO_PROGRESS: "no_progress",
}
_ABORTED = {
    "process ended": "a turn that the end of its process cut off",
    "interrupted": "a turn that was interrupted",
    "broke off": "a turn without an end",
}


class Span(NamedTuple):
    """A stretch of time."""

    start: float
    end: float


class LostTime(Struct):
    """Stretches that count as lost already, so that no minute is counted twice."""

    spans: list[Span] = []

    def rest_of(self, start: float, end: float) -> list[Span]:
        """What of that stretch does not count as lost yet."""
        rest = [Span(start, end)] if end > start else []
        for taken in self.spans:
            rest = [part for one in rest for part in _without(one, taken)]
        return rest

    def take(self, start: float, end: float) -> list[Span]:
        """The same, and it counts from now on."""
        rest = self.rest_of(start, end)
        self.spans += rest
        return rest

    def holds(self, at: float) -> bool:
        """Whether that moment counts as lost already."""
        return any(span.start <= at <= span.end for span in self.spans)


def _without(span: Span, taken: Span) -> list[Span]:
    # Bounds belong to a span, so that a response at one would be paid for in both.
    parts = (
        Span(span.start, min(span.end, taken.start - _INSTANT)),
        Span(max(span.start, taken.end + _INSTANT), span.end),
    )
    return [part for part in parts if part.end > part.start]


def is_circling(stall: Stall) -> bool:
    """Whether much came and nothing new."""
    return stall.kind in CIRCLING


def end_of(stall: Stall) -> float:
    """When it was last seen."""
    return stall.last_at if stall.last_at is not None else stall.since


# --- which there were ---


def find_stalls(snapshot: NightSnapshot) -> tuple[Stall, ...]:
    """Circling and silences in which the session was stuck, in order, with their ends.

    What several detectors saw of one trouble is one.
    """
    stalls = _joined(snapshot.circling)
    marks = [mark for mark in snapshot.timeline.marks if mark.kind == "stall"]
    stalls += [_stall_of_gap(gap, marks) for gap in _join_stalled(snapshot.timeline.gaps)]
    now = snapshot.stall
    if (
        now is not None
        and not is_circling(now)
        and now.kind != StallKind.PROCESS_GONE
        and not now.waiting
        and all((stall.last_at or 0.0) < now.since for stall in stalls)
    ):
        stalls.append(now)
    return tuple(sorted(stalls, key=lambda stall: stall.since))


def _joined(stalls: Iterable[Stall]) -> list[Stall]:
    """Findings that rest on the same events and overlap in time as the worst of them."""
    joined: list[Stall] = []
    for stall in stalls:
        place = next((n for n, one in enumerate(joined) if _is_one_trouble(one, stall)), None)
        if place is None:
            joined.append(stall)
            continue
        worst = max(joined[place], stall, key=lambda one: (one.level.rank, one.count))
        since, until = (
            min(joined[place].since, stall.since),
            max(end_of(joined[place]), end_of(stall)),
        )
        joined[place] = structs.replace(worst, since=since, last_at=until)
    return joined


def _is_one_trouble(first: Stall, second: Stall) -> bool:
    overlap = first.since <= end_of(second) and second.since <= end_of(first)
    return overlap and bool(_places(first) & _places(second))


def _places(stall: Stall) -> frozenset[SourceRef]:
    return frozenset((*stall.refs, *(step.ref for step in stall.steps)))


def _stall_of_gap(gap: TimelineGap, marks: Sequence[TimelineMark]) -> Stall:
    near = [mark for mark in marks if gap.start - _NEAR <= mark.at <= gap.end]
    # A stall's mark is labelled with its kind.
    kinds = (kind for mark in near for kind in _SILENCES if kind == mark.label)
    refs = tuple(mark.ref for mark in near if mark.ref is not None)[:1]
    words = f"nothing was heard for {format_duration(gap.end - gap.start)}"
    kind = next(kinds, StallKind.SILENT_API)
    return Stall(kind, gap.start, (words,), refs, last_at=gap.end)


def _join_stalled(gaps: Sequence[TimelineGap]) -> list[TimelineGap]:
    """Stalled stretches, those that touch made one."""
    joined: list[TimelineGap] = []
    for gap in (gap for gap in gaps if gap.kind == "stalled"):
        if joined and gap.start - joined[-1].end <= 1.0:
            gap = TimelineGap(joined.pop().start, gap.end, "stalled")
        joined.append(gap)
    return joined


# --- what they took ---


def priced_stalls(
    stalls: Sequence[Stall], spending: SpendingCurve, lost: LostTime
) -> tuple[Stall, ...]:
    """The stalls, circling with what was lost in it: minutes and dollars, each counted once.

    Lost are the rounds after the first, from the last progress on; the surest trouble counts first.
    What a person called not stuck took nothing.
    """
    order = sorted(
        (number for number, stall in enumerate(stalls) if is_circling(stall)),
        key=lambda number: (-stalls[number].level.rank, stalls[number].since),
    )
    priced = list(stalls)
    for number in order:
        priced[number] = _priced(stalls[number], spending, lost)
    return tuple(priced)


def _priced(stall: Stall, spending: SpendingCurve, lost: LostTime) -> Stall:
    waste = stall.waste or StallWaste(0, 0.0, None)
    seconds, usd = 0.0, 0.0 if spending.known else None
    if stall.since and stall.count > 1 and stall.called_wrong_at is None:
        start, share = max(stall.since, waste.since or 0.0), wasted_share(stall)
        for span in lost.take(start, end_of(stall)):
            seconds += (span.end - span.start) * share
            spent = spending.between(*span)
            usd = None if usd is None or spent is None else usd + spent * share
    return structs.replace(stall, waste=structs.replace(waste, seconds=seconds, usd=usd))


def wasted_share(stall: Stall) -> float:
    """Which part of it, from its first answer to its last, are the rounds after the first.

    A round of equal calls may have several steps; elsewhere each answer is a round.
    """
    if stall.detector not in (None, DetectorName.REPEATED_CALLS):
        return 1.0
    steps = max(1, len(stall.refs) - 1)
    return (stall.count - 1) * steps / max(1, stall.count * steps - 1)


def lost_seconds(stall: Stall) -> float:
    """What a trouble took: of circling all but the first round, of a silence all of it."""
    if is_circling(stall):
        return stall.waste.seconds if stall.waste is not None else 0.0
    return 0.0 if stall.waiting else stall_seconds(stall)


def stall_seconds(stall: Stall) -> float:
    """How long it lasted; 0 where that is not known."""
    return stall.last_at - stall.since if stall.last_at is not None and stall.since else 0.0


def stuck_hours(stalls: Sequence[Stall]) -> list[Reason]:
    """A sentence where an hour or more was lost in trouble that no person called none; in which most."""
    counted = [stall for stall in stalls if stall.called_wrong_at is None]
    lost = sum(map(lost_seconds, counted))
    if lost < _LONG:
        return []
    worst = max(counted, key=lost_seconds)
    what = next(iter(worst.evidence), trouble_title(worst))
    text = f"Stuck for {format_duration(lost)} in all: {shorten(what, _SHOWN)}."
    return [Reason(text, next(iter(worst.refs), None))]


def worst_refusals(stalls: Sequence[Stall]) -> Stall | None:
    """The surest finding of refused calls that no person called wrong."""
    counted = (stall for stall in stalls if stall.called_wrong_at is None)
    refused = (stall for stall in counted if stall.kind == StallKind.REFUSED)
    return max(refused, key=lambda stall: (stall.level.rank, stall.count), default=None)


# --- what bought nothing ---


def find_waste(
    stalls: Sequence[Stall],
    work: WastedWork,
    spending: SpendingCurve,
    lost: LostTime,
    cut_off: bool,
) -> tuple[WasteItem, ...]:
    """What was wasted, the dearest first; `cut_off` says that the turn still open will not end.

    Every figure in dollars is an estimate, and says so; no minute counts twice, and those of `stalls`,
    which are priced, are in `lost` already. Retries: seconds waited until the API answered; what failed is
    not billed. Circling: its rounds after the first. Done again after a compaction: calls with the same
    arguments as before it, and the answers in which they were made. A turn cut off: what it did after the
    last change it left behind.
    """
    open_turn = (work.open_turn,) if cut_off and work.open_turn is not None else ()
    aborted = (*work.aborted_turns, *open_turn)
    items = [
        *(_circling_waste(stall) for stall in stalls if is_circling(stall) and _has_cost(stall)),
        *_retry_waste(work, lost),
        *_repeated_waste(work, spending, lost),
        *(waste for turn in aborted if (waste := _aborted_waste(turn, spending, lost)) is not None),
    ]
    return tuple(sorted(items, key=lambda item: (-(item.usd or 0.0), -item.seconds)))


def _has_cost(stall: Stall) -> bool:
    return stall.waste is not None and stall.count > 1 and stall.called_wrong_at is None


def _circling_waste(stall: Stall) -> WasteItem:
    waste = stall.waste
    seconds, usd = (waste.seconds, waste.usd) if waste is not None else (0.0, None)
    what = f"{next(iter(stall.evidence), stall.kind)}; estimate: all rounds but the first"
    return WasteItem(
        _KINDS.get(stall.kind, "loop"), what, seconds, usd, next(iter(stall.refs), None)
    )


def _retry_waste(work: WastedWork, lost: LostTime) -> Iterator[WasteItem]:
    if not work.retries:
        return
    attempts = sum(streak.attempts for streak in work.retries)
    spans = [span for streak in work.retries for span in lost.take(streak.since, streak.until)]
    codes = sorted({streak.status for streak in work.retries if streak.status})
    why = f" after {', '.join(map(str, codes))}" if codes else ""
    calls = format_count(attempts, "call of the API was", "calls of the API were")
    what = f"{calls} tried again{why}; what failed is not billed"
    yield WasteItem("retries", what, _length(spans), 0.0, work.retries[0].ref)


def _length(spans: Iterable[Span]) -> float:
    return sum(span.end - span.start for span in spans)


def _repeated_waste(
    work: WastedWork, spending: SpendingCurve, lost: LostTime
) -> Iterator[WasteItem]:
    """One item for each compaction."""
    repeated = [call for call in work.repeated_calls if not lost.holds(call.called_at)]
    for moment in sorted({call.compacted_at for call in repeated}):
        calls = [call for call in repeated if call.compacted_at == moment]
        # Of a long path the end tells most.
        ends = (clip_text(call.target[::-1], _WIDE)[::-1] for call in calls[:2])
        names = ", ".join(f"{call.tool} {end}" for call, end in zip(calls, ends, strict=False))
        more = f" and {len(calls) - 2} more" if len(calls) > 2 else ""
        what = f"again after a compaction: {names}{more}; estimate: those calls"
        seconds = sum(max(0.0, call.at - call.called_at) for call in calls)
        usd = spending.at({call.called_at for call in calls})
        yield WasteItem("redone", what, seconds, usd, calls[0].ref)


def _aborted_waste(turn: AbortedTurn, spending: SpendingCurve, lost: LostTime) -> WasteItem | None:
    """What came after the turn's last change; what was lost in other ways is in other items."""
    spans = lost.take(turn.kept_at, turn.until)
    seconds = _length(spans)
    if seconds < _LEAST_S:
        return None
    usd = sum(spending.between(*span) or 0.0 for span in spans) if spending.known else None
    what = f"{_ABORTED[turn.why]}; estimate: what it did after its last change"
    return WasteItem("killed_turn", what, seconds, usd, turn.ref)
