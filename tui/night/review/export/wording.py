"""Figures and times of an exported review in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from tui.model.events import SourceRef
from tui.model.labels import COSTS
from tui.model.review import Review
from tui.model.snapshot import Cost
from tui.model.timeline import Kind, TimeTotals
from tui.system.format import format_money_long

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]


class ExportTimeZone:
    """A fixed offset from UTC in which an export tells its times."""

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
        """ "02:14", or a dash where nothing told."""
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
        day, last = self.moment(start), self.moment(end)
        if day is None or last is None:
            return "–"
        until = f"{last:%H:%M}"
        if (last.date() - day.date()).days > 1:
            until = f"{self.day(end)}, {until}"
        return f"{self.day(start)}, {day:%H:%M} to {until}"


def cost_text(cost: Cost) -> str:
    """The night's cost with its sign of certainty."""
    if cost.usd is None:
        return "unknown"
    return f"{COSTS[cost.source]}{format_money_long(cost.usd)}"


def time_by_kind(time: TimeTotals) -> tuple[tuple[Kind, float], ...]:
    """Seconds of each kind, in the order in which a page tells them."""
    return (
        ("working", time.working),
        ("tool", time.tool),
        ("waiting_api", time.waiting_api),
        ("rate_limited", time.rate_limited),
        ("stalled", time.stalled),
        ("dead", time.dead),
        ("idle", time.idle),
    )


def file_name(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path


def source_place(ref: SourceRef) -> str:
    """Where evidence stands, short: the file's name and the byte its line begins at."""
    kind, _, sha = ref.source.partition(":")
    if kind == "git":
        return f"commit {(sha or ref.uuid or '')[:10]}".rstrip()
    return f"{file_name(ref.source)}@{ref.offset}"


def project_name(review: Review) -> str:
    """What the night is called by: the project folder's name."""
    return file_name(review.project or review.night.run.cwd) or "a project"


def night_start(review: Review) -> float | None:
    """The night's first moment."""
    run = review.night.run
    return run.started_at if run.started_at is not None else review.timeline.start


def night_end(review: Review) -> float:
    """The night's last moment, or the one it was looked at."""
    run = review.night.run
    if run.ended_at is not None:
        return run.ended_at
    return review.timeline.end if review.timeline.end is not None else review.night.now
