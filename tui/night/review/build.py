"""Makes the Review; why the night ended, restore points."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim, UnreadText
from tui.model.evidence.log import EvidenceLog, TestRun
from tui.model.records import ProgressFile, RepositoryChanges
from tui.model.review import (
    Ending,
    Proof,
    RestorePoint,
    Review,
    Risk,
    TaskChanges,
    TestState,
    TimelineMoment,
    WasteItem,
)
from tui.model.session import EarlierNight
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import EndKind, SessionState, StallKind, StateReason
from tui.night.evidence.shell_effects import is_prose, is_scratch_path
from tui.night.evidence.wasted_work import RetryStreak
from tui.night.review.attention import rank_attention
from tui.night.review.causes import find_causes
from tui.night.review.moments import find_commit_record, find_moments, intervention_effects
from tui.night.review.proof import proven_claims, proven_tests
from tui.night.review.tasks import compare_tasks
from tui.night.review.trouble import LostTime, find_stalls, find_waste, priced_stalls
from tui.night.review.verdict import ReviewInputs, VerdictInputs, judge_night, reverted_files
from tui.system.format import format_count, format_duration, format_local, shorten
from tui.system.lazy_pattern import lazy

_ENDED_WELL = frozenset((SessionState.FINISHED, SessionState.WAITING_INPUT))
_CUT_OFF = frozenset((EndKind.CRASH, EndKind.KILLED, EndKind.HUNG, EndKind.LIMIT))
"""Endings that leave a turn without its result."""
_RECORDED: dict[str, TestState] = {"green": "green", "red": "red"}
"""What the supervisor knew of the tests when it took a checkpoint."""
_ONLY_REPORT = lazy(
    r"\b(?:do\s+not|don['’]t|without|never)\s+(?:chang|edit|modif|touch)\w*\s+(?:anything"
    r"|any\s+(?:code|files?|thing)|the\s+(?:code|files|repository)|code|files)"
    r"(?!\s*(?:in|on|at|of|under|else|outside|other|but|except|than|unless|that|which|related)\b)"
    r"|\b(?:only|just)\s+(?:report|investigate|analy[sz]e|explain|answer)\b|\breport\s+only\b",
    2,
)
_LONGEST_GOAL = 20_000
_SECOND = 1.0
_DAY = 86_400.0


def assemble_review(
    snapshot: NightSnapshot,
    inputs: ReviewInputs,
    *,
    changes: RepositoryChanges | None = None,
    claims: tuple[Claim, ...] = (),
    risks: tuple[Risk, ...] = (),
    looked_at: float | None = None,
    project: str = "",
    run_id: str = "",
    continues: EarlierNight | None = None,
    unread: tuple[UnreadText, ...] = (),
    proof: Proof | None = None,
) -> Review:
    """The review of a night; the same evidence always makes the same one."""
    evidence, work = inputs.evidence, inputs.wasted_work
    claims = proven_claims(claims, proof)
    snapshot, wrong = _take_out_called_wrong(snapshot)
    ending = classify_ending(
        snapshot, inputs.broke_off, inputs.last_ref, inputs.spoke_last, work.retrying
    )
    lost = LostTime()
    stalls = priced_stalls(find_stalls(snapshot), inputs.spending, lost)
    waste = find_waste(stalls, work, inputs.spending, lost, ending.kind in _CUT_OFF)
    facts = _facts(snapshot, inputs, ending, stalls, changes, claims, risks, proof)
    uncommitted = sum(not file.commit for file in changes.files) if changes is not None else 0
    verdict, reasons = judge_night(facts)
    return Review(
        night=snapshot,
        verdict=verdict,
        reasons=reasons,
        ending=ending,
        attention=rank_attention(facts, snapshot, inputs, waste, uncommitted, unread, changes),
        tasks=facts.tasks,
        commits=snapshot.commits,
        tests=facts.tests,
        claims=claims,
        risks=risks,
        time=snapshot.time,
        cost=snapshot.cost,
        cost_per_task=_cost_per_task(snapshot, facts.tasks, inputs.first_progress),
        wasted=waste,
        wasted_usd=total_waste(waste, snapshot.cost.usd),
        interventions=intervention_effects(snapshot, evidence),
        stalls=facts.stalls,
        timeline=snapshot.timeline,
        moments=find_moments(snapshot, evidence, facts.stalls, work.aborted_turns, wrong),
        points=restore_points(snapshot, evidence),
        looked_at=looked_at,
        files_changed=facts.changed_files or 0,
        base=changes.base if changes is not None else "",
        project=project,
        run_id=run_id,
        continues=continues,
        unread=unread,
        causes=facts.causes,
        proof=proof,
    )


def _take_out_called_wrong(night: NightSnapshot) -> tuple[NightSnapshot, list[TimelineMoment]]:
    """The night without the stalls that a person called wrong, and when that was said of what."""
    note = "a person said that this is not stuck: "
    kept = tuple(one for one in night.circling if one.called_wrong_at is None)
    wrong = [
        TimelineMoment(one.called_wrong_at, "stall", note + one.evidence[0], None, *one.refs[:1])
        for one in night.circling
        if one.called_wrong_at is not None
    ]
    return structs.replace(night, circling=kept), wrong


def _facts(
    snapshot: NightSnapshot,
    inputs: ReviewInputs,
    ending: Ending,
    stalls: tuple[Stall, ...],
    changes: RepositoryChanges | None,
    claims: tuple[Claim, ...],
    risks: tuple[Risk, ...],
    proof: Proof | None,
) -> VerdictInputs:
    goal = snapshot.run.goal or snapshot.run.first_prompt
    return VerdictInputs(
        ending=ending,
        tasks=compare_tasks(inputs.first_progress, snapshot.progress, inputs.progress_basis),
        tests=proven_tests(snapshot.tests, proof),
        refusals=snapshot.refusals,
        claims=claims,
        risks=risks,
        stalls=stalls,
        commits=_count_commits(snapshot, inputs.evidence, changes),
        changed_files=None if changes is None else len(changes.files),
        edits=max(snapshot.counts.edits, len(inputs.evidence.edits)),
        reverted=reverted_files(snapshot),
        only_prose=_is_only_prose(snapshot, inputs.evidence, changes),
        only_report=_ONLY_REPORT.search(goal[:_LONGEST_GOAL]) is not None,
        unseen=snapshot.counts.unseen,
        causes=find_causes(
            stalls, inputs.wasted_work.errors, snapshot.refusals, inputs.wasted_work.retries
        ),
        proof=proof,
    )


def _is_only_prose(
    snapshot: NightSnapshot, evidence: EvidenceLog, changes: RepositoryChanges | None
) -> bool:
    """Whether documents were changed and nothing else; a list of tasks or notes is none."""
    own = {evidence.notes_source, snapshot.progress.source if snapshot.progress else ""}
    kept = {source.rpartition("/")[2] for source in own} - {""}
    edited = (edit.path for edit in evidence.edits if not is_scratch_path(edit.path))
    paths = [path for path in edited if path.rpartition("/")[2] not in kept]
    paths += [file.path for file in changes.files] if changes is not None else []
    return bool(paths) and all(map(is_prose, paths)) and not evidence.forgotten_edits


def _count_commits(
    snapshot: NightSnapshot, evidence: EvidenceLog, changes: RepositoryChanges | None
) -> int:
    """The night's commits that are there; where no repository tells of them, those that its calls named."""
    if changes is not None and (changes.base or changes.messages):
        return len(snapshot.commits)
    return max(len(snapshot.commits), len(evidence.commits))


def _cost_per_task(
    snapshot: NightSnapshot, tasks: TaskChanges, first: ProgressFile | None
) -> float | None:
    """Cost by finished task; a progress file that only counts is taken by its counts."""
    finished = len(tasks.done)
    last, usd = snapshot.progress, snapshot.cost.usd
    if not finished and last is not None and not last.tasks and first is not None:
        finished = last.done - first.done
    return usd / finished if usd is not None and finished > 0 else None


def total_waste(items: Sequence[WasteItem], usd: float | None) -> float | None:
    """Dollars wasted, never more than the night cost; None where nothing has a price."""
    known = [item.usd for item in items if item.usd is not None]
    if not known:
        return 0.0 if usd is not None and not items else None
    return min(sum(known), usd) if usd is not None else sum(known)


# --- why it ended ---


def classify_ending(
    snapshot: NightSnapshot,
    broke_off: bool,
    ref: SourceRef | None,
    spoke_last: bool = False,
    retrying: RetryStreak | None = None,
) -> Ending:
    """The kind of the end and one sentence; `ref` is the last thing the session recorded.

    `broke_off` says that its files end in the middle and no process of it is there any more: then
    nothing tells why. `spoke_last` says that a transcript's last word is the agent's own: not all
    versions write down that the turn is over; `retrying` are attempts to reach the API that nothing
    came after. The record of a run of ours comes before everything else.
    """
    exit = snapshot.run.exit
    if snapshot.run.owned and exit is not None and snapshot.run.ended_at is not None:
        kind = exit.kind.review_word
        return Ending(kind, _recorded_reason(snapshot, exit.reason.strip(), exit.kind), ref)
    if broke_off and spoke_last and snapshot.state != SessionState.RATE_LIMITED:
        sentence = "Its last word is an answer, and nothing came after it"
        return Ending(EndKind.TURN_ENDED, sentence, ref)
    if broke_off and retrying is not None:
        return _unreachable_api(retrying)
    return _ending_of_state(snapshot, broke_off, ref)


def _recorded_reason(snapshot: NightSnapshot, reason: str, kind: EndKind) -> str:
    """The record's sentence, with who killed it where it does not say so."""
    sentence = shorten(reason, 300) or "the run ended"
    kills = (action for action in reversed(snapshot.interventions.others) if action.kind == "kill")
    by = next((action.by for action in kills), "")
    if kind == EndKind.KILLED and by and by not in sentence:
        sentence = f"{sentence} (by {by})"
    return _capitalised(sentence)


_ENDS = {
    SessionState.KILLED: EndKind.KILLED,
    SessionState.FAILED: EndKind.FAILED,
    SessionState.CRASHED: EndKind.CRASH,
    SessionState.GAVE_UP: EndKind.CRASH,
    SessionState.PAUSED: EndKind.OPEN,
    SessionState.WAITING_PERMISSION: EndKind.NEEDS_PERSON,
}
"""The kind of end of a state, whether or not its files break off."""


# The order of these cases is the rule: the first match wins.
def _ending_of_state(snapshot: NightSnapshot, broke_off: bool, ref: SourceRef | None) -> Ending:
    state, reason, stall = snapshot.state, snapshot.activity.reason, snapshot.stall
    sentence, code = _capitalised(shorten(reason, 300)), snapshot.activity.state_reason
    if state in _ENDED_WELL or code == StateReason.TURN_ANSWERED:
        return _finished(snapshot, sentence, ref)
    if state == SessionState.FAILED and code == StateReason.USAGE_LIMIT:
        return Ending(EndKind.LIMIT, sentence, ref)
    if state == SessionState.ENDED:  # a person ended the turn, or no model was asked anything
        return Ending(EndKind.TURN_ENDED, sentence, ref)
    if state in _ENDS:
        return Ending(_ENDS[state], sentence, ref)
    if state == SessionState.RATE_LIMITED and broke_off:
        return Ending(EndKind.LIMIT, f"It waited for a limit and did not go on: {reason}", ref)
    if broke_off:
        return Ending(EndKind.CRASH, _broken_off(snapshot), ref)
    if state == SessionState.STALLED and stall is not None and not stall.waiting:
        kind = EndKind.CRASH if stall.kind == StallKind.PROCESS_GONE else EndKind.HUNG
        return Ending(kind, sentence, stall.refs[0] if stall.refs else ref)
    return Ending(EndKind.OPEN, f"It goes on: {reason}", ref)


def _finished(snapshot: NightSnapshot, sentence: str, ref: SourceRef | None) -> Ending:
    progress = snapshot.progress
    if progress is None or not progress.counts_tasks or not progress.done:
        return Ending(EndKind.TURN_ENDED, sentence, ref)
    if progress.open:
        return Ending(EndKind.TURN_ENDED, f"{sentence}; {progress.open} tasks are open", ref)
    return Ending(EndKind.TASKS_DONE, f"{sentence}; no task is open", ref)


def _unreachable_api(retrying: RetryStreak) -> Ending:
    """The last records are attempts to reach the API."""
    attempts, status = format_count(retrying.attempts, "attempt"), retrying.status
    if status == 429:
        sentence = f"The API refused for a limit (HTTP 429): {attempts}"
        return Ending(EndKind.LIMIT, sentence, retrying.ref)
    if status in (401, 403):
        sentence = f"The API refused the login (HTTP {status}): {attempts}"
    else:
        answer = f"HTTP {status}" if status else "no connection"
        sentence = f"The API could not be reached: {attempts}, the last with {answer}"
    return Ending(EndKind.FAILED, sentence, retrying.ref)


def _broken_off(snapshot: NightSnapshot) -> str:
    """What it was doing when its files end; nothing there says why."""
    tools = snapshot.activity.tools
    if tools:
        what = f"{tools[0].name} {shorten(tools[0].target, 60)}".strip() + " has no answer"
    elif snapshot.counts.turns or snapshot.counts.tool_calls:
        what = "the model owed an answer"
    else:
        what = "its first turn was never answered"
    idle, last = snapshot.activity.idle_seconds, snapshot.activity.last_event_at
    quiet = f"nothing came for {format_duration(idle)}"
    if idle > _DAY and last is not None:
        quiet = f"nothing came after {format_local(last, '%b %d %H:%M')}"
    return f"Its record breaks off in the middle of a turn: {what}; {quiet}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- restore points ---


def restore_points(snapshot: NightSnapshot, evidence: EvidenceLog) -> tuple[RestorePoint, ...]:
    """Checkpoints and commits in order of time."""
    runs = snapshot.tests.runs
    points = []
    for one in snapshot.interventions.checkpoints:
        state = _RECORDED.get(one.tests) or _tests_at(runs, one.at)
        label = one.label or one.why or one.id
        red = _first_red_after(runs, one.at, state)
        points.append(RestorePoint("checkpoint", one.id, one.at, label, one.files, state, red))
    for commit in snapshot.commits:
        # Git keeps whole seconds: a run that ended in the commit's own second came before it.
        until = commit.at + _SECOND
        state = _tests_at(runs, until)
        record = find_commit_record(commit.sha, commit.subject, evidence)
        point = RestorePoint(
            kind="commit",
            id=commit.sha,
            at=commit.at,
            label=commit.subject,
            files=commit.files,
            tests=state,
            first_red_after=_first_red_after(runs, until, state),
            insertions=commit.insertions,
            deletions=commit.deletions,
            ref=record.ref if record is not None else SourceRef(f"git:{commit.sha}", 0),
        )
        points.append(point)
    return tuple(sorted(points, key=lambda point: point.at))


def _tests_at(runs: Sequence[TestRun], at: float) -> TestState:
    """The verdict of the last run that ended by `at`."""
    for run in reversed(runs):
        if run.at is not None and run.at <= at and run.verdict != "unknown":
            return run.verdict
    return "none"


def _first_red_after(runs: Sequence[TestRun], at: float, state: TestState) -> str:
    """What first turned red after `at` and is not mended at the end; a suite that was red only after it
    had been green again.
    """
    last = next((run for run in reversed(runs) if run.verdict != "unknown"), None)
    if last is None or last.verdict == "green":
        return ""  # It was mended: a test that is red first is ordinary work.
    red_already = state == "red"
    for run in runs:
        if run.at is None or run.at <= at:
            continue
        if run.verdict == "green":
            red_already = False
        elif run.verdict == "red" and not red_already:
            failed = f"{run.failed} failed in " if run.failed else "red: "
            return f"{failed}{shorten(run.command, 60)}, {format_duration(run.at - at)} later"
    return ""
