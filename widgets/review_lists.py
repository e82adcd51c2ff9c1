"""The lists behind the page of the review: claims, risks, the timeline, and the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.model.labels import RISKS_SHORT
from tui.night.review.model import Claim, TimelineMoment, Review, Risk
from tui.system.format import format_clock, format_duration_rough
from widgets.cells import cells, clip, pad, visible
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.review_rows import NARROW, filled, heading, sided
from widgets.review_view import EvidenceTarget, DiffTarget, Goal, TextTarget, ReviewRow, SentenceTarget
from widgets.review_words import moment_span, severity_span, trust_span

WIDE: Final = 118
"""Columns from which on a claim and its reason share a row."""

_TRUST: Final = 15
_KIND: Final = 14


# --- claims ---


def claims(review: Review, width: int) -> Sequence[ReviewRow]:
    """Every claim with its verdict and why; the evidence, where there is some, one row each."""
    rows: list[ReviewRow] = []
    for nth, claim in enumerate(review.claims):
        rows += _claim_rows(claim, nth, width)
    return rows


def _claim_rows(claim: Claim, nth: int, width: int) -> list[ReviewRow]:
    said: Line = [(" ", "text"), trust_span(claim.verdict), ("  ", "text")]
    said = [*said, (f"“{visible(claim.text)}”", "strong")]
    goal = _first(claim)
    name = f"claim-{nth}"
    if width >= WIDE:
        half = width * 11 // 20
        left: Line = [*filled([*_clipped(said, half - 1)], half), (visible(claim.why), "dim")]
        return [ReviewRow(sided(left, claim.source, width), goal, claim.at, name)]
    why: Line = [(" " * _TRUST, "text"), (visible(claim.why), "dim")]
    return [
        ReviewRow(sided(said, claim.source, width), goal, claim.at, name),
        ReviewRow(list(_clipped(why, width))),
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
        return EvidenceTarget(claim.evidence[0])
    if claim.where is not None:
        return EvidenceTarget(claim.where)
    return SentenceTarget("Claim", (claim.text, "", f"{claim.verdict}: {claim.why}", f"({claim.source})"))


# --- risks ---


def risks(review: Review, width: int) -> Sequence[ReviewRow]:
    """What the night's changes hold that a person should see, the gravest first."""
    order = {"high": 0, "medium": 1, "low": 2}
    numbered = sorted(enumerate(review.risks), key=lambda pair: order[pair[1].severity])
    return [_risk_row(risk, nth, width) for nth, risk in numbered]


def _risk_row(risk: Risk, nth: int, width: int) -> ReviewRow:
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
    return ReviewRow(sided(left, aside, width), _risk_goal(risk), None, f"risk-{nth}")


def _risk_goal(risk: Risk) -> Goal:
    if risk.hunk is not None:
        return DiffTarget(risk.path, risk.what, risk.hunk, risk.ref, risk.commit)
    if risk.ref is not None:
        return EvidenceTarget(risk.ref)
    return SentenceTarget(
        RISKS_SHORT[risk.kind], (risk.path, risk.what, "", "No call of the night is known.")
    )


# --- timeline ---


def timeline(review: Review, width: int) -> Sequence[ReviewRow]:
    """What mattered, in order of time, with a line before what came since a person last looked."""
    rows: list[ReviewRow] = []
    since = review.looked_at
    marked = since is None or not review.moments or review.moments[0].at > since
    for nth, moment in enumerate(review.moments):
        new = since is not None and moment.at > since
        if new and not marked:
            marked = True
            rows.append(ReviewRow(heading(f"since you last looked, {format_clock(since, False)}", width)))
        rows.append(_moment_row(moment, nth, width, new))
    return rows


def _moment_row(moment: TimelineMoment, nth: int, width: int, new: bool) -> ReviewRow:
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
    more = SentenceTarget(moment.kind, (f"{format_clock(moment.at)}  {moment.label}", lasted))
    goal: Goal = EvidenceTarget(moment.ref) if moment.ref is not None else more
    return ReviewRow(sided(left, lasted, width, "text"), goal, moment.at, f"moment-{nth}")


# --- tasks ---


def tasks(review: Review, width: int) -> Sequence[ReviewRow]:
    """The tasks, by what became of them in this night."""
    signs, known = glyphs(), review.tasks
    groups: tuple[tuple[str, tuple[str, ...], str, Role], ...] = (
        ("open", known.open, signs.open, "text"),
        ("done in this night", known.done, signs.ok, "ok"),
        ("added in this night", known.added, signs.commit, "accent"),
        ("removed in this night", known.removed, signs.minus, "warning"),
    )
    source = review.night.progress.source if review.night.progress is not None else ""
    rows: list[ReviewRow] = []
    for title, titles, sign, role in groups:
        if not titles:
            continue
        rows.append(ReviewRow(heading(f"{title}: {len(titles)}", width)))
        for nth, task in enumerate(titles):
            goal: Goal = TextTarget(source, task) if source else SentenceTarget("Task", (task, title))
            line: Line = [(f"  {sign} ", role), (visible(task), "text")]
            rows.append(ReviewRow(line, goal, None, f"{title}-{nth}"))
    if rows:
        rows.append(ReviewRow([]))
        rows.append(ReviewRow([(f" {_basis(review)}", "dim")]))
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
