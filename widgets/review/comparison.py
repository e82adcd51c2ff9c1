"""Two nights, figure by figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tui.model.labels import TIME_SHORT
from tui.model.review import Review
from tui.system.format import format_duration_rough, format_money
from widgets.glyphs import glyphs
from widgets.ink import Line, Span
from widgets.review.review_lists import heading_line
from widgets.review.review_text import cost_text, night_name, tests_span, verdict_span
from widgets.review.review_view import ReviewRow, SentenceTarget
from widgets.text_cells import pad, visible

BESIDE: Final = 100
"""Columns from which on the nights stand side by side."""
_LABEL: Final = 16


class ComparedFigure(Struct, frozen=True):
    """One figure of both nights, and what the second has more or less of it.

    `better` says whether the difference is good news; None where it is neither.
    """

    label: str
    first: str
    second: str
    change: str = ""
    better: bool | None = None


def compare_figures(first: Review, second: Review) -> list[ComparedFigure]:
    """Everything that two nights can be compared by."""
    a, b = first, second
    return [
        ComparedFigure("verdict", _verdict(a), _verdict(b)),
        ComparedFigure("ended", a.ending.words, b.ending.words),
        _number("tasks done", len(a.tasks.done), len(b.tasks.done), True),
        _number("tasks open", len(a.tasks.open), len(b.tasks.open), False),
        _number("tasks added", len(a.tasks.added), len(b.tasks.added), None),
        _number("commits", len(a.commits), len(b.commits), None),
        _number("files", a.files_changed, b.files_changed, None),
        ComparedFigure("tests", _tests(a), _tests(b)),
        _number("edits after", _edits(a), _edits(b), False),
        _number("unverified", _claims(a), _claims(b), False),
        _number("risks, high", _high(a), _high(b), False),
        _seconds("time", a.time.total, b.time.total, None),
        _seconds(TIME_SHORT["working"], a.time.working, b.time.working, None),
        _seconds(TIME_SHORT["tool"], a.time.tool, b.time.tool, None),
        _seconds(TIME_SHORT["rate_limited"], a.time.rate_limited, b.time.rate_limited, False),
        _seconds(TIME_SHORT["stalled"], a.time.stalled, b.time.stalled, False),
        _seconds(TIME_SHORT["dead"], a.time.dead, b.time.dead, False),
        _money("cost", a.cost.usd, b.cost.usd, cost_text(a.cost), cost_text(b.cost)),
        _money("a task", a.cost_per_task, b.cost_per_task),
        _money("wasted", a.wasted_usd, b.wasted_usd),
        _number("interventions", len(a.interventions), len(b.interventions), None),
    ]


def _verdict(review: Review) -> str:
    return verdict_span(review.verdict)[0].strip()


def _tests(review: Review) -> str:
    return tests_span(review.tests.last)[0].strip()


def _edits(review: Review) -> int:
    return review.tests.edits_since_last_run


def _claims(review: Review) -> int:
    return sum(1 for claim in review.claims if claim.verdict == "unverified")


def _high(review: Review) -> int:
    return sum(1 for risk in review.risks if risk.severity == "high")


def _better(change: float, more_is_better: bool | None) -> bool | None:
    return None if more_is_better is None or not change else (change > 0) == more_is_better


def _signed(change: float, words: str) -> str:
    return f"{'+' if change > 0 else glyphs().minus}{words}" if change else ""


def _number(label: str, a: int, b: int, more: bool | None) -> ComparedFigure:
    change = _signed(b - a, f"{abs(b - a):,}")
    return ComparedFigure(label, f"{a:,}", f"{b:,}", change, _better(b - a, more))


def _seconds(label: str, a: float, b: float, more: bool | None) -> ComparedFigure:
    change = _signed(round(b - a), format_duration_rough(abs(b - a)))
    return ComparedFigure(
        label,
        format_duration_rough(a),
        format_duration_rough(b),
        change,
        _better(round(b - a), more),
    )


def _money(
    label: str, a: float | None, b: float | None, first: str = "", second: str = ""
) -> ComparedFigure:
    first = first or ("unknown" if a is None else format_money(a))
    second = second or ("unknown" if b is None else format_money(b))
    if a is None or b is None or abs(b - a) < 0.005:
        return ComparedFigure(label, first, second)
    return ComparedFigure(
        label, first, second, _signed(b - a, format_money(abs(b - a))), _better(b - a, False)
    )


def _change_span(figure: ComparedFigure) -> Span:
    """The difference, and whether it is good news: a sign, so that no colour has to say it."""
    signs = glyphs()
    if not figure.change:
        return "", "dim"
    if figure.better is None:
        return figure.change, "text"
    sign, role = (signs.ok, "ok") if figure.better else (signs.warning, "warning")
    return f"{figure.change} {sign}", role  # type: ignore[return-value]


def comparison_rows(first: Review, second: Review, width: int) -> Sequence[ReviewRow]:
    """The rows; the nights' names lead each to its review by `first` and `second`."""
    listed = compare_figures(first, second)
    if width >= BESIDE:
        return _beside(first, second, listed, width)
    return [
        *_block(first, "first", listed, width),
        ReviewRow([]),
        *_block(second, "second", listed, width),
    ]


def _beside(
    first: Review, second: Review, listed: Sequence[ComparedFigure], width: int
) -> list[ReviewRow]:
    half = (width - _LABEL - 14) // 2
    names: Line = [
        (" " * _LABEL, "text"),
        (pad(visible(night_name(first)), half), "heading"),
        (pad(visible(night_name(second)), half), "heading"),
        ("difference", "dim"),
    ]
    return [
        ReviewRow(names),
        *(_row(each, (each.first, each.second), half - 2, _change_span(each)) for each in listed),
    ]


def _block(
    review: Review, which: str, listed: Sequence[ComparedFigure], width: int
) -> list[ReviewRow]:
    rows = [ReviewRow(heading_line(night_name(review) or which, width))]
    room = max(8, width - _LABEL - 14)
    for each in listed:
        if which == "first":
            rows.append(_row(each, (each.first,), room, ("", "dim"), "first-"))
        else:
            rows.append(_row(each, (each.second,), room, _change_span(each), "second-"))
    return rows


def _row(
    figure: ComparedFigure, values: Sequence[str], room: int, change: Span, prefix: str = ""
) -> ReviewRow:
    shown: list[Span] = [(pad(visible(value), room) + "  ", "text") for value in values]
    line: Line = [(pad(f" {figure.label}", _LABEL), "dim"), *shown, change]
    return ReviewRow(line, _figure_target(figure), None, prefix + figure.label)


def _figure_target(figure: ComparedFigure) -> SentenceTarget:
    change = f"difference: {figure.change}" if figure.change else "no difference"
    return SentenceTarget(figure.label, (figure.first, figure.second, "", change))
