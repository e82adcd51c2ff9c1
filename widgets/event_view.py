"""The events pane's content: one line an event, live elapsed times, matches in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui.records import EventRow
from tui.system.format import format_clock
from widgets.cells import visible
from widgets.event_rows import SearchHighlight, event_line
from widgets.ink import Line
from widgets.line_view import LineView
from widgets.paint import PaintGovernor
from widgets.sources import RowSource

Excerpts = Callable[[int], str]
"""Gives the words around the match in a row's full record, empty for none."""


class EventView(LineView):
    """Draws the rows of a `RowSource`; posts `Opened` for the row that a person wants to see."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        governor: PaintGovernor | None = None,
        placeholder: str = "no events yet",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(governor=governor, placeholder=placeholder, id=id, classes=classes)
        self._now = now
        self._source: RowSource | None = None
        self._needle = ""
        self._excerpts: Excerpts | None = None
        self._since: float | None = None

    def show(self, source: RowSource) -> None:
        """Draw from this source from now on."""
        if source is not self._source:
            self._source = source
            self.invalidate()
        self.update()

    def update(self, changed: Iterable[int] = ()) -> None:
        """Take up the source's new rows, and read the changed ones again."""
        if self._source is not None:
            self.advance(len(self._source), self._source.generation, changed)

    def set_search(self, needle: str, excerpts: Excerpts | None = None) -> None:
        """Mark what is looked for; an empty needle marks nothing."""
        self._needle = needle
        self._excerpts = excerpts
        self.invalidate()

    def mark_since(self, at: float | None) -> None:
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
        if self._source is None:
            return None
        try:
            return self._source.row(index)
        except IndexError:
            return None

    def is_live(self, index: int) -> bool:
        row = self.row(index)
        return row is not None and row.mark == "running"

    def line(self, index: int, width: int) -> Line:
        row = self.row(index)
        if row is None:
            return []
        looking = None
        if self._needle:
            excerpt = self._excerpts(index) if self._excerpts is not None else ""
            looking = SearchHighlight(self._needle, excerpt)
        return event_line(row, width, self._now(), looking, new=self._is_new(row))

    def row_text(self, index: int) -> str:
        row = self.row(index)
        if row is None:
            return ""
        parts = (format_clock(row.at).strip(), row.label, row.text, row.outcome)
        return visible("  ".join(part for part in parts if part))
