"""The signs above and below the night's strip: their shapes, and where they find room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tui.night.timeline import TimelineMark, MarkKind

ROOM: Final = 13.0
"""Pixels that a sign takes, with the air it needs."""

LEVELS: Final = 2

SHAPES: Final[dict[MarkKind, str]] = {
    "commit": "M-4.5 0H4.5M0-4.5V4.5",
    "green": "M-4.5 .5L-1.2 3.8 4.5-3.5",
    "red": "M-3.8-3.8L3.8 3.8M-3.8 3.8L3.8-3.8",
    "checkpoint": "M0-5L5 0 0 5-5 0Z",
    "compaction": "M-5-1.5q2.5-3 5 0t5 0M-5 2.5q2.5-3 5 0t5 0",
    "injection": "M-4.5-4L-.5 0-4.5 4M.5-4L4.5 0 .5 4",
    "rewind": "M4.5-4L.5 0 4.5 4M-.5-4L-4.5 0-.5 4",
    "restart": "M0-4.5L4.8 4H-4.8Z",
    "limit": "M-4.5-4.5H4.5V4.5H-4.5ZM-4.5 0H4.5",
    "stall": "M0-4.8A4.8 4.8 0 1 0 .01-4.8ZM0-2.4V.4M0 2.2V2.6",
    "error": "M0-5L5 4.2H-5ZM0-1.6V1M0 2.4V2.7",
    "end": "M-3.5 5V-5L4.5-2.2-3.5 .8",
}
"""A path of each sign, drawn around its middle, ten pixels wide; they differ in shape, not only ink."""

TESTED: Final[frozenset[MarkKind]] = frozenset({"commit", "green", "red"})
"""What stands below the strip: the work. All else stands above it."""

_WEIGHT: Final[tuple[MarkKind, ...]] = (
    "end",
    "rewind",
    "restart",
    "limit",
    "stall",
    "error",
    "injection",
    "checkpoint",
    "compaction",
    "red",
    "green",
    "commit",
)


class PlacedMark(Struct, frozen=True):
    """A mark with its place: pixels from the left, and its level away from the strip."""

    mark: TimelineMark
    x: float
    level: int


def placed(marks: Sequence[TimelineMark], start: float, end: float, width: float) -> list[PlacedMark]:
    """Marks that find room, the weightiest first, in order of time; others are left out."""
    taken: dict[int, list[float]] = {level: [] for level in range(LEVELS)}
    found: list[PlacedMark] = []
    for mark in sorted(marks, key=lambda mark: (_WEIGHT.index(mark.kind), mark.at)):
        if not start <= mark.at <= end:
            continue
        x = width * (mark.at - start) / max(1.0, end - start)
        for level, others in taken.items():
            if all(abs(x - other) >= ROOM for other in others):
                others.append(x)
                found.append(PlacedMark(mark, x, level))
                break
    return sorted(found, key=lambda one: one.mark.at)
