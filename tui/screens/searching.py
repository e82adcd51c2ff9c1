"""Search over the whole night: from typed words to a row on the screen and back again."""

from __future__ import annotations

from collections.abc import Callable

from tui.watching.event_log import EventIndex
from tui.watching.search import SearchHit, RawSearch
from tui.watching.watch import SessionMonitor


class SearchSession:
    """One search at a time; `place` is the number of the match a person looks at, 0 for none."""

    def __init__(self, watch: SessionMonitor, on_progress: Callable[[], None]) -> None:
        self.place = 0
        self._watch = watch
        self._on_progress = on_progress
        self._search: RawSearch | None = None

    @property
    def text(self) -> str:
        return self._search.text if self._search is not None else ""

    @property
    def hits(self) -> list[SearchHit]:
        return self._search.hits if self._search is not None else []

    @property
    def running(self) -> bool:
        return self._search is not None and not self._search.done

    @property
    def share(self) -> float:
        """How far through the files the search is."""
        search = self._search
        if search is None or not search.total:
            return 0.0
        return search.searched / search.total

    def look_for(self, text: str) -> None:
        """Starts anew, unless it already looks for exactly this."""
        if text == self.text:
            return
        self.stop()
        if text:
            self._search = self._watch.search(text, self._on_progress)

    def stop(self) -> None:
        """Forgets the search."""
        if self._search is not None:
            self._search.cancel()
        self._search = None
        self.place = 0

    def step(self, by: int) -> SearchHit | None:
        """The next match (further back in time) or the one before; goes round at the ends."""
        hits = self.hits
        if not hits:
            return None
        start = self.place if self.place or by > 0 else len(hits) + 1
        self.place = (start + by - 1) % len(hits) + 1
        return hits[self.place - 1]

    def knows(self, by: int) -> bool:
        """Whether it can be told already which match that step leads to."""
        found = len(self.hits)
        return not self.running or (found > 0 and self.place + by <= found)

    def current(self) -> SearchHit | None:
        return self.hits[self.place - 1] if 0 < self.place <= len(self.hits) else None


def excerpt(log: EventIndex, row: int, text: str) -> str:
    """The words round the match in everything the row stands for; empty when it is not there."""
    wanted = text.lower()
    drawn = log.row(row)
    if wanted in drawn.text.lower() or wanted in drawn.outcome.lower():
        return ""
    for part in log.detail(row).parts:
        place = part.text.lower().find(wanted)
        if place >= 0:
            start, end = max(0, place - 60), place + len(text) + 120
            return " ".join(part.text[start:end].split())
    return ""
