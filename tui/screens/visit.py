"""When a person was here last: what is newer is marked, and this visit is written down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App

from tui.system.clock import Clock

EVERY = 60.0


class Visit:
    """One visit of a person to a project's screen. Files are read and written off its thread."""

    def __init__(self, project: Path, clock: Clock, run_dir: str) -> None:
        self._project = project
        self._clock = clock
        self._run_dir = run_dir

    def begin(self, app: App[Any], since: Callable[[float], None]) -> None:
        """Tells when the last visit ended, if there was one, and notes this one every minute."""

        def work() -> None:
            from tui.store.visits import last_visit

            before = last_visit(self._project, self._clock.wall(), self._run_dir)
            self.note()
            if before is not None:
                app.call_from_thread(since, before)

        app.run_worker(work, thread=True, group="visit")
        app.set_interval(EVERY, lambda: app.run_worker(self.note, thread=True, group="visit"))

    def note(self) -> None:
        """Writes down that a person is here now."""
        from tui.store.visits import record_visit

        record_visit(self._project, self._clock.wall(), self._run_dir)
