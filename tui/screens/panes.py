"""The four panes of the main screen and what they say while there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable

from tui.night.model import NightSnapshot
from tui.records import SourceStatus, ProgressFile
from tui.system.format import format_age
from widgets.event_view import EventView
from widgets.line_view import LineView
from widgets.log_view import LogView
from widgets.paint import PaintGovernor
from widgets.pane import Pane
from widgets.progress_view import ProgressView
from widgets.tab_row import PaneTab
from widgets.text_view import NotesView

TITLES = {1: "Progress", 2: "Events", 3: "Notes", 4: "Watchdog"}
LEVEL_WORDS = {1: "", 2: "more", 3: "everything"}
STALE_AFTER = 600.0


class Panes:
    """Builds the panes and keeps what they have in common."""

    def __init__(self, governor: PaintGovernor, now: Callable[[], float]) -> None:
        self.progress = ProgressView(governor=governor, id="progress")
        self.events = EventView(governor=governor, now=now, id="events")
        self.notes = NotesView(governor=governor, id="notes")
        self.log = LogView(governor=governor, id="log")
        self.frames = {
            1: Pane(1, TITLES[1], self.progress, id="pane-1"),
            2: Pane(2, TITLES[2], self.events, id="pane-2"),
            3: Pane(3, TITLES[3], self.notes, id="pane-3"),
            4: Pane(4, TITLES[4], self.log, id="pane-4"),
        }

    def view_of(self, number: int) -> LineView:
        views: dict[int, LineView] = {1: self.progress, 2: self.events, 3: self.notes, 4: self.log}
        return views[number]

    def number_focused(self) -> int:
        """The pane that has the keys; the events pane when none has."""
        for number in self.frames:
            if self.view_of(number).has_focus:
                return number
        return 2

    def tabs(self, progress: ProgressFile | None) -> list[PaneTab]:
        notes = {1: task_count(progress), 2: "", 3: "", 4: ""}
        return [PaneTab(number, title, notes[number]) for number, title in TITLES.items()]

    def say_empty(self, feeds: tuple[SourceStatus, ...], why: str) -> None:
        """Puts each pane's calm sentence in place of what is not there."""
        events = [feed for feed in feeds if feed.name in ("stream", "transcript")]
        lost = [feed.why for feed in events if feed.state != "following"]
        self.frames[2].set_empty(why or next(iter(lost), "no events yet"))
        for name, number in (("progress", 1), ("notes", 3), ("watchdog", 4)):
            feed = next((feed for feed in feeds if feed.name == name), None)
            if feed is not None:
                self.frames[number].set_empty(sentence(feed))


def sentence(feed: SourceStatus) -> str:
    """Why a pane is empty, and what would fill it."""
    if feed.state == "following":
        return f"{feed.path} is empty"
    return feed.why or f"nothing at {feed.path} yet"


def task_count(progress: ProgressFile | None) -> str:
    """ "12/19", or nothing where nothing can be counted."""
    if progress is None or progress.basis == "unknown":
        return ""
    return f"{progress.done}/{progress.total}"


def events_status(night: NightSnapshot | None, following: bool, level: int, partial: bool) -> str:
    """What stands at the right of the events pane's edge."""
    words = ["follow" if following else "held"]
    if LEVEL_WORDS[level]:
        words.append(LEVEL_WORDS[level])
    if night is not None and night.counts.malformed:
        words.append(f"{night.counts.malformed} malformed")
    if night is not None and night.counts.unknown:
        words.append(f"{night.counts.unknown} unknown")
    if partial:
        words.append("newest part")
    return " · ".join(words)


def stale_words(feed: SourceStatus, alive: bool, now: float) -> str:
    """Says that a source has been silent for long while the session works."""
    if not alive or feed.state != "following" or feed.changed_at is None:
        return ""
    silent = now - feed.changed_at
    return f"no change for {format_age(silent)}" if silent > STALE_AFTER else ""
