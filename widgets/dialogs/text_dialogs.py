"""Dialogs in which a person writes one line or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from widgets.dialogs.button_row import CANCEL, Choice, DialogAnswer, DialogOption
from widgets.dialogs.dialog import Dialog, Sentence

if TYPE_CHECKING:
    from textual.widgets import TextArea

    from widgets.text.documents import RowDocument


class LineDialog(Dialog):
    """Sentences, one line of text, and Cancel with what comes next; gives a `DialogAnswer` with the text.

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

    def initial_focus(self) -> Widget:
        return self._input

    def _content_rows(self) -> int:
        return 2

    def answer(self, choice: str) -> DialogAnswer:
        return replace(super().answer(choice), text=self._input.value)

    def choose(self, choice: Choice) -> None:
        if not self._input.value.strip() and not self._empty:
            self._buttons.hint = "nothing written yet"
        elif self.is_current:  # two presses may come before the first is dealt with
            super().choose(choice)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.choose(self._buttons.choices[1])


class PromptDialog(Dialog):
    """Sentences, a text of several lines, and the ways to send it; gives a `DialogAnswer` with the text.

    Tab leaves the text for the choices; `ctrl+s` is the first way to send. Nothing but blanks is
    never sent.
    """

    DEFAULT_CSS = """
    PromptDialog TextArea {
        border: none;
        padding: 0 1;
        height: 8;
        background: $surface;
        &:focus { border: none; background-tint: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, priority=True),
        Binding("ctrl+s", "send", "Send", show=False, priority=True),
    ]
    HINT = "tab choose · ctrl+s send · esc cancel"
    ROWS: ClassVar[int] = 8

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence],
        text: str = "",
        choices: Sequence[Choice] = (Choice("send", "Send"),),
        options: Sequence[DialogOption] = (),
    ) -> None:
        super().__init__(title, lines, (CANCEL, *choices), options, chosen=1)
        self._text = text
        self._area: TextArea | None = None

    def content(self) -> Sequence[Widget]:
        from textual.widgets import TextArea

        self._area = TextArea(self._text, soft_wrap=True, tab_behavior="focus")
        return (self._area,)

    def initial_focus(self) -> Widget:
        if self._area is None:
            return self._buttons
        self._area.move_cursor(self._area.document.end)
        return self._area

    def _content_rows(self) -> int:
        rows = max(3, min(self.ROWS, self.size.height - 12))
        if self._area is not None:
            self._area.styles.height = rows
        return rows + 1

    @property
    def text(self) -> str:
        """What has been written."""
        return self._area.text if self._area is not None else self._text

    def answer(self, choice: str) -> DialogAnswer:
        return replace(super().answer(choice), text=self.text)

    def action_send(self) -> None:
        self.choose(self._buttons.choices[1])

    def choose(self, choice: Choice) -> None:
        if not self.text.strip():
            self._buttons.hint = "nothing written yet"
        elif not choice.enabled:
            self._buttons.hint = choice.reason
        elif not self._busy:
            super().choose(choice)
