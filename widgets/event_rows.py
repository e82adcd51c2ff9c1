"""How one event looks on one line."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from tui.records import EventRow, RowKind
from tui.system.format import format_clock, format_duration_short, format_running
from widgets.cells import cells, clip, pad, visible
from widgets.glyphs import Glyphs, glyphs
from widgets.ink import Line, Role, Span, highlight

NARROW: Final = 64
"""Columns below which seconds of the clock and empty columns are given up."""

WIDE: Final = 72
"""Columns from which on there is room for the longest labels."""

READABLE: Final = 160
"""Columns beyond which how it went would stand too far from what it was."""

DEEPEST: Final = 4
"""Levels of subagents that are indented."""

_LABELS: Final[dict[RowKind, Role]] = {
    "text": "accent",
    "thinking": "dim",
    "tool": "label",
    "tool_result": "dim",
    "user": "person",
    "init": "heading",
    "result": "strong",
    "retry": "warning",
    "limit": "warning",
    "compaction": "accent",
    "task": "label",
    "hook": "dim",
    "deed": "person",
    "commit": "ok",
    "notice": "dim",
    "unknown": "dim",
    "malformed": "warning",
    "partial": "dim",
}
_QUIET: Final = frozenset({"thinking", "tool_result", "hook", "notice", "unknown", "partial"})


class SearchHighlight(Struct, frozen=True):
    """What the person looks for, and the excerpt to show where a row itself does not say it."""

    needle: str = ""
    excerpt: str = ""


def mark_of(row: EventRow, signs: Glyphs) -> Span:
    """The sign that says how it went, so that no colour has to."""
    if row.mark == "error":
        return signs.error, "error"
    if row.mark == "warning":
        return signs.warning, "warning"
    if row.mark == "running":
        return signs.running, "running"
    if row.mark == "ok":
        return signs.ok, "ok"
    return " ", "text"


def event_line(
    row: EventRow,
    width: int,
    now: float | None = None,
    looking: SearchHighlight | None = None,
    *,
    new: bool = False,
) -> Line:
    """The row in `width` columns: time, mark, label, text, and at the right how it went.

    `new` marks what nobody has seen yet with a sign after its time.
    """
    signs = glyphs()
    narrow = width < NARROW
    label_width = 8 if narrow else (11 if width >= WIDE else 9)
    if row.outcome or row.seconds is not None:
        width = min(width, READABLE)
    out: list[Span] = [
        (format_clock(row.at, not narrow), "faint" if row.mark == "quiet" else "dim")
    ]
    out.append((signs.bullet, "accent") if new else (" ", "text"))
    if row.depth > 0:
        out.append(((signs.branch + " ") * min(row.depth, DEEPEST), "faint"))
    mark, mark_role = mark_of(row, signs)
    out.append((mark + " ", mark_role))
    label_role: Role = "error" if row.mark == "error" else _LABELS[row.kind]
    if row.mark == "quiet":
        label_role = "dim"
    out.append((pad(visible(row.label), label_width - 1) + " ", label_role))
    left = width - sum(cells(text) for text, _ in out)
    out.extend(_body(row, max(0, left), narrow, now, looking or SearchHighlight()))
    return out


def _body(
    row: EventRow, width: int, narrow: bool, now: float | None, looking: SearchHighlight
) -> list[Span]:
    text, outcome = visible(row.text), visible(row.outcome)
    if looking.needle and looking.needle.lower() not in f"{text}\n{outcome}".lower():
        text = visible(looking.excerpt) or text
    timing = _timing(row, narrow, now)
    need = cells(outcome)
    if not need and not timing[0].strip():
        timing = ("", "text")
    room = max(0, width - len(timing[0]))
    share = 0
    if need and room > 12:
        sought = bool(looking.needle) and looking.needle.lower() in text.lower()
        share = min(need, max(room - cells(text) - 2, room // 5 if sought else room * 2 // 5))
        outcome = clip(outcome, share)
        share = cells(outcome)
    text_room = max(0, room - (share + 2 if share else 0))
    shown = around(text, looking.needle, text_room)
    spans = highlight(shown, looking.needle, text_role(row))
    out = [*spans, (" " * max(0, text_room - cells(shown)), "text")]
    if share:
        out.append(("  ", "text"))
        out.extend(highlight(outcome, looking.needle, _outcome_role(row)))
    return [*out, timing] if timing[0] else out


def text_role(row: EventRow) -> Role:
    """The role of a row's words."""
    if row.kind in ("user", "deed"):
        return "person"
    return "dim" if row.mark == "quiet" or row.kind in _QUIET else "text"


def _outcome_role(row: EventRow) -> Role:
    if row.mark == "error":
        return "error"
    return "warning" if row.mark == "warning" else "dim"


def _timing(row: EventRow, narrow: bool, now: float | None) -> Span:
    """The last column: how long it took, or for how long it has been running."""
    if row.mark == "running" and row.at is not None and now is not None:
        return format_running(now - row.at).rjust(8 if not narrow else 7), "running"
    if row.seconds is not None and (row.seconds >= 0.1 or not narrow):
        role: Role = "text" if row.seconds >= 60 else "dim"
        return format_duration_short(row.seconds).rjust(8 if not narrow else 7), role
    return ("" if narrow else " " * 8), "text"


def around(text: str, needle: str, width: int) -> str:
    """The text clipped so that the first occurrence of the needle is in sight."""
    if cells(text) <= width:
        return text
    at = text.lower().find(needle.lower()) if needle else -1
    mark = glyphs().ellipsis
    if at < 0 or cells(text[: at + len(needle)]) <= width - 1:
        return clip(text, width)
    start = max(0, min(at - width // 3, at + len(needle) - width + 2))
    start = max(start, at - width // 3)
    return clip(mark + text[start:], width)
