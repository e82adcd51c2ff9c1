"""Which part of the review stands where, by the size of the screen."""

from __future__ import annotations

from typing import Final, Literal

from tui.actions import screen_actions
from tui.changes import RepositoryChanges
from tui.night.review.model import Review
from widgets.review_view import SectionName
from widgets.tab_row import PaneTab

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
