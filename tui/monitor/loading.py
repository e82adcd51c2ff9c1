"""How a reader comes to be: fresh, from the tail, restored; a window of rows."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from functools import partial

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.follow.generation import line_start
from tui.feeds.sessions.select import EventFile
from tui.monitor import reader_state
from tui.monitor.backfill import BackfillOrder, BackfillProcess
from tui.monitor.followed_file import total_size
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import FoldRules, SessionReader, fold_rules
from tui.settings.settings import Settings
from tui.system import paths

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


def restored_reader(
    files: Sequence[EventFile], rules: FoldRules, level: int
) -> SessionReader | None:
    """The ledger that an earlier start saved, if its files still go on from there."""
    return reader_state.read(reader_state.saved_path(paths.cache_dir(), files), files, rules, level)


def save_reader(ledger: SessionReader) -> None:
    """Writes the ledger down for the next start."""
    reader_state.write(reader_state.saved_path(paths.cache_dir(), ledger.files), ledger)


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
        self.is_done = False
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

    def pop_reader(self) -> SessionReader | None:
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
        self.is_done = True
        self._notify()

    def _by_child(self) -> SessionReader | None:
        place = reader_state.saved_path(paths.cache_dir(), self._files)
        child = self._child = BackfillProcess(
            BackfillOrder(self._files, str(place), self._rules), self._notify
        )
        if self._stopped.is_set():
            child.stop()
        ledger = None
        if child.watch():
            ledger = restored_reader(self._files, self._rules, self._level)
        if ledger is None and not self._stopped.is_set():
            self.failed = child.failed or "the files changed while they were read"
        return ledger


SAVE_ABOVE = 8 << 20
LARGE = 24 << 20


def read_whole(files: Sequence[EventFile], settings: Settings) -> SessionReader:
    """A ledger over these files that has read everything; the caller closes it.

    What is larger than 8 MiB is saved, so that it is folded only once; what is larger than 24 MiB
    is folded by a process of its own.
    """
    rules = fold_rules(settings)
    size = total_size(files)
    if size <= SAVE_ABOVE:
        return _to_the_end(SessionReader(files, rules.fold()))

    ledger = restored_reader(files, rules, 1)
    if ledger is None and size > LARGE:
        ledger = _by_child(files, rules)
    if ledger is not None:
        return _to_the_end(ledger)
    ledger = _read(new_reader(files, rules, 1))
    save_reader(ledger)
    return _to_the_end(ledger)


def _to_the_end(ledger: SessionReader) -> SessionReader:
    """Everything read, the last line without a newline included."""
    _read(ledger).read_last_lines()
    return ledger


def _read(ledger: SessionReader) -> SessionReader:
    while ledger.poll():
        pass
    return ledger


def _by_child(files: Sequence[EventFile], rules: FoldRules) -> SessionReader | None:
    """Folded by a child, which leaves the result in the cache; None where that did not work."""
    from tui.monitor import reader_state
    from tui.monitor.backfill import BackfillOrder, BackfillProcess
    from tui.system import paths

    place = reader_state.saved_path(paths.cache_dir(), files)
    try:
        child = BackfillProcess(BackfillOrder(tuple(files), str(place), rules), lambda: None)
        try:
            done = child.watch()
        finally:
            child.stop()
    except (OSError, ValueError):
        return None
    return restored_reader(files, rules, 1) if done else None


_AROUND = 256 << 10
_MOST_BEFORE = 32 << 20


def rows_around(path: str, offset: int, level: int) -> EventIndex | None:
    """The rows round a byte of an event file; None when the file cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        start, data = _lines_around(descriptor, offset)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    log = EventIndex(level)
    number = log.open_source(path, partial(_held, data, start))
    for event in ClaudeDecoder(path).decode(data, start).events:
        log.add(number, event, math.nan if event.at is None else event.at)
    return log


def _lines_around(descriptor: int, offset: int) -> tuple[int, bytes]:
    """Whole lines round the offset, and where the first of them begins."""
    start = line_start(descriptor, offset - _AROUND, max(0, offset - _MOST_BEFORE))
    data = os.pread(descriptor, offset - start + _AROUND, start)
    while (end := data.rfind(b"\n") + 1) <= offset - start:
        more = os.pread(descriptor, 4 * _AROUND, start + len(data))
        if not more:
            return start, data
        data += more
    return start, data[:end]


def _held(data: bytes, start: int, offset: int, length: int) -> bytes | None:
    return data[offset - start : offset - start + length]
