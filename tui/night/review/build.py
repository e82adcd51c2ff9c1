"""Makes the Review; tasks and restore points."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence import EvidenceLog, TestRun
from tui.model.interventions import CheckpointTaken
from tui.model.records import Commit, ProgressFile, ProgressTask, RepositoryChanges
from tui.model.review import Claim, Ending, RestorePoint, Review, Risk, TaskChanges, TestState
from tui.model.snapshot import NightSnapshot
from tui.model.state import EndKind
from tui.night.evidence.wasted_work import WastedWork
from tui.night.review.endings import classify_ending
from tui.night.review.intervention_effects import intervention_effects
from tui.night.review.moments import find_commit_record, find_moments, find_stalls
from tui.night.review.verdict import (
    AttentionInputs,
    VerdictInputs,
    judge_night,
    rank_attention,
    reverted_files,
)
from tui.night.review.waste import find_waste, total_waste
from tui.night.usage.bill import SpendingCurve
from tui.system.format import format_duration, shorten
from tui.system.lazy_pattern import lazy

_CUT_OFF = frozenset((EndKind.CRASH, EndKind.KILLED, EndKind.HUNG, EndKind.LIMIT))
"""Endings that leave a turn without its result."""
_RECORDED: dict[str, TestState] = {"green": "green", "red": "red"}
"""What the supervisor knew of the tests when it took a checkpoint."""
_SECOND = 1.0
_NUMBER = lazy(r"\s*(?:#|task\s+)?(\d+(?:\.\d+)*)(?=[.):\s-])", re.IGNORECASE)
_SPACE = lazy(r"\W+")
_ENOUGH = 12


class ReviewInputs(Struct, frozen=True):
    """What the fold knows beside the snapshot.

    `last_ref` is where the session's last record stands; `broke_off` says that nothing ended it and
    nobody is there any more, `spoke_last` that a transcript ends with the agent's words.
    `progress_basis` is what `first_progress` rests on.
    """

    evidence: EvidenceLog
    wasted_work: WastedWork
    spending: SpendingCurve
    last_ref: SourceRef | None = None
    broke_off: bool = False
    spoke_last: bool = False
    first_progress: ProgressFile | None = None
    progress_basis: str = "none"


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
) -> Review:
    """The review of a night; the same evidence always makes the same one."""
    evidence, work = inputs.evidence, inputs.wasted_work
    ending = classify_ending(
        snapshot, inputs.broke_off, inputs.last_ref, inputs.spoke_last, work.retrying
    )
    waste = find_waste(snapshot, work, inputs.spending, ending.kind in _CUT_OFF)
    facts = _facts(snapshot, inputs, ending, changes, claims, risks)
    uncommitted = sum(not file.commit for file in changes.files) if changes is not None else 0
    verdict, reasons = judge_night(facts)
    return Review(
        night=snapshot,
        verdict=verdict,
        reasons=reasons,
        ending=ending,
        attention=rank_attention(
            AttentionInputs(
                facts, snapshot, evidence, waste, work.aborted_turns, uncommitted, inputs.last_ref
            )
        ),
        tasks=facts.tasks,
        commits=snapshot.commits,
        tests=snapshot.tests,
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
        moments=find_moments(snapshot, evidence, facts.stalls, work.aborted_turns),
        points=restore_points(snapshot, evidence),
        looked_at=looked_at,
        files_changed=facts.changed_files or 0,
        base=changes.base if changes is not None else "",
        project=project,
        run_id=run_id,
    )


def _facts(
    snapshot: NightSnapshot,
    inputs: ReviewInputs,
    ending: Ending,
    changes: RepositoryChanges | None,
    claims: tuple[Claim, ...],
    risks: tuple[Risk, ...],
) -> VerdictInputs:
    return VerdictInputs(
        ending=ending,
        tasks=compare_tasks(inputs.first_progress, snapshot.progress, inputs.progress_basis),
        tests=snapshot.tests,
        claims=claims,
        risks=risks,
        stalls=find_stalls(snapshot),
        commits=max(len(snapshot.commits), len(inputs.evidence.commits)),
        changed_files=None if changes is None else len(changes.files),
        edits=max(snapshot.counts.edits, len(inputs.evidence.edits)),
        reverted=reverted_files(snapshot),
    )


def _cost_per_task(
    snapshot: NightSnapshot, tasks: TaskChanges, first: ProgressFile | None
) -> float | None:
    """Cost by finished task; a progress file that only counts is taken by its counts."""
    finished = len(tasks.done)
    last = snapshot.progress
    if not finished and last is not None and not last.tasks and first is not None:
        finished = last.done - first.done
    if snapshot.cost.usd is None or finished <= 0:
        return None
    return snapshot.cost.usd / finished


# --- restore points ---


def restore_points(snapshot: NightSnapshot, evidence: EvidenceLog) -> tuple[RestorePoint, ...]:
    """Checkpoints and commits in order of time."""
    runs = snapshot.tests.runs
    points = [
        *(_checkpoint_point(checkpoint, runs) for checkpoint in snapshot.interventions.checkpoints),
        *(_commit_point(commit, runs, evidence) for commit in snapshot.commits),
    ]
    return tuple(sorted(points, key=lambda point: point.at))


def _checkpoint_point(checkpoint: CheckpointTaken, runs: Sequence[TestRun]) -> RestorePoint:
    at = checkpoint.at
    state = _RECORDED.get(checkpoint.tests) or _tests_at(runs, at)
    label = checkpoint.label or checkpoint.why or checkpoint.id
    red = _first_red_after(runs, at, state)
    return RestorePoint("checkpoint", checkpoint.id, at, label, checkpoint.files, state, red)


def _commit_point(commit: Commit, runs: Sequence[TestRun], evidence: EvidenceLog) -> RestorePoint:
    # Git keeps whole seconds: a run that ended in the commit's own second came before it.
    until = commit.at + _SECOND
    state = _tests_at(runs, until)
    record = find_commit_record(commit.sha, commit.subject, evidence)
    return RestorePoint(
        "commit",
        commit.sha,
        commit.at,
        commit.subject,
        commit.files,
        state,
        _first_red_after(runs, until, state),
        commit.insertions,
        commit.deletions,
        record.ref if record is not None else SourceRef(f"git:{commit.sha}", 0),
    )


def _tests_at(runs: Sequence[TestRun], at: float) -> TestState:
    """The verdict of the last run that ended by `at`."""
    state: TestState = "none"
    for run in runs:
        if run.at is not None and run.at <= at and run.verdict != "unknown":
            state = run.verdict
    return state


def _first_red_after(runs: Sequence[TestRun], at: float, state: TestState) -> str:
    """What first turned red after `at`; where it was red already, only after it had been green."""
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


# --- tasks ---


def compare_tasks(first: ProgressFile | None, last: ProgressFile | None, basis: str) -> TaskChanges:
    """What became of every task; `basis` says what `first` rests on.

    Tasks are the same if their words are, or their number, or if one's words only go on where the
    other's end. Without a beginning every task that is done counts as done in this night, and
    `basis` is "none".
    """
    if last is None or last.basis == "unknown":
        if first is None or not first.tasks:
            return TaskChanges(basis=basis if first is not None else "none")
        last = ProgressFile(first.source, None, first.basis, 0, 0)
    if first is None or first.basis == "unknown":
        done = tuple(task.title for task in last.tasks if task.state == "done")
        still_open = tuple(task.title for task in last.tasks if task.state != "done")
        return TaskChanges(done, still_open)
    return _compare_lists(first.tasks, last.tasks, basis)


def _compare_lists(
    before: Sequence[ProgressTask], after: Sequence[ProgressTask], basis: str
) -> TaskChanges:
    done, still_open, added = [], [], []
    done_before = 0
    pairs = _match_tasks(before, after)
    for place, task in enumerate(after):
        was = pairs.get(place)
        if was is None:
            added.append(task.title)
        if task.state != "done":
            still_open.append(task.title)
        elif was is not None and was.state == "done":
            done_before += 1
        else:
            done.append(task.title)
    kept = Counter(map(id, pairs.values()))
    removed = tuple(task.title for task in before if not kept[id(task)])
    return TaskChanges(tuple(done), tuple(still_open), tuple(added), done_before, removed, basis)


def _match_tasks(
    before: Sequence[ProgressTask], after: Sequence[ProgressTask]
) -> dict[int, ProgressTask]:
    """For each place in `after` the task of `before` that it is, the surest likeness first."""
    pairs: dict[int, ProgressTask] = {}
    unmatched = list(before)
    for is_same in (_has_same_words, _has_same_number, _is_continued):
        for place, task in enumerate(after):
            if place in pairs:
                continue
            match = next((old for old in unmatched if is_same(old.title, task.title)), None)
            if match is not None:
                pairs[place] = match
                unmatched = [old for old in unmatched if old is not match]
    return pairs


def _has_same_words(title: str, other: str) -> bool:
    return _normalised(title) == _normalised(other)


def _has_same_number(title: str, other: str) -> bool:
    first, second = _NUMBER.match(title), _NUMBER.match(other)
    return first is not None and second is not None and first.group(1) == second.group(1)


def _is_continued(title: str, other: str) -> bool:
    short, long = sorted((_normalised(title), _normalised(other)), key=len)
    return len(short) >= _ENOUGH and long.startswith(short)


def _normalised(title: str) -> str:
    return _SPACE.sub(" ", title).strip().lower()
