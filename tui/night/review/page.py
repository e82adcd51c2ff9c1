"""From a review to a page: what every format says, in which order and in which words."""

from __future__ import annotations

from typing import Final

from tui.model.labels import ENDINGS, SEVERITIES, SIGNS, VERDICTS
from tui.night.review.blocks import (
    PageLimits,
    Inline,
    FactList,
    Line,
    ReviewPage,
    Tone,
    code,
    line,
    strong,
    words,
)
from tui.night.review.export import Export
from tui.night.review.model import Review, Verdict
from tui.night.review.page_time import cost_line, cost_section, time_section, timeline_section
from tui.night.review.page_trust import claims_section, look_section, risks_section
from tui.night.review.page_work import (
    commits_section,
    interventions_section,
    points_section,
    task_words,
    tasks_section,
    tests_line,
    tests_section,
)
from tui.night.review.wording import (
    ExportTimeZone,
    start_text,
    end_text,
    source_place,
    project_name,
)
from tui.system.format import format_count, format_duration, format_size_long

_TONES: Final[dict[Verdict, Tone]] = {"keep": "good", "look": "warn", "discard": "bad"}


def page(export: Export, amounts: PageLimits) -> ReviewPage:
    """The page of a review, holding at most `amounts`; what is left out is counted."""
    review, zone = export.review, ExportTimeZone(export.zone_s)
    sections = (
        look_section(review, amounts),
        time_section(review, amounts),
        tasks_section(review, amounts),
        claims_section(review, amounts),
        tests_section(review, amounts, zone),
        risks_section(review, amounts),
        commits_section(review, amounts, zone),
        cost_section(review, amounts, zone),
        interventions_section(review, amounts, zone),
        points_section(review, amounts, zone),
        timeline_section(review, amounts, zone),
    )
    verdict = review.verdict
    return ReviewPage(
        title="Night review",
        project=project_name(review),
        verdict=Inline(VERDICTS[verdict], "badge", _TONES[verdict], SIGNS[verdict]),
        when=_when(review, zone),
        goal=review.night.run.goal or "",
        ending=_ending(review),
        reasons=review.reasons,
        facts=_facts(review, zone),
        sections=tuple(section for section in sections if section is not None),
        footer=_footer(export, zone),
    )


def _when(review: Review, zone: ExportTimeZone) -> str:
    start = start_text(review)
    if start is None:
        return ""
    end = end_text(review)
    return f"{zone.between(start, end)} ({format_duration(end - start)}), {zone.name}"


def _ending(review: Review) -> Line:
    ending = review.ending
    where = "" if ending.ref is None else source_place(ending.ref)
    kind, told = ENDINGS[ending.kind], ending.words.rstrip(".")
    more = "" if told.lower() == kind.lower() else f"{told}. "
    return line(strong(f"{kind}."), f" {more}", code(where))


def _facts(review: Review, zone: ExportTimeZone) -> FactList:
    """The figures that a hurried reader wants, each with what it rests on."""
    rows = (
        ("Tasks", task_words(review)),
        ("Tests", tests_line(review, zone)),
        ("Changes", _changes(review)),
        ("Claims", _claims(review)),
        ("Risks", _risks(review)),
        ("Cost", cost_line(review)),
    )
    return FactList(tuple((name, what) for name, what in rows if what))


def _changes(review: Review) -> Line:
    if not review.commits and not review.files_changed:
        return line("no commit or changed file was seen in the repository")
    added = sum(commit.insertions for commit in review.commits)
    gone = sum(commit.deletions for commit in review.commits)
    told = f", {format_count(review.files_changed, 'file')}" if review.files_changed else ""
    size = f", +{added:,} −{gone:,}" if review.commits else ""
    since = (words(" since "), code(review.base[:10])) if review.base else ()
    return line(strong(format_count(len(review.commits), "commit")), f"{told}{size}", *since)


def _claims(review: Review) -> Line:
    if not review.claims:
        return line("none made")
    told = [claim.verdict for claim in review.claims]
    sums = [
        f"{told.count(trust)} {trust}"
        for trust in ("verified", "partial", "unverified")
        if trust in told
    ]
    return line(strong(", ".join(sums)))


def _risks(review: Review) -> Line:
    if not review.risks:
        return line("none found")
    told = [risk.severity for risk in review.risks]
    return line(strong(", ".join(f"{told.count(one)} {one}" for one in SEVERITIES if one in told)))


def _footer(export: Export, zone: ExportTimeZone) -> tuple[Line, ...]:
    review, made = export.review, export.made_at
    run = f"Run {review.run_id}. " if review.run_id else ""
    what = (
        f"{run}As of {zone.day(made)} {zone.clock(made)} {zone.name}, written by overnight-tui "
        f"{export.version}. Figures come from the sources below; names of people and machines, and "
        "what looks like a secret, were taken out."
    )
    how = "The same figures stand as JSON in a comment of this file; "
    lines = [
        line(what),
        line(how, code("overnight-tui review --check FILE"), " derives them again."),
    ]
    lines += [
        line(
            f"{source.name}: ",
            code(source.path),
            f" {format_size_long(source.size)}, SHA-256 ",
            code(source.sha256[:16] or "not readable"),
        )
        for source in export.sources
    ]
    return tuple(lines)
