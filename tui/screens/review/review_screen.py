"""The review."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from tui.actions import Place
from tui.model.events import SourceRef
from tui.model.records import RepositoryChanges
from tui.model.review import Review
from tui.model.rows import EventDetail
from tui.screens.base_page import OverlayScreen, bindings
from tui.screens.operations.background import BackgroundTasks
from tui.screens.operations.controller import OperationKeys
from tui.screens.review.keep_flow import KeepFlow
from tui.screens.review.layout import (
    SECTIONS,
    TITLES,
    ReviewSections,
    Shape,
    page_height,
    shape_of,
    tabs,
)
from tui.screens.review.sources import ReviewSource
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.output_guard import show_toast
from widgets.review.review_page import page_rows
from widgets.review.review_text import night_name
from widgets.review.review_view import (
    EvidenceTarget,
    ReviewRow,
    ReviewView,
    SectionName,
    SectionTarget,
    SentenceTarget,
    Target,
)
from widgets.status.activity_row import ActivityRow
from widgets.status.key_bar import KeyBar
from widgets.status.pane_tabs import PaneTabs
from widgets.status.session_header import HeaderFacts, SessionHeader
from widgets.status.timeline_bar import MAX_ZOOM, TimelineBar, zoom

LOW = 14
_TICK_S = 0.5


class ReviewScreen(OperationKeys, OverlayScreen):
    """Shows the review of one night, which is made in a worker.

    `reveal_place` takes the panes to a place, if they have it; `open_night_list` opens the list of
    all nights.
    """

    place: ClassVar[Place] = "review"
    BINDINGS: ClassVar[list[BindingType]] = bindings("review")

    def __init__(
        self,
        source: ReviewSource,
        run: str | None = None,
        reveal_place: Callable[[SourceRef], bool] | None = None,
        open_night_list: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.run_id = run
        self.page = ReviewView(id="page", placeholder="reading the night")
        self.sections = ReviewSections(ReviewView(id="list"))
        self._timeline = TimelineBar(id="timeline")
        self.missing_reason = ""
        self._reveal_place = reveal_place
        self._open_night_list = open_night_list
        self._background = BackgroundTasks(self)
        self._is_on_page = True
        self._shape: Shape = "one"
        self._zoom = 0
        self._reading_since: float | None = None

    # --- layout --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield SessionHeader(id="header")
        yield self._timeline
        yield PaneTabs(id="tabs")
        yield Container(
            Pane(0, "Review", self.page, id="page-pane"),
            Pane(0, TITLES[self.sections.name], self.sections.view, id="list-pane"),
            id="review-panes",
        )
        yield ActivityRow(id="operation")
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        self._lay_out()
        self.page.focus()
        self.set_interval(_TICK_S, self._show_seconds)
        review = self.source.known.get(self.run_id)
        if review is not None:
            self._show_review(review)
        if review is None or review.ending.kind == "open":
            self.action_reload()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    @property
    def review(self) -> Review | None:
        """The review that is shown; None while it is being made."""
        return self.sections.review

    @property
    def view(self) -> ReviewView:
        return self.page if self._is_on_page else self.sections.view

    @property
    def row(self) -> ReviewRow | None:
        """The row that the keys are about."""
        return self.view.row

    def _lay_out(self) -> None:
        width, height = self.app.size
        self._shape = shape_of(width, height)
        is_single = self._shape == "one"
        self.set_class(is_single, "-one")
        self.set_class(self._shape == "beside", "-beside")
        self._timeline.display = self.query_one("#tabs", PaneTabs).display = height >= LOW
        page, section = self.query_one("#page-pane", Pane), self.query_one("#list-pane", Pane)
        page.display = not is_single or self._is_on_page
        section.display = not is_single or not self._is_on_page
        is_stacked = self._shape == "stacked"
        page.styles.height = page_height(self.review, width, height) if is_stacked else "1fr"
        self.show_edges()

    # --- making the review ---------------------------------------------------------------------

    def action_reload(self) -> None:
        """Makes the review anew."""
        self._reading_since = self.source.clock.monotonic()
        make = partial(self.source.review, self.run_id)
        self._background.run("review", make, self._show_review, self._show_failure, exclusive=True)

    def _show_failure(self, reason: str) -> None:
        self._reading_since = None
        if self.review is not None:
            show_toast(self.app, reason, severity="error")
            return
        self.missing_reason = reason
        self.page.placeholder = reason
        self.sections.view.placeholder = ""
        self.show_edges()

    def _show_review(self, review: Review) -> None:
        self._reading_since = None
        self.missing_reason = ""
        self.sections.review = review
        self.page.show(partial(page_rows, review))
        self.sections.show()
        self._lay_out()
        self._show_timeline()
        if review.commits or review.files_changed:
            self._read_changes(review)

    def _show_seconds(self) -> None:
        """Says for how long the night has been read, as long as there is nothing else to show."""
        if self._reading_since is not None and self.review is None:
            seconds = self.source.clock.monotonic() - self._reading_since
            self.page.placeholder = f"reading the night, {seconds:.0f} s"

    def _read_changes(self, review: Review) -> None:
        if not self.sections.reading_changes:
            self.sections.reading_changes = True
            read = partial(self.source.changes, review)
            self._background.run("changes", read, self._show_changes, exclusive=True)

    def _show_changes(self, changes: RepositoryChanges) -> None:
        self.sections.reading_changes = False
        self.sections.changes = changes
        if self.sections.name == "files":
            self.sections.show()
        self.show_edges()

    # --- what stands at the edges --------------------------------------------------------------

    def show_edges(self) -> None:
        """Draws header, tabs, titles and key bar as things stand."""
        sections = self.sections
        self.query_one("#header", SessionHeader).show(self._header())
        self.show_footer()
        all_tabs = tabs(self.review, sections.changes)
        current: SectionName = "page" if self._is_on_page else sections.name
        self.query_one("#tabs", PaneTabs).show(all_tabs, SECTIONS.index(current))
        section = all_tabs[SECTIONS.index(sections.name)]
        pane = self.query_one("#list-pane", Pane)
        pane.title = section.title
        pane.subtitle = section.subtitle
        marks = len(sections.marked)
        pane.status = f"{marks} marked, b takes them to a branch" if marks else ""

    def _header(self) -> HeaderFacts:
        review, project = self.review, self.source.project.name
        if review is None:
            state = "none" if self.missing_reason else "reading"
            return HeaderFacts(project, "review", state=state)
        title, at = f"review {night_name(review)}", self._timeline.cursor_at
        return HeaderFacts(project, title, state=review.night.state, viewed_at=at)

    def _show_timeline(self) -> None:
        review = self.review
        if review is not None:
            has_now = review.ending.kind == "open" and not self._zoom
            timeline = zoom(review.timeline, self._zoom, self._timeline.cursor_at)
            self._timeline.show(timeline, review.night.now if has_now else None)

    # --- the lists -----------------------------------------------------------------------------

    def action_section(self, name: SectionName) -> None:
        """Goes to a list, or to the page."""
        self._is_on_page = name == "page"
        if name != "page":
            self.sections.show(name)
        if name == "files" and self.sections.changes is None and self.review is not None:
            self._read_changes(self.review)
        self._lay_out()
        self.view.focus()

    def action_next_section(self, step: int) -> None:
        current = 0 if self._is_on_page else SECTIONS.index(self.sections.name)
        self.action_section(SECTIONS[(current + step) % len(SECTIONS)])

    @on(PaneTabs.Chosen)
    def _tab_chosen(self, event: PaneTabs.Chosen) -> None:
        self.action_section(SECTIONS[event.number])

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        if self._is_on_page != self.page.has_focus:
            self._is_on_page = self.page.has_focus
            self.show_edges()

    # --- along the night -----------------------------------------------------------------------

    def action_travel(self, step: int) -> None:
        self._timeline.move(step)

    def action_zoom_timeline(self, step: int) -> None:
        self._zoom = max(0, min(MAX_ZOOM, self._zoom + step))
        self._show_timeline()

    @on(TimelineBar.CursorMoved)
    def _timeline_cursor_moved(self, event: TimelineBar.CursorMoved) -> None:
        if self.sections.name != "timeline" or (self._is_on_page and self._shape == "one"):
            self.action_section("timeline")
        if event.at is not None:
            self.sections.view.go_to_time(event.at)
        self.query_one("#list-pane", Pane).foot = event.words
        self.show_edges()

    @on(LineView.CursorMoved)
    def _row_cursor_moved(self, event: LineView.CursorMoved) -> None:
        row = self.row
        if event.view is not self.view or row is None or row.at is None:
            return
        self._timeline.cursor_at = row.at
        if self._zoom:
            self._show_timeline()
        self.show_edges()

    # --- from a line to its evidence -----------------------------------------------------------

    @on(LineView.Opened)
    def _row_opened(self, event: LineView.Opened) -> None:
        row = event.view.row if isinstance(event.view, ReviewView) else None
        if row is not None and row.target is not None:
            self._open(row.target)

    def _open(self, target: Target) -> None:
        if isinstance(target, SectionTarget):
            self.action_section(target.name)
            self.view.go_to_name(target.row)
        elif isinstance(target, SentenceTarget):
            from widgets.dialogs.dialog import NoticeDialog

            self.app.push_screen(NoticeDialog(target.title, target.lines))
        else:
            read = partial(self.source.evidence, target, self.sections.changes)
            self._background.run("evidence", read, self._show_evidence, exclusive=True)

    def _show_evidence(self, detail: EventDetail) -> None:
        from tui.screens.info_pages import DetailScreen

        if not isinstance(self.app.screen, DetailScreen):  # enter may be pressed twice
            self.app.push_screen(DetailScreen(detail))

    def action_attention(self, key: str) -> None:
        """The evidence of what to look at first, by its number."""
        name = f"first-{key}"
        index = self.page.index_of(name)
        target = self.page.rows[index].target if index is not None else None
        if target is None:
            show_toast(self.app, f"there is no {key} to look at")
            return
        if self._is_on_page:
            self.page.go_to_name(name)
        self._open(target)

    def action_diff(self) -> None:
        """The diff of the line under the cursor, where it has one."""
        target = self.row.target if self.row is not None else None
        if target is None or isinstance(target, SectionTarget | SentenceTarget):
            show_toast(self.app, "this line has no diff")
        else:
            self._open(target)

    def action_show_in_events(self) -> None:
        """Shows the line in the events pane, where the panes are of this night."""
        target = self.row.target if self.row is not None else None
        if not isinstance(target, EvidenceTarget):
            show_toast(self.app, "this line stands in no event")
        elif self._reveal_place is None or not self._reveal_place(target.ref):
            show_toast(
                self.app, "the events pane does not show this place; enter opens the evidence"
            )
        else:
            self.action_back()

    # --- keep or revert ------------------------------------------------------------------------

    @cached_property
    def controller(self) -> KeepFlow:
        return KeepFlow(self.app, self, self.source)

    @on(ReviewView.Marked)
    def _row_marked(self, event: ReviewView.Marked) -> None:
        self.sections.toggle_mark(event.row.mark)
        self.show_edges()

    def action_mark(self) -> None:
        show_toast(self.app, "space marks commits (B) and files (W)")

    def action_export(self) -> None:
        """Writes the review to a file."""
        if self.review is None:
            show_toast(self.app, self.missing_reason or "the night is still being read")
        else:
            self.controller.export(self.review)

    def action_runs(self) -> None:
        if self._open_night_list is not None:
            self._open_night_list()
