"""What the page of the review tells further down: deeds, waste, stalls, test runs, cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tui.night.review.model import Review
from tui.records import SourceRef
from tui.system.format import (
    format_clock,
    format_count,
    format_duration_rough,
    format_duration_short,
    format_money,
    format_number,
    format_signed,
)
from widgets.cells import pad, visible
from widgets.glyphs import glyphs
from widgets.ink import Line, Span
from widgets.review_rows import LABEL, counted, sided
from widgets.review_view import EvidenceTarget, Goal, ReviewRow, SectionTarget, SentenceTarget
from widgets.review_words import cost_figure, helped_span

MOST_RUNS: Final = 50
_KIND: Final = 10


def _led(ref: SourceRef | None, otherwise: Goal | None = None) -> Goal | None:
    return EvidenceTarget(ref) if ref is not None else otherwise


def deeds(review: Review, width: int) -> Iterator[ReviewRow]:
    """What people and the watchdog did, and whether it helped."""
    for nth, deed in enumerate(review.interventions):
        said = f" {visible(deed.text)}" if deed.text else ""
        left: Line = [
            (f" {format_clock(deed.at, False)} ", "dim"),
            helped_span(deed.helped),
            (f"  {pad(visible(deed.kind), _KIND)}", "person"),
            (said, "text"),
            (f"  {visible(deed.why)}", "dim"),
        ]
        more = SentenceTarget(
            f"{deed.kind}, {format_clock(deed.at)}",
            (deed.text, "", f"It was {deed.state}.", f"Helped: {deed.helped}: {deed.why}"),
        )
        yield ReviewRow(sided(left, deed.state, width), _led(deed.ref, more), deed.at, f"deed-{nth}")


def wasted(review: Review, width: int) -> Iterator[ReviewRow]:
    """What bought nothing, with its time and an estimate of its money."""
    for nth, waste in enumerate(review.wasted):
        usd = "" if not waste.usd else format_signed(glyphs().approx, waste.usd)
        left: Line = [
            (f" {format_duration_rough(waste.seconds):>6} {usd:>8}  ", "warning"),
            (visible(waste.what), "text"),
        ]
        line = sided(left, waste.kind.replace("_", " "), width)
        yield ReviewRow(line, _led(waste.ref, SectionTarget("timeline")), None, f"waste-{nth}")


def stalls(review: Review, width: int) -> Iterator[ReviewRow]:
    """When it was stuck, and on what evidence."""
    for nth, stall in enumerate(review.stalls):
        left: Line = [
            (f" {format_clock(stall.since, False)} ", "dim"),
            (f"{pad(stall.kind.replace('_', ' '), 13)} ", "error"),
            (visible("; ".join(stall.evidence)), "text"),
        ]
        words: list[str] = list(stall.evidence) or ["nothing more is known"]
        more = SentenceTarget(
            f"{stall.kind.replace('_', ' ')} since {format_clock(stall.since)}", tuple(words)
        )
        goal = EvidenceTarget(stall.refs[0]) if stall.refs else more
        yield ReviewRow(sided(left, "", width), goal, stall.since, f"stall-{nth}")


def runs(review: Review, width: int) -> Iterator[ReviewRow]:
    """The newest runs of tests, each with its output behind it."""
    signs = glyphs()
    for nth, run in enumerate(reversed(review.tests.runs[-MOST_RUNS:])):
        sign: Span = (signs.dot, "dim")
        if run.verdict in ("green", "red"):
            sign = (signs.ok, "ok") if run.verdict == "green" else (signs.error, "error")
        left: Line = [
            (f" {format_clock(run.at, False)} ", "dim"),
            sign,
            (f" {pad(counted(run), 22)} ", "text"),
            (visible(run.command), "dim"),
        ]
        yield ReviewRow(sided(left, run.framework, width), EvidenceTarget(run.ref), run.at, f"run-{nth}")


def cost(review: Review) -> Iterator[ReviewRow]:
    """What the figure rests on, and what each model and hour took of it."""
    known = review.cost
    basis = known.reason or "nothing more is known of it"
    lines: tuple[tuple[str, str], ...] = (
        (cost_figure(known), basis),
        *(
            (
                "unknown" if one.usd is None else format_money(one.usd),
                _model(one.model, one.responses),
            )
            for one in known.by_model
        ),
        *(
            (format_money(hour.usd), f"from {format_clock(hour.start, False)}")
            for hour in known.by_hour
        ),
    )
    for nth, (figure, words) in enumerate(lines):
        line: Line = [(f" {figure:>{LABEL - 2}} ", "strong"), (visible(words), "text")]
        goal = SentenceTarget("Cost", _cost_sentences(review)) if nth == 0 else SectionTarget("page", "cost-0")
        yield ReviewRow(line, goal, None, f"cost-{nth}")


def _model(name: str, responses: int) -> str:
    return f"{visible(name)}, {format_count(responses, 'answer')}"


def _cost_sentences(review: Review) -> tuple[str, ...]:
    known = review.cost
    priced = f"Prices of {known.priced_on}." if known.priced_on else ""
    tokens = review.night.tokens
    return (
        f"{cost_figure(known)}: {known.reason or known.source}",
        priced,
        "",
        f"{format_number(tokens.input)} tokens in, {format_number(tokens.output)} out, "
        f"{format_number(tokens.cache_read)} read from the cache, "
        f"{format_number(tokens.cache_write_5m + tokens.cache_write_1h)} written to it.",
        f"The session took {format_duration_short(review.time.total)}.",
    )
