"""logs/watchdog.log, in the form that the original watchdog gave it: local time, level, words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tui.system.files import append_line

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_RANK = {"DEBUG": 0, "INFO": 1, "WARNING": 2, "ERROR": 3}


class WatchdogLog:
    """Appends entries; a log that cannot be written is done without."""

    def __init__(self, path: Path, least: str, wall: Callable[[], float]) -> None:
        self.path = path
        self._least = _RANK.get(least, 1)
        self._wall = wall

    def write(self, text: str, level: Level = "INFO") -> None:
        """One entry of one line."""
        if _RANK[level] < self._least:
            return
        now = self._wall()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        words = " ".join(text.split())
        entry = f"{stamp},{int(now * 1000) % 1000:03d} - {level} - {words}\n"
        append(self.path, entry.encode("utf-8", "replace"))


def append(path: Path, data: bytes) -> bool:
    """Appends to a file of the project, whose folder is made if need be; False if that failed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        append_line(path, data, mode=0o644, follow=True)
    except OSError:
        return False
    return True
