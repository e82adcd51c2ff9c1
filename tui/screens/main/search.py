"""Find bar, matches, places in the past."""

from __future__ import annotations

from collections.abc import Callable

from tui.monitor.loading import rows_around
from tui.monitor.monitor import SessionMonitor
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.search import RawSearch, SearchHit
from tui.screens.main.panes import Panes
from widgets.lists.find_bar import FindBar


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


class EventSearch:
    """Takes the events pane to matches and errors.

    `seek` is told the time of each match that is shown, `edges` that the pane's edge says something
    else now.
    """

    def __init__(
        self,
        watch: SessionMonitor,
        panes: Panes,
        bar: FindBar,
        seek: Callable[[float | None], None],
        edges: Callable[[], None],
    ) -> None:
        self.searching = SearchSession(watch, self._moved)
        self._watch = watch
        self._view = panes.events
        self._bar = bar
        self._seek = seek
        self._edges = edges
        self._window: EventIndex | None = None
        self._owed = 0

    @property
    def detached(self) -> bool:
        """Whether the events pane shows a place that was read by itself."""
        return self._window is not None

    @property
    def log(self) -> EventIndex:
        """What the events pane shows."""
        return self._window if self._window is not None else self._watch.events

    @property
    def at_work(self) -> bool:
        """Whether there is a search to end."""
        return bool(self.searching.text) or self._bar.is_open

    # --- the bar -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Brings the bar up with what was last looked for."""
        await self._bar.open(self.searching.text)

    def typed(self, text: str) -> None:
        """Looks for what is typed so far."""
        if len(text) >= 2:
            self._look_for(text)
        else:
            self._look_for("")
        self._mark()
        self._tell_progress()

    def submitted(self, text: str) -> None:
        """Looks for it and goes to the first match; the keys are the page's again."""
        self._look_for(text)
        self._mark()
        self._take_keys()
        self.step(1)

    def end(self) -> None:
        """Forgets the search and goes back to the whole night."""
        self._look_for("")
        self._bar.close()
        self._view.set_search("")
        if self.detached:
            self.leave_window()
        self._take_keys()

    def _look_for(self, text: str) -> None:
        if text != self.searching.text:
            self._owed = 0
            self.searching.look_for(text)

    def _take_keys(self) -> None:
        """At once: `focus` would let keys pass that were read before it comes to it."""
        self._view.screen.set_focus(self._view)

    def _mark(self) -> None:
        text = self.searching.text
        self._view.set_search(text, self._excerpts() if text else None)

    def _excerpts(self) -> Callable[[int], str]:
        return lambda row: excerpt(self.log, row, self.searching.text)

    def _moved(self) -> None:
        """Called from the searching thread."""
        self._bar.app.call_later(self._tell_progress)

    def _tell_progress(self) -> None:
        search = self.searching
        if not search.text:
            return
        if search.running and not search.hits:
            self._bar.set_progress(search.share)
        else:
            self._tell_matches()
        if self._owed:
            self.step(0)

    def _tell_matches(self) -> None:
        search = self.searching
        self._bar.set_matches(search.place, len(search.hits), more=search.running)

    # --- the matches ---------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Shows the next match, further back in time, or the one before.

        Steps beyond what is found so far are taken when the search comes to them.
        """
        self._owed += by
        hit = None
        if self._owed and self.searching.knows(self._owed):
            hit = self.searching.step(self._owed)
            self._owed = 0
        self._tell_matches()
        if hit is not None:
            self._show(hit)

    def _show(self, hit: SearchHit) -> None:
        log = self._watch.events
        row = log.row_of(hit.source, hit.offset)
        if row is None and self._watch.partial:
            self._show_window(hit)
        elif row is not None:
            if self.detached:
                self._window = None
                self._view.show(log)
            self._view.reveal(row)
            self._seek(log.time(row))

    def _show_window(self, hit: SearchHit) -> None:
        around = rows_around(hit.source, hit.offset, self._watch.level)
        row = around.row_of(hit.source, hit.offset) if around is not None else None
        if around is None or row is None:
            return
        around.generation = self._view.generation + 1
        self._window = around
        self._view.show(around)
        self._view.reveal(row)
        self._edges()

    def leave_window(self) -> None:
        """Back from a place that was read by itself to the whole night."""
        self._window = None
        log = self._watch.events
        log.generation = max(log.generation, self._view.generation + 1)
        self._view.show(log)
        hit = self.searching.current()
        if hit is None:
            self._view.follow()
        else:
            self._show(hit)
        self._edges()

    def error(self, step: int) -> bool:
        """Shows the next (1) or previous (-1) error; False when there is none that way."""
        view, log = self._view, self.log
        start = view.cursor if not view.following else (len(log) if step < 0 else -1)
        row = log.next_error(start, step)
        if row is not None:
            view.reveal(row)
        return row is not None
