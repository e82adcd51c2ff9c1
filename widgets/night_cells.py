"""How a stretch of the night looks on the strip: its sign, its role, its words."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from tui.model.labels import TIME
from tui.night.cells import TimelineCell, cut
from tui.night.timeline import KINDS, MarkKind
from widgets.glyphs import Glyphs, glyphs
from widgets.ink import Role

__all__ = ["TimelineCell", "cell_at", "cell_sign", "crowded", "cut", "described"]

TELLING: Final = 0.25
"""Share of a cell from which on trouble is what the cell shows."""

BUSY: Final = 0.1
"""Share of a cell from which on work is what the cell shows."""

_SHOWN: Final[tuple[MarkKind, ...]] = (
    "rewind",
    "restart",
    "injection",
    "checkpoint",
    "error",
    "red",
    "compaction",
)
"""Marks that take a cell, the weightiest first; commits and green tests would cover the night."""


def crowded(cells: list[TimelineCell]) -> frozenset[MarkKind]:
    """Kinds of marks in so many cells that they would hide the night."""
    out = set()
    for kind in _SHOWN:
        having = sum(1 for cell in cells if any(mark.kind == kind for mark in cell.marks))
        if len(cells) >= 12 and having > len(cells) // 4:
            out.add(kind)
    return frozenset(out)


def cell_sign(cell: TimelineCell, hidden: frozenset[MarkKind] = frozenset()) -> tuple[str, Role]:
    """The sign that says what the cell was, and its role."""
    signs = glyphs()
    kinds = {mark.kind for mark in cell.marks} - hidden
    for kind in _SHOWN:
        if kind in kinds:
            return _mark_sign(kind, signs)
    if cell.share("dead") >= TELLING:
        return signs.dead, "error"
    if cell.share("stalled") >= TELLING:
        return "S", "error"
    if cell.share("rate_limited") >= TELLING:
        return "L", "warning"
    busy = cell.share("working", "tool")
    if busy >= BUSY:
        if cell.share("tool") > 2 * cell.share("working"):
            return signs.tool_minute, "work"
        return signs.bars[min(len(signs.bars) - 1, int(busy * len(signs.bars)))], "work"
    if cell.share("waiting_api") >= BUSY:
        return signs.waiting_minute, "accent"
    return (signs.bars[0], "work") if busy else (" ", "dim")


def _mark_sign(kind: MarkKind, signs: Glyphs) -> tuple[str, Role]:
    looks: dict[MarkKind, tuple[str, Role]] = {
        "rewind": (signs.rewind, "person"),
        "restart": (signs.restart, "warning"),
        "injection": (signs.inject, "person"),
        "checkpoint": (signs.checkpoint, "accent"),
        "error": (signs.error, "error"),
        "red": (signs.error, "error"),
        "compaction": (signs.compaction, "accent"),
    }
    return looks[kind]


def described(cell: TimelineCell) -> str:
    """What the cell was, in words: "mostly running tools; checkpoint 4"."""
    parts = []
    if cell.known:
        most = max(range(len(KINDS)), key=cell.seconds.__getitem__)
        share = cell.seconds[most] / sum(cell.seconds)
        parts.append(("" if share > 0.9 else "mostly ") + TIME[KINDS[most]])
    order = [*_SHOWN, "commit", "green", "limit", "stall", "end"]
    marks = sorted(cell.marks, key=lambda mark: order.index(mark.kind))
    parts.extend(mark.label or mark.kind for mark in marks[:3])
    if len(marks) > 3:
        parts.append(f"and {len(marks) - 3} more")
    return "; ".join(parts) or "nothing recorded"


def cell_at(cells: list[TimelineCell], at: float) -> int:
    """The number of the cell that holds the time, the nearest when none does."""
    starts = [cell.start for cell in cells]
    return max(0, min(len(cells) - 1, bisect_left(starts, at + 1e-6) - 1))
