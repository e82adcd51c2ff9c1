"""The night's timeline cut into as many cells as there are columns."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from tui.night.timeline import KINDS, Kind, TimelineMark, Timeline


class TimelineCell(Struct):
    """A stretch of the night: seconds by kind, and the marks in it."""

    start: float
    length: float
    seconds: list[float] = field(default_factory=lambda: [0.0] * len(KINDS))
    marks: list[TimelineMark] = []

    def share(self, *kinds: Kind) -> float:
        """The part of the cell that was of these kinds, 0 to 1."""
        return sum(self.seconds[KINDS.index(kind)] for kind in kinds) / self.length

    @property
    def known(self) -> float:
        """The part of the cell of which anything is known."""
        return sum(self.seconds) / self.length


def cut(timeline: Timeline, columns: int, now: float | None = None) -> list[TimelineCell]:
    """Cells from the night's beginning on; a young night does not fill the columns yet."""
    start, end = timeline.start, timeline.end
    if start is None or columns < 1:
        return []
    last = max(end if end is not None else start, now if now is not None else start)
    length = max(timeline.resolution, (last - start) / columns)
    used = min(columns, max(1, -(-int(last - start) // max(1, int(length))) or 1))
    cells = [TimelineCell(start + nth * length, length) for nth in range(used)]
    for bucket in timeline.buckets:
        total = sum(bucket.seconds)
        if total:
            begin = max(start, bucket.start)
            stop = min(last, bucket.start + timeline.resolution)
            _pour(cells, begin, max(stop, begin + 1.0), bucket.seconds)
    for gap in timeline.gaps:
        seconds = [0.0] * len(KINDS)
        seconds[KINDS.index(gap.kind)] = gap.end - gap.start
        _pour(cells, gap.start, gap.end, seconds)
    for mark in timeline.marks:
        nth = int((mark.at - start) / length)
        if 0 <= nth <= used:
            cells[min(nth, used - 1)].marks.append(mark)
    return cells


def _pour(cells: list[TimelineCell], start: float, end: float, seconds: Iterable[float]) -> None:
    """Spread the seconds of a stretch over the cells that it touches."""
    first, length = cells[0].start, cells[0].length
    low = max(0, min(len(cells) - 1, int((start - first) / length)))
    high = max(low, min(len(cells) - 1, int((end - first) / length)))
    for cell in cells[low : high + 1]:
        overlap = min(end, cell.start + cell.length) - max(start, cell.start)
        if overlap <= 0:
            continue
        part = overlap / (end - start)
        for kind, amount in enumerate(seconds):
            cell.seconds[kind] += amount * part
