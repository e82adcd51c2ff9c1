"""The timeline as SVG.

Each kind has its own ink and its own texture, each mark its own shape: nothing hangs on colour.
The picture has no script and fetches nothing; it is light or dark as its reader prefers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, structs

from tui.model.labels import MARKS, TIME
from tui.model.timeline import (
    KINDS,
    Kind,
    MarkKind,
    Timeline,
    TimelineMark,
    TimeTotals,
    cut_timeline,
)
from tui.night.review.export.blocks import html_text
from tui.night.review.export.wording import ExportTimeZone, time_by_kind
from tui.system.format import clip_text, format_duration

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
    "loop": "M0 0C-2-4-5-3-5 0S-2 4 0 0 5-3 5 0 2 4 0 0Z",
    "error": "M0-5L5 4.2H-5ZM0-1.6V1M0 2.4V2.7",
    "end": "M-3.5 5V-5L4.5-2.2-3.5 .8",
}
"""A path of each sign, drawn around its middle, ten pixels wide; they differ in shape, not only ink."""
TESTED: Final[frozenset[MarkKind]] = frozenset({"commit", "green", "red"})
"""What stands below the timeline: the work. All else stands above it."""
_WEIGHTIEST_FIRST: Final[tuple[MarkKind, ...]] = (
    *("end", "rewind", "restart", "limit", "stall", "loop", "error"),
    *("injection", "checkpoint", "compaction", "red", "green", "commit"),
)


class PlacedMark(Struct, frozen=True):
    """A mark with its place: pixels from the left, and its level away from the timeline."""

    mark: TimelineMark
    x: float
    level: int


def place_marks(
    marks: Sequence[TimelineMark], start: float, end: float, width: float
) -> list[PlacedMark]:
    """Marks that find room, the weightiest first, in order of time; others are left out."""
    taken: dict[int, list[float]] = {level: [] for level in range(LEVELS)}
    placed: list[PlacedMark] = []
    for mark in sorted(marks, key=lambda mark: (_WEIGHTIEST_FIRST.index(mark.kind), mark.at)):
        if not start <= mark.at <= end:
            continue
        x = width * (mark.at - start) / max(1.0, end - start)
        for level, others in taken.items():
            if all(abs(x - other) >= ROOM for other in others):
                others.append(x)
                placed.append(PlacedMark(mark, x, level))
                break
    return sorted(placed, key=lambda mark: mark.mark.at)


LIGHT: Final = (
    "--paper:#fff;--ink:#26303a;--soft:#56616d;--line:#d5dae0;--working:#2f6f9f;--tool:#7fb0d4;"
    "--waiting_api:#b6c3cf;--rate_limited:#c98a17;--stalled:#c2571a;--dead:#8a1c1c;--idle:#a7a1c2;"
    "--good:#1d6b4f;--bad:#a11d1d;--person:#5b3fa0;--warn:#8a5a00"
)
DARK: Final = (
    "--paper:#14181d;--ink:#dbe1e7;--soft:#a0abb6;--line:#313943;--working:#4f93c4;--tool:#37709b;"
    "--waiting_api:#4a5664;--rate_limited:#d0a341;--stalled:#e07b3d;--dead:#e06a6a;--idle:#7d75a3;"
    "--good:#6fcfa5;--bad:#f09a8c;--person:#b8a1ee;--warn:#e0b25a"
)
STYLE: Final = (
    f".night{{{LIGHT}}}"
    f"@media (prefers-color-scheme:dark){{.night{{{DARK}}}}}"
    '.night text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",'
    "sans-serif;fill:var(--ink)}"
    ".night .soft{fill:var(--soft)}"
    ".night .tick{stroke:var(--line);stroke-width:1}"
    ".night .frame{fill:none;stroke:var(--line)}"
    ".night .mark{fill:none;stroke:var(--ink);stroke-width:1.6;stroke-linecap:round;"
    "stroke-linejoin:round}"
    ".night .good{stroke:var(--good)}.night .bad{stroke:var(--bad)}"
    ".night .person{stroke:var(--person)}.night .warn{stroke:var(--warn)}"
    ".night .full{fill:var(--ink)}.night .warn.full{fill:var(--warn)}"
)
"""The style of the timeline; `.night` carries its colours."""
TONES: Final[dict[MarkKind, str]] = {
    "green": "good",
    "red": "bad",
    "error": "bad",
    "stall": "bad",
    "loop": "bad",
    "restart": "warn full",
    "limit": "warn",
    "injection": "person",
    "rewind": "person",
    "checkpoint": "full",
}
TEXTURES: Final[dict[Kind, str]] = {
    "tool": "M1.5 0V6M4.5 0V6",
    "waiting_api": "M1.5 1.5h.01M4.5 4.5h.01",
    "rate_limited": "M-1 7L7-1M-1 1L1-1M5 7L7 5",
    "stalled": "M0 0L6 6M0 6L6 0",
    "dead": "M-1-1L7 7M-1 5L1 7M5-1L7 1",
    "idle": "M0 1.5H6M0 4.5H6",
}
"""What is drawn over the ink of each kind, in a square of six pixels; working has none."""


def _texture_patterns(name: str) -> str:
    """The textures as SVG patterns whose ids begin with `name`."""
    patterns = "".join(
        f'<pattern id="{name}-{kind}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" style="fill:var(--{kind})"/>'
        f'<path d="{path}" style="fill:none;stroke:var(--paper);stroke-width:1.1;'
        'stroke-linecap:round;opacity:.6"/></pattern>'
        for kind, path in TEXTURES.items()
    )
    return f"<defs>{patterns}</defs>"


def _fill_style(name: str, kind: Kind) -> str:
    return f"fill:url(#{name}-{kind})" if kind in TEXTURES else f"fill:var(--{kind})"


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


def render_timeline(
    timeline: Timeline,
    totals: TimeTotals,
    width: int = WIDE,
    zone: ExportTimeZone | None = None,
    *,
    name: str = "night",
    alone: bool = True,
) -> str:
    """The timeline as SVG of `width` pixels; empty where the night has no length.

    `alone` makes it a file of its own with its style; else the page brings `STYLE`, and `name`
    keeps its ids apart from another timeline's.
    """
    start, end = timeline.start, timeline.end
    if start is None or end is None or end <= start:
        return ""
    zone = zone or ExportTimeZone()
    inner = width - 2 * _EDGE
    marks = timeline.marks
    over = place_marks([m for m in marks if m.kind not in TESTED], start, end, inner)
    under = place_marks([m for m in marks if m.kind in TESTED], start, end, inner)
    top = 4 + _LANE * _levels(over)
    axis = top + _BAR + 4 + _LANE * _levels(under)
    legend, height = _legend(timeline, totals, inner, name)
    body = [
        _texture_patterns(name),
        f'<g transform="translate({_EDGE:.0f} {top:.0f})">',
        *_bars(timeline, inner, name),
        *_ticks(start, end, inner, axis - top, zone),
        *(_mark(mark, -4 - _LANE * (mark.level + 0.5), zone) for mark in over),
        *(_mark(mark, _BAR + 4 + _LANE * (mark.level + 0.5), zone) for mark in under),
        "</g>",
        f'<g transform="translate({_EDGE:.0f} {axis + 48:.0f})">',
        *legend,
        "</g>",
    ]
    summary = html_text(_in_words(timeline, start, end, totals, zone))
    return _document("".join(body), width, axis + 48 + height, summary, alone)


def _document(body: str, width: int, height: float, summary: str, alone: bool) -> str:
    size = f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}"'
    label = f'role="img" aria-label="{summary}"'
    if not alone:
        return f'<svg class="night" {size} {label}>{body}</svg>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="night" {size} {label}>'
        f"<title>{summary}</title><style>{html_text(STYLE).replace('&quot;', chr(34))}</style>"
        f'<rect width="100%" height="100%" style="fill:var(--paper)"/>{body}</svg>\n'
    )


def _in_words(
    timeline: Timeline, start: float, end: float, totals: TimeTotals, zone: ExportTimeZone
) -> str:
    """The picture in words, for those who hear it."""
    hours = f"The night from {zone.clock(start)} to {zone.clock(end)} {zone.name}"
    kinds = ", ".join(words for _, words in _kinds_shown(totals))
    marks = Counter(mark.kind for mark in timeline.marks)
    counts = ", ".join(f"{MARKS[kind]} {number}" for kind, number in marks.items())
    return f"{hours}: {kinds}." + (f" Marks: {counts}." if counts else "")


def _kinds_shown(totals: TimeTotals) -> list[tuple[Kind, str]]:
    """Kinds of time that took a second or more, with their words."""
    return [
        (kind, f"{TIME[kind]} {format_duration(seconds)}")
        for kind, seconds in time_by_kind(totals)
        if seconds >= 1
    ]


def _bars(timeline: Timeline, width: float, name: str) -> list[str]:
    """What the night was, one path for each kind, and a frame around it."""
    # Gaps have edges of their own, finer than any column: they lie on top.
    layers = (_columns(timeline, width), _gaps(timeline, width))
    bars = [
        f'<path d="{"".join(pieces)}" style="{_fill_style(name, KINDS[kind])}"/>'
        for layer in layers
        for kind, pieces in sorted(layer.items())
    ]
    return [*bars, f'<rect class="frame" width="{width:.0f}" height="{_BAR:.0f}"/>']


def _columns(timeline: Timeline, width: float) -> dict[int, list[str]]:
    start, end = timeline.start or 0.0, timeline.end or 0.0
    pieces: dict[int, list[str]] = {}
    for cell in cut_timeline(
        structs.replace(timeline, gaps=()), max(1, int(width) // _COLUMN), end
    ):
        left = width * (cell.start - start) / (end - start)
        right = min(width, width * (cell.start + cell.length - start) / (end - start))
        below = _BAR
        # Never more than the whole; the last cell may end before it is full.
        whole = max(1e-9, min(cell.length, end - cell.start), sum(cell.seconds))
        for kind, share in enumerate(seconds / whole for seconds in cell.seconds):
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


def _ticks(start: float, end: float, width: float, depth: float, zone: ExportTimeZone) -> list[str]:
    """The hours under the timeline, and the day where one begins."""
    room = max(1.0, width / _LABEL)
    step = next((step for step in _STEPS if (end - start) / step <= room), _STEPS[-1])
    while (end - start) / step > room:
        step *= 2
    first = -(-(start + zone.offset_s) // step) * step - zone.offset_s
    ticks = []
    day = ""
    for nth in range(int((end - first) // step) + 1 if first <= end else 0):
        at = first + nth * step
        x = width * (at - start) / (end - start)
        ticks.append(f'<path class="tick" d="M{x:.1f} {_BAR:.0f}V{depth + 4:.1f}"/>')
        today = zone.day(at).rpartition(" ")[0]
        ticks.append(_label(x, depth + 17, today if step >= _DAY else zone.clock(at), width))
        if today != day and step < _DAY:
            ticks.append(_label(x, depth + 31, today, width, "soft"))
            day = today
    if not ticks:
        ticks.append(_label(0, depth + 17, zone.clock(start), width))
    return ticks


def _label(x: float, y: float, text: str, width: float, look: str = "") -> str:
    side = "start" if x < 20 else "end" if x > width - 20 else "middle"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{side}"'
        f"{f' class={chr(34)}{look}{chr(34)}' if look else ''}>{html_text(text)}</text>"
    )


def _levels(marks: Sequence[PlacedMark]) -> int:
    """How many levels the marks on one side of the timeline need."""
    return max((mark.level + 1 for mark in marks), default=0)


def _mark(placed: PlacedMark, y: float, zone: ExportTimeZone) -> str:
    mark = placed.mark
    title = f"{zone.clock(mark.at)} {MARKS[mark.kind]}: {clip_text(mark.label, 120)}"
    return f"<g><title>{html_text(title)}</title>{_sign(mark.kind, placed.x, y)}</g>"


def _sign(kind: MarkKind, x: float, y: float) -> str:
    look = f"mark {TONES[kind]}" if kind in TONES else "mark"
    return f'<path class="{look}" transform="translate({x:.1f} {y:.1f})" d="{SHAPES[kind]}"/>'


def _legend(
    timeline: Timeline, totals: TimeTotals, width: float, name: str
) -> tuple[list[str], float]:
    """What the inks and the signs mean, in rows, and how high they are."""
    entries: list[tuple[str, str, MarkKind | None]] = [
        (words, _fill_style(name, kind), None) for kind, words in _kinds_shown(totals)
    ]
    kinds = len(entries)
    for mark, number in Counter(mark.kind for mark in timeline.marks).items():
        words = MARKS[mark] if number == 1 else f"{number:,} × {MARKS[mark]}"
        entries.append((words, "", mark))
    rows: list[str] = []
    x = y = 0.0
    for place, (words, fill, sign) in enumerate(entries):
        wide = 22 + len(words) * _LETTER
        if x and (x + wide > width or place == kinds):
            x, y = 0.0, y + _ROW
        text = f'<text x="{x + 18:.1f}" y="{y + 4:.1f}">{html_text(words)}</text>'
        if sign is not None:
            drawn = _sign(sign, x + 6, y)
        else:
            drawn = f'<rect x="{x:.1f}" y="{y - 6:.1f}" width="12" height="12" style="{fill}"/>'
        rows.append(drawn + text)
        x += wide + 14
    return rows, y + _ROW
