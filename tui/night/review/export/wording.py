"""Figures and times of an exported review in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from tui.model.events import SourceRef
from tui.model.labels import (
    COSTS,
    ENDINGS,
    SEVERITIES,
    WASTES,
    describe_earlier,
    trouble_title,
)
from tui.model.review import Ending, Review, WasteItem
from tui.model.snapshot import Cost
from tui.model.stall import Stall
from tui.model.timeline import KINDS, Kind, TimeTotals
from tui.night.review.export.blocks import FactList, Inline, Line, code, line, strong
from tui.system.format import format_count, format_duration, format_money_long

Cell = Inline | Line | str
Clip = Callable[[str], str]
TRUSTS: Final = ("verified", "partial", "unverified", "contradicted")
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


def night_hours(review: Review, zone: ExportTimeZone) -> str:
    """From when to when the night was, and how long; empty where nothing tells when it began."""
    start = night_start(review)
    if start is None:
        return ""
    end = night_end(review)
    return f"{zone.between(start, end)} ({format_duration(end - start)}), {zone.name}"


def ending_line(ending: Ending) -> Line:
    """Why it ended, unless the kind says it all, and where that is recorded."""
    kind, sentence = ENDINGS[ending.kind], ending.words.rstrip(".")
    if sentence.lower().startswith(kind.lower()):
        kind, sentence = sentence, ""
    more = f"{sentence}. " if sentence else ""
    where = "" if ending.ref is None else source_place(ending.ref)
    return line(strong(f"{kind}."), f" {more}", code(where))


# --- the figures that a hurried reader wants ---


def figures(review: Review, zone: ExportTimeZone) -> FactList:
    """Each figure with what it rests on."""
    verdicts = Counter[str](claim.verdict for claim in review.claims)
    severities = Counter[str](risk.severity for risk in review.risks)
    earlier = review.continues
    rows = (
        *((("Continues", line(describe_earlier(earlier))),) if earlier is not None else ()),
        ("Tasks", _tasks(review)),
        ("Tests", _tests(review, zone)),
        ("Changes", _changes(review)),
        ("Claims", _counted(verdicts, TRUSTS, "none made")),
        ("Risks", _counted(severities, SEVERITIES, "none found")),
        ("Cost", _cost(review)),
    )
    return FactList(rows)


def _tasks(review: Review) -> Line:
    tasks = review.tasks
    if not (tasks.done or tasks.open or tasks.added or tasks.before):
        return line("no task list was seen")
    rest = f", {len(tasks.open)} open"
    if tasks.added:
        rest += f", {len(tasks.added)} added"
    if tasks.removed:
        rest += f", {len(tasks.removed)} removed"
    if tasks.before:
        rest += f"; {tasks.before} done before"
    return line(strong(f"{len(tasks.done)} done"), rest)


def _tests(review: Review, zone: ExportTimeZone) -> Line:
    """The last verdict of the tests, and how many edits came after the last green run."""
    tests = review.tests
    if not tests.runs:
        return line("no test run was seen")
    last, verdict = tests.runs[-1], tests.last
    counts = ""
    # The verdict may be that of an earlier run: then the last one's numbers do not belong to it.
    if last.verdict == verdict:
        told = [f"{last.passed:,} passed"] if last.passed is not None else []
        told += [f"{last.failed:,} failed"] if last.failed else []
        when = f" at {zone.clock(last.at)}" if last.at is not None else ""
        counts = f": {', '.join(told) or 'counts not told'}{when}"
    edits = tests.edits_since_last_green
    count = format_count(edits, "edit") if edits else "no edit"
    after = f"{count} after the last green run"
    if tests.last_green is None:
        after = "never green in this night"
    return line(strong("no verdict" if verdict == "none" else verdict), f"{counts}; {after}")


def _changes(review: Review) -> Line:
    if not review.commits and not review.files_changed:
        return line("no commit or changed file was seen in the repository")
    files = f", {format_count(review.files_changed, 'file')}" if review.files_changed else ""
    size = f", +{review.insertions:,} −{review.deletions:,}" if review.commits else ""
    since = (Inline(" since "), code(review.base[:10])) if review.base else ()
    return line(strong(format_count(len(review.commits), "commit")), f"{files}{size}", *since)


def _cost(review: Review) -> Line:
    """The night's cost, what it rests on, by task, and how much of it was wasted."""
    rest = f" ({review.cost.source})" if review.cost.usd is not None else ""
    if review.cost_per_task is not None:
        rest += f", {format_money_long(review.cost_per_task)} per finished task"
    if review.wasted_usd:
        rest += f", {format_money_long(review.wasted_usd)} wasted"
    return line(strong(cost_text(review.cost)), rest)


def _counted(counts: Counter[str], order: Sequence[str], nothing: str) -> Line:
    """ "3 verified, 1 partial": how often each word occurs."""
    words = ", ".join(f"{counts[word]} {word}" for word in order if counts[word])
    return line(strong(words) if words else nothing)


# --- what held it up ---


def places_line(refs: Iterable[SourceRef | None], most: int = 3) -> Line:
    """Where the evidence stands, in short; unknown places are left out."""
    places = [code(source_place(ref)) for ref in refs if ref is not None]
    bits = [bit for place in places[:most] for bit in (Inline(" "), place)][1:]
    if len(places) > most:
        bits.append(Inline(f" and {len(places) - most} more"))
    return tuple(bits)


def held_up_rows(
    stalls: Iterable[Stall], zone: ExportTimeZone, clip: Clip
) -> list[tuple[Cell, ...]]:
    """Silences and circling: time, what, evidence, what was lost (each minute once), its cost."""
    return [
        (
            zone.clock(stall.since or None),
            trouble_title(stall),
            line(clip(_evidence(stall)), " ", *places_line(stall.refs[:1])),
            format_duration(_lost_seconds(stall)),
            "" if stall.waste is None else format_money_long(stall.waste.usd),
        )
        for stall in stalls
    ]


def _evidence(stall: Stall) -> str:
    parts = ["; ".join(stall.evidence)]
    parts += [f"allowed by {stall.rule}"] if stall.rule else []
    return "; ".join(parts)


def _lost_seconds(stall: Stall) -> float:
    if stall.waste is not None:
        return stall.waste.seconds
    return stall.last_at - stall.since if stall.last_at is not None else 0.0


def loss_rows(items: Iterable[WasteItem], clip: Clip) -> list[tuple[Cell, ...]]:
    """What bought nothing: on what, what it was, its time, its cost."""
    return [
        (
            WASTES[item.kind],
            line(clip(item.what), " ", *places_line((item.ref,))),
            format_duration(item.seconds),
            format_money_long(item.usd),
        )
        for item in items
    ]
