"""The timeline cursor moves every pane."""

from __future__ import annotations

from collections.abc import Callable

from tui.monitor.monitor import SessionMonitor
from tui.screens.main.panes import Panes
from tui.screens.main.search import EventSearch
from widgets.status.timeline_bar import TimelineBar

_SAME_STALL = 60.0


class TimeTravel:
    """Takes the panes to a time of the night and back to now.

    `show_night` draws the header again, `show_progress` the tasks as they are now.
    """

    def __init__(
        self,
        watch: SessionMonitor,
        panes: Panes,
        strip: TimelineBar,
        finding: EventSearch,
        show_night: Callable[[], None],
        show_progress: Callable[[], None],
    ) -> None:
        self._watch = watch
        self._panes = panes
        self._strip = strip
        self._finding = finding
        self._show_night = show_night
        self._show_progress = show_progress

    @property
    def at(self) -> float | None:
        """The time looked at, epoch seconds; None for now."""
        return self._strip.cursor_at

    def moved(self, at: float | None, words: str) -> None:
        """The cursor of the strip was moved."""
        if at is None:
            self.to_now()
        else:
            self._to(at, words)

    def seek(self, at: float | None) -> None:
        """Puts the cursor of the strip there; the panes stay."""
        if at is not None:
            self._strip.cursor_at = at
            self._show_night()

    def next_stall(self) -> bool:
        """Goes to the next stall, round at the end; False when there is none."""
        night = self._watch.night
        stalls = [mark for mark in night.timeline.marks if mark.kind == "stall"] if night else []
        if not stalls:
            return False
        after = self.at if self.at is not None else float("-inf")
        mark = next((mark for mark in stalls if mark.at > after + _SAME_STALL), stalls[0])
        self._strip.cursor_at = mark.at
        self._to(mark.at, f"stall: {mark.label}")
        return True

    def to_now(self) -> None:
        """Every pane follows again."""
        self._strip.cursor_at = None
        self._panes.frames[2].foot = ""
        self._panes.frames[1].status = ""
        self._panes.events.follow()
        self._panes.log.follow()
        self._show_night()
        self._show_progress()

    def _to(self, at: float, words: str) -> None:
        log, sidecars = self._watch.events, self._watch.sidecars
        row = log.row_at_time(at)
        if row is not None and not self._finding.detached:
            self._panes.events.reveal(row)
        if sidecars is not None:
            entry = sidecars.log.row_at_time(at)
            if entry is not None:
                self._panes.log.reveal(entry)
            progress = sidecars.progress_at(at)
            self._panes.progress.show(progress or sidecars.progress)
            known = "as it was then" if progress is not None else "as it is now"
            self._panes.frames[1].status = known
        self._show_night()
        self._panes.frames[2].foot = words
