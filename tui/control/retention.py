"""Checkpoints as the settings want them: how much they hold, and how long they are kept."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Unpack

from tui.control.checkpoints import capture
from tui.control.checkpoints.capture import CaptureOptions
from tui.control.checkpoints.object_staging import checkpoint_lock
from tui.control.checkpoints.refs import (
    Checkpoint,
    find_checkpoint,
    list_checkpoints,
    list_removed,
)
from tui.control.checkpoints.registration import retire
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.rewind.rewind_journal import needed_checkpoints
from tui.settings.own_sections import CheckpointsSettings
from tui.system.errors import RefusedError
from tui.system.git import Git

_HOUR_S, _DAY_S = 3600.0, 86_400.0


def take_checkpoint(
    project: Path, settings: CheckpointsSettings, **options: Unpack[CaptureOptions]
) -> Checkpoint:
    """Takes a checkpoint with the limits of the settings; CheckpointError if it cannot."""
    options["limits"] = CaptureLimits.from_settings(settings)
    return capture.take_checkpoint(project, **options)


def checkpoint_entry(taken: Checkpoint) -> dict[str, object]:
    """The data of its journal entry."""
    return {
        "checkpoint": taken.id,
        "label": taken.label,
        "commit": taken.commit,
        "files": taken.files,
        "not_captured": taken.not_captured_count,
        "why": taken.facts.get("why"),
        "tests": str(taken.facts.get("tests") or ""),
    }


def retire_by_settings(
    project: Path, settings: CheckpointsSettings, now: float
) -> list[Checkpoint]:
    """Deletes the refs of checkpoints that are older than the settings allow; returns these.

    Kept are those that a person named, all of the first hours, then the last of every hour and session
    for some days, the newest of all, and what a rewind still needs. Those of work trees that are gone
    are treated alike, each work tree for itself. The objects stay until git collects them.
    """
    git = Git(project)
    with checkpoint_lock(git, seconds=10):
        needed = needed_checkpoints(Path(project))
        doomed: list[Checkpoint] = []
        for _, group in groupby((*list_removed(git), *list_checkpoints(git)), _work_tree_of):
            checkpoints = list(group)
            spared = {*needed, *(c.commit for c in checkpoints[-1:])}
            past = _past_their_time(checkpoints, settings, now)
            doomed += [c for c in past if c.commit not in spared and not c.is_named]
        if doomed:
            retire(git, doomed)
    return doomed


def delete_checkpoint(project: Path, name: str) -> Checkpoint:
    """Deletes the checkpoint of this name, also one that a person named; returns it.

    RefusedError for one that an interrupted rewind or the undo of the last one needs.
    """
    git = Git(project)
    with checkpoint_lock(git, seconds=10):
        checkpoint = find_checkpoint(project, name, foreign=True)
        check_deletable(project, checkpoint)
        retire(git, [checkpoint])
    return checkpoint


def check_deletable(project: Path, checkpoint: Checkpoint) -> None:
    """Raises RefusedError for a checkpoint that a rewind still needs."""
    if checkpoint.commit in needed_checkpoints(Path(project)):
        raise RefusedError(
            f"{checkpoint.id} is needed to undo or to finish the last rewind of {project}, so it stays; "
            "it can be deleted after the next one"
        )


def _work_tree_of(checkpoint: Checkpoint) -> str:
    return checkpoint.work_tree


def _past_their_time(
    checkpoints: list[Checkpoint], settings: CheckpointsSettings, now: float
) -> list[Checkpoint]:
    # The last of every hour and session.
    last = {(c.session, int(c.at // _HOUR_S)): c for c in checkpoints}
    days = settings.keep_hourly_days
    kept = {c.number for c in last.values() if days is None or now - c.at <= days * _DAY_S}
    keep_all = settings.keep_all_hours * _HOUR_S
    return [c for c in checkpoints if now - c.at > keep_all and c.number not in kept]
