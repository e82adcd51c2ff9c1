"""Whether an intervention helped.

Words to the agent helped if it was in a loop or stalled and that ended, and something new came
after: a commit, a green run, an edit. They did not if the same loop went on, or if they never
reached it. A restart helped if anything was changed before the next end; it did not if nothing was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from tui.model.evidence import EvidenceLog
from tui.model.interventions import Attempt, Injection, Intervention, RewindRecord
from tui.model.review import InterventionEffect
from tui.model.snapshot import NightSnapshot, Stall
from tui.system.format import format_duration, shorten

Helped = Literal["yes", "no", "unclear"]
_JUST_ENDED = 120.0
_REACH = 1_800.0
_KINDS = {"interrupt", "stop", "kill", "limits_paused", "handover"}


def intervention_effects(
    night: NightSnapshot, testimony: EvidenceLog
) -> tuple[InterventionEffect, ...]:
    """Every deed, in the order in which they were done."""
    after = _Aftermath(night, testimony)
    deeds = night.interventions
    found = [
        *(_injection_effect(one, night, after) for one in deeds.injections),
        *(_rewind_effect(one, night) for one in deeds.rewinds),
        *_other_effects(deeds.others),
        *_restart_effects(deeds.attempts, after),
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _other_effects(others: Sequence[Intervention]) -> Iterator[InterventionEffect]:
    """Ends, interruptions and the like; an end is told twice, when asked for and when it is there."""
    told: dict[tuple[str, str], float] = {}
    for one in others:
        before = told.get((one.kind, one.text))
        if one.kind not in _KINDS or (before is not None and one.at - before < _JUST_ENDED):
            continue
        told[one.kind, one.text] = one.at
        state = f"by {one.by}" if one.by else "done"
        why = "nothing tells whether it was for the better"
        yield InterventionEffect(one.at, one.kind, one.text, state, "unclear", why)


class _Aftermath:
    """What came after a moment."""

    def __init__(self, night: NightSnapshot, testimony: EvidenceLog) -> None:
        self._night = night
        self._testimony = testimony

    def first_change(self, start: float, end: float) -> str:
        """The first thing that changed something between the two, in words; empty if nothing did."""
        runs = [
            (one.run.at, "a green test run")
            for one in self._testimony.runs
            if one.run.at is not None and one.run.verdict == "green"
        ]
        commits = [(one.at, "a commit") for one in self._night.commits]
        edits = [(one.at, "an edit") for one in self._testimony.edits if one.at is not None]
        found = [one for one in (*runs, *commits, *edits) if start < one[0] <= end]
        if not found:
            return ""
        at, what = min(found)
        return f"{what} came {format_duration(at - start)} later"


def _injection_effect(one: Injection, night: NightSnapshot, after: _Aftermath) -> InterventionEffect:
    if one.state in ("failed", "withdrawn"):
        why = "it never reached the agent" if one.state == "failed" else "it was taken back"
        return _effect(one, "no" if one.state == "failed" else "unclear", why)
    if one.state == "queued":
        return _effect(one, "unclear", "nothing shows that the agent took it up")
    news = after.first_change(one.at, one.at + _REACH)
    loop = _loop_at(night.loops, one.at)
    if loop is not None:
        again = _same_loop_after(night.loops, loop, one.at)
        if again is not None:
            return _effect(one, "no", f"the same loop went on, {again.count} rounds more")
        if news:
            return _effect(one, "yes", f"the loop ended, and {news}")
        return _effect(one, "unclear", "the loop ended, and nothing was changed after it")
    if _stalled_at(night, one.at):
        helped: Helped = "yes" if news else "unclear"
        return _effect(one, helped, f"it was stalled; {news or 'nothing was changed after it'}")
    return _effect(one, "unclear", f"nothing was wrong that it could end; {news}".rstrip("; "))


def _effect(one: Injection, helped: Helped, why: str) -> InterventionEffect:
    state = f"{one.state}, {one.detail}" if one.detail else one.state
    return InterventionEffect(
        one.at, one.mode or "inject", shorten(one.text, 300), state, helped, why
    )


def _loop_at(loops: Sequence[Stall], at: float) -> Stall | None:
    """The loop that was going on at `at`, or had just come round again."""
    for loop in loops:
        until = loop.last_at if loop.last_at is not None else loop.since
        if loop.since <= at <= until + _JUST_ENDED:
            return loop
    return None


def _same_loop_after(loops: Sequence[Stall], loop: Stall, at: float) -> Stall | None:
    """The same loop, begun again after `at`."""
    what = loop.evidence[0].partition(":")[0]
    for other in loops:
        begun_after = other is not loop and at <= other.since <= at + _REACH
        if begun_after and other.evidence[0].partition(":")[0] == what:
            return other
    return None


def _stalled_at(night: NightSnapshot, at: float) -> bool:
    gaps = night.timeline.gaps
    return any(gap.kind == "stalled" and gap.start <= at <= gap.end + 1.0 for gap in gaps)


def _rewind_effect(one: RewindRecord, night: NightSnapshot) -> InterventionEffect:
    """A rewind is judged by the colour of the tests before and after it."""
    kind = "undo" if one.undo else "rewind"
    text = f"to {one.checkpoint} ({one.mode}): {one.written} written, {one.deleted} deleted"
    runs = [run for run in night.tests.runs if run.at is not None and run.verdict != "unknown"]
    before = [run.verdict for run in runs if (run.at or 0.0) <= one.at]
    after = [run.verdict for run in runs if (run.at or 0.0) > one.at]
    helped: Helped = "unclear"
    why = "no test run after it tells" if not after else "tests are as they were before it"
    if before and after and before[-1] != after[0]:
        helped = "yes" if after[0] == "green" else "no"
        why = f"tests were {before[-1]} before it and {after[0]} after it"
    return InterventionEffect(one.at, kind, text, "done", helped, why)


def _restart_effects(segments: Sequence[Attempt], after: _Aftermath) -> list[InterventionEffect]:
    found = []
    for number, segment in enumerate(segments[1:], 1):
        if segment.why in ("start", "initializer", "handover", "rewind", "continue"):
            continue
        end = segment.ended_at if segment.ended_at is not None else float("inf")
        before = segments[number - 1]
        dead = segment.started_at - (before.ended_at or segment.started_at)
        news = after.first_change(segment.started_at, end)
        helped: Helped = "yes" if news else "no" if segment.ended_at is not None else "unclear"
        why = news or "nothing was changed after it"
        text = f"after {segment.why or 'a crash'}, {format_duration(dead)} later"
        state = f"attempt {segment.attempt}"
        found.append(InterventionEffect(segment.started_at, "restart", text, state, helped, why))
    return found
