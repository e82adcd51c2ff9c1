"""States that can be kept or gone back to, with the tests as they stood then and what broke after."""

from __future__ import annotations

from collections.abc import Sequence

from tui.night.evidence import TestRun
from tui.night.model import CheckpointTaken, NightSnapshot
from tui.night.review.model import RestorePoint, TestState
from tui.night.review.moments import made_by
from tui.night.testimony import EvidenceLog
from tui.records import Commit, SourceRef
from tui.system.format import format_duration, shorten

_SECOND = 1.0


def points(night: NightSnapshot, testimony: EvidenceLog) -> tuple[RestorePoint, ...]:
    """Checkpoints and commits in order of time."""
    runs = [run for run in night.tests.runs if run.at is not None and run.verdict != "unknown"]
    found = [
        *(_checkpoint(one, runs) for one in night.deeds.checkpoints),
        *(_commit(one, runs, testimony) for one in night.commits),
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _checkpoint(one: CheckpointTaken, runs: Sequence[TestRun]) -> RestorePoint:
    state = _told(one.tests) or state_at(runs, one.at)
    red = first_red(runs, one.at, state)
    label = one.label or one.why or one.id
    return RestorePoint("checkpoint", one.id, one.at, label, one.files, state, red)


def _told(words: str) -> TestState | None:
    """What the runner itself wrote down when it took the checkpoint."""
    return "green" if words == "green" else "red" if words == "red" else None


def _commit(one: Commit, runs: Sequence[TestRun], testimony: EvidenceLog) -> RestorePoint:
    # Git keeps whole seconds: a run that ended in the commit's own second came before it.
    state = state_at(runs, one.at + _SECOND)
    made = made_by(one.sha, one.subject, testimony)
    return RestorePoint(
        "commit",
        one.sha,
        one.at,
        one.subject,
        one.files,
        state,
        first_red(runs, one.at + _SECOND, state),
        one.insertions,
        one.deletions,
        made.ref if made is not None else SourceRef(f"git:{one.sha}", 0),
    )


def state_at(runs: Sequence[TestRun], at: float) -> TestState:
    """The verdict of the last run that ended by `at`."""
    verdict: TestState = "none"
    for run in runs:
        if run.at is not None and run.at <= at and run.verdict != "unknown":
            verdict = run.verdict
    return verdict


def first_red(runs: Sequence[TestRun], at: float, state: TestState) -> str:
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
