"""What mattered in a night, in order, with how long it lasted; and where it stood still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.model.events import SourceRef
from tui.model.evidence import CommitRecord, EvidenceLog
from tui.model.records import Commit
from tui.model.review import MomentKind, TimelineMoment
from tui.model.snapshot import NightSnapshot, Stall
from tui.model.state import StallKind
from tui.model.timeline import MarkKind, TimelineGap, TimelineMark
from tui.night.evidence.wasted_work import AbortedTurn
from tui.system.format import format_duration, shorten

LONG_GAP = 900.0
_NEAR = 5.0
_KINDS: dict[MarkKind, MomentKind] = {
    "commit": "commit",
    "green": "tests",
    "red": "tests",
    "checkpoint": "checkpoint",
    "compaction": "compaction",
    "injection": "injection",
    "rewind": "rewind",
    "restart": "restart",
    "limit": "limit",
    "stall": "stall",
    "error": "error",
    "end": "end",
}
_SILENCES: dict[str, str] = {
    "working": "nothing was heard while the model was at it",
    "tool": "nothing was heard while a tool ran",
    "waiting_api": "waiting for the API",
    "rate_limited": "waiting for a limit to be lifted",
    "dead": "no agent was running",
    "idle": "nothing was asked of it",
}
_CUT = {
    "process ended": "its process ended in the middle of a turn",
    "interrupted": "the turn was interrupted",
    "broke off": "the record breaks off in the middle of a turn",
}
_STALLS = (StallKind.SILENT_TOOL, StallKind.SILENT_API, StallKind.WEDGED, StallKind.LIMIT_WAIT)


def find_moments(
    night: NightSnapshot,
    testimony: EvidenceLog,
    stalls: Sequence[Stall],
    cuts: Sequence[AbortedTurn] = (),
) -> tuple[TimelineMoment, ...]:
    """Commits, changes of the tests' colour, deeds, stalls, loops, limits, long gaps and the end."""
    gaps = list(night.timeline.gaps)
    told: set[int] = set()
    found: list[TimelineMoment] = []
    for stall in stalls:
        kind: MomentKind = "loop" if stall.kind == "loop" else "stall"
        seconds = max(0.0, stall.last_at - stall.since) if stall.last_at is not None else None
        ref = stall.refs[0] if stall.refs else None
        found.append(TimelineMoment(stall.since, kind, stall.evidence[0], seconds, ref))
    told.update(number for number, gap in enumerate(gaps) if gap.kind == "stalled")
    found.extend(
        _moment_of_mark(mark, night, gaps, told)
        for mark in night.timeline.marks
        if mark.kind not in ("stall", "commit")
    )
    found.extend(_moment_of_commit(commit, testimony) for commit in night.commits)
    found += _long_gaps(gaps, told)
    if not night.interventions.attempts:  # else the journal tells of it
        found += [TimelineMoment(one.until, "error", _CUT[one.why], None, one.ref) for one in cuts]
    return tuple(sorted(found, key=lambda one: one.at))


def _moment_of_mark(
    mark: TimelineMark, night: NightSnapshot, gaps: Sequence[TimelineGap], told: set[int]
) -> TimelineMoment:
    label, ref, seconds = mark.label, mark.ref, None
    if mark.kind in ("green", "red"):
        label = f"{mark.kind}: {_test_counts(night, ref) or label}"
    elif mark.kind in ("limit", "restart"):
        place = _find_gap(mark, gaps)
        if place is not None:
            told.add(place)
            seconds = gaps[place].end - gaps[place].start
    return TimelineMoment(mark.at, _KINDS[mark.kind], label, seconds, ref)


def _test_counts(night: NightSnapshot, ref: SourceRef | None) -> str:
    run = next((run for run in reversed(night.tests.runs) if run.ref == ref), None)
    if run is None or run.passed is None:
        return ""
    failed = f"{run.failed} failed, " if run.failed else ""
    return f"{failed}{run.passed} passed ({shorten(run.command, 60)})"


def _moment_of_commit(commit: Commit, testimony: EvidenceLog) -> TimelineMoment:
    """The commit's id with its subject, and the call that made it where one is known."""
    made = find_commit_record(commit.sha, commit.subject, testimony)
    label = f"{commit.sha[:7]} {shorten(commit.subject)}"
    if made is None:
        return TimelineMoment(commit.at, "commit", label, None, SourceRef(f"git:{commit.sha}", 0))
    # Git keeps whole seconds; the call knows better, unless the commit was dated by hand.
    near = made.at is not None and abs(made.at - commit.at) <= _NEAR
    return TimelineMoment(
        made.at if near and made.at else commit.at, "commit", label, None, made.ref
    )


def find_commit_record(sha: str, subject: str, testimony: EvidenceLog) -> CommitRecord | None:
    """The shell call in which a commit was made; None where the night does not show it."""
    for made in testimony.commits:
        if made.sha and sha.startswith(made.sha):
            return made
    named = [made for made in testimony.commits if made.subject and made.subject == subject]
    return named[0] if len(named) == 1 else None


def _find_gap(mark: TimelineMark, gaps: Sequence[TimelineGap]) -> int | None:
    """The silence that a limit began, or a restart ended."""
    for number, gap in enumerate(gaps):
        if (
            mark.kind == "limit"
            and gap.kind == "rate_limited"
            and abs(gap.start - mark.at) <= _NEAR
        ):
            return number
        if mark.kind == "restart" and gap.kind == "dead" and abs(gap.end - mark.at) <= _NEAR:
            return number
    return None


def _long_gaps(gaps: Sequence[TimelineGap], told: set[int]) -> Iterator[TimelineMoment]:
    """Silences of a quarter of an hour that nothing else tells of."""
    for number, gap in enumerate(gaps):
        seconds = gap.end - gap.start
        if number in told or seconds < LONG_GAP:
            continue
        kind: MomentKind = "limit" if gap.kind == "rate_limited" else "gap"
        yield TimelineMoment(gap.start, kind, _SILENCES.get(gap.kind, "silence"), seconds)


def find_stalls(night: NightSnapshot) -> tuple[Stall, ...]:
    """Loops and silences in which the session was stuck, in order, with their ends."""
    found = [*night.loops]
    marks = [mark for mark in night.timeline.marks if mark.kind == "stall"]
    for gap in _join_stalled(night.timeline.gaps):
        near = [mark for mark in marks if gap.start - _NEAR <= mark.at <= gap.end]
        names = (one for mark in near for one in _STALLS if one == mark.label)
        kind = next(names, StallKind.SILENT_API)
        ref = next((mark.ref for mark in near if mark.ref is not None), None)
        evidence = (f"nothing was heard for {format_duration(gap.end - gap.start)}",)
        refs = () if ref is None else (ref,)
        found.append(Stall(kind, gap.start, evidence, refs, last_at=gap.end))
    now = night.stall
    silent = now is not None and now.kind not in ("loop", "process_gone") and not now.waiting
    if now is not None and silent and not any((one.last_at or 0.0) >= now.since for one in found):
        found.append(now)
    return tuple(sorted(found, key=lambda one: one.since))


def _join_stalled(gaps: Sequence[TimelineGap]) -> list[TimelineGap]:
    """Stalled stretches, those that touch made one."""
    found: list[TimelineGap] = []
    for gap in gaps:
        if gap.kind != "stalled":
            continue
        if found and gap.start - found[-1].end <= 1.0:
            found[-1] = TimelineGap(found[-1].start, gap.end, "stalled")
        else:
            found.append(gap)
    return found
