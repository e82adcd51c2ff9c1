"""Sentences, figures against their thresholds, and events side by side, with a cursor over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from msgspec import Struct
from textual import events

from tui.model.stall import StallSignal, StallStep
from tui.system.format import format_clock, format_duration_row, format_running
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.line_layout import wrap
from widgets.lists.line_view import LineView
from widgets.paint_governor import PaintGovernor
from widgets.text_cells import clip, pad, visible

_WIDE, _MIDDLE, _NARROW = 96, 70, 54
_MOST_NAME = 30
_FIGURE = 9
_TIMED = 66
SAME_CALL: Final = "same call"
SAME_ANSWER: Final = "same answer"
SAYS: Final = "says"


class Words(Struct, frozen=True):
    """A sentence, broken between words; an empty one is an empty row. `copied` is what copying gives for it."""

    text: str
    role: Role = "text"
    copied: str = ""


class Figure(Struct, frozen=True):
    """A figure in words beside the one from which on it counts; `says` is what follows from it."""

    name: str
    value: str
    threshold: str
    says: str
    is_reached: bool = False


class FigureHead(Struct, frozen=True):
    """The names of the columns of figures."""


Item: TypeAlias = "Words | Figure | FigureHead | StallStep"


def figure_of(signal: StallSignal) -> Figure:
    """A detector's signal as a row."""
    return Figure(
        signal.name,
        _number(signal.value, signal.unit),
        _number(signal.threshold, signal.unit),
        "counts" if signal.is_reached else "not yet",
        signal.is_reached,
    )


def _number(value: float, unit: str) -> str:
    """The figure; of the units only a share needs to be named beside it."""
    shown = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return f"{shown} %" if unit == "%" else shown


def figure_line(figure: Figure | FigureHead, width: int) -> Line:
    """Name, value and threshold in columns; what follows from it where there is room."""
    role: Role
    name_width = max(10, min(_MOST_NAME, width - 3 - 2 * (_FIGURE + 1)))
    if isinstance(figure, FigureHead):
        head = ("signal", "now", "from", "says")
        sign, texts, role = " ", head, "dim"
    else:
        sign = glyphs().running if figure.is_reached else " "
        texts = figure.name, figure.value, figure.threshold, figure.says
        role = "strong" if figure.is_reached else "text"
    shown: list[Span] = [(f"{sign} {pad(visible(texts[0]), name_width)} ", role)]
    shown += [(pad(visible(text), _FIGURE) + " ", role) for text in texts[1:3]]
    if width >= name_width + 2 * _FIGURE + 16:
        shown.append((visible(texts[3]), role))
    return shown


def step_line(step: StallStep, width: int) -> Line:
    """Time, call, outcome and how long it took, in the columns of the events pane."""
    clock = 8 if width >= _MIDDLE else 5
    outcome = 30 if width >= _WIDE else 20 if width >= _MIDDLE else 14 if width >= _NARROW else 11
    took = 6 if width >= _NARROW else 0
    sign = glyphs().error if step.is_error else glyphs().ok
    room = max(6, width - clock - outcome - took - 4)
    signed: Role = "error" if step.is_error else "ok"
    at = "" if step.at is None else format_clock(step.at, seconds=clock == 8)
    line: list[Span] = [
        (f"{at:<{clock}} ", "dim"),
        (f"{sign} ", signed),
        (pad(visible(step.words), room) + " ", "text"),
        (pad(visible(step.outcome), outcome), "error" if step.is_error else "dim"),
    ]
    if took:
        is_long = step.seconds is not None and step.seconds >= 1.0
        seconds = format_running(step.seconds or 0.0) if is_long else ""
        line.append((f"{clip(seconds, took):>{took}}", "dim"))
    return line


class EvidenceView(LineView):
    """Draws items; `item_at` says which one a row is of. Moving the cursor goes from row to row."""

    can_follow = False

    def __init__(self, *, governor: PaintGovernor | None = None, id: str | None = None) -> None:
        super().__init__(governor=governor, placeholder="nothing to show", id=id)
        self._items: tuple[Item, ...] = ()
        self._rows: list[tuple[Item, Line]] = []

    def show(self, items: Sequence[Item]) -> None:
        """Show these items; rows that stay as they are are not drawn again."""
        if tuple(items) == self._items:
            return
        self._items = tuple(items)
        old = self._rows
        self._break(self._columns)
        changed = [
            nth
            for nth, (one, other) in enumerate(zip(old, self._rows, strict=False))
            if one[1] != other[1]
        ]
        self.advance(len(self._rows), self.generation, changed)

    def item_at(self, index: int) -> Item | None:
        """The item that a row is of."""
        return self._rows[index][0] if index < len(self._rows) else None

    @property
    def _columns(self) -> int:
        return max(4, self.size.width - self.scrollbar_size_vertical)

    def _break(self, width: int) -> None:
        self._rows = [(item, line) for item in self._items for line in _lines(item, width)]

    def on_resize(self, event: events.Resize) -> None:
        self._break(self._columns)
        self.advance(len(self._rows), self.generation + 1)
        self._resize_virtual()

    def width_changed(self, width: int) -> None:
        # A paint may come before the news of the new size does.
        self._break(max(4, width))
        self.count = len(self._rows)

    def line(self, index: int, width: int) -> Line:
        return self._rows[index][1] if index < len(self._rows) else []

    def row_text(self, index: int) -> str:
        item = self.item_at(index)
        if isinstance(item, Words):
            return item.copied or item.text
        if isinstance(item, StallStep):
            return f"{item.words}: {item.outcome}"
        return super().row_text(index)


def _lines(item: Item, width: int) -> list[Line]:
    match item:
        case Words():
            words = visible(item.text)
            return [*wrap([(words, item.role)], width)] if words else [[]]
        case Figure() | FigureHead():
            return [figure_line(item, width)]
        case StallStep():
            return [step_line(item, width)]


# --- what repeats, as a table ---


def stall_rows(steps: Sequence[StallStep], width: int, *, most: int = 0) -> list[Line]:
    """A row for each step, in columns; "same" is said only where nothing differs.

    With `most`, equal rows in sequence are joined where there are more steps than that.
    """
    groups = [(step, 1) for step in steps]
    if most and len(steps) > most:
        groups = list(_joined(steps))
    before = (None, *(step for step, _ in groups))
    return [_row(*group, last, width) for group, last in zip(groups, before, strict=False)]


def _joined(steps: Sequence[StallStep]) -> Iterator[tuple[StallStep, int]]:
    """The steps with how many they stand for: those equal to the one before them as one row."""
    alike = 0
    for number, step in enumerate(steps):
        alike = alike + 1 if number and _is_same(step, steps[number - 1]) else 0
        is_last = number + 1 == len(steps) or not _is_same(step, steps[number + 1])
        if not alike:
            yield step, 1
        elif is_last:
            yield step, alike


def _is_same(step: StallStep, other: StallStep) -> bool:
    return (step.words, step.outcome, step.is_error) == (other.words, other.outcome, other.is_error)


def _row(step: StallStep, count: int, before: StallStep | None, width: int) -> Line:
    is_wide = width >= _TIMED
    clock, took = (9, 6) if is_wide else (6, 0)
    room = max(20, width - clock - took)
    answer = room * 2 // 5
    time = f"×{count}" if count > 1 else format_clock(step.at, is_wide) if step.at else "–"
    words, outcome = _words(step, before), _outcome(step, before)
    seconds = "" if step.seconds is None else format_duration_row(step.seconds)
    return [
        (pad(time, clock), "dim"),
        (pad(clip(words[0], room - answer - 1), room - answer), words[1]),
        (f"{glyphs().error} " if step.is_error else "  ", "error"),
        (pad(clip(outcome[0], answer - 2), answer - 2), outcome[1]),
        (seconds.rjust(took) if took else "", "dim"),
    ]


def _is_call(step: StallStep) -> bool:
    """What is said without a call stands under one short word, and is not called a call."""
    return step.words != SAYS


def _words(step: StallStep, before: StallStep | None) -> Span:
    if before is not None and step.words == before.words and _is_call(step):
        return SAME_CALL, "dim"
    return visible(step.words), "text"


def _outcome(step: StallStep, before: StallStep | None) -> Span:
    if before is not None and step.outcome and _is_same(step, before) and _is_call(step):
        return SAME_ANSWER, "dim"
    role: Role = "error" if step.is_error else "text"
    return visible(step.outcome), role
