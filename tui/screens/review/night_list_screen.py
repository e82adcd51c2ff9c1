"""All nights; comparison of two."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.actions import Place, bindings_of
from tui.model.review import Review
from tui.screens.base_page import OverlayScreen
from tui.screens.operations.background import BackgroundTasks
from tui.screens.review.sources import NightsSource, ReviewSource
from tui.system.format import format_count
from widgets.dialogs.button_row import Choice, DialogAnswer
from widgets.dialogs.dialog import NoticeDialog, Sentence
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
    """The names of the columns over the table."""

    def __init__(self) -> None:
        super().__init__()
        self.by, self.reverse = "when", True

    def show(self, by: str, reverse: bool) -> None:
        """Say which column the table is sorted by."""
        self.by, self.reverse = by, reverse
        self.redraw()

    def spans(self, width: int) -> Line:
        return head_line(max(1, width - 1), self.by, self.reverse)


class NightListScreen(OverlayScreen):
    """The table of nights; enter opens the review of one, by `open_review`, on top of it."""

    place: ClassVar[Place] = "runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in bindings_of("runs")
    ]

    def __init__(self, source: ReviewSource, open_review: Callable[[str], None]) -> None:
        super().__init__()
        self.nights: list[NightTableRow] = []
        self._source = source
        self._open_review = open_review
        self._nights = NightsSource(source)
        self._table = ReviewView(id="table", placeholder="reading the nights")
        self._head = NightTableHead()
        self._marked: list[str] = []
        self._by, self._reverse = "when", True

    # --- the house -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield SessionHeader(HeaderFacts(self._source.project.name, state="all nights"), id="header")
        yield self._head
        yield Pane(0, "Runs", self._table, id="runs")
        yield KeyBar(self.footer_items(), id="footer")

    def on_mount(self) -> None:
        self._lay_out()
        self._table.focus()
        self.action_look_again()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        self.set_class(self.app.size.width < _NARROW, "-one")

    def on_screen_resume(self) -> None:
        """Back from a review: what was decided there shows here."""
        if self.nights:
            self.action_look_again()

    @cached_property
    def _aside(self) -> BackgroundTasks:
        return BackgroundTasks(self.app)

    @property
    def view(self) -> ReviewView:
        return self._table

    # --- the table -----------------------------------------------------------------------------

    def action_look_again(self) -> None:
        """Read the list anew, in a worker."""
        nights = self._nights.nights
        show_words = partial(setattr, self._table, "placeholder")
        self._aside.run("nights", nights, self._read, show_words, newest=True)

    def _read(self, found: list[NightTableRow]) -> None:
        if not self.is_attached:
            return
        self.nights = found
        self._table.placeholder = "no night of this repository is known yet"
        self._show()

    def _show(self) -> None:
        self.nights = sort_nights(self.nights, self._by, self._reverse)
        self._head.show(self._by, self._reverse)
        self._table.show(partial(night_rows, tuple(self.nights), frozenset(self._marked)))
        left = sum(1 for night in self.nights if not night.reviewed)
        pane = self.query_one("#runs", Pane)
        pane.subtitle = f"{len(self.nights):,}"
        reviewed = f"{left:,} not reviewed" if left else "all reviewed"
        pane.status = f"{format_count(left, 'night')} not reviewed" if left else reviewed
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
        return next((one for one in self.nights if row is not None and one.id == row.name), None)

    def action_sort(self) -> None:
        """By the next column that is in sight."""
        width = max(1, self._head.size.width - 1)
        names = [column.name for column in fitting_columns(width) if column.name != "trend"]
        here = names.index(self._by) if self._by in names else -1
        self._by = names[(here + 1) % len(names)]
        self._reverse = self._by not in ("verdict", "tests", "goal")
        self._show()

    def action_reverse(self) -> None:
        self._reverse = not self._reverse
        self._show()

    # --- what is done with a night -------------------------------------------------------------

    @on(LineView.Opened)
    def _opened(self) -> None:
        night = self.night
        if night is not None:
            self._open_review(night.id)

    def action_next_unreviewed(self) -> None:
        """The next one below the cursor that nobody has reviewed, round at the end."""
        here = self._table.cursor + 1
        places = [*range(here, len(self.nights)), *range(min(here, len(self.nights)))]
        found = next((nth for nth in places if not self.nights[nth].reviewed), None)
        if found is None:
            show_toast(self.app, "every night has been reviewed")
        else:
            self._table.reveal(found)

    def action_reviewed(self) -> None:
        night = self.night
        if night is not None:
            self._do(lambda: self._nights.set_reviewed(night.id, not night.reviewed))

    def action_note(self) -> None:
        night = self.night
        if night is None:
            return
        from widgets.dialogs.text_dialogs import LineDialog

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                words = " ".join(answer.text.split())
                self._do(lambda: self._nights.set_note(night.id, words))

        save = Choice("save", "Save")
        dialog = LineDialog("A note on the night", [night.goal], night.note, save, empty=True)
        self.app.push_screen(dialog, decided)

    def _do(self, deed: Callable[[], None]) -> None:
        """Writes in a worker and reads the list anew."""
        self._aside.run("notes", deed, lambda _: self.action_look_again())

    @on(ReviewView.Marked)
    def _mark(self, event: ReviewView.Marked) -> None:
        """Two at most: a third takes the place of the first."""
        name = event.row.mark
        if name in self._marked:
            self._marked.remove(name)
        else:
            self._marked = [*self._marked, name][-2:]
        self._show()

    def action_compare(self) -> None:
        if len(self._marked) != 2:
            show_toast(self.app, "mark two nights with space, then compare them")
            return

        older, newer = sorted(self._marked, key=self._when)
        self.app.push_screen(CompareScreen(self._source, older, newer))

    def _when(self, name: str) -> float:
        return next((night.at for night in self.nights if night.id == name), 0.0)

    def action_failures(self) -> None:
        from widgets.dialogs.dialog import NoticeDialog

        def found(lines: list[Sentence]) -> None:
            self.app.push_screen(NoticeDialog("What fails night after night", lines))

        self._aside.run("failures", self._nights.failures, found, newest=True)

    # --- the rest ------------------------------------------------------------------------------

    def action_mark(self) -> None:
        show_toast(self.app, "space marks the night under the cursor")


class CompareScreen(ModalScreen[None]):
    """Shows how the newer of two nights differs from the older one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c", "close", "back", show=False),
    ]

    def __init__(self, source: ReviewSource, older: str, newer: str) -> None:
        super().__init__()
        self._source = source
        self._runs = (older, newer)
        self._view = ReviewView(placeholder="reading both nights")

    @cached_property
    def _aside(self) -> BackgroundTasks:
        return BackgroundTasks(self.app)

    def compose(self) -> ComposeResult:
        pane = Pane(0, "Two nights", self._view, id="compare")
        pane.foot = "esc back · enter a figure in full"
        yield pane

    def on_mount(self) -> None:
        self._view.focus()
        older, newer = self._runs
        self._aside.run(
            "compare",
            lambda: (self._of(older), self._of(newer)),
            self._show,
            partial(setattr, self._view, "placeholder"),
        )

    def _of(self, run: str) -> Review:
        known = self._source.known.get(run)
        if known is not None and known.ending.kind != "open":
            return known
        return self._source.review(run)

    def _show(self, both: tuple[Review, Review]) -> None:
        if self.is_attached:
            self._view.show(partial(comparison_rows, *both))

    @on(LineView.Opened)
    def _opened(self) -> None:
        row = self._view.row
        if row is not None and isinstance(row.target, SentenceTarget):
            self.app.push_screen(NoticeDialog(row.target.title, row.target.lines))

    def action_close(self) -> None:
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()
