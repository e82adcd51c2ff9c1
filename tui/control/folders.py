"""The folders of a work tree: which are real, which are empty, and what odd things lie in them.

Git lists neither empty folders nor FIFOs, sockets and devices. A folder whose change time did not
move holds the same names as before, so only those that did are read again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection

from msgspec import Struct

from tui.control.seen import settled
from tui.store.layout import RUN_DIR

OURS = RUN_DIR.encode()
OUR_OWN = "overnight-tui's own"


class FolderStat(Struct, frozen=True, array_like=True, gc=False):
    """A folder as it was when last read; `odd` are names that are no file, link or folder."""

    mtime: int
    ctime: int
    inode: int
    folders: list[bytes]
    odd: list[tuple[bytes, str]]
    empty: bool


class FolderIndex:
    """All folders below the top that are neither ignored nor another repository's."""

    def __init__(self, known: dict[bytes, FolderStat] | None = None) -> None:
        self.known = known or {}
        self.real = set(self.known)
        self.odd: dict[bytes, str] = {}

    @property
    def empty(self) -> list[bytes]:
        return sorted(path for path, folder in self.known.items() if folder.empty and path)

    def walked(self, top: int, skipped: Collection[bytes]) -> FolderIndex:
        """The folders as they are now; `skipped` ones (no slash at the end) are not entered."""
        now = FolderIndex()
        waiting = [b""]
        while waiting:
            path = waiting.pop()
            try:
                folder = self._current(top, path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                now.odd[path + b"/"] = f"cannot be read: {error.strerror}"
                continue
            now.known[path] = folder
            start = path + b"/" if path else b""
            now.odd.update((start + name, kind) for name, kind in folder.odd)
            for name in folder.folders:
                if name == OURS:
                    now.odd[start + name + b"/"] = OUR_OWN
                elif name != b".git" and start + name not in skipped:
                    waiting.append(start + name)
        now.real = set(now.known)
        return now

    def _current(self, top: int, path: bytes) -> FolderStat:
        status = os.stat(path or b".", dir_fd=top, follow_symlinks=False)
        before = self.known.get(path)
        if (
            before is not None
            and status.st_mtime_ns == before.mtime
            and status.st_ctime_ns == before.ctime
            and status.st_ino == before.inode
        ):
            return before
        return _read(top, path, status)

    def is_real(self, top: int, path: bytes) -> bool:
        """Whether `path` and all above it are folders, not links to some."""
        if path in self.real or not path:
            return True
        if not self.is_real(top, path.rpartition(b"/")[0]):
            return False
        try:
            status = os.stat(path, dir_fd=top, follow_symlinks=False)
        except OSError:
            return False
        if not stat.S_ISDIR(status.st_mode):
            return False
        self.real.add(path)
        return True

    def to_store(self, seen_ns: int) -> dict[bytes, FolderStat]:
        """What may be believed next time: folders that had settled before `seen_ns`."""
        return {p: f for p, f in self.known.items() if settled(f.ctime, seen_ns)}


def _read(top: int, path: bytes, status: os.stat_result) -> FolderStat:
    folders: list[bytes] = []
    odd: list[tuple[bytes, str]] = []
    empty = True
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path or b".", flags, dir_fd=top)
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                empty = False
                if entry.is_dir(follow_symlinks=False):
                    folders.append(os.fsencode(entry.name))
                elif not entry.is_symlink() and not entry.is_file(follow_symlinks=False):
                    mode = entry.stat(follow_symlinks=False).st_mode
                    odd.append((os.fsencode(entry.name), kind_of(mode)))
    finally:
        os.close(descriptor)
    return FolderStat(status.st_mtime_ns, status.st_ctime_ns, status.st_ino, folders, odd, empty)


def kind_of(mode: int) -> str:
    """What an odd thing is, in words."""
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"
