""""""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.monitor.scene import Heard
from tui.model.session import NamedSources
from tui.monitor import monitor
from tui.monitor.monitor import SessionMonitor
from tui.settings.settings import Settings
from tui.system.clock import SystemClock


@pytest.fixture(autouse=True)
def _nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(monitor, "_REDISCOVER_EVERY", 0.05)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def watching(heard: Heard) -> Iterator[Callable[..., SessionMonitor]]:
    open_ones: list[SessionMonitor] = []

    def start(project: Path, **named: str) -> SessionMonitor:
        watch = SessionMonitor(project, Settings(), NamedSources(**named), SystemClock(), heard)
        open_ones.append(watch)
        watch.start()
        return watch

    yield start
    for watch in open_ones:
        watch.close()
