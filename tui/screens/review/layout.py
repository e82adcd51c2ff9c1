"""Which part stands where."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

from tui.actions import screen_actions
from tui.model.records import RepositoryChanges
from tui.model.review import Review
from widgets.review import review_lists
from widgets.review.review_page import top_rows
from widgets.review.review_view import Build, ReviewView, SectionName
from widgets.status.pane_tabs import PaneTab

Shape = Literal["one", "stacked", "beside"]
TITLES: Final[dict[SectionName, str]] = {
    "page": "Page",
    "claims": "Claims",
    "risks": "Risks",
    "timeline": "Timeline",
    "points": "Points",
    "files": "Files",
    "tasks": "Tasks",
}
SECTIONS: Final = tuple(TITLES)
_EMPTY: Final[dict[SectionName, str]] = {
    "page": "",
    "claims": "nothing was claimed to be done or passing",
    "risks": "nothing in the changes or commands asks for a look",
    "timeline": "nothing that matters is recorded",
    "points": "no checkpoint and no commit in this night",
    "files": "the night changed no file",
    "tasks": "no progress file tells of tasks",
}
_BESIDE_COLUMNS: Final = 150
_STACKED_ROWS: Final = 34
_PAGE_ROWS: Final = 18


def shape_of(width: int, height: int) -> Shape:
    """How page and list fit on a screen of this size: side by side, one below the other, one at a time."""
    if width >= _BESIDE_COLUMNS:
        return "beside"
    return "stacked" if height >= _STACKED_ROWS else "one"


def page_height(review: Review | None, width: int, height: int) -> int:
    """As many rows as what must be in sight takes, and no more than leave room for a list."""
    rows = len(top_rows(review, width - 4)) if review is not None else _PAGE_ROWS
    return min(rows + 2, height - 14)


def tabs(review: Review | None, changes: RepositoryChanges | None) -> list[PaneTab]:
    """The lists with how many rows each holds, and their keys as the table of actions has them."""
    keys = {action.name: action.keys[0] for action in screen_actions("review") if action.keys}
    notes: dict[SectionName, str] = {}
    if review is not None:
        numbers: dict[SectionName, int] = {
            "claims": len(review.claims),
            "risks": len(review.risks),
            "timeline": len(review.moments),
            "points": len(review.points),
            "files": len(changes.files) if changes else review.files_changed,
        }
        notes = {name: f"{number:,}" if number else "" for name, number in numbers.items()}
        done = len(review.tasks.done) + review.tasks.before
        total = done + len(review.tasks.open)
        notes["tasks"] = f"{done}/{total}" if total else ""
    return [
        PaneTab(number, title, notes.get(name, ""), keys[f"section('{name}')"])
        for number, (name, title) in enumerate(TITLES.items())
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
        self._last_rows: dict[SectionName, str] = {}

    def show(self, name: SectionName | None = None) -> None:
        """Shows this list, or the present one with what is new in it."""
        if self.view.row is not None:
            self._last_rows[self.name] = self.view.row.name
        is_other = name is not None and name != self.name
        if name is not None:
            self.name = name
        self.view.placeholder = self._placeholder()
        self.view.show(self._rows(), from_top=is_other)
        if is_other:
            self.view.go_to_name(self._last_rows.get(self.name, ""))

    def toggle_mark(self, mark: str) -> None:
        """Marks a commit or a file, or takes that back."""
        self.marked ^= {mark}
        self.show()

    def _placeholder(self) -> str:
        if self.name != "files":
            return _EMPTY[self.name]
        if self.changes is None:
            return "reading the changes" if self.reading_changes else _EMPTY["files"]
        return self.changes.why or _EMPTY["files"]

    def _rows(self) -> Build:
        review = self.review
        if review is None:
            return lambda width: ()
        lists: dict[SectionName, Build] = {
            "claims": partial(review_lists.claim_rows, review),
            "risks": partial(review_lists.risk_rows, review),
            "timeline": partial(review_lists.moment_rows, review),
            "points": partial(review_lists.point_rows, review, self.marked),
            "files": partial(review_lists.file_rows, self.changes, self.marked),
            "tasks": partial(review_lists.task_rows, review),
        }
        return lists[self.name]
