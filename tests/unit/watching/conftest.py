from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.watching.scene import Heard
from tui.clock import SystemClock
from tui.feeds.discovery import NamedSources
from tui.settings import Settings
from tui.watching import watch as module
from tui.watching.watch import SessionMonitor


@pytest.fixture(autouse=True)
def _nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(module, "_REDISCOVER_EVERY", 0.05)


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
