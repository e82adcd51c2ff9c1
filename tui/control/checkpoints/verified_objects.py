"""Commits, trees and records of checkpoints, read so that nothing but their id has to be believed.

Git does not check on reading that an object is what its id says, and it lets files beside the objects
change what a commit's parents are. Here every object is hashed again, and parents are read from the
commit itself. So whoever knows the id of a commit knows all that lies below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tui.control.checkpoints.object_staging import PipedGit
from tui.system.errors import CheckpointError
from tui.system.git import Git
from tui.system.repository_names import (
    FILE_MODES,
    MOST_ENTRIES,
    MOST_PATH,
    MOST_RECORD_BYTES,
    TREE_MODE,
    TreeItem,
    UnacceptableError,
    check_object_id,
    is_object_id,
    parse_tree,
    shown,
)

_TIMEOUT_S: Final = 600.0
# Names asked for at once: few enough to fit into a pipe, so that git and we never wait for each other.
_AT_ONCE: Final = 256
_MOST_KEPT_ITEMS: Final = 400_000
_MOST_PARENTS: Final = 16


@dataclass(frozen=True)
class CommitRecord:
    """What stands in a commit."""

    id: str
    tree: str
    parents: tuple[str, ...]
    message: str


class DamagedObjectError(CheckpointError):
    """An object is missing, or is not what its id says."""


class ObjectReader(PipedGit):
    """Reads and verifies objects by their ids; trees that were read are remembered."""

    def __init__(self, git: Git) -> None:
        super().__init__(git, ("cat-file", "--batch"), _TIMEOUT_S)
        self._git = git
        self._width = len(git.zero) // 2
        self._trees: dict[str, list[TreeItem]] = {}
        self._kept = 0

    # --- objects ---

    def read_many(self, ids: Iterable[str], kind: str) -> Iterator[tuple[str, bytes | None]]:
        """Id and bytes of each object; None for one that is missing, damaged or of another kind."""
        waiting = list(ids)
        for at in range(0, len(waiting), _AT_ONCE):
            part = waiting[at : at + _AT_ONCE]
            if not all(is_object_id(name) and len(name) == len(self._git.zero) for name in part):
                raise UnacceptableError(
                    "an object is named by what is no id; nothing of it is used"
                )
            try:
                self._stdin.write("".join(f"{name}\n" for name in part).encode())
                self._stdin.flush()
                for name in part:
                    yield name, self._read_answer(name, kind)
            except OSError as error:
                raise DamagedObjectError("git cat-file ended while objects were read") from error

    def _read_answer(self, name: str, kind: str) -> bytes | None:
        header = self._stdout.readline().split()
        if len(header) == 2 and header[1] == b"missing":
            return None
        if len(header) != 3:
            raise DamagedObjectError(
                f"{self._git.git_dir} cannot be read at {name}; try `git fsck`"
            )
        size = int(header[2])
        if size > MOST_RECORD_BYTES:
            raise UnacceptableError(
                f"the object {name} has {size:,} bytes, more than any checkpoint writes"
            )
        data = self._stdout.read(size)
        if len(data) != size or self._stdout.read(1) != b"\n":
            raise DamagedObjectError(f"git cat-file ended while {name} was read")
        new = hashlib.new(self._git.object_format, usedforsecurity=False)
        new.update(b"%s %d\0" % (header[1], size))
        new.update(data)
        is_right = new.hexdigest() == name and header[1] == kind.encode()
        return data if is_right else None

    def read_one(self, name: str, kind: str) -> bytes:
        """The bytes of one object; DamagedObjectError if it is not there as its id says."""
        for _, data in self.read_many((name,), kind):
            if data is not None:
                return data
        raise DamagedObjectError(
            f"{self._git.git_dir} lacks the {kind} {name}, or has something else in its place; "
            "try `git fsck`"
        )

    def commit(self, name: str) -> CommitRecord:
        """A commit; UnacceptableError if it has not the shape of one."""
        return parse_commit(name, self.read_one(name, "commit"))

    def commits(self, names: Iterable[str]) -> dict[str, CommitRecord]:
        """Those of the commits that are there and whole, by id."""
        found: dict[str, CommitRecord] = {}
        for name, data in self.read_many(dict.fromkeys(names), "commit"):
            if data is not None:
                try:
                    found[name] = parse_commit(name, data)
                except UnacceptableError:
                    continue
        return found

    # --- trees ---

    def file_in(self, tree: str, name: bytes, where: str) -> bytes:
        """The bytes of a file at the top of a tree; UnacceptableError if there is none."""
        for mode, entry, blob in self._items([tree], where, _ANY_MODES)[tree]:
            if entry == name and mode == 0o100644:
                return self.read_one(blob, "blob")
        raise UnacceptableError(f"{where} lacks {shown(name)}; nothing of it is used")

    def files_of(self, tree: str, where: str) -> dict[bytes, tuple[int, str]]:
        """Mode and blob of every file and link below a tree, by path.

        UnacceptableError, naming the entry, for anything that no checkpoint writes; DamagedObjectError
        where trees are missing. The blobs themselves are not read.
        """
        files: dict[bytes, tuple[int, str]] = {}
        level: list[tuple[bytes, str]] = [(b"", tree)]
        count = 0
        while level:
            below: list[tuple[bytes, str]] = []
            trees = self._items([name for _, name in level], where, FILE_MODES)
            for start, name in level:
                items = trees[name]
                count += len(items)
                if count > MOST_ENTRIES:
                    raise UnacceptableError(f"{where} has more than {MOST_ENTRIES:,} entries")
                if start and not items:
                    raise UnacceptableError(
                        f"{where} holds {shown(start[:-1])}, an empty folder; nothing of it is used"
                    )
                if len(start) > MOST_PATH:
                    raise UnacceptableError(f"{where} holds {shown(start)}, which is too deep")
                for mode, entry, blob in items:
                    if mode == TREE_MODE:
                        below.append((start + entry + b"/", blob))
                    else:
                        files[start + entry] = mode, blob
            level = below
        return files

    def _items(
        self, names: Collection[str], where: str, modes: Collection[int]
    ) -> dict[str, list[TreeItem]]:
        """The entries of these trees."""
        known = self._trees if modes is FILE_MODES else {}
        missing = [name for name in dict.fromkeys(names) if name not in known]
        found = {name: known[name] for name in names if name in known}
        for name, data in self.read_many(missing, "tree"):
            if data is None:
                raise DamagedObjectError(
                    f"{where} lacks the tree {name}, or has something else in its place; "
                    "try `git fsck`"
                )
            found[name] = items = parse_tree(data, self._width, where, modes)
            if modes is FILE_MODES and self._kept + len(items) <= _MOST_KEPT_ITEMS:
                self._trees[name] = items
                self._kept += len(items)
        return found


_ANY_MODES: Final = frozenset((*FILE_MODES, 0o160000))


def parse_commit(name: str, data: bytes) -> CommitRecord:
    """Tree, parents and message out of a commit's bytes; UnacceptableError for another shape."""
    head, _, text = data.partition(b"\n\n")
    where = f"the commit {name[:10]}"
    tree, parents = "", []
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree" and not tree:
            tree = check_object_id(value.decode("ascii", "replace"), where)
        elif key == b"parent":
            parents.append(check_object_id(value.decode("ascii", "replace"), where))
        else:
            break
    if not tree or len(parents) > _MOST_PARENTS:
        raise UnacceptableError(f"{where} is none that a checkpoint has; nothing of it is used")
    return CommitRecord(name, tree, tuple(parents), text.decode("utf-8", "surrogateescape"))
