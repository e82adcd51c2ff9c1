"""The first page of a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tui.model.events import SourceRef
from tui.model.review import AttentionItem, Review
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
    counts_text,
    figure_rows,
    fill,
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
)
from widgets.text_cells import pad, visible

MOST_RUNS: Final = 50
_KIND: Final = 10


def _target_or(ref: SourceRef | None, otherwise: Target | None = None) -> Target | None:
    return EvidenceTarget(ref) if ref is not None else otherwise


def intervention_rows(review: Review, width: int) -> Iterator[ReviewRow]:
    """What people and the supervisor did, and whether it helped."""
    for nth, intervention in enumerate(review.interventions):
        text = f" {visible(intervention.text)}" if intervention.text else ""
        left: Line = [
            (f" {format_clock(intervention.at, False)} ", "dim"),
            sign_span(intervention.helped),
            (f"  {pad(visible(intervention.kind), _KIND)}", "person"),
            (text, "text"),
            (f"  {visible(intervention.why)}", "dim"),
        ]
        more = SentenceTarget(
            f"{intervention.kind}, {format_clock(intervention.at)}",
            (
                intervention.text,
                "",
                f"It was {intervention.state}.",
                f"Helped: {intervention.helped}: {intervention.why}",
            ),
        )
        yield ReviewRow(
            with_right_end(left, intervention.state, width),
            _target_or(intervention.ref, more),
            intervention.at,
            f"intervention-{nth}",
        )


def waste_rows(review: Review, width: int) -> Iterator[ReviewRow]:
    """What bought nothing, with its time and an estimate of its money."""
    for nth, waste in enumerate(review.wasted):
        usd = "" if not waste.usd else format_signed(glyphs().approx, waste.usd)
        left: Line = [
            (f" {format_duration_rough(waste.seconds):>6} {usd:>8}  ", "warning"),
            (visible(waste.what), "text"),
        ]
        line = with_right_end(left, waste.kind.replace("_", " "), width)
        yield ReviewRow(
            line, _target_or(waste.ref, SectionTarget("timeline")), None, f"waste-{nth}"
        )


def stall_rows(review: Review, width: int) -> Iterator[ReviewRow]:
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
        yield ReviewRow(with_right_end(left, "", width), goal, stall.since, f"stall-{nth}")


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
        yield ReviewRow(
            with_right_end(left, run.framework, width),
            EvidenceTarget(run.ref),
            run.at,
            f"run-{nth}",
        )


def cost_rows(review: Review) -> Iterator[ReviewRow]:
    """What the figure rests on, and what each model and hour took of it."""
    cost = review.cost
    basis = cost.reason or "nothing more is known of it"
    lines: tuple[tuple[str, str], ...] = (
        (cost_text(cost), basis),
        *(
            (
                "unknown" if used.usd is None else format_money(used.usd),
                _model(used.model, used.responses),
            )
            for used in cost.by_model
        ),
        *(
            (format_money(hour.usd), f"from {format_clock(hour.start, False)}")
            for hour in cost.by_hour
        ),
    )
    for nth, (figure, words) in enumerate(lines):
        line: Line = [(f" {figure:>{LABEL - 2}} ", "strong"), (visible(words), "text")]
        goal = (
            SentenceTarget("Cost", _cost_sentences(review))
            if nth == 0
            else SectionTarget("page", "cost-0")
        )
        yield ReviewRow(line, goal, None, f"cost-{nth}")


def _model(name: str, responses: int) -> str:
    return f"{visible(name)}, {format_count(responses, 'answer')}"


def _cost_sentences(review: Review) -> tuple[str, ...]:
    cost = review.cost
    priced = f"Prices of {cost.priced_on}." if cost.priced_on else ""
    tokens = review.night.tokens
    return (
        f"{cost_text(cost)}: {cost.reason or cost.source}",
        priced,
        "",
        f"{format_number(tokens.input)} tokens in, {format_number(tokens.output)} out, "
        f"{format_number(tokens.cache_read)} read from the cache, "
        f"{format_number(tokens.cache_write_5m + tokens.cache_write_1h)} written to it.",
        f"The session took {format_duration_short(review.time.total)}.",
    )


MAX_ATTENTION: Final = 7
"""Points for attention shown at most, each with its key."""
_TOPICS: Final[dict[str, SectionName]] = {
    "claims": "claims",
    "risks": "risks",
    "time": "timeline",
    "tasks": "tasks",
    "commits": "points",
}


class ReviewPageRows:
    """Makes the rows of the page for a width."""

    def __init__(self, review: Review) -> None:
        self._review = review

    def top(self, width: int) -> list[ReviewRow]:
        """What must be in sight at once: the verdict, the figures, the points for attention.

        On a small screen the figures come last: there they would push the rest out of sight.
        """
        figures, first = self._figures(width), self._attention_rows(width)
        rest = [*first, *figures] if width < NARROW else [*figures, *first]
        return [*self._verdict(width), *rest]

    def __call__(self, width: int) -> Sequence[ReviewRow]:
        review = self._review
        rows = self.top(width)
        rows += block_rows("Interventions", width, intervention_rows(review, width))
        rows += block_rows("Wasted", width, waste_rows(review, width))
        rows += block_rows("Stalls", width, stall_rows(review, width))
        rows += block_rows("Test runs, newest first", width, run_rows(review, width))
        rows += block_rows("Cost", width, cost_rows(review))
        return rows

    # --- what stands on top ---

    def _verdict(self, width: int) -> list[ReviewRow]:
        review = self._review
        badge = sign_span(review.verdict)
        words = tuple(review.reasons) or ("Nothing speaks against it.",)
        goal = SectionTarget("page", "first-1") if review.attention else self._ending_target()
        rows: list[ReviewRow] = []
        most = 1 if width < NARROW else 2
        for nth, reason in enumerate(words):
            for place, line in enumerate(wrap_at_most([(reason, "text")], width - LABEL - 2, most)):
                head: Line = [badge] if not rows else []
                name = f"reason-{nth}" if not place else ""
                first = goal if not rows else None
                rows.append(ReviewRow([*fill(head, LABEL + 1), *line], first, None, name))
        return rows

    def _ending_target(self) -> Target | None:
        ref = self._review.ending.ref
        return EvidenceTarget(ref) if ref is not None else None

    def _figures(self, width: int) -> list[ReviewRow]:
        review = self._review
        sign, role = end_span(review.ending.kind)
        ended: Line = [(f"{sign} ", role), (visible(review.ending.words), "text")]
        tests, tests_goal = self._test_spans()
        commits = self._commit_spans()
        points = SectionTarget("points")
        time: Line = [(time_text(review.time), "text")]
        interventions: Line = [(interventions_text(review.interventions), "text")]
        return [
            *figure_rows("ended", ended, width, self._ending_target() or SectionTarget("timeline")),
            *figure_rows("tasks", self._task_spans(), width, SectionTarget("tasks")),
            *figure_rows("commits", commits, width, points),
            *figure_rows("tests", tests, width, tests_goal),
            *figure_rows("claims", trust_spans(review), width, SectionTarget("claims")),
            *figure_rows("time", time, width, SectionTarget("timeline")),
            *figure_rows("cost", cost_spans(review), width, SectionTarget("page", "cost-0")),
            *figure_rows("stepped in", interventions, width, self._interventions_target()),
        ]

    def _interventions_target(self) -> Target:
        here = bool(self._review.interventions)
        return SectionTarget("page", "intervention-0") if here else SectionTarget("timeline")

    def _task_spans(self) -> Line:
        tasks = self._review.tasks
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

    def _commit_spans(self) -> Line:
        review = self._review
        if not review.commits:
            changed = f", {review.files_changed:,} files changed" if review.files_changed else ""
            return [(f"none{changed}", "text" if changed else "dim")]
        added = sum(commit.insertions for commit in review.commits)
        removed = sum(commit.deletions for commit in review.commits)
        return [
            (f"{len(review.commits):,}", "strong"),
            (f": +{added:,} {glyphs().minus}{removed:,} lines", "text"),
            (f" in {review.files_changed:,} files" if review.files_changed else "", "text"),
        ]

    def _test_spans(self) -> tuple[Line, Target]:
        tests = self._review.tests
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

    def _attention_rows(self, width: int) -> list[ReviewRow]:
        listed = self._review.attention[:MAX_ATTENTION]
        rows = [ReviewRow(heading_line("Look here first", width))]
        if not listed:
            rows.append(ReviewRow([("  nothing asks for a look", "dim")]))
        for nth, item in enumerate(listed):
            number: Span = (f" {nth + 1} ", "accent")
            topic: Line = [(f" {item.topic} ", "dim")] if width >= NARROW else []
            left: Line = [number, sign_span(item.severity), (f" {visible(item.what)}", "text")]
            line = spread(left, topic, width)
            rows.append(ReviewRow(line, attention_target(item), None, f"first-{nth + 1}"))
        return rows


def attention_target(item: AttentionItem) -> Target:
    """Where a point for attention leads: to its evidence, else to the list it belongs to."""
    if item.where is not None:
        return EvidenceTarget(item.where)
    return SectionTarget(_TOPICS.get(item.topic, "page"))
