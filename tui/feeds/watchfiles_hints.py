"""Hints of change from the watchfiles library, for systems that have no inotify."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_DEBOUNCE_MS: Final = 50
_STEP_MS: Final = 5


class WatchfilesHints:
    """Watches the folders of the paths, not what lies below them.

    Its latency is about two steps of 5 ms. `watch` and `wait` raise OSError or RuntimeError when the
    system refuses. All but `interrupt` belongs to one thread.
    """

    def __init__(self) -> None:
        self._rust: RustNotify | None = None
        self._folders: frozenset[tuple[str, int]] = frozenset()
        self._real: dict[str, str] = {}
        self._bell = threading.Event()

    def watch(self, paths: frozenset[str]) -> None:
        """Watch these paths and no others; called again, it finds what has appeared since."""
        from watchfiles._rust_notify import RustNotify

        self._real = {}
        wanted = set()
        for path in paths:
            folder, name = os.path.split(os.path.abspath(path))
            folder = os.path.realpath(folder)
            real = os.path.join(folder, name)
            self._real[real] = path
            wanted.add(folder)
            target = os.path.realpath(real)
            if target != real:
                self._real[target] = path
                wanted.add(os.path.dirname(target))
            if os.path.isdir(real):
                wanted.add(target)
        folders = frozenset(
            (folder, os.stat(folder).st_ino) for folder in wanted if os.path.isdir(folder)
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
            self._bell.wait(max(0.0, seconds))
        else:
            milliseconds = max(1, int(seconds * 1000))
            changes = self._rust.watch(_DEBOUNCE_MS, _STEP_MS, milliseconds, self._bell)
            for _, path in changes if isinstance(changes, set) else ():
                hinted |= {self._real[p] for p in (path, os.path.dirname(path)) if p in self._real}
        self._bell.clear()
        return frozenset(hinted)

    def interrupt(self) -> None:
        """End the wait that is on, or else the next one; from any thread."""
        self._bell.set()

    def close(self) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._rust is not None:
            self._rust.close()
            self._rust = None
        self._folders = frozenset()
