"""How far the work tree has moved away from each of its checkpoints, for a person to pick one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.control.capture import scan_work_tree
from tui.control.checkpoint_refs import Checkpoint
from tui.control.rewind_decision import RewindTarget, decide
from tui.control.rewind_plan import count_lines, scope_of
from tui.control.work_tree import CaptureLimits
from tui.errors import OvernightError
from tui.git import Git


@dataclass(frozen=True)
class CheckpointDistance:
    """What going back would change: files, and lines added and removed by that. `damage` says why
    a checkpoint cannot be compared, and then all counts are zero."""

    checkpoint: Checkpoint
    files: int = 0
    added: int = 0
    removed: int = 0
    damage: str = ""


def checkpoint_distances(
    project: Path, wanted: Sequence[Checkpoint], *, limits: CaptureLimits | None = None
) -> Iterator[CheckpointDistance]:
    """One `Since` for each checkpoint, in turn, from a single look at the work tree."""
    project = Path(project).resolve()
    git = Git(project)
    targets: dict[str, RewindTarget] = {}
    damage: dict[str, str] = {}
    for checkpoint in wanted:
        try:
            targets[checkpoint.id] = RewindTarget.load(git, checkpoint)
        except OvernightError as error:
            damage[checkpoint.id] = str(error)
    also = {path for target in targets.values() for path in target.entries}
    state, scope = scan_work_tree(project, limits or CaptureLimits(), also), scope_of(git, project)
    for checkpoint in wanted:
        target = targets.get(checkpoint.id)
        if target is None:
            yield CheckpointDistance(checkpoint, damage=damage[checkpoint.id])
            continue
        steps = decide(target, state, scope).steps
        yield CheckpointDistance(checkpoint, len(steps), *count_lines(git, steps))
