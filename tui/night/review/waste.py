"""Time and money that bought nothing. Every figure in dollars is an estimate, and says so.

Retries: seconds waited until the API answered; what failed is not billed. A loop: its rounds after
the first, as a share of its time and of what was spent in it. Done again after a compaction: calls
with the same arguments as before it, and the answers in which they were made. A turn cut off: what
it did after the last change it left behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.model.review import WasteItem
from tui.model.snapshot import NightSnapshot, Stall
from tui.night.evidence.wasted_work import AbortedTurn, RepeatedCall, WastedWork
from tui.night.usage.bill import SpendingCurve
from tui.system.format import format_count

_ABORTED = {
    "process ended": "a turn that the end of its process cut off",
    "interrupted": "a turn that was interrupted",
    "broke off": "a turn without an end",
}
_LEAST_S = 1.0
_WIDE = 50


def find_waste(
    snapshot: NightSnapshot, work: WastedWork, spending: SpendingCurve, cut_off: bool
) -> tuple[WasteItem, ...]:
    """What was wasted, the dearest first; `cut_off` says that the turn still open will not end."""
    turns = list(work.aborted_turns)
    if cut_off and work.open_turn is not None:
        turns.append(work.open_turn)
    items = [
        *_retry_waste(work),
        *(_loop_waste(loop, spending) for loop in snapshot.loops if loop.count > 1),
        *_repeated_waste(work.repeated_calls, spending),
        *(
            _aborted_waste(turn, snapshot.loops, spending)
            for turn in turns
            if turn.until - turn.kept_at >= _LEAST_S
        ),
    ]
    return tuple(sorted(items, key=lambda item: (-(item.usd or 0.0), -item.seconds)))


def total_waste(items: Sequence[WasteItem], usd: float | None) -> float | None:
    """Dollars wasted, never more than the night cost; None where nothing has a price."""
    known = [item.usd for item in items if item.usd is not None]
    if not known:
        return 0.0 if usd is not None and not items else None
    return min(sum(known), usd) if usd is not None else sum(known)


def _retry_waste(work: WastedWork) -> Iterator[WasteItem]:
    if not work.retries:
        return
    attempts = sum(streak.attempts for streak in work.retries)
    seconds = sum(max(0.0, streak.until - streak.since) for streak in work.retries)
    codes = sorted({streak.status for streak in work.retries if streak.status})
    why = f" after {', '.join(map(str, codes))}" if codes else ""
    calls = format_count(attempts, "call of the API was", "calls of the API were")
    what = f"{calls} tried again{why}; what failed is not billed"
    yield WasteItem("retries", what, seconds, 0.0, work.retries[0].ref)


def _loop_waste(loop: Stall, spending: SpendingCurve) -> WasteItem:
    until = loop.last_at if loop.last_at is not None else loop.since
    share = _wasted_share(loop)
    spent = spending.between(loop.since, until) if loop.since else None
    usd = None if spent is None else spent * share
    seconds = (until - loop.since) * share if loop.since else 0.0
    what = f"{loop.evidence[0]}; estimate: all rounds but the first"
    return WasteItem("loop", what, max(0.0, seconds), usd, loop.refs[0] if loop.refs else None)


def _wasted_share(loop: Stall) -> float:
    """Which part of a loop, from its first answer to its last, are the rounds after the first."""
    steps = max(1, len(loop.refs) - 1)
    return (loop.count - 1) * steps / max(1, loop.count * steps - 1)


def _repeated_waste(
    repeated: Sequence[RepeatedCall], spending: SpendingCurve
) -> Iterator[WasteItem]:
    """One item for each compaction."""
    for moment in sorted({call.compacted_at for call in repeated}):
        calls = [call for call in repeated if call.compacted_at == moment]
        names = ", ".join(f"{call.tool} {_path_end(call.target)}" for call in calls[:2])
        more = f" and {len(calls) - 2} more" if len(calls) > 2 else ""
        what = f"again after a compaction: {names}{more}; estimate: those calls"
        seconds = sum(max(0.0, call.at - call.called_at) for call in calls)
        usd = spending.at({call.called_at for call in calls})
        yield WasteItem("redone", what, seconds, usd, calls[0].ref)


def _path_end(path: str) -> str:
    """The end of a long path: its name, and the folders that there is room for."""
    return path if len(path) <= _WIDE else "…" + path[1 - _WIDE :]


def _aborted_waste(turn: AbortedTurn, loops: Sequence[Stall], spending: SpendingCurve) -> WasteItem:
    """What came after the turn's last change; loops in it are items by themselves."""
    usd = spending.between(turn.kept_at, turn.until)
    if usd is not None:
        for loop in loops:
            end = loop.last_at if loop.last_at is not None else loop.since
            inside = spending.between(max(loop.since, turn.kept_at), min(end, turn.until))
            usd -= (inside or 0.0) * _wasted_share(loop)
        usd = max(0.0, usd)
    what = f"{_ABORTED[turn.why]}; estimate: what it did after its last change"
    return WasteItem("killed_turn", what, turn.until - turn.kept_at, usd, turn.ref)
