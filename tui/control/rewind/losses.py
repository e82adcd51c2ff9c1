"""What a rewind cannot bring back, and what it would lose: told before anything is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence

from tui.control.checkpoints.path_listing import OWN_REASON
from tui.control.checkpoints.refs import Checkpoint
from tui.control.checkpoints.work_tree import NotCaptured, WorkTreeState
from tui.control.rewind.decide import FileStep, RewindTarget
from tui.control.rewind.safe_paths import WorkTreeFiles
from tui.system.beneath import open_beneath
from tui.system.git import Git


def find_lost(git: Git, target: RewindTarget, scope: bytes) -> Iterable[NotCaptured]:
    """What was there then, was not captured, and is not there now; and what comes back in part."""
    details = target.details
    with WorkTreeFiles(git.work_tree) as files:
        for item in details.not_captured:
            path = os.fsencode(item.path)
            if item.reason == OWN_REASON or not path.startswith(scope):
                continue
            if path in details.partial or not _is_there(files.top, path.rstrip(b"/")):
                yield item


def _is_there(top: int, path: bytes) -> bool:
    """Whether anything is at a path, whatever its name: also where nothing would be written."""
    folder, _, name = path.rpartition(b"/")
    try:
        descriptor = open_beneath(top, folder or b".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        finally:
            os.close(descriptor)
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV)
    return True


def foreign_place(checkpoint: Checkpoint) -> Iterable[str]:
    """What going back means if another work tree is meant, one that is gone."""
    if checkpoint.work_tree:
        yield (
            f"{checkpoint.id} was taken in the work tree {checkpoint.work_tree}, which is gone; its files "
            "would take the place of those of this work tree (to have both, make a work tree of that "
            "name again with `git worktree add` and go back there)"
        )


def find_losses(state: WorkTreeState, steps: Sequence[FileStep]) -> Iterable[str]:
    """Reasons not to go ahead because a file would lose what no checkpoint holds, not even the one
    that is taken first."""
    partial = state.partial()
    for step in steps:
        if step.path in partial and step.kind in ("replace", "delete"):
            yield f"{os.fsdecode(step.path)} would lose something for good: {partial[step.path]}"
