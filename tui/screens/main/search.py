"""Find bar, matches, places in the past."""

from __future__ import annotations

from collections.abc import Callable

from tui.monitor.loading import rows_around
from tui.monitor.monitor import SessionMonitor
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.search import RawSearch, SearchHit
from tui.screens.main.panes import Panes
from widgets.lists.find_bar import FindBar


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
    """Takes the events pane to matches and errors; one search at a time.

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
        self._monitor = monitor
        self._view = panes.events
        self._bar = bar
        self._on_match = on_match
        self._on_status = on_status
        self._window: EventIndex | None = None
        self._search: RawSearch | None = None
        self._position = 0
        """The number of the match that is shown, 0 for none."""
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
    def text(self) -> str:
        """What is searched for."""
        return self._search.text if self._search is not None else ""

    @property
    def is_active(self) -> bool:
        """Whether there is a search to end."""
        return bool(self.text) or self._bar.is_open

    # --- the bar -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Brings the bar up with what was last searched for."""
        await self._bar.open(self.text)

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
        if text != self.text:
            if self._search is not None:
                self._search.cancel()
            self._position = self._pending_steps = 0
            self._search = self._monitor.search(text, self._on_progress) if text else None
        excerpts = (lambda row: excerpt(self.log, row, text)) if text else None
        self._view.set_search(text, excerpts)

    def _focus_events(self) -> None:
        # `Widget.focus` takes effect later: keys that were read before would still go to the bar.
        self._view.screen.set_focus(self._view)

    def _on_progress(self) -> None:
        """Called from the searching thread."""
        self._bar.app.call_later(self._show_progress)

    @property
    def _found(self) -> tuple[list[SearchHit], bool]:
        """The matches so far, and whether more may come."""
        search = self._search
        return (search.hits, not search.done) if search is not None else ([], False)

    def _show_progress(self) -> None:
        search = self._search
        if search is None:
            return
        if not search.done and not search.hits:
            self._bar.set_progress(search.searched / search.total if search.total else 0.0)
        else:
            self._show_matches()
        if self._pending_steps:
            self.step(0)

    def _show_matches(self) -> None:
        hits, is_running = self._found
        self._bar.set_matches(self._position, len(hits), more=is_running)

    # --- the matches ---------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Shows the next match, further back in time, or the one before; goes round at the ends.

        Steps beyond what is found so far are made when the search comes to them.
        """
        steps = self._pending_steps = self._pending_steps + by
        hits, is_running = self._found
        hit = None
        if steps and not (is_running and (not hits or self._position + steps > len(hits))):
            self._pending_steps = 0
            if hits:
                start = self._position if self._position or steps > 0 else len(hits) + 1
                self._position = (start + steps - 1) % len(hits) + 1
                hit = hits[self._position - 1]
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
        base = self._monitor.base_of(hit.source)
        log = rows_around(hit.source, hit.offset, self._monitor.level, base)
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
        if self._position:
            self._show_hit(self._found[0][self._position - 1])
        else:
            self._view.follow()
        self._on_status()

    def show_error(self, step: int) -> bool:
        """Shows the next (1) or previous (-1) error; False when there is none that way."""
        view, log = self._view, self.log
        start = view.cursor if not view.following else (len(log) if step < 0 else -1)
        row = log.next_error(start, step)
        if row is not None:
            view.reveal(row)
        return row is not None
