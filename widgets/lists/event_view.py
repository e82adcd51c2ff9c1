"""The events pane, and how it draws a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from msgspec import Struct

from tui.model.rows import EventRow, RowKind
from tui.system.format import format_clock, format_duration_short, format_running
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, highlight
from widgets.lists.line_view import LineView
from widgets.paint_governor import PaintGovernor
from widgets.text_cells import cells, clip, clip_path, pad, visible

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
    "tool": "label",
    "user": "person",
    "init": "heading",
    "result": "strong",
    "retry": "warning",
    "limit": "warning",
    "compaction": "accent",
    "task": "label",
    "deed": "person",
    "commit": "ok",
    "malformed": "warning",
}
"""The roles of labels; rows of other kinds are quiet, their words too."""
_MARKS: Final[tuple[Role, ...]] = ("error", "warning", "running", "ok")
"""The roles of marks and levels, which are also the names of their signs."""


class SearchHighlight(Struct, frozen=True):
    """What a person searches for, and the excerpt to show where a row itself does not say it."""

    needle: str = ""
    excerpt: str = ""


def mark_span(mark: str) -> Span:
    """The sign that shows how it went, so that no colour has to; a blank for what has none."""
    role = next((role for role in _MARKS if role == mark), None)
    return (getattr(glyphs(), role), role) if role is not None else (" ", "text")


def event_line(
    row: EventRow,
    width: int,
    now: float | None = None,
    search: SearchHighlight | None = None,
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
    mark, mark_role = mark_span(row.mark)
    out.append((mark + " ", mark_role))
    label_role: Role = "error" if row.mark == "error" else _LABELS.get(row.kind, "dim")
    if row.mark == "quiet":
        label_role = "dim"
    out.append((pad(visible(row.label), label_width - 1) + " ", label_role))
    left = width - sum(cells(text) for text, _ in out)
    out.extend(_body(row, max(0, left), narrow, now, search or SearchHighlight()))
    return out


def _body(
    row: EventRow, width: int, narrow: bool, now: float | None, search: SearchHighlight
) -> list[Span]:
    text, outcome = visible(row.text), visible(row.outcome)
    if search.needle and search.needle.lower() not in f"{text}\n{outcome}".lower():
        text = visible(search.excerpt) or text
    timing = _timing(row, narrow, now)
    need = cells(outcome)
    if not need and not timing[0].strip():
        timing = ("", "text")
    room = max(0, width - len(timing[0]))
    share = 0
    if need and room > 12:
        sought = bool(search.needle) and search.needle.lower() in text.lower()
        share = min(need, max(room - cells(text) - 2, room // 5 if sought else room * 2 // 5))
        outcome = clip(outcome, share)
        share = cells(outcome)
    text_room = max(0, room - (share + 2 if share else 0))
    text = _with_file_name(text, visible(row.file), search.needle, text_room)
    shown = clip_around(text, search.needle, text_room)
    spans = highlight(shown, search.needle, text_role(row))
    out = [*spans, (" " * max(0, text_room - cells(shown)), "text")]
    if share:
        role = mark_span(row.mark)[1] if row.mark in ("error", "warning") else "dim"
        out.append(("  ", "text"))
        out.extend(highlight(outcome, search.needle, role))
    return [*out, timing] if timing[0] else out


def _with_file_name(text: str, file: str, needle: str, width: int) -> str:
    """The text with folders of `file` left out, as far as `width` asks for it and the needle stays."""
    over = cells(text) - width
    if over <= 0 or len(file) < 2 or file not in text:
        return text
    before, _, after = text.rpartition(file)
    least = cells(clip_path(file, 1 + cells(glyphs().ellipsis) + cells(file.rpartition("/")[2])))
    short = clip_path(file, max(cells(file) - over, min(least, width)))
    before = clip(before, max(0, width - cells(short)))
    fitted = f"{before}{short}{after}"
    return text if needle and needle.lower() not in fitted.lower() else fitted


def text_role(row: EventRow) -> Role:
    """The role of a row's words."""
    if row.kind in ("user", "deed"):
        return "person"
    return "dim" if row.mark == "quiet" or row.kind not in _LABELS else "text"


def _timing(row: EventRow, narrow: bool, now: float | None) -> Span:
    """The last column: how long it took, or for how long it has been running."""
    if row.mark == "running" and row.at is not None and now is not None:
        return format_running(now - row.at).rjust(8 if not narrow else 7), "running"
    if row.seconds is not None and (row.seconds >= 0.1 or not narrow):
        role: Role = "text" if row.seconds >= 60 else "dim"
        return format_duration_short(row.seconds).rjust(8 if not narrow else 7), role
    return ("" if narrow else " " * 8), "text"


def clip_around(text: str, needle: str, width: int) -> str:
    """The text clipped so that the first occurrence of the needle is in sight."""
    if cells(text) <= width:
        return text
    at = text.lower().find(needle.lower()) if needle else -1
    mark = glyphs().ellipsis
    if at < 0 or cells(text[: at + len(needle)]) <= width - 1:
        return clip(text, width)
    return clip(mark + text[max(0, at - width // 3) :], width)


class Source(Protocol):
    """Numbered rows; `generation` changes when a number may mean another row than before."""

    @property
    def generation(self) -> int: ...

    def __len__(self) -> int: ...


SourceT = TypeVar("SourceT", bound=Source)


class SourceView(LineView, Generic[SourceT]):
    """Draws what a source has; posts `Opened` for the row that a person wants to see in full."""

    _source: SourceT | None = None
    _needle = ""

    def show(self, source: SourceT) -> None:
        """Draw from this source from now on."""
        if source is not self._source:
            self._source = source
            self.invalidate()
        self.update()

    def update(self, changed: Iterable[int] = ()) -> None:
        """Read the new rows of the source, and the changed ones again."""
        if self._source is not None:
            self.advance(len(self._source), self._source.generation, changed)

    def set_search(self, needle: str) -> None:
        """Mark what is searched for; an empty needle marks nothing."""
        self._needle = needle
        self.invalidate()


class RowSource(Source, Protocol):
    """Rows of events; `row` raises IndexError for one that is gone."""

    def row(self, index: int) -> EventRow: ...


Excerpts = Callable[[int], str]
"""Gives the words around the match in a row's full record, empty for none."""


class EventView(SourceView[RowSource]):
    """Draws the rows of a `RowSource`; posts `Opened` for the row that a person wants to see."""

    PLACEHOLDER: ClassVar[str] = "no events yet"

    def __init__(
        self,
        *,
        now: Callable[[], float],
        governor: PaintGovernor | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(governor=governor, id=id)
        self._now = now
        self._excerpts: Excerpts | None = None
        self._since: float | None = None

    def set_search(self, needle: str, excerpts: Excerpts | None = None) -> None:
        """Mark what is searched for; an empty needle marks nothing."""
        self._excerpts = excerpts
        super().set_search(needle)

    def mark_newer_than(self, at: float | None) -> None:
        """Mark the rows newer than this moment, if there are older ones; None marks nothing."""
        self._since = at
        self.invalidate()

    def _is_new(self, row: EventRow) -> bool:
        if self._since is None or row.at is None or row.at <= self._since:
            return False
        first = self.row(0)
        return first is not None and first.at is not None and first.at <= self._since

    def row(self, index: int) -> EventRow | None:
        """The row as the source has it; None when it is gone meanwhile."""
        try:
            return self._source.row(index) if self._source is not None else None
        except IndexError:
            return None

    def is_live(self, index: int) -> bool:
        row = self.row(index)
        return row is not None and row.mark == "running"

    def line(self, index: int, width: int) -> Line:
        row = self.row(index)
        if row is None:
            return []
        search = None
        if self._needle:
            excerpt = self._excerpts(index) if self._excerpts is not None else ""
            search = SearchHighlight(self._needle, excerpt)
        return event_line(row, width, self._now(), search, new=self._is_new(row))

    def row_text(self, index: int) -> str:
        row = self.row(index)
        if row is None:
            return ""
        parts = (format_clock(row.at).strip(), row.label, row.text, row.outcome)
        return visible("  ".join(part for part in parts if part))
