"""Runs a command in a throwaway folder: with a time bound, ended with all it started, its last output kept."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tui.night.evidence.test_output import plain
from tui.runner.copies.throwaway import Throwaway
from tui.system.process_tree import ProcessTree, kill_tree
from tui.system.processes import ProcessIdentity, read_process

_TAIL_BYTES = 64 << 10
_PIECE = 64 << 10
_POLL_SECONDS = 0.05
_LAST_SECONDS = 0.5
_GRACE_SECONDS = 1.0


@dataclass(frozen=True)
class StepOutcome:
    """How a command ended: `code` is None where it was ended after its time, or could not be started.

    `stopped`: a person ended it. `output` is the end of what it printed, without colours.
    """

    code: int | None
    seconds: float
    output: str
    timed_out: bool = False
    missing: str = ""
    stopped: bool = False


def run_command(
    command: Sequence[str],
    folder: Path,
    holder: Throwaway,
    environ: Mapping[str, str],
    seconds: float,
    on_output: Callable[[bytes], None] | None = None,
) -> StepOutcome:
    """Runs it in `folder`; after so many seconds it is ended, and in any case what it leaves behind.

    It hears nothing. `on_output` gets what it prints as it comes; where it is given, a person's interrupt
    ends the command and is told in the outcome.
    """
    name, _, value = holder.marker.partition("=")
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**environ, name: value},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return StepOutcome(None, 0.0, "", missing=f"{command[0]}: {why}")
    row = read_process(process.pid)
    leader = ProcessIdentity(process.pid, row.start if row is not None else 0)
    output = _Output(process, on_output)
    code, stopped = None, False
    try:
        code = output.follow(began + seconds)
    except KeyboardInterrupt:
        if on_output is None:
            raise
        stopped = True
    finally:
        took = time.monotonic() - began
        kill_tree(ProcessTree(leader, None, holder.marker.encode()), _GRACE_SECONDS)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        output.close()
    text = plain(bytes(output.tail).decode("utf-8", "replace"))
    return StepOutcome(code, took, text, code is None and not stopped, stopped=stopped)


class _Output:
    """What a process prints, as it comes; only its end is kept."""

    def __init__(
        self, process: subprocess.Popen[bytes], on_output: Callable[[bytes], None] | None
    ) -> None:
        assert process.stdout is not None
        self._process, self._pipe, self._on_output = process, process.stdout, on_output
        os.set_blocking(self._pipe.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)
        self._is_open = True
        self.tail = bytearray()

    def follow(self, until: float) -> int | None:
        """Reads until the process has ended; its exit code, None where the time is over before."""
        while (code := self._process.poll()) is None:
            left = until - time.monotonic()
            if left <= 0:
                return None
            self._wait(min(left, _POLL_SECONDS))
        # What it left behind may hold the pipe open and print on: that is not waited for.
        last = time.monotonic() + _LAST_SECONDS
        while self._is_open and self._read() and time.monotonic() < last:
            pass
        return code

    def close(self) -> None:
        self._selector.close()
        self._pipe.close()

    def _wait(self, seconds: float) -> None:
        if not self._is_open:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        elif self._selector.select(seconds):
            self._read()

    def _read(self) -> bool:
        """Takes what is there; False where there is nothing now."""
        try:
            data = os.read(self._pipe.fileno(), _PIECE)
        except BlockingIOError:
            return False
        if not data:
            self._is_open = False
            return False
        self.tail += data
        del self.tail[:-_TAIL_BYTES]
        if self._on_output is not None:
            self._on_output(data)
        return True
