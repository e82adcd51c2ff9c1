"""What mattered in a night, in order."""

from __future__ import annotations

from collections.abc import Sequence

from tui.model.events import SourceRef
from tui.model.evidence import CommitRecord, EvidenceLog
from tui.model.records import Commit
from tui.model.review import TimelineMoment
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.timeline import TimelineGap, TimelineMark
from tui.night.evidence.wasted_work import AbortedTurn
from tui.night.review.trouble import MOMENTS_OF_KINDS
from tui.system.format import shorten

Changes = Sequence[tuple[float, str]]
"""What changed something, with its time, in words."""
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
