"""A dialog with a list and a preview of the row under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget

from widgets.dialogs.button_row import CANCEL, Choice, DialogAnswer, DialogOption
from widgets.dialogs.dialog import Dialog
from widgets.ink import Line, Role
from widgets.line_layout import spread
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.text.documents import DocumentView, RowDocument
from widgets.text_cells import visible


@dataclass(frozen=True, slots=True)
class PickerRow:
    """A row of the list: its label, and a detail at its right edge that gives way first."""

    key: str
    label: str
    detail: str = ""
    role: Role = "text"


class PickerList(LineView):
    """The rows; moving the cursor posts `LineView.CursorMoved`."""

    can_follow: ClassVar[bool] = False

    def __init__(self, rows: Sequence[PickerRow], chosen: str = "") -> None:
        super().__init__(placeholder="nothing to choose from")
        self.rows = list(rows)
        self._first = next((nth for nth, row in enumerate(rows) if row.key == chosen), 0)

    def on_mount(self) -> None:
        self.advance(len(self.rows), 1)
        self._cursor = self._first
        self.call_after_refresh(self.reveal, self._first)

    def replace_row(self, row: PickerRow) -> None:
        """Show the row with that key anew."""
        for index, old in enumerate(self.rows):
            if old.key == row.key:
                self.rows[index] = row
                self.advance(len(self.rows), 1, (index,))

    def line(self, index: int, width: int) -> Line:
        row = self.rows[index]
        words: Line = [(f" {visible(row.label)}", row.role)]
        detail: Line = [(f" {visible(row.detail)} ", "dim")] if row.detail and width >= 40 else []
        return spread(words, detail, width)


class Picker(Dialog):
    """Gives a `DialogAnswer` with the row's key, or None. Fills the screen.

    `preview` is called with the key whenever the cursor is on another row; it hands its document back
    through `set_preview`, at once or later. `chosen` is the key of the first row under the cursor.
    `inspect` is called with the key when `d` is pressed.
    """

    DEFAULT_CSS = """
    Picker {
        #whole { width: 100%; height: 100%; background: $background; }
        #lists { height: 1fr; layout: horizontal; }
        #list { width: 9fr; height: 1fr; max-width: 100%; max-height: 100%; }
        #preview { width: 11fr; height: 1fr; max-width: 100%; max-height: 100%; }
        OptionRow, ActivityRow, ButtonRow { padding: 0 2; }
        &.-tall #lists { layout: vertical; }
        &.-tall #list { width: 1fr; height: 2fr; }
        &.-tall #preview { width: 1fr; height: 3fr; }
        DocumentView { height: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next", show=False),
        Binding("shift+tab", "app.focus_previous", "Before", show=False),
        Binding("d", "inspect", "Look closer", show=False),
    ]
    HINT = "j k choose · enter go on · tab preview · esc cancel"
    HINT_WITH_INSPECT = "j k choose · enter go on · d each file · esc cancel"

    def __init__(
        self,
        title: str,
        rows: Sequence[PickerRow],
        choices: Sequence[Choice],
        preview: Callable[[str], None],
        options: Sequence[DialogOption] = (),
        *,
        list_title: str = "",
        preview_title: str = "what would change",
        chosen: str = "",
        inspect: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(title, (), (CANCEL, *choices), options)
        self._inspect = inspect
        self._titles = (list_title, preview_title)
        self._list = PickerList(rows, chosen)
        self._preview = preview
        self._preview_view = DocumentView(placeholder="")

    @property
    def row(self) -> str:
        """The key of the row under the cursor; empty when there is none."""
        return self._list.rows[self._list.cursor].key if self._list.rows else ""

    def compose(self) -> ComposeResult:
        lists = Container(
            Pane(0, self._titles[0] or self._heading, self._list, id="list"),
            Pane(0, self._titles[1], self._preview_view, id="preview"),
            id="lists",
        )
        yield Vertical(lists, *self._options, self._busy_row, self._buttons, id="whole")

    def initial_focus(self) -> Widget:
        foot = self.HINT if self._inspect is None else self.HINT_WITH_INSPECT
        self.query_one("#list", Pane).foot = foot
        self._request_preview()
        return self._list

    def _fit(self) -> None:
        self.set_class(self.size.width < 100, "-tall")

    def _request_preview(self) -> None:
        if self.row:
            self._preview_view.set_document(None)
            self._preview_view.placeholder = "looking"
            self._preview(self.row)

    def set_preview(self, key: str, document: RowDocument | None, sentence: str = "") -> None:
        """Show what the row would change; ignored when the cursor is on another row by now."""
        if key == self.row:
            self._preview_view.set_document(document)
            self._preview_view.placeholder = sentence

    def set_row(self, row: PickerRow) -> None:
        """Show the row with that key anew."""
        self._list.replace_row(row)

    def action_inspect(self) -> None:
        if self._inspect is not None and self.row and not self._busy:
            self._inspect(self.row)

    def answer(self, choice: str) -> DialogAnswer:
        return replace(super().answer(choice), row=self.row)

    def action_scroll_words(self, rows: int) -> None:
        self._preview_view.scroll_by_person(self._preview_view.top + rows)

    def on_line_view_cursor_moved(self, event: LineView.CursorMoved) -> None:
        if event.view is self._list:
            event.stop()
            self._request_preview()

    def on_line_view_opened(self, event: LineView.Opened) -> None:
        event.stop()
        self._buttons.chosen = 0
        self._buttons.focus()

    def choose(self, choice: Choice) -> None:
        if self.row:
            super().choose(choice)
