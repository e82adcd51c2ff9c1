"""A private index that also knows untracked files."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.store.layout import RUN_DIR

if TYPE_CHECKING:
    from tui.system.git import Git


MOST_NEW = 5_000
# Git reads a whole file to count its lines; larger ones are listed without.
_LARGE_FILE = 1 << 20
_RUN_DIR_PREFIX = RUN_DIR.encode() + b"/"
# The file without content, which git knows in every repository.
_EMPTY_BLOBS = {
    "sha1": b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "sha256": b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}


class PrivateIndex(NamedTuple):
    """The environment that makes git use the index, and what the index does not hold.

    `large` are new files (mode and path) that git would read as a whole to count their lines.
    """

    env: dict[str, str]
    cut: bool
    notes: tuple[str, ...]
    large: tuple[tuple[int, bytes], ...] = ()


@contextmanager
def private_index(git: Git, budget: ReadBudget) -> Iterator[PrivateIndex]:
    """A copy of the repository's index with untracked files entered as empty, gone afterwards.

    Git reads their bytes from the work tree. The agent may have hidden changes of tracked files with
    marks in the index ("assume unchanged"); the copy is without them.
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix="overnight-index-") as folder:
        path = Path(folder) / "index"
        env = {"GIT_INDEX_FILE": str(path)}
        notes = []
        try:
            # With its time: a file edited in the moment it was staged is recognised by that alone.
            shutil.copy2(git.git_dir / "index", path)
        except FileNotFoundError:
            pass
        hidden = _list_hidden(git)
        if hidden:
            names = b"".join(name + b"\0" for name in hidden)
            for mark in ("--no-assume-unchanged", "--no-skip-worktree"):
                git.run(("update-index", "-z", mark, "--stdin"), input=names, env=env)
            notes.append(f"git had been told not to look at {len(hidden)} files")
        found, large, whole = _list_untracked(git, budget)
        blob = _EMPTY_BLOBS[git.object_format]
        order = b"".join(b"%o %s\t%s\0" % (mode, blob, name) for mode, name in found[:MOST_NEW])
        if order:
            git.run(("update-index", "-z", "--index-info"), input=order, env=env)
        cut = not whole or len(found) > MOST_NEW
        if cut:
            notes.append("not all new files are listed")
        yield PrivateIndex(env, cut, tuple(notes), tuple(large[:MOST_NEW]))


def _list_hidden(git: Git) -> list[bytes]:
    """Tracked files marked "assume unchanged", or "skip" although they are there."""
    out = git.run(("ls-files", "-z", "-v"))
    marked = [line for line in out.split(b"\0")[:-1] if line[:1].islower() or line[:1] == b"S"]
    top = os.fsencode(git.work_tree)
    return [
        line[2:]
        for line in marked
        if line[:1].lower() != b"s" or os.path.lexists(os.path.join(top, line[2:]))
    ]


def _list_untracked(
    git: Git, budget: ReadBudget
) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]], bool]:
    """Mode and path of plain files and links that git neither tracks nor ignores, the large apart."""
    listed = run_bounded(git, ("ls-files", "-z", "--others", "--exclude-standard"), budget)
    top = os.fsencode(git.work_tree)
    found: list[tuple[int, bytes]] = []
    large: list[tuple[int, bytes]] = []
    for name in listed.data.split(b"\0")[:-1]:
        if (
            name.startswith(_RUN_DIR_PREFIX)
            or b"/" + _RUN_DIR_PREFIX in name
            or name.endswith(b"/")
        ):
            continue
        try:
            facts = os.lstat(os.path.join(top, name))
        except OSError:
            continue
        if stat.S_ISLNK(facts.st_mode):
            found.append((0o120000, name))
        elif stat.S_ISREG(facts.st_mode):
            fitting = found if facts.st_size <= _LARGE_FILE else large
            fitting.append((0o100755 if facts.st_mode & 0o100 else 0o100644, name))
    return found, large, listed.is_whole
