"""Choices from mild to harsh (OptionList)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.dialogs.button_row import CANCEL, Choice, DialogOption
from widgets.dialogs.dialog import Dialog, Sentence
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, RoleStyles
from widgets.line_layout import wrap
from widgets.text_cells import pad, visible
from widgets.themes import styles_for


def ladder_rows(choices: Sequence[Choice], chosen: int, width: int) -> list[tuple[int, Line]]:
    """The rows with the number of the choice each belongs to."""
    rows: list[tuple[int, Line]] = []
    for nth, choice in enumerate(choices):
        here = nth == chosen
        role: Role = "error" if choice.danger else "strong"
        if here:
            role = "alarm" if choice.danger else "badge"
        sign = glyphs().running if here else " "
        label = pad(f" {sign} {visible(choice.label)}", width)
        rows.append((nth, [(label, role if choice.enabled or here else "faint")]))
        note = choice.description if choice.enabled else f"not now: {choice.reason}"
        if note:
            words = wrap([(visible(note), "dim")], max(8, width - 5))
            rows.extend((nth, [("     ", "dim"), *row]) for row in words)
    return rows


class Ladder(Widget, can_focus=True):
    """The list itself; up and down choose, enter presses."""

    DEFAULT_CSS = "Ladder { height: auto; width: 1fr; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,tab", "choose(1)", "Next", show=False),
        Binding("up,k,shift+tab", "choose(-1)", "Before", show=False),
        Binding("enter", "press", "Do it", show=False),
    ]

    class Pressed(Message):
        """The person decided."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, choices: Sequence[Choice], chosen: int) -> None:
        super().__init__()
        self.choices = tuple(choices)
        self.chosen = chosen
        self._role_styles: RoleStyles | None = None

    def rows(self, width: int) -> int:
        """Rows that the list needs."""
        return len(ladder_rows(self.choices, self.chosen, width))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._role_styles = None

    def render_line(self, y: int) -> Strip:
        if self._role_styles is None:
            self._role_styles = styles_for(self.app.current_theme).on_background(self.rich_style)
        width = self.size.width
        rows = ladder_rows(self.choices, self.chosen, width)
        line: Line = rows[y][1] if y < len(rows) else []
        return Strip(self._role_styles.segments(line, width), width)

    def action_choose(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(self.choices)
        self.refresh()

    def action_press(self) -> None:
        choice = self.choices[self.chosen]
        if choice.enabled:
            self.post_message(self.Pressed(choice))
        else:
            self.app.bell()

    def on_click(self, event: events.Click) -> None:
        rows = ladder_rows(self.choices, self.chosen, self.size.width)
        if event.y < len(rows):
            self.chosen = rows[event.y][0]
            self.refresh()


class EscalationDialog(Dialog):
    """A title, sentences, and the steps with Cancel below them; gives an `Answer` or None.

    A click only chooses; enter does it.
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence],
        steps: Sequence[Choice],
        options: Sequence[DialogOption] = (),
    ) -> None:
        super().__init__(title, lines, (CANCEL,), options)
        self._ladder = Ladder((*steps, CANCEL), len(steps))

    HINT = "j k choose · enter do it · esc cancel"

    def content(self) -> Sequence[Widget]:
        return (self._ladder,)

    def initial_focus(self) -> Widget:
        self._buttons.display = False
        return self._ladder

    def _content_rows(self) -> int:
        rows = self._ladder.rows(max(8, min(self.WIDEST, self.size.width * 96 // 100) - 4))
        self._ladder.styles.height = rows
        # The list stands in for the row of buttons, with an empty row above it.
        return rows

    def on_ladder_pressed(self, event: Ladder.Pressed) -> None:
        event.stop()
        if not self._busy:
            cancelled = event.choice.key == CANCEL.key
            self.dismiss(None if cancelled else self.answer(event.choice.key))

    def set_busy(self, words: str, share: float | None = None) -> None:
        super().set_busy(words, share)
        self._buttons.display = False
        self._ladder.disabled = bool(words)
        if not words:
            self._ladder.focus()
