"""Sections of the page: what to look at first, tasks, trust and work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui.model.events import SourceRef
from tui.model.evidence import Verdict as RunVerdict
from tui.model.labels import RISKS, SEVERITIES, SIGNS
from tui.model.records import Hunk
from tui.model.review import Claim, InterventionEffect, RestorePoint, Review, Risk, Severity, Trust
from tui.night.review.export.blocks import (
    Block,
    BulletList,
    DiffBlock,
    Inline,
    Line,
    PageLimits,
    PageSection,
    Paragraph,
    Table,
    Tone,
    badge,
    code,
    line,
    plain,
    strong,
)
from tui.night.review.export.wording import ExportTimeZone, source_place
from tui.system.format import clip_text, format_count, shorten

_WIDEST: Final = 200
_SEVERITY: Final[dict[Severity, Tone]] = {"high": "bad", "medium": "warn", "low": "dim"}
_TRUST: Final[dict[Trust, Tone]] = {"verified": "good", "partial": "dim", "unverified": "warn"}
_DOUBTFUL_FIRST: Final[tuple[Trust, ...]] = ("unverified", "partial", "verified")
_BASES: Final = {
    "git": "against the progress file in git when the night began",
    "copy": "against our copy of the progress file when the night began",
    "first seen": "against the progress file as it was first seen",
    "none": "no progress file tells how it began",
}
_RUN_VERDICTS: Final[dict[RunVerdict, Inline]] = {
    "green": badge("green", "good", "✓"),
    "red": badge("red", "bad", "✗"),
    "unknown": badge("unknown", "dim", "○"),
}
_HELPED: Final = {
    "yes": badge("yes", "good", "✓"),
    "no": badge("no", "bad", "✗"),
    "unclear": badge("unclear", "dim", "?"),
}
_MANY_RUNS: Final = 15


# --- parts of any section ---


def clip(text: str, limits: PageLimits) -> str:
    """At most so many characters as the page has for one text."""
    return clip_text(text, limits.text)


def evidence_places(refs: Iterable[SourceRef | None], most: int = 3) -> Line:
    """Where the evidence stands, in short; unknown places are left out."""
    places = [code(source_place(ref)) for ref in refs if ref is not None]
    bits: list[Inline] = []
    for place in places[:most]:
        bits += [plain(" "), place] if bits else [place]
    if len(places) > most:
        bits.append(plain(f" and {len(places) - most} more"))
    return tuple(bits)


def bullets(lines: Sequence[Line], limits: PageLimits, ordered: bool = False) -> BulletList:
    """As many of the lines as the page has room for."""
    shown = tuple(lines[: limits.rows])
    return BulletList(shown, ordered, len(lines) - len(shown))


def table(
    caption: str,
    head: tuple[str, ...],
    rows: Sequence[tuple[Line, ...]],
    limits: PageLimits,
    numbers: Iterable[int] = (),
    quiet: bool = False,
) -> Table:
    """A table of as many of the rows as the page has room for."""
    shown = tuple(rows[: limits.rows])
    return Table(caption, head, shown, frozenset(numbers), len(rows) - len(shown), quiet)


def _severity(severity: Severity) -> Inline:
    return badge(severity, _SEVERITY[severity], SIGNS[severity])


# --- what to look at ---


def look_section(review: Review, limits: PageLimits) -> PageSection | None:
    """Look here first: what matters most, ranked."""
    if not review.attention:
        return None
    lines = [
        line(_severity(item.severity), f" {item.what} ", *evidence_places((item.where,)))
        for item in review.attention
    ]
    return PageSection("look", "Look here first", (bullets(lines, limits, ordered=True),))


def claims_section(review: Review, limits: PageLimits) -> PageSection | None:
    """What was said to be done, and what supports it; the doubtful first."""
    if not review.claims:
        return None
    ranked = sorted(review.claims, key=lambda claim: _DOUBTFUL_FIRST.index(claim.verdict))
    caption = "Claims of the agent, and the evidence for each"
    head = ("Claim", "Said in", "Verdict", "Why", "Evidence")
    rows = [_claim(claim, limits) for claim in ranked]
    block = table(caption, head, rows, limits, quiet=True)
    return PageSection("claims", "Claims and evidence", (block,))


def _claim(claim: Claim, limits: PageLimits) -> tuple[Line, ...]:
    return (
        line(clip(claim.text, limits)),
        line(f"{claim.source} ", *evidence_places((claim.where,))),
        line(badge(claim.verdict, _TRUST[claim.verdict], SIGNS[claim.verdict])),
        line(clip(claim.why, limits)),
        evidence_places(claim.evidence) or line("none"),
    )


def risks_section(review: Review, limits: PageLimits) -> PageSection | None:
    """What the night's changes and commands risk, each with its hunk."""
    if not review.risks:
        return None
    ranked = sorted(review.risks, key=lambda risk: SEVERITIES.index(risk.severity))
    hunks: list[Block] = []
    others: list[Line] = []
    for risk in ranked[: limits.rows]:
        if risk.hunk is not None and len(hunks) < limits.hunks:
            hunks.append(_diff(risk, risk.hunk, limits))
        else:
            others.append(_risk(risk, limits))
    blocks = list(hunks)
    more = max(0, len(ranked) - limits.rows)
    if others or more:
        blocks.append(BulletList(tuple(others), more=more))
    hidden = sum(risk.hunk is not None for risk in ranked) - len(hunks)
    if hidden:
        blocks.append(Paragraph(line(f"{format_count(hidden, 'hunk')} not shown here.")))
    return PageSection("risks", "Risks", tuple(blocks))


def _risk(risk: Risk, limits: PageLimits) -> Line:
    where: Line = ()
    if risk.commit:
        where = (plain(" in commit "), code(risk.commit[:10]))
    elif risk.ref is not None:
        where = (plain(" "), *evidence_places((risk.ref,)))
    return line(
        _severity(risk.severity),
        f" {RISKS[risk.kind]}: ",
        code(risk.path),
        f"{' ' if risk.path else ''}{clip(risk.what, limits)}",
        *where,
    )


def _diff(risk: Risk, hunk: Hunk, limits: PageLimits) -> DiffBlock:
    shown = tuple(_diff_row(row) for row in hunk.lines[: limits.hunk_lines])
    before = sum(not row.startswith("+") for row in hunk.lines)
    after = sum(not row.startswith("-") for row in hunk.lines)
    numbers = f"@@ -{hunk.old_start},{before} +{hunk.new_start},{after} @@"
    heading = f"{numbers} {shorten(hunk.heading, 80)}".rstrip()
    more = len(hunk.lines) - len(shown)
    return DiffBlock(_risk(risk, limits), heading, shown, more, risk.severity == "high")


def _diff_row(text: str) -> str:
    """A line of a hunk with its sign, not wider than a page."""
    if text[:1] not in (" ", "+", "-"):
        text = f" {text}"
    return clip_text(text, _WIDEST + 1)


# --- tasks and tests ---


def task_words(review: Review) -> Line:
    """Done, open and added, and what that was measured against."""
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


def tasks_section(review: Review, limits: PageLimits) -> PageSection | None:
    """Every task that this night finished, left open, added or removed."""
    tasks = review.tasks
    states = (
        (tasks.done, badge("done", "good", "✓")),
        (tasks.open, badge("open", "warn", "○")),
        (tasks.added, badge("added", "dim", "+")),
        (tasks.removed, badge("removed", "dim", "−")),
    )
    rows = [
        (line(clip(title, limits)), line(state)) for titles, state in states for title in titles
    ]
    if not rows:
        return None
    caption = f"Tasks, {_BASES.get(tasks.basis, tasks.basis)}"
    return PageSection("tasks", "Tasks", (table(caption, ("Task", "State"), rows, limits),))


def tests_line(review: Review, zone: ExportTimeZone) -> Line:
    """The last verdict of the tests, and how many edits came after the last green run."""
    tests = review.tests
    if not tests.runs:
        return line("no test run was seen")
    last = tests.runs[-1]
    verdict = "no verdict" if tests.last == "none" else tests.last
    counts = ""
    # The verdict may be that of an earlier run: then the last one's numbers do not belong to it.
    if last.verdict == tests.last:
        when = f" at {zone.clock(last.at)}" if last.at is not None else ""
        counts = f"{_counts(last.passed, last.failed)}{when}"
    edits = tests.edits_since_last_green
    if tests.last_green is None:
        after = "never green in this night"
    elif edits:
        after = f"{format_count(edits, 'edit')} after the last green run"
    else:
        after = "no edit after the last green run"
    return line(strong(verdict), f": {counts}; {after}" if counts else f"; {after}")


def _counts(passed: int | None, failed: int | None) -> str:
    counts = [f"{passed:,} passed"] if passed is not None else []
    if failed:
        counts.append(f"{failed:,} failed")
    return ", ".join(counts) or "counts not told"


def tests_section(review: Review, limits: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """Every run of tests, the newest first."""
    if not review.tests.runs:
        return None
    rows = [
        (
            line(zone.clock(run.at)),
            line(code(clip(run.command, limits))),
            line(_RUN_VERDICTS[run.verdict]),
            line(_number(run.passed)),
            line(_number(run.failed)),
            evidence_places((run.ref,)),
        )
        for run in reversed(review.tests.runs)
    ]
    head = ("Time", "Command", "Verdict", "Passed", "Failed", "Evidence")
    caption = f"{format_count(review.tests.total, 'run')}, the newest first"
    block = table(caption, head, rows, limits, {3, 4})
    return PageSection("tests", "Tests", (block,), folded=len(rows) > _MANY_RUNS)


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


# --- work ---


def commits_section(review: Review, limits: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """The night's commits with their sizes."""
    rows = [
        (
            line(code(commit.sha[:10])),
            line(zone.clock(commit.at)),
            line(clip(commit.subject, limits)),
            line(f"{commit.files:,}"),
            line(f"+{commit.insertions:,}"),
            line(f"−{commit.deletions:,}"),
        )
        for commit in review.commits
    ]
    if not rows:
        return None
    head = ("Commit", "Time", "Subject", "Files", "Added", "Deleted")
    block = table("Commits of the night", head, rows, limits, {3, 4, 5}, quiet=True)
    return PageSection("commits", "Commits", (block,))


def interventions_section(
    review: Review, limits: PageLimits, zone: ExportTimeZone
) -> PageSection | None:
    """What people and the supervisor did, and whether it helped."""
    if not review.interventions:
        return None
    head = ("Time", "What", "Words", "State", "Helped", "Why")
    rows = [_intervention(effect, limits, zone) for effect in review.interventions]
    block = table("Interventions, and whether they helped", head, rows, limits, quiet=True)
    return PageSection("interventions", "Interventions", (block,))


def _intervention(
    effect: InterventionEffect, limits: PageLimits, zone: ExportTimeZone
) -> tuple[Line, ...]:
    return (
        line(zone.clock(effect.at)),
        line(effect.kind),
        line(clip(effect.text, limits)),
        line(effect.state),
        line(_HELPED[effect.helped]),
        line(clip(effect.why, limits)),
    )


def points_section(review: Review, limits: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """States that can be kept or gone back to, tests as they stood then."""
    if not review.points:
        return None
    head = ("State", "Time", "Label", "Files", "Tests", "First red after it")
    caption = "Checkpoints and commits that can be kept or gone back to"
    rows = [_point(point, limits, zone) for point in review.points]
    block = table(caption, head, rows, limits, {3}, quiet=True)
    return PageSection("points", "Keep or revert", (block,), folded=True)


def _point(point: RestorePoint, limits: PageLimits, zone: ExportTimeZone) -> tuple[Line, ...]:
    return (
        line(f"{point.kind} ", code(point.id[:10])),
        line(zone.clock(point.at)),
        line(clip(point.label, limits)),
        line(f"{point.files:,}"),
        line(_RUN_VERDICTS[point.tests] if point.tests != "none" else plain("not run")),
        line(clip(point.first_red_after or "nothing", limits)),
    )
