"""All nights; comparison of two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.actions import Place
from tui.model.review import Review
from tui.screens.base_page import OverlayScreen, bindings
from tui.screens.info_pages import InfoScreen
from tui.screens.operations.background import BackgroundTasks
from tui.screens.review.sources import ReviewSource
from tui.system.format import format_count
from widgets.dialogs.dialog import Choice, DialogAnswer, NoticeDialog, Sentence, ask
from widgets.ink import Line
from widgets.lists.line_view import LineView
from widgets.lists.night_table import (
    NightTableRow,
    fitting_columns,
    head_line,
    night_rows,
    sort_nights,
)
from widgets.lists.pane import Pane
from widgets.output_guard import show_toast
from widgets.review.comparison import comparison_rows
from widgets.review.review_view import ReviewView, SentenceTarget
from widgets.row_widgets import SingleRow
from widgets.status.key_bar import KeyBar
from widgets.status.session_header import HeaderFacts, SessionHeader

_NARROW = 100


class NightTableHead(SingleRow):
    """The names of the columns over the table, and by which one it is sorted."""

    def __init__(self) -> None:
        super().__init__()
        self.sort_column, self.reverse = "when", True

    def show(self, sort_column: str, reverse: bool) -> None:
        self.sort_column, self.reverse = sort_column, reverse
        self.redraw()

    def columns_width(self) -> int:
        return max(1, self.size.width - 1)

    def spans(self, width: int) -> Line:
        return head_line(max(1, width - 1), self.sort_column, self.reverse)


class NightListScreen(OverlayScreen):
    """The table of nights; enter opens the review of one, by `open_review`, on top of it."""

    place: ClassVar[Place] = "runs"
    BINDINGS: ClassVar[list[BindingType]] = bindings("runs")

    def __init__(self, source: ReviewSource, open_review: Callable[[str], None]) -> None:
        super().__init__()
        self.nights: list[NightTableRow] = []
        self._source = source
        self._open_review = open_review
        self._nights = source.nights
        self._table = ReviewView(id="table", placeholder="reading the nights")
        self._head = NightTableHead()
        self._background = BackgroundTasks(self)
        self._marked: list[str] = []
        self._sort_column, self._reverse = "when", True

    # --- layout --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield SessionHeader(HeaderFacts(self._source.project.name, state="all nights"), id="header")
        yield self._head
        yield Pane(0, "Runs", self._table, id="runs")
        yield KeyBar(self.footer_items(), id="footer")

    def on_mount(self) -> None:
        self._lay_out()
        self._table.focus()
        self.action_reload()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        self.set_class(self.app.size.width < _NARROW, "-one")

    def on_screen_resume(self) -> None:
        """Back from a review: what was decided there shows here."""
        if self.nights:
            self.action_reload()

    @property
    def view(self) -> ReviewView:
        return self._table

    # --- the table -----------------------------------------------------------------------------

    def action_reload(self) -> None:
        """Reads the list anew."""
        failed = partial(setattr, self._table, "placeholder")
        self._background.run("nights", self._nights.rows, self._update, failed, exclusive=True)

    def _update(self, nights: list[NightTableRow]) -> None:
        self.nights = nights
        self._table.placeholder = "no night of this repository is known yet"
        self._show()

    def _show(self) -> None:
        self.nights = sort_nights(self.nights, self._sort_column, self._reverse)
        self._head.show(self._sort_column, self._reverse)
        self._table.show(partial(night_rows, tuple(self.nights), frozenset(self._marked)))
        unreviewed = sum(not night.reviewed for night in self.nights)
        pane = self.query_one("#runs", Pane)
        pane.subtitle = f"{len(self.nights):,}"
        reviewed = f"{unreviewed:,} not reviewed" if unreviewed else "all reviewed"
        nights = format_count(unreviewed, "night")
        pane.status = f"{nights} not reviewed" if unreviewed else reviewed
        total = sum(night.usd for night in self.nights if night.usd is not None)
        self.query_one("#header", SessionHeader).show(
            HeaderFacts(
                self._source.project.name,
                state=f"{format_count(len(self.nights), 'night')}, {reviewed}",
                cost_usd=total or None,
                cost_source="partial",
            )
        )

    @property
    def night(self) -> NightTableRow | None:
        """The night under the cursor."""
        row = self._table.row
        if row is None:
            return None
        return next((night for night in self.nights if night.id == row.name), None)

    def action_sort(self) -> None:
        """By the next column that is in sight."""
        columns = fitting_columns(self._head.columns_width())
        names = [column.name for column in columns if column.name != "trend"]
        current = names.index(self._sort_column) if self._sort_column in names else -1
        self._sort_column = names[(current + 1) % len(names)]
        self._reverse = self._sort_column not in ("verdict", "tests", "goal")
        self._show()

    def action_reverse(self) -> None:
        self._reverse = not self._reverse
        self._show()

    # --- one night -----------------------------------------------------------------------------

    @on(LineView.Opened)
    def _row_opened(self) -> None:
        if self.night is not None:
            self._open_review(self.night.id)

    def action_next_unreviewed(self) -> None:
        """The next one below the cursor that nobody has reviewed, round at the end."""
        start, count = self._table.cursor + 1, len(self.nights)
        for index in (*range(start, count), *range(min(start, count))):
            if not self.nights[index].reviewed:
                self._table.reveal(index)
                return
        show_toast(self.app, "every night has been reviewed")

    def action_reviewed(self) -> None:
        night = self.night
        if night is not None:
            self._write(lambda: self._nights.set_reviewed(night.id, not night.reviewed))

    def action_note(self) -> None:
        night = self.night
        if night is None:
            return
        from widgets.dialogs.text_dialogs import LineDialog

        def decided(answer: DialogAnswer) -> None:
            note = " ".join(answer.text.split())
            self._write(lambda: self._nights.set_note(night.id, note))

        save = Choice("save", "Save")
        dialog = LineDialog("A note on the night", [night.goal], night.note, save, empty=True)
        ask(self.app, dialog, decided)

    def _write(self, write: Callable[[], None]) -> None:
        self._background.run("notes", write, lambda _: self.action_reload())

    @on(ReviewView.Marked)
    def _row_marked(self, event: ReviewView.Marked) -> None:
        """Two at most: a third takes the place of the first."""
        night = event.row.mark
        if night in self._marked:
            self._marked.remove(night)
        else:
            self._marked = [*self._marked, night][-2:]
        self._show()

    def action_mark(self) -> None:
        show_toast(self.app, "space marks the night under the cursor")

    def action_compare(self) -> None:
        if len(self._marked) != 2:
            show_toast(self.app, "mark two nights with space, then compare them")
            return
        times = {night.id: night.at for night in self.nights}
        older, newer = sorted(self._marked, key=lambda night: times.get(night, 0.0))
        self.app.push_screen(CompareScreen(self._source, older, newer))

    def action_failures(self) -> None:
        def show(lines: list[Sentence]) -> None:
            self.app.push_screen(NoticeDialog("What fails night after night", lines))

        self._background.run("failures", self._nights.failures, show, exclusive=True)


class CompareScreen(InfoScreen):
    """Shows how the newer of two nights differs from the older one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "close", "back", show=False)]

    def __init__(self, source: ReviewSource, older: str, newer: str) -> None:
        super().__init__()
        self._source = source
        self._nights = (older, newer)
        self._view = ReviewView(placeholder="reading both nights")

    def compose(self) -> ComposeResult:
        pane = Pane(0, "Two nights", self._view, id="compare")
        pane.foot = "esc back · enter a figure in full"
        yield pane

    def on_mount(self) -> None:
        self._view.focus()
        older, newer = self._nights
        BackgroundTasks(self).run(
            "compare",
            lambda: (self._review_of(older), self._review_of(newer)),
            lambda reviews: self._view.show(partial(comparison_rows, *reviews)),
            partial(setattr, self._view, "placeholder"),
            exclusive=True,
        )

    def _review_of(self, night: str) -> Review:
        review = self._source.known.get(night)
        if review is not None and review.ending.kind != "open":
            return review
        return self._source.review(night)

    @on(LineView.Opened)
    def _row_opened(self) -> None:
        row = self._view.row
        if row is not None and isinstance(row.target, SentenceTarget):
            self.app.push_screen(NoticeDialog(row.target.title, row.target.lines))
