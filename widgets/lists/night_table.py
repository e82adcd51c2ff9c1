"""The table of nights; two nights, figure by figure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from math import nextafter
from typing import Final, NamedTuple

from msgspec import Struct

from tui.model.labels import TIME_SHORT
from tui.model.review import Review, TestState, Verdict
from tui.system.format import format_duration_rough, format_local, format_money, format_signed
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, width_of
from widgets.review.review_lists import heading_line
from widgets.review.review_text import cost_text, night_name, sign_span
from widgets.review.review_view import ReviewRow, SentenceTarget
from widgets.text_cells import cells, clip, pad, visible

TREND: Final = 8
"""Nights that a trend shows."""


class NightTableRow(Struct, frozen=True):
    """What the table shows of a night; `verdict` is None while nobody made its review.

    `trend` is the cost per task of this night and those before it, oldest first.
    """

    id: str
    at: float
    goal: str = ""
    verdict: Verdict | None = None
    ending: str = ""
    done: int = 0
    open: int = 0
    tests: TestState = "none"
    stalls: int = 0
    stalled_s: float = 0.0
    usd: float | None = None
    sign: str = ""
    per_task: float | None = None
    reviewed: bool = False
    decision: str = ""
    note: str = ""
    trend: tuple[float | None, ...] = ()
    goes_on: bool = False


class NightColumn(Struct, frozen=True):
    """A column: its name, its width, what a night is sorted by, and its rank: high goes first."""

    name: str
    width: int
    key: Callable[[NightTableRow], tuple[float, ...] | str]
    rank: int
    right: bool = False


_WORST: Final[dict[Verdict | None, int]] = {"discard": 0, "look": 1, "keep": 2, None: 3}
_TESTS: Final[dict[TestState, int]] = {"red": 0, "none": 1, "green": 2}


def _unknown_last(value: float | None) -> tuple[float, ...]:
    """What is not known comes last, whichever way it is sorted by."""
    return (0.0,) if value is None else (1.0, value)


COLUMNS: Final[tuple[NightColumn, ...]] = (
    NightColumn("when", 11, lambda night: (night.at,), 0),
    NightColumn("verdict", 9, lambda night: (float(_WORST[night.verdict]),), 0),
    NightColumn("tasks", 7, lambda night: (float(night.done), -float(night.open)), 1, True),
    NightColumn("tests", 7, lambda night: (float(_TESTS[night.tests]),), 1),
    NightColumn("stalls", 9, lambda night: (night.stalled_s, float(night.stalls)), 4, True),
    NightColumn("cost", 9, lambda night: _unknown_last(night.usd), 2, True),
    NightColumn("a task", 8, lambda night: _unknown_last(night.per_task), 3, True),
    NightColumn(
        "trend", TREND, lambda night: _unknown_last(night.trend[-1] if night.trend else None), 5
    ),
    NightColumn("goal", 0, lambda night: night.goal.lower(), 0),
)
_LEAD: Final = 6
_GOAL: Final = 20


def fitting_columns(width: int) -> list[NightColumn]:
    """The columns that there is room for; the goal takes what is left."""
    kept = list(COLUMNS)
    while kept and _LEAD + sum(c.width + 1 for c in kept) + _GOAL > width:
        last = max(kept, key=lambda column: column.rank)
        if not last.rank:
            break
        kept.remove(last)
    return kept


def sort_nights(nights: Sequence[NightTableRow], by: str, reverse: bool) -> list[NightTableRow]:
    """Sorted by a column; of equals the newest first."""
    column = next(column for column in COLUMNS if column.name == by)
    newest = sorted(nights, key=lambda night: -night.at)
    return sorted(newest, key=column.key, reverse=reverse)


def head_line(width: int, by: str, reverse: bool) -> Line:
    """The names of the columns, the sorted one with the way it is sorted."""
    out: list[Span] = [(" " * _LEAD, "dim")]
    for column in fitting_columns(width):
        way = ("↓" if reverse else "↑") if column.name == by else ""
        words = column.name + way
        role: Role = "accent" if way else "dim"
        size = column.width or max(0, width - width_of(out))
        shown = words.rjust(size) if column.right else pad(words, size)
        out.append((clip(shown, size) + (" " if column.width else ""), role))
    return out


def sparkline(values: Sequence[float | None], width: int = TREND) -> str:
    """The values as bars, the newest at the right; a blank where nothing is known."""
    bars = glyphs().bars
    shown = values[-width:]
    top = max((value for value in shown if value is not None), default=0.0) or 1.0
    places = [None if value is None else int(value / top * len(bars)) for value in shown]
    last = len(bars) - 1
    return "".join(
        " " if place is None else bars[max(0, min(last, place))] for place in places
    ).rjust(width)


def night_rows(
    nights: Sequence[NightTableRow], marked: Collection[str], width: int
) -> Sequence[ReviewRow]:
    """A row a night; enter is the caller's."""
    columns = fitting_columns(width)
    return [_night_row(night, night.id in marked, columns, width) for night in nights]


def _night_row(
    night: NightTableRow, marked: bool, columns: Sequence[NightColumn], width: int
) -> ReviewRow:
    signs = glyphs()
    box = f"[{signs.ok}]" if marked else "[ ]"
    new: Span = (" ", "text") if night.reviewed else (signs.bullet, "accent")
    out: list[Span] = [(f" {box}", "accent" if marked else "faint"), new, (" ", "text")]
    texts = _cells(night)
    for column in columns:
        text, role = texts[column.name]
        size = column.width or max(0, width - width_of(out))
        text = visible(text)
        shown = " " * max(0, size - cells(text)) + text if column.right else pad(text, size)
        gap = " " if column.width else ""
        out.append((clip(shown, size) + gap, role))
    return ReviewRow(out, SentenceTarget(night.goal, ()), night.at, night.id, night.id)


def _cells(night: NightTableRow) -> dict[str, Span]:
    """What stands in each column."""
    total = night.done + night.open
    stalls = f"{night.stalls} {format_duration_rough(night.stalled_s)}" if night.stalls else ""
    note = f"{night.note} — " if night.note else ""
    return {
        "when": (format_local(night.at, "%m-%d %H:%M"), "dim"),
        "verdict": _verdict_span(night),
        "tasks": (f"{night.done}/{total}" if total else "", "text"),
        "tests": sign_span(night.tests),
        "stalls": (stalls, "warning"),
        "cost": (format_signed(night.sign, night.usd) if night.usd is not None else "", "text"),
        "a task": (format_money(night.per_task) if night.per_task is not None else "", "text"),
        "trend": (sparkline(night.trend), "accent"),
        "goal": (f"{note}{night.goal}", "text"),
    }


def _verdict_span(night: NightTableRow) -> Span:
    signs = glyphs()
    if night.decision:
        return f"{signs.ok} {night.decision}", "ok"
    spans: dict[Verdict, Span] = {
        "keep": (f"{signs.ok} keep", "ok"),
        "look": (f"{signs.warning} look", "warning"),
        "discard": (f"{signs.error} discard", "error"),
    }
    if night.goes_on:
        return f"{signs.working} open", "accent"
    return spans[night.verdict] if night.verdict is not None else (f"{signs.dot} not yet", "dim")


# --- two nights ---


class _Figure(NamedTuple):
    """What nights are compared by: in words, and as a number whose difference `format` words.

    `more_is_better` is None where neither is; a difference of at most `least` is none.
    """

    label: str
    words: Callable[[Review], str]
    value: Callable[[Review], float | None] = lambda review: None
    format: Callable[[float], str] = "{:,}".format
    least: float = 0
    more_is_better: bool | None = None

    def change(self, first: Review, second: Review) -> tuple[str, bool | None]:
        """What the second has more or less of it, and whether that is good news."""
        a, b = self.value(first), self.value(second)
        if a is None or b is None or abs(b - a) <= self.least:
            return "", None
        sign = "+" if b > a else glyphs().minus
        is_better = None if self.more_is_better is None else (b > a) == self.more_is_better
        return f"{sign}{self.format(abs(b - a))}", is_better


def _count(label: str, value: Callable[[Review], int], more: bool | None = None) -> _Figure:
    return _Figure(label, lambda review: f"{value(review):,}", value, more_is_better=more)


def _time(kind: str, more: bool | None = None) -> _Figure:
    def seconds(review: Review) -> float:
        return float(getattr(review.time, kind))

    def words(review: Review) -> str:
        return format_duration_rough(seconds(review))

    label = TIME_SHORT.get(kind, "time")
    return _Figure(label, words, seconds, format_duration_rough, 0.5, more)


def _money(
    label: str,
    usd: Callable[[Review], float | None],
    words: Callable[[Review], str] | None = None,
) -> _Figure:
    def shown(review: Review) -> str:
        value = usd(review)
        return "unknown" if value is None else format_money(value)

    # Less than half a cent is no difference.
    return _Figure(label, words or shown, usd, format_money, nextafter(0.005, 0.0), False)


_FIGURES: Final = (
    _Figure("verdict", lambda review: sign_span(review.verdict)[0].strip()),
    _Figure("ended", lambda review: review.ending.words),
    _count("tasks done", lambda review: len(review.tasks.done), True),
    _count("tasks open", lambda review: len(review.tasks.open), False),
    _count("tasks added", lambda review: len(review.tasks.added)),
    _count("commits", lambda review: len(review.commits)),
    _count("files", lambda review: review.files_changed),
    _Figure("tests", lambda review: sign_span(review.tests.last)[0].strip()),
    _count("edits after", lambda review: review.tests.edits_since_last_run, False),
    _count("unverified", lambda r: sum(claim.verdict == "unverified" for claim in r.claims), False),
    _count("risks, high", lambda r: sum(risk.severity == "high" for risk in r.risks), False),
    _time("total"),
    _time("working"),
    _time("tool"),
    _time("rate_limited", False),
    _time("stalled", False),
    _time("dead", False),
    _money("cost", lambda review: review.cost.usd, lambda review: cost_text(review.cost)),
    _money("a task", lambda review: review.cost_per_task),
    _money("wasted", lambda review: review.wasted_usd),
    _count("interventions", lambda review: len(review.interventions)),
)
"""Everything that two nights can be compared by."""
BESIDE: Final = 100
"""Columns from which on the nights stand side by side."""
_LABEL: Final = 16


def comparison_rows(first: Review, second: Review, width: int) -> Sequence[ReviewRow]:
    """Every figure of two nights, side by side or one below the other, and the difference."""
    nights = (first, second)
    if width >= BESIDE:
        half = (width - _LABEL - 14) // 2
        names: Line = [
            (" " * _LABEL, "text"),
            *((pad(visible(night_name(night)), half), "heading") for night in nights),
            ("difference", "dim"),
        ]
        return [ReviewRow(names), *_figure_rows(nights, nights, half - 2)]
    room = max(8, width - _LABEL - 14)
    return [
        ReviewRow(heading_line(night_name(first) or "first", width)),
        *_figure_rows(nights, (first,), room, "first-"),
        ReviewRow([]),
        ReviewRow(heading_line(night_name(second) or "second", width)),
        *_figure_rows(nights, (second,), room, "second-"),
    ]


def _figure_rows(
    nights: tuple[Review, Review], shown: Sequence[Review], room: int, prefix: str = ""
) -> Iterator[ReviewRow]:
    """The figures of the nights that are shown, the difference beside those of the second."""
    signs = glyphs()
    for figure in _FIGURES:
        change, is_better = figure.change(*nights)
        span: Span = (change, "text" if change else "dim")
        # Whether it is good news is a sign, so that no colour has to say it.
        if is_better is not None:
            ok, bad = f"{change} {signs.ok}", f"{change} {signs.warning}"
            span = (ok, "ok") if is_better else (bad, "warning")
        if shown[-1] is not nights[1]:
            span = ("", "dim")
        words = [figure.words(night) for night in nights]
        values: Line = [(pad(visible(figure.words(night)), room) + "  ", "text") for night in shown]
        line: Line = [(pad(f" {figure.label}", _LABEL), "dim"), *values, span]
        told = f"difference: {change}" if change else "no difference"
        target = SentenceTarget(figure.label, (*words, "", told))
        yield ReviewRow(line, target, None, prefix + figure.label)
