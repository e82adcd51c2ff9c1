"""A watch over a project, heard from another thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.session_files import SESSION, in_transcript, lines
from tui.monitor.monitor import SessionMonitor

OTHER = "99999999-1111-4222-8333-444455556666"


class Heard:
    """What the watch told, from its own thread."""

    def __init__(self) -> None:
        self.names: list[frozenset[str]] = []
        self._news = threading.Condition()

    def __call__(self, names: frozenset[str]) -> None:
        with self._news:
            self.names.append(names)
            self._news.notify_all()

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        with self._news:
            while not condition():
                left = end - time.monotonic()
                assert left > 0, "waited in vain"
                self._news.wait(min(left, 0.05))


def texts(watch: SessionMonitor) -> list[str]:
    log = watch.events
    return [log.row(row).text for row in range(len(log))]


def append(path: Path, *records: dict[str, Any]) -> None:
    with path.open("ab") as file:
        file.write(lines(records))


def transcript(folder: Path, project: Path, session: str = SESSION) -> Path:
    path = folder / "claude" / "projects" / str(project).replace("/", "-") / f"{session}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def told(project: Path, session: str, *records: dict[str, Any]) -> bytes:
    return lines(
        {**in_transcript(record, float(n), str(project)), "sessionId": session}
        for n, record in enumerate(records)
    )


Watching = Callable[..., SessionMonitor]
