"""One line that a person writes or edits: a name, a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from widgets.button_row import CANCEL, DialogAnswer, ButtonRow, Choice
from widgets.dialog import Dialog, Sentence

if TYPE_CHECKING:
    from widgets.documents import RowDocument


class LineDialog(Dialog):
    """Sentences, one line of text, and Cancel with what comes next; gives an `Answer` with the text.

    Enter goes on; a line of nothing but blanks only does where `empty` allows it.
    """

    DEFAULT_CSS = """
    LineDialog Input {
        border: none;
        height: 1;
        padding: 0 1;
        background: $surface;
        &:focus { border: none; background-tint: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, priority=True),
    ]
    HINT = "enter go on · tab choose · esc cancel"

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence] | RowDocument,
        text: str,
        choice: Choice,
        *,
        empty: bool = False,
    ) -> None:
        super().__init__(title, lines, (CANCEL, choice), chosen=1)
        self._input = Input(text, select_on_focus=False)
        self._empty = empty

    def content(self) -> Sequence[Widget]:
        return (self._input,)

    def first(self) -> Widget:
        return self._input

    def _content_rows(self) -> int:
        return 2

    def answer(self, choice: str) -> DialogAnswer:
        given = super().answer(choice)
        return DialogAnswer(given.choice, given.options, self._input.value)

    def _go_on(self) -> None:
        if not self._input.value.strip() and not self._empty:
            self._buttons.set_hint("nothing written yet")
        elif self.is_current:
            self.dismiss(self.answer(self._buttons.choices[1].key))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._go_on()

    def on_button_row_pressed(self, event: ButtonRow.Pressed) -> None:
        event.stop()
        event.prevent_default()
        if event.choice.key == CANCEL.key:
            self.action_cancel()
        else:
            self._go_on()
