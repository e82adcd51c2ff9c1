"""From a line to its evidence."""

from __future__ import annotations

from msgspec.structs import replace
from textual.screen import Screen

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
    PointTarget,
    Target,
    TextTarget,
)

_MOST_FILES = 60
_NO_PLACE = SourceRef("git", 0)


class EvidencePages:
    """Reads the evidence in a worker and shows it; one place at a time."""

    def __init__(self, page: Screen[None], source: ReviewSource) -> None:
        self._page = page
        self._source = source
        self._background = BackgroundTasks(page)

    def open(self, target: Target, changes: RepositoryChanges | None) -> None:
        """Shows what the line leads to."""
        self._background.run(
            "evidence", lambda: self._read(target, changes), self._show, exclusive=True
        )

    def _show(self, detail: EventDetail) -> None:
        from tui.screens.info_pages import DetailScreen

        if not isinstance(self._page.app.screen, DetailScreen):  # enter may be pressed twice
            self._page.app.push_screen(DetailScreen(detail))

    def _read(self, target: Target, changes: RepositoryChanges | None) -> EventDetail:
        project = self._source.project
        if isinstance(target, EvidenceTarget):
            return evidence_lookup.detail_of(target.ref, project)
        if isinstance(target, DiffTarget):
            return self._read_fragment(target)
        if isinstance(target, CommitTarget):
            return evidence_lookup.commit_detail(project, target.sha)
        if isinstance(target, TextTarget):
            return evidence_lookup.text_detail(target.path, target.words)
        if isinstance(target, FileTarget):
            return _file_detail(target.path, changes)
        if isinstance(target, PointTarget):
            return self._read_rewind(target.checkpoint)
        raise TypeError(f"{type(target).__name__} leads to no evidence")

    def _read_fragment(self, target: DiffTarget) -> EventDetail:
        """The piece of the diff, and below it the call that made it, where one is known."""
        detail = evidence_lookup.diff_detail(target.path, target.what, (target.hunk,), target.ref)
        if target.ref is None or evidence_lookup.is_commit(target.ref):
            return detail
        call = evidence_lookup.detail_of(target.ref, self._source.project)
        title = DetailPart("the call that did it", call.title)
        return replace(detail, parts=(*detail.parts, title, *call.parts), facts=call.facts)

    def _read_rewind(self, checkpoint: str) -> EventDetail:
        """From the files as they are now to the checkpoint: what a rewind to it would do."""
        from tui.control.wording import describe_plan
        from tui.system.sanitize import clean, clean_line

        plan = self._source.operations().plan_rewind(checkpoint)
        parts = [DetailPart("", clean("\n".join(describe_plan(plan))))]
        for change in plan.changes[:_MOST_FILES]:
            title = f"{change.kind} {clean_line(change.path)}"
            parts.append(DetailPart(title, clean(plan.diff(change)) or "(no text)", "diff"))
        omitted = len(plan.changes) - _MOST_FILES
        if omitted > 0:
            parts.append(DetailPart("", f"and {omitted:,} more files"))
        title = f"from now back to checkpoint {clean_line(checkpoint)}"
        return EventDetail(title, tuple(parts), _NO_PLACE)


def _file_detail(path: str, changes: RepositoryChanges | None) -> EventDetail:
    files = changes.files if changes is not None else ()
    change = next((change for change in files if change.path == path), None)
    if change is None:
        return EventDetail(path, (DetailPart("", "The file is not among the changes."),), _NO_PLACE)
    return evidence_lookup.file_diff(change)
