"""The `.git` of repositories inside the work tree, as plain files.

A repository in the work tree may hold commits that are nowhere else, and git never lists its `.git`.
It is read here without running git in it: a folder of files like any other, whole or not at all.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from tui.control.checkpoints.attributes import Extras, read_extras
from tui.control.checkpoints.stat_cache import FileTable, stat_columns
from tui.system.format import format_size_limit
from tui.system.repository_names import (
    UnacceptableError,
    check_object_id,
    check_path,
    check_permissions,
)

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_FILES = 20_000
_TRIES = 3
CHANGED = "changed while it was read"
# A repository's objects are read after what names them: then what is named is there.
_OBJECTS = b"/.git/objects/"
_ALTERNATES = b"/objects/info/alternates"
_NOT_KEPT = "attributes and set-id bits in it are not kept"
# The bytes of a path or why they cannot be had, with stat data and extras that belong to them.
_ReadFile = Callable[[bytes], tuple[bytes | str, os.stat_result, Extras | None]]


class GitFile(Struct, frozen=True, array_like=True):
    """One file or link below a nested `.git`; its path from there, `st_mode` and blob id."""

    path: bytes
    mode: int
    blob: str


class NestedGit(Struct, frozen=True, array_like=True):
    """A nested `.git` at `path`: a folder with files and folders (path and `st_mode`, itself as the
    empty path), or without folders a single file or link, its path empty."""

    path: bytes
    folders: tuple[tuple[bytes, int], ...] = ()
    files: tuple[GitFile, ...] = ()


@dataclass
class NestedScan:
    """Every nested `.git` of a work tree: whole in `rows` and `folders`, or in `excluded`; `partial`
    are those that belong to a repository which lies elsewhere."""

    top: int
    read: _ReadFile
    blob_id: Callable[[bytes], bytes]
    file_bytes: int
    total_bytes: int
    known: FileTable
    rows: FileTable = field(default_factory=FileTable)
    folders: dict[bytes, list[tuple[bytes, int]]] = field(default_factory=dict)
    excluded: dict[bytes, str] = field(default_factory=dict)
    partial: dict[bytes, str] = field(default_factory=dict)

    def scan(self, entries: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Reads what is not known; yields id and bytes of every blob that was read."""
        for entry in entries:
            for _ in range(_TRIES):
                try:
                    complete = yield from self._scan_one(entry)
                except FileNotFoundError:
                    complete = not git_entry_exists(self.top, entry)
                except OSError as error:
                    self._leave_out(entry, f"cannot be read: {error.strerror}")
                    break
                if complete:
                    break
            else:
                self._leave_out(entry, CHANGED)

    def _scan_one(self, entry: bytes) -> Generator[tuple[bytes, bytes], None, bool]:
        """One attempt; the generator's value is whether nothing changed meanwhile."""
        listed = _list_all(self.top, entry)
        if not listed.folders and not listed.files:
            self._leave_out(entry, "what is no file and no folder")
            return True
        reason = self._find_excess(listed)
        if reason:
            self._leave_out(entry, reason)
            return True
        found: list[tuple[bytes, os.stat_result, bytes]] = []
        extras: dict[bytes, Extras | None] = {}
        elsewhere = ""
        for path, status in listed.files:
            blob, points = self.known.find(path, status), path in (entry, entry + _ALTERNATES)
            if blob is None or points:
                data, status, extras[path] = self.read(path)
                if isinstance(data, str):
                    return False
                blob = self.blob_id(data)
                yield blob, data
                if points:
                    elsewhere = elsewhere or _find_elsewhere(path == entry, data)
            else:
                extras[path] = self.known.extras.get(path)
            found.append((path, status, blob))
        if not listed.is_same(_list_all(self.top, entry)):
            return False
        for path, status, blob in found:
            self.rows.add(path, status, blob)
        self.folders[entry] = listed.folders
        kept = {path: extra for path, extra in extras.items() if extra is not None}
        self.rows.extras.update(kept)
        lost = elsewhere or listed.find_lost(has_extras=bool(kept))
        if lost:
            self.partial[entry] = lost
        return True

    def _find_excess(self, listed: _Listed) -> str:
        """Why a repository is not kept, if it is too large."""
        sizes = [status.st_size for _, status in listed.files]
        largest, total = max(sizes, default=0), sum(sizes)
        if len(sizes) > _MOST_FILES:
            return f"a repository of its own, of more than {_MOST_FILES:,} files"
        if largest > self.file_bytes:
            most, size = format_size_limit(self.file_bytes), format_size_limit(largest)
            return f"a repository of its own, a file in it larger than {most}: {size}"
        if total + sum(self.rows.sizes) > self.total_bytes:
            most, size = format_size_limit(self.total_bytes), format_size_limit(total)
            return f"nested repositories exceed {most} in all: {size}"
        return ""

    def _leave_out(self, entry: bytes, reason: str) -> None:
        self.excluded[entry + b"/"] = reason

    def entries(self) -> tuple[NestedGit, ...]:
        """What was captured, by path."""
        files: dict[bytes, list[GitFile]] = {entry: [] for entry in self.folders}
        for path, mode, blob in zip(self.rows.paths, self.rows.modes, self.rows.blobs, strict=True):
            end = (path + b"/").find(b"/.git/") + len(b"/.git")
            kind = stat.S_IFMT(mode)
            bits = 0 if kind == stat.S_IFLNK else mode & 0o777
            files[path[:end]].append(GitFile(path[end + 1 :], kind | bits, blob.hex()))
        return tuple(
            NestedGit(entry, tuple(folders), tuple(sorted(files[entry], key=lambda f: f.path)))
            for entry, folders in sorted(self.folders.items())
        )


@dataclass
class _Listed:
    folders: list[tuple[bytes, int]]
    files: list[tuple[bytes, os.stat_result]]
    special: list[bytes]
    has_extras: bool = False

    def find_lost(self, *, has_extras: bool) -> str:
        """What of it is not kept, if anything; `has_extras`: a file has some."""
        if self.special:
            return "what is no file in it is not kept"
        return _NOT_KEPT if has_extras or self.has_extras else ""

    def is_same(self, other: _Listed) -> bool:
        """Whether both saw the same folders and files, as far as stat data can tell."""
        return self.folders == other.folders and [
            (path, stat_columns(status)) for path, status in self.files
        ] == [(path, stat_columns(status)) for path, status in other.files]


def _list_all(top: int, entry: bytes) -> _Listed:
    """All folders, then all files and links of a nested `.git`, objects last; locks are passed over."""
    listed = _Listed([], [], [])
    status = os.stat(entry, dir_fd=top, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        descriptor = os.open(entry, _FOLDER, dir_fd=top)
        try:
            _list_folder(descriptor, entry, b"", listed)
        finally:
            os.close(descriptor)
    elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
        listed.files.append((entry, status))
    else:
        listed.special.append(entry)
    listed.files.sort(key=lambda item: (_OBJECTS in item[0], item[0]))
    return listed


def _list_folder(folder: int, entry: bytes, path: bytes, listed: _Listed) -> None:
    status = os.fstat(folder)
    listed.folders.append((path, stat.S_IMODE(status.st_mode)))
    listed.has_extras = listed.has_extras or read_extras(folder, status) is not None
    for name in sorted(os.fsencode(name) for name in os.listdir(folder)):
        inner = path + b"/" + name if path else name
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            below = os.open(name, _FOLDER, dir_fd=folder)
            try:
                _list_folder(below, entry, inner, listed)
            finally:
                os.close(below)
        elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            # A lock belongs to a git that is at work now; put back later it would only be in the way.
            if not name.endswith(b".lock"):
                listed.files.append((entry + b"/" + inner, status))
        elif not stat.S_ISSOCK(status.st_mode):
            listed.special.append(inner)


def _find_elsewhere(is_entry: bool, data: bytes) -> str:
    """Where a repository lies of which the work tree holds a pointer only."""
    place = os.fsdecode(data.removeprefix(b"gitdir: ").strip())[:200]
    if not is_entry:
        return f"it borrows objects from {place}, which no checkpoint holds" if place else ""
    return f"its repository lies in {place}, which no checkpoint holds and no rewind touches"


def git_entry_exists(top: int, entry: bytes) -> bool:
    """Whether anything is at this path."""
    try:
        os.stat(entry, dir_fd=top, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


# complexity: every way in which a record can lie is one condition
def check_nested(entry: NestedGit, where: str) -> NestedGit:
    """The entry, if it is a `.git` below the top and all that it holds lies in it; else
    `UnacceptableError`."""
    folder, _, name = entry.path.rpartition(b"/")
    files = [file.path for file in entry.files]
    inside = [path for path in (*files, *(path for path, _ in entry.folders)) if path]
    parts = {part for path in inside for part in path.split(b"/")}
    kinds = {stat.S_IFMT(file.mode) for file in entry.files}
    is_file = not entry.folders and files == [b""]
    is_folder = bool(entry.folders) and entry.folders[0][0] == b"" and b"" not in files
    check_path(folder, where)
    if (
        name != b".git"
        or not (is_file or is_folder)
        or not parts.isdisjoint((b"", b".", b".."))
        or not kinds <= {stat.S_IFREG, stat.S_IFLNK}
        or len(set(inside)) < len(inside)
    ):
        raise UnacceptableError(f"{where} has a nested repository as there is none")
    for file in entry.files:
        check_object_id(file.blob, where)
    for _, mode in entry.folders:
        check_permissions(mode, where)
    return entry
