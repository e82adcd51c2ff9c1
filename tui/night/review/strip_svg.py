"""The night as a picture: one strip with what it was, its marks, the hours and a legend.

Each kind has its own ink and its own texture, each mark its own shape: nothing hangs on colour.
The picture has no script and fetches nothing; it is light or dark as its reader prefers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import structs

from tui.model.labels import MARKS, TIME
from tui.night.cells import TimelineCell, cut
from tui.night.review.escape import html_text
from tui.night.review.strip_marks import LEVELS, SHAPES, TESTED, PlacedMark, placed
from tui.night.review.strip_style import STYLE, TONES, ink, patterns
from tui.night.review.wording import ExportTimeZone, by_kind
from tui.night.timeline import KINDS, MarkKind, TimeTotals, Timeline
from tui.system.format import clip_text, format_duration

WIDE: Final = 920
NARROW: Final = 328

_EDGE: Final = 16.0
_BAR: Final = 46.0
_LANE: Final = 14.0
_ROW: Final = 20.0
_LETTER: Final = 6.9
_LABEL: Final = 64.0
_COLUMN: Final = 3
_DAY: Final = 86_400
_STEPS: Final = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, _DAY)


def strip_svg(
    timeline: Timeline,
    time: TimeTotals,
    width: int = WIDE,
    zone: ExportTimeZone | None = None,
    *,
    name: str = "night",
    alone: bool = True,
) -> str:
    """The strip as SVG of `width` pixels; empty where the night has no length.

    `alone` makes it a file of its own with its style; else the page brings `STYLE`, and `name`
    keeps its ids apart from another strip's.
    """
    if timeline.start is None or timeline.end is None or timeline.end <= timeline.start:
        return ""
    zone = zone or ExportTimeZone()
    start, end = timeline.start, timeline.end
    inner = width - 2 * _EDGE
    lanes = _MarkLanes(timeline, inner)
    top = 4 + _LANE * lanes.above
    axis = top + _BAR + 4 + _LANE * lanes.below
    legend, height = _legend(timeline, time, inner, name)
    body = [
        patterns(name),
        f'<g transform="translate({_EDGE:.0f} {top:.0f})">',
        *_bars(timeline, inner, name),
        *_ticks(start, end, inner, axis - top, zone),
        *lanes.drawn(zone),
        "</g>",
        f'<g transform="translate({_EDGE:.0f} {axis + 48:.0f})">',
        *legend,
        "</g>",
    ]
    return _framed("".join(body), width, axis + 48 + height, _told(timeline, time, zone), alone)


def _framed(body: str, width: int, height: float, told: str, alone: bool) -> str:
    size = f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}"'
    label = f'role="img" aria-label="{html_text(told)}"'
    if not alone:
        return f'<svg class="night" {size} {label}>{body}</svg>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="night" {size} {label}>'
        f"<title>{html_text(told)}</title><style>{html_text(STYLE).replace('&quot;', chr(34))}</style>"
        f'<rect width="100%" height="100%" style="fill:var(--paper)"/>{body}</svg>\n'
    )


def _told(timeline: Timeline, time: TimeTotals, zone: ExportTimeZone) -> str:
    """The picture in words, for those who hear it."""
    parts = [
        f"{TIME[kind]} {format_duration(seconds)}"
        for kind, seconds in by_kind(time)
        if seconds >= 1
    ]
    marks = Counter(mark.kind for mark in timeline.marks)
    seen = [f"{MARKS[kind]} {number}" for kind, number in marks.items()]
    hours = f"The night from {zone.clock(timeline.start)} to {zone.clock(timeline.end)} {zone.name}"
    return f"{hours}: {', '.join(parts)}." + (f" Marks: {', '.join(seen)}." if seen else "")


def _bars(timeline: Timeline, width: float, name: str) -> list[str]:
    """What the night was, one path for each kind, and a frame around it."""
    # Gaps have edges of their own, finer than any column: they lie on top.
    layers = (_columns(timeline, width), _gaps(timeline, width))
    drawn = [
        f'<path d="{"".join(pieces)}" style="{ink(name, KINDS[kind])}"/>'
        for layer in layers
        for kind, pieces in sorted(layer.items())
    ]
    return [*drawn, f'<rect class="frame" width="{width:.0f}" height="{_BAR:.0f}"/>']


def _columns(timeline: Timeline, width: float) -> dict[int, list[str]]:
    start, end = timeline.start or 0.0, timeline.end or 0.0
    pieces: dict[int, list[str]] = {}
    for cell in cut(structs.replace(timeline, gaps=()), max(1, int(width) // _COLUMN), end):
        left = width * (cell.start - start) / (end - start)
        right = min(width, width * (cell.start + cell.length - start) / (end - start))
        below = _BAR
        for kind, share in enumerate(_shares(cell, end)):
            if share > 0.01:
                high = _BAR * share
                below -= high
                # A hair wider than it is, or its neighbour's edge would show.
                piece = f"M{left:.1f} {below:.1f}h{right - left + 0.2:.1f}v{high:.1f}H{left:.1f}z"
                pieces.setdefault(kind, []).append(piece)
    return pieces


def _gaps(timeline: Timeline, width: float) -> dict[int, list[str]]:
    start, end = timeline.start or 0.0, timeline.end or 0.0
    pieces: dict[int, list[str]] = {}
    for gap in timeline.gaps:
        left = max(0.0, width * (gap.start - start) / (end - start))
        right = min(width, width * (gap.end - start) / (end - start))
        if right > left:
            piece = f"M{left:.1f} 0H{right:.1f}V{_BAR:.0f}H{left:.1f}z"
            pieces.setdefault(KINDS.index(gap.kind), []).append(piece)
    return pieces


def _shares(cell: TimelineCell, end: float) -> list[float]:
    """The parts of a cell by kind, never more than the whole; the last may end before it is full."""
    whole = max(1e-9, min(cell.length, end - cell.start), sum(cell.seconds))
    return [seconds / whole for seconds in cell.seconds]


def _ticks(start: float, end: float, width: float, depth: float, zone: ExportTimeZone) -> list[str]:
    """The hours under the strip, and the day where one begins."""
    room = max(1.0, width / _LABEL)
    step = next((one for one in _STEPS if (end - start) / one <= room), _STEPS[-1])
    while (end - start) / step > room:
        step *= 2
    first = -(-(start + zone.offset_s) // step) * step - zone.offset_s
    drawn = []
    day = ""
    for nth in range(int((end - first) // step) + 1 if first <= end else 0):
        at = first + nth * step
        x = width * (at - start) / (end - start)
        drawn.append(f'<path class="tick" d="M{x:.1f} {_BAR:.0f}V{depth + 4:.1f}"/>')
        today = zone.day(at).rpartition(" ")[0]
        drawn.append(_label(x, depth + 17, today if step >= _DAY else zone.clock(at), width))
        if today != day and step < _DAY:
            drawn.append(_label(x, depth + 31, today, width, "soft"))
            day = today
    if not drawn:
        drawn.append(_label(0, depth + 17, zone.clock(start), width))
    return drawn


def _label(x: float, y: float, text: str, width: float, look: str = "") -> str:
    side = "start" if x < 20 else "end" if x > width - 20 else "middle"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{side}"'
        f"{f' class={chr(34)}{look}{chr(34)}' if look else ''}>{html_text(text)}</text>"
    )


class _MarkLanes:
    """The marks above and below the strip, and how many levels each side needs."""

    def __init__(self, timeline: Timeline, width: float) -> None:
        start, end = timeline.start or 0.0, timeline.end or 0.0
        marks = timeline.marks
        self._over = placed([m for m in marks if m.kind not in TESTED], start, end, width)
        self._under = placed([m for m in marks if m.kind in TESTED], start, end, width)
        self.above = _levels(self._over)
        self.below = _levels(self._under)

    def drawn(self, zone: ExportTimeZone) -> list[str]:
        over = [_mark(one, -4 - _LANE * (one.level + 0.5), zone) for one in self._over]
        return over + [
            _mark(one, _BAR + 4 + _LANE * (one.level + 0.5), zone) for one in self._under
        ]


def _levels(marks: Sequence[PlacedMark]) -> int:
    return min(LEVELS, max((one.level + 1 for one in marks), default=0))


def _mark(one: PlacedMark, y: float, zone: ExportTimeZone) -> str:
    mark = one.mark
    told = html_text(f"{zone.clock(mark.at)} {MARKS[mark.kind]}: {clip_text(mark.label, 120)}")
    return f"<g><title>{told}</title>{_sign(mark.kind, one.x, y)}</g>"


def _sign(kind: MarkKind, x: float, y: float) -> str:
    look = f"mark {TONES[kind]}" if kind in TONES else "mark"
    return f'<path class="{look}" transform="translate({x:.1f} {y:.1f})" d="{SHAPES[kind]}"/>'


def _legend(timeline: Timeline, time: TimeTotals, width: float, name: str) -> tuple[list[str], float]:
    """What the inks and the signs mean, in rows, and how high they are."""
    entries: list[tuple[str, Callable[[float, float], str]]] = []
    for kind, seconds in by_kind(time):
        if seconds >= 1:
            fill = ink(name, kind)
            entries.append((f"{TIME[kind]} {format_duration(seconds)}", _swatch(fill)))
    kinds = len(entries)
    for mark, number in Counter(mark.kind for mark in timeline.marks).items():
        words = MARKS[mark] if number == 1 else f"{number:,} × {MARKS[mark]}"
        entries.append((words, _signed(mark)))
    drawn: list[str] = []
    x = y = 0.0
    for place, (words, sign) in enumerate(entries):
        wide = 22 + len(words) * _LETTER
        if x and (x + wide > width or place == kinds):
            x, y = 0.0, y + _ROW
        drawn.append(
            f'{sign(x, y)}<text x="{x + 18:.1f}" y="{y + 4:.1f}">{html_text(words)}</text>'
        )
        x += wide + 14
    return drawn, y + _ROW


def _swatch(fill: str) -> Callable[[float, float], str]:
    def draw(x: float, y: float) -> str:
        return f'<rect x="{x:.1f}" y="{y - 6:.1f}" width="12" height="12" style="{fill}"/>'

    return draw


def _signed(kind: MarkKind) -> Callable[[float, float], str]:
    return lambda x, y: _sign(kind, x + 6, y)
