"""Detail, help, and what pages for reading share."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.actions import Place, grouped, keys_of
from tui.model.rows import EventDetail
from widgets.dialogs.dialog import NoticeDialog, Sentence
from widgets.lists.find_bar import FindBar
from widgets.lists.pane import Pane
from widgets.text.detail_view import DetailView


class InfoScreen(ModalScreen[None]):
    """One pane over another page, for reading; escape, enter and `q` go back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", "back", show=False)]

    def action_close(self) -> None:
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()


class DetailScreen(InfoScreen):
    """Shows everything that is known of one event; `/` searches in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "close", "back", show=False),
        Binding("slash", "search", "search", show=False),
        Binding("n", "match(1)", "next", show=False),
        Binding("N", "match(-1)", "previous", show=False),
    ]

    def __init__(self, detail: EventDetail) -> None:
        super().__init__()
        self._detail = detail
        self._view = DetailView()
        self._bar = FindBar()

    def compose(self) -> ComposeResult:
        pane = Pane(0, self._detail.title, self._view, id="detail")
        pane.foot = "esc back · j k scroll · / search · n N next match"
        yield pane
        yield self._bar

    def on_mount(self) -> None:
        self._view.show(self._detail)
        self._view.focus()

    on_line_view_opened = InfoScreen.action_close

    async def action_search(self) -> None:
        await self._bar.open()

    @on(FindBar.Changed)
    def _search_text_changed(self, event: FindBar.Changed) -> None:
        self._bar.set_matches(0, self._view.search(event.text))

    @on(FindBar.Submitted)
    def _search_submitted(self) -> None:
        self._view.focus()
        self.action_match(1)

    @on(FindBar.Closed)
    def _search_closed(self) -> None:
        self._view.search("")
        self._view.focus()

    def action_match(self, step: int) -> None:
        self._bar.set_matches(*self._view.go_match(step))


_KEY_COLUMNS = 16


def help_screen(place: Place = "main") -> NoticeDialog:
    """The keys of a screen, one line an action, under the names of the groups."""
    lines: list[Sentence] = []
    for group, members in grouped(place):
        if lines:
            lines.append("")
        lines.append((group, "heading"))
        lines += [
            f"  {' '.join(keys_of(action)):<{_KEY_COLUMNS}}{action.help}" for action in members
        ]
    return NoticeDialog("Keys", lines)
