"""What bought nothing: retries, circling, what was done again, turns that were cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui.model.review import WasteItem, WasteKind
from tui.model.stall import Stall
from tui.model.state import StallKind
from tui.night.evidence.wasted_work import AbortedTurn, WastedWork
from tui.night.review.trouble import LostTime, Span, is_circling
from tui.night.usage.bill import SpendingCurve
from tui.system.format import clip_text, format_count

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
