"""Checkpoints by what they are for: the last good one, the one of the start, else by their id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tui.control.checkpoints.refs import Checkpoint, checkpoints_of, find_checkpoint
from tui.system.errors import RefusedError
from tui.system.format import format_age, format_local

LAST_GOOD: Final = "last-good"
START: Final = "start"


@dataclass(frozen=True)
class GoodCheckpoint:
    """A checkpoint to begin again from; `is_proven`: nothing was edited after the tests were green."""

    checkpoint: Checkpoint
    is_proven: bool

    def describe(self, now: float) -> str:
        """Which it is, and what speaks for it."""
        at = self.checkpoint.at
        place = f"{self.checkpoint.id} of {format_local(at)}, {format_age(now - at)} ago"
        if self.is_proven:
            return f"{place}: tests were green, and no code was edited between them and it"
        return f"{place}: tests were green; whether code was edited after them is not recorded"


def last_good(checkpoints: Sequence[Checkpoint]) -> GoodCheckpoint | None:
    """The newest that was taken with green tests and nothing edited since; None where none was.

    Where none is known to be, the newest with green tests of which the edits are not recorded.
    """
    green = [
        one
        for one in reversed(checkpoints)
        if one.facts.get("tests") == "green"
        and one.kind == "checkpoint"
        and not (one.foreign or one.remark or one.work_tree)
    ]
    proven = next((one for one in green if one.facts.get("edits_since_green") == 0), None)
    if proven is not None:
        return GoodCheckpoint(proven, is_proven=True)
    unproven = next((one for one in green if "edits_since_green" not in one.facts), None)
    return None if unproven is None else GoodCheckpoint(unproven, is_proven=False)


def start_of(checkpoints: Sequence[Checkpoint], run: str) -> Checkpoint | None:
    """The one that was taken when the run of that id began, before its agent did anything."""
    return next(
        (
            one
            for one in checkpoints
            if run
            and one.session == run
            and one.facts.get("why") == "start"
            and not (one.foreign or one.remark or one.work_tree)
        ),
        None,
    )


def find_target(work_tree: Path, name: str, run: str, *, foreign: bool = False) -> Checkpoint:
    """The checkpoint that `last-good`, `start` (of the run of that id; empty: there is none) or an id names.

    RefusedError, with what can be done instead, where there is none.
    """
    if name == LAST_GOOD:
        return _find_good(checkpoints_of(work_tree))
    if name == START:
        return _find_start(checkpoints_of(work_tree), run)
    return find_checkpoint(work_tree, name, foreign=foreign)


def named_targets(checkpoints: Sequence[Checkpoint], run: str) -> dict[str, Checkpoint | str]:
    """What each name stands for among these; a sentence where there is none."""
    found: dict[str, Checkpoint | str] = {}
    for name, find in ((LAST_GOOD, _find_good), (START, partial(_find_start, run=run))):
        try:
            found[name] = find(checkpoints)
        except RefusedError as error:
            found[name] = str(error)
    return found


def _find_start(checkpoints: Sequence[Checkpoint], run: str) -> Checkpoint:
    found = start_of(checkpoints, run)
    if found is not None:
        return found
    whose = f"run {run} has no checkpoint of its start" if run else "no run of ours began here"
    raise RefusedError(f"{whose}; `overnight-tui checkpoints` lists what can be gone back to")


def _find_good(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    good = last_good(checkpoints)
    if good is not None and good.is_proven:
        return good.checkpoint
    if good is not None:
        name = good.checkpoint.id
        raise RefusedError(
            f"no checkpoint is known to be good: when {name} was taken the tests were green, but whether code "
            f"was edited after them is not recorded; `overnight-tui rewind {name} --dry-run` shows what it is"
        )
    raise RefusedError(
        "no checkpoint was taken with green tests and nothing edited after them; `overnight-tui checkpoints` "
        "lists what there is, with what its tests said"
    )
