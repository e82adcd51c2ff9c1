"""The application: puts watch, screen, looks and guard together; nothing else happens here."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable

from textual import events
from textual.app import App, SystemCommand
from textual.screen import Screen

from tui.actions import screen_actions
from tui.clock import Clock
from tui.screens.main import EVERYTHING, MainScreen
from tui.watching.watch import Watch
from widgets import glyphs, guard, themes
from widgets.find_bar import FindBar
from widgets.paint import PaintGovernor


class OvernightApp(App[None]):
    """Shows one watched session until the person closes the viewer."""

    CSS_PATH = "app.tcss"
    TITLE = "overnight"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        watch: Watch,
        clock: Clock,
        *,
        slow_link: bool,
        ascii_only: bool,
        adopt: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        screen = watch.settings.screen
        encoding = "ascii" if ascii_only else os.environ.get("PYTHONIOENCODING", "utf-8")
        signs = glyphs.suited(os.environ, encoding)
        glyphs.use(signs)
        guard.install(self, ascii_only=signs is glyphs.ASCII)
        themes.register(self)
        self.theme = themes.chosen(os.environ, screen.theme if screen.theme != "auto" else "")
        self.session = watch
        self.fault: Exception | None = None
        interval = screen.slow_paint_ms if slow_link else screen.paint_ms
        self._governor = PaintGovernor(1000 / interval)
        self._clock = clock
        self._main = MainScreen(watch, clock, self._governor, adopt)

    def get_default_screen(self) -> Screen[None]:
        return self._main

    def on_mount(self) -> None:
        self.session.tell(self._main.leave_word)
        self._main.leave_word(EVERYTHING)  # what was told before is not told again

    def on_key(self, event: events.Key) -> None:
        """What is typed right after `/` belongs to the bar that is just coming up, and is no command."""
        if event.character is None or not event.is_printable:
            return
        for bar in self.screen.query(FindBar):
            if bar.typing:
                event.prevent_default()
                bar.type(event.character)

    def _handle_exception(self, error: Exception) -> None:
        """A fault of ours ends the viewer with a sentence; the trace goes to the crash log.

        Textual has no public way to replace its own full-screen traceback; a test pins this one.
        """
        self.fault = error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette offers what the table of actions offers."""
        for action in screen_actions():
            if action.name != "command_palette":
                yield SystemCommand(action.label, action.help, self._runner(action.name))

    def _runner(self, name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.run_action(name, self._main)

        return run
