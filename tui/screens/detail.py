"""One event in full: the call, its diff or output, its raw record."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.records import EventDetail
from widgets.detail_view import DetailView
from widgets.find_bar import FindBar
from widgets.line_view import LineView
from widgets.pane import Pane


class DetailScreen(ModalScreen[None]):
    """Shows a `Detail`; escape, enter or `q` goes back, `/` searches in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "back", show=False, priority=False),
        Binding("slash", "search", "search", show=False),
        Binding("n", "match(1)", "next", show=False),
        Binding("N", "match(-1)", "previous", show=False),
    ]

    def __init__(self, detail: EventDetail) -> None:
        super().__init__()
        self._detail = detail
        self._view = DetailView()

    def compose(self) -> ComposeResult:
        pane = Pane(0, self._detail.title, self._view, id="detail")
        pane.set_foot("esc back · j k scroll · / search · n N next match")
        yield pane
        yield FindBar()

    def on_mount(self) -> None:
        self._view.show(self._detail)
        self._view.focus()

    @on(LineView.Opened)
    def action_close(self) -> None:
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()

    async def action_search(self) -> None:
        await self.query_one(FindBar).open()

    @on(FindBar.Changed)
    def _typed(self, event: FindBar.Changed) -> None:
        found = self._view.search(event.text)
        self.query_one(FindBar).set_matches(0, found)

    @on(FindBar.Submitted)
    def _submitted(self) -> None:
        self._view.focus()
        self.action_match(1)

    @on(FindBar.Closed)
    def _find_closed(self) -> None:
        self._view.search("")
        self._view.focus()

    def action_match(self, step: int) -> None:
        self.query_one(FindBar).set_matches(*self._view.go_match(step))
