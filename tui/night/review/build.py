"""Makes the Review; tasks and restore points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence import EvidenceLog, TestRun
from tui.model.interventions import CheckpointTaken
from tui.model.records import Commit, ProgressFile, ProgressTask, RepositoryChanges
from tui.model.review import Claim, RestorePoint, Review, Risk, TaskChanges, TestState
from tui.model.snapshot import NightSnapshot
from tui.night.evidence.wasted_work import WastedWork
from tui.night.review.endings import classify_ending
from tui.night.review.intervention_effects import intervention_effects
from tui.night.review.moments import find_commit_record, find_moments, find_stalls
from tui.night.review.verdict import (
    AttentionInputs,
    VerdictInputs,
    rank_attention,
    reverted_files,
    judge_night,
)
from tui.night.review.waste import total_waste, find_waste
from tui.night.usage.bill import SpendingCurve
from tui.system.format import format_duration, shorten
from tui.system.lazy_pattern import lazy

_SECOND = 1.0


def restore_points(night: NightSnapshot, testimony: EvidenceLog) -> tuple[RestorePoint, ...]:
    """Checkpoints and commits in order of time."""
    runs = [run for run in night.tests.runs if run.at is not None and run.verdict != "unknown"]
    found = [
        *(_checkpoint(one, runs) for one in night.interventions.checkpoints),
        *(_commit(one, runs, testimony) for one in night.commits),
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _checkpoint(one: CheckpointTaken, runs: Sequence[TestRun]) -> RestorePoint:
    state = _told(one.tests) or tests_at(runs, one.at)
    red = first_red_after(runs, one.at, state)
    label = one.label or one.why or one.id
    return RestorePoint("checkpoint", one.id, one.at, label, one.files, state, red)


def _told(words: str) -> TestState | None:
    """What the runner itself wrote down when it took the checkpoint."""
    return "green" if words == "green" else "red" if words == "red" else None


def _commit(one: Commit, runs: Sequence[TestRun], testimony: EvidenceLog) -> RestorePoint:
    # Git keeps whole seconds: a run that ended in the commit's own second came before it.
    state = tests_at(runs, one.at + _SECOND)
    made = find_commit_record(one.sha, one.subject, testimony)
    return RestorePoint(
        "commit",
        one.sha,
        one.at,
        one.subject,
        one.files,
        state,
        first_red_after(runs, one.at + _SECOND, state),
        one.insertions,
        one.deletions,
        made.ref if made is not None else SourceRef(f"git:{one.sha}", 0),
    )


def tests_at(runs: Sequence[TestRun], at: float) -> TestState:
    """The verdict of the last run that ended by `at`."""
    verdict: TestState = "none"
    for run in runs:
        if run.at is not None and run.at <= at and run.verdict != "unknown":
            verdict = run.verdict
    return verdict


def first_red_after(runs: Sequence[TestRun], at: float, state: TestState) -> str:
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


_NUMBER = lazy(r"\s*(?:#|task\s+)?(\d+(?:\.\d+)*)(?=[.):\s-])", 2)
_SPACE = lazy(r"\W+")
_ENOUGH = 12


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
        still = tuple(task.title for task in last.tasks if task.state != "done")
        return TaskChanges(done, still)
    return _compare_lists(list(first.tasks), last, basis)


def _compare_lists(before: list[ProgressTask], last: ProgressFile, basis: str) -> TaskChanges:
    done, still, added = [], [], []
    earlier = 0
    pairs = _match_tasks(before, list(last.tasks))
    for place, task in enumerate(last.tasks):
        was = pairs.get(place)
        if was is None:
            added.append(task.title)
        if task.state != "done":
            still.append(task.title)
        elif was is not None and was.state == "done":
            earlier += 1
        else:
            done.append(task.title)
    kept = Counter(map(id, pairs.values()))
    removed = tuple(task.title for task in before if not kept[id(task)])
    return TaskChanges(tuple(done), tuple(still), tuple(added), earlier, removed, basis)


def _match_tasks(before: list[ProgressTask], after: list[ProgressTask]) -> dict[int, ProgressTask]:
    """For each place in `after` the task of `before` that it is, the surest likeness first."""
    found: dict[int, ProgressTask] = {}
    left = list(before)
    for likeness in (_same_words, _same_number, _is_continued):
        for place, task in enumerate(after):
            if place in found:
                continue
            match = next((one for one in left if likeness(one, task)), None)
            if match is not None:
                found[place] = match
                left = [one for one in left if one is not match]
    return found


def _same_words(one: ProgressTask, other: ProgressTask) -> bool:
    return _normalised(one.title) == _normalised(other.title)


def _same_number(one: ProgressTask, other: ProgressTask) -> bool:
    number = _NUMBER.match(one.title)
    same = _NUMBER.match(other.title)
    return number is not None and same is not None and number.group(1) == same.group(1)


def _is_continued(one: ProgressTask, other: ProgressTask) -> bool:
    short, long = sorted((_normalised(one.title), _normalised(other.title)), key=len)
    return len(short) >= _ENOUGH and long.startswith(short)


def _normalised(title: str) -> str:
    return _SPACE.sub(" ", title).strip().lower()


CUT_OFF = frozenset(("crash", "killed", "hung", "limit"))
"""Endings that leave a turn without its result."""


class ReviewInputs(Struct, frozen=True):
    """What the fold knows beside the night itself.

    `last` is where the session's last record stands; `broke_off` says that nothing ended it and
    nobody is there any more, `spoke_last` that a transcript ends with the agent's words. `basis` is
    what `first_progress` rests on.
    """

    evidence: EvidenceLog
    wasted_work: WastedWork
    spending: SpendingCurve
    last_ref: SourceRef | None = None
    broke_off: bool = False
    spoke_last: bool = False
    first_progress: ProgressFile | None = None
    progress_basis: str = "none"


def build_review(
    night: NightSnapshot,
    evidence: ReviewInputs,
    *,
    changes: RepositoryChanges | None = None,
    claims: tuple[Claim, ...] = (),
    risks: tuple[Risk, ...] = (),
    looked_at: float | None = None,
    project: str = "",
    run_id: str = "",
) -> Review:
    """The page of a night; the same evidence always makes the same page."""
    testimony = evidence.evidence
    end = classify_ending(
        night, evidence.broke_off, evidence.last_ref, evidence.spoke_last, evidence.wasted_work.retrying
    )
    done = compare_tasks(evidence.first_progress, night.progress, evidence.progress_basis)
    stuck = find_stalls(night)
    lost = find_waste(night, evidence.wasted_work, evidence.spending, end.kind in CUT_OFF)
    uncommitted = _uncommitted(changes)
    judged, reasons = judge_night(
        VerdictInputs(
            end,
            done,
            night.tests,
            claims,
            risks,
            stuck,
            max(len(night.commits), len(testimony.commits)),
            None if changes is None else len(changes.files),
            max(night.counts.edits, len(testimony.edits)),
            reverted_files(night),
        )
    )
    findings = AttentionInputs(
        night,
        testimony,
        end,
        done,
        claims,
        risks,
        stuck,
        lost,
        evidence.wasted_work.aborted_turns,
        uncommitted,
        evidence.last_ref,
    )
    return Review(
        night=night,
        verdict=judged,
        reasons=reasons,
        ending=end,
        attention=rank_attention(findings),
        tasks=done,
        commits=night.commits,
        tests=night.tests,
        claims=claims,
        risks=risks,
        time=night.time,
        cost=night.cost,
        cost_per_task=_cost_per_task(night, done, evidence.first_progress),
        wasted=lost,
        wasted_usd=total_waste(lost, night.cost.usd),
        interventions=intervention_effects(night, testimony),
        stalls=stuck,
        timeline=night.timeline,
        moments=find_moments(night, testimony, stuck, evidence.wasted_work.aborted_turns),
        points=restore_points(night, testimony),
        looked_at=looked_at,
        files_changed=len(changes.files) if changes is not None else 0,
        base=changes.base if changes is not None else "",
        project=project,
        run_id=run_id,
    )


def _cost_per_task(night: NightSnapshot, done: TaskChanges, first: ProgressFile | None) -> float | None:
    """Cost by finished task; a file that only counts is taken by its counts."""
    finished = len(done.done)
    last = night.progress
    if not finished and last is not None and not last.tasks and first is not None:
        finished = last.done - first.done
    if night.cost.usd is None or finished <= 0:
        return None
    return night.cost.usd / finished


def _uncommitted(changes: RepositoryChanges | None) -> int:
    return sum(1 for file in changes.files if not file.commit) if changes is not None else 0
