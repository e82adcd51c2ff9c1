"""One dialog for the steps of help: the evidence, the steps, the plan of the chosen one, its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import TextArea

from widgets.dialogs.dialog import (
    Choice,
    Dialog,
    DialogAnswer,
    DialogOption,
    OptionRow,
    Sentence,
    sentences_document,
)
from widgets.ink import Line, Role
from widgets.line_layout import spread
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.row_widgets import SingleRow
from widgets.text.documents import DocumentStack, DocumentView, RowDocument
from widgets.text_cells import visible

_MOST_EVIDENCE = 8
_MOST_TEXT = 8
_ROOMY, _LOW = 20, 15
"""Rows from which on the parts are set apart, and below which nothing is."""


@dataclass(frozen=True, slots=True)
class HelpStepChoice:
    """A step: what it is called, how soon it acts, what it would do, and the buttons that do it.

    `text` is what would be said, to be edited; None where nothing is said. `reason` is why it cannot be
    done now, empty where it can. The first button is the usual way; with `danger` it is not chosen yet.
    """

    key: str
    label: str
    note: str = ""
    plan: Sequence[Sentence] = ()
    buttons: Sequence[Choice] = ()
    text: str | None = None
    option: DialogOption | None = None
    reason: str = ""

    @property
    def is_dangerous(self) -> bool:
        return bool(self.buttons) and self.buttons[0].danger


class StepList(LineView):
    """The steps with their digits, one a row; moving the cursor chooses."""

    can_follow: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next", show=False),
        Binding("shift+tab", "app.focus_previous", "Before", show=False),
    ]

    def __init__(self, steps: Sequence[HelpStepChoice], chosen: str) -> None:
        super().__init__()
        self.steps = list(steps)
        self.chosen = next((nth for nth, step in enumerate(steps) if step.key == chosen), 0)

    def on_mount(self) -> None:
        self.advance(len(self.steps), 1)
        self._cursor = self.chosen

    def show(self, steps: Sequence[HelpStepChoice], chosen: int) -> None:
        """Draw these steps, of which one is chosen."""
        self.steps, self.chosen = list(steps), chosen
        self.invalidate()

    def line(self, index: int, width: int) -> Line:
        step = self.steps[index]
        is_chosen = index == self.chosen
        role: Role = "strong" if is_chosen else "text"
        if step.reason:
            role = "faint"
        elif step.is_dangerous:
            role = "error"
        mark = "(•)" if is_chosen else "( )"
        note = f"not now: {step.reason}" if step.reason else step.note
        left: Line = [
            (f"{index + 1} ", "accent"),
            (f"{mark} ", "text"),
            (visible(step.label), role),
        ]
        room = width - 8 - len(step.label)
        right: Line = [(visible(note), "dim")] if len(note) <= room else []
        if step.reason and not right:
            right = [("not now", "dim")] if room >= 7 else []
        return spread(left, right, width)


class HelpDialog(Dialog):
    """Gives a `DialogAnswer`: the button's key, the step's key as `row`, the text, the option.

    `on_chosen` is called with a step's key whenever that step is chosen; its plan may come later, by
    `show`. The first button of a step that destroys nothing is pressed by ctrl+s at once.
    """

    DEFAULT_CSS = """
    HelpDialog {
        StepList { height: 5; }
        TextArea { border: none; padding: 0 1; background: $surface; }
        TextArea:focus { border: none; background-tint: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, priority=True),
        Binding("ctrl+s", "send", "Send", show=False, priority=True),
        Binding("ctrl+o", "evidence", "Evidence", show=False, priority=True),
    ]
    WIDEST = 92
    HINT = "1-5 choose · tab next · ctrl+s send · ctrl+o all of it · esc cancel"
    HINT_SHORT = "1-5 tab ctrl+s ctrl+o esc"

    def __init__(
        self,
        title: str,
        evidence: RowDocument,
        steps: Sequence[HelpStepChoice],
        chosen: str,
        on_chosen: Callable[[str], None] = lambda key: None,
    ) -> None:
        super().__init__(title, evidence)
        self._evidence = evidence
        self._on_chosen = on_chosen
        self._list = StepList(steps, chosen)
        self._plan = DocumentView()
        self._plan.can_focus = False
        self._heading_row = _HeadingRow()
        self._area = TextArea("", soft_wrap=True, tab_behavior="focus")
        self._option_row: OptionRow | None = None
        self._texts: dict[str, str] = {}
        self._shown_key = ""
        self._gaps = [SingleRow(), SingleRow(), SingleRow()]
        self._is_expanded = False
        options = [step.option for step in steps if step.option is not None]
        self._option_rows: Mapping[str, OptionRow] = {one.key: OptionRow(one) for one in options}

    # --- what is known ---

    @property
    def steps(self) -> Sequence[HelpStepChoice]:
        return self._list.steps

    @property
    def step(self) -> HelpStepChoice:
        """The chosen step."""
        return self._list.steps[self._list.chosen]

    @property
    def options_on(self) -> frozenset[str]:
        """The options that are switched on."""
        return frozenset(key for key, row in self._option_rows.items() if row.is_on)

    def show(self, evidence: RowDocument, steps: Sequence[HelpStepChoice]) -> None:
        """Show what is known by now; the choice and what was written stay."""
        self._evidence = evidence
        self._list.show(steps, self._list.chosen)
        self._show_step(keep=True)

    # --- layout ---

    def compose(self) -> ComposeResult:
        above, between, below = self._gaps
        content = Vertical(
            self._words,
            above,
            self._list,
            between,
            self._plan,
            *self._option_rows.values(),
            self._heading_row,
            self._area,
            below,
            self._buttons,
        )
        yield Pane(0, self._heading, content, heavy=True)

    def initial_focus(self) -> Widget:
        self._show_step()
        return self._list

    def _show_step(self, *, keep: bool = False) -> None:
        """The plan, the text and the buttons of the chosen step."""
        step = self.step
        if not keep or self._shown_key != step.key:
            self._keep_text()
            self._shown_key = step.key
            self._area.load_text(self._texts.get(step.key, step.text or ""))
            self._area.move_cursor((0, 0))
            self._buttons.chosen = (
                0 if step.is_dangerous or step.reason else min(1, len(step.buttons))
            )
            self._buttons.hint = ""
        lines: list[Sentence] = [(f"Not now: {step.reason}.", "warning")] if step.reason else []
        self._plan.set_document(sentences_document([*lines, *step.plan]), keep_place=keep)
        self._buttons.choices = (self.CANCEL, *step.buttons)
        self._buttons.redraw()
        self._fit()

    def _keep_text(self) -> None:
        shown = next((one for one in self._list.steps if one.key == self._shown_key), None)
        if shown is not None and shown.text is not None and self._area.text != shown.text:
            self._texts[shown.key] = self._area.text

    def _fit(self) -> None:
        """Share the rows out: each part gets its least, then evidence, plan and text what they need."""
        width = min(self.WIDEST, self.size.width * 96 // 100)
        columns = max(8, width - 4)
        pane = self.query_one(Pane)
        pane.styles.width = width
        pane.foot = self.HINT if columns >= len(self.HINT) + 2 else self.HINT_SHORT
        rows = self.size.height * 96 // 100 - 2
        self._show_parts(rows)
        if self._is_expanded:
            plan = sentences_document(["", *self.step.plan])
            self._words.set_document(DocumentStack((self._evidence, plan)), keep_place=True)
            self._words.styles.height = max(1, rows - 1)
            return
        self._words.set_document(self._evidence, keep_place=True)
        optional = (*self._gaps, *self._option_rows.values(), self._heading_row)
        free = rows - len(self.steps) - 1 - sum(part.display for part in optional)
        document = self._plan.document
        need = {
            "evidence": self._evidence.rows(columns),
            "plan": document.rows(columns) if document is not None else 0,
            "text": _MOST_TEXT if self._area.display else 0,
        }
        room = share_rows(free, need, {"evidence": 1, "plan": 1, "text": 3})
        self._words.styles.height = room["evidence"]
        self._plan.styles.height = room["plan"]
        self._area.styles.height = room["text"]

    def _show_parts(self, rows: int) -> None:
        """What the chosen step has, and what there is room for."""
        step, is_whole = self.step, not self._is_expanded
        says = is_whole and step.text is not None and not step.reason
        above, between, below = self._gaps
        above.display = between.display = is_whole and rows >= _ROOMY
        below.display = is_whole and rows >= _LOW
        self._plan.display = self._list.display = is_whole
        self._area.display = says
        self._heading_row.display = says and rows >= _ROOMY
        own = step.option.key if step.option is not None and not step.reason else ""
        for key, row in self._option_rows.items():
            row.display = is_whole and key == own

    # --- keys ---

    def on_line_view_cursor_moved(self, event: LineView.CursorMoved) -> None:
        if event.view is self._list:
            event.stop()
            self.choose_step(event.index)

    def on_line_view_opened(self, event: LineView.Opened) -> None:
        event.stop()
        if self.step.text is not None and not self.step.reason and not self.step.is_dangerous:
            self._area.focus()
        else:
            self._buttons.focus()

    def choose_step(self, index: int) -> None:
        """Choose the step of that number, from 0."""
        if index == self._list.chosen or not 0 <= index < len(self.steps):
            return
        self._list.show(self.steps, index)
        self._list.reveal(index)
        self._show_step()
        self._on_chosen(self.step.key)

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character in "123456789":
            event.stop()
            self.choose_step(int(event.character) - 1)
        for row in self._option_rows.values():
            if row.display and event.key == row.option.letter:
                event.stop()
                row.is_on = not row.is_on
                self._on_chosen(self.step.key)

    def action_evidence(self) -> None:
        """Give the evidence and the plan the whole dialog, or take it back."""
        self._is_expanded = not self._is_expanded
        self._words.can_focus = self._is_expanded
        self._fit()
        (self._words if self._is_expanded else self._list).focus()

    def action_send(self) -> None:
        """Press the first button; what destroys something only comes nearer by it."""
        step = self.step
        if step.is_dangerous:
            self._buttons.hint = "tab, then enter"
            self._buttons.focus()
        elif step.buttons:
            self.choose(step.buttons[0])

    def answer(self, choice: str) -> DialogAnswer:
        text = self._area.text if self.step.text is not None else ""
        return replace(
            super().answer(choice), text=text, row=self.step.key, options=self.options_on
        )

    def choose(self, choice: Choice) -> None:
        is_silent = self.step.text is not None and not self._area.text.strip()
        if not choice.enabled:
            self._buttons.hint = choice.reason
        elif is_silent and not self.step.reason:
            self._buttons.hint = "nothing written yet"
        elif self.is_current:  # two presses may come before the first is dealt with
            super().choose(choice)


class _HeadingRow(SingleRow):
    def spans(self, width: int) -> Line:
        return [("What it will be told; edit it as you like", "dim")]


def share_rows(free: int, need: Mapping[str, int], least: Mapping[str, int]) -> dict[str, int]:
    """Rows for each part: its least, then what it needs in this order, as far as there are any.

    The first part gets at most `_MOST_EVIDENCE` before the others have what they need.
    """
    rows = {name: min(need[name], least[name]) for name in need}
    rest = free - sum(rows.values())
    first = next(iter(need))
    for name in (*need, first):
        most = need[name]
        if name == first and rows[name] < _MOST_EVIDENCE:
            most = min(most, _MOST_EVIDENCE)
        more = max(0, min(most - rows[name], rest))
        rows[name] += more
        rest -= more
    return rows
