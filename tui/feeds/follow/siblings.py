"""Rotated files beside a followed one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeVar

from tui.feeds.follow.position import (
    OPEN_FLAGS,
    FilePosition,
    FollowCounters,
    Ident,
    fingerprint,
    read_samples,
)
from tui.system.lazy_pattern import lazy

T = TypeVar("T")
_HEAD_BYTES: Final = 256
_NUMBERED: Final = lazy(r"[.-](\d{1,4})")
# The names that log rotation gives. A `.old` or `.bak` may as well be an editor's copy, so it counts only
# where its content shows that it is a copy of what was read.
_ROTATED: Final = lazy(r"[.-]\d[\dTZ.:_+-]*")
_COPIED: Final = lazy(r"[.-](?:\d[\dTZ.:_+-]*|old|prev|bak|orig)")


class RotatedFile(NamedTuple):
    """A regular file named like a rotation of the followed one."""

    path: str
    suffix: str
    ident: Ident
    size: int
    mtime_ns: int

    @property
    def age(self) -> tuple[int, int, str]:
        """Sorts oldest first; of files written within one tick the higher number is the older."""
        number = _NUMBERED.fullmatch(self.suffix)
        return self.mtime_ns, -int(number[1]) if number else 0, self.suffix


class RotatedFiles:
    """Remembers which rotated files have been read, and finds those that have not."""

    def __init__(self, path: str, counters: FollowCounters) -> None:
        self._folder, self._name = os.path.split(path)
        self._counters = counters
        self._listed: list[RotatedFile] = []
        self._read_files: dict[Ident, tuple[int, int, bytes]] = {}

    def rescan(self) -> None:
        """List the folder; all other methods answer from the last listing."""
        self._counters.listings += 1
        try:
            with os.scandir(self._folder or ".") as entries:
                found = [self._rotated_file(entry) for entry in entries]
        except OSError:
            # A folder that cannot be listed has no siblings; the status of the path has the reason.
            found = []
        self._listed = sorted((s for s in found if s), key=lambda s: s.age)

    def mark_read(self, until: RotatedFile | None = None) -> None:
        """Count all listed files as read, or only `until` and what is older."""
        self._read_files = {
            s.ident: (s.size, s.mtime_ns, _read_head(s))
            for s in self._listed
            if until is None or s.age <= until.age
        }

    def remember_file(self, fd: int, ident: Ident, head: bytes) -> None:
        """Count one file as read, under whatever name it is found later."""
        status = os.fstat(fd)
        self._read_files[ident] = (status.st_size, status.st_mtime_ns, head[:_HEAD_BYTES])

    def find_unread(self, since_ns: int, open_files: Iterable[Ident]) -> list[RotatedFile]:
        """Unread rotated files that were last written at `since_ns` or later, oldest first."""
        held = set(open_files)
        return [
            s
            for s in self._listed
            if _ROTATED.fullmatch(s.suffix)
            and s.ident not in held
            and s.mtime_ns >= since_ns
            and not self._was_read(s)
        ]

    def is_copy(self, sibling: RotatedFile, fd: int) -> bool:
        """Whether the file behind `fd` begins with all that `sibling` holds."""
        try:
            held = read_samples(fd, sibling.size)
        except OSError:
            return False
        return (
            sibling.size > 0
            and held is not None
            and _read(sibling, lambda fd: read_samples(fd, sibling.size)) == held
        )

    def find_copy(
        self, start: FilePosition, since_ns: int, open_files: Iterable[Ident]
    ) -> RotatedFile | None:
        """The oldest unread file that begins with all that was read up to `start`."""
        if start.offset == 0:
            return None
        held = set(open_files)
        for sibling in self._listed:
            fresh = sibling.ident not in held and sibling.mtime_ns >= since_ns
            if fresh and not self._was_read(sibling) and _holds_position(sibling, start):
                return sibling
        return None

    def find_position(self, start: FilePosition) -> RotatedFile | None:
        """The file of a saved position: the one with its inode, else a copy of it."""
        ident = (start.device, start.inode)
        for sibling in sorted(self._listed, key=lambda s: s.ident != ident):
            copied = start.offset > 0 and sibling.mtime_ns >= start.mtime_ns
            if (copied or sibling.ident == ident) and _holds_position(sibling, start):
                return sibling
        return None

    def _was_read(self, sibling: RotatedFile) -> bool:
        """Whether this is the remembered file, not another that got its inode."""
        known = self._read_files.get(sibling.ident)
        if known is None:
            return False
        size, mtime_ns, head = known
        if (sibling.size, sibling.mtime_ns) == (size, mtime_ns):
            return True
        # A file that was empty then holds nothing that was read, whoever filled it.
        return sibling.size >= size > 0 and _read_head(sibling)[: len(head)] == head

    def _rotated_file(self, entry: os.DirEntry[str]) -> RotatedFile | None:
        suffix = entry.name[len(self._name) :]
        if not entry.name.startswith(self._name) or not _COPIED.fullmatch(suffix):
            return None
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        ident = (status.st_dev, status.st_ino)
        return RotatedFile(entry.path, suffix, ident, status.st_size, status.st_mtime_ns)


def open_sibling(sibling: RotatedFile) -> int | None:
    """A descriptor of that very file; None when it is gone or another has its name."""
    try:
        fd = os.open(sibling.path, OPEN_FLAGS | os.O_NOFOLLOW)
    except OSError:
        return None
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) == sibling.ident and stat.S_ISREG(status.st_mode):
        return fd
    os.close(fd)
    return None


def _read(sibling: RotatedFile, read: Callable[[int], T]) -> T | None:
    """What `read` gives for a descriptor of the file; None when it cannot be read."""
    fd = open_sibling(sibling)
    if fd is None:
        return None
    try:
        return read(fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def _read_head(sibling: RotatedFile) -> bytes:
    return _read(sibling, lambda fd: os.pread(fd, _HEAD_BYTES, 0)) or b""


def _holds_position(sibling: RotatedFile, start: FilePosition) -> bool:
    found = _read(sibling, lambda fd: read_samples(fd, start.offset))
    return found is not None and fingerprint(*found) == start.fingerprint
