"""Whether an intervention helped.

Words to the agent helped if it was in a loop or stalled and that ended, and something new came
after: a commit, a green run, an edit. They did not if the same loop went on, or if they never
reached it. A restart helped if anything was changed before the next end; it did not if nothing was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from tui.model.evidence import EvidenceLog
from tui.model.interventions import Attempt, Injection, Intervention, RewindRecord
from tui.model.review import InterventionEffect
from tui.model.snapshot import NightSnapshot, Stall
from tui.system.format import format_duration, shorten

Helped = Literal["yes", "no", "unclear"]
_JUST_ENDED = 120.0
_REACH = 1_800.0
_SHOWN_KINDS = {"interrupt", "stop", "kill", "limits_paused", "handover"}
_ROUTINE_STARTS = ("start", "initializer", "handover", "rewind", "continue")


def intervention_effects(
    snapshot: NightSnapshot, evidence: EvidenceLog
) -> tuple[InterventionEffect, ...]:
    """Every intervention, in the order in which they were made."""
    after = _Aftermath(snapshot, evidence)
    journal = snapshot.interventions
    effects = [
        *(_injection_effect(injection, snapshot, after) for injection in journal.injections),
        *(_rewind_effect(rewind, snapshot) for rewind in journal.rewinds),
        *_other_effects(journal.others),
        *_restart_effects(journal.attempts, after),
    ]
    return tuple(sorted(effects, key=lambda effect: effect.at))


class _Aftermath:
    """What came after a moment."""

    def __init__(self, snapshot: NightSnapshot, evidence: EvidenceLog) -> None:
        green = (record.run.at for record in evidence.runs if record.run.verdict == "green")
        self._changes: list[tuple[float, str]] = [
            *((at, "a green test run") for at in green if at is not None),
            *((commit.at, "a commit") for commit in snapshot.commits),
            *((edit.at, "an edit") for edit in evidence.edits if edit.at is not None),
        ]

    def first_change(self, start: float, end: float) -> str:
        """The first thing that changed something between the two, in words; empty if nothing did."""
        changes = [change for change in self._changes if start < change[0] <= end]
        if not changes:
            return ""
        at, what = min(changes)
        return f"{what} came {format_duration(at - start)} later"


# --- messages ---


def _injection_effect(
    injection: Injection, snapshot: NightSnapshot, after: _Aftermath
) -> InterventionEffect:
    helped, why = _judge_injection(injection, snapshot, after)
    state = f"{injection.state}, {injection.detail}" if injection.detail else injection.state
    text = shorten(injection.text, 300)
    return InterventionEffect(injection.at, injection.mode or "inject", text, state, helped, why)


def _judge_injection(
    injection: Injection, snapshot: NightSnapshot, after: _Aftermath
) -> tuple[Helped, str]:
    at = injection.at
    if injection.state == "failed":
        return "no", "it never reached the agent"
    if injection.state == "withdrawn":
        return "unclear", "it was taken back"
    if injection.state == "queued":
        return "unclear", "nothing shows that the agent took it up"
    change = after.first_change(at, at + _REACH)
    loop = _loop_at(snapshot.loops, at)
    if loop is not None:
        again = _same_loop_after(snapshot.loops, loop, at)
        if again is not None:
            return "no", f"the same loop went on, {again.count} rounds more"
        if change:
            return "yes", f"the loop ended, and {change}"
        return "unclear", "the loop ended, and nothing was changed after it"
    if _was_stalled_at(snapshot, at):
        helped: Helped = "yes" if change else "unclear"
        return helped, f"it was stalled; {change or 'nothing was changed after it'}"
    return "unclear", f"nothing was wrong that it could end; {change}".rstrip("; ")


def _loop_at(loops: Sequence[Stall], at: float) -> Stall | None:
    """The loop that was going on at `at`, or had just come round again."""
    for loop in loops:
        until = loop.last_at if loop.last_at is not None else loop.since
        if loop.since <= at <= until + _JUST_ENDED:
            return loop
    return None


def _same_loop_after(loops: Sequence[Stall], loop: Stall, at: float) -> Stall | None:
    """The same loop, begun again after `at`."""
    for other in loops:
        begun_after = other is not loop and at <= other.since <= at + _REACH
        if begun_after and other.pattern == loop.pattern:
            return other
    return None


def _was_stalled_at(snapshot: NightSnapshot, at: float) -> bool:
    gaps = snapshot.timeline.gaps
    return any(gap.kind == "stalled" and gap.start <= at <= gap.end + 1.0 for gap in gaps)


# --- everything else ---


def _rewind_effect(rewind: RewindRecord, snapshot: NightSnapshot) -> InterventionEffect:
    """A rewind is judged by the colour of the tests before and after it."""
    kind = "undo" if rewind.undo else "rewind"
    text = f"to {rewind.checkpoint} ({rewind.mode}): {rewind.written} written, {rewind.deleted} deleted"
    runs = [
        (run.at, run.verdict)
        for run in snapshot.tests.runs
        if run.at is not None and run.verdict != "unknown"
    ]
    before = [verdict for at, verdict in runs if at <= rewind.at]
    after = [verdict for at, verdict in runs if at > rewind.at]
    helped: Helped = "unclear"
    why = "no test run after it tells" if not after else "tests are as they were before it"
    if before and after and before[-1] != after[0]:
        helped = "yes" if after[0] == "green" else "no"
        why = f"tests were {before[-1]} before it and {after[0]} after it"
    return InterventionEffect(rewind.at, kind, text, "done", helped, why)


def _other_effects(others: Sequence[Intervention]) -> Iterator[InterventionEffect]:
    """Ends, interruptions and the like.

    The journal has an end twice, when it is requested and when it is reached: shown once.
    """
    shown_at: dict[tuple[str, str], float] = {}
    for action in others:
        before = shown_at.get((action.kind, action.text))
        is_repeated = before is not None and action.at - before < _JUST_ENDED
        if action.kind not in _SHOWN_KINDS or is_repeated:
            continue
        shown_at[action.kind, action.text] = action.at
        state = f"by {action.by}" if action.by else "done"
        why = "nothing tells whether it was for the better"
        yield InterventionEffect(action.at, action.kind, action.text, state, "unclear", why)


def _restart_effects(
    attempts: Sequence[Attempt], after: _Aftermath
) -> Iterator[InterventionEffect]:
    for before, attempt in pairwise(attempts):
        if attempt.why in _ROUTINE_STARTS:
            continue
        end = attempt.ended_at if attempt.ended_at is not None else float("inf")
        change = after.first_change(attempt.started_at, end)
        helped: Helped = "yes" if change else "no" if attempt.ended_at is not None else "unclear"
        dead = attempt.started_at - (before.ended_at or attempt.started_at)
        yield InterventionEffect(
            attempt.started_at,
            "restart",
            f"after {attempt.why or 'a crash'}, {format_duration(dead)} later",
            f"attempt {attempt.attempt}",
            helped,
            change or "nothing was changed after it",
        )
