"""Claims, risks, timeline, tasks, restore points, files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from tui.model.evidence.claims import CheckedFact
from tui.model.evidence.log import TestRun
from tui.model.labels import RISKS_SHORT, SEVERITIES
from tui.model.records import RepositoryChanges
from tui.model.review import Review, TestState
from tui.system.format import format_clock, format_count, format_duration_rough
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, width_of
from widgets.line_layout import spread, wrap
from widgets.review.review_text import moment_span, sign_span
from widgets.review.review_view import (
    CommitTarget,
    DiffTarget,
    FileTarget,
    PointTarget,
    ReviewRow,
    SentenceTarget,
    Target,
    TextTarget,
    evidence_or,
)
from widgets.text_cells import cells, clip, clip_start, pad, visible

LABEL: Final = 12
"""Columns of a figure's name, blanks included."""
NARROW: Final = 64
"""Columns below which what stands at the right is left out."""


def heading_line(words: str, width: int) -> Line:
    """A title with a rule to the right edge."""
    title = f" {clip(visible(words), max(0, width - 4))} "
    return [(title, "heading"), (glyphs().empty * max(0, width - cells(title)), "faint")]


def wrap_at_most(words: Line, width: int, most: int) -> list[list[Span]]:
    """The words broken over `most` rows at most; what is left out is marked."""
    rows = wrap(words, width)
    if len(rows) <= most:
        return rows
    kept, last = rows[: most - 1], rows[most - 1]
    text, role = last[-1]
    room = width - width_of(last[:-1])
    cut = clip(f"{text.rstrip()} {rows[most][0][0].strip()}", room - 1)
    mark = glyphs().ellipsis
    return [*kept, [*last[:-1], (cut if cut.endswith(mark) else cut + mark, role)]]


def figure_rows(label: str, words: Line, goal: Target, width: int) -> list[ReviewRow]:
    """A named figure, broken over rows that begin under its words; the first one leads on."""
    first, *others = wrap_at_most(words, width - LABEL, 2)
    head = spread([(f" {label}", "dim")], (), LABEL)
    rows = [ReviewRow([*head, *first], goal, None, label)]
    return [*rows, *(ReviewRow([(" " * LABEL, "text"), *line]) for line in others)]


def block_rows(title: str, width: int, rows: Iterable[ReviewRow]) -> list[ReviewRow]:
    """Rows under a title, with an empty row before it; nothing at all without rows."""
    listed = list(rows)
    return [ReviewRow([]), ReviewRow(heading_line(title, width)), *listed] if listed else []


def with_right_end(left: Line, right: str, width: int, role: Role = "dim") -> Line:
    """A row with a few words at its right end where there is room for them."""
    end: Line = [(f" {visible(right)} ", role)] if right and width >= NARROW else []
    return spread(left, end, width)


def counts_text(run: TestRun) -> str:
    """ "41 passed, 3 failed", as far as the output says."""
    parts = [f"{run.failed:,} failed"] if run.failed else []
    parts += [f"{run.passed:,} passed"] if run.passed is not None else []
    return ", ".join(parts) or visible(run.framework)


WIDE: Final = 118
"""Columns from which on a claim and its reason share a row."""
_TRUST: Final = 15
_MOST_FACTS: Final = 4
_BASES: Final = {
    "git": "the progress file as git had it when the night began",
    "copy": "our copy of the progress file from the night's beginning",
    "first seen": "the progress file as it was first seen",
}
_KIND: Final = 14


# --- claims ---


def claim_rows(review: Review, width: int) -> Sequence[ReviewRow]:
    """Every claim with its verdict and why; the evidence, where there is some, one row each."""
    rows: list[ReviewRow] = []
    for nth, claim in enumerate(review.claims):
        text, why = f"“{visible(claim.text)}”", visible(claim.why)
        quote: Line = [(" ", "text"), sign_span(claim.verdict), ("  ", "text"), (text, "strong")]
        said = (claim.text, "", f"{claim.verdict}: {claim.why}", f"({claim.source})")
        # The evidence that supports it, else where it was said.
        place = claim.evidence[0] if claim.evidence else claim.where
        goal = evidence_or(place, SentenceTarget("Claim", said))
        if width >= WIDE:
            quote = [*spread(quote, [(" ", "text")], width * 11 // 20), (why, "dim")]
        line = with_right_end(quote, claim.source, width)
        rows.append(ReviewRow(line, goal, claim.at, f"claim-{nth}"))
        if width < WIDE:
            rows.append(ReviewRow(spread([(" " * _TRUST, "text"), (why, "dim")], (), width)))
        if claim.verdict != "verified" and len(claim.checked) > 1:
            rows += [_fact_row(fact, width) for fact in claim.checked[:_MOST_FACTS]]
    for unread in review.unread:
        words = f"{format_count(unread.count, 'statement')} in {unread.language} not checked"
        line = [(" ", "text"), sign_span("unverified"), (f"  {words}", "warning")]
        rows.append(ReviewRow(line, evidence_or(unread.where, None)))
    return rows


def _fact_row(fact: CheckedFact, width: int) -> ReviewRow:
    """A fact that a claim was checked by: it holds, it does not, or nobody can tell."""
    word: TestState = "none" if fact.holds is None else "green" if fact.holds else "red"
    sign = sign_span(word)[0].split()[0]
    words: Line = [(f"{' ' * _TRUST}{sign} ", "dim"), (visible(fact.fact), "dim")]
    return ReviewRow(spread(words, (), width), evidence_or(fact.ref, None))


def cause_rows(review: Review, width: int) -> Iterable[ReviewRow]:
    """What stood behind many calls, each with its count and its first place."""
    for nth, cause in enumerate(review.causes):
        since = f"since {format_clock(cause.since, False)}" if cause.since is not None else ""
        left: Line = [
            (f" {cause.count:>6,} ", "strong"),
            ("calls  " if cause.count != 1 else "call   ", "dim"),
            (visible(cause.what), "text"),
        ]
        line = with_right_end(left, since, width)
        said = (cause.what, f"{format_count(cause.count, 'call')} {since}".strip())
        goal = evidence_or(cause.first, SentenceTarget("Behind many calls", said))
        yield ReviewRow(line, goal, cause.since, f"cause-{nth}")


# --- risks ---


def risk_rows(review: Review, width: int) -> Sequence[ReviewRow]:
    """What the night's changes hold that a person should see, the gravest first."""
    rows: list[ReviewRow] = []
    ranked = sorted(enumerate(review.risks), key=lambda pair: SEVERITIES.index(pair[1].severity))
    for nth, risk in ranked:
        place = visible(risk.path)
        left: Line = [
            (" ", "text"),
            sign_span(risk.severity),
            (
                f" {pad(RISKS_SHORT[risk.kind], _KIND)}",
                "error" if risk.severity == "high" else "text",
            ),
            (f"{place}  " if place else "", "strong"),
            (visible(risk.what), "text" if not place else "dim"),
        ]
        behind = "diff" if risk.hunk is not None else ("" if risk.ref is None else "call")
        said = (risk.path, risk.what, "", "No call of the night is known.")
        target: Target = evidence_or(risk.ref, SentenceTarget(RISKS_SHORT[risk.kind], said))
        if risk.hunk is not None:
            target = DiffTarget(risk.path, risk.what, risk.hunk, risk.ref, risk.commit)
        line = with_right_end(left, behind, width)
        rows.append(ReviewRow(line, target, None, f"risk-{nth}"))
    return rows


# --- timeline ---


def moment_rows(review: Review, width: int) -> Sequence[ReviewRow]:
    """What mattered, in order of time, with a line before what came since a person last looked."""
    rows: list[ReviewRow] = []
    since = review.looked_at
    marked = since is None or not review.moments or review.moments[0].at > since
    for nth, moment in enumerate(review.moments):
        new = since is not None and moment.at > since
        if new and not marked:
            marked = True
            words = f"since you last looked, {format_clock(since, False)}"
            rows.append(ReviewRow(heading_line(words, width)))
        sign, role = moment_span(moment.kind, moment.label)
        left: Line = [
            (glyphs().bullet if new else " ", "accent"),
            (f"{format_clock(moment.at, width >= NARROW)} ", "dim"),
            (f"{sign} ", role),
            (pad(moment.kind, 11), "label"),
            (visible(moment.label), role if role in ("error", "person") else "text"),
        ]
        lasted = "" if moment.seconds is None else format_duration_rough(moment.seconds)
        more = SentenceTarget(moment.kind, (f"{format_clock(moment.at)}  {moment.label}", lasted))
        line = with_right_end(left, lasted, width, "text")
        rows.append(ReviewRow(line, evidence_or(moment.ref, more), moment.at, f"moment-{nth}"))
    return rows


# --- tasks ---


def task_rows(review: Review, width: int) -> Sequence[ReviewRow]:
    """The tasks, by what became of them in this night."""
    signs, changes = glyphs(), review.tasks
    groups: tuple[tuple[str, tuple[str, ...], str, Role], ...] = (
        ("open", changes.open, signs.open, "text"),
        ("done in this night", changes.done, signs.ok, "ok"),
        ("added in this night", changes.added, signs.commit, "accent"),
        ("removed in this night", changes.removed, signs.minus, "warning"),
    )
    source = review.night.progress.source if review.night.progress is not None else ""
    rows: list[ReviewRow] = []
    for title, titles, sign, role in groups:
        if titles:
            rows.append(ReviewRow(heading_line(f"{title}: {len(titles)}", width)))
        for nth, task in enumerate(titles):
            said = SentenceTarget("Task", (task, title))
            goal: Target = TextTarget(source, task) if source else said
            line: Line = [(f"  {sign} ", role), (visible(task), "text")]
            rows.append(ReviewRow(line, goal, None, f"{title}-{nth}"))
    if rows:
        before = f"{changes.before} were done before; " if changes.before else ""
        basis = _BASES.get(changes.basis, "what the progress file says now")
        rows += ReviewRow([]), ReviewRow([(f" {before}compared with {basis}", "dim")])
    return rows


_ID = 8


def checkpoint_name(name: str) -> str:
    """A checkpoint's id as a person types it: "c12"."""
    return f"c{name}" if name.isdigit() else name


def _box(marked: bool) -> str:
    return f"[{glyphs().ok}]" if marked else "[ ]"


def point_rows(review: Review, marked: Collection[str], width: int) -> Sequence[ReviewRow]:
    """Each point with its tests, and below it what first turned red after it."""
    rows: list[ReviewRow] = []
    signs = glyphs()
    for point in review.points:
        commit = point.kind == "commit"
        mark = f"commit {point.id}" if commit else ""
        box = _box(mark in marked) if commit else "   "
        short = point.id[:7] if commit else checkpoint_name(point.id)
        # Its diff: a commit's own, or that from a checkpoint to the files as they are.
        target: Target = CommitTarget(point.id) if commit else PointTarget(short)
        size = format_count(point.files, "file")
        if point.insertions or point.deletions:
            size += f" +{point.insertions:,} {signs.minus}{point.deletions:,}"
        left: Line = [
            (f" {box} ", "accent" if mark in marked else "faint"),
            (signs.commit if commit else signs.checkpoint, "ok" if commit else "accent"),
            (f" {format_clock(point.at, False)} ", "dim"),
            (pad(visible(short), _ID) + " ", "label"),
            sign_span(point.tests),
            (f"  {visible(point.label)}", "text"),
        ]
        name = f"point-{point.kind}-{point.id}"
        line = with_right_end(left, size, width)
        rows.append(ReviewRow(line, target, point.at, name, mark))
        if point.first_red_after:
            words = f"{signs.error} first red after it: {visible(point.first_red_after)}"
            rows.append(ReviewRow([(" " * 13, "text"), (words, "error")]))
    return rows


def file_rows(
    changes: RepositoryChanges | None, marked: Collection[str], width: int
) -> Sequence[ReviewRow]:
    """The files that the night changed."""
    if changes is None:
        return ()
    rows: list[ReviewRow] = []
    for change in changes.files:
        sign = {"added": "A", "deleted": "D", "renamed": "R", "mode": "m"}.get(change.kind, "M")
        role = {"added": "added", "deleted": "removed"}.get(change.kind, "label")
        mark = f"file {change.path}"
        notes = [word for word in ("binary", "generated") if getattr(change, word)]
        if change.commit == "" and change.kind != "mode":
            notes.append("not committed")
        lines = f"+{change.insertions:,} {glyphs().minus}{change.deletions:,}"
        room = max(12, width - (30 if width >= NARROW else 10))
        left: Line = [
            (f" {_box(mark in marked)} ", "accent" if mark in marked else "faint"),
            (f"{sign} ", role),  # type: ignore[list-item]
            (clip_start(visible(change.path), room), "text"),
            (f"  {', '.join(notes)}" if notes else "", "dim"),
        ]
        name = f"file-{change.path}"
        line = with_right_end(left, lines, width)
        rows.append(ReviewRow(line, FileTarget(change.path), None, name, mark))
    if changes.cut:
        rows.append(ReviewRow([(" more were changed than are listed here", "warning")]))
    return rows
