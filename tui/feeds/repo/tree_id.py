"""The id of the tree as the work tree stands; nothing is written to the repository for it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.feeds.repo.night_range import private_index
from tui.system.errors import OvernightError

if TYPE_CHECKING:
    from tui.system.git import Git

_MOST_FILES = 2_000
_MOST_BYTES = 32 << 20
_SECONDS = 5.0
_LISTING_BYTES = 4 << 20


def work_tree_id(git: Git) -> str | None:
    """The tree that a commit of everything would have; None where more differs from HEAD than is cheap to read.

    What git ignores is not in it, nor what lies in repositories below.
    """
    try:
        return _tree_of(git)
    except (OvernightError, OSError, ValueError):
        return None


def tree_of_commit(git: Git, commit: str) -> str | None:
    """The tree of a commit."""
    try:
        return git.read_line(("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}"))
    except (OvernightError, OSError):
        return None


def _tree_of(git: Git) -> str | None:
    head = git.head()
    names = _list_differing(git, head)
    if names is None:
        return None
    if not names and head:
        return tree_of_commit(git, head)
    sizes = (_size(os.path.join(os.fsencode(git.work_tree), name)) for name in names)
    if len(names) > _MOST_FILES or sum(sizes) > _MOST_BYTES:
        return None
    with tempfile.TemporaryDirectory(prefix="overnight-tree-") as folder:
        env = _private_objects(git, Path(folder))
        if head:
            git.run(("read-tree", head), env=env)
        listed = b"".join(name + b"\0" for name in names)
        git.run(("update-index", "-z", "--add", "--remove", "--stdin"), input=listed, env=env)
        return git.run(("write-tree",), env=env).decode("ascii").strip()


def _list_differing(git: Git, head: str | None) -> list[bytes] | None:
    """Paths whose content is not that of HEAD; None if the list is not whole."""
    budget = ReadBudget(_SECONDS, _LISTING_BYTES)
    with private_index(git, budget) as index:
        if index.cut:
            return None
        args: tuple[str, ...] = ("diff", "--name-only", "-z", "--no-renames", "--no-relative")
        if head is None:
            args = ("ls-files", "-z")
        out = run_bounded(git, (*args, *((head,) if head else ()), "--"), budget, env=index.env)
        if not out.is_whole:
            return None
        return list(dict.fromkeys((*out.data.split(b"\0")[:-1], *(p for _, p in index.large))))


def _private_objects(git: Git, folder: Path) -> dict[str, str]:
    """The environment with an index and a place for new objects apart from the repository's."""
    objects = folder / "objects"
    (objects / "info").mkdir(parents=True)
    (objects / "info" / "alternates").write_bytes(os.fsencode(git.common_dir / "objects") + b"\n")
    return {"GIT_INDEX_FILE": str(folder / "index"), "GIT_OBJECT_DIRECTORY": str(objects)}


def _size(path: bytes) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0
