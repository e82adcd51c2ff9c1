"""Trees of git made beside a repository: of its work tree, or with files of another commit.

The index and the new objects lie in a folder of ours; nothing is written into the repository, and no filter
or hook of it runs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.feeds.repo.bounded_git import ReadBudget
from tui.feeds.repo.night_range import private_index
from tui.system.errors import GitError

if TYPE_CHECKING:
    from tui.system.git import Git


_NODE = "node_modules"
_MOST_FILES = 20_000
_MOST_BYTES = 1 << 30
_SECONDS = 60.0
_READ_BYTES = 64 << 20
_TIMEOUT = 300.0


class TreeEntry(NamedTuple):
    """A file of a tree: its mode and blob as git writes them, and its path from the top."""

    mode: str
    blob: str
    path: bytes


class WorkTreeState(NamedTuple):
    """The tree of a work tree as it is, and the changed paths that are not in it as they are."""

    tree: str
    left_out: tuple[str, ...] = ()


class PrivateTrees:
    """Makes trees in `folder`, which has to be there, from a repository's objects and new ones."""

    def __init__(self, git: Git, folder: Path) -> None:
        self._git = git
        self.objects = folder / "objects"
        self.objects.mkdir(mode=0o700, exist_ok=True)
        self._index = folder / "index"
        self._env = {
            "GIT_OBJECT_DIRECTORY": str(self.objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git.common_dir / "objects"),
        }

    def tree_of(self, name: str) -> str:
        """The id of a commit's tree. GitError: there is no such commit."""
        found = self._git.read_line(("rev-parse", "--verify", "--quiet", f"{name}^{{tree}}"))
        if not found:
            raise GitError(f"{name[:12]} is no commit of this repository")
        return found

    def of_work_tree(self, is_wanted: Callable[[str], bool] = lambda path: True) -> WorkTreeState:
        """The work tree as it is: the index, and of what differs from it those paths that are wanted.

        What was installed there (a virtual environment, `node_modules`) is no part of it, nor is what is too
        much.
        """
        budget = ReadBudget(_SECONDS, _READ_BYTES)
        with private_index(self._git, budget) as index:
            env = {**self._env, **index.env}
            changed = self._git.run(("diff-files", "-z", "--name-only"), env=env).split(b"\0")[:-1]
            names = dict.fromkeys((*changed, *(path for _, path in index.large)))
            kept, left = _bounded(self._git.work_tree, names, is_wanted)
            there = [name for name in kept if _is_there(self._git.work_tree, os.fsdecode(name))]
            self._update(there, ("--add",), env)
            # A new file that is not wanted stands in that index as an empty one.
            known = set(self._git.run(("ls-files", "-z")).split(b"\0")) if left else set()
            gone = {*kept}.difference(there) | {*left}.difference(known)
            self._update(gone, ("--force-remove",), env)
            return WorkTreeState(self._written(env), tuple(os.fsdecode(name) for name in left))

    def _update(self, names: Iterable[bytes], how: tuple[str, ...], env: dict[str, str]) -> None:
        data = b"".join(name + b"\0" for name in names)
        if data:
            words = ("update-index", "-z", *how, "--stdin")
            self._git.run(words, input=data, env=env, timeout=_TIMEOUT)

    def entries(self, tree: str) -> Iterator[TreeEntry]:
        """Every file of a tree."""
        out = self._git.run(("ls-tree", "-r", "-z", tree), env=self._env, timeout=_TIMEOUT)
        for row in out.split(b"\0")[:-1]:
            facts, _, path = row.partition(b"\t")
            mode, _, blob = facts.decode("ascii").split(" ")
            yield TreeEntry(mode, blob, path)

    def read(self, blob: str) -> bytes:
        """The content of a blob."""
        return self._git.run(("cat-file", "blob", blob), env=self._env)

    def add_blob(self, data: bytes) -> str:
        """The id of a blob with that content, which is there now."""
        words = ("hash-object", "-w", "--stdin")
        return self._git.run(words, input=data, env=self._env).decode("ascii").strip()

    def changed(self, tree: str, put: Iterable[TreeEntry], drop: Iterable[bytes]) -> str:
        """The tree with some files put in place, and others gone."""
        env = {**self._env, "GIT_INDEX_FILE": str(self._index)}
        self._git.run(("read-tree", tree), env=env, timeout=_TIMEOUT)
        zero = self._git.zero
        order = b"".join(b"0 %s\t%s\0" % (zero.encode(), path) for path in drop)
        order += b"".join(
            b"%s %s\t%s\0" % (one.mode.encode(), one.blob.encode(), one.path) for one in put
        )
        if order:
            self._git.run(("update-index", "-z", "--replace", "--index-info"), input=order, env=env)
        return self._written(env)

    def _written(self, env: dict[str, str]) -> str:
        return self._git.run(("write-tree",), env=env, timeout=_TIMEOUT).decode("ascii").strip()


def _bounded(
    top: Path, names: Iterable[bytes], is_wanted: Callable[[str], bool]
) -> tuple[list[bytes], list[bytes]]:
    """The wanted paths, as many as may be read, and the others."""
    kept: list[bytes] = []
    left: list[bytes] = []
    room = _MOST_BYTES
    installed: dict[str, bool] = {}
    for name in names:
        path = os.fsdecode(name)
        size = _size(top / path)
        is_too_much = len(kept) >= _MOST_FILES or size > room
        if is_too_much or _is_installed(top, path, installed) or not is_wanted(path):
            left.append(name)
            continue
        room -= size
        kept.append(name)
    return kept, left


def _is_installed(top: Path, path: str, known: dict[str, bool]) -> bool:
    """Whether a folder above the path is a virtual environment or `node_modules`."""
    folder = os.path.dirname(path)
    if not folder:
        return False
    if folder not in known:
        is_one = os.path.basename(folder) == _NODE or (top / folder / "pyvenv.cfg").is_file()
        known[folder] = is_one or _is_installed(top, folder, known)
    return known[folder]


def _is_there(top: Path, path: str) -> bool:
    """Whether a path is there and none of the folders above it is a link."""
    parent = os.path.dirname(path)
    inside = os.path.realpath(top)
    real = os.path.realpath(os.path.join(inside, parent))
    return real == os.path.normpath(os.path.join(inside, parent)) and os.path.lexists(
        os.path.join(inside, path)
    )


def _size(path: Path) -> int:
    try:
        facts = os.lstat(path)
    except OSError:
        return 0
    return facts.st_size if stat.S_ISREG(facts.st_mode) else 0


@contextmanager
def private_trees(git: Git) -> Iterator[PrivateTrees]:
    """Such trees in a folder that is gone afterwards."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="overnight-tree-") as folder:
        yield PrivateTrees(git, Path(folder))
