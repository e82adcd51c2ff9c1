"""How a ledger comes to be: read from the start, begun at the end, or taken up from a saved one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tui import paths
from tui.feeds.discovery import EventFile
from tui.watching import saved
from tui.watching.backfill import BackfillProcess, BackfillOrder
from tui.watching.event_log import EventIndex
from tui.watching.ledger import SessionReader
from tui.watching.rules import FoldRules

TAIL_BYTES = 1 << 20


def new_reader(files: Sequence[EventFile], rules: FoldRules, level: int) -> SessionReader:
    """A ledger that will read everything from the start."""
    return SessionReader(files, rules.fold(), EventIndex(level))


def tail_reader(files: Sequence[EventFile], rules: FoldRules, level: int) -> SessionReader:
    """A ledger over the newest part of each file only, read at once."""
    ledger = SessionReader(files, rules.fold(), EventIndex(level), tail_bytes=TAIL_BYTES)
    while ledger.poll():
        pass
    return ledger


def restored_reader(files: Sequence[EventFile], rules: FoldRules, level: int) -> SessionReader | None:
    """The ledger that an earlier start saved, if its files still go on from there."""
    return saved.read(saved.place(paths.cache_dir(), files), files, rules, level)


def save_reader(ledger: SessionReader) -> None:
    """Writes the ledger down for the next start."""
    saved.write(saved.place(paths.cache_dir(), ledger.files), ledger)


class BackgroundFold:
    """A full ledger being made beside a tail: from a saved one, else by a child process.

    `take` hands the ledger over once it is ready. `done` and `total` are bytes; `failed` is a sentence.
    """

    def __init__(
        self,
        files: Sequence[EventFile],
        rules: FoldRules,
        level: int,
        on_progress: Callable[[], None],
    ) -> None:
        self.failed = ""
        self.over = False
        self._files = tuple(files)
        self._rules = rules
        self._level = level
        self._notify = on_progress
        self._child: BackfillProcess | None = None
        self._ready: SessionReader | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="folding", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> tuple[int, int]:
        return (self._child.done_bytes, self._child.total_bytes) if self._child else (0, 0)

    def take(self) -> SessionReader | None:
        """The finished ledger, once."""
        ready, self._ready = self._ready, None
        return ready

    def stop(self) -> None:
        self._stopped.set()
        if self._child is not None:
            self._child.stop()
        self._thread.join(5)

    def _run(self) -> None:
        ledger = restored_reader(self._files, self._rules, self._level)
        if ledger is None and not self._stopped.is_set():
            try:
                ledger = self._by_child()
            except (OSError, ValueError) as error:
                self.failed = f"no process could be started to fold in: {error}"
        self._ready = ledger
        self.over = True
        self._notify()

    def _by_child(self) -> SessionReader | None:
        place = saved.place(paths.cache_dir(), self._files)
        child = self._child = BackfillProcess(BackfillOrder(self._files, str(place), self._rules), self._notify)
        if self._stopped.is_set():
            child.stop()
        ledger = None
        if child.watch():
            ledger = restored_reader(self._files, self._rules, self._level)
        if ledger is None and not self._stopped.is_set():
            self.failed = child.failed or "the files changed while they were read"
        return ledger
