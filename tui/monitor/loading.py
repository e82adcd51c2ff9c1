"""How a reader comes to be: fresh, from the tail, restored, folded by a child process; a window of rows.

The child reads one JSON order from its standard input, prints `bytes total` lines while it works and
`done` at the end; the folded reader is saved in the file that the order names.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.follow.generation import line_start
from tui.feeds.sessions.select import EventFile
from tui.monitor import reader_state
from tui.monitor.followed_file import total_size
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import LARGE, SAVE_ABOVE, FoldRules, SessionReader, fold_rules
from tui.settings.settings import Settings
from tui.system import paths
from tui.system.children import python_child
from tui.system.files import regular_file

TAIL_BYTES = 1 << 20
_AROUND = 256 << 10
_MOST_BEFORE = 32 << 20
_REPORT_EVERY = 0.1
_NICENESS = 5  # below the screen and the agent


class BackfillOrder(Struct, frozen=True):
    """What the child is to fold, how, and where the result goes."""

    files: tuple[EventFile, ...]
    result: str
    rules: FoldRules


class BackfillProcess:
    """A running child; `finished` says that the result is there, `failed` why it is not."""

    def __init__(self, order: BackfillOrder, on_progress: Callable[[], None]) -> None:
        self.done_bytes = 0
        self.total_bytes = total_size(order.files)
        self.finished = False
        self.failed = ""
        self._on_progress = on_progress
        self._process = subprocess.Popen(
            python_child.module_command("tui.monitor.loading"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order))
        self._process.stdin.close()

    def watch(self) -> bool:
        """Follows the child to its end, in the calling thread; True when the result is there."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            fields = line.split()
            if fields[:1] == [b"done"]:
                self.finished = True
            elif len(fields) == 2:
                self.done_bytes, self.total_bytes = map(int, fields)
            self._on_progress()
        self._process.stdout.close()
        code = self._process.wait()
        if not self.finished:
            self.failed = f"folding in the background ended with code {code}"
        return self.finished

    def stop(self) -> None:
        """Ends the child at once; what it folded is lost and nothing else is."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def fold_files(order: BackfillOrder, report: Callable[[int, int], None]) -> None:
    """Folds the order's files to their end and saves the reader."""
    reader = SessionReader(order.files, order.rules.fold(), EventIndex())
    total = total_size(order.files)
    reported = 0.0
    while reader.poll():
        now = time.monotonic()
        if now - reported >= _REPORT_EVERY:
            reported = now
            report(reader.read_bytes(), total)
    reader_state.write(Path(order.result), reader)
    reader.close()


def new_reader(files: Sequence[EventFile], rules: FoldRules, level: int) -> SessionReader:
    """A reader with rows that will read everything from the start."""
    return SessionReader(files, rules.fold(), EventIndex(level))


def tail_reader(files: Sequence[EventFile], rules: FoldRules, level: int) -> SessionReader:
    """A reader over the newest part of each file only, which has read it."""
    reader = SessionReader(files, rules.fold(), EventIndex(level), tail_bytes=TAIL_BYTES)
    reader.read_all()
    return reader


def restored_reader(
    files: Sequence[EventFile], rules: FoldRules, level: int
) -> SessionReader | None:
    """The reader that an earlier start saved, if its files still go on from there."""
    return reader_state.read(reader_state.saved_path(paths.cache_dir(), files), files, rules, level)


def save_reader(reader: SessionReader) -> None:
    """Saves the reader for the next start."""
    reader_state.write(reader_state.saved_path(paths.cache_dir(), reader.files), reader)


class BackgroundFold:
    """A full reader in the making: from a saved one, else folded by a child process.

    `pop_reader` gives it once it is ready; `failed` is a sentence when there will be none.
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
        self._on_progress = on_progress
        self._child: BackfillProcess | None = None
        self._ready: SessionReader | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="folding", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes folded, and bytes to fold."""
        return (self._child.done_bytes, self._child.total_bytes) if self._child else (0, 0)

    def pop_reader(self) -> SessionReader | None:
        """The finished reader, once."""
        ready, self._ready = self._ready, None
        return ready

    def wait(self) -> SessionReader | None:
        """Blocks until it is done; the finished reader, None when it failed."""
        try:
            self._thread.join()
        finally:
            self.stop()
        return self.pop_reader()

    def stop(self) -> None:
        self._stopped.set()
        if self._child is not None:
            self._child.stop()
        self._thread.join(5)

    def _run(self) -> None:
        reader = restored_reader(self._files, self._rules, self._level)
        if reader is None and not self._stopped.is_set():
            try:
                reader = self._fold_in_child()
            except (OSError, ValueError) as error:
                self.failed = f"no process could be started to fold in: {error}"
        self._ready = reader
        self.is_done = True
        self._on_progress()

    def _fold_in_child(self) -> SessionReader | None:
        path = reader_state.saved_path(paths.cache_dir(), self._files)
        order = BackfillOrder(self._files, str(path), self._rules)
        child = self._child = BackfillProcess(order, self._on_progress)
        if self._stopped.is_set():
            child.stop()
        reader = None
        if child.watch():
            reader = restored_reader(self._files, self._rules, self._level)
        if reader is None and not self._stopped.is_set():
            self.failed = child.failed or "the files changed while they were read"
        return reader


def read_whole(files: Sequence[EventFile], settings: Settings) -> SessionReader:
    """A reader that has read everything in these files; the caller closes it.

    What is larger than 8 MiB is saved, so that it is folded only once; what is larger than 24 MiB
    is folded by a process of its own.
    """
    rules = fold_rules(settings)
    size = total_size(files)
    reader: SessionReader | None
    if size <= SAVE_ABOVE:
        reader = SessionReader(files, rules.fold())
    elif size > LARGE:
        reader = BackgroundFold(files, rules, 1, lambda: None).wait()
    else:
        reader = restored_reader(files, rules, 1)
    if reader is None:
        reader = new_reader(files, rules, 1)
        reader.read_all()
        save_reader(reader)
    reader.read_all()
    reader.read_last_lines()
    return reader


def rows_around(path: str, offset: int, level: int, base: str = "") -> EventIndex | None:
    """The rows round a byte of an event file; None when the file cannot be read.

    With a folder `base` it must not lead out of that.
    """
    try:
        with regular_file(path, follow=True, inside=base) as (descriptor, _):
            start, data = _lines_around(descriptor, offset)
    except OSError:
        return None
    index = EventIndex(level)
    number = index.open_source(
        path, lambda offset, length: data[offset - start : offset - start + length]
    )
    for event in ClaudeDecoder(path).decode(data, start).events:
        index.add(number, event, math.nan if event.at is None else event.at)
    return index


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


def main() -> int:
    """The child's whole life."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=BackfillOrder)
    parent = os.getppid()
    os.nice(_NICENESS)

    def report(*words: object) -> None:
        if os.getppid() != parent:  # the viewer was killed and could not stop this process
            raise SystemExit(1)
        sys.stdout.write(" ".join(map(str, words)) + "\n")
        sys.stdout.flush()

    fold_files(order, report)
    report("done")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
