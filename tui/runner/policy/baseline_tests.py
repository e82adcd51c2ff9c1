"""The tests that must pass before the work on a plan begins."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from tui.runner.run_context import RunContext
from tui.system.processes import ProcessIdentity, is_alive, read_process

_MAX_SECONDS = 900.0
_SHOWN_CHARS = 200


class BaselineTests:
    """The baseline tests of a run; those that an earlier supervisor started are ended first."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._process: subprocess.Popen[bytes] | None = None
        self._until = 0.0
        self._trouble: str | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def trouble(self) -> str | None:
        """Why the tests do not pass, empty if they do, None while they run.

        The first call starts them; they may take 15 minutes.
        """
        command = self._context.settings.session.baseline_tests
        if self._trouble is None and command:
            shown = " ".join(command)[:_SHOWN_CHARS]
            self._trouble = self._start(shown) if self._process is None else self._poll(shown)
        return self._trouble if command else ""

    def stop(self) -> None:
        """Ends the tests and forgets their result."""
        state = self._context.state
        orphan = ProcessIdentity(state.baseline_pid, state.baseline_start)
        if self._process is not None:
            _kill(self._process.pid)
            self._process.wait()
        elif orphan.pid and is_alive(orphan):
            _kill(orphan.pid)
        if orphan.pid:
            state.baseline_pid = state.baseline_start = 0
            self._context.save()
        self._process = self._trouble = None

    def _start(self, shown: str) -> str | None:
        context, command = self._context, self._context.settings.session.baseline_tests
        self.stop()
        context.log_line(f"Baseline tests: {shown}")
        try:
            self._process = subprocess.Popen(
                list(command),
                cwd=context.project,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return f"{command[0]}: {error.strerror}"
        self._until = time.monotonic() + _MAX_SECONDS
        started = read_process(self._process.pid)
        context.state.baseline_pid = self._process.pid
        context.state.baseline_start = started.start if started is not None else 0
        context.save()
        return None

    def _poll(self, shown: str) -> str | None:
        code = self._process.poll() if self._process is not None else 0
        if code is None and time.monotonic() < self._until:
            return None
        self.stop()
        if code is None:
            return f"{shown} did not end within {_MAX_SECONDS / 60:.0f} minutes"
        return f"{shown} ended with {code}" if code else ""


def _kill(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except OSError:
        return
