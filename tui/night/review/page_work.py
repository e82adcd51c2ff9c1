"""What was done: tasks, tests, commits, what people did, and what can be gone back to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui.night.review.blocks import (
    PageLimits,
    Inline,
    Line,
    PageSection,
    Table,
    Tone,
    code,
    line,
    strong,
    words,
)
from tui.night.review.model import InterventionEffect, RestorePoint, Review
from tui.night.review.page_trust import clip, refs
from tui.night.review.wording import ExportTimeZone
from tui.night.testoutput import Verdict as RunVerdict
from tui.system.format import format_count

_BASES: Final = {
    "git": "against the progress file in git when the night began",
    "copy": "against our copy of the progress file when the night began",
    "first seen": "against the progress file as it was first seen",
    "none": "no progress file tells how it began",
}
_VERDICT: Final[dict[RunVerdict, Inline]] = {
    "green": Inline("green", "badge", "good", "✓"),
    "red": Inline("red", "badge", "bad", "✗"),
    "unknown": Inline("unknown", "badge", "dim", "○"),
}
_MANY: Final = 15
_HELPED: Final[dict[str, Tone]] = {"yes": "good", "no": "bad", "unclear": "dim"}


def task_words(review: Review) -> Line:
    """Done, open and added, and what that was measured against."""
    tasks = review.tasks
    if not (tasks.done or tasks.open or tasks.added or tasks.before):
        return line("no task list was seen")
    parts = [f", {len(tasks.open)} open"]
    if tasks.added:
        parts.append(f", {len(tasks.added)} added")
    if tasks.removed:
        parts.append(f", {len(tasks.removed)} removed")
    if tasks.before:
        parts.append(f"; {tasks.before} done before")
    return line(strong(f"{len(tasks.done)} done"), "".join(parts))


def tasks_section(review: Review, amounts: PageLimits) -> PageSection | None:
    """Every task that this night finished, left open, added or removed."""
    tasks = review.tasks
    states: tuple[tuple[tuple[str, ...], Inline], ...] = (
        (tasks.done, Inline("done", "badge", "good", "✓")),
        (tasks.open, Inline("open", "badge", "warn", "○")),
        (tasks.added, Inline("added", "badge", "dim", "+")),
        (tasks.removed, Inline("removed", "badge", "dim", "−")),
    )
    rows = [
        (line(clip(title, amounts)), line(state)) for titles, state in states for title in titles
    ]
    if not rows:
        return None
    basis = _BASES.get(tasks.basis, tasks.basis)
    table = _table(f"Tasks, {basis}", ("Task", "State"), rows, amounts, quiet=False)
    return PageSection("tasks", "Tasks", (table,))


def tests_line(review: Review, zone: ExportTimeZone) -> Line:
    """The last verdict of the tests, and how many edits came after the last green run."""
    tests = review.tests
    if not tests.runs:
        return line("no test run was seen")
    last = tests.runs[-1]
    state = {"green": "green", "red": "red", "none": "no verdict"}[tests.last]
    counts = _counted(last.passed, last.failed)
    when = f" at {zone.clock(last.at)}" if last.at is not None else ""
    told = f"{counts}{when}" if last.verdict == tests.last else ""
    edits = tests.edits_since_last_green
    if tests.last_green is None:
        after = "never green in this night"
    elif edits:
        after = f"{format_count(edits, 'edit')} after the last green run"
    else:
        after = "no edit after the last green run"
    return line(strong(state), ": " if told else "; ", f"{told}; {after}" if told else after)


def _counted(passed: int | None, failed: int | None) -> str:
    told = [f"{passed:,} passed"] if passed is not None else []
    if failed:
        told.append(f"{failed:,} failed")
    return ", ".join(told) or "counts not told"


def tests_section(review: Review, amounts: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """Every run of tests, the newest first."""
    runs = tuple(reversed(review.tests.runs))
    if not runs:
        return None
    rows = [
        (
            line(zone.clock(run.at)),
            line(code(clip(run.command, amounts))),
            line(_VERDICT[run.verdict]),
            line(_number(run.passed)),
            line(_number(run.failed)),
            refs((run.ref,)),
        )
        for run in runs
    ]
    head = ("Time", "Command", "Verdict", "Passed", "Failed", "Evidence")
    caption = f"{format_count(review.tests.total, 'run')}, the newest first"
    table = _table(caption, head, rows, amounts, frozenset({3, 4}), quiet=False)
    return PageSection("tests", "Tests", (table,), folded=len(runs) > _MANY)


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def commits_section(review: Review, amounts: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """The night's commits with their sizes."""
    rows = [
        (
            line(code(commit.sha[:10])),
            line(zone.clock(commit.at)),
            line(clip(commit.subject, amounts)),
            line(f"{commit.files:,}"),
            line(f"+{commit.insertions:,}"),
            line(f"−{commit.deletions:,}"),
        )
        for commit in review.commits
    ]
    if not rows:
        return None
    head = ("Commit", "Time", "Subject", "Files", "Added", "Deleted")
    table = _table("Commits of the night", head, rows, amounts, frozenset({3, 4, 5}))
    return PageSection("commits", "Commits", (table,))


def interventions_section(review: Review, amounts: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """What people and the watchdog did, and whether it helped."""
    rows = [_intervention(one, amounts, zone) for one in review.interventions]
    if not rows:
        return None
    head = ("Time", "What", "Words", "State", "Helped", "Why")
    table = _table("Interventions, and whether they helped", head, rows, amounts)
    return PageSection("interventions", "Interventions", (table,))


def _intervention(one: InterventionEffect, amounts: PageLimits, zone: ExportTimeZone) -> tuple[Line, ...]:
    sign = {"yes": "✓", "no": "✗", "unclear": "?"}[one.helped]
    return (
        line(zone.clock(one.at)),
        line(one.kind),
        line(clip(one.text, amounts)),
        line(one.state),
        line(Inline(one.helped, "badge", _HELPED[one.helped], sign)),
        line(clip(one.why, amounts)),
    )


def points_section(review: Review, amounts: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """States that can be kept or gone back to, tests as they stood then."""
    rows = [_point(point, amounts, zone) for point in review.points]
    if not rows:
        return None
    head = ("State", "Time", "Label", "Files", "Tests", "First red after it")
    table = _table(
        "Checkpoints and commits that can be kept or gone back to",
        head,
        rows,
        amounts,
        frozenset({3}),
    )
    return PageSection("points", "Keep or revert", (table,), folded=True)


def _point(point: RestorePoint, amounts: PageLimits, zone: ExportTimeZone) -> tuple[Line, ...]:
    state = _VERDICT[point.tests] if point.tests != "none" else words("not run")
    return (
        line(f"{point.kind} ", code(point.id[:10])),
        line(zone.clock(point.at)),
        line(clip(point.label, amounts)),
        line(f"{point.files:,}"),
        line(state),
        line(clip(point.first_red_after or "nothing", amounts)),
    )


def _table(
    caption: str,
    head: tuple[str, ...],
    rows: Iterable[tuple[Line, ...]],
    amounts: PageLimits,
    numbers: frozenset[int] = frozenset(),
    quiet: bool = True,
) -> Table:
    every = tuple(rows)
    shown = every[: amounts.rows]
    return Table(caption, head, shown, numbers, len(every) - len(shown), quiet)
