"""The review."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from tui.actions import Place, bindings_of
from tui.model.events import SourceRef
from tui.model.records import RepositoryChanges
from tui.model.review import Review
from tui.screens.base_page import OverlayScreen
from tui.screens.operations.background import BackgroundTasks
from tui.screens.review.evidence_pages import EvidencePages
from tui.screens.review.keep_flow import KeepFlow
from tui.screens.review.layout import SECTIONS, TITLES, ReviewSections, Shape, shape_of, tabs
from tui.screens.review.sources import ReviewSource
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.output_guard import show_toast
from widgets.review.review_page import ReviewPageRows
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
_TICK = 0.5
_PAGE_ROWS = 18


class ReviewScreen(OverlayScreen):
    """Shows the review of one night; `show_events` takes the panes to a place, if they have it,
    and `open_runs` opens the list of all nights.

    The review is made in a worker; until it is there the page says what is being done.
    """

    place: ClassVar[Place] = "review"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in bindings_of("review")
    ]

    def __init__(
        self,
        source: ReviewSource,
        run: str | None = None,
        show_events: Callable[[SourceRef], bool] | None = None,
        open_runs: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.run_id = run
        self.page = ReviewView(id="page", placeholder="reading the night")
        self.sections = ReviewSections(ReviewView(id="list"))
        self.trouble = ""
        self._show_events = show_events
        self._open_runs = open_runs
        self._on_page = True
        self._shape: Shape = "one"
        self._zoom = 0
        self._began = 0.0

    # --- the house -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield SessionHeader(id="header")
        yield TimelineBar(id="strip")
        yield PaneTabs(id="tabs")
        yield Container(
            Pane(0, "Review", self.page, id="page-pane"),
            Pane(0, TITLES[self.sections.name], self.sections.view, id="list-pane"),
            id="review-panes",
        )
        yield ActivityRow(id="doing")
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        self._lay_out()
        self.page.focus()
        self.set_interval(_TICK, self._tick)
        known = self.source.known.get(self.run_id)
        if known is not None:
            self._made(known)
        if known is None or known.ending.kind == "open":
            self.action_look_again()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    @property
    def review(self) -> Review | None:
        """The review that is shown; None while it is being made."""
        return self.sections.review

    @property
    def view(self) -> ReviewView:
        return self.page if self._on_page else self.sections.view

    @property
    def row(self) -> ReviewRow | None:
        """The row that the keys are about."""
        return self.view.row

    @cached_property
    def aside(self) -> BackgroundTasks:
        return BackgroundTasks(self.app)

    @property
    def _strip(self) -> TimelineBar:
        return self.query_one("#strip", TimelineBar)

    def _lay_out(self) -> None:
        width, height = self.app.size
        self._shape = shape_of(width, height)
        one = self._shape == "one"
        self.set_class(one, "-one")
        self.set_class(self._shape == "beside", "-beside")
        self._strip.display = self.query_one("#tabs", PaneTabs).display = height >= LOW
        page, listed = self.query_one("#page-pane", Pane), self.query_one("#list-pane", Pane)
        page.display = not one or self._on_page
        listed.display = not one or not self._on_page
        page.styles.height = self._page_height(width, height) if self._shape == "stacked" else "1fr"
        self.show_edges()

    def _page_height(self, width: int, height: int) -> int:
        """As many rows as what must be in sight takes, and no more than leave room for a list."""
        review = self.review
        rows = len(ReviewPageRows(review).top(width - 4)) if review is not None else _PAGE_ROWS
        return min(rows + 2, height - 14)

    # --- making the review ---------------------------------------------------------------------

    def action_look_again(self) -> None:
        """Make the review anew, in a worker."""
        self._began = self.source.clock.monotonic()
        make = partial(self.source.review, self.run_id)
        self.aside.run("review", make, self._made, self._failed, newest=True)

    def _failed(self, words: str) -> None:
        self._began = 0.0
        if self.review is not None:
            show_toast(self.app, words, severity="error")
        elif self.is_attached:
            self.trouble = words
            self.page.placeholder = words
            self.sections.view.placeholder = ""
            self.show_edges()

    def _made(self, review: Review) -> None:
        self._began = 0.0
        if not self.is_attached:
            return
        self.trouble = ""
        self.sections.review = review
        self.page.show(ReviewPageRows(review))
        self.sections.show()
        self._lay_out()
        self._show_strip()
        if review.commits or review.files_changed:
            self._read_changes(review)

    def _tick(self) -> None:
        """Says for how long the night has been read, as long as there is nothing else to show."""
        if self._began and self.review is None:
            seconds = self.source.clock.monotonic() - self._began
            self.page.placeholder = f"reading the night, {seconds:.0f} s"

    def _read_changes(self, review: Review) -> None:
        if self.sections.reading_changes:
            return
        self.sections.reading_changes = True
        self.aside.run("changes", partial(self.source.changes, review), self._changes_read)

    def _changes_read(self, changes: RepositoryChanges) -> None:
        self.sections.reading_changes = False
        if not self.is_attached:
            return
        self.sections.changes = changes
        if self.sections.name == "files":
            self.sections.show()
        self.show_edges()

    # --- what stands at the edges --------------------------------------------------------------

    def show_edges(self) -> None:
        """Draw header, tabs, titles and footer as things stand."""
        sections = self.sections
        self.query_one("#header", SessionHeader).show(self._header())
        self.query_one("#footer", KeyBar).show(self.footer_items())
        known = tabs(self.review, sections.changes)
        here: SectionName = "page" if self._on_page else sections.name
        self.query_one("#tabs", PaneTabs).show(known, SECTIONS.index(here))
        listed = known[SECTIONS.index(sections.name)]
        pane = self.query_one("#list-pane", Pane)
        pane.title = listed.title
        pane.subtitle = listed.subtitle
        marks = len(sections.marked)
        pane.status = f"{marks} marked, b takes them to a branch" if marks else ""

    def _header(self) -> HeaderFacts:
        review, project = self.review, self.source.project.name
        if review is None:
            state = "none" if self.trouble else "reading"
            return HeaderFacts(project, "review", state=state)
        return HeaderFacts(
            project,
            f"review {night_name(review)}",
            state=review.night.state,
            viewed_at=self._strip.cursor_at,
        )

    def _show_strip(self) -> None:
        review = self.review
        if review is not None:
            goes_on = review.ending.kind == "open" and not self._zoom
            shown = zoom(review.timeline, self._zoom, self._strip.cursor_at)
            self._strip.show(shown, review.night.now if goes_on else None)

    # --- the lists -----------------------------------------------------------------------------

    def action_section(self, name: SectionName) -> None:
        """Go to a list, or to the page."""
        self._on_page = name == "page"
        if name != "page":
            self.sections.show(name)
        if name == "files" and self.sections.changes is None and self.review is not None:
            self._read_changes(self.review)
        self._lay_out()
        self.view.focus()

    def action_next_section(self, step: int) -> None:
        here = 0 if self._on_page else SECTIONS.index(self.sections.name)
        self.action_section(SECTIONS[(here + step) % len(SECTIONS)])

    @on(PaneTabs.Chosen)
    def _tab_chosen(self, event: PaneTabs.Chosen) -> None:
        self.action_section(SECTIONS[event.number])

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        if self._on_page != self.page.has_focus:
            self._on_page = self.page.has_focus
            self.show_edges()

    # --- along the night -----------------------------------------------------------------------

    def action_strip(self, step: int) -> None:
        self._strip.move(step)

    def action_zoom_strip(self, step: int) -> None:
        self._zoom = max(0, min(MAX_ZOOM, self._zoom + step))
        self._show_strip()

    @on(TimelineBar.CursorMoved)
    def _strip_moved(self, event: TimelineBar.CursorMoved) -> None:
        if self.sections.name != "timeline" or (self._on_page and self._shape == "one"):
            self.action_section("timeline")
        if event.at is not None:
            self.sections.view.go_to_time(event.at)
        self.query_one("#list-pane", Pane).foot = event.words
        self.show_edges()

    @on(LineView.CursorMoved)
    def _row_chosen(self, event: LineView.CursorMoved) -> None:
        row = self.row
        if event.view is not self.view or row is None or row.at is None:
            return
        self._strip.cursor_at = row.at
        if self._zoom:
            self._show_strip()
        self.show_edges()

    # --- from a line to its evidence -----------------------------------------------------------

    @cached_property
    def _evidence(self) -> EvidencePages:
        return EvidencePages(self.app, self.source, self.aside)

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        view = event.view
        row = view.row if isinstance(view, ReviewView) else None
        if row is not None and row.target is not None:
            self.go(row.target)

    def go(self, goal: Target) -> None:
        """Go where a line leads."""
        if isinstance(goal, SectionTarget):
            self.action_section(goal.name)
            self.view.go_to_name(goal.row)
        elif isinstance(goal, SentenceTarget):
            from widgets.dialogs.dialog import NoticeDialog

            self.app.push_screen(NoticeDialog(goal.title, goal.lines))
        else:
            self._evidence.open(goal, self.sections.changes)

    def action_first(self, key: str) -> None:
        """The evidence of what to look at first, by its number."""
        found = self.page.index_of(f"first-{key}")
        goal = self.page.rows[found].target if found is not None else None
        if goal is None:
            show_toast(self.app, f"there is no {key} to look at")
            return
        if self._on_page:
            self.page.go_to_name(f"first-{key}")
        self.go(goal)

    def action_diff(self) -> None:
        """The diff of the line under the cursor, where it has one."""
        goal = self.row.target if self.row is not None else None
        if goal is None or isinstance(goal, SectionTarget | SentenceTarget):
            show_toast(self.app, "this line has no diff")
        else:
            self.go(goal)

    def action_in_events(self) -> None:
        """Show the line in the events pane, where the panes are of this night."""
        goal = self.row.target if self.row is not None else None
        if not isinstance(goal, EvidenceTarget):
            show_toast(self.app, "this line stands in no event")
        elif self._show_events is None or not self._show_events(goal.ref):
            show_toast(
                self.app, "the events pane does not show this place; enter opens the evidence"
            )
        else:
            self.action_back()

    # --- keep or revert ------------------------------------------------------------------------

    @cached_property
    def keeping(self) -> KeepFlow:
        """Carries out what a person decides about the night."""
        return KeepFlow(self.app, self, self.source, self.aside)

    def why_not(self, name: str) -> str:
        return self.keeping.why_not(name)

    @on(ReviewView.Marked)
    def _mark(self, event: ReviewView.Marked) -> None:
        self.sections.mark(event.row.mark)
        self.show_edges()

    def action_mark(self) -> None:
        show_toast(self.app, "space marks commits (B) and files (W)")

    def action_keep_all(self) -> None:
        self.keeping.keep_all()

    def action_rewind(self) -> None:
        self.keeping.rewind()

    def action_undo(self) -> None:
        self.keeping.undo()

    def action_take(self) -> None:
        self.keeping.take()

    def action_export(self) -> None:
        """Write the review to a file."""
        from tui.screens.review.export_flow import ExportFlow

        if self.review is None:
            show_toast(self.app, self.trouble or "the night is still being read")
        else:
            ExportFlow(self.app, self.source, self.aside).export(self.review, self.run_id)

    def action_runs(self) -> None:
        if self._open_runs is not None:
            self._open_runs()
