"""Trust and work sections of the page."""

from __future__ import annotations

from collections.abc import Iterable
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
    code,
    line,
    strong,
    plain,
)
from tui.night.review.export.wording import ExportTimeZone, source_place
from tui.system.format import clip_text, format_count, shorten

_WIDEST: Final = 200
_SEVERITY: Final[dict[Severity, Tone]] = {"high": "bad", "medium": "warn", "low": "dim"}
_TRUST: Final[dict[Trust, Tone]] = {"verified": "good", "partial": "dim", "unverified": "warn"}
_DOUBTFUL: Final[tuple[Trust, ...]] = ("unverified", "partial", "verified")


def severity(of: Severity) -> Inline:
    """How much it matters, as a badge."""
    return Inline(of, "badge", _SEVERITY[of], SIGNS[of])


def refs(found: Iterable[SourceRef], most: int = 3) -> Line:
    """Where the evidence stands, in short."""
    places = [code(source_place(ref)) for ref in found]
    bits: list[Inline] = []
    for one in places[:most]:
        bits += [plain(" "), one] if bits else [one]
    if len(places) > most:
        bits.append(plain(f" and {len(places) - most} more"))
    return tuple(bits)


def look_section(review: Review, amounts: PageLimits) -> PageSection | None:
    """Look here first: what matters most, ranked."""
    rows = review.attention
    if not rows:
        return None
    lines = tuple(
        line(
            severity(one.severity),
            f" {one.what} ",
            *refs(() if one.where is None else (one.where,)),
        )
        for one in rows[: amounts.rows]
    )
    items = BulletList(lines, ordered=True, more=max(0, len(rows) - amounts.rows))
    return PageSection("look", "Look here first", (items,))


def claims_section(review: Review, amounts: PageLimits) -> PageSection | None:
    """What was said to be done, and what supports it; the doubtful first."""
    if not review.claims:
        return None
    ranked = sorted(review.claims, key=lambda claim: _DOUBTFUL.index(claim.verdict))
    rows = tuple(_claim(claim, amounts) for claim in ranked[: amounts.rows])
    table = Table(
        "Claims of the agent, and the evidence for each",
        ("Claim", "Said in", "Verdict", "Why", "Evidence"),
        rows,
        more=max(0, len(ranked) - amounts.rows),
        quiet=True,
    )
    return PageSection("claims", "Claims and evidence", (table,))


def _claim(claim: Claim, amounts: PageLimits) -> tuple[Line, ...]:
    said = line(f"{claim.source} ", *refs(() if claim.where is None else (claim.where,)))
    return (
        line(clip(claim.text, amounts)),
        said,
        line(Inline(claim.verdict, "badge", _TRUST[claim.verdict], SIGNS[claim.verdict])),
        line(clip(claim.why, amounts)),
        refs(claim.evidence) or line("none"),
    )


def risks_section(review: Review, amounts: PageLimits) -> PageSection | None:
    """What the night's changes and commands risk, each with its hunk."""
    if not review.risks:
        return None
    ranked = sorted(review.risks, key=lambda risk: SEVERITIES.index(risk.severity))
    blocks: list[Block] = []
    plain: list[Line] = []
    drawn = 0
    for risk in ranked[: amounts.rows]:
        if risk.hunk is not None and drawn < amounts.hunks:
            drawn += 1
            blocks.append(_diff(risk, risk.hunk, amounts))
        else:
            plain.append(_risk(risk, amounts))
    more = max(0, len(ranked) - amounts.rows)
    if plain or more:
        blocks.append(BulletList(tuple(plain), more=more))
    hidden = sum(1 for risk in ranked if risk.hunk is not None) - drawn
    if hidden:
        blocks.append(Paragraph(line(f"{format_count(hidden, 'hunk')} not shown here.")))
    return PageSection("risks", "Risks", tuple(blocks))


def _risk(risk: Risk, amounts: PageLimits) -> Line:
    commit = (plain(" in commit "), code(risk.commit[:10])) if risk.commit else ()
    where = (plain(" "), *refs((risk.ref,))) if risk.ref is not None and not risk.commit else ()
    return line(
        severity(risk.severity),
        f" {RISKS[risk.kind]}: ",
        code(risk.path),
        f"{' ' if risk.path else ''}{clip(risk.what, amounts)}",
        *commit,
        *where,
    )


def _diff(risk: Risk, hunk: Hunk, amounts: PageLimits) -> DiffBlock:
    shown = tuple(_row(row) for row in hunk.lines[: amounts.hunk_lines])
    before = sum(1 for row in hunk.lines if not row.startswith("+"))
    after = sum(1 for row in hunk.lines if not row.startswith("-"))
    numbers = f"@@ -{hunk.old_start},{before} +{hunk.new_start},{after} @@"
    heading = f"{numbers} {shorten(hunk.heading, 80)}".rstrip()
    left_out = max(0, len(hunk.lines) - len(shown))
    return DiffBlock(_risk(risk, amounts), heading, shown, left_out, risk.severity == "high")


def _row(text: str) -> str:
    """A line of a hunk with its sign, not wider than a page."""
    if text[:1] not in (" ", "+", "-"):
        text = f" {text}"
    return clip_text(text, _WIDEST + 1)


def clip(text: str, amounts: PageLimits) -> str:
    """At most so many characters as the page has for one text."""
    return clip_text(text, amounts.text)


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


def commits_section(
    review: Review, amounts: PageLimits, zone: ExportTimeZone
) -> PageSection | None:
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


def interventions_section(
    review: Review, amounts: PageLimits, zone: ExportTimeZone
) -> PageSection | None:
    """What people and the watchdog did, and whether it helped."""
    rows = [_intervention(one, amounts, zone) for one in review.interventions]
    if not rows:
        return None
    head = ("Time", "What", "Words", "State", "Helped", "Why")
    table = _table("Interventions, and whether they helped", head, rows, amounts)
    return PageSection("interventions", "Interventions", (table,))


def _intervention(
    one: InterventionEffect, amounts: PageLimits, zone: ExportTimeZone
) -> tuple[Line, ...]:
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
    state = _VERDICT[point.tests] if point.tests != "none" else plain("not run")
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
