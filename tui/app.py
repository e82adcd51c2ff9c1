"""The application: puts monitor, screens, themes and output guard together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal

from textual.app import SystemCommand
from textual.screen import Screen

from tui.actions import Place, screen_actions
from tui.monitor.monitor import SessionMonitor
from tui.screens.main.main_screen import EVERYTHING, MainScreen
from tui.screens.main.open_pages import open_review
from tui.screens.visit import Visit
from tui.system.clock import Clock
from widgets import glyphs, output_guard, themes
from widgets.paint_governor import PaintGovernor
from widgets.terminal_input import KeySerializer
from widgets.textual_private import TerminalApp

Opening = Literal["panes", "review", "as it is"]
"""What is on the screen first: "as it is" means the review when the session is over."""


class OvernightApp(KeySerializer, TerminalApp):
    """Shows one watched session until the person closes the viewer.

    `review_of` names the run whose review is opened first; `visit` records that a person was here;
    `notice` is a line for the panes, in full and in short.
    A `fault` of ours ends it; whoever ran it says so in a sentence.
    """

    CSS_PATH = "app.tcss"
    TITLE = "overnight"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        monitor: SessionMonitor,
        clock: Clock,
        *,
        slow_link: bool,
        ascii_only: bool,
        adopt: Callable[[], object] | None = None,
        opening: Opening = "panes",
        review_of: str | None = None,
        notice: tuple[str, str] = ("", ""),
        visit: Visit | None = None,
    ) -> None:
        # Without this Textual turns the terminal's own colours into black on black for NO_COLOR.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        settings = monitor.settings.screen
        encoding = "ascii" if ascii_only else os.environ.get("PYTHONIOENCODING", "utf-8")
        signs = glyphs.glyphs_for(os.environ, encoding)
        glyphs.set_glyphs(signs)
        output_guard.install_guard(self, ascii_only=signs is glyphs.ASCII)
        themes.register_themes(self)
        self.theme = themes.choose_theme(
            os.environ, settings.theme if settings.theme != "auto" else ""
        )
        interval_ms = settings.slow_paint_ms if slow_link else settings.paint_ms
        governor = PaintGovernor(1000 / interval_ms)
        self.session = monitor
        self.main = MainScreen(
            monitor, clock, governor, adopt, review_when_over=opening == "as it is", notice=notice
        )
        self._opens_review = opening == "review"
        self._review_of = review_of
        self._visit = visit

    def get_default_screen(self) -> Screen[None]:
        return self.main

    def on_mount(self) -> None:
        self.session.set_callback(self.main.on_monitor_change)
        # What the monitor read before there was a callback is not reported again.
        self.main.on_monitor_change(EVERYTHING)
        if self._opens_review:
            open_review(self.main, self._review_of)
        if self._visit is not None:
            self._visit.begin(self, self.main.panes.events.mark_newer_than)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette offers what the table of actions offers for the screen it is opened on."""
        place: Place = getattr(screen, "place", "main")
        target = self.main if place == "main" else screen
        for action in screen_actions(place):
            if action.name != "command_palette" and "{key}" not in action.name:
                run = partial(self.run_action, action.name, target)
                yield SystemCommand(action.label, action.help, run)
