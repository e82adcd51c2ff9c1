"""Checkpoints as the settings want them: how much they hold, and how long they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tui.control.checkpoints import capture
from tui.control.checkpoints.object_staging import checkpoint_lock
from tui.control.checkpoints.refs import Checkpoint, list_checkpoints
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.rewind.rewind_journal import needed_checkpoints
from tui.settings.own_sections import CheckpointsSettings
from tui.system.clock import Clock
from tui.system.git import Git

_HOUR_S, _DAY_S = 3600.0, 86_400.0


def take_checkpoint(
    project: Path,
    settings: CheckpointsSettings,
    *,
    label: str,
    session: str,
    facts: Mapping[str, Any],
    clock: Clock | None = None,
) -> Checkpoint:
    """Takes a checkpoint with the limits of the settings; CheckpointError if it cannot."""
    return capture.take_checkpoint(
        project,
        label=label,
        session=session,
        facts=facts,
        limits=CaptureLimits.from_settings(settings),
        clock=clock,
    )


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
    """Deletes the refs of checkpoints that are older than the settings allow; returns these."""
    days = settings.keep_hourly_days
    return retire_checkpoints(
        project,
        now,
        keep_all_seconds=settings.keep_all_hours * _HOUR_S,
        keep_hourly_seconds=None if days is None else days * _DAY_S,
    )


def retire_checkpoints(
    project: Path,
    now: float,
    *,
    keep_all_seconds: float = 24 * _HOUR_S,
    keep_hourly_seconds: float | None = None,
    spare: Iterable[str] = (),
) -> list[Checkpoint]:
    """Deletes the refs of checkpoints past their time and returns these.

    Kept are all younger than `keep_all_seconds`, then the last of every hour and session up to
    `keep_hourly_seconds` (None: for ever), the newest of all, what a rewind still needs, and the ids
    in `spare`. The objects stay until git collects them.
    """
    git = Git(project)
    with checkpoint_lock(git, seconds=10):
        checkpoints = list_checkpoints(git)
        spared = {*spare, *needed_checkpoints(Path(project)), *(c.id for c in checkpoints[-1:])}
        doomed = _past_their_time(checkpoints, now, keep_all_seconds, keep_hourly_seconds)
        doomed = [c for c in doomed if c.id not in spared and c.commit not in spared]
        commands = b"".join(b"delete %s %s\n" % (c.ref.encode(), c.commit.encode()) for c in doomed)
        if commands:
            git.run(("update-ref", "--no-deref", "--stdin"), input=commands)
    return doomed


def _past_their_time(
    checkpoints: list[Checkpoint], now: float, keep_all: float, keep_hourly: float | None
) -> list[Checkpoint]:
    last: dict[tuple[str, int], Checkpoint] = {}
    for checkpoint in checkpoints:
        last[checkpoint.session, int(checkpoint.at // _HOUR_S)] = checkpoint
    kept = {c.number for c in last.values() if keep_hourly is None or now - c.at <= keep_hourly}
    return [c for c in checkpoints if now - c.at > keep_all and c.number not in kept]
