"""Opens review, detail, list of nights from the main screen; each page is imported when it is first opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from textual.app import App

from tui.control.operations import Operations
from tui.model.journal import Requester
from tui.monitor.monitor import SessionMonitor
from tui.screens.base_page import OverlayScreen
from tui.screens.main.panes import Panes
from tui.screens.main.search import EventSearch
from tui.screens.main.time_travel import TimeTravel
from tui.system.clock import Clock

if TYPE_CHECKING:
    from tui.model.session import KnownSession
    from tui.model.stall import Stall
    from tui.screens.operations.controller import OperationController
    from tui.screens.review.sources import ReviewSource


class SessionPage(Protocol):
    """The main screen, as far as it matters for what is opened from it."""

    monitor: SessionMonitor
    clock: Clock
    panes: Panes
    search: EventSearch
    time_travel: TimeTravel
    review_when_over: bool

    @property
    def app(self) -> App[Any]: ...

    @property
    def reviews(self) -> ReviewSource: ...

    @property
    def controller(self) -> OperationController: ...

    def operations(self) -> Operations: ...

    def watch_session(self, session: KnownSession | None) -> None: ...


def session_operations(monitor: SessionMonitor, adopt: Callable[[], object] | None) -> Operations:
    """What can be done to the watched session as it is known at this moment; a key asks for it."""
    sources, snapshot = monitor.sources, monitor.night
    elsewhere = sources.elsewhere if sources is not None else ""
    return Operations(
        monitor.project,
        monitor.settings,
        sources.run_dir if sources is not None and not elsewhere else "",
        (snapshot.run.session_id or "") if snapshot is not None else "",
        adopt,
        agents=snapshot.agents if snapshot is not None else (),
        events=sources.events[0].path if sources is not None and sources.events else "",
        work_tree=sources.work_tree if sources is not None else "",
        elsewhere=elsewhere,
        by=Requester.KEY,
    )


def is_covered(page: SessionPage) -> bool:
    """Whether another page hides the panes: Textual would draw that page anew for each of their changes."""
    return any(isinstance(screen, OverlayScreen) for screen in page.app.screen_stack)


def open_event(page: SessionPage, index: int) -> None:
    """Shows what stands behind a row of the events pane."""
    from tui.screens.info_pages import DetailScreen

    log = page.search.log
    if index < len(log):
        page.app.push_screen(DetailScreen(log.detail(index)))


def open_log_entry(page: SessionPage, index: int) -> None:
    """Shows an entry of the watchdog's log with all its lines."""
    from widgets.dialogs.dialog import NoticeDialog

    entry = page.panes.log.entry(index)
    if entry is not None:
        page.app.push_screen(NoticeDialog("Watchdog", entry.text.split("\n")))


def open_review(page: SessionPage, run: str | None = None) -> None:
    """Shows the review of a run, of the watched session if none is named."""
    from tui.screens.review.review_screen import ReviewScreen

    review = ReviewScreen(
        page.reviews, run, page.time_travel.reveal_place, lambda: open_night_list(page)
    )
    page.app.push_screen(review)


def open_review_if_over(page: SessionPage) -> None:
    """Once, with the first full snapshot: a session that is over is reviewed, not watched."""
    snapshot = page.monitor.night
    if not page.review_when_over or snapshot is None or not page.monitor.caught_up:
        return
    if snapshot.state == "restarting" and snapshot.activity.until is None:
        return  # whether it goes on is being decided at this moment
    page.review_when_over = False
    is_on_top = len(page.app.screen_stack) == 1
    if snapshot.is_over and snapshot.state != "none" and is_on_top:
        open_review(page)


def open_night_list(page: SessionPage) -> None:
    """Shows the list of all nights; a page that was opened from it goes back to it."""
    from tui.screens.review.night_list_screen import NightListScreen

    if any(isinstance(screen, NightListScreen) for screen in page.app.screen_stack[:-1]):
        page.app.screen.dismiss()
    else:
        page.app.push_screen(NightListScreen(page.reviews, lambda run: open_review(page, run)))


def open_explanation(page: SessionPage) -> None:
    """Shows why the session is thought to be in its state, and takes a person's word that it is not so."""
    from tui.control.not_stuck import call_wrong
    from tui.screens.main.trouble_banner import helping_keys
    from tui.screens.main.why_page import WhyScreen, why_items
    from tui.store.ledgers.stall_feedback import StallFeedback

    monitor = page.monitor
    if monitor.night is None:
        return
    feedback = StallFeedback(monitor.project)
    records = feedback.records()

    def wrong(stall: Stall) -> None:
        night = monitor.night
        if night is not None:
            page.controller.background.run_operation(
                "recording that it is not stuck",
                lambda report: call_wrong(page.operations(), night, stall, page.clock.wall()),
            )

    screen = WhyScreen(
        lambda: monitor.night,
        lambda night: why_items(night, monitor.settings, records),
        page.time_travel.reveal_place,
        wrong,
        lambda trouble: helping_keys(trouble, page.controller.unavailable_reason),
    )
    page.app.push_screen(screen)


def open_sources(page: SessionPage) -> None:
    """Shows which files are read and why these, and the other sessions, one of which can be watched instead."""
    from tui.screens.main.sources_page import SourcesScreen

    page.app.push_screen(SourcesScreen(page.monitor, page.clock, page.watch_session))


def living_others(monitor: SessionMonitor) -> int:
    """How many sessions live here beside the watched one."""
    sources = monitor.sources
    if sources is None:
        return 0
    living = sum(not one.is_over for one in sources.others)
    return living if sources.has_session else max(0, living - 1)  # one of them is the watched one
