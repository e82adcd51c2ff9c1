"""What mattered in a night, in order; whether interventions helped; what bought nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tui.model.events import SourceRef
from tui.model.evidence import CommitRecord, EvidenceLog
from tui.model.interventions import Attempt, Injection, Intervention, RewindRecord
from tui.model.records import Commit
from tui.model.review import Helped, InterventionEffect, TimelineMoment, WasteItem
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import StallKind
from tui.model.timeline import TimelineGap, TimelineMark
from tui.night.evidence.wasted_work import AbortedTurn, WastedWork
from tui.night.usage.bill import SpendingCurve
from tui.system.format import clip_text, format_count, format_duration, shorten

Changes = Sequence[tuple[float, str]]
"""What changed something, with its time, in words."""
_LONG_GAP = 900.0
_NEAR = 5.0
_JUST_ENDED = 120.0
_REACH = 1_800.0
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
_NOT_READ: dict[str, tuple[Helped, str]] = {
    "failed": ("no", "it never reached the agent"),
    "withdrawn": ("unclear", "it was taken back"),
    "queued": ("unclear", "nothing shows that the agent took it up"),
}
_UNTOLD = "nothing tells whether it was for the better"
_NO_CHANGE = "nothing was changed after it"
_SHOWN_KINDS = {"interrupt", "stop", "kill", "limits_paused", "handover"}
_ROUTINE_STARTS = ("start", "initializer", "handover", "rewind", "continue")
_SILENCES = (StallKind.SILENT_TOOL, StallKind.SILENT_API, StallKind.WEDGED, StallKind.LIMIT_WAIT)


def _end_of(stall: Stall) -> float:
    return stall.last_at if stall.last_at is not None else stall.since


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


# --- whether interventions helped ---


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
    circling = snapshot.circling  # what goes on, or has just come round again, counts
    loop = next((s for s in circling if s.since <= at <= _end_of(s) + _JUST_ENDED), None)
    if loop is not None:
        same = (s for s in circling if s is not loop and s.pattern == loop.pattern)
        again = next((s for s in same if at <= s.since <= at + _REACH), None)
        if again is not None:
            return "no", f"the same loop went on, {again.count} rounds more"
        if change:
            return "yes", f"the loop ended, and {change}"
        return "unclear", f"the loop ended, and {_NO_CHANGE}"
    gaps = snapshot.timeline.gaps
    if any(gap.kind == "stalled" and gap.start <= at <= gap.end + 1.0 for gap in gaps):
        return "yes" if change else "unclear", f"it was stalled; {change or _NO_CHANGE}"
    return "unclear", f"nothing was wrong that it could end; {change}".rstrip("; ")


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
            state, why = f"by {action.by}" if action.by else "done", _UNTOLD
            effect = InterventionEffect(at, action.kind, text, state, "unclear", why)
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
    until, share = _end_of(loop), _wasted_share(loop)
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
            end = min(_end_of(loop), turn.until)
            inside = spending.between(max(loop.since, turn.kept_at), end)
            usd -= (inside or 0.0) * _wasted_share(loop)
        usd = max(0.0, usd)
    what = f"{_ABORTED_WASTE[turn.why]}; estimate: what it did after its last change"
    return WasteItem("killed_turn", what, turn.until - turn.kept_at, usd, turn.ref)
