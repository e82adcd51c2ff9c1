"""What mattered in a night, in order, and what bought nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.model.events import SourceRef
from tui.model.evidence import CommitRecord, EvidenceLog
from tui.model.records import Commit
from tui.model.review import TimelineMoment, WasteItem
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import StallKind
from tui.model.timeline import TimelineGap, TimelineMark
from tui.night.evidence.wasted_work import AbortedTurn, WastedWork
from tui.night.usage.bill import SpendingCurve
from tui.system.format import clip_text, format_count, format_duration, shorten

_LONG_GAP = 900.0
_NEAR = 5.0
_LEAST_S = 1.0
_WIDE = 50
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
_ABORTED_WASTE = {
    "process ended": "a turn that the end of its process cut off",
    "interrupted": "a turn that was interrupted",
    "broke off": "a turn without an end",
}
_SILENCES = (StallKind.SILENT_TOOL, StallKind.SILENT_API, StallKind.WEDGED, StallKind.LIMIT_WAIT)


def end_of(stall: Stall) -> float:
    return stall.last_at if stall.last_at is not None else stall.since


def find_moments(
    snapshot: NightSnapshot,
    evidence: EvidenceLog,
    stalls: Sequence[Stall],
    aborted_turns: Sequence[AbortedTurn] = (),
) -> tuple[TimelineMoment, ...]:
    """Commits, changes of the tests' colour, interventions, stalls, limits, long gaps, the end."""
    gaps = snapshot.timeline.gaps
    # Gaps that another moment stands for already.
    covered = [gap for gap in gaps if gap.kind == "stalled"]
    moments = [
        TimelineMoment(
            stall.since,
            "loop" if stall.kind == StallKind.LOOP else "stall",
            stall.evidence[0],
            max(0.0, stall.last_at - stall.since) if stall.last_at is not None else None,
            stall.refs[0] if stall.refs else None,
        )
        for stall in stalls
    ]
    moments += [
        _moment_of_mark(mark, snapshot, gaps, covered)
        for mark in snapshot.timeline.marks
        if mark.kind not in ("stall", "commit")
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
    return tuple(sorted(moments, key=lambda moment: moment.at))


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


def find_stalls(snapshot: NightSnapshot) -> tuple[Stall, ...]:
    """Loops and silences in which the session was stuck, in order, with their ends."""
    stalls = [*snapshot.circling]
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
    words = f"nothing was heard for {format_duration(gap.end - gap.start)}"
    kind = next(kinds, StallKind.SILENT_API)
    return Stall(kind, gap.start, (words,), refs, last_at=gap.end)


def _join_stalled(gaps: Sequence[TimelineGap]) -> list[TimelineGap]:
    """Stalled stretches, those that touch made one."""
    joined: list[TimelineGap] = []
    for gap in (gap for gap in gaps if gap.kind == "stalled"):
        if joined and gap.start - joined[-1].end <= 1.0:
            gap = TimelineGap(joined.pop().start, gap.end, "stalled")
        joined.append(gap)
    return joined


# --- what bought nothing ---


def find_waste(
    snapshot: NightSnapshot, work: WastedWork, spending: SpendingCurve, cut_off: bool
) -> tuple[WasteItem, ...]:
    """What was wasted, the dearest first; `cut_off` says that the turn still open will not end.

    Every figure in dollars is an estimate, and says so. Retries: seconds waited until the API
    answered; what failed is not billed. A loop: its rounds after the first, as a share of its time
    and of what was spent in it. Done again after a compaction: calls with the same arguments as
    before it, and the answers in which they were made. A turn cut off: what it did after the last
    change it left behind.
    """
    open_turn = (work.open_turn,) if cut_off and work.open_turn is not None else ()
    items = [
        *_retry_waste(work),
        *(_loop_waste(loop, spending) for loop in snapshot.circling if loop.count > 1),
        *_repeated_waste(work, spending),
        *(
            _aborted_waste(turn, snapshot.circling, spending)
            for turn in (*work.aborted_turns, *open_turn)
            if turn.until - turn.kept_at >= _LEAST_S
        ),
    ]
    return tuple(sorted(items, key=lambda item: (-(item.usd or 0.0), -item.seconds)))


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
    until, share = end_of(loop), _wasted_share(loop)
    spent = spending.between(loop.since, until) if loop.since else None
    usd = None if spent is None else spent * share
    seconds = (until - loop.since) * share if loop.since else 0.0
    what = f"{loop.evidence[0]}; estimate: all rounds but the first"
    return WasteItem("loop", what, max(0.0, seconds), usd, loop.refs[0] if loop.refs else None)


def _wasted_share(loop: Stall) -> float:
    """Which part of a loop, from its first answer to its last, are the rounds after the first."""
    steps = max(1, len(loop.refs) - 1)
    return (loop.count - 1) * steps / max(1, loop.count * steps - 1)


def _repeated_waste(work: WastedWork, spending: SpendingCurve) -> Iterator[WasteItem]:
    """One item for each compaction."""
    for moment in sorted({call.compacted_at for call in work.repeated_calls}):
        calls = [call for call in work.repeated_calls if call.compacted_at == moment]
        # Of a long path the end tells most.
        ends = (clip_text(call.target[::-1], _WIDE)[::-1] for call in calls[:2])
        names = ", ".join(f"{call.tool} {end}" for call, end in zip(calls, ends, strict=False))
        more = f" and {len(calls) - 2} more" if len(calls) > 2 else ""
        what = f"again after a compaction: {names}{more}; estimate: those calls"
        seconds = sum(max(0.0, call.at - call.called_at) for call in calls)
        usd = spending.at({call.called_at for call in calls})
        yield WasteItem("redone", what, seconds, usd, calls[0].ref)


def _aborted_waste(turn: AbortedTurn, loops: Sequence[Stall], spending: SpendingCurve) -> WasteItem:
    """What came after the turn's last change; loops in it are items by themselves."""
    usd = spending.between(turn.kept_at, turn.until)
    if usd is not None:
        for loop in loops:
            end = min(end_of(loop), turn.until)
            inside = spending.between(max(loop.since, turn.kept_at), end)
            usd -= (inside or 0.0) * _wasted_share(loop)
        usd = max(0.0, usd)
    what = f"{_ABORTED_WASTE[turn.why]}; estimate: what it did after its last change"
    return WasteItem("killed_turn", what, turn.until - turn.kept_at, usd, turn.ref)
