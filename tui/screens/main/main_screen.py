"""Header, timeline, four panes, key bar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.actions import footer_actions, screen_actions, shown_key
from tui.control.operations import Operations
from tui.monitor.monitor import SessionMonitor
from tui.screens.main import panes
from tui.screens.main.open_pages import LookingCloser
from tui.screens.main.panes import Panes, header_facts
from tui.screens.main.search import EventSearch
from tui.screens.main.time_travel import TimeTravel
from tui.screens.operations.controller import OperationController
from tui.system.clock import Clock
from widgets.lists.find_bar import FindBar
from widgets.lists.line_view import LineView
from widgets.output_guard import toast
from widgets.paint_governor import PaintGovernor
from widgets.row_widgets import DirectColumns, DirectRows
from widgets.status.activity_row import ActivityRow
from widgets.status.key_bar import KeyBar, KeyBarItem
from widgets.status.pane_tabs import PaneTabs
from widgets.status.session_header import SessionHeader
from widgets.status.timeline_bar import TimelineBar

NARROW = 100
LOW = 14
EVERYTHING = frozenset({"events", "night", "log", "progress", "notes", "feeds", "folding"})
URGENT = frozenset({"bell", "fault"})
NIGHT_EVERY = 0.45


class MainScreen(LookingCloser):
    """Draws a `Watch`. Its thread only leaves word; everything on the screen happens here."""

    BLANK = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.name, action.label, show=False)
        for action in screen_actions()
        if action.name != "command_palette"
    ]

    class Changed(Message, bubble=False):
        """The watch has news; what changed stands in the screen's own set."""

    def __init__(
        self,
        watch: SessionMonitor,
        clock: Clock,
        governor: PaintGovernor,
        adopt: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._adopt = adopt
        self.watch_source = watch
        self.panes = Panes(governor, clock.wall)
        self.clock = clock
        self._strip = TimelineBar(id="strip")
        self._bar = FindBar(id="find")
        self.finding = EventSearch(
            watch, self.panes, self._bar, self.move_cursor_to, self._show_edges
        )
        self._back = TimeTravel(
            watch, self.panes, self._strip, self.finding, self._show_night, self._show_progress
        )
        self._paused = False
        self._zoomed = False
        self._shown_pane = 2
        self._news: set[str] = set()
        self._lock = threading.Lock()
        self._told = False
        self._ready = False
        self._shown_state = ""
        self._night_shown = float("-inf")

    # --- the house -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        frames = self.panes.frames
        yield SessionHeader(id="header")
        yield self._strip
        yield PaneTabs(id="tabs")
        with DirectColumns(id="panes"):
            yield DirectRows(frames[1], frames[3], frames[4], id="left")
            yield frames[2]
        yield ActivityRow(id="folding")
        yield ActivityRow(id="doing")
        yield self._bar
        yield KeyBar(self._footer_items(), id="footer")

    def on_mount(self) -> None:
        self._ready = True
        self._lay_out()
        self.panes.events.focus()
        with self._lock:
            self._news |= EVERYTHING
        self._apply_changes()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def on_screen_resume(self) -> None:
        """Back from a page that covered it: what came meanwhile is drawn now."""
        self._apply_changes()

    def _lay_out(self) -> None:
        """Wide screens show all panes; narrow ones show one, with the others as tabs."""
        width, height = self.app.size
        one = self._zoomed or width < NARROW
        self.query_one("#tabs", PaneTabs).display = one and height >= LOW
        self._strip.display = height >= LOW
        for number, frame in self.panes.frames.items():
            frame.display = not one or number == self._shown_pane
        self.query_one("#left", DirectRows).display = not one or self._shown_pane != 2
        self.set_class(one, "-one")
        self._show_tabs()

    def _show_tabs(self) -> None:
        sidecars = self.watch_source.sidecars
        progress = sidecars.progress if sidecars is not None else None
        self.query_one("#tabs", PaneTabs).show(self.panes.tabs(progress), self._shown_pane)

    def _footer_items(self) -> list[KeyBarItem]:
        return [
            KeyBarItem(
                shown_key(action.keys[0]),
                action.label,
                action.name,
                enabled=not (
                    action.deed and self._ready and self.desk.unavailable_reason(action.name)
                ),
                rank=action.rank,
                gap=action.name == "search",
                right=action.name in ("help", "quit"),
            )
            for action in footer_actions()
        ]

    # --- news from the watch -------------------------------------------------------------------

    def on_monitor_change(self, names: frozenset[str]) -> None:
        """Called from the watch's thread: remembers what changed and asks for one look."""
        with self._lock:
            self._news |= names
            if self._told and not names & URGENT:
                return
            self._told = True
        self.post_message(self.Changed())

    @on(Changed)
    def _apply_changes(self) -> None:
        if not self._ready:
            return
        if self.watch_source.fault is not None:
            raise self.watch_source.fault
        with self._lock:
            news, self._news = self._news, set()
            self._told = covered = self.is_covered
            if covered:  # no more than a bell is heard until the panes are seen again
                self._news = news - URGENT
        if "bell" in news:
            self.app.bell()
        if covered:
            return
        if not self._paused:
            self._show_panes(news)
        if "night" in news:
            self._show_night_soon()
            self.review_if_over()
        if "folding" in news:
            self._show_folding()
        if news & {"feeds", "night"}:
            sources = self.watch_source.sources
            self.panes.say_empty(self.watch_source.feeds(), sources.why if sources else "")

    def _show_panes(self, news: set[str]) -> None:
        sidecars = self.watch_source.sidecars
        if "events" in news and not self.finding.detached:
            log = self.watch_source.events
            self.panes.events.show(log)
            self.panes.events.update(log.pop_changed())
        if sidecars is None:
            return
        if "progress" in news and self._back.at is None:
            self.panes.progress.show(sidecars.progress)
            self.panes.frames[1].set_note(panes.task_count(sidecars.progress))
            self._show_tabs()
        if "notes" in news and sidecars.notes is not None:
            self.panes.notes.show_markdown(sidecars.notes.text)
        if "log" in news or "feeds" in news:
            self.panes.log.show(sidecars.log)

    def _show_night_soon(self) -> None:
        """The header and the strip of a busy stream twice a second; a new state at once."""
        night, now = self.watch_source.night, self.clock.monotonic()
        state = night.state if night is not None else ""
        if state == self._shown_state and now - self._night_shown < NIGHT_EVERY:
            return
        self._shown_state, self._night_shown = state, now
        self._show_night()

    def _show_night(self) -> None:
        watch = self.watch_source
        night = watch.night
        facts = header_facts(watch.project.name, night, watch.settings, self._paused, self._back.at)
        self.query_one("#header", SessionHeader).show(facts)
        if night is not None:
            strip = self._strip
            strip.show(night.timeline, None if night.is_over else night.now)
            self.panes.events.refresh_live_rows()
            self.desk.update(night)
        self.query_one("#footer", KeyBar).show(self._footer_items())
        self._show_edges()

    def _show_edges(self) -> None:
        watch = self.watch_source
        night = watch.night
        following = self.panes.events.following
        status = panes.events_status(night, following, watch.level, watch.partial)
        self.panes.frames[2].set_status("a place of the past" if self.finding.detached else status)
        alive = night is not None and not night.is_over
        for feed in watch.feeds():
            number = {"progress": 1, "notes": 3}.get(feed.name)
            if number is not None:
                stale = panes.stale_words(feed, alive, self.clock.wall())
                self.panes.frames[number].set_stale(stale)

    def _show_folding(self) -> None:
        note = self.query_one("#folding", ActivityRow)
        folding = self.watch_source.folding
        if folding is None:
            note.hide()
            if self.finding.detached:
                self.finding.leave_window()
        elif folding[1]:
            note.show_reading(*folding)

    # --- panes ---------------------------------------------------------------------------------

    def action_focus_pane(self, number: int) -> None:
        self._shown_pane = number
        self._lay_out()
        self.panes.view_of(number).focus()

    def action_next_pane(self, step: int) -> None:
        self.action_focus_pane((self.panes.number_focused() - 1 + step) % 4 + 1)

    def action_zoom(self) -> None:
        self._zoomed = not self._zoomed
        self._shown_pane = self.panes.number_focused()
        self._lay_out()
        self.panes.view_of(self._shown_pane).focus()

    @on(PaneTabs.Chosen)
    def _tab_chosen(self, event: PaneTabs.Chosen) -> None:
        self.action_focus_pane(event.number)

    @on(LineView.FollowChanged)
    def _follow_changed(self) -> None:
        self._show_edges()

    @on(KeyBar.Pressed)
    async def _footer_pressed(self, event: KeyBar.Pressed) -> None:
        name = event.item.action
        target = self.focused if name == "toggle_follow" and self.focused is not None else self
        await self.app.run_action(name, target)

    def action_verbosity(self) -> None:
        log, view = self.finding.log, self.panes.events
        place = log.ref(view.cursor) if len(log) and not view.following else None
        self.watch_source.set_level(self.watch_source.level % 3 + 1)
        log.level = self.watch_source.level
        view.show(log)
        if place is not None:
            row = log.row_of(place.source, place.offset)
            if row is not None:
                view.reveal(row)
        self._show_edges()

    def action_pause(self) -> None:
        self._paused = not self._paused
        if not self._paused:
            self.on_monitor_change(frozenset({"events", "log", "progress", "notes"}))
        self._show_night()

    # --- along the night -----------------------------------------------------------------------

    def action_strip(self, step: int) -> None:
        self._strip.move(step)

    @on(TimelineBar.CursorMoved)
    def _strip_moved(self, event: TimelineBar.CursorMoved) -> None:
        self._back.moved(event.at, event.words)

    def action_stall(self) -> None:
        if not self._back.next_stall():
            toast(self.app, "no stall in this night")

    def move_cursor_to(self, at: float | None) -> None:
        self._back.seek(at)

    def _show_progress(self) -> None:
        self.on_monitor_change(frozenset({"progress"}))

    async def action_live(self) -> None:
        """Escape takes back one thing at a time: search, zoom, looking back, standing still."""
        if self.finding.at_work:
            self.finding.end()
        elif self.finding.detached:
            self.finding.leave_window()
        elif self._zoomed:
            self.action_zoom()
        else:
            self._back.to_now()

    # --- finding -------------------------------------------------------------------------------

    async def action_search(self) -> None:
        await self.finding.open()

    @on(FindBar.Changed)
    def _typed(self, event: FindBar.Changed) -> None:
        self.finding.typed(event.text)

    @on(FindBar.Submitted)
    def _submitted(self, event: FindBar.Submitted) -> None:
        self.finding.submitted(event.text)

    @on(FindBar.Closed)
    def _find_closed(self) -> None:
        self.finding.end()

    def action_match(self, step: int) -> None:
        self.finding.step(step)

    def action_error(self, step: int) -> None:
        if not self.finding.error(step):
            toast(self.app, "no error further on" if step > 0 else "no error before this")

    # --- deeds ---------------------------------------------------------------------------------

    @cached_property
    def desk(self) -> OperationController:
        """Carries out the deed keys."""
        watch = self.watch_source
        return OperationController(self.app, self.deeds, lambda: watch.night, watch.rediscover)

    def deeds(self) -> Operations:
        watch = self.watch_source
        sources, night = watch.sources, watch.night
        return Operations(
            watch.project,
            watch.settings,
            sources.run_dir if sources is not None else "",
            (night.run.session_id or "") if night is not None else "",
            self._adopt,
            agents=night.agents if night is not None else (),
            events=sources.events[0].path if sources is not None and sources.events else "",
        )

    def _deed(self, name: str) -> None:
        self.desk.start(name)

    def action_checkpoint(self) -> None:
        self._deed("checkpoint")

    def action_rewind(self) -> None:
        self._deed("rewind")

    def action_undo(self) -> None:
        self._deed("undo")

    def action_inject(self) -> None:
        self._deed("inject")

    def action_step_back(self) -> None:
        self._deed("step_back")

    def on_unmount(self) -> None:
        self.desk.close()

    def action_withdraw(self) -> None:
        self._deed("withdraw")

    def action_kill(self) -> None:
        self._deed("kill")
