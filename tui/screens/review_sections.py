"""The lists behind the page of the review: which one is shown, and where a person stood in each."""

from __future__ import annotations

from functools import partial

from tui.changes import RepositoryChanges
from tui.night.review.model import Review
from tui.screens.review_layout import EMPTY
from widgets import review_lists, review_points
from widgets.review_view import Build, ReviewView, SectionName


class ReviewSections:
    """Shows one list at a time in one view; each keeps its place, and what was marked in it."""

    def __init__(self, view: ReviewView) -> None:
        self.view = view
        self.name: SectionName = "timeline"
        self.review: Review | None = None
        self.changes: RepositoryChanges | None = None
        self.reading_changes = False
        self.marked: set[str] = set()
        self._kept: dict[SectionName, str] = {}

    def show(self, name: SectionName | None = None) -> None:
        """Show this list, or the present one with what is new in it."""
        if self.view.row is not None:
            self._kept[self.name] = self.view.row.name
        another = name is not None and name != self.name
        if name is not None:
            self.name = name
        self.view.set_placeholder(self._why_empty())
        self.view.show(self._rows(), afresh=another)
        if another:
            self.view.go_to_name(self._kept.get(self.name, ""))

    def mark(self, what: str) -> None:
        """Mark a commit or a file, or take that back."""
        self.marked ^= {what}
        self.show()

    def _why_empty(self) -> str:
        if self.name != "files":
            return EMPTY[self.name]
        if self.changes is None:
            return "reading the changes" if self.reading_changes else EMPTY["files"]
        return self.changes.why or EMPTY["files"]

    def _rows(self) -> Build:
        review = self.review
        if review is None:
            return lambda width: ()
        if self.name == "points":
            return partial(review_points.points, review, self.marked)
        if self.name == "files":
            return partial(review_points.files, self.changes, self.marked)
        lists = {
            "claims": review_lists.claims,
            "risks": review_lists.risks,
            "timeline": review_lists.timeline,
            "tasks": review_lists.tasks,
        }
        return partial(lists[self.name], review)
