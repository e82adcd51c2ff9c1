"""Calls back when a followed file may have changed.

Polling at a fixed interval is what can be relied on; hints of the system only make the next poll come
earlier. Whatever goes wrong with the hints, polling goes on.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, Literal, Protocol

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
            from tui.feeds.follow.change_hints import InotifyHints

            return InotifyHints()
        except (ImportError, AttributeError):
            # A Python without ctypes, or a C library without inotify.
            pass
    from tui.feeds.follow.change_hints import WatchfilesHints

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
            self._fall_back_to_polling("")

    def _wait(self, seconds: float) -> frozenset[str]:
        if self._hints is None:
            self._woken.wait(max(0.0, seconds))
            return frozenset()
        try:
            return self._hints.wait(seconds)
        except (OSError, RuntimeError) as error:
            self._fall_back_to_polling(_polling_reason(error))
            return frozenset()

    def _update_hints(self, now: float) -> None:
        """Have the hints watch the paths, also those that appeared; create their source if missing."""
        if self._make_hints is None or now < self._update_at:
            return
        self._update_at = now + _UPDATE_SECONDS
        try:
            if self._hints is None:
                if now < self._retry_at:
                    return
                hints = self._make_hints()
                with self._lock:
                    self._hints = hints
            self._hints.watch(self._paths)
            self.mode, self.reason = "notified", ""
        except (OSError, RuntimeError, ImportError) as error:
            self._fall_back_to_polling(_polling_reason(error))

    def _fall_back_to_polling(self, reason: str) -> None:
        """Go on without hints."""
        self.mode, self.reason = "polling", reason or self.reason
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


def _polling_reason(error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"File notifications are not to be had here ({words}); files are looked at regularly."
