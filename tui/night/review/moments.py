"""What mattered in a night, in order, and whether interventions helped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tui.model.events import SourceRef
from tui.model.evidence.log import CommitRecord, EvidenceLog
from tui.model.interventions import Attempt, Effect, Injection, Intervention, RewindRecord
from tui.model.labels import describe_effect
from tui.model.records import Commit
from tui.model.review import Helped, InterventionEffect, TimelineMoment
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import StallKind
from tui.model.timeline import TimelineGap, TimelineMark
from tui.night.evidence.wasted_work import AbortedTurn
from tui.night.review.trouble import MOMENTS_OF_KINDS, end_of
from tui.system.format import format_duration, shorten

_LONG_GAP = 900.0
_NEAR = 5.0
_GAPS: dict[str, str] = {
    "working": "nothing was heard while the model was at it",
    "tool": "nothing was heard while a tool ran",
    "waiting_api": "waiting for the API",
    "rate_limited": "waiting for a limit to be lifted",
    "dead": "no agent was running",
    "idle": "nothing happened: it waited for a person, or the machine slept",
}
_ABORTED = {
    "process ended": "its process ended in the middle of a turn",
    "interrupted": "the turn was interrupted",
    "broke off": "the record breaks off in the middle of a turn",
}


def find_moments(
    snapshot: NightSnapshot,
    evidence: EvidenceLog,
    stalls: Sequence[Stall],
    aborted_turns: Sequence[AbortedTurn] = (),
    others: Sequence[TimelineMoment] = (),
) -> tuple[TimelineMoment, ...]:
    """Commits, changes of the tests' colour, interventions, stalls, limits, long gaps, the end."""
    gaps = snapshot.timeline.gaps  # those that another moment stands for already are covered
    covered = [gap for gap in gaps if gap.kind == "stalled"]
    moments = [
        TimelineMoment(
            stall.since,
            MOMENTS_OF_KINDS.get(stall.kind, "stall"),
            stall.evidence[0],
            max(0.0, stall.last_at - stall.since) if stall.last_at is not None else None,
            stall.refs[0] if stall.refs else None,
        )
        for stall in stalls
    ]
    moments += [
        _moment_of_mark(mark, snapshot, gaps, covered)
        for mark in snapshot.timeline.marks
        if mark.kind not in ("stall", "loop", "commit")
    ]
    moments += [_moment_of_commit(commit, evidence) for commit in snapshot.commits]
    moments += [
        TimelineMoment(
            gap.start,
            "limit" if gap.kind == "rate_limited" else "gap",
            _GAPS.get(gap.kind, "silence"),
            gap.end - gap.start,
        )
        for gap in gaps
        if gap not in covered and gap.end - gap.start >= _LONG_GAP
    ]
    if not snapshot.interventions.attempts:  # else the journal has these ends
        moments += [
            TimelineMoment(turn.until, "error", _ABORTED[turn.why], None, turn.ref)
            for turn in aborted_turns
        ]
    return tuple(sorted([*moments, *others], key=lambda moment: moment.at))


def _moment_of_mark(
    mark: TimelineMark,
    snapshot: NightSnapshot,
    gaps: Sequence[TimelineGap],
    covered: list[TimelineGap],
) -> TimelineMoment:
    if mark.kind == "green" or mark.kind == "red":
        run = next((run for run in reversed(snapshot.tests.runs) if run.ref == mark.ref), None)
        label = mark.label
        if run is not None and run.passed is not None:
            failed = f"{run.failed} failed, " if run.failed else ""
            label = f"{failed}{run.passed} passed ({shorten(run.command, 60)})"
        return TimelineMoment(mark.at, "tests", f"{mark.kind}: {label}", None, mark.ref)
    seconds = None
    if mark.kind in ("limit", "restart"):
        gap = _find_gap(mark, gaps)
        if gap is not None:
            covered.append(gap)
            seconds = gap.end - gap.start
    return TimelineMoment(mark.at, mark.kind, mark.label, seconds, mark.ref)


def _moment_of_commit(commit: Commit, evidence: EvidenceLog) -> TimelineMoment:
    """The commit's id with its subject, and the call that made it where one is known."""
    at, ref = commit.at, SourceRef(f"git:{commit.sha}", 0)
    record = find_commit_record(commit.sha, commit.subject, evidence)
    if record is not None:
        ref = record.ref
        # Git keeps whole seconds; the call knows better, unless the commit was dated by hand.
        if record.at and abs(record.at - at) <= _NEAR:
            at = record.at
    return TimelineMoment(at, "commit", f"{commit.sha[:7]} {shorten(commit.subject)}", None, ref)


def find_commit_record(sha: str, subject: str, evidence: EvidenceLog) -> CommitRecord | None:
    """The shell call in which a commit was made; None where the night does not show it."""
    for record in evidence.commits:
        if record.sha and sha.startswith(record.sha):
            return record
    named = [record for record in evidence.commits if record.subject and record.subject == subject]
    return named[0] if len(named) == 1 else None


def _find_gap(mark: TimelineMark, gaps: Sequence[TimelineGap]) -> TimelineGap | None:
    """The silence that a limit began, or a restart ended."""
    if mark.kind == "limit":
        near = (g for g in gaps if g.kind == "rate_limited" and abs(g.start - mark.at) <= _NEAR)
    else:
        near = (g for g in gaps if g.kind == "dead" and abs(g.end - mark.at) <= _NEAR)
    return next(near, None)


Changes = Sequence[tuple[float, str]]
"""What changed something, with its time, in words."""
_JUST_ENDED = 120.0
_REACH = 1_800.0
_NOT_READ: dict[str, tuple[Helped, str]] = {
    "failed": ("no", "it never reached the agent"),
    "withdrawn": ("unclear", "it was taken back"),
    "queued": ("unclear", "nothing shows that the agent took it up"),
}
_NO_SIGN = "nothing tells whether it was for the better"
_NO_CHANGE = "nothing was changed after it"
_SHOWN_KINDS = {
    "interrupt",
    "stop",
    "kill",
    "limits_paused",
    "handover",
    "fresh_conversation",
    "model",
}
_ROUTINE_STARTS = ("start", "initializer", "fresh", "handover", "rewind", "continue")


def intervention_effects(
    snapshot: NightSnapshot, evidence: EvidenceLog
) -> tuple[InterventionEffect, ...]:
    """Every intervention, in the order in which they were made.

    Words to the agent helped if it was in a loop or stalled and that ended, and something new came
    after: a commit, a green run, an edit. They did not if the same loop went on, or if they never
    reached it. A restart helped if anything was changed before the next end; it did not if nothing
    was.
    """
    changes = _changes(snapshot, evidence)
    journal = snapshot.interventions
    effects = [
        *(
            InterventionEffect(
                injection.at,
                injection.mode or "inject",
                shorten(injection.text, 300),
                ", ".join(filter(None, (injection.state, injection.detail))),
                *_judge_injection(injection, snapshot, changes),
            )
            for injection in journal.injections
        ),
        *(_rewind_effect(rewind, snapshot) for rewind in journal.rewinds),
        *_other_effects(journal.others),
        *_restart_effects(journal.attempts, changes),
    ]
    return tuple(sorted(effects, key=lambda effect: effect.at))


def _changes(snapshot: NightSnapshot, evidence: EvidenceLog) -> Changes:
    green = (record.run.at for record in evidence.runs if record.run.verdict == "green")
    return [
        *((at, "a green test run") for at in green if at is not None),
        *((commit.at, "a commit") for commit in snapshot.commits),
        *((edit.at, "an edit") for edit in evidence.edits if edit.at is not None),
    ]


def _first_change(changes: Changes, start: float, end: float) -> str:
    """The first thing that changed something between the two, in words; empty if nothing did."""
    at, what = min((c for c in changes if start < c[0] <= end), default=(0.0, ""))
    return f"{what} came {format_duration(at - start)} later" if what else ""


def _judge_injection(
    injection: Injection, snapshot: NightSnapshot, changes: Changes
) -> tuple[Helped, str]:
    at = injection.at
    if injection.state in _NOT_READ:
        return _NOT_READ[injection.state]
    change = _first_change(changes, at, at + _REACH)
    loop, again = _loop_at(at, snapshot.circling)
    if again is not None:
        return "no", f"the same loop went on, {again.count} rounds more"
    if injection.effect is not None and injection.effect.kind is not None:
        return _judge_effect(injection.effect, change)
    if loop is not None:
        return "yes" if change else "unclear", f"the loop ended, and {change or _NO_CHANGE}"
    gaps = snapshot.timeline.gaps
    if any(gap.kind == "stalled" and gap.start <= at <= gap.end + 1.0 for gap in gaps):
        return "yes" if change else "unclear", f"it was stalled; {change or _NO_CHANGE}"
    return "unclear", f"nothing was wrong that it could end; {change}".rstrip("; ")


def _loop_at(at: float, circling: Sequence[Stall]) -> tuple[Stall | None, Stall | None]:
    """The stall that went on at a time or had just ended, and the same one when it came again soon after."""
    loop = next((s for s in circling if s.since <= at <= end_of(s) + _JUST_ENDED), None)
    if loop is None:
        return None, None
    same = (s for s in circling if s is not loop and s.pattern == loop.pattern)
    return loop, next((s for s in same if at <= s.since <= at + _REACH), None)


def _judge_effect(effect: Effect, change: str) -> tuple[Helped, str]:
    """Whether what was done about a trouble helped: it ended, and something new came after it."""
    what = "the loop" if effect.kind == StallKind.LOOP else "the trouble"
    if not effect.calls:
        return "unclear", f"nothing was called after it; {change}".rstrip("; ")
    if effect.goes_on:
        return "no", f"{what} did not end: {describe_effect(effect)}"
    helped: Helped = "yes" if change or effect.has_progress else "unclear"
    news = change or ("something new came" if effect.has_progress else _NO_CHANGE)
    return helped, f"{what} ended, and {news}; {describe_effect(effect)}"


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


def _other_effects(others: Sequence[Intervention]) -> list[InterventionEffect]:
    """Ends, interruptions and the like.

    The journal has an end twice, when it is requested and when it is reached: shown once.
    """
    found: dict[tuple[str, str, float], InterventionEffect] = {}
    began: dict[tuple[str, str], float] = {}
    for action in others:
        if action.kind in _SHOWN_KINDS:
            at = began.get((action.kind, action.text), -_JUST_ENDED)
            at = began[action.kind, action.text] = at if action.at - at < _JUST_ENDED else action.at
            text = "; ".join(filter(None, (action.text, action.outcome)))
            state, why = f"by {action.by}" if action.by else "done", _NO_SIGN
            judged: tuple[Helped, str] = ("unclear", why)
            if action.effect is not None and action.effect.kind is not None:
                judged = _judge_effect(action.effect, "")
            effect = InterventionEffect(at, action.kind, text, state, *judged)
            found[action.kind, action.text, at] = effect
    return list(found.values())


def _restart_effects(attempts: Sequence[Attempt], changes: Changes) -> Iterator[InterventionEffect]:
    for before, attempt in pairwise(attempts):
        if attempt.why in _ROUTINE_STARTS:
            continue
        end = attempt.ended_at if attempt.ended_at is not None else float("inf")
        change = _first_change(changes, attempt.started_at, end)
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
