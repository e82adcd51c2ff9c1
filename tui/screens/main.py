"""The main screen: header, night strip, four panes, find bar and footer over one watched session."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from tui.actions import footer_actions, screen_actions, shown_key
from tui.clock import Clock
from tui.control.deeds import Deeds
from tui.screens import panes as words
from tui.screens.deed_desk import DeedDesk
from tui.screens.header_facts import header_facts
from tui.screens.panes import Panes
from tui.screens.searching import Searching, excerpt
from tui.watching.event_log import EventLog
from tui.watching.search import Hit
from tui.watching.watch import Watch
from tui.watching.window import window
from widgets.direct import Columns, Rows
from widgets.find_bar import FindBar
from widgets.footer import Footer, FooterItem
from widgets.guard import toast
from widgets.header import Header
from widgets.line_view import LineView
from widgets.night_strip import NightStrip
from widgets.paint import PaintGovernor
from widgets.progress_note import ProgressNote
from widgets.tab_row import TabRow

NARROW = 100
LOW = 14
EVERYTHING = frozenset({"events", "night", "log", "progress", "notes", "feeds", "folding"})
NIGHT_EVERY = 0.45


class MainScreen(Screen[None]):
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
        watch: Watch,
        clock: Clock,
        governor: PaintGovernor,
        adopt: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._adopt = adopt
        self.watch_source = watch
        self.panes = Panes(governor, clock.wall)
        self.searching = Searching(watch, self._search_moved)
        self._clock = clock
        self._paused = False
        self._zoomed = False
        self._shown_pane = 2
        self._window: EventLog | None = None
        self._going = False
        self._news: set[str] = set()
        self._lock = threading.Lock()
        self._told = False
        self._ready = False
        self._shown_state = ""
        self._night_shown = float("-inf")

    # --- the house -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        frames = self.panes.frames
        yield Header(id="header")
        yield NightStrip(id="strip")
        yield TabRow(id="tabs")
        with Columns(id="panes"):
            yield Rows(frames[1], frames[3], frames[4], id="left")
            yield frames[2]
        yield ProgressNote(id="folding")
        yield FindBar(id="find")
        yield Footer(self._footer_items(), id="footer")

    def on_mount(self) -> None:
        self._ready = True
        self._lay_out()
        self.panes.events.focus()
        with self._lock:
            self._news |= EVERYTHING
        self._take_news()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """Wide screens show all panes; narrow ones show one, with the others as tabs."""
        width, height = self.app.size
        one = self._zoomed or width < NARROW
        self.query_one("#tabs", TabRow).display = one and height >= LOW
        self.query_one("#strip", NightStrip).display = height >= LOW
        for number, frame in self.panes.frames.items():
            frame.display = not one or number == self._shown_pane
        self.query_one("#left", Rows).display = not one or self._shown_pane != 2
        self.set_class(one, "-one")
        self._show_tabs()

    @property
    def _detached(self) -> bool:
        """Whether the events pane shows a place that was read by itself."""
        return self._window is not None

    def _show_tabs(self) -> None:
        sidecars = self.watch_source.sidecars
        progress = sidecars.progress if sidecars is not None else None
        self.query_one("#tabs", TabRow).show(self.panes.tabs(progress), self._shown_pane)

    def _footer_items(self) -> list[FooterItem]:
        return [
            FooterItem(
                shown_key(action.keys[0]),
                action.label,
                action.name,
                enabled=not (action.deed and self._ready and self.desk.why_not(action.name)),
                rank=action.rank,
                gap=action.name == "search",
                right=action.name in ("help", "quit"),
            )
            for action in footer_actions()
        ]

    # --- news from the watch -------------------------------------------------------------------

    def leave_word(self, names: frozenset[str]) -> None:
        """Called from the watch's thread: remembers what changed and asks for one look."""
        with self._lock:
            self._news |= names
            if self._told:
                return
            self._told = True
        self.post_message(self.Changed())

    @on(Changed)
    def _take_news(self) -> None:
        if not self._ready:
            return
        if self.watch_source.fault is not None:
            raise self.watch_source.fault
        with self._lock:
            news, self._news = self._news, set()
            self._told = False
        if "bell" in news:
            self.app.bell()
        if not self._paused:
            self._show_panes(news)
        if "night" in news:
            self._show_night_soon()
        if "folding" in news:
            self._show_folding()
        if news & {"feeds", "night"}:
            sources = self.watch_source.sources
            self.panes.say_empty(self.watch_source.feeds(), sources.why if sources else "")

    def _show_panes(self, news: set[str]) -> None:
        sidecars = self.watch_source.sidecars
        if "events" in news and not self._detached:
            log = self.watch_source.events
            self.panes.events.show(log)
            self.panes.events.update(log.take_changed())
        if sidecars is None:
            return
        if "progress" in news and self._looking_at is None:
            self.panes.progress.show(sidecars.progress)
            self.panes.frames[1].set_note(words.task_count(sidecars.progress))
            self._show_tabs()
        if "notes" in news and sidecars.notes is not None:
            self.panes.notes.show_markdown(sidecars.notes.text)
        if "log" in news or "feeds" in news:
            self.panes.log.show(sidecars.log)

    def _show_night_soon(self) -> None:
        """The header and the strip of a busy stream twice a second; a new state at once."""
        night, now = self.watch_source.night, self._clock.monotonic()
        state = night.state if night is not None else ""
        if state == self._shown_state and now - self._night_shown < NIGHT_EVERY:
            return
        self._shown_state, self._night_shown = state, now
        self._show_night()

    def _show_night(self) -> None:
        watch = self.watch_source
        night = watch.night
        facts = header_facts(
            watch.project.name, night, watch.settings, self._paused, self._looking_at
        )
        self.query_one("#header", Header).show(facts)
        if night is not None:
            strip = self.query_one("#strip", NightStrip)
            strip.show(night.timeline, None if night.over else night.now)
            self.panes.events.tick()
        self.query_one("#footer", Footer).show(self._footer_items())
        self._show_edges()

    def _show_edges(self) -> None:
        watch = self.watch_source
        night = watch.night
        following = self.panes.events.following
        status = words.events_status(night, following, watch.level, watch.partial)
        self.panes.frames[2].set_status("a place of the past" if self._detached else status)
        alive = night is not None and not night.over
        for feed in watch.feeds():
            number = {"progress": 1, "notes": 3}.get(feed.name)
            if number is not None:
                stale = words.stale_words(feed, alive, self._clock.wall())
                self.panes.frames[number].set_stale(stale)

    def _show_folding(self) -> None:
        note = self.query_one("#folding", ProgressNote)
        folding = self.watch_source.folding
        if folding is None:
            note.hide()
            if self._detached:
                self._leave_window()
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

    @on(TabRow.Chosen)
    def _tab_chosen(self, event: TabRow.Chosen) -> None:
        self.action_focus_pane(event.number)

    @on(LineView.FollowChanged)
    def _follow_changed(self) -> None:
        self._show_edges()

    @on(Footer.Pressed)
    async def _footer_pressed(self, event: Footer.Pressed) -> None:
        name = event.item.action
        target = self.focused if name == "toggle_follow" and self.focused is not None else self
        await self.app.run_action(name, target)

    def action_verbosity(self) -> None:
        log, view = self._log_shown, self.panes.events
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
            self.leave_word(frozenset({"events", "log", "progress", "notes"}))
        self._show_night()

    # --- along the night -----------------------------------------------------------------------

    @property
    def _looking_at(self) -> float | None:
        return self.query_one("#strip", NightStrip).cursor_at

    def action_strip(self, step: int) -> None:
        self.query_one("#strip", NightStrip).move(step)

    @on(NightStrip.CursorMoved)
    def _strip_moved(self, event: NightStrip.CursorMoved) -> None:
        if event.at is None:
            self._back_to_now()
            return
        self._go_to_time(event.at)
        self.panes.frames[2].set_foot(event.words)

    def _go_to_time(self, at: float) -> None:
        log, sidecars = self.watch_source.events, self.watch_source.sidecars
        row = log.row_at_time(at)
        if row is not None and not self._detached:
            self.panes.events.reveal(row)
        if sidecars is not None:
            entry = sidecars.log.row_at_time(at)
            if entry is not None:
                self.panes.log.reveal(entry)
            progress = sidecars.progress_at(at)
            self.panes.progress.show(progress or sidecars.progress)
            known = "as it was then" if progress is not None else "as it is now"
            self.panes.frames[1].set_status(known)
        self._show_night()

    def _back_to_now(self) -> None:
        self.query_one("#strip", NightStrip).set_cursor(None)
        self.panes.frames[2].set_foot("")
        self.panes.frames[1].set_status("")
        self.panes.events.follow()
        self.panes.log.follow()
        self._show_night()
        self.leave_word(frozenset({"progress"}))

    def action_stall(self) -> None:
        night = self.watch_source.night
        stalls = [mark for mark in night.timeline.marks if mark.kind == "stall"] if night else []
        if not stalls:
            toast(self.app, "no stall in this night")
            return
        after = self._looking_at if self._looking_at is not None else float("-inf")
        mark = next((mark for mark in stalls if mark.at > after + 60), stalls[0])
        self.query_one("#strip", NightStrip).set_cursor(mark.at)
        self._go_to_time(mark.at)
        self.panes.frames[2].set_foot(f"stall: {mark.label}")

    async def action_live(self) -> None:
        """Escape takes back one thing at a time: search, zoom, looking back, standing still."""
        if self.searching.text or self.query_one("#find", FindBar).is_open:
            self._end_search()
        elif self._detached:
            self._leave_window()
        elif self._zoomed:
            self.action_zoom()
        else:
            self._back_to_now()

    # --- finding -------------------------------------------------------------------------------

    async def action_search(self) -> None:
        await self.query_one("#find", FindBar).open(self.searching.text)

    @on(FindBar.Changed)
    def _typed(self, event: FindBar.Changed) -> None:
        if len(event.text) >= 2:
            self.searching.look_for(event.text)
        else:
            self.searching.stop()
        self._mark_matches()
        self._search_shown()

    @on(FindBar.Submitted)
    def _submitted(self, event: FindBar.Submitted) -> None:
        self.searching.look_for(event.text)
        self._mark_matches()
        self.panes.events.focus()
        self._go_when_found()

    @on(FindBar.Closed)
    def _find_closed(self) -> None:
        self._end_search()

    def _end_search(self) -> None:
        self.searching.stop()
        self.query_one("#find", FindBar).close()
        self.panes.events.set_search("")
        if self._detached:
            self._leave_window()
        self.panes.events.focus()

    def _mark_matches(self) -> None:
        text = self.searching.text
        self.panes.events.set_search(text, self._excerpts() if text else None)

    def _excerpts(self) -> Callable[[int], str]:
        return lambda row: excerpt(self._log_shown, row, self.searching.text)

    def _search_moved(self) -> None:
        """Called from the searching thread."""
        self.app.call_later(self._search_shown)

    def _search_shown(self) -> None:
        bar, search = self.query_one("#find", FindBar), self.searching
        if not search.text:
            return
        if search.running and not search.hits:
            bar.set_progress(search.share)
        else:
            bar.set_matches(search.place, len(search.hits), more=search.running)
        if self._going:
            self._go_when_found()

    def _go_when_found(self) -> None:
        """Goes to the first match as soon as there is one."""
        self._going = not self.searching.hits and self.searching.running
        if not self._going:
            self.action_match(1)

    def action_match(self, step: int) -> None:
        hit = self.searching.step(step)
        self._search_shown_once()
        if hit is not None:
            self._show_hit(hit)

    def _search_shown_once(self) -> None:
        bar, search = self.query_one("#find", FindBar), self.searching
        bar.set_matches(search.place, len(search.hits), more=search.running)

    def _show_hit(self, hit: Hit) -> None:
        log = self.watch_source.events
        row = log.row_of(hit.source, hit.offset)
        if row is None and self.watch_source.partial:
            self._show_window(hit)
        elif row is not None:
            if self._detached:
                self._window = None
                self.panes.events.show(log)
            self.panes.events.reveal(row)
            self._seek_night(log.time(row))

    def _show_window(self, hit: Hit) -> None:
        around = window(hit.source, hit.offset, self.watch_source.level)
        row = around.row_of(hit.source, hit.offset) if around is not None else None
        if around is None or row is None:
            return
        around.generation = self.panes.events.generation + 1
        self._window = around
        self.panes.events.show(around)
        self.panes.events.reveal(row)
        self._show_edges()

    @property
    def _log_shown(self) -> EventLog:
        return self._window if self._window is not None else self.watch_source.events

    def _leave_window(self) -> None:
        """Back from a place that was read by itself to the whole night."""
        self._window = None
        log = self.watch_source.events
        log.generation = max(log.generation, self.panes.events.generation + 1)
        self.panes.events.show(log)
        hit = self.searching.current()
        if hit is None:
            self.panes.events.follow()
        else:
            self._show_hit(hit)
        self._show_edges()

    def _seek_night(self, at: float | None) -> None:
        if at is not None:
            self.query_one("#strip", NightStrip).set_cursor(at)
            self._show_night()

    def action_error(self, step: int) -> None:
        view, log = self.panes.events, self._log_shown
        start = view.cursor if not view.following else (len(log) if step < 0 else -1)
        row = log.next_error(start, step)
        if row is None:
            toast(self.app, "no error further on" if step > 0 else "no error before this")
        else:
            view.reveal(row)

    # --- deeds ---------------------------------------------------------------------------------

    @cached_property
    def desk(self) -> DeedDesk:
        """Carries out the deed keys."""
        return DeedDesk(self.app, self._deeds, lambda: self.watch_source.night)

    def _deeds(self) -> Deeds:
        watch = self.watch_source
        run_dir = watch.sources.run_dir if watch.sources is not None else ""
        session = (watch.night.run.session_id or "") if watch.night is not None else ""
        return Deeds(watch.project, watch.settings, run_dir, session, self._adopt)

    def _deed(self, name: str) -> None:
        reason = self.desk.why_not(name)
        if reason:
            toast(self.app, reason, severity="warning")
        else:
            getattr(self.desk, name)()

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

    def action_kill(self) -> None:
        self._deed("kill")

    # --- looking closer ------------------------------------------------------------------------

    @on(LineView.Opened, "#events")
    def _event_opened(self, event: LineView.Opened) -> None:
        log = self._log_shown
        if event.index < len(log):
            from tui.screens.detail import DetailScreen

            self.app.push_screen(DetailScreen(log.detail(event.index)))

    @on(LineView.Opened, "#log")
    def _entry_opened(self, event: LineView.Opened) -> None:
        view = self.panes.log
        entry = view.entry(event.index)
        if entry is not None:
            from widgets.plan_dialog import NoticeDialog

            self.app.push_screen(NoticeDialog("Watchdog", entry.text.split("\n")))

    def action_explain(self) -> None:
        from tui.screens.explain import explanation
        from widgets.plan_dialog import NoticeDialog

        night = self.watch_source.night
        if night is not None:
            self.app.push_screen(NoticeDialog("Why", explanation(night)))

    def action_sources(self) -> None:
        from tui.screens.sources import SourcesScreen

        self.app.push_screen(SourcesScreen(self.watch_source, self._clock))

    def action_help(self) -> None:
        from tui.screens.help import help_screen

        self.app.push_screen(help_screen())

    def action_copy(self) -> None:
        view = self.panes.view_of(self.panes.number_focused())
        text = view.row_text(view.cursor)
        from tui.screens.copying import to_tmux

        self.app.copy_to_clipboard(text)
        where = "the clipboard and a tmux buffer" if to_tmux(text) else "the clipboard"
        toast(self.app, f"copied to {where}" if text else "nothing under the cursor")

    def action_theme(self) -> None:
        from widgets.themes import after

        self.app.theme = after(self.app.theme)

    def action_quit(self) -> None:
        night = self.watch_source.night
        goes_on = night is not None and not night.over
        self.app.exit(message="viewer closed; the session goes on" if goes_on else None)
