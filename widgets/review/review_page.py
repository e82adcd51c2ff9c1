"""The first page of a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tui.model.labels import describe_earlier, trouble_title
from tui.model.proof_words import PROOF_PLACES, proof_line, run_line
from tui.model.review import Reason, Review
from tui.model.stall import Stall
from tui.system.format import (
    format_clock,
    format_count,
    format_duration_rough,
    format_duration_short,
    format_money,
    format_number,
    format_signed,
)
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.line_layout import spread
from widgets.review.review_lists import (
    LABEL,
    NARROW,
    block_rows,
    cause_rows,
    counts_text,
    figure_rows,
    heading_line,
    with_right_end,
    wrap_at_most,
)
from widgets.review.review_text import (
    cost_spans,
    cost_text,
    end_span,
    interventions_text,
    sign_span,
    time_text,
    trust_spans,
)
from widgets.review.review_view import (
    EvidenceTarget,
    ReviewRow,
    SectionName,
    SectionTarget,
    SentenceTarget,
    Target,
    evidence_or,
)
from widgets.text_cells import pad, visible

MOST_RUNS: Final = 50
_KIND: Final = 10


def intervention_rows(review: Review, width: int) -> Iterator[ReviewRow]:
    """What people and the supervisor did, and whether it helped."""
    for nth, effect in enumerate(review.interventions):
        left: Line = [
            (f" {format_clock(effect.at, False)} ", "dim"),
            sign_span(effect.helped),
            (f"  {pad(visible(effect.kind), _KIND)}", "person"),
            (
                f" {visible(effect.text.removeprefix(f'{effect.kind}: '))}" if effect.text else "",
                "text",
            ),
            (f"  {visible(effect.why)}", "dim"),
        ]
        said = (f"It was {effect.state}.", f"Helped: {effect.helped}: {effect.why}")
        title = f"{effect.kind}, {format_clock(effect.at)}"
        target = evidence_or(effect.ref, SentenceTarget(title, (effect.text, "", *said)))
        line = with_right_end(left, effect.state, width)
        yield ReviewRow(line, target, effect.at, f"intervention-{nth}")


def waste_rows(review: Review, width: int) -> Iterator[ReviewRow]:
    """What bought nothing, with its time and an estimate of its money."""
    for nth, waste in enumerate(review.wasted):
        usd = "" if not waste.usd else format_signed(glyphs().approx, waste.usd)
        left: Line = [
            (f" {format_duration_rough(waste.seconds):>6} {usd:>8}  ", "warning"),
            (visible(waste.what), "text"),
        ]
        line = with_right_end(left, waste.kind.replace("_", " "), width)
        target = evidence_or(waste.ref, SectionTarget("timeline"))
        yield ReviewRow(line, target, None, f"waste-{nth}")


def stall_rows(review: Review, width: int) -> Iterator[ReviewRow]:
    """What held it up: when, on what evidence, what it took, and the rule that would allow it."""
    for nth, stall in enumerate(review.stalls):
        title = trouble_title(stall)
        left: Line = [
            (f" {format_clock(stall.since, False)} ", "dim"),
            (f"{pad(visible(title), 14)} ", "error"),
            (visible("; ".join(stall.evidence)), "text"),
        ]
        words = [*(stall.evidence or ("nothing more is known",))]
        if stall.rule:
            words.append(f"This rule would allow it: {stall.rule}")
        more = SentenceTarget(f"{title} since {format_clock(stall.since)}", tuple(words))
        goal = evidence_or(next(iter(stall.refs), None), more)
        line = with_right_end(left, _lost_text(stall), width)
        yield ReviewRow(line, goal, stall.since, f"stall-{nth}")


def _lost_text(stall: Stall) -> str:
    """Minutes and dollars that were lost in it; for a silence how long it was."""
    waste = stall.waste
    if waste is None:
        until = stall.last_at if stall.last_at is not None else stall.since
        return format_duration_rough(until - stall.since) if until > stall.since else ""
    usd = f" {format_signed(glyphs().approx, waste.usd)}" if waste.usd else ""
    return f"{format_duration_rough(waste.seconds)}{usd}"


def run_rows(review: Review, width: int) -> Iterator[ReviewRow]:
    """The newest runs of tests, each with its output behind it."""
    signs = glyphs()
    for nth, run in enumerate(reversed(review.tests.runs[-MOST_RUNS:])):
        sign: Span = (signs.dot, "dim")
        if run.verdict in ("green", "red"):
            sign = (signs.ok, "ok") if run.verdict == "green" else (signs.error, "error")
        left: Line = [
            (f" {format_clock(run.at, False)} ", "dim"),
            sign,
            (f" {pad(counts_text(run), 22)} ", "text"),
            (visible(run.command), "dim"),
        ]
        line = with_right_end(left, run.framework, width)
        yield ReviewRow(line, EvidenceTarget(run.ref), run.at, f"run-{nth}")


def proof_rows(review: Review, width: int) -> Iterator[ReviewRow]:
    """What was run again to prove the night, each with the end of its output behind it."""
    proof, signs = review.proof, glyphs()
    if proof is None:
        return
    said = proof_line(proof)
    notes = (f"{said[:1].upper()}{said[1:]}.", *(visible(f"{note}.") for note in proof.notes))
    head: Line = [(f" {format_clock(proof.at, False)} ", "dim"), (visible(said), "text")]
    yield ReviewRow(head, SentenceTarget("Run again to prove it", notes), proof.at, "proof")
    for nth, run in enumerate(proof.runs):
        sign: Span = (signs.dot, "warning")
        if run.verdict in ("green", "red"):
            sign = (signs.ok, "ok") if run.verdict == "green" else (signs.error, "error")
        left: Line = [
            ("   ", "dim"),
            sign,
            (f" {pad(run_line(run), 22)} ", "text"),
            (visible(run.command), "dim"),
        ]
        output = tuple(visible(row) for row in run.output.splitlines())
        more = SentenceTarget(run.command, (*run.failed, "", *output) if run.failed else output)
        line = with_right_end(left, PROOF_PLACES[run.on], width)
        yield ReviewRow(line, more, None, f"proof-{nth}")


def cost_rows(review: Review) -> Iterator[ReviewRow]:
    """What the figure rests on, and what each model and hour took of it."""
    cost, tokens = review.cost, review.night.tokens
    written = tokens.cache_write_5m + tokens.cache_write_1h
    said = (
        f"{cost_text(cost)}: {cost.reason or cost.source}",
        f"Prices of {cost.priced_on}." if cost.priced_on else "",
        *(f"{visible(note[:1].upper() + note[1:])}." for note in cost.notes),
        "",
        f"{format_number(tokens.input)} tokens in, {format_number(tokens.output)} out, "
        f"{format_number(tokens.cache_read)} read from the cache, "
        f"{format_number(written)} written to it.",
        f"The session took {format_duration_short(review.time.total)}.",
    )
    lines = [(cost_text(cost), cost.reason or "nothing more is known of it")]
    for used in cost.by_model:
        usd = "unknown" if used.usd is None else format_money(used.usd)
        lines.append((usd, f"{used.model}, {format_count(used.responses, 'answer')}"))
    lines += [(format_money(h.usd), f"from {format_clock(h.start, False)}") for h in cost.by_hour]
    for nth, (figure, words) in enumerate(lines):
        line: Line = [(f" {figure:>{LABEL - 2}} ", "strong"), (visible(words), "text")]
        goal = SectionTarget("page", "cost-0") if nth else SentenceTarget("Cost", said)
        yield ReviewRow(line, goal, None, f"cost-{nth}")


MAX_ATTENTION: Final = 7
"""Points for attention shown at most, each with its key."""
_TOPICS: Final[dict[str, SectionName]] = {
    "claims": "claims",
    "risks": "risks",
    "time": "timeline",
    "tasks": "tasks",
    "commits": "points",
}


def top_rows(review: Review, width: int) -> list[ReviewRow]:
    """What must be in sight at once: the verdict, the figures, the points for attention.

    On a small screen the figures come last: there they would push the rest out of sight.
    """
    figures, first = _figures(review, width), _attention_rows(review, width)
    rest = [*first, *figures] if width < NARROW else [*figures, *first]
    return [*_verdict(review, width), *rest]


def page_rows(review: Review, width: int) -> Sequence[ReviewRow]:
    """The rows of the page for a width."""
    return [
        *top_rows(review, width),
        *block_rows("Interventions", width, intervention_rows(review, width)),
        *block_rows("Wasted", width, waste_rows(review, width)),
        *block_rows("What held it up", width, stall_rows(review, width)),
        *block_rows("Behind many calls", width, cause_rows(review, width)),
        *block_rows("Test runs, newest first", width, run_rows(review, width)),
        *block_rows("Run again to prove it", width, proof_rows(review, width)),
        *block_rows("Cost", width, cost_rows(review)),
    ]


# --- what stands on top ---


def _verdict(review: Review, width: int) -> list[ReviewRow]:
    badge = sign_span(review.verdict)
    reasons = review.reasons or (Reason("Nothing speaks against it."),)
    goal: Target | None = SectionTarget("page", "first-1")
    if not review.attention:
        goal = evidence_or(review.ending.ref, None)
    rows: list[ReviewRow] = []
    most = 1 if width < NARROW else 2
    for nth, reason in enumerate(reasons):
        for place, line in enumerate(
            wrap_at_most([(visible(reason.text), "text")], width - LABEL - 2, most)
        ):
            head = spread([] if rows else [badge], (), LABEL + 1)
            name = f"reason-{nth}" if not place else ""
            target = goal if not rows else evidence_or(reason.ref, None)
            rows.append(ReviewRow([*head, *line], target, None, name))
    return rows


def _figures(review: Review, width: int) -> list[ReviewRow]:
    sign, role = end_span(review.ending.kind)
    tests, tests_target = _test_spans(review)
    timeline = SectionTarget("timeline")
    effects = SectionTarget("page", "intervention-0") if review.interventions else timeline
    figures: tuple[tuple[str, Line, Target], ...] = (
        (
            "ended",
            [(f"{sign} ", role), (visible(review.ending.words), "text")],
            evidence_or(review.ending.ref, timeline),
        ),
        ("tasks", _task_spans(review), SectionTarget("tasks")),
        ("commits", _commit_spans(review), SectionTarget("points")),
        ("tests", tests, tests_target),
        ("claims", trust_spans(review), SectionTarget("claims")),
        ("time", [(time_text(review.time), "text")], timeline),
        ("cost", cost_spans(review), SectionTarget("page", "cost-0")),
        ("stepped in", [(interventions_text(review.interventions), "text")], effects),
    )
    if (earlier := review.continues) is not None:
        words: Line = [(visible(describe_earlier(earlier)), "text")]
        figures = (("continues", words, timeline), *figures)
    return [row for figure in figures for row in figure_rows(*figure, width)]


def _task_spans(review: Review) -> Line:
    tasks = review.tasks
    if tasks.basis == "none" and not (tasks.done or tasks.open):
        return [("no progress file tells of tasks", "dim")]
    done = len(tasks.done) + tasks.before
    words: list[Span] = [(f"{done} of {done + len(tasks.open)} done", "strong")]
    if tasks.before:
        words.append((f", {len(tasks.done)} in this night", "text"))
    words.append((f" · {len(tasks.open)} open", "text" if tasks.open else "dim"))
    if tasks.added:
        words.append((f" · {len(tasks.added)} added", "text"))
    if tasks.removed:
        words.append((f" · {len(tasks.removed)} removed", "warning"))
    return words


def _commit_spans(review: Review) -> Line:
    if not review.commits:
        changed = (
            f", {format_count(review.files_changed, 'file')} changed"
            if review.files_changed
            else ""
        )
        return [(f"none{changed}", "text" if changed else "dim")]
    lines = f"+{review.insertions:,} {glyphs().minus}{review.deletions:,} lines"
    return [
        (f"{len(review.commits):,}", "strong"),
        (f": {lines}", "text"),
        (f" in {review.files_changed:,} files" if review.files_changed else "", "text"),
    ]


def _test_spans(review: Review) -> tuple[Line, Target]:
    tests = review.tests
    if not tests.runs:
        return [("no test run was seen", "dim")], SectionTarget("claims")
    run = tests.runs[-1]
    words: list[Span] = [sign_span(tests.last), (f" {counts_text(run)}", "text")]
    if run.at is not None:
        words.append((f" at {format_clock(run.at, False)}", "dim"))
    after = tests.edits_since_last_run
    role: Role = "warning" if after else "dim"
    edits = format_count(after, "edit") if after else "no edit"
    words.append((f" · {edits} after it", role))
    return words, EvidenceTarget(run.ref)


# --- points for attention ---


def _attention_rows(review: Review, width: int) -> list[ReviewRow]:
    listed = review.attention[:MAX_ATTENTION]
    rows = [ReviewRow(heading_line("Look here first", width))]
    if not listed:
        rows.append(ReviewRow([("  nothing asks for a look", "dim")]))
    for nth, item in enumerate(listed):
        number: Span = (f" {nth + 1} ", "accent")
        topic: Line = [(f" {item.topic} ", "dim")] if width >= NARROW else []
        left: Line = [number, sign_span(item.severity), (f" {visible(item.what)}", "text")]
        # To its evidence, else to the list it belongs to.
        target = evidence_or(item.where, SectionTarget(_TOPICS.get(item.topic, "page")))
        rows.append(ReviewRow(spread(left, topic, width), target, None, f"first-{nth + 1}"))
    return rows
