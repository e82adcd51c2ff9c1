"""A planted night played by the scripted agent, and its review from stream or transcript."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.agent_harness import Workplace
from tests.unit.repositories import demonstration

Plants = dict[str, dict[str, Any]]


class Later:
    """A clock that stands some hours after the night."""

    def __init__(self, at: float) -> None:
        self._at = at

    def wall(self) -> float:
        return self._at

    def monotonic(self) -> float:
        return self._at

    def boottime(self) -> float:
        return self._at


class PlantedNight:
    """The night with everything in it: crashed, resumed, and over."""

    def __init__(self, folder: Path) -> None:
        self.place = Workplace(folder)
        demonstration(self.place.repository)
        listing = folder / "plants.json"
        epoch = time.time() + 600.0  # the first commits are of the time before it
        environment = {
            "OVERNIGHT_DEMO_PLANTS": str(listing),
            "OVERNIGHT_AGENT_STORY": "planted",
            "OVERNIGHT_DEMO_EPOCH": str(epoch),
            "OVERNIGHT_DEMO_ANCHOR": str(epoch - 600.0),
        }
        first = self.place.play("go", **environment)
        second = self.place.play("go on", "--resume", first.session, **environment)
        self.lines = [*first.lines, *second.lines]
        self.plants: Plants = {
            entry["kind"]: entry for entry in json.loads(listing.read_text())["planted"]
        }
        self.clock = Later(epoch + 8 * 3600.0)

    @property
    def project(self) -> Path:
        return self.place.repository

    def stream(self, path: Path) -> Path:
        """Both processes' output in one file, as `tee -a` leaves it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in self.lines), "utf-8")
        return path
