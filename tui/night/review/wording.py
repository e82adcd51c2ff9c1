"""Words and figures of an exported review: one reading for every format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from tui.model.state import EndKind
from tui.night.model import Cost
from tui.night.review.model import Review, RiskKind, Severity, Trust, Verdict, WasteKind
from tui.night.timeline import Kind, Sums
from tui.night.words import span
from tui.records import Ref

VERDICTS: Final[dict[Verdict, str]] = {
    "keep": "Keep",
    "look": "Look before keeping",
    "discard": "Discard",
}
ENDINGS: Final = {
    EndKind.TASKS_DONE: "All tasks done",
    EndKind.TURN_ENDED: "The agent ended its turn",
    EndKind.LIMIT: "A limit ended it",
    EndKind.CRASH: "It crashed",
    EndKind.KILLED: "It was killed",
    EndKind.HUNG: "It hung",
    EndKind.FAILED: "It failed",
    EndKind.NEEDS_PERSON: "It waits for a person",
    EndKind.OPEN: "Still open",
}
SIGNS: Final[dict[Verdict | Severity | Trust, str]] = {
    "keep": "✓",
    "look": "!",
    "discard": "✗",
    "high": "▲",
    "medium": "◆",
    "low": "○",
    "verified": "✓",
    "partial": "≈",
    "unverified": "?",
}
RISKS: Final[dict[RiskKind, str]] = {
    "test_deleted": "test deleted",
    "test_skipped": "test skipped",
    "test_weakened": "test weakened",
    "secret": "secret",
    "dependency": "dependency",
    "ci": "CI",
    "permissions": "permissions",
    "big_deletion": "big deletion",
    "generated": "generated file",
    "binary": "binary file",
    "outside_goal": "outside the goal",
    "no_verify": "hooks skipped",
    "force_push": "force push",
    "fetch_to_shell": "fetched into a shell",
    "big_file": "big file",
}
WASTES: Final[dict[WasteKind, str]] = {
    "retries": "retries",
    "loop": "loop",
    "redone": "done again",
    "killed_turn": "turn cut off",
}
KINDS: Final[dict[Kind, str]] = {
    "working": "working",
    "tool": "running tools",
    "waiting_api": "waiting for the API",
    "rate_limited": "rate limited",
    "stalled": "stalled",
    "dead": "not running",
    "idle": "waiting for a person",
}
SEVERITIES: Final[tuple[Severity, ...]] = ("high", "medium", "low")

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


class Zone:
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


def money(usd: float | None) -> str:
    """ "$19.15"; a dash where nothing told."""
    if usd is None:
        return "–"
    return "under $0.01" if 0 < usd < 0.005 else f"${usd:,.2f}"


def cost_words(cost: Cost) -> str:
    """The night's cost with its sign of certainty."""
    if cost.usd is None:
        return "unknown"
    sign = {"result": "", "estimate": "about ", "partial": "at least "}[cost.source]
    return f"{sign}{money(cost.usd)}"


def by_kind(time: Sums) -> tuple[tuple[Kind, float], ...]:
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


def lasting(seconds: float | None) -> str:
    """A duration in words; empty where nothing told."""
    return "" if seconds is None else span(seconds)


def size_words(size: int) -> str:
    """Bytes as a person reads them."""
    if size < 1_000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1_000
        if amount < 1_000:
            return f"{amount:.1f} {unit}"
    return f"{amount:,.0f} GB"


def file_name(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path


def place(ref: Ref) -> str:
    """Where evidence stands, short: the file's name and the byte its line begins at."""
    kind, _, sha = ref.source.partition(":")
    if kind == "git":
        return f"commit {(sha or ref.uuid or '')[:10]}".rstrip()
    return f"{file_name(ref.source)}@{ref.offset}"


def project_name(review: Review) -> str:
    """What the night is called by: the project folder's name."""
    return file_name(review.project or review.night.run.cwd) or "a project"


def began(review: Review) -> float | None:
    """The night's first moment."""
    run = review.night.run
    return run.started_at if run.started_at is not None else review.timeline.start


def ended(review: Review) -> float:
    """The night's last moment, or the one it was looked at."""
    run = review.night.run
    if run.ended_at is not None:
        return run.ended_at
    return review.timeline.end if review.timeline.end is not None else review.night.now
