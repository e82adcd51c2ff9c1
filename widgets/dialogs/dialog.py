"""A dialog: sentences, options and choices in a frame, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, width_of
from widgets.line_layout import spread, wrap
from widgets.lists.pane import Pane
from widgets.row_widgets import ItemRow, SingleRow
from widgets.text.documents import DocumentView, LaidOutDocument, RowDocument
from widgets.text_cells import cells, visible


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be done: what it is called, and a sentence about it where there is room.

    A choice that is not enabled stays in sight and gives its reason.
    """

    key: str
    label: str
    description: str = ""
    danger: bool = False
    enabled: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DialogOption:
    """Something that can be switched on or off with a letter before the choice is made."""

    key: str
    letter: str
    label: str
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class DialogAnswer:
    """What a person decided: the choice's key, the options that were on, a text, a row's key."""

    choice: str
    options: frozenset[str] = frozenset()
    text: str = ""
    row: str = ""


CANCEL = Choice("cancel", "Cancel")


class ButtonRow(ItemRow[int], can_focus=True):
    """Left, right or tab choose; enter presses what is chosen."""

    DEFAULT_CSS = "ButtonRow { height: 1; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,tab", "choose(1)", "Next choice", show=False),
        Binding("left,h,shift+tab", "choose(-1)", "Choice before", show=False),
        Binding("enter", "press", "Do it", show=False),
    ]

    chosen: reactive[int] = reactive(0, repaint=False, init=False)
    hint: reactive[str] = reactive("", repaint=False, init=False)
    """A few words at the right."""

    @dataclass
    class Pressed(Message):
        """The person decided."""

        choice: Choice

    def __init__(self, choices: Sequence[Choice], chosen: int = 0) -> None:
        super().__init__()
        self.choices = tuple(choices)
        self.chosen = chosen

    watch_chosen = watch_hint = SingleRow.redraw

    def parts(self, width: int) -> Iterator[tuple[Line, int | None]]:
        for nth in range(self._first_shown(width), len(self.choices)):
            choice = self.choices[nth]
            chosen = nth == self.chosen and self.has_focus
            role: Role = "error" if choice.danger else "text"
            if chosen:
                role = "alarm" if choice.danger else "badge"
            text = f" {glyphs().running if chosen else ' '} {visible(choice.label)} "
            yield [(text, role if choice.enabled else "faint")], nth
            yield [("  ", "text")], None

    def _first_shown(self, width: int) -> int:
        """The first button that is drawn, so that there is room for the chosen one."""
        widths = [cells(visible(choice.label)) + 6 for choice in self.choices[: self.chosen + 1]]
        first = 0
        while first < self.chosen and sum(widths[first:]) - 2 > width:
            first += 1
        return first

    def spans(self, width: int) -> Line:
        hint, left = visible(self.hint), super().spans(width)
        return spread(left, [(hint, "dim")] if width_of(left) + cells(hint) < width else [], width)

    def action_choose(self, step: int) -> None:
        target = self.chosen + step
        if not 0 <= target < len(self.choices) and len(self.screen.focus_chain) > 1:
            self.screen.focus_next() if step > 0 else self.screen.focus_previous()
            return
        self.chosen = target % len(self.choices)

    def action_press(self) -> None:
        choice = self.choices[self.chosen]
        if choice.enabled:
            self.post_message(self.Pressed(choice))
        else:
            self.hint = choice.reason

    on_focus = on_blur = SingleRow.redraw

    def item_clicked(self, item: int) -> None:
        self.chosen = item
        self.action_press()


Sentence: TypeAlias = "str | tuple[str, Role]"


def sentences_document(lines: Sequence[Sentence]) -> RowDocument:
    """Plain sentences as a document, broken between words; an empty one is an empty row."""

    def build(width: int) -> Sequence[Line]:
        rows: list[Line] = []
        for line in lines:
            span: Span = (line, "text") if isinstance(line, str) else line
            words = visible(span[0])
            rows.extend(wrap([(words, span[1])], width) if words else [[]])
        return rows

    return LaidOutDocument(build)


class OptionRow(SingleRow):
    """A switch with its letter."""

    is_on: reactive[bool] = reactive(True, repaint=False, init=False)

    def __init__(self, option: DialogOption) -> None:
        super().__init__()
        self.option = option
        self.set_reactive(OptionRow.is_on, option.is_on)

    watch_is_on = SingleRow.redraw

    def spans(self, width: int) -> Line:
        box: Span = (f"[{glyphs().ok}] ", "ok") if self.is_on else ("[ ] ", "dim")
        return [box, (f"{self.option.letter} ", "accent"), (visible(self.option.label), "text")]


class Dialog(ModalScreen[DialogAnswer | None]):
    """Words, options, and Cancel with what can be done, in a frame; gives what was decided or None.

    The words scroll with the usual keys while the choices keep the focus; escape and `q` cancel.
    """

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > Pane { width: 76; height: auto; max-width: 96%; max-height: 96%; }
        & > Pane > Vertical { height: auto; width: 1fr; }
        DocumentView { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Cancel", show=False),
        Binding("j,down", "scroll_words(1)", "Scroll down", show=False),
        Binding("k,up", "scroll_words(-1)", "Scroll up", show=False),
        Binding("pagedown,ctrl+d,space", "scroll_words(8)", "Page down", show=False),
        Binding("pageup,ctrl+u", "scroll_words(-8)", "Page up", show=False),
    ]
    WIDEST: ClassVar[int] = 76
    HINT: ClassVar[str] = "tab choose · enter do it · esc cancel"
    CANCEL: ClassVar[Choice] = CANCEL

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence] | RowDocument = (),
        choices: Sequence[Choice] = (),
        options: Sequence[DialogOption] = (),
        *,
        chosen: int = 0,
    ) -> None:
        super().__init__()
        self._heading = title
        self._words = DocumentView(
            sentences_document(lines) if isinstance(lines, Sequence) else lines
        )
        self._words.can_focus = False
        self._options = [OptionRow(option) for option in options]
        self._buttons = ButtonRow((self.CANCEL, *choices), chosen)

    def content(self) -> Sequence[Widget]:
        """What stands between the words and the options; a subclass's own part."""
        return ()

    def compose(self) -> ComposeResult:
        content = self.content()
        parts: list[Widget] = [self._words, *([SingleRow()] if content else []), *content]
        parts.extend([SingleRow(), *self._options, *([SingleRow()] if self._options else [])])
        pane = Pane(0, self._heading, Vertical(*parts, self._buttons), heavy=True)
        pane.foot = self.HINT
        yield pane

    def initial_focus(self) -> Widget:
        """What has the keys when the dialog opens."""
        return self._buttons

    def on_mount(self) -> None:
        self._fit()
        self.initial_focus().focus()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Give the words the rows they need, as far as the screen has them."""
        width = min(self.WIDEST, self.size.width * 96 // 100)
        columns = max(8, width - 4)
        document = self._words.document
        rows = document.rows(columns) if document is not None else 0
        taken = 4 + len(self._options) + bool(self._options) + self._content_rows(columns)
        room = self.size.height * 96 // 100 - taken
        self._words.styles.height = max(1, min(rows, room))
        self.query_one(Pane).styles.width = width

    def _content_rows(self, columns: int) -> int:
        return 0

    # --- answering ---

    def answer(self, choice: str) -> DialogAnswer:
        """What the person decided, with the options as they stand."""
        on = frozenset(row.option.key for row in self._options if row.is_on)
        return DialogAnswer(choice, on)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_scroll_words(self, rows: int) -> None:
        self._words.scroll_by_person(self._words.top + rows)

    def choose(self, choice: Choice) -> None:
        """Answer with this choice, or leave the dialog as it is when something is missing."""
        self.dismiss(self.answer(choice.key))

    def on_button_row_pressed(self, event: ButtonRow.Pressed) -> None:
        event.stop()
        if event.choice is self.CANCEL:
            self.action_cancel()
        else:
            self.choose(event.choice)

    def on_key(self, event: events.Key) -> None:
        for row in self._options:
            if event.key == row.option.letter:
                event.stop()
                row.is_on = not row.is_on


class NoticeDialog(Dialog):
    """A title and sentences, and nothing to decide; gives None."""

    HINT = "esc close"
    CANCEL = Choice("cancel", "Close")


def ask(
    app: App[Any], dialog: Screen[DialogAnswer | None], decided: Callable[[DialogAnswer], object]
) -> None:
    """Opens the dialog and hands over the answer; nothing follows where the person cancels."""

    def closed(answer: DialogAnswer | None) -> None:
        if answer is not None:
            decided(answer)

    app.push_screen(dialog, closed)
