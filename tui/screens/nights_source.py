"""The nights of a repository as the table shows them, and what a person writes down of each."""

from __future__ import annotations

from tui.screens.review_source import ReviewSource
from tui.system.format import format_count, format_local
from tui.watching import nights as listing
from tui.watching.night_summary import NightSummary
from widgets.dialog import Sentence
from widgets.glyphs import glyphs
from widgets.nights_table import NightTableRow

KEPT = "kept"


class NightsSource:
    """Reads and writes files: call it in a worker."""

    def __init__(self, source: ReviewSource) -> None:
        self._source = source

    def nights(self) -> list[NightTableRow]:
        """Every night there is, the newest first."""
        found = listing.list_nights(self._source.project, self._source.settings)
        return [_line(night, listing.cost_trend(found, night.id)) for night in found]

    def failures(self) -> list[Sentence]:
        """What failed in more than one night, in sentences."""
        found = listing.list_nights(self._source.project, self._source.settings)
        when = {night.id: _day(night) for night in found}
        lines: list[Sentence] = []
        for one in listing.repeated(found):
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
        listing.set_reviewed(
            self._source.project,
            self._source.settings,
            night,
            reviewed,
            None if reviewed else "",
            self._source.clock.wall(),
        )

    def keep(self, night: str) -> None:
        """All of a night, named by its id or by a session of it, is kept: that is written down."""
        found = listing.list_nights(self._source.project, self._source.settings)
        named = (one.id for one in found if night == one.id or night in one.sessions)
        listing.set_reviewed(
            self._source.project,
            self._source.settings,
            next(named, night),
            True,
            KEPT,
            self._source.clock.wall(),
        )

    def set_note(self, night: str, note: str) -> None:
        """A note on the night; an empty one takes it away."""
        listing.set_note(self._source.project, self._source.settings, night, note)


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
