"""The timeline cursor moves every pane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.model.events import SourceRef
from tui.monitor.monitor import SessionMonitor
from tui.screens.main.panes import Panes
from tui.screens.main.search import EventSearch
from widgets.status.timeline_bar import TimelineBar

_SAME_STALL_S = 60.0


@dataclass(frozen=True)
class TimeTravel:
    """Takes the panes to a time of the night and back to now.

    `on_moved` is called whenever another time is looked at, `show_progress` to have the tasks as
    they are now drawn again.
    """

    monitor: SessionMonitor
    panes: Panes
    timeline: TimelineBar
    search: EventSearch
    on_moved: Callable[[], None]
    show_progress: Callable[[], None]

    @property
    def at(self) -> float | None:
        """The time that is looked at, epoch seconds; None for now."""
        return self.timeline.cursor_at

    def on_cursor_moved(self, at: float | None, description: str) -> None:
        """The person moved the cursor of the timeline."""
        if at is None:
            self.go_to_now()
        else:
            self._show_time(at, description)

    def move_cursor_to(self, at: float | None) -> None:
        """Puts the cursor of the timeline there; the panes stay."""
        if at is not None:
            self.timeline.cursor_at = at
            self.on_moved()

    def reveal_place(self, ref: SourceRef) -> bool:
        """Takes the events pane to a place in a file; False when it has no such row."""
        log = self.monitor.events
        row = log.row_of(ref.source, ref.offset)
        if row is None:
            return False
        self.panes.events.reveal(row)
        self.panes.events.focus()
        self.move_cursor_to(log.time(row))
        return True

    def go_to_next_stall(self) -> bool:
        """Goes to the next silence or circling, round at the end; False when there is none."""
        snapshot = self.monitor.night
        marks = snapshot.timeline.marks if snapshot is not None else ()
        stalls = [mark for mark in marks if mark.kind in ("stall", "loop")]
        if not stalls:
            return False
        start = float("-inf") if self.at is None else self.at + _SAME_STALL_S
        mark = next((stall for stall in stalls if stall.at > start), stalls[0])
        self.timeline.cursor_at = mark.at
        self._show_time(mark.at, f"{mark.kind}: {mark.label}")
        return True

    def go_to_now(self) -> None:
        """Every pane follows again."""
        self.timeline.cursor_at = None
        self.panes.frames[2].foot = ""
        self.panes.frames[1].status = ""
        self.panes.events.follow()
        self.panes.log.follow()
        self.on_moved()
        self.show_progress()

    def _show_time(self, at: float, description: str) -> None:
        log, sidecars = self.monitor.events, self.monitor.sidecars
        row = log.row_at_time(at)
        if row is not None and not self.search.is_detached:
            self.panes.events.reveal(row)
        if sidecars is not None:
            entry = sidecars.log.row_at_time(at)
            if entry is not None:
                self.panes.log.reveal(entry)
            progress = sidecars.progress_at(at)
            self.panes.progress.show(progress or sidecars.progress)
            basis = "as it was then" if progress is not None else "as it is now"
            self.panes.frames[1].status = basis
        self.on_moved()
        self.panes.frames[2].foot = description
