"""The page of the review: the truth about a night in as few rows as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.night.review.model import AttentionItem, Review
from tui.system.format import format_clock, format_count
from widgets import review_blocks as blocks
from widgets.cells import visible
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.layout import spread
from widgets.review_rows import LABEL, NARROW, block, counted, figure, filled, heading, wrapped
from widgets.review_view import EvidenceTarget, Goal, ReviewRow, SectionTarget, SectionName
from widgets.review_words import (
    cost_words,
    interventions_text,
    end_span,
    severity_span,
    tests_span,
    time_words,
    trust_words,
    verdict_span,
)

FIRST: Final = 7
"""Things to look at first, at most, each with its key."""

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
        """What must be in sight at once: the verdict, the figures, what to look at first.

        On a small screen the figures come last: there they would push the rest out of sight.
        """
        figures, first = self._figures(width), self._look_first(width)
        rest = [*first, *figures] if width < NARROW else [*figures, *first]
        return [*self._verdict(width), *rest]

    def __call__(self, width: int) -> Sequence[ReviewRow]:
        review = self._review
        rows = self.top(width)
        rows += block("Interventions", width, blocks.deeds(review, width))
        rows += block("Wasted", width, blocks.wasted(review, width))
        rows += block("Stalls", width, blocks.stalls(review, width))
        rows += block("Test runs, newest first", width, blocks.runs(review, width))
        rows += block("Cost", width, blocks.cost(review))
        return rows

    # --- what stands on top --------------------------------------------------------------------

    def _verdict(self, width: int) -> list[ReviewRow]:
        review = self._review
        badge = verdict_span(review.verdict)
        words = tuple(review.reasons) or ("Nothing speaks against it.",)
        goal = SectionTarget("page", "first-1") if review.attention else self._ending_goal()
        rows: list[ReviewRow] = []
        most = 1 if width < NARROW else 2
        for nth, reason in enumerate(words):
            for place, line in enumerate(wrapped([(reason, "text")], width - LABEL - 2, most)):
                head: Line = [badge] if not rows else []
                name = f"reason-{nth}" if not place else ""
                first = goal if not rows else None
                rows.append(ReviewRow([*filled(head, LABEL + 1), *line], first, None, name))
        return rows

    def _ending_goal(self) -> Goal | None:
        ref = self._review.ending.ref
        return EvidenceTarget(ref) if ref is not None else None

    def _figures(self, width: int) -> list[ReviewRow]:
        review = self._review
        sign, role = end_span(review.ending.kind)
        ended: Line = [(f"{sign} ", role), (visible(review.ending.words), "text")]
        tests, tests_goal = self._tests()
        commits = self._commits()
        points = SectionTarget("points")
        time: Line = [(time_words(review.time), "text")]
        deeds: Line = [(interventions_text(review.interventions), "text")]
        return [
            *figure("ended", ended, width, self._ending_goal() or SectionTarget("timeline")),
            *figure("tasks", self._tasks(), width, SectionTarget("tasks")),
            *figure("commits", commits, width, points),
            *figure("tests", tests, width, tests_goal),
            *figure("claims", trust_words(review), width, SectionTarget("claims")),
            *figure("time", time, width, SectionTarget("timeline")),
            *figure("cost", cost_words(review), width, SectionTarget("page", "cost-0")),
            *figure("stepped in", deeds, width, self._deeds_goal()),
        ]

    def _deeds_goal(self) -> Goal:
        here = bool(self._review.interventions)
        return SectionTarget("page", "deed-0") if here else SectionTarget("timeline")

    def _tasks(self) -> Line:
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

    def _commits(self) -> Line:
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

    def _tests(self) -> tuple[Line, Goal]:
        tests = self._review.tests
        if not tests.runs:
            return [("no test run was seen", "dim")], SectionTarget("claims")
        run = tests.runs[-1]
        words: list[Span] = [tests_span(tests.last), (f" {counted(run)}", "text")]
        if run.at is not None:
            words.append((f" at {format_clock(run.at, False)}", "dim"))
        after = tests.edits_since_last_run
        role: Role = "warning" if after else "dim"
        said = format_count(after, "edit") if after else "no edit"
        words.append((f" · {said} after it", role))
        return words, EvidenceTarget(run.ref)

    # --- look here first -----------------------------------------------------------------------

    def _look_first(self, width: int) -> list[ReviewRow]:
        listed = self._review.attention[:FIRST]
        rows = [ReviewRow(heading("Look here first", width))]
        if not listed:
            rows.append(ReviewRow([("  nothing asks for a look", "dim")]))
        for nth, one in enumerate(listed):
            number: Span = (f" {nth + 1} ", "accent")
            aside: Line = [(f" {one.topic} ", "dim")] if width >= NARROW else []
            left: Line = [number, severity_span(one.severity), (f" {visible(one.what)}", "text")]
            line = spread(left, aside, width)
            rows.append(ReviewRow(line, goal_of(one), None, f"first-{nth + 1}"))
        return rows


def goal_of(one: AttentionItem) -> Goal:
    """Where something to look at first leads: to its evidence, else to the list it belongs to."""
    if one.where is not None:
        return EvidenceTarget(one.where)
    return SectionTarget(_TOPICS.get(one.topic, "page"))
