"""The baseline tests: the project's own command that must pass before the agent begins."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress

from tui.runner.run_context import RunContext, file_size
from tui.system.files import open_private
from tui.system.format import format_duration, shorten_line
from tui.system.processes import ProcessIdentity, is_alive, read_process
from tui.system.sanitize import clean_line

_SHOWN_CHARS = 200
_TAIL_BYTES = 4_096
_TAIL_LINES = 20
_LINE_CHARS = 300
_MOST_OUTPUT = 16 << 20


class BaselineTests:
    """Runs the tests beside the supervisor's rounds, and keeps what they print in the run's folder.

    Those that an earlier supervisor started are ended first, and run anew.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._command = context.settings.session.baseline_tests
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._trouble: str | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def _shown(self) -> str:
        return shorten_line(clean_line(" ".join(self._command)), _SHOWN_CHARS)

    def trouble(self) -> str | None:
        """Why the tests do not pass, empty if they do, None while they run.

        The first call starts them; `session.baseline_timeout_minutes` bounds them.
        """
        if not self._command:
            return ""
        if self._trouble is None:
            self._trouble = self._begin() if self._process is None else self._poll()
            if self._trouble is not None:
                self._record(self._trouble)
        return self._trouble

    def stop(self) -> None:
        """Ends the tests and forgets their result."""
        state = self._context.state
        orphan = ProcessIdentity(state.baseline_pid, state.baseline_start)
        if self._process is not None or (orphan.pid and is_alive(orphan)):
            with suppress(OSError):
                os.killpg(self._process.pid if self._process else orphan.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        if orphan.pid:
            state.baseline_pid = state.baseline_start = 0
            self._context.save()
        self._process = self._trouble = None

    def _begin(self) -> str | None:
        context, state = self._context, self._context.state
        self.stop()
        self._started_at = time.monotonic()
        context.log_line(f"Baseline tests: {self._shown}")
        try:
            self._process = self._start()
        except OSError as error:
            return f"{self._command[0]}: {error.strerror}"
        started = read_process(self._process.pid)
        state.baseline_pid = self._process.pid
        state.baseline_start = started.start if started is not None else 0
        context.save()
        text = f"the baseline tests run: {self._shown}"
        context.journal_entry("baseline", {"state": "running", "text": text})
        return None

    def _start(self) -> subprocess.Popen[bytes]:
        """Starts them in a session of their own; they hear nothing. Raises OSError."""
        output = open_private(self._context.folder.baseline_log, os.O_WRONLY | os.O_TRUNC)
        try:
            return subprocess.Popen(
                self._command,
                cwd=self._context.project,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            os.close(output)

    def _poll(self) -> str | None:
        longest = self._context.settings.session.baseline_timeout_minutes * 60
        code = self._process.poll() if self._process is not None else 0
        if code is None and time.monotonic() < self._started_at + longest:
            self._bound_output()
            return None
        tail = self._tail() if code != 0 else []
        self.stop()
        if code == 0:
            return ""
        last = f": {tail[-1]}" if tail else ""
        if code is None:
            return f"{self._shown} did not end within {format_duration(longest)}{last}"
        return f"{self._shown} ended with {code}{last}"

    def _bound_output(self) -> None:
        path = self._context.folder.baseline_log
        if file_size(path) > _MOST_OUTPUT:
            with suppress(OSError):
                os.truncate(path, 0)

    def _record(self, trouble: str) -> None:
        context, seconds = self._context, round(time.monotonic() - self._started_at, 1)
        text = f"the baseline tests fail: {trouble}" if trouble else "the baseline tests pass"
        data: dict[str, object] = {"state": "failed" if trouble else "passed", "text": text}
        if trouble:
            data["detail"] = "\n".join(self._tail())
        context.journal_entry("baseline", {**data, "seconds": seconds})
        context.log_line(text, "ERROR" if trouble else "INFO")

    def _tail(self) -> list[str]:
        """The last lines that the tests printed, cleaned."""
        with suppress(OSError), open(self._context.folder.baseline_log, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
            rows = (clean_line(row.rstrip(), _LINE_CHARS) for row in text.splitlines())
            return [row for row in rows if row.strip()][-_TAIL_LINES:]
        return []
