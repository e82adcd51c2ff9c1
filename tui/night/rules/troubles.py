"""What is wrong now, the most urgent first: one table for the banner, the page that explains it, and others."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall, Trouble, TroubleKind
from tui.model.state import EndKind, StallKind, StallLevel, StateReason
from tui.model.state import SessionState as State
from tui.system.format import (
    format_clock,
    format_count,
    format_duration_rough,
    format_money,
    shorten,
)

NEAR_SHARE = 0.8
"""The share of a limit from which on it is near."""
_SHORT_RULE = 50
_SHORT_CALL = 48
_REFUSAL_IS_NEWS_S = 600.0
_ENDED_BADLY = frozenset((State.CRASHED, State.GAVE_UP, State.FAILED))
_KINDS = {
    StallKind.LOOP: TroubleKind.LOOPING,
    StallKind.SAME_ERROR: TroubleKind.NO_PROGRESS,
    StallKind.NO_PROGRESS: TroubleKind.NO_PROGRESS,
    StallKind.REFUSED: TroubleKind.REFUSED,
    StallKind.SILENT_TOOL: TroubleKind.STALLED_IN_TOOL,
}
_ORDER = {kind: number for number, kind in enumerate(TroubleKind)}


def find_troubles(night: NightSnapshot) -> tuple[Trouble, ...]:
    """All that is wrong at the moment of the snapshot; what a person should act on before what is only said."""
    found = [*_of_state(night), *_of_run(night)]
    return tuple(sorted(found, key=lambda one: (not one.is_bad, _ORDER[one.kind])))


# complexity: a table in code, one case for each state that is a trouble
def _of_state(night: NightSnapshot) -> Iterator[Trouble]:
    """What the state says, and a stall beside it."""
    activity, stall = night.activity, night.stall
    reason, since, state = activity.reason, activity.since, activity.state
    if state == State.WAITING_PERMISSION:
        yield Trouble(TroubleKind.NEEDS_YOU, reason, since)
    elif activity.state_reason == StateReason.RESTART_PENDING:
        yield Trouble(TroubleKind.RESTART_PENDING, reason, since, until=activity.until)
    elif state in _ENDED_BADLY:
        yield Trouble(TroubleKind.ENDED_BADLY, night.run.exit.reason if night.run.exit else reason)
    elif state == State.WINDING_DOWN:
        yield Trouble(TroubleKind.WINDING_DOWN, reason, since, is_bad=False)
    elif state == State.RATE_LIMITED:
        yield Trouble(TroubleKind.RATE_LIMITED, reason, is_bad=False, until=activity.until)
    elif state == State.STALLED and stall is None:
        yield Trouble(TroubleKind.STALLED, reason, since)
    if stall is not None and not night.is_over and not stall.waiting:
        yield _of_stall(stall, reason)
    if stall is None or stall.kind != StallKind.REFUSED:
        yield from _of_refusal(night)


def _of_stall(stall: Stall, reason: str) -> Trouble:
    """A stall in words: what happens again and again, and what that cost; else the silence."""
    kind = _KINDS.get(stall.kind, TroubleKind.STALLED)
    since = stall.since or None
    if stall.detector is None:
        words = stall.evidence[0] if stall.evidence else reason
        return Trouble(kind, words, since, stall=stall)
    is_bad = stall.level != StallLevel.NOTICE
    words, badge = stall.evidence[0], ""
    if kind == TroubleKind.REFUSED:
        times = f"refused ×{stall.count}"
        badge = "" if is_bad else times  # else the state is that word
        if 0 < len(stall.rule) <= _SHORT_RULE:
            words = f"nobody may answer here: {stall.rule} needs an allow rule"
            words = f"{times}: {words}" if is_bad else words
    return Trouble(kind, words + cost_words(stall), since, is_bad, badge, stall)


def _of_refusal(night: NightSnapshot) -> Iterator[Trouble]:
    """The newest call that was refused, from the first on: one more, and a whole night may go like that."""
    refused = night.refusals.newest
    if refused is None or refused.at is None or night.is_over:
        return
    if night.now - refused.at > _REFUSAL_IS_NEWS_S:
        return
    words = f"{shorten(refused.shown, _SHORT_CALL)}: {refused.why}"
    badge = f"refused ×{night.refusals.count}"
    yield Trouble(TroubleKind.REFUSED, words, refused.at, is_bad=False, badge=badge)


def cost_words(stall: Stall) -> str:
    """What was spent since the last progress, to be put behind a sentence; empty where nothing is known."""
    waste = stall.waste
    if waste is None:
        return ""
    if waste.usd:
        return f" · {format_money(waste.usd)}"
    return f" · {format_count(waste.calls, 'call')}" if waste.calls else ""


def _of_run(night: NightSnapshot) -> Iterator[Trouble]:
    """What only a run of ours can have: no supervisor, a limit that comes near or ended it."""
    run = night.run
    if run.exit is not None and run.exit.kind == EndKind.LIMIT:
        yield Trouble(TroubleKind.ENDED_BADLY, run.exit.reason, is_bad=False, badge="ended")
    if not run.owned or night.is_over:
        return
    if run.supervised is False and run.awaits_supervisor:
        words = "the watchdog died and is being started again"
        yield Trouble(TroubleKind.NO_WATCHDOG, words, is_bad=False, badge="no watchdog")
    elif run.supervised is False:
        gone = night.interventions.unwatched_since
        words = (
            "no supervisor watches it"
            if gone is None
            else f"its supervisor ended at {format_clock(gone)}"
        )
        lost = "no limits, no checkpoints, no restart"
        yield Trouble(TroubleKind.NO_WATCHDOG, f"{words} · {lost}", badge="no watchdog")
    near = _near_limit(night) if night.state != State.WINDING_DOWN else ""
    if near:
        yield Trouble(TroubleKind.LIMIT_NEAR, near, is_bad=False, badge="limit near")


def _near_limit(night: NightSnapshot) -> str:
    """The limit of money or time of which most is used, in words."""
    limits, cost, run = night.run.limits, night.cost.usd, night.run
    if limits.max_cost_usd and cost is not None and cost >= NEAR_SHARE * limits.max_cost_usd:
        of = format_money(limits.max_cost_usd).removesuffix(".00")
        return f"{format_money(cost)} of {of} ({100 * cost / limits.max_cost_usd:.0f} %)"
    if limits.max_hours and run.started_at is not None:
        used, allowed = night.now - run.started_at, limits.max_hours * 3600
        if used >= NEAR_SHARE * allowed:
            left = format_duration_rough(max(0.0, allowed - used))
            return f"{left} left of {format_duration_rough(allowed)}"
    return ""
