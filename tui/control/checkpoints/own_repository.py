"""Whether the repository that a work tree's `.git` leads to is the one of that work tree.

A `.git` that is a file or a link can name any repository of the machine, and comes out of any archive. Git
reads through it, and so may we; but what is written there would stand among the other's own checkpoints.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui.system.errors import RefusedError
from tui.system.files import read_small
from tui.system.git import Git


def check_own_repository(git: Git) -> None:
    """RefusedError where the repository is that of another work tree, as far as its own files tell."""
    mark = git.work_tree / ".git"
    if stat.S_ISDIR(os.lstat(mark).st_mode):
        own = git.common_dir == mark
    elif git.git_dir.parent == git.common_dir / "worktrees":
        own = _leads_to(git.git_dir, os.fsdecode(read_small(git.git_dir / "gitdir").strip()), mark)
    else:
        own = git.common_dir == git.git_dir.resolve() and _is_of(git)
    if not own:
        raise RefusedError(
            f"{mark} leads to {git.common_dir}, which is the repository of another work tree, so nothing is "
            "written there; if this one was moved by hand, run `git worktree repair` in it"
        )


def _is_of(git: Git) -> bool:
    """Whether a git dir apart from its work tree, as of a submodule, is meant for this one."""
    named, bare = (
        git.read_line(("config", "--file", str(git.git_dir / "config"), *asked)) or ""
        for asked in (("--get", "core.worktree"), ("--bool", "--get", "core.bare"))
    )
    if named:
        return _leads_to(git.git_dir, named, git.work_tree)
    return git.git_dir.name != ".git" and bare != "true"


def _leads_to(folder: Path, named: str, place: Path) -> bool:
    if not named or "\0" in named:
        return False
    return os.path.realpath(os.path.join(folder, named)) == str(place)
