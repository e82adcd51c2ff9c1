"""Opens review, detail, list of nights from the main screen."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual import on
from textual.screen import Screen

from tui.model.events import SourceRef
from tui.monitor.monitor import SessionMonitor
from tui.screens.base_page import OverlayScreen
from tui.screens.main.panes import Panes
from tui.screens.main.search import EventSearch
from tui.system.clock import Clock
from widgets.lists.line_view import LineView

if TYPE_CHECKING:
    from tui.control.operations import Operations
    from tui.screens.review.sources import ReviewSource


class LookingCloser(Screen[None]):
    """The keys that open, copy and explain; each page is imported when it is first opened."""

    watch_source: SessionMonitor
    panes: Panes
    finding: EventSearch
    clock: Clock
    review_when_over = False

    @on(LineView.Opened, "#events")
    def _event_opened(self, event: LineView.Opened) -> None:
        log = self.finding.log
        if event.index < len(log):
            from tui.screens.info_pages import DetailScreen

            self.app.push_screen(DetailScreen(log.detail(event.index)))

    @on(LineView.Opened, "#log")
    def _entry_opened(self, event: LineView.Opened) -> None:
        view = self.panes.log
        entry = view.entry(event.index)
        if entry is not None:
            from widgets.dialogs.dialog import NoticeDialog

            self.app.push_screen(NoticeDialog("Watchdog", entry.text.split("\n")))

    # --- the review ----------------------------------------------------------------------------

    @cached_property
    def reviews(self) -> ReviewSource:
        """Where the pages that look back on a night get theirs from."""
        from tui.screens.review.sources import ReviewSource

        watch = self.watch_source
        return ReviewSource(watch.project, watch.settings, watch.named, self.clock, self.deeds)

    def deeds(self) -> Operations:
        """What a person can do to the session that is watched."""
        raise NotImplementedError

    def seek(self, at: float | None) -> None:
        """Puts the strip's cursor there."""
        raise NotImplementedError

    @property
    def is_covered(self) -> bool:
        """Whether a page hides the panes: Textual would draw that page anew for each of their changes."""
        return any(isinstance(page, OverlayScreen) for page in self.app.screen_stack)

    def action_review(self) -> None:
        self.open_review(None)

    def open_review(self, run: str | None) -> None:
        """Shows the review of a run, of the watched session if none is named."""
        from tui.screens.review.review_screen import ReviewScreen

        page = ReviewScreen(self.reviews, run, self.reveal_place, self.action_runs)
        self.app.push_screen(page)

    def review_if_over(self) -> None:
        """Once, with the first full look: a session that is over is reviewed, not watched."""
        watch = self.watch_source
        night = watch.night
        if not self.review_when_over or night is None or not watch.caught_up:
            return
        self.review_when_over = False
        if night.is_over and night.state != "none" and self.app.screen is self:
            self.action_review()

    def mark_newer_than(self, at: float) -> None:
        """Marks the events that are newer than this moment."""
        self.panes.events.mark_since(at)

    def action_runs(self) -> None:
        """The list of all nights; a page that was opened from it goes back to it."""
        from tui.screens.review.night_list_screen import NightListScreen

        if any(isinstance(page, NightListScreen) for page in self.app.screen_stack[:-1]):
            self.app.screen.dismiss()
        else:
            self.app.push_screen(NightListScreen(self.reviews, self.open_review))

    def reveal_place(self, ref: SourceRef) -> bool:
        """Takes the events pane to a place; False when it has no such row."""
        log = self.watch_source.events
        row = log.row_of(ref.source, ref.offset)
        if row is None:
            return False
        self.panes.events.reveal(row)
        self.panes.events.focus()
        self.seek(log.time(row))
        return True

    # --- pages over the panes ------------------------------------------------------------------

    def action_explain(self) -> None:
        from tui.screens.info_pages import explanation
        from widgets.dialogs.dialog import NoticeDialog

        night = self.watch_source.night
        if night is not None:
            self.app.push_screen(NoticeDialog("Why", explanation(night)))

    def action_sources(self) -> None:
        from tui.screens.info_pages import SourcesScreen

        self.app.push_screen(SourcesScreen(self.watch_source, self.clock))

    def action_help(self) -> None:
        from tui.screens.info_pages import help_screen

        self.app.push_screen(help_screen())

    def action_copy(self) -> None:
        view = self.panes.view_of(self.panes.number_focused())
        from tui.screens.clipboard import copy

        copy(self.app, view.row_text(view.cursor))

    def action_theme(self) -> None:
        from widgets.themes import after

        self.app.theme = after(self.app.theme)

    def action_quit(self) -> None:
        night = self.watch_source.night
        goes_on = night is not None and not night.is_over
        self.app.exit(message="viewer closed; the session goes on" if goes_on else None)
