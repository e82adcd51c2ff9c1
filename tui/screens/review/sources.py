"""Where reviews, their evidence and nights come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from tui.control.operations import Operations
from tui.model.events import SourceRef
from tui.model.records import RepositoryChanges
from tui.model.review import Review
from tui.model.rows import DetailPart, EventDetail
from tui.model.session import NamedSources
from tui.monitor.history import night_list
from tui.monitor.history.night_list import NightSummary
from tui.settings.settings import Settings
from tui.system.clock import Clock
from tui.system.format import format_count, format_local
from widgets.dialogs.dialog import Sentence
from widgets.glyphs import glyphs
from widgets.lists.night_table import NightTableRow
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


@dataclass(frozen=True)
class ReviewSource:
    """Reviews of a project and its list of nights; `named` are the sources that were named by hand.

    Everything here reads or writes files and may take seconds: call it in a worker. A night that
    goes on has changed by the time its review in `known` is looked at again.
    """

    project: Path
    settings: Settings
    named: NamedSources
    clock: Clock
    operations: Callable[[], Operations]
    known: dict[str | None, Review] = field(default_factory=dict)

    def review(self, run: str | None) -> Review:
        """The review of a run of ours, of the session that is watched if none is given."""
        from tui.monitor.history.review_loader import load_review

        review = load_review(self.project, self.settings, self.named, self.clock, run)
        self.known[run] = review
        return review

    def changes(self, review: Review) -> RepositoryChanges:
        """What the night changed in the repository, file by file."""
        from tui.monitor.history.review_loader import changes_of

        return changes_of(self.project, review, self.settings)

    def evidence(self, target: Target, changes: RepositoryChanges | None) -> EventDetail:
        """What a line of the review leads to."""
        from tui.monitor.history import evidence_lookup

        match target:
            case EvidenceTarget(ref=ref):
                return evidence_lookup.detail_of(ref, self.project, self.named.paths)
            case DiffTarget():
                return _fragment(target, self.project, self.named)
            case CommitTarget(sha=sha):
                return evidence_lookup.commit_detail(self.project, sha)
            case TextTarget(path=path, words=words):
                return evidence_lookup.text_detail(path, words, self.project, self.named.paths)
            case PointTarget(checkpoint=checkpoint):
                return _rewind_detail(self.operations(), checkpoint)
            case FileTarget(path=path):
                for change in changes.files if changes is not None else ():
                    if change.path == path:
                        return evidence_lookup.file_diff(change)
                missing = DetailPart("", "The file is not among the changes.")
                return EventDetail(path, (missing,), _NO_PLACE)
        raise TypeError(f"{type(target).__name__} leads to no evidence")

    def export(self, review: Review, run: str | None, file_name: str) -> Path:
        """Writes the review to this file, in the format of its ending."""
        from tui.monitor.history.export_files import build_export, format_of, text_of, write_export

        format = format_of(file_name)
        export = build_export(
            review, self.project, self.settings, self.named, run, keep_places=format == "json"
        )
        return write_export(file_name, text_of(export, format))

    # --- the list of nights, and what a person noted on them ---

    def nights(self) -> list[NightTableRow]:
        """Every night there is, the newest first."""
        nights = self._list_nights()
        return [_table_row(night, night_list.cost_trend(nights, night.id)) for night in nights]

    def _list_nights(self) -> Sequence[NightSummary]:
        return night_list.list_nights(self.project, self.settings)

    def failures(self) -> list[Sentence]:
        """What failed in more than one night, in sentences."""
        nights = self._list_nights()
        dates = {night.id: format_local(night.at, "%m-%d") for night in nights}
        lines: list[Sentence] = []
        for failure in night_list.repeated_failures(nights):
            count = format_count(len(failure.nights), "night")
            lines.append((f"{count}: {failure.name}", "strong"))
            lines.append((f"  {', '.join(dates[name] for name in failure.nights[:8])}", "dim"))
        if lines:
            return lines
        unread = sum(night.verdict is None for night in nights)
        gap = f", as far as they were reviewed; {format_count(unread, 'night')} were not"
        return [f"Nothing failed in more than one night{gap if unread else ''}."]

    def set_reviewed(self, night: str, reviewed: bool) -> None:
        """A night counts as reviewed, or no longer; then what was decided goes with it."""
        self._set_reviewed(night, reviewed, None if reviewed else "")

    def keep(self, night: str) -> None:
        """Writes down that all of a night is kept; `night` is its id or that of one of its sessions."""
        ids = (known.id for known in self._list_nights() if night in (known.id, *known.sessions))
        self._set_reviewed(next(ids, night), True, "kept")

    def _set_reviewed(self, night: str, reviewed: bool, decision: str | None) -> None:
        night_list.set_reviewed(
            self.project, self.settings, night, reviewed, decision, self.clock.wall()
        )

    def set_note(self, night: str, note: str) -> None:
        """A note on the night; an empty one takes it away."""
        night_list.set_note(self.project, self.settings, night, note)


def _fragment(target: DiffTarget, project: Path, named: NamedSources) -> EventDetail:
    """The piece of the diff, and below it the call that made it, where one is known."""
    from tui.monitor.history import evidence_lookup

    detail = evidence_lookup.diff_detail(target.path, target.what, (target.hunk,), target.ref)
    if target.ref is None or evidence_lookup.is_commit(target.ref):
        return detail
    call = evidence_lookup.detail_of(target.ref, project, named.paths)
    title = DetailPart("the call that did it", call.title)
    return replace(detail, parts=(*detail.parts, title, *call.parts), facts=call.facts)


def _rewind_detail(operations: Operations, checkpoint: str) -> EventDetail:
    """From the files as they are now to the checkpoint: what a rewind to it would do."""
    from tui.control.wording import describe_plan
    from tui.system.sanitize import clean, clean_line

    plan = operations.plan_rewind(checkpoint)
    parts = [DetailPart("", clean("\n".join(describe_plan(plan))))]
    for change in plan.changes[:_MOST_FILES]:
        title = f"{change.kind} {clean_line(change.path)}"
        parts.append(DetailPart(title, clean(plan.diff(change)) or "(no text)", "diff"))
    omitted = len(plan.changes) - _MOST_FILES
    if omitted > 0:
        parts.append(DetailPart("", f"and {omitted:,} more files"))
    title = f"from now back to checkpoint {clean_line(checkpoint)}"
    return EventDetail(title, tuple(parts), _NO_PLACE)


def _table_row(night: NightSummary, trend: tuple[float | None, ...]) -> NightTableRow:
    sign = {"result": "", "estimate": glyphs().approx, "partial": glyphs().atleast}[night.source]
    return NightTableRow(
        id=night.id,
        at=night.at,
        goal=night.goal or night.words or night.id,
        verdict=night.verdict,
        ending=night.words,
        done=night.done,
        open=night.open,
        tests=night.tests,
        stalls=night.stalls,
        stalled_s=night.stalled_s,
        usd=night.usd,
        sign=sign if night.usd else "",
        per_task=night.per_task,
        reviewed=night.remarks.reviewed,
        decision=night.remarks.decision,
        note=night.remarks.note,
        trend=trend,
        goes_on=night.state == "going on",
    )
