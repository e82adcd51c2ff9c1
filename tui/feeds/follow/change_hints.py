"""inotify on Linux, watchfiles elsewhere.

Watchfiles polls every few milliseconds, so that its latency is paid with idle processor time; waiting
on inotify's descriptor costs nothing and answers at once. The constants are those of inotify(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify


_MODIFY: Final = 0x0002
_ATTRIB: Final = 0x0004
_MOVED_FROM: Final = 0x0040
_MOVED_TO: Final = 0x0080
_CREATE: Final = 0x0100
_DELETE: Final = 0x0200
_DELETE_SELF: Final = 0x0400
_MOVE_SELF: Final = 0x0800
_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
# A file reports that it was written, its folder that a followed name appeared, moved or went.
_OF_FILE: Final = _MODIFY | _ATTRIB | _DELETE_SELF | _MOVE_SELF
_OF_FOLDER: Final = _CREATE | _DELETE | _MOVED_FROM | _MOVED_TO | _DELETE_SELF | _MOVE_SELF
_HEADER: Final = struct.Struct("iIII")
_READ_BYTES: Final = 64 << 10
# No watches or descriptors are left on this machine: the caller must poll.
_EXHAUSTED: Final = (errno.ENOSPC, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


class _KernelWatch:
    """What one kernel watch covers: followed paths themselves, and names within a folder."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.names: dict[str, str] = {}


class InotifyHints:
    """Watches each path itself and its folder, never the whole tree.

    Making one, and `watch`, raise OSError when the kernel's limits are reached. All but `interrupt`
    belongs to one thread.
    """

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._inotify_add: Callable[[int, bytes, int], int] = libc.inotify_add_watch
        self._inotify_remove: Callable[[int, int], int] = libc.inotify_rm_watch
        self._fd: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise _last_os_error()
        try:
            self._interrupt_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        except OSError:
            os.close(self._fd)
            raise
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._poll.register(self._interrupt_fd, select.POLLIN)
        self._watches: dict[int, _KernelWatch] = {}
        self._paths: frozenset[str] = frozenset()

    def watch(self, paths: frozenset[str]) -> None:
        """Watch these paths and no others; called again, it finds what has appeared since."""
        fresh: dict[int, _KernelWatch] = {}
        for path in paths:
            folder, name = os.path.split(path)
            parent = self._add_watch(folder or ".", _OF_FOLDER, fresh)
            if parent is not None:
                parent.names[name] = path
            mask = _OF_FOLDER if os.path.isdir(path) else _OF_FILE
            itself = self._add_watch(path, mask, fresh)
            if itself is not None:
                itself.paths.add(path)
        for number in self._watches.keys() - fresh.keys():
            # An error only says that the kernel dropped the watch first.
            self._inotify_remove(self._fd, number)
        self._watches, self._paths = fresh, paths

    def wait(self, seconds: float) -> frozenset[str]:
        """Paths that may have changed; empty when `seconds` passed, when interrupted, or for noise."""
        for fd, _ in self._poll.poll(max(0, seconds) * 1000):
            if fd == self._interrupt_fd:
                os.eventfd_read(self._interrupt_fd)
                continue
            hinted, moved = self._read_events(os.read(self._fd, _READ_BYTES))
            if moved:
                self.watch(self._paths)
            return frozenset(hinted)
        return frozenset()

    def interrupt(self) -> None:
        """End the wait that is on, or else the next one; from any thread."""
        os.eventfd_write(self._interrupt_fd, 1)

    def close(self) -> None:
        os.close(self._fd)
        os.close(self._interrupt_fd)

    def _add_watch(
        self, path: str, mask: int, fresh: dict[int, _KernelWatch]
    ) -> _KernelWatch | None:
        number = self._inotify_add(self._fd, os.fsencode(path), mask)
        if number >= 0:
            return fresh.setdefault(number, _KernelWatch())
        error = _last_os_error()
        if error.errno in _EXHAUSTED:
            raise error
        # Not there yet, or not permitted: polling finds it.
        return None

    def _read_events(self, data: bytes) -> tuple[Iterable[str], bool]:
        """The paths that these events concern, and whether a name may stand for another file now."""
        hinted: set[str] = set()
        moved = False
        at = 0
        while at < len(data):
            number, mask, _, length = _HEADER.unpack_from(data, at)
            at += _HEADER.size + length
            if mask & _OVERFLOW:
                return self._paths, True
            watch = self._watches.get(number)
            if watch is None:
                continue
            hinted |= watch.paths
            if mask & (_IGNORED | _DELETE_SELF | _MOVE_SELF | _ATTRIB):
                moved = True
            if length:
                path = watch.names.get(os.fsdecode(data[at - length : at].rstrip(b"\0")))
                if path is not None:
                    hinted.add(path)
                    moved = True
        return hinted, moved


def _last_os_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


_DEBOUNCE_MS: Final = 50
_POLL_STEP_MS: Final = 5


class WatchfilesHints:
    """Watches the folders of the paths, not what lies below them.

    Its latency is about two steps of 5 ms. `watch` and `wait` raise OSError or RuntimeError when the
    system refuses. All but `interrupt` belongs to one thread.
    """

    def __init__(self) -> None:
        self._rust: RustNotify | None = None
        self._folders: frozenset[tuple[str, int]] = frozenset()
        self._followed_paths: dict[str, str] = {}
        self._interrupted = threading.Event()

    def watch(self, paths: frozenset[str]) -> None:
        """Watch these paths and no others; called again, it finds what has appeared since."""
        from watchfiles._rust_notify import RustNotify

        self._followed_paths = {}
        folders_to_watch = set()
        for path in paths:
            folder, name = os.path.split(os.path.abspath(path))
            folder = os.path.realpath(folder)
            real = os.path.join(folder, name)
            self._followed_paths[real] = path
            folders_to_watch.add(folder)
            target = os.path.realpath(real)
            if target != real:
                self._followed_paths[target] = path
                folders_to_watch.add(os.path.dirname(target))
            if os.path.isdir(real):
                folders_to_watch.add(target)
        folders = frozenset(
            (folder, os.stat(folder).st_ino) for folder in folders_to_watch if os.path.isdir(folder)
        )
        if folders == self._folders:
            return
        self._stop()
        if folders:
            names = [folder for folder, _ in folders]
            self._rust = RustNotify(names, False, False, 0, False, True)
        self._folders = folders

    def wait(self, seconds: float) -> frozenset[str]:
        """Paths that may have changed; empty when `seconds` passed, when interrupted, or for noise."""
        hinted: set[str] = set()
        if self._rust is None:
            self._interrupted.wait(max(0.0, seconds))
        else:
            milliseconds = max(1, int(seconds * 1000))
            changes = self._rust.watch(_DEBOUNCE_MS, _POLL_STEP_MS, milliseconds, self._interrupted)
            for _, path in changes if isinstance(changes, set) else ():
                hinted |= {
                    self._followed_paths[p]
                    for p in (path, os.path.dirname(path))
                    if p in self._followed_paths
                }
        self._interrupted.clear()
        return frozenset(hinted)

    def interrupt(self) -> None:
        """End the wait that is on, or else the next one; from any thread."""
        self._interrupted.set()

    def close(self) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._rust is not None:
            self._rust.close()
            self._rust = None
        self._folders = frozenset()
