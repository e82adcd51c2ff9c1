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

_CUTS = {
    "process ended": "a turn that the end of its process cut off",
    "interrupted": "a turn that was interrupted",
    "broke off": "a turn without an end",
}
_LEAST_S = 1.0
_WIDE = 50


def find_waste(
    night: NightSnapshot, losses: WastedWork, spending: SpendingCurve, cut_off: bool
) -> tuple[WasteItem, ...]:
    """What was wasted, the dearest first; `cut_off` says that the turn still open will not end."""
    cuts = list(losses.aborted_turns)
    if cut_off and losses.open_turn is not None:
        cuts.append(losses.open_turn)
    found = [
        *_retry_waste(losses),
        *(_loop_waste(loop, spending) for loop in night.loops if loop.count > 1),
        *_repeated_waste(losses.repeated_calls, spending),
        *(_aborted_waste(cut, night.loops, spending) for cut in cuts if cut.until - cut.kept_at >= _LEAST_S),
    ]
    return tuple(sorted(found, key=lambda one: (-(one.usd or 0.0), -one.seconds)))


def total_waste(found: Sequence[WasteItem], usd: float | None) -> float | None:
    """Dollars wasted, never more than the night cost; None where nothing has a price."""
    known = [one.usd for one in found if one.usd is not None]
    if not known:
        return 0.0 if usd is not None and not found else None
    return min(sum(known), usd) if usd is not None else sum(known)


def _retry_waste(losses: WastedWork) -> Iterator[WasteItem]:
    if not losses.retries:
        return
    attempts = sum(one.attempts for one in losses.retries)
    seconds = sum(max(0.0, one.until - one.since) for one in losses.retries)
    codes = sorted({one.status for one in losses.retries if one.status})
    why = f" after {', '.join(map(str, codes))}" if codes else ""
    calls = format_count(attempts, "call of the API was", "calls of the API were")
    what = f"{calls} tried again{why}; what failed is not billed"
    yield WasteItem("retries", what, seconds, 0.0, losses.retries[0].ref)


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


def _repeated_waste(redone: Sequence[RepeatedCall], spending: SpendingCurve) -> Iterator[WasteItem]:
    """One line for each compaction."""
    for moment in sorted({one.compacted_at for one in redone}):
        calls = [one for one in redone if one.compacted_at == moment]
        names = [f"{one.tool} {_path_end(one.target)}" for one in calls]
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        what = f"again after a compaction: {', '.join(names[:2])}{more}; estimate: those calls"
        seconds = sum(max(0.0, one.at - one.called_at) for one in calls)
        usd = spending.at({one.called_at for one in calls})
        yield WasteItem("redone", what, seconds, usd, calls[0].ref)


def _path_end(path: str) -> str:
    """The end of a long path: its name, and the folders that there is room for."""
    return path if len(path) <= _WIDE else "…" + path[1 - _WIDE :]


def _aborted_waste(cut: AbortedTurn, loops: Sequence[Stall], spending: SpendingCurve) -> WasteItem:
    """What came after the turn's last change; loops in it are told of by themselves."""
    usd = spending.between(cut.kept_at, cut.until)
    if usd is not None:
        for loop in loops:
            end = loop.last_at if loop.last_at is not None else loop.since
            inside = spending.between(max(loop.since, cut.kept_at), min(end, cut.until))
            usd -= (inside or 0.0) * _wasted_share(loop)
    what = f"{_CUTS[cut.why]}; estimate: what it did after its last change"
    return WasteItem(
        "killed_turn",
        what,
        cut.until - cut.kept_at,
        None if usd is None else max(0.0, usd),
        cut.ref,
    )
