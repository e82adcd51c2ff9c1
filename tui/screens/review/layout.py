"""Which part stands where."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

from tui.actions import screen_actions
from tui.model.records import RepositoryChanges
from tui.model.review import Review
from widgets.review import review_lists
from widgets.review.review_view import Build, ReviewView, SectionName
from widgets.status.pane_tabs import PaneTab

Shape = Literal["one", "stacked", "beside"]
SECTIONS: Final[tuple[SectionName, ...]] = (
    "page",
    "claims",
    "risks",
    "timeline",
    "points",
    "files",
    "tasks",
)
TITLES: Final[dict[SectionName, str]] = {
    "page": "Page",
    "claims": "Claims",
    "risks": "Risks",
    "timeline": "Timeline",
    "points": "Points",
    "files": "Files",
    "tasks": "Tasks",
}
EMPTY: Final[dict[SectionName, str]] = {
    "page": "",
    "claims": "nothing was claimed to be done or passing",
    "risks": "nothing in the changes or commands asks for a look",
    "timeline": "nothing that matters is recorded",
    "points": "no checkpoint and no commit in this night",
    "files": "the night changed no file",
    "tasks": "no progress file tells of tasks",
}
BESIDE: Final = 150
"""Columns from which on the page and a list stand side by side."""
STACKED: Final = 34
"""Rows from which on a list stands below the page."""


def shape_of(width: int, height: int) -> Shape:
    """How the review fits on a screen of this size."""
    if width >= BESIDE:
        return "beside"
    return "stacked" if height >= STACKED else "one"


def counts(review: Review | None, changes: RepositoryChanges | None) -> dict[SectionName, str]:
    """How many each list holds, as the tabs show it."""
    if review is None:
        return dict.fromkeys(SECTIONS, "")
    known = review.tasks
    done = len(known.done) + known.before
    total = done + len(known.open)
    return {
        "page": "",
        "claims": _count(len(review.claims)),
        "risks": _count(len(review.risks)),
        "timeline": _count(len(review.moments)),
        "points": _count(len(review.points)),
        "files": _count(len(changes.files) if changes else review.files_changed),
        "tasks": f"{done}/{total}" if total else "",
    }


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def tabs(review: Review | None, changes: RepositoryChanges | None) -> list[PaneTab]:
    """The lists with their keys, as the table of actions has them."""
    keys = {action.name: action.keys[0] for action in screen_actions("review") if action.keys}
    notes = counts(review, changes)
    return [
        PaneTab(nth, TITLES[name], notes[name], keys[f"section('{name}')"])
        for nth, name in enumerate(SECTIONS)
    ]


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
        self.view.placeholder = self._why_empty()
        self.view.show(self._rows(), from_top=another)
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
            return partial(review_lists.point_rows, review, self.marked)
        if self.name == "files":
            return partial(review_lists.file_rows, self.changes, self.marked)
        lists = {
            "claims": review_lists.claim_rows,
            "risks": review_lists.risk_rows,
            "timeline": review_lists.moment_rows,
            "tasks": review_lists.task_rows,
        }
        return partial(lists[self.name], review)
