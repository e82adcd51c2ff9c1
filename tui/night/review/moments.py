"""What mattered in a night, in order, with how long it lasted; and where it stood still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.model.events import SourceRef
from tui.model.evidence import CommitRecord, EvidenceLog
from tui.model.records import Commit
from tui.model.review import MomentKind, TimelineMoment
from tui.model.snapshot import NightSnapshot, Stall
from tui.model.state import StallKind
from tui.model.timeline import TimelineGap, TimelineMark
from tui.night.evidence.wasted_work import AbortedTurn
from tui.system.format import format_duration, shorten

_LONG_GAP = 900.0
_NEAR = 5.0
_GAPS: dict[str, str] = {
    "working": "nothing was heard while the model was at it",
    "tool": "nothing was heard while a tool ran",
    "waiting_api": "waiting for the API",
    "rate_limited": "waiting for a limit to be lifted",
    "dead": "no agent was running",
    "idle": "nothing was asked of it",
}
_ABORTED = {
    "process ended": "its process ended in the middle of a turn",
    "interrupted": "the turn was interrupted",
    "broke off": "the record breaks off in the middle of a turn",
}
_SILENCES = (StallKind.SILENT_TOOL, StallKind.SILENT_API, StallKind.WEDGED, StallKind.LIMIT_WAIT)


def find_moments(
    snapshot: NightSnapshot,
    evidence: EvidenceLog,
    stalls: Sequence[Stall],
    aborted_turns: Sequence[AbortedTurn] = (),
) -> tuple[TimelineMoment, ...]:
    """Commits, changes of the tests' colour, interventions, stalls, limits, long gaps, the end."""
    gaps = snapshot.timeline.gaps
    # Gaps that another moment stands for already.
    covered = {number for number, gap in enumerate(gaps) if gap.kind == "stalled"}
    moments = [_moment_of_stall(stall) for stall in stalls]
    moments += [
        _moment_of_mark(mark, snapshot, gaps, covered)
        for mark in snapshot.timeline.marks
        if mark.kind not in ("stall", "commit")
    ]
    moments += [_moment_of_commit(commit, evidence) for commit in snapshot.commits]
    moments += _long_gaps(gaps, covered)
    if not snapshot.interventions.attempts:  # else the journal has these ends
        moments += [
            TimelineMoment(turn.until, "error", _ABORTED[turn.why], None, turn.ref)
            for turn in aborted_turns
        ]
    return tuple(sorted(moments, key=lambda moment: moment.at))


def _moment_of_stall(stall: Stall) -> TimelineMoment:
    seconds = max(0.0, stall.last_at - stall.since) if stall.last_at is not None else None
    ref = stall.refs[0] if stall.refs else None
    kind: MomentKind = "loop" if stall.kind == StallKind.LOOP else "stall"
    return TimelineMoment(stall.since, kind, stall.evidence[0], seconds, ref)


def _moment_of_mark(
    mark: TimelineMark, snapshot: NightSnapshot, gaps: Sequence[TimelineGap], covered: set[int]
) -> TimelineMoment:
    if mark.kind == "green" or mark.kind == "red":
        label = f"{mark.kind}: {_test_counts(snapshot, mark.ref) or mark.label}"
        return TimelineMoment(mark.at, "tests", label, None, mark.ref)
    seconds = None
    if mark.kind in ("limit", "restart"):
        number = _find_gap(mark, gaps)
        if number is not None:
            covered.add(number)
            seconds = gaps[number].end - gaps[number].start
    return TimelineMoment(mark.at, mark.kind, mark.label, seconds, mark.ref)


def _test_counts(snapshot: NightSnapshot, ref: SourceRef | None) -> str:
    run = next((run for run in reversed(snapshot.tests.runs) if run.ref == ref), None)
    if run is None or run.passed is None:
        return ""
    failed = f"{run.failed} failed, " if run.failed else ""
    return f"{failed}{run.passed} passed ({shorten(run.command, 60)})"


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


def _find_gap(mark: TimelineMark, gaps: Sequence[TimelineGap]) -> int | None:
    """The silence that a limit began, or a restart ended."""
    for number, gap in enumerate(gaps):
        if mark.kind == "limit":
            is_same = gap.kind == "rate_limited" and abs(gap.start - mark.at) <= _NEAR
        else:
            is_same = gap.kind == "dead" and abs(gap.end - mark.at) <= _NEAR
        if is_same:
            return number
    return None


def _long_gaps(gaps: Sequence[TimelineGap], covered: set[int]) -> Iterator[TimelineMoment]:
    """Silences of a quarter of an hour that no other moment stands for."""
    for number, gap in enumerate(gaps):
        seconds = gap.end - gap.start
        if number not in covered and seconds >= _LONG_GAP:
            kind: MomentKind = "limit" if gap.kind == "rate_limited" else "gap"
            yield TimelineMoment(gap.start, kind, _GAPS.get(gap.kind, "silence"), seconds)


def find_stalls(snapshot: NightSnapshot) -> tuple[Stall, ...]:
    """Loops and silences in which the session was stuck, in order, with their ends."""
    stalls = [*snapshot.loops]
    marks = [mark for mark in snapshot.timeline.marks if mark.kind == "stall"]
    stalls += [_stall_of_gap(gap, marks) for gap in _join_stalled(snapshot.timeline.gaps)]
    now = snapshot.stall
    if (
        now is not None
        and now.kind not in (StallKind.LOOP, StallKind.PROCESS_GONE)
        and not now.waiting
        and all((stall.last_at or 0.0) < now.since for stall in stalls)
    ):
        stalls.append(now)
    return tuple(sorted(stalls, key=lambda stall: stall.since))


def _stall_of_gap(gap: TimelineGap, marks: Sequence[TimelineMark]) -> Stall:
    near = [mark for mark in marks if gap.start - _NEAR <= mark.at <= gap.end]
    # A stall's mark is labelled with its kind.
    kinds = (kind for mark in near for kind in _SILENCES if kind == mark.label)
    refs = tuple(mark.ref for mark in near if mark.ref is not None)[:1]
    evidence = (f"nothing was heard for {format_duration(gap.end - gap.start)}",)
    kind = next(kinds, StallKind.SILENT_API)
    return Stall(kind, gap.start, evidence, refs, last_at=gap.end)


def _join_stalled(gaps: Sequence[TimelineGap]) -> list[TimelineGap]:
    """Stalled stretches, those that touch made one."""
    joined: list[TimelineGap] = []
    for gap in gaps:
        if gap.kind != "stalled":
            continue
        if joined and gap.start - joined[-1].end <= 1.0:
            joined[-1] = TimelineGap(joined[-1].start, gap.end, "stalled")
        else:
            joined.append(gap)
    return joined
