"""From a line to its evidence."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from textual.app import App

from tui.model.events import SourceRef
from tui.model.records import RepositoryChanges
from tui.model.rows import DetailPart, EventDetail
from tui.monitor.history import evidence_lookup
from tui.screens.operations.background import BackgroundTasks
from tui.screens.review.sources import ReviewSource
from widgets.review.review_view import (
    CommitTarget,
    DiffTarget,
    EvidenceTarget,
    FileTarget,
    Goal,
    PointTarget,
    TextTarget,
)

_MOST_FILES = 60


class EvidencePages:
    """Reads the evidence in a worker and shows it; one place at a time."""

    def __init__(self, app: App[Any], source: ReviewSource, aside: BackgroundTasks) -> None:
        self._app = app
        self._source = source
        self._aside = aside

    def open(self, goal: Goal, changes: RepositoryChanges | None) -> None:
        """Show what the line leads to."""
        self._aside.run("evidence", lambda: self._detail(goal, changes), self._show, newest=True)

    def _show(self, detail: EventDetail) -> None:
        from tui.screens.info_pages import DetailScreen

        if not isinstance(self._app.screen, DetailScreen):  # enter may have been pressed twice
            self._app.push_screen(DetailScreen(detail))

    def _detail(self, goal: Goal, changes: RepositoryChanges | None) -> EventDetail:
        project = self._source.project
        if isinstance(goal, EvidenceTarget):
            return evidence_lookup.detail_of(goal.ref, project)
        if isinstance(goal, DiffTarget):
            return self._fragment(goal)
        if isinstance(goal, CommitTarget):
            return evidence_lookup.commit_detail(project, goal.sha)
        if isinstance(goal, TextTarget):
            return evidence_lookup.text_detail(goal.path, goal.words)
        if isinstance(goal, FileTarget):
            return _file(goal.path, changes)
        if isinstance(goal, PointTarget):
            return self._since(goal.checkpoint)
        raise TypeError(f"{type(goal).__name__} leads to no evidence")

    def _fragment(self, goal: DiffTarget) -> EventDetail:
        """The piece of the diff, and below it the call that made it, where one is known."""
        detail = evidence_lookup.diff_detail(goal.path, goal.what, (goal.hunk,), goal.ref)
        if goal.ref is None or evidence_lookup.is_commit(goal.ref):
            return detail
        call = evidence_lookup.detail_of(goal.ref, self._source.project)
        title = DetailPart("the call that did it", call.title)
        return replace(detail, parts=(*detail.parts, title, *call.parts), facts=call.facts)

    def _since(self, checkpoint: str) -> EventDetail:
        """From the files as they are now to the checkpoint: what a rewind to it would do."""
        from tui.control.wording import describe_plan
        from tui.system.sanitize import clean, clean_line

        plan = self._source.deeds().plan_rewind(checkpoint)
        parts = [DetailPart("", clean("\n".join(describe_plan(plan))))]
        for change in plan.changes[:_MOST_FILES]:
            title = f"{change.what} {clean_line(change.path)}"
            parts.append(DetailPart(title, clean(plan.diff(change)) or "(no text)", "diff"))
        left = len(plan.changes) - _MOST_FILES
        if left > 0:
            parts.append(DetailPart("", f"and {left:,} more files"))
        return EventDetail(
            f"from now back to checkpoint {clean_line(checkpoint)}", tuple(parts), _NONE
        )


_NONE = SourceRef("git", 0)


def _file(path: str, changes: RepositoryChanges | None) -> EventDetail:
    known = changes.files if changes is not None else ()
    change = next((one for one in known if one.path == path), None)
    if change is None:
        return EventDetail(path, (DetailPart("", "The file is not among the changes."),), _NONE)
    return evidence_lookup.file_diff(change)
