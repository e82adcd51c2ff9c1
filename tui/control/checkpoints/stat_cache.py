"""What the last checkpoint saw: a table of files, and all folders.

Git lists neither empty folders nor FIFOs, sockets and devices. A folder with the same change time
holds the same names as before, so only changed folders are read again.
"""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import msgspec
from msgspec import Struct

from tui.control.checkpoints.attributes import Extras, read_extras
from tui.control.checkpoints.object_staging import private_area, private_place
from tui.store.cache_file import open_cache, write_cache
from tui.system.git import Git
from tui.system.repository_names import component_fault

_KIND = b"seen-2"
_NAME = "seen"
# A file may change once more within the tick of the clock that stamped it and look unchanged.
_TICK_NS = 100_000_000
_COARSE_TICK_NS = 2_000_000_000
LINK_MODE = 0o120000
RESERVED = "a name that git reserves"
stat_columns = attrgetter("st_mode", "st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")


def is_same_stat(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether a path had the same content both times, as far as stat data can tell."""
    return stat_columns(before) == stat_columns(after)


def is_old_enough(changed_ns: int, seen_ns: int) -> bool:
    """Whether a later change must have another change time than this one, seen at `seen_ns`."""
    coarse = changed_ns % 1_000_000_000 == 0
    return changed_ns < seen_ns - (_COARSE_TICK_NS if coarse else _TICK_NS)


def git_mode(mode: int) -> int:
    """The mode in git of a file with these `st_mode` bits: link, executable or plain."""
    if stat.S_ISLNK(mode):
        return LINK_MODE
    return 0o100755 if mode & stat.S_IXUSR else 0o100644


class PackedFileTable(Struct, frozen=True, array_like=True):
    """A `FileTable` as it is stored."""

    paths: bytes = b""
    blobs: bytes = b""
    parents: bytes = b""
    columns: tuple[bytes, ...] = ()
    extras: dict[bytes, Extras] = {}


class FileTable:
    """Paths with their stat data and blob ids (raw bytes; empty where not known yet); the few that
    have extras, with these.

    In columns: an object for each file of a large work tree would cost too much time and memory.
    """

    def __init__(self) -> None:
        self.paths: list[bytes] = []
        self.blobs: list[bytes] = []
        self.modes, self.sizes = array("q"), array("q")
        self.mtimes, self.ctimes = array("q"), array("q")
        self.inodes = array("Q")
        self.parents: set[bytes] = set()
        self.extras: dict[bytes, Extras] = {}
        self._index: dict[bytes, int] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def _columns(self) -> tuple[array[int], ...]:
        return self.modes, self.sizes, self.mtimes, self.ctimes, self.inodes

    def index(self) -> dict[bytes, int]:
        """Row numbers by path."""
        if self._index is None:
            self._index = dict(zip(self.paths, range(len(self.paths)), strict=True))
        return self._index

    def add(self, path: bytes, status: os.stat_result, blob: bytes) -> int:
        """Adds a row and returns its number."""
        number = len(self.paths)
        self.paths.append(path)
        self.blobs.append(blob)
        self.parents.add(path.rpartition(b"/")[0])
        # Runs once for each file of the work tree: a loop over the columns takes twice as long.
        self.modes.append(status.st_mode)
        self.sizes.append(status.st_size)
        self.mtimes.append(status.st_mtime_ns)
        self.ctimes.append(status.st_ctime_ns)
        self.inodes.append(status.st_ino)
        if self._index is not None:
            self._index[path] = number
        return number

    def blobs_of(self, paths: Collection[bytes]) -> set[bytes]:
        """The blob ids that these paths have."""
        index = self.index()
        return {self.blobs[index[path]] for path in paths if path in index}

    def find(self, path: bytes, status: os.stat_result) -> bytes | None:
        """The blob id of a path, if its stat data is still this."""
        number = self.index().get(path)
        if number is None:
            return None
        known = tuple(column[number] for column in self._columns())
        return self.blobs[number] if known == stat_columns(status) else None

    def update(self, number: int, status: os.stat_result) -> None:
        """Replaces the stat data of a row."""
        self.modes[number], self.sizes[number] = status.st_mode, status.st_size
        self.mtimes[number], self.ctimes[number] = status.st_mtime_ns, status.st_ctime_ns
        self.inodes[number] = status.st_ino

    def select(self, numbers: Sequence[int]) -> FileTable:
        """A copy with these rows in this order."""
        new = FileTable()
        new.parents = set(self.parents)
        if numbers == range(len(self)):
            new.paths, new.blobs = self.paths[:], self.blobs[:]
            new.extras = dict(self.extras)
            for old, column in zip(self._columns(), new._columns(), strict=True):
                column.extend(old)
            return new
        new.paths = [self.paths[n] for n in numbers]
        new.blobs = [self.blobs[n] for n in numbers]
        for old, column in zip(self._columns(), new._columns(), strict=True):
            column.fromlist([old[n] for n in numbers])
        if self.extras:
            new.extras = {p: self.extras[p] for p in self.extras.keys() & new.index().keys()}
        return new

    def pack(self, seen_ns: int) -> PackedFileTable:
        """The rows to store; those that changed too shortly before `seen_ns` will not match."""
        mtimes = self.mtimes[:]
        recent = seen_ns - _COARSE_TICK_NS
        for number in [n for n, changed in enumerate(self.ctimes) if changed >= recent]:
            if not is_old_enough(self.ctimes[number], seen_ns):
                mtimes[number] = -1
        columns = (self.modes, self.sizes, mtimes, self.ctimes, self.inodes)
        stored = tuple(column.tobytes() for column in columns)
        paths, parents = b"\0".join(self.paths), b"\0".join(self.parents)
        return PackedFileTable(paths, b"".join(self.blobs), parents, stored, self.extras)

    @staticmethod
    def unpack(stored: PackedFileTable, width: int) -> FileTable:
        """The stored rows, blob ids being `width` bytes; ValueError if they do not fit together."""
        rows = FileTable()
        rows.paths = stored.paths.split(b"\0") if stored.paths else []
        rows.parents = set(stored.parents.split(b"\0"))
        rows.extras = stored.extras
        blobs = stored.blobs
        rows.blobs = [blobs[at : at + width] for at in range(0, len(blobs), width)]
        for column, data in zip(rows._columns(), stored.columns, strict=True):
            column.frombytes(data)
        if {len(rows.paths)} != {len(rows.blobs), *map(len, rows._columns())}:
            raise ValueError("columns of unequal length")
        return rows


def usual_permissions(rows: FileTable) -> tuple[tuple[int, int], dict[bytes, int]]:
    """The usual permission bits of plain and of executable files, and the paths that have others."""
    from collections import Counter

    counted = {mode: n for mode, n in Counter(rows.modes).items() if stat.S_ISREG(mode)}
    usual = []
    for executable, default in ((0, 0o644), (stat.S_IXUSR, 0o755)):
        modes = [mode for mode in counted if mode & stat.S_IXUSR == executable]
        usual.append(0o777 & max(modes, key=lambda m: (counted[m], m), default=default))
    odd = {mode for mode in counted if mode & 0o7777 not in usual}
    pairs = zip(rows.paths, rows.modes, strict=True) if odd else ()
    return (usual[0], usual[1]), {path: mode & 0o7777 for path, mode in pairs if mode in odd}


class FolderStat(Struct, frozen=True, array_like=True, gc=False):
    """A folder as it was when last read; `special` are names that are no file, link or folder.

    `has_files`: a file or link lies in it. `has_git`: a `.git` of whatever kind does.
    """

    mtime: int
    ctime: int
    inode: int
    folders: list[bytes]
    special: list[tuple[bytes, str]]
    empty: bool
    mode: int = 0o755
    has_files: bool = False
    has_git: bool = False
    extras: Extras | None = None


class FolderIndex:
    """All folders from the top down that are not ignored, those of nested repositories too."""

    def __init__(self, known: dict[bytes, FolderStat] | None = None) -> None:
        self.folders = known or {}
        self.real_paths = set(self.folders)
        self.special: dict[bytes, str] = {}

    @property
    def empty(self) -> list[bytes]:
        return sorted(path for path, folder in self.folders.items() if folder.empty and path)

    @property
    def git_entries(self) -> list[bytes]:
        """Every `.git` below the top, of nested repositories and of what only looks like one."""
        found = (path for path, folder in self.folders.items() if folder.has_git and path)
        return sorted(path + b"/.git" for path in found)

    def walk(self, top: int, skipped: Collection[bytes]) -> FolderIndex:
        """The folders as they are now; `skipped` ones (no slash at the end) are not entered."""
        current = FolderIndex()
        waiting = [b""]
        while waiting:
            path = waiting.pop()
            try:
                folder = self._read_if_changed(top, path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                current.special[path + b"/"] = f"cannot be read: {error.strerror}"
                continue
            current.folders[path] = folder
            start = path + b"/" if path else b""
            current.special.update((start + name, kind) for name, kind in folder.special)
            waiting += [start + name for name in folder.folders if start + name not in skipped]
        current.real_paths = set(current.folders)
        return current

    def _read_if_changed(self, top: int, path: bytes) -> FolderStat:
        status = os.stat(path or b".", dir_fd=top, follow_symlinks=False)
        before = self.folders.get(path)
        if (
            before is not None
            and status.st_mtime_ns == before.mtime
            and status.st_ctime_ns == before.ctime
            and status.st_ino == before.inode
        ):
            return before
        return _read_folder(top, path, status)

    def is_real(self, top: int, path: bytes) -> bool:
        """Whether `path` and all above it are folders, not links to some."""
        if path in self.real_paths or not path:
            return True
        if not self.is_real(top, path.rpartition(b"/")[0]):
            return False
        try:
            status = os.stat(path, dir_fd=top, follow_symlinks=False)
        except OSError:
            return False
        if not stat.S_ISDIR(status.st_mode):
            return False
        self.real_paths.add(path)
        return True


def _read_folder(top: int, path: bytes, status: os.stat_result) -> FolderStat:
    folders: list[bytes] = []
    odd: list[tuple[bytes, str]] = []
    empty, has_files, has_git = True, False, False
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path or b".", flags, dir_fd=top)
    try:
        extras = read_extras(descriptor, status)
        with os.scandir(descriptor) as entries:
            for entry in entries:
                empty = False
                if entry.name == ".git":
                    has_git = True
                elif entry.is_dir(follow_symlinks=False):
                    name = os.fsencode(entry.name)
                    if component_fault(name):
                        odd.append((name + b"/", RESERVED))
                    else:
                        folders.append(name)
                elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                    has_files = True
                else:
                    mode = entry.stat(follow_symlinks=False).st_mode
                    odd.append((os.fsencode(entry.name), describe_kind(mode)))
    finally:
        os.close(descriptor)
    stamps = status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    mode = stat.S_IMODE(status.st_mode)
    return FolderStat(*stamps, folders, odd, empty, mode, has_files, has_git, extras)


def usual_folder_modes(
    index: FolderIndex, excluded: Collection[bytes]
) -> tuple[int, dict[bytes, int]]:
    """The usual permission bits of folders; those of every folder that has others, and of every one
    that a tree of captured files need not show."""
    from collections import Counter

    folders = index.folders
    counted = Counter(folder.mode & 0o777 for folder in folders.values())
    usual = max(counted, key=lambda m: (counted[m], m), default=0o755)
    closed = {path.rstrip(b"/").rpartition(b"/")[0] for path in excluded}
    closed.update(path.rpartition(b"/")[0] for path in index.special)
    return usual, {
        path: folder.mode
        for path, folder in folders.items()
        if folder.mode != usual or not (folder.has_files or folder.empty) or path in closed
    }


def describe_kind(mode: int) -> str:
    """What a thing is that is no file, link or folder."""
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


class _StatCacheFile(Struct, frozen=True, array_like=True):
    ref: str
    commit: str
    tree: str
    rows: PackedFileTable
    nested: PackedFileTable
    folders: dict[bytes, FolderStat]


@dataclass(frozen=True)
class StatCache:
    """Files and folders as last seen, and the checkpoint that holds them; empty if there is none.

    It only saves time: where it is lost or damaged, the next checkpoint reads everything again.
    """

    ref: str = ""
    commit: str = ""
    tree: str = ""
    rows: FileTable = field(default_factory=FileTable)
    nested: FileTable = field(default_factory=FileTable)
    folders: FolderIndex = field(default_factory=FolderIndex)

    @staticmethod
    def load(git: Git) -> StatCache:
        """What was stored last."""
        try:
            with open_cache(private_place(git) / _NAME, _KIND) as cache:
                stored = msgspec.msgpack.decode(cache.part(), type=_StatCacheFile)
            rows, nested = (
                FileTable.unpack(table, len(git.zero) // 2)
                for table in (stored.rows, stored.nested)
            )
        except (OSError, ValueError, msgspec.MsgspecError):
            return StatCache()
        folders = FolderIndex(stored.folders)
        return StatCache(stored.ref, stored.commit, stored.tree, rows, nested, folders)

    def save(self, git: Git, seen_ns: int) -> None:
        """Stores this for the next checkpoint; what changed just before `seen_ns` will not match."""
        known = self.folders.folders.items()
        folders = {path: stat for path, stat in known if is_old_enough(stat.ctime, seen_ns)}
        rows, nested = self.rows.pack(seen_ns), self.nested.pack(seen_ns)
        stored = _StatCacheFile(self.ref, self.commit, self.tree, rows, nested, folders)
        write_cache(private_area(git) / _NAME, _KIND, ((msgspec.msgpack.encode(stored),),))
