"""The files of a work tree in columns: a hundred thousand of them compare in a fraction of a second."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Sequence

from msgspec import Struct

# A file may change once more within the tick of the clock that stamped it and look unchanged.
_TICK_NS = 100_000_000
_COARSE_TICK_NS = 2_000_000_000


def same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether two looks at a path saw the same content, as far as stat data can tell."""
    return (
        one.st_mtime_ns == other.st_mtime_ns
        and one.st_size == other.st_size
        and one.st_ctime_ns == other.st_ctime_ns
        and one.st_ino == other.st_ino
        and one.st_mode == other.st_mode
    )


def settled(changed_ns: int, seen_ns: int) -> bool:
    """Whether a change time is old enough that a later change must have another one."""
    coarse = changed_ns % 1_000_000_000 == 0
    return changed_ns < seen_ns - (_COARSE_TICK_NS if coarse else _TICK_NS)


def git_mode(mode: int) -> int:
    """What git would call a file with these `st_mode` bits: link, executable or plain."""
    if stat.S_ISLNK(mode):
        return 0o120000
    return 0o100755 if mode & stat.S_IXUSR else 0o100644


class PackedFileTable(Struct, frozen=True, array_like=True):
    """`Rows` as they are stored."""

    paths: bytes = b""
    blobs: bytes = b""
    parents: bytes = b""
    columns: tuple[bytes, bytes, bytes, bytes, bytes] = (b"", b"", b"", b"", b"")


class FileTable:
    """Paths with their stat data and blob ids (raw bytes; empty where not known yet)."""

    __slots__ = (
        "_index",
        "blobs",
        "ctimes",
        "inodes",
        "modes",
        "mtimes",
        "parents",
        "paths",
        "sizes",
    )

    def __init__(self) -> None:
        self.paths: list[bytes] = []
        self.blobs: list[bytes] = []
        self.modes, self.sizes = array("q"), array("q")
        self.mtimes, self.ctimes = array("q"), array("q")
        self.inodes = array("Q")
        self.parents: set[bytes] = set()
        self._index: dict[bytes, int] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def index(self) -> dict[bytes, int]:
        """Row numbers by path."""
        if self._index is None:
            self._index = dict(zip(self.paths, range(len(self.paths)), strict=True))
        return self._index

    def add(self, path: bytes, status: os.stat_result, blob: bytes) -> int:
        """A new row; its number."""
        number = len(self.paths)
        self.paths.append(path)
        self.blobs.append(blob)
        self.parents.add(path.rpartition(b"/")[0])
        for column in (self.modes, self.sizes, self.mtimes, self.ctimes, self.inodes):
            column.append(0)
        if self._index is not None:
            self._index[path] = number
        self.put(number, status)
        return number

    def put(self, number: int, status: os.stat_result) -> None:
        """Newer stat data for a row."""
        self.modes[number], self.sizes[number] = status.st_mode, status.st_size
        self.mtimes[number], self.ctimes[number] = status.st_mtime_ns, status.st_ctime_ns
        self.inodes[number] = status.st_ino

    def matches(self, number: int, status: os.stat_result) -> bool:
        """Whether the file still is what this row says; a new link to it does not count."""
        return (
            status.st_mtime_ns == self.mtimes[number]
            and status.st_size == self.sizes[number]
            and status.st_ino == self.inodes[number]
            and status.st_mode == self.modes[number]
        )

    def chosen(self, numbers: Sequence[int]) -> FileTable:
        """A copy with these rows in this order."""
        new = FileTable()
        new.parents = set(self.parents)
        if numbers == range(len(self)):
            new.paths, new.blobs = self.paths[:], self.blobs[:]
            new.modes, new.sizes, new.inodes = self.modes[:], self.sizes[:], self.inodes[:]
            new.mtimes, new.ctimes = self.mtimes[:], self.ctimes[:]
            return new
        new.paths = [self.paths[n] for n in numbers]
        new.blobs = [self.blobs[n] for n in numbers]
        new.modes = array("q", [self.modes[n] for n in numbers])
        new.sizes = array("q", [self.sizes[n] for n in numbers])
        new.mtimes = array("q", [self.mtimes[n] for n in numbers])
        new.ctimes = array("q", [self.ctimes[n] for n in numbers])
        new.inodes = array("Q", [self.inodes[n] for n in numbers])
        return new

    def packed(self, seen_ns: int) -> PackedFileTable:
        """The rows to store; those that changed too shortly before `seen_ns` will not match."""
        mtimes = self.mtimes[:]
        recent = seen_ns - _COARSE_TICK_NS
        for number in [n for n, changed in enumerate(self.ctimes) if changed >= recent]:
            if not settled(self.ctimes[number], seen_ns):
                mtimes[number] = -1
        columns = (self.modes, self.sizes, mtimes, self.ctimes, self.inodes)
        a, b, c, d, e = (column.tobytes() for column in columns)
        joined = b"\0".join(self.paths)
        return PackedFileTable(joined, b"".join(self.blobs), b"\0".join(self.parents), (a, b, c, d, e))

    @staticmethod
    def unpacked(stored: PackedFileTable, width: int) -> FileTable:
        """The stored rows, blob ids being `width` bytes; ValueError if they do not fit together."""
        rows = FileTable()
        rows.paths = stored.paths.split(b"\0") if stored.paths else []
        rows.parents = set(stored.parents.split(b"\0"))
        blobs = stored.blobs
        rows.blobs = [blobs[at : at + width] for at in range(0, len(blobs), width)]
        columns = (rows.modes, rows.sizes, rows.mtimes, rows.ctimes, rows.inodes)
        for column, data in zip(columns, stored.columns, strict=True):
            column.frombytes(data)
        if {len(rows.paths)} != {len(part) for part in (rows.blobs, *columns)}:
            raise ValueError("columns of unequal length")
        return rows


def permissions(rows: FileTable) -> tuple[tuple[int, int], dict[bytes, int]]:
    """The usual permission bits of plain and of executable files, and the paths that have others."""
    from collections import Counter

    counted = Counter(rows.modes)
    usual = []
    for executable in (0, stat.S_IXUSR):
        kind = {m: n for m, n in counted.items() if stat.S_ISREG(m) and m & 0o100 == executable}
        best = max(kind, key=lambda m: (kind[m], m), default=0o755 if executable else 0o644)
        usual.append(stat.S_IMODE(best) & 0o777)
    odd = {m for m in counted if stat.S_ISREG(m) and m & 0o777 not in usual}
    if not odd:
        return (usual[0], usual[1]), {}
    pairs = zip(rows.paths, rows.modes, strict=True)
    return (usual[0], usual[1]), {path: mode & 0o777 for path, mode in pairs if mode in odd}
