"""A row of choices, and what a dialog gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.line_layout import spread
from widgets.row_widgets import SingleRow
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


class ButtonRow(SingleRow, can_focus=True):
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

    class Pressed(Message):
        """The person decided."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, choices: Sequence[Choice], chosen: int = 0) -> None:
        super().__init__()
        self.choices = tuple(choices)
        self.chosen = chosen

    watch_chosen = watch_hint = SingleRow.redraw

    def _layout(self) -> tuple[list[Span], list[tuple[int, int]]]:
        out: list[Span] = []
        places: list[tuple[int, int]] = []
        at = 0
        for nth, choice in enumerate(self.choices):
            chosen = nth == self.chosen and self.has_focus
            label = visible(choice.label)
            text = f" {glyphs().running} {label} " if chosen else f"   {label} "
            role: Role = "error" if choice.danger else "text"
            if chosen:
                role = "alarm" if choice.danger else "badge"
            out.append((text, role if choice.enabled else "faint"))
            out.append(("  ", "text"))
            places.append((at, at + cells(text)))
            at += cells(text) + 2
        return out, places

    def spans(self, width: int) -> Line:
        hint = visible(self.hint)
        left, places = self._layout()
        right: Line = [(hint, "dim")] if places[-1][1] + cells(hint) + 2 < width else []
        return spread(left, right, width)

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

    def on_click(self, event: events.Click) -> None:
        for nth, (start, end) in enumerate(self._layout()[1]):
            if start <= event.x < end:
                self.chosen = nth
                self.action_press()
