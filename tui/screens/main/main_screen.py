"""Header, banner, timeline, four panes, key bar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import var

from tui.actions import Place
from tui.control.operations import Operations
from tui.model.snapshot import NightSnapshot
from tui.monitor.monitor import SessionMonitor
from tui.screens.base_page import BasePage, bindings
from tui.screens.main import open_pages
from tui.screens.main.panes import Panes, header_facts, task_count
from tui.screens.main.search import EventSearch
from tui.screens.main.time_travel import TimeTravel
from tui.screens.main.trouble_banner import TroubleBanner
from tui.screens.operations.controller import OperationController, OperationKeys
from tui.system.clock import Clock
from widgets.lists.find_bar import FindBar
from widgets.lists.line_view import LineView
from widgets.output_guard import show_toast
from widgets.paint_governor import PaintGovernor
from widgets.row_widgets import BlankContainer
from widgets.status.activity_row import ActivityRow, NoticeRow
from widgets.status.key_bar import KeyBar
from widgets.status.pane_tabs import PaneTabs
from widgets.status.session_header import SessionHeader
from widgets.status.timeline_bar import TimelineBar

if TYPE_CHECKING:
    from tui.model.session import KnownSession
    from tui.screens.review.sources import ReviewSource

NARROW = 100
LOW = 14
EVERYTHING = frozenset({"events", "night", "log", "progress", "notes", "feeds", "folding"})
_HELD_BY_PAUSE = frozenset({"events", "log", "progress", "notes"})
_URGENT = frozenset({"bell", "fault"})
_SNAPSHOT_EVERY_S = 0.45


class MainScreen(OperationKeys, BasePage):
    """Draws what a monitor reads. The monitor's thread only posts a message; all else happens here."""

    BLANK = True
    BINDINGS: ClassVar[list[BindingType]] = bindings("main")
    place: ClassVar[Place] = "main"

    # Every snapshot differs in its time: comparing two of them would be work for nothing.
    snapshot: var[NightSnapshot | None] = var(None, init=False, always_update=True)
    paused = var(False, init=False)
    zoomed = var(False, init=False)
    shown_pane = var(2, init=False)

    class Changed(Message, bubble=False):
        """The monitor has read something; what changed stands in the screen's own set."""

    def __init__(
        self,
        monitor: SessionMonitor,
        clock: Clock,
        governor: PaintGovernor,
        adopt: Callable[[], object] | None = None,
        *,
        review_when_over: bool = False,
        notice: tuple[str, str] = ("", ""),
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.clock = clock
        self.panes = Panes(governor, clock.wall)
        self.review_when_over = review_when_over
        self._adopt = adopt
        self._timeline = TimelineBar(id="timeline")
        self._banner = TroubleBanner(clock, monitor.project)
        self._bar = FindBar(id="find")
        self._notice = NoticeRow(*notice)
        self.search = EventSearch(
            monitor,
            self.panes,
            self._bar,
            on_match=lambda at: self.time_travel.move_cursor_to(at),
            on_status=self._show_status,
        )
        self.time_travel = TimeTravel(
            monitor,
            self.panes,
            self._timeline,
            self.search,
            on_moved=self._show_header,
            show_progress=lambda: self.on_monitor_change(frozenset({"progress"})),
        )
        self._changes: set[str] = set()
        self._changes_lock = threading.Lock()
        self._is_posted = False
        self._is_ready = False
        self._snapshot_at = float("-inf")

    # --- layout --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        frames = self.panes.frames
        yield SessionHeader(id="header")
        yield self._banner
        yield self._timeline
        yield PaneTabs(id="tabs")
        with BlankContainer(id="panes"):
            yield BlankContainer(frames[1], frames[3], frames[4], id="left")
            yield frames[2]
        yield ActivityRow(id="loading")
        yield ActivityRow(id="operation")
        yield self._bar
        yield self._notice
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        self._is_ready = True
        self._lay_out()
        self.show_footer()
        self.panes.events.focus()
        with self._changes_lock:
            self._changes |= EVERYTHING
        self._apply_changes()

    def _lay_out(self) -> None:
        """Wide screens show all panes; narrow ones show one, with the others as tabs."""
        width, height = self.app.size
        is_single = self.zoomed or width < NARROW
        self.query_one("#tabs", PaneTabs).display = is_single and height >= LOW
        self._timeline.display = height >= LOW
        for number, frame in self.panes.frames.items():
            frame.display = not is_single or number == self.shown_pane
        self.query_one("#left").display = not is_single or self.shown_pane != 2
        self.set_class(is_single, "-one")
        self._show_tabs()

    on_resize = watch_zoomed = watch_shown_pane = _lay_out

    def _show_tabs(self) -> None:
        sidecars = self.monitor.sidecars
        progress = sidecars.progress if sidecars is not None else None
        self.query_one("#tabs", PaneTabs).show(self.panes.tabs(progress), self.shown_pane)

    @property
    def view(self) -> LineView:
        return self.panes.views[self.panes.focused_number()]

    # --- changes that the monitor reports ------------------------------------------------------

    def on_monitor_change(self, names: frozenset[str]) -> None:
        """Called from the monitor's thread: remembers what changed and posts one message."""
        with self._changes_lock:
            self._changes |= names
            if self._is_posted and not names & _URGENT:
                return
            self._is_posted = True
        self.post_message(self.Changed())

    # Back from a page that covered it: what came meanwhile is drawn now.
    @on(events.ScreenResume)
    @on(Changed)
    def _apply_changes(self) -> None:
        if not self._is_ready:
            return
        if self.monitor.fault is not None:
            raise self.monitor.fault
        with self._changes_lock:
            changes, self._changes = self._changes, set()
            self._is_posted = is_covered = open_pages.is_covered(self)
            if is_covered:  # no more than a bell is heard until the panes are seen again
                self._changes = changes - _URGENT
        if "bell" in changes:
            self.app.bell()
        if is_covered:
            return
        if not self.paused:
            self._show_panes(changes)
        if "night" in changes:
            self._update_snapshot()
            open_pages.open_review_if_over(self)
        if "folding" in changes:
            self._show_loading()
        if changes & {"feeds", "night"}:
            sources = self.monitor.sources
            self.panes.show_empty(self.monitor.feeds(), sources.why if sources else "")

    def _show_panes(self, changes: set[str]) -> None:
        sidecars = self.monitor.sidecars
        if "events" in changes and not self.search.is_detached:
            log = self.monitor.events
            self.panes.events.show(log)
            self.panes.events.update(log.pop_changed())
        if sidecars is None:
            return
        if "progress" in changes and self.time_travel.at is None:
            self.panes.progress.show(sidecars.progress)
            self.panes.frames[1].subtitle = task_count(sidecars.progress)
            self._show_tabs()
        if "notes" in changes and sidecars.notes is not None:
            self.panes.notes.show_notes(sidecars.notes.text, sidecars.notes.newest_first)
        if changes & {"log", "feeds"}:
            self.panes.log.show(sidecars.log)

    def _update_snapshot(self) -> None:
        """Of a busy stream, two snapshots a second are drawn; one with a new state at once."""
        snapshot, now = self.monitor.night, self.clock.monotonic()
        is_same_state = (snapshot and snapshot.state) == (self.snapshot and self.snapshot.state)
        if not is_same_state or now - self._snapshot_at >= _SNAPSHOT_EVERY_S:
            self._snapshot_at = now
            self.snapshot = snapshot

    def watch_session(self, session: KnownSession | None) -> None:
        """Shows another session of the project from now on; None: the first one again."""
        self.monitor.watch(session)
        self.__dict__.pop("reviews", None)

    def watch_snapshot(self, snapshot: NightSnapshot | None) -> None:
        self._show_header()
        if snapshot is not None:
            self._banner.update(snapshot, self.unavailable_reason)
            self._timeline.show(snapshot.timeline, None if snapshot.is_over else snapshot.now)
            self.panes.events.refresh_live_rows()
            self.controller.update(snapshot)
        self.show_footer()
        self._show_status()

    def _show_header(self) -> None:
        facts = header_facts(
            self.monitor.project.name,
            self.snapshot,
            self.monitor.settings,
            self.paused,
            self.time_travel.at,
            open_pages.living_others(self.monitor),
        )
        self.query_one("#header", SessionHeader).show(facts)

    @on(LineView.FollowChanged)
    def _show_status(self) -> None:
        self.panes.show_status(self.monitor, self.search.is_detached, self.clock.wall())

    def _show_loading(self) -> None:
        row = self.query_one("#loading", ActivityRow)
        progress = self.monitor.folding
        if progress is None:
            row.hide()
            if self.search.is_detached:
                self.search.leave_window()
        elif progress[1]:
            row.show_reading(*progress)

    # --- panes ---------------------------------------------------------------------------------

    def action_focus_pane(self, number: int) -> None:
        self.shown_pane = number
        self.panes.views[number].focus()

    def action_next_pane(self, step: int) -> None:
        self.action_focus_pane((self.panes.focused_number() - 1 + step) % 4 + 1)

    def action_zoom(self) -> None:
        self.action_focus_pane(self.panes.focused_number())
        self.zoomed = not self.zoomed

    @on(PaneTabs.Chosen)
    def _tab_chosen(self, event: PaneTabs.Chosen) -> None:
        self.action_focus_pane(event.number)

    def action_verbosity(self) -> None:
        log, view = self.search.log, self.panes.events
        place = log.ref(view.cursor) if len(log) and not view.following else None
        self.monitor.set_level(self.monitor.level % 3 + 1)
        log.level = self.monitor.level
        view.show(log)
        if place is not None:
            row = log.row_of(place.source, place.offset)
            if row is not None:
                view.reveal(row)
        self._show_status()

    def action_pause(self) -> None:
        self.paused = not self.paused

    def watch_paused(self, paused: bool) -> None:
        if not paused:
            self.on_monitor_change(_HELD_BY_PAUSE)
        self._show_header()

    # --- along the night -----------------------------------------------------------------------

    def action_travel(self, step: int) -> None:
        self._timeline.move(step)

    @on(TimelineBar.CursorMoved)
    def _timeline_cursor_moved(self, event: TimelineBar.CursorMoved) -> None:
        self.time_travel.on_cursor_moved(event.at, event.words)

    def action_stall(self) -> None:
        if not self.time_travel.go_to_next_stall():
            show_toast(self.app, "no stall in this night")

    async def action_live(self) -> None:
        """Escape takes back one thing at a time: search, zoom, time travel."""
        if self.search.is_active:
            self.search.end()
        elif self.search.is_detached:
            self.search.leave_window()
        elif self.zoomed:
            self.action_zoom()
        elif self.time_travel.at is None and self._notice.display:
            self._notice.display = False
        else:
            self.time_travel.go_to_now()

    # --- search --------------------------------------------------------------------------------

    async def action_search(self) -> None:
        await self.search.open()

    @on(FindBar.Changed)
    def _search_text_changed(self, event: FindBar.Changed) -> None:
        self.search.update_text(event.text)

    @on(FindBar.Submitted)
    def _search_submitted(self, event: FindBar.Submitted) -> None:
        self.search.submit(event.text)

    @on(FindBar.Closed)
    def _search_closed(self) -> None:
        self.search.end()

    def action_match(self, step: int) -> None:
        self.search.step(step)

    def action_error(self, step: int) -> None:
        if not self.search.show_error(step):
            show_toast(self.app, "no error further on" if step > 0 else "no error before this")

    # --- operations ----------------------------------------------------------------------------

    @cached_property
    def controller(self) -> OperationController:
        return OperationController(self.app, self.operations, self.monitor)

    def operations(self) -> Operations:
        """What can be done to the session as it is known at this moment."""
        return open_pages.session_operations(self.monitor, self._adopt)

    # --- other pages ---------------------------------------------------------------------------

    @cached_property
    def reviews(self) -> ReviewSource:
        """Where the review and the list of nights get theirs from."""
        from tui.screens.review.sources import ReviewSource

        monitor = self.monitor
        return ReviewSource(
            monitor.project, monitor.settings, monitor.named, self.clock, self.operations
        )

    @on(LineView.Opened, "#events")
    def _event_opened(self, event: LineView.Opened) -> None:
        open_pages.open_event(self, event.index)

    @on(LineView.Opened, "#log")
    def _log_entry_opened(self, event: LineView.Opened) -> None:
        open_pages.open_log_entry(self, event.index)

    action_review = open_pages.open_review
    action_runs = open_pages.open_night_list
    action_explain = open_pages.open_explanation
    action_sources = open_pages.open_sources

    def action_quit(self) -> None:
        snapshot = self.monitor.night
        goes_on = snapshot is not None and not snapshot.is_over
        self.app.exit(message="viewer closed; the session goes on" if goes_on else None)
