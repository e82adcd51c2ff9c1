"""Calls back when a followed file may have changed.

Polling at a fixed interval is what can be relied on; hints of the system only make the next poll come
earlier. Whatever goes wrong with the hints, polling goes on. They come from inotify on Linux, from
watchfiles elsewhere, which polls every few milliseconds, so that its latency is paid with idle processor
time; waiting on inotify's descriptor costs nothing and answers at once.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify


POLL_SECONDS: Final = 0.2
PACE_SECONDS: Final = 0.02
# How often hints are updated with paths that have appeared since.
_UPDATE_SECONDS: Final = 1.0
# How long to poll before hints are tried again; limits of the kernel do not change quickly.
_RETRY_SECONDS: Final = 30.0
_log = logging.getLogger(__name__)
Mode = Literal["notified", "polling"]


class ChangeHints(Protocol):
    """A source of hints that files changed; it may fail with OSError or RuntimeError at any time."""

    def watch(self, paths: frozenset[str]) -> None: ...
    def wait(self, seconds: float) -> frozenset[str]: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...


def system_hints() -> ChangeHints:
    """The source of hints with the least latency and idle cost on this system."""
    if sys.platform == "linux":
        try:
            return InotifyHints()
        except (ImportError, AttributeError):
            # A Python without ctypes, or a C library without inotify.
            pass
    return WatchfilesHints()


class ChangeNotifier:
    """Calls `on_wake`, from a thread of its own, with the paths that should be read.

    Every path is named at least once in `seconds`; a changed one within milliseconds while `mode` is
    "notified". During a series of changes the calls come at least `pace` seconds apart, and the last
    change is always followed by one. When `mode` is "polling", `reason` says why; with `hints` None it
    only polls. A path may be a folder, which changes when its entries do.
    """

    def __init__(
        self,
        on_wake: Callable[[frozenset[str]], None],
        paths: Iterable[str | os.PathLike[str]] = (),
        *,
        seconds: float = POLL_SECONDS,
        pace: float = PACE_SECONDS,
        hints: Callable[[], ChangeHints] | None = system_hints,
    ) -> None:
        self.mode: Mode = "polling"
        self.reason = "" if hints else "Notifications are switched off."
        self._on_wake = on_wake
        self._paths = frozenset(os.fspath(path) for path in paths)
        self._seconds = seconds
        self._pace = pace
        self._make_hints = hints
        self._hints: ChangeHints | None = None
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._update_at = self._retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="wake", daemon=True)

    def start(self) -> None:
        """Begin; the first call of `on_wake` names every path."""
        self._thread.start()

    def watch(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """Name these paths from now on, and all of them at once."""
        self._paths = frozenset(os.fspath(path) for path in paths)
        self.wake()

    def wake(self) -> None:
        """Have every path named now; from any thread."""
        self._woken.set()
        with self._lock:
            if self._hints is not None:
                self._hints.interrupt()

    def close(self) -> None:
        """Make no further call; one that is under way is waited for, unless it is the one that closes."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    # --- the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        due = 0.0
        try:
            while not self._stopping.is_set():
                now = time.monotonic()
                if self._woken.is_set():
                    self._woken.clear()
                    due = self._update_at = 0.0
                if now >= due:
                    due = now + self._seconds
                    self._update_hints(now)
                    self._notify(self._paths)
                hinted = self._wait(due - time.monotonic())
                if hinted and not self._stopping.is_set():
                    self._notify(hinted)
                if time.monotonic() < due and not self._woken.is_set():
                    self._stopping.wait(self._pace)
        finally:
            self._fall_back_to_polling()

    def _wait(self, seconds: float) -> frozenset[str]:
        try:
            if self._hints is not None:
                return self._hints.wait(seconds)
            self._woken.wait(max(0.0, seconds))
        except (OSError, RuntimeError) as error:
            self._fall_back_to_polling(error)
        return frozenset()

    def _update_hints(self, now: float) -> None:
        """Have the hints watch the paths, also those that appeared; create their source if missing."""
        if self._make_hints is None or now < self._update_at:
            return
        self._update_at = now + _UPDATE_SECONDS
        if self._hints is None and now < self._retry_at:
            return
        try:
            if self._hints is None:
                hints = self._make_hints()
                with self._lock:
                    self._hints = hints
            self._hints.watch(self._paths)
            self.mode, self.reason = "notified", ""
        except (OSError, RuntimeError, ImportError) as error:
            self._fall_back_to_polling(error)

    def _fall_back_to_polling(self, error: Exception | None = None) -> None:
        """Go on without hints."""
        self.mode = "polling"
        if error is not None:
            words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.reason = f"File notifications are not to be had here ({words}); files are looked at regularly."
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        with self._lock:
            hints, self._hints = self._hints, None
        if hints is not None:
            hints.close()

    def _notify(self, paths: frozenset[str]) -> None:
        try:
            self._on_wake(paths)
        except Exception:
            # This thread serves every feed; an error of one caller must not end it.
            _log.exception("reading changed files failed")


# The constants of inotify(7).
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


class _KernelWatch(NamedTuple):
    """What one kernel watch covers: followed paths themselves, and names within a folder."""

    paths: set[str]
    names: dict[str, str]


class InotifyHints:
    """Watches each path itself and its folder, never the whole tree.

    Making one, and `watch`, raise OSError when the kernel's limits are reached. All but `interrupt`
    belongs to one thread.
    """

    def __init__(self) -> None:
        # Late: it costs milliseconds that a command without a screen need not pay.
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        self._errno: Callable[[], int] = ctypes.get_errno
        self._inotify_add: Callable[[int, bytes, int], int] = libc.inotify_add_watch
        self._inotify_remove: Callable[[int, int], int] = libc.inotify_rm_watch
        self._fd: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise self._last_error()
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
            if parent := self._add_watch(folder or ".", _OF_FOLDER, fresh):
                parent.names[name] = path
            mask = _OF_FOLDER if os.path.isdir(path) else _OF_FILE
            if itself := self._add_watch(path, mask, fresh):
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
            return fresh.setdefault(number, _KernelWatch(set(), {}))
        error = self._last_error()
        if error.errno in _EXHAUSTED:
            raise error
        # Not there yet, or not permitted: polling finds it.
        return None

    def _last_error(self) -> OSError:
        number = self._errno()
        return OSError(number, os.strerror(number))

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
        self.close()
        if folders:
            self._rust = RustNotify([name for name, _ in folders], False, False, 0, False, True)
        self._folders = folders

    def wait(self, seconds: float) -> frozenset[str]:
        """Paths that may have changed; empty when `seconds` passed, when interrupted, or for noise."""
        hinted: set[str] = set()
        if self._rust is None:
            self._interrupted.wait(max(0.0, seconds))
        else:
            milliseconds = max(1, int(seconds * 1000))
            changes = self._rust.watch(_DEBOUNCE_MS, _POLL_STEP_MS, milliseconds, self._interrupted)
            changed = (path for _, path in changes) if isinstance(changes, set) else ()
            places = {place for path in changed for place in (path, os.path.dirname(path))}
            hinted = {self._followed_paths[place] for place in places & self._followed_paths.keys()}
        self._interrupted.clear()
        return frozenset(hinted)

    def interrupt(self) -> None:
        """End the wait that is on, or else the next one; from any thread."""
        self._interrupted.set()

    def close(self) -> None:
        if self._rust is not None:
            self._rust.close()
            self._rust = None
        self._folders = frozenset()
