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
    """One search at a time; `position` is the number of the match that is shown, 0 for none."""

    def __init__(self, monitor: SessionMonitor, on_progress: Callable[[], None]) -> None:
        self.position = 0
        self._monitor = monitor
        self._on_progress = on_progress
        self._search: RawSearch | None = None

    @property
    def text(self) -> str:
        return self._search.text if self._search is not None else ""

    @property
    def hits(self) -> list[SearchHit]:
        return self._search.hits if self._search is not None else []

    @property
    def is_running(self) -> bool:
        return self._search is not None and not self._search.done

    @property
    def share(self) -> float:
        """How far through the files the search is."""
        search = self._search
        return search.searched / search.total if search is not None and search.total else 0.0

    def start(self, text: str) -> None:
        """Starts anew, unless it already looks for exactly this; an empty text ends the search."""
        if text == self.text:
            return
        if self._search is not None:
            self._search.cancel()
        self.position = 0
        self._search = self._monitor.search(text, self._on_progress) if text else None

    def step(self, by: int) -> SearchHit | None:
        """The next match (further back in time) or the one before; goes round at the ends."""
        hits = self.hits
        if not hits:
            return None
        start = self.position if self.position or by > 0 else len(hits) + 1
        self.position = (start + by - 1) % len(hits) + 1
        return hits[self.position - 1]

    def can_step(self, by: int) -> bool:
        """Whether it is known already which match that step leads to."""
        return not self.is_running or (bool(self.hits) and self.position + by <= len(self.hits))

    @property
    def current(self) -> SearchHit | None:
        return self.hits[self.position - 1] if 0 < self.position <= len(self.hits) else None


def excerpt(log: EventIndex, row: int, text: str) -> str:
    """The words round the match in everything the row stands for; empty when the row shows it."""
    needle = text.lower()
    drawn = log.row(row)
    if needle in drawn.text.lower() or needle in drawn.outcome.lower():
        return ""
    for part in log.detail(row).parts:
        place = part.text.lower().find(needle)
        if place >= 0:
            start, end = max(0, place - 60), place + len(text) + 120
            return " ".join(part.text[start:end].split())
    return ""


class EventSearch:
    """Takes the events pane to matches and errors.

    `on_match` hears the time of each match that is shown, `on_status` that the pane's edge says
    something else now.
    """

    def __init__(
        self,
        monitor: SessionMonitor,
        panes: Panes,
        bar: FindBar,
        on_match: Callable[[float | None], None],
        on_status: Callable[[], None],
    ) -> None:
        self.session = SearchSession(monitor, self._on_progress)
        self._monitor = monitor
        self._view = panes.events
        self._bar = bar
        self._on_match = on_match
        self._on_status = on_status
        self._window: EventIndex | None = None
        self._pending_steps = 0

    @property
    def is_detached(self) -> bool:
        """Whether the events pane shows a place that was read by itself."""
        return self._window is not None

    @property
    def log(self) -> EventIndex:
        """What the events pane shows."""
        return self._window if self._window is not None else self._monitor.events

    @property
    def is_active(self) -> bool:
        """Whether there is a search to end."""
        return bool(self.session.text) or self._bar.is_open

    # --- the bar -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Brings the bar up with what was last searched for."""
        await self._bar.open(self.session.text)

    def update_text(self, text: str) -> None:
        """Searches for what is typed so far."""
        self._start(text if len(text) >= 2 else "")
        self._show_progress()

    def submit(self, text: str) -> None:
        """Searches for it and goes to the first match; the keys are the page's again."""
        self._start(text)
        self._focus_events()
        self.step(1)

    def end(self) -> None:
        """Ends the search and goes back to the whole night."""
        self._start("")
        self._bar.close()
        if self.is_detached:
            self.leave_window()
        self._focus_events()

    def _start(self, text: str) -> None:
        if text != self.session.text:
            self._pending_steps = 0
            self.session.start(text)
        excerpts = (lambda row: excerpt(self.log, row, text)) if text else None
        self._view.set_search(text, excerpts)

    def _focus_events(self) -> None:
        # `Widget.focus` takes effect later: keys that were read before would still go to the bar.
        self._view.screen.set_focus(self._view)

    def _on_progress(self) -> None:
        """Called from the searching thread."""
        self._bar.app.call_later(self._show_progress)

    def _show_progress(self) -> None:
        session = self.session
        if not session.text:
            return
        if session.is_running and not session.hits:
            self._bar.set_progress(session.share)
        else:
            self._show_matches()
        if self._pending_steps:
            self.step(0)

    def _show_matches(self) -> None:
        session = self.session
        self._bar.set_matches(session.position, len(session.hits), more=session.is_running)

    # --- the matches ---------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Shows the next match, further back in time, or the one before.

        Steps beyond what is found so far are made when the search comes to them.
        """
        self._pending_steps += by
        hit = None
        if self._pending_steps and self.session.can_step(self._pending_steps):
            hit = self.session.step(self._pending_steps)
            self._pending_steps = 0
        self._show_matches()
        if hit is not None:
            self._show_hit(hit)

    def _show_hit(self, hit: SearchHit) -> None:
        log = self._monitor.events
        row = log.row_of(hit.source, hit.offset)
        if row is None and self._monitor.partial:
            self._show_window(hit)
        elif row is not None:
            if self.is_detached:
                self._window = None
                self._view.show(log)
            self._view.reveal(row)
            self._on_match(log.time(row))

    def _show_window(self, hit: SearchHit) -> None:
        log = rows_around(hit.source, hit.offset, self._monitor.level)
        row = log.row_of(hit.source, hit.offset) if log is not None else None
        if log is None or row is None:
            return
        log.generation = self._view.generation + 1
        self._window = log
        self._view.show(log)
        self._view.reveal(row)
        self._on_status()

    def leave_window(self) -> None:
        """Back from a place that was read by itself to the whole night."""
        self._window = None
        log = self._monitor.events
        log.generation = max(log.generation, self._view.generation + 1)
        self._view.show(log)
        if self.session.current is None:
            self._view.follow()
        else:
            self._show_hit(self.session.current)
        self._on_status()

    def show_error(self, step: int) -> bool:
        """Shows the next (1) or previous (-1) error; False when there is none that way."""
        view, log = self._view, self.log
        start = view.cursor if not view.following else (len(log) if step < 0 else -1)
        row = log.next_error(start, step)
        if row is not None:
            view.reveal(row)
        return row is not None
