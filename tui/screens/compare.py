"""Two nights compared, figure by figure."""

from __future__ import annotations

from functools import cached_property, partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.night.review.model import Review
from tui.screens.aside import BackgroundTasks
from tui.screens.review_source import ReviewSource
from widgets.comparison import comparison
from widgets.line_view import LineView
from widgets.pane import Pane
from widgets.plan_dialog import NoticeDialog
from widgets.review_view import ReviewView, SentenceTarget


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
        pane.set_foot("esc back · enter a figure in full")
        yield pane

    def on_mount(self) -> None:
        self._view.focus()
        older, newer = self._runs
        self._aside.run(
            "compare",
            lambda: (self._of(older), self._of(newer)),
            self._show,
            self._view.set_placeholder,
        )

    def _of(self, run: str) -> Review:
        known = self._source.known.get(run)
        if known is not None and known.ending.kind != "open":
            return known
        return self._source.review(run)

    def _show(self, both: tuple[Review, Review]) -> None:
        if self.is_attached:
            self._view.show(partial(comparison, *both))

    @on(LineView.Opened)
    def _opened(self) -> None:
        row = self._view.row
        if row is not None and isinstance(row.goal, SentenceTarget):
            self.app.push_screen(NoticeDialog(row.goal.title, row.goal.lines))

    def action_close(self) -> None:
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()
