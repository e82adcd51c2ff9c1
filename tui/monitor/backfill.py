"""Folds a large file in a child process.

The child reads one JSON order from its standard input, prints `bytes total` lines while it works and
`done` at the end; the folded reader is saved in the file that the order names.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.feeds.sessions.select import EventFile
from tui.monitor import reader_state
from tui.monitor.followed_file import total_size
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import FoldRules, SessionReader

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
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tui.monitor.backfill"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
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


def main() -> int:
    """The child's whole life."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=BackfillOrder)
    parent = os.getppid()
    os.nice(_NICENESS)

    def report(done: int, total: int) -> None:
        if os.getppid() != parent:  # the viewer was killed and could not stop this process
            raise SystemExit(1)
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()

    fold_files(order, report)
    sys.stdout.write("done\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
