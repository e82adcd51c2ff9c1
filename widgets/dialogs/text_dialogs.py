"""Dialogs in which a person writes one line or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from widgets.dialogs.dialog import Choice, Dialog, DialogAnswer, DialogOption, Sentence

if TYPE_CHECKING:
    from textual.widgets import TextArea

    from widgets.text.documents import RowDocument


class TextDialog(Dialog):
    """Sentences, a field, and what can be done with its text; gives a `DialogAnswer` with the text.

    A text of nothing but blanks only goes where `empty` allows it.
    """

    DEFAULT_CSS = """
    TextDialog {
        Input, TextArea { border: none; padding: 0 1; background: $surface; }
        Input:focus, TextArea:focus { border: none; background-tint: transparent; }
        Input { height: 1; }
        TextArea { height: 8; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence] | RowDocument,
        field: Input | TextArea,
        choices: Sequence[Choice],
        options: Sequence[DialogOption] = (),
        *,
        empty: bool = False,
    ) -> None:
        super().__init__(title, lines, choices, options, chosen=1)
        self._field = field
        self._empty = empty

    def content(self) -> Sequence[Widget]:
        return (self._field,)

    def initial_focus(self) -> Widget:
        return self._field

    def _content_rows(self, columns: int) -> int:
        return 2

    @property
    def text(self) -> str:
        """What has been written."""
        return self._field.value if isinstance(self._field, Input) else self._field.text

    def answer(self, choice: str) -> DialogAnswer:
        return replace(super().answer(choice), text=self.text)

    def action_send(self) -> None:
        """Go on with the first choice."""
        self.choose(self._buttons.choices[1])

    def choose(self, choice: Choice) -> None:
        if not self.text.strip() and not self._empty:
            self._buttons.hint = "nothing written yet"
        elif not choice.enabled:
            self._buttons.hint = choice.reason
        elif self.is_current:  # two presses may come before the first is dealt with
            super().choose(choice)


class LineDialog(TextDialog):
    """One line of text; enter goes on."""

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
        super().__init__(title, lines, Input(text, select_on_focus=False), (choice,), empty=empty)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_send()


class PromptDialog(TextDialog):
    """A text of several lines; tab leaves it for the choices, `ctrl+s` is the first way to send it."""

    BINDINGS: ClassVar[list[BindingType]] = [
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
        from textual.widgets import TextArea

        self._area = TextArea(text, soft_wrap=True, tab_behavior="focus")
        super().__init__(title, lines, self._area, choices, options)

    def initial_focus(self) -> Widget:
        self._area.move_cursor(self._area.document.end)
        return self._area

    def _content_rows(self, columns: int) -> int:
        rows = max(3, min(self.ROWS, self.size.height - 12))
        self._area.styles.height = rows
        return rows + 1
