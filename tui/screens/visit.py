"""When a person was here last: what is newer is marked, and this visit is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import App

from tui.screens.operations.background import BackgroundTasks
from tui.store.ledgers.visits import last_visit, record_visit
from tui.system.clock import Clock

_EVERY_S = 60.0


@dataclass(frozen=True)
class Visit:
    """One visit of a person to a project's screen."""

    project: Path
    clock: Clock

    def begin(self, app: App[Any], mark_newer_than: Callable[[float], None]) -> None:
        """Has what came since the last visit marked, and records this one every minute."""
        background = BackgroundTasks(app)

        def read_and_record() -> float | None:
            last_at = last_visit(self.project, self.clock.wall())
            self.record()
            return last_at

        def mark(last_at: float | None) -> None:
            if last_at is not None:
                mark_newer_than(last_at)

        background.run("visit", read_and_record, mark)
        app.set_interval(_EVERY_S, lambda: background.run("visit", self.record, lambda _: None))

    def record(self) -> None:
        """Writes down that a person is here now; reads and writes files."""
        record_visit(self.project, self.clock.wall())
