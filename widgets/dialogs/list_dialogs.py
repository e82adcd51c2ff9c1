"""Dialogs with a list: of rows with a preview of each, of choices from mild to harsh."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import OptionList

from widgets.dialogs.dialog import CANCEL, Choice, Dialog, DialogAnswer, DialogOption, Sentence
from widgets.glyphs import glyphs
from widgets.ink import Line, Role
from widgets.line_layout import spread, wrap
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.text.documents import DocumentView, RowDocument
from widgets.text_cells import pad, visible
from widgets.themes import styles_for


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
        OptionRow, ButtonRow { padding: 0 2; }
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
        preview_title: str = "what would change",
        chosen: str = "",
        inspect: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(title, (), choices, options)
        self._inspect = inspect
        self._preview_title = preview_title
        self.list = PickerList(rows, chosen)
        self._preview = preview
        self._preview_view = DocumentView(placeholder="")

    @property
    def row(self) -> str:
        """The key of the row under the cursor; empty when there is none."""
        return self.list.rows[self.list.cursor].key if self.list.rows else ""

    def compose(self) -> ComposeResult:
        lists = Container(
            Pane(0, self._heading, self.list, id="list"),
            Pane(0, self._preview_title, self._preview_view, id="preview"),
            id="lists",
        )
        yield Vertical(lists, *self._options, self._buttons, id="whole")

    def initial_focus(self) -> Widget:
        foot = self.HINT if self._inspect is None else self.HINT_WITH_INSPECT
        self.query_one("#list", Pane).foot = foot
        self._request_preview()
        return self.list

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

    def action_inspect(self) -> None:
        if self._inspect is not None and self.row:
            self._inspect(self.row)

    def answer(self, choice: str) -> DialogAnswer:
        return replace(super().answer(choice), row=self.row)

    def action_scroll_words(self, rows: int) -> None:
        self._preview_view.scroll_by_person(self._preview_view.top + rows)

    def on_line_view_cursor_moved(self, event: LineView.CursorMoved) -> None:
        if event.view is self.list:
            event.stop()
            self._request_preview()

    def on_line_view_opened(self, event: LineView.Opened) -> None:
        event.stop()
        self._buttons.chosen = 0
        self._buttons.focus()

    def choose(self, choice: Choice) -> None:
        if self.row:
            super().choose(choice)


def choice_lines(choice: Choice, highlighted: bool, width: int) -> list[Line]:
    """The label over the whole width; below it what the choice does, or why it cannot be made."""
    role: Role = "error" if choice.danger else "strong"
    if highlighted:
        role = "alarm" if choice.danger else "badge"
    elif not choice.enabled:
        role = "faint"
    sign = glyphs().running if highlighted else " "
    rows: list[Line] = [[(pad(f" {sign} {visible(choice.label)}", width), role)]]
    description = choice.description if choice.enabled else f"not now: {choice.reason}"
    if description:
        words = wrap([(visible(description), "dim")], max(8, width - 5))
        rows.extend([("     ", "dim"), *row] for row in words)
    return rows


class _ChoicePrompt:
    """What the list draws for a choice; a renderable of Rich, so that no word is read as markup."""

    def __init__(self, choices: ChoiceList, nth: int) -> None:
        self._list = choices
        self._nth = nth

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        styles = styles_for(self._list.app.current_theme).on_background(self._list.rich_style)
        highlighted = self._list.highlighted == self._nth
        for line in choice_lines(self._list.choices[self._nth], highlighted, options.max_width):
            yield from styles.segments(line, options.max_width)
            yield Segment.line()


class ChoiceList(OptionList, inherit_bindings=False):
    """Up and down highlight, enter selects; a click only highlights."""

    # The prompts themselves draw which choice is highlighted.
    DEFAULT_CSS = """
    ChoiceList, ChoiceList:focus {
        height: auto;
        border: none;
        padding: 0;
        background: $background;
        background-tint: transparent;
        & > .option-list--option-highlighted, & > .option-list--option-hover {
            background: $background;
            color: $foreground;
            text-style: none;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,tab", "cursor_down", "Next", show=False),
        Binding("up,k,shift+tab", "cursor_up", "Before", show=False),
        Binding("enter", "select", "Do it", show=False),
    ]

    def __init__(self, choices: Sequence[Choice]) -> None:
        self.choices = tuple(choices)
        super().__init__(*(_ChoicePrompt(self, nth) for nth in range(len(choices))))
        self.action_last()

    def watch_highlighted(self, highlighted: int | None) -> None:
        super().watch_highlighted(highlighted)
        # The list keeps drawn prompts until one is replaced.
        for nth in range(len(self.choices)):
            self.replace_option_prompt_at_index(nth, _ChoicePrompt(self, nth))
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()
        self.highlighted = event.style.meta.get("option", self.highlighted)


class EscalationDialog(Dialog):
    """A title, sentences, and the steps with Cancel below them; gives a `DialogAnswer` or None."""

    HINT = "j k choose · enter do it · esc cancel"

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence],
        steps: Sequence[Choice],
        options: Sequence[DialogOption] = (),
    ) -> None:
        super().__init__(title, lines, (), options)
        self._choices = ChoiceList((*steps, CANCEL))

    def content(self) -> Sequence[Widget]:
        return (self._choices,)

    def initial_focus(self) -> Widget:
        self._buttons.display = False
        return self._choices

    def _content_rows(self, columns: int) -> int:
        # The list stands in for the row of buttons, with an empty row above it.
        return sum(len(choice_lines(each, False, columns)) for each in self._choices.choices)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        choice = self._choices.choices[event.option_index]
        if not choice.enabled:
            self.app.bell()
        elif choice is CANCEL:
            self.action_cancel()
        else:
            self.choose(choice)
