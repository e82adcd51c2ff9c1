"""What repeats, as a table: time, call, outcome, how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tui.model.stall import StallStep
from tui.system.format import format_clock, format_duration_row
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.text_cells import clip, pad, visible

_WIDE: Final = 66
SAME_CALL: Final = "same call"
SAME_ANSWER: Final = "same answer"


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
    is_wide = width >= _WIDE
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


def _words(step: StallStep, before: StallStep | None) -> Span:
    if before is not None and step.words == before.words:
        return SAME_CALL, "dim"
    return visible(step.words), "text"


def _outcome(step: StallStep, before: StallStep | None) -> Span:
    if before is not None and step.outcome and _is_same(step, before):
        return SAME_ANSWER, "dim"
    role: Role = "error" if step.is_error else "text"
    return visible(step.outcome), role
