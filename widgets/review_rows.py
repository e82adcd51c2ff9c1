"""The pieces that rows of the review are put together from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui.night.evidence import TestRun
from widgets.cells import cells, clip, visible
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, width_of
from widgets.layout import spread, wrap
from widgets.review_view import Goal, ReviewRow

LABEL: Final = 12
"""Columns of a figure's name, blanks included."""

NARROW: Final = 64
"""Columns below which what stands at the right is left out."""


def heading(words: str, width: int) -> Line:
    """A title with a rule to the right edge."""
    title = f" {clip(visible(words), max(0, width - 4))} "
    return [(title, "heading"), (glyphs().empty * max(0, width - cells(title)), "faint")]


def filled(line: Line, width: int) -> list[Span]:
    """The line with blanks up to the width."""
    return [*line, (" " * max(0, width - width_of(line)), "text")]


def wrapped(words: Line, width: int, most: int) -> list[list[Span]]:
    """The words broken over `most` rows at most; what is left out is marked."""
    rows = wrap(words, width)
    if len(rows) <= most:
        return rows
    kept, last = rows[: most - 1], rows[most - 1]
    text, role = last[-1]
    room = width - width_of(last[:-1])
    cut = clip(f"{text.rstrip()} {rows[most][0][0].strip()}", room - 1)
    mark = glyphs().ellipsis
    return [*kept, [*last[:-1], (cut if cut.endswith(mark) else cut + mark, role)]]


def figure(label: str, words: Line, width: int, goal: Goal) -> list[ReviewRow]:
    """A named figure, broken over rows that begin under its words; the first one leads on."""
    rows = []
    for nth, line in enumerate(wrapped(words, width - LABEL, 2)):
        head: Line = [(f" {label}" if not nth else "", "dim")]
        rows.append(
            ReviewRow([*filled(head, LABEL), *line], None if nth else goal, None, "" if nth else label)
        )
    return rows


def block(title: str, width: int, rows: Iterable[ReviewRow]) -> list[ReviewRow]:
    """Rows under a title, with an empty row before it; nothing at all without rows."""
    listed = list(rows)
    return [ReviewRow([]), ReviewRow(heading(title, width)), *listed] if listed else []


def sided(left: Line, right: str, width: int, role: Role = "dim") -> Line:
    """A row with a few words at its right end where there is room for them."""
    aside: Line = [(f" {visible(right)} ", role)] if right and width >= NARROW else []
    return spread(left, aside, width)


def counted(run: TestRun) -> str:
    """ "41 passed, 3 failed", as far as the output told."""
    parts = []
    if run.failed:
        parts.append(f"{run.failed:,} failed")
    if run.passed is not None:
        parts.append(f"{run.passed:,} passed")
    return ", ".join(parts) or visible(run.framework)
