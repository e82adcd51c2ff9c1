"""A dialog with choices from mild to harsh, one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import OptionList

from widgets.dialogs.button_row import CANCEL, Choice, DialogOption
from widgets.dialogs.dialog import Dialog, Sentence
from widgets.glyphs import glyphs
from widgets.ink import Line, Role
from widgets.line_layout import wrap
from widgets.text_cells import pad, visible
from widgets.themes import styles_for


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
        super().__init__(title, lines, (CANCEL,), options)
        self._choices = ChoiceList((*steps, CANCEL))

    def content(self) -> Sequence[Widget]:
        return (self._choices,)

    def initial_focus(self) -> Widget:
        self._buttons.display = False
        return self._choices

    def _content_rows(self) -> int:
        # The list stands in for the row of buttons, with an empty row above it.
        columns = max(8, min(self.WIDEST, self.size.width * 96 // 100) - 4)
        return sum(len(choice_lines(each, False, columns)) for each in self._choices.choices)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        choice = self._choices.choices[event.option_index]
        if not choice.enabled:
            self.app.bell()
        elif choice.key == CANCEL.key:
            self.action_cancel()
        elif not self._busy:
            self.choose(choice)

    def set_busy(self, words: str, share: float | None = None) -> None:
        super().set_busy(words, share)
        self._buttons.display = False
        self._choices.disabled = bool(words)
        if not words:
            self._choices.focus()
