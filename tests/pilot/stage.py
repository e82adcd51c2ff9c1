"""The whole app over real files and a real watch, driven by keys."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tests.session_files import START, lines
from tui.app import OvernightApp
from tui.model.session import NamedSources
from tui.monitor.monitor import SessionMonitor
from tui.screens.main.main_screen import MainScreen
from tui.settings.load import load
from tui.settings.settings import Settings
from tui.system.clock import Clock, SystemClock

DEADLINE_S = 30.0


class Noon(SystemClock):
    """The wall clock stands still, so that pictures do; everything else goes on."""

    def __init__(self, at: float) -> None:
        self._at = at

    def wall(self) -> float:
        return self._at


class Stage:
    """A running app, and what a person sees of it."""

    def __init__(self, app: OvernightApp, pilot: Pilot[None], watch: SessionMonitor) -> None:
        self.app = app
        self.pilot = pilot
        self.watch = watch

    @property
    def main(self) -> MainScreen:
        return self.app.main

    @property
    def rows(self) -> list[str]:
        """The screen's words, one string a row."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def sees(self, *words: str) -> bool:
        text = self.text
        return all(word in text for word in words)

    def sees_any(self, *words: str) -> bool:
        text = self.text
        return any(word in text for word in words)

    async def until(self, condition: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
        """Lets the app run until the condition holds."""
        end = time.monotonic() + seconds
        pause = 0.01
        while not condition():
            assert time.monotonic() < end, f"waited in vain; the screen is\n{self.text}"
            await self.pilot.pause(pause)
            pause = min(0.05, pause * 1.2)  # each look draws the screen: the app needs the time too

    async def see(self, *words: str) -> None:
        await self.until(lambda: self.sees(*words))

    async def lose(self, *words: str) -> None:
        await self.until(lambda: not self.sees_any(*words))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.pilot.press(*text)


@asynccontextmanager
async def stage(
    project: Path,
    size: tuple[int, int] = (120, 40),
    *,
    clock: Clock | None = None,
    settings: Settings | None = None,
    **named: str,
) -> AsyncIterator[Stage]:
    """The app on a project; the clock stands at two minutes after the session's start."""
    clock = clock or Noon(START + 130.0)
    watch = SessionMonitor(
        project, settings or load(project).settings, NamedSources(**named), clock
    )
    watch.start()
    app = OvernightApp(watch, clock, slow_link=False, ascii_only=False)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Stage(app, pilot, watch)
    finally:
        watch.close()


def append(project: Path, *records: dict[str, object]) -> None:
    """The session goes on."""
    with (project / "logs/session.jsonl").open("ab") as file:
        file.write(lines(records))
