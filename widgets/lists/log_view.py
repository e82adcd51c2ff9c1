"""The watchdog pane, and how it draws an entry."""

from __future__ import annotations

from typing import ClassVar, Final

from tui.model.records import LogEntry, LogLevel
from tui.system.format import format_clock
from widgets.ink import Line, Role, Span, highlight
from widgets.lists.event_view import NARROW, clip_around, mark_span
from widgets.lists.line_view import SourceView
from widgets.lists.row_view import LogSource
from widgets.text_cells import cells, clip, visible

_ROLES: Final[dict[LogLevel, Role]] = {
    "debug": "dim",
    "info": "text",
    "ok": "text",
    "warning": "warning",
    "error": "error",
    "": "text",
}


def log_line(entry: LogEntry, width: int, needle: str = "") -> Line:
    """The entry in `width` columns: time, level, tag, its first line, and how many follow."""
    first, _, rest = entry.text.partition("\n")
    more = rest.count("\n") + 1 if rest else 0
    out: list[Span] = []
    when = _clock_text(entry, width)
    if when:
        out.append((when + " ", "dim"))
    out.extend([mark_span(entry.level), (" ", "text")])
    if entry.tag and width >= NARROW // 2:
        out.append((clip(visible(entry.tag), 12) + " ", "label"))
    tail = f" +{more} lines" if more > 1 else (" +1 line" if more else "")
    room = max(0, width - sum(cells(text) for text, _ in out) - len(tail))
    shown = clip_around(visible(first), needle, room)
    out.extend(highlight(shown, needle, _ROLES[entry.level]))
    if tail:
        out.append((tail, "dim"))
    return out


def _clock_text(entry: LogEntry, width: int) -> str:
    seconds = width >= NARROW
    if entry.at is not None:
        return format_clock(entry.at, seconds)
    return clip(visible(entry.clock), 8 if seconds else 5, "") if entry.clock else ""


class LogView(SourceView[LogSource]):
    """Draws the entries of a `LogSource`; posts `Opened` for the entry wanted in full."""

    PLACEHOLDER: ClassVar[str] = "nothing logged yet"

    def entry(self, index: int) -> LogEntry | None:
        """The entry as the source has it; None when it is gone meanwhile."""
        if self._source is None:
            return None
        try:
            return self._source.entry(index)
        except IndexError:
            return None

    def line(self, index: int, width: int) -> Line:
        entry = self.entry(index)
        return [] if entry is None else log_line(entry, width, self._needle)

    def row_text(self, index: int) -> str:
        entry = self.entry(index)
        if entry is None:
            return ""
        words = "\n".join(visible(line) for line in entry.text.split("\n"))
        return f"{_clock_text(entry, 80)} {words}".strip()
