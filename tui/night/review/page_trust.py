"""What to trust: where to look first, claims with their evidence, risks with their hunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui.changes import Hunk
from tui.model.labels import RISKS, SEVERITIES, SIGNS
from tui.night.review.blocks import (
    PageLimits,
    Inline,
    Block,
    DiffBlock,
    BulletList,
    Line,
    Paragraph,
    PageSection,
    Table,
    Tone,
    code,
    line,
    words,
)
from tui.night.review.model import Claim, Review, Risk, Severity, Trust
from tui.night.review.wording import source_place
from tui.records import SourceRef
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
        bits += [words(" "), one] if bits else [one]
    if len(places) > most:
        bits.append(words(f" and {len(places) - most} more"))
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
    commit = (words(" in commit "), code(risk.commit[:10])) if risk.commit else ()
    where = (words(" "), *refs((risk.ref,))) if risk.ref is not None and not risk.commit else ()
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
