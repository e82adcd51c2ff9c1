"""How far the work tree has moved away from each of its checkpoints, for a person to pick one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.control.capture import survey
from tui.control.checkpoint_refs import Checkpoint
from tui.control.rewind_decision import Target, decide
from tui.control.rewind_plan import count_lines, scope_of
from tui.control.work_tree import Limits
from tui.errors import OvernightError
from tui.git import Git


@dataclass(frozen=True)
class Since:
    """What going back would change: files, and lines added and removed by that. `damage` says why
    a checkpoint cannot be compared, and then all counts are zero."""

    checkpoint: Checkpoint
    files: int = 0
    added: int = 0
    removed: int = 0
    damage: str = ""


def since(
    project: Path, wanted: Sequence[Checkpoint], *, limits: Limits | None = None
) -> Iterator[Since]:
    """One `Since` for each checkpoint, in turn, from a single look at the work tree."""
    project = Path(project).resolve()
    git = Git(project)
    targets: dict[str, Target] = {}
    damage: dict[str, str] = {}
    for checkpoint in wanted:
        try:
            targets[checkpoint.id] = Target.load(git, checkpoint)
        except OvernightError as error:
            damage[checkpoint.id] = str(error)
    also = {path for target in targets.values() for path in target.entries}
    state, scope = survey(project, limits or Limits(), also), scope_of(git, project)
    for checkpoint in wanted:
        target = targets.get(checkpoint.id)
        if target is None:
            yield Since(checkpoint, damage=damage[checkpoint.id])
            continue
        steps = decide(target, state, scope).steps
        yield Since(checkpoint, len(steps), *count_lines(git, steps))
