"""The lists behind the page of the review: claims, risks, the timeline, and the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.model.labels import RISKS_SHORT
from tui.night.review.model import Claim, Moment, Review, Risk
from tui.system.format import format_clock, format_duration_rough
from widgets.cells import cells, clip, pad, visible
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.review_rows import NARROW, filled, heading, sided
from widgets.review_view import Evidence, Fragment, Goal, InFile, Row, Words
from widgets.review_words import moment_span, severity_span, trust_span

WIDE: Final = 118
"""Columns from which on a claim and its reason share a row."""

_TRUST: Final = 15
_KIND: Final = 14


# --- claims ---


def claims(review: Review, width: int) -> Sequence[Row]:
    """Every claim with its verdict and why; the evidence, where there is some, one row each."""
    rows: list[Row] = []
    for nth, claim in enumerate(review.claims):
        rows += _claim_rows(claim, nth, width)
    return rows


def _claim_rows(claim: Claim, nth: int, width: int) -> list[Row]:
    said: Line = [(" ", "text"), trust_span(claim.verdict), ("  ", "text")]
    said = [*said, (f"“{visible(claim.text)}”", "strong")]
    goal = _first(claim)
    name = f"claim-{nth}"
    if width >= WIDE:
        half = width * 11 // 20
        left: Line = [*filled([*_clipped(said, half - 1)], half), (visible(claim.why), "dim")]
        return [Row(sided(left, claim.source, width), goal, claim.at, name)]
    why: Line = [(" " * _TRUST, "text"), (visible(claim.why), "dim")]
    return [
        Row(sided(said, claim.source, width), goal, claim.at, name),
        Row(list(_clipped(why, width))),
    ]


def _clipped(line: Line, width: int) -> Line:
    out: list[Span] = []
    left = width
    for text, role in line:
        text = clip(text, left)
        out.append((text, role))
        left -= cells(text)
        if left <= 0:
            break
    return out


def _first(claim: Claim) -> Goal:
    """The evidence that supports it, else where it was said."""
    if claim.evidence:
        return Evidence(claim.evidence[0])
    if claim.where is not None:
        return Evidence(claim.where)
    return Words("Claim", (claim.text, "", f"{claim.verdict}: {claim.why}", f"({claim.source})"))


# --- risks ---


def risks(review: Review, width: int) -> Sequence[Row]:
    """What the night's changes hold that a person should see, the gravest first."""
    order = {"high": 0, "medium": 1, "low": 2}
    numbered = sorted(enumerate(review.risks), key=lambda pair: order[pair[1].severity])
    return [_risk_row(risk, nth, width) for nth, risk in numbered]


def _risk_row(risk: Risk, nth: int, width: int) -> Row:
    place = visible(risk.path)
    kind_role: Role = "error" if risk.severity == "high" else "text"
    left: Line = [
        (" ", "text"),
        severity_span(risk.severity),
        (f" {pad(RISKS_SHORT[risk.kind], _KIND)}", kind_role),
        (f"{place}  " if place else "", "strong"),
        (visible(risk.what), "text" if not place else "dim"),
    ]
    aside = "diff" if risk.hunk is not None else ("" if risk.ref is None else "call")
    return Row(sided(left, aside, width), _risk_goal(risk), None, f"risk-{nth}")


def _risk_goal(risk: Risk) -> Goal:
    if risk.hunk is not None:
        return Fragment(risk.path, risk.what, risk.hunk, risk.ref, risk.commit)
    if risk.ref is not None:
        return Evidence(risk.ref)
    return Words(
        RISKS_SHORT[risk.kind], (risk.path, risk.what, "", "No call of the night is known.")
    )


# --- timeline ---


def timeline(review: Review, width: int) -> Sequence[Row]:
    """What mattered, in order of time, with a line before what came since a person last looked."""
    rows: list[Row] = []
    since = review.looked_at
    marked = since is None or not review.moments or review.moments[0].at > since
    for nth, moment in enumerate(review.moments):
        new = since is not None and moment.at > since
        if new and not marked:
            marked = True
            rows.append(Row(heading(f"since you last looked, {format_clock(since, False)}", width)))
        rows.append(_moment_row(moment, nth, width, new))
    return rows


def _moment_row(moment: Moment, nth: int, width: int, new: bool) -> Row:
    sign, role = moment_span(moment.kind, moment.label)
    label = visible(moment.label)
    left: Line = [
        (glyphs().bullet if new else " ", "accent"),
        (f"{format_clock(moment.at, width >= NARROW)} ", "dim"),
        (f"{sign} ", role),
        (pad(moment.kind, 11), "label"),
        (label, role if role in ("error", "person") else "text"),
    ]
    lasted = "" if moment.seconds is None else format_duration_rough(moment.seconds)
    more = Words(moment.kind, (f"{format_clock(moment.at)}  {moment.label}", lasted))
    goal: Goal = Evidence(moment.ref) if moment.ref is not None else more
    return Row(sided(left, lasted, width, "text"), goal, moment.at, f"moment-{nth}")


# --- tasks ---


def tasks(review: Review, width: int) -> Sequence[Row]:
    """The tasks, by what became of them in this night."""
    signs, known = glyphs(), review.tasks
    groups: tuple[tuple[str, tuple[str, ...], str, Role], ...] = (
        ("open", known.open, signs.open, "text"),
        ("done in this night", known.done, signs.ok, "ok"),
        ("added in this night", known.added, signs.commit, "accent"),
        ("removed in this night", known.removed, signs.minus, "warning"),
    )
    source = review.night.progress.source if review.night.progress is not None else ""
    rows: list[Row] = []
    for title, titles, sign, role in groups:
        if not titles:
            continue
        rows.append(Row(heading(f"{title}: {len(titles)}", width)))
        for nth, task in enumerate(titles):
            goal: Goal = InFile(source, task) if source else Words("Task", (task, title))
            line: Line = [(f"  {sign} ", role), (visible(task), "text")]
            rows.append(Row(line, goal, None, f"{title}-{nth}"))
    if rows:
        rows.append(Row([]))
        rows.append(Row([(f" {_basis(review)}", "dim")]))
    return rows


def _basis(review: Review) -> str:
    known = review.tasks
    basis = {
        "git": "the progress file as git had it when the night began",
        "copy": "our copy of the progress file from the night's beginning",
        "first seen": "the progress file as it was first seen",
    }.get(known.basis, "what the progress file says now")
    before = f"{known.before} were done before; " if known.before else ""
    return f"{before}compared with {basis}"
