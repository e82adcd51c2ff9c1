"""Has a run watched by its restarter, the tiny process that starts a supervisor that died again."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from tui.model.state import NotifyKind
from tui.runner.run_context import RunContext
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.system.children import python_child
from tui.system.files import atomic_write, open_private
from tui.system.locks import is_locked

_CHECK_SECONDS = 5.0
_RESTARTER = Path(__file__).with_name("restarter.py")
RESTARTED = "restarter"
"""The word behind a supervisor's run that says who started it, where the restarter did."""


def supervisor_command(run: RunDirectory) -> list[str]:
    """The words that run a supervisor of that run."""
    return python_child.module_command("tui.runner.supervisor", str(run.path))


def watch_supervisor(
    run: RunDirectory, settings: Settings, environ: Mapping[str, str], starting: int = 0
) -> subprocess.Popen[bytes] | None:
    """Starts the restarter of a run unless it has one; None where it has one or shall have none.

    It starts supervisors with this environment. `starting` is the pid of one that is on its way.
    Raises OSError.
    """
    limit = settings.watchdog.restarts_per_hour
    if is_locked(run.restarter_lock):
        return None
    notify = python_child.module_command("tui.runner.watchers.unwatched", str(run.path))
    order = {"argv": [*supervisor_command(run), RESTARTED], "limit": limit, "notify": notify}
    # Its time says that a supervisor is on its way, also where there shall be no restarter.
    atomic_write(run.restart_order, msgspec.json.encode(order))
    if not limit:
        return None
    words = python_child.script_command(_RESTARTER, str(run.path), str(starting))
    return start_for(run, words, environ)


def start_for(
    run: RunDirectory, words: list[str], environ: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Starts what outlives this process and speaks to the supervisor's log. Raises OSError."""
    log = open_private(run.supervisor_log, os.O_WRONLY | os.O_APPEND)
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=python_child.FOLDER,
            env=environ,
            start_new_session=True,
        )
    finally:
        os.close(log)


class WatchedRestarter:
    """The restarter of a run as its supervisor sees it: each of the two starts the other again."""

    def __init__(self, run: RunDirectory, settings: Settings) -> None:
        self._run, self._settings = run, settings
        self._process: subprocess.Popen[bytes] | None = None
        self._check_at = 0.0

    def ensure(self) -> None:
        """Starts one where none lives; looks every few seconds at most."""
        now = time.monotonic()
        if now < self._check_at:
            return
        self._check_at = now + _CHECK_SECONDS
        if self._process is not None and self._process.poll() is None:
            return
        with suppress(OSError):
            self._process = watch_supervisor(self._run, self._settings, os.environ)

    def forget(self) -> None:
        """Leaves it alone; it outlives this process."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # else Popen would warn of a leak


# --- what a supervisor records of its own beginning and end ---


def record_supervisor_start(context: RunContext, gap: float | None, restarted_by: str) -> None:
    """Journals and logs that a supervisor works, and tells people once that one had died.

    `gap` are the seconds without one, None at a start; `restarted_by` is who started it without being asked.
    """
    data: dict[str, object] = {"pid": os.getpid(), "adopted": gap is not None}
    data["gap_s"] = round(gap or 0.0, 1)
    if restarted_by:
        context.state.supervisor_restarts += 1
        data |= {"restarted_by": restarted_by, "restarts": context.state.supervisor_restarts}
    context.journal_entry("supervisor_started", data)
    if gap is None:
        context.log_line("Watchdog started")
    else:
        by_itself = " by itself" if restarted_by else ""
        context.log_line(f"Watchdog started again{by_itself} after {gap:.0f}s")
    if restarted_by and context.state.supervisor_restarts == 1:
        text = f"the watchdog died and was started again by itself after {gap or 0.0:.0f}s"
        context.notify(NotifyKind.RESTART, text)


def mark_left(run: RunDirectory) -> None:
    """Says that the supervisor leaves because it was asked to, so that the restarter lets it."""
    with suppress(OSError):
        os.close(open_private(run.left, os.O_WRONLY))
        os.utime(run.left)


def clear_left(run: RunDirectory) -> None:
    """Takes that back: a supervisor is at work again."""
    with suppress(OSError):
        run.left.unlink()
