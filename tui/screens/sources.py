"""Which files are read, why these, and how each is doing."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.clock import Clock
from tui.watching.watch import SessionMonitor
from widgets.line_view import LineView
from widgets.pane import Pane
from widgets.sources_panel import SourcesPanel


class SourcesScreen(ModalScreen[None]):
    """The sources panel over the main screen; it is renewed every second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o,enter", "close", "back", show=False)
    ]

    def __init__(self, watch: SessionMonitor, clock: Clock) -> None:
        super().__init__()
        self._watch_source = watch
        self._panel = SourcesPanel(now=clock.wall)

    def compose(self) -> ComposeResult:
        pane = Pane(0, "Sources", self._panel, id="sources")
        pane.set_foot("esc back")
        yield pane

    def on_mount(self) -> None:
        self._renew()
        self._panel.focus()
        self.set_interval(1.0, self._renew)

    def _renew(self) -> None:
        self._panel.show(self._watch_source.feeds())
        mode = self._watch_source.wake_mode
        words = "changes are noticed at once" if mode == "notified" else "files are polled"
        self.query_one(Pane).set_status(words)

    @on(LineView.Opened)
    def action_close(self) -> None:
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()
