"""Figures and times of an exported review in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from tui.model.events import SourceRef
from tui.model.labels import COSTS
from tui.model.review import Review
from tui.model.snapshot import Cost
from tui.model.timeline import KINDS, Kind, TimeTotals
from tui.system.format import format_money_long

# Not `%b`: an export reads the same wherever it is made.
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class ExportTimeZone:
    """A fixed offset from UTC in which an export writes its times."""

    def __init__(self, offset_s: int = 0) -> None:
        self.offset_s = offset_s
        self._zone = timezone(timedelta(seconds=offset_s)) if offset_s else UTC

    @property
    def name(self) -> str:
        """ "UTC", "UTC+01:00"."""
        if not self.offset_s:
            return "UTC"
        minutes = abs(self.offset_s) // 60
        return f"UTC{'+' if self.offset_s > 0 else '−'}{minutes // 60:02}:{minutes % 60:02}"

    def moment(self, at: float) -> datetime | None:
        """The moment in this zone; None for what no calendar holds."""
        try:
            return datetime.fromtimestamp(at, self._zone)
        except (ValueError, OverflowError, OSError):
            return None

    def clock(self, at: float | None) -> str:
        """ "02:14", or a dash for an unknown time."""
        moment = None if at is None else self.moment(at)
        return "–" if moment is None else f"{moment:%H:%M}"

    def day(self, at: float) -> str:
        """ "10 Mar 2026"."""
        moment = self.moment(at)
        if moment is None:
            return "–"
        return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"

    def between(self, start: float, end: float) -> str:
        """ "10 Mar 2026, 22:00 to 06:04", with the second day where it is not the next."""
        first, last = self.moment(start), self.moment(end)
        if first is None or last is None:
            return "–"
        until = f"{last:%H:%M}"
        if (last.date() - first.date()).days > 1:
            until = f"{self.day(end)}, {until}"
        return f"{self.day(start)}, {first:%H:%M} to {until}"


def cost_text(cost: Cost) -> str:
    """The night's cost with its sign of certainty."""
    if cost.usd is None:
        return "unknown"
    return f"{COSTS[cost.source]}{format_money_long(cost.usd)}"


def time_by_kind(totals: TimeTotals) -> tuple[tuple[Kind, float], ...]:
    """Seconds of each kind, in the order in which a page shows them."""
    return tuple((kind, getattr(totals, kind)) for kind in KINDS)


def source_place(ref: SourceRef) -> str:
    """Where evidence stands, short: the file's name and the byte its line begins at."""
    kind, _, sha = ref.source.partition(":")
    if kind == "git":
        return f"commit {(sha or ref.uuid or '')[:10]}".rstrip()
    return f"{_file_name(ref.source)}@{ref.offset}"


def project_name(review: Review) -> str:
    """What the night is called by: the project folder's name."""
    return _file_name(review.project or review.night.run.cwd) or "a project"


def _file_name(path: str) -> str:
    return path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path


def night_start(review: Review) -> float | None:
    """The night's first moment."""
    run = review.night.run
    return run.started_at if run.started_at is not None else review.timeline.start


def night_end(review: Review) -> float:
    """The night's last moment; of one that goes on, the moment the review is of."""
    run = review.night.run
    if run.ended_at is not None:
        return run.ended_at
    return review.timeline.end if review.timeline.end is not None else review.night.now
