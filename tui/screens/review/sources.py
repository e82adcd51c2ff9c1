"""Where reviews and nights come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tui.control.operations import Operations
from tui.model.records import RepositoryChanges
from tui.model.review import Review
from tui.model.session import NamedSources
from tui.monitor.history import night_list
from tui.monitor.history.night_list import NightSummary
from tui.settings.settings import Settings
from tui.system.clock import Clock
from tui.system.format import format_count, format_local
from widgets.dialogs.dialog import Sentence
from widgets.glyphs import glyphs
from widgets.lists.night_table import NightTableRow


@dataclass(frozen=True)
class ReviewSource:
    """Where reviews of a project come from; `named` are the sources that were named by hand.

    `deeds` carries out what a person decides. Nothing here is quick: call it in a worker.
    """

    project: Path
    settings: Settings
    named: NamedSources
    clock: Clock
    deeds: Callable[[], Operations]
    known: dict[str | None, Review] = field(default_factory=dict)
    """Reviews made so far, by run; one of a night that goes on is old the moment it is made."""

    def review(self, run: str | None) -> Review:
        """The review of a run of ours, of the session that is watched if none is given."""
        from tui.monitor.history.review_loader import load_review

        made = self.known[run] = load_review(
            self.project, self.settings, self.named, self.clock, run
        )
        return made

    def changes(self, review: Review) -> RepositoryChanges:
        """What the night changed in the repository, file by file."""
        from tui.monitor.history.review_loader import changes_of

        return changes_of(self.project, review)

    def export(self, review: Review, run: str | None, word: str) -> Path:
        """Writes the review to the file that `word` names, in the format of its ending."""
        from tui.monitor.history.export_files import build_export, format_of, text_of, write_export

        format = format_of(word)
        made = build_export(
            review, self.project, self.settings, self.named, run, keep_places=format == "json"
        )
        return write_export(word, text_of(made, format))


KEPT = "kept"


class NightsSource:
    """Reads and writes files: call it in a worker."""

    def __init__(self, source: ReviewSource) -> None:
        self._source = source

    def nights(self) -> list[NightTableRow]:
        """Every night there is, the newest first."""
        found = night_list.list_nights(self._source.project, self._source.settings)
        return [_line(night, night_list.cost_trend(found, night.id)) for night in found]

    def failures(self) -> list[Sentence]:
        """What failed in more than one night, in sentences."""
        found = night_list.list_nights(self._source.project, self._source.settings)
        when = {night.id: _day(night) for night in found}
        lines: list[Sentence] = []
        for one in night_list.repeated_failures(found):
            lines.append((f"{format_count(len(one.nights), 'night')}: {one.name}", "strong"))
            lines.append((f"  {', '.join(when[name] for name in one.nights[:8])}", "dim"))
        if lines:
            return lines
        unread = sum(1 for night in found if night.verdict is None)
        words = "Nothing failed in more than one night"
        if unread:
            return [
                f"{words}, as far as they were reviewed; {format_count(unread, 'night')} were not."
            ]
        return [f"{words}."]

    def set_reviewed(self, night: str, reviewed: bool) -> None:
        """A night counts as reviewed, or no longer; then what was decided goes with it."""
        night_list.set_reviewed(
            self._source.project,
            self._source.settings,
            night,
            reviewed,
            None if reviewed else "",
            self._source.clock.wall(),
        )

    def keep(self, night: str) -> None:
        """All of a night, named by its id or by a session of it, is kept: that is written down."""
        found = night_list.list_nights(self._source.project, self._source.settings)
        named = (one.id for one in found if night == one.id or night in one.sessions)
        night_list.set_reviewed(
            self._source.project,
            self._source.settings,
            next(named, night),
            True,
            KEPT,
            self._source.clock.wall(),
        )

    def set_note(self, night: str, note: str) -> None:
        """A note on the night; an empty one takes it away."""
        night_list.set_note(self._source.project, self._source.settings, night, note)


def _line(night: NightSummary, trend: tuple[float | None, ...]) -> NightTableRow:
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


def _day(night: NightSummary) -> str:

    return format_local(night.at, "%m-%d")
