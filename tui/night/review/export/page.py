"""The review as a page, before any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from tui.model.labels import ENDINGS, MOMENTS, SEVERITIES, SIGNS, TIME, VERDICTS, WASTES
from tui.model.review import Review, Verdict, WasteItem
from tui.night.review.export.blocks import (
    Block,
    BulletList,
    FactList,
    Line,
    PageLimits,
    PageSection,
    Paragraph,
    ReviewPage,
    Table,
    TimelineSlot,
    Tone,
    badge,
    code,
    line,
    plain,
    strong,
)
from tui.night.review.export.page_sections import (
    bullets,
    claims_section,
    clip,
    commits_section,
    evidence_places,
    interventions_section,
    look_section,
    points_section,
    risks_section,
    table,
    task_words,
    tasks_section,
    tests_line,
    tests_section,
)
from tui.night.review.export.redacted import Export
from tui.night.review.export.wording import (
    ExportTimeZone,
    cost_text,
    night_end,
    night_start,
    project_name,
    source_place,
    time_by_kind,
)
from tui.system.format import format_count, format_duration, format_money_long, format_size_long

_TONES: Final[dict[Verdict, Tone]] = {"keep": "good", "look": "warn", "discard": "bad"}


def build_page(export: Export, limits: PageLimits) -> ReviewPage:
    """The page of a review, holding at most `limits`; what is left out is counted."""
    review, zone = export.review, ExportTimeZone(export.zone_s)
    sections = (
        look_section(review, limits),
        _time_section(review, limits),
        tasks_section(review, limits),
        claims_section(review, limits),
        tests_section(review, limits, zone),
        risks_section(review, limits),
        commits_section(review, limits, zone),
        _cost_section(review, limits, zone),
        interventions_section(review, limits, zone),
        points_section(review, limits, zone),
        _timeline_section(review, limits, zone),
    )
    verdict = review.verdict
    return ReviewPage(
        title="Night review",
        project=project_name(review),
        verdict=badge(VERDICTS[verdict], _TONES[verdict], SIGNS[verdict]),
        when=_when(review, zone),
        goal=review.night.run.goal or "",
        ending=_ending(review),
        reasons=review.reasons,
        facts=_facts(review, zone),
        sections=tuple(section for section in sections if section is not None),
        footer=_footer(export, zone),
    )


# --- head and foot ---


def _when(review: Review, zone: ExportTimeZone) -> str:
    start = night_start(review)
    if start is None:
        return ""
    end = night_end(review)
    return f"{zone.between(start, end)} ({format_duration(end - start)}), {zone.name}"


def _ending(review: Review) -> Line:
    ending = review.ending
    kind, sentence = ENDINGS[ending.kind], ending.words.rstrip(".")
    more = "" if sentence.lower() == kind.lower() else f"{sentence}. "
    where = "" if ending.ref is None else source_place(ending.ref)
    return line(strong(f"{kind}."), f" {more}", code(where))


def _facts(review: Review, zone: ExportTimeZone) -> FactList:
    """The figures that a hurried reader wants, each with what it rests on."""
    verdicts = (claim.verdict for claim in review.claims)
    severities = (risk.severity for risk in review.risks)
    rows = (
        ("Tasks", task_words(review)),
        ("Tests", tests_line(review, zone)),
        ("Changes", _changes(review)),
        ("Claims", _counted(verdicts, ("verified", "partial", "unverified"), "none made")),
        ("Risks", _counted(severities, SEVERITIES, "none found")),
        ("Cost", _cost_line(review)),
    )
    return FactList(rows)


def _changes(review: Review) -> Line:
    if not review.commits and not review.files_changed:
        return line("no commit or changed file was seen in the repository")
    files = f", {format_count(review.files_changed, 'file')}" if review.files_changed else ""
    size = ""
    if review.commits:
        added = sum(commit.insertions for commit in review.commits)
        deleted = sum(commit.deletions for commit in review.commits)
        size = f", +{added:,} −{deleted:,}"
    since = (plain(" since "), code(review.base[:10])) if review.base else ()
    return line(strong(format_count(len(review.commits), "commit")), f"{files}{size}", *since)


def _counted(words: Iterable[str], order: Sequence[str], nothing: str) -> Line:
    """ "3 verified, 1 partial": how often each word occurs."""
    counts = Counter(words)
    if not counts:
        return line(nothing)
    return line(strong(", ".join(f"{counts[word]} {word}" for word in order if counts[word])))


def _cost_line(review: Review) -> Line:
    """The night's cost, what it rests on, by task, and how much of it was wasted."""
    rest = f" ({review.cost.source})" if review.cost.usd is not None else ""
    if review.cost_per_task is not None:
        rest += f", {format_money_long(review.cost_per_task)} per finished task"
    if review.wasted_usd:
        rest += f", {format_money_long(review.wasted_usd)} wasted"
    return line(strong(cost_text(review.cost)), rest)


def _footer(export: Export, zone: ExportTimeZone) -> tuple[Line, ...]:
    review, made = export.review, export.made_at
    run = f"Run {review.run_id}. " if review.run_id else ""
    what = (
        f"{run}As of {zone.day(made)} {zone.clock(made)} {zone.name}, written by overnight-tui "
        f"{export.version}. Figures come from the sources below; names of people and machines, and "
        "what looks like a secret, were taken out."
    )
    how = "The same figures stand as JSON in a comment of this file; "
    sources = (
        line(
            f"{source.name}: ",
            code(source.path),
            f" {format_size_long(source.size)}, SHA-256 ",
            code(source.sha256[:16] or "not readable"),
        )
        for source in export.sources
    )
    check = line(how, code("overnight-tui review --check FILE"), " derives them again.")
    return (line(what), check, *sources)


# --- time and cost ---


def _time_section(review: Review, limits: PageLimits) -> PageSection | None:
    """Where the night went: the timeline, and the sums under it."""
    total = review.time.total
    rows = tuple(
        (
            line(TIME[kind]),
            line(format_duration(seconds)),
            line(f"{100 * seconds / total:.0f} %"),
        )
        for kind, seconds in time_by_kind(review.time)
        if seconds >= 1
    )
    if not rows:
        return None
    head = ("What", "Time", "Share")
    sums = Table(f"Where {format_duration(total)} went", head, rows, frozenset({1, 2}))
    blocks: tuple[Block, ...] = (TimelineSlot(), sums)
    if review.stalls:
        lines = [
            line(f"{stall.kind.replace('_', ' ')}: ", clip("; ".join(stall.evidence[:3]), limits))
            for stall in review.stalls
        ]
        blocks += (Paragraph(line("Stalls and loops:")), bullets(lines, limits))
    return PageSection("time", "Where the night went", blocks)


def _cost_section(review: Review, limits: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """What it cost with its source, by model and by hour, and what was wasted."""
    cost = review.cost
    if cost.usd is None and not cost.by_model and not review.wasted:
        return None
    rest = f": {cost.reason}."
    if cost.per_hour:
        rest += f" {format_money_long(cost.per_hour)} an hour in the last hour of work."
    if cost.priced_on and cost.source != "result":
        rest += f" Prices of {cost.priced_on}."
    blocks: list[Block] = [Paragraph(line(strong(cost_text(cost)), rest))]
    if cost.by_model:
        blocks.append(_models(review, limits))
    if cost.by_hour:
        rows = [
            (line(f"from {zone.clock(hour.start)}"), line(format_money_long(hour.usd)))
            for hour in cost.by_hour
        ]
        blocks.append(table("Cost by hour", ("Hour", "Cost"), rows, limits, {1}))
    if review.wasted:
        blocks.append(_wasted(review.wasted, limits))
    return PageSection("cost", "Cost", tuple(blocks))


def _models(review: Review, limits: PageLimits) -> Table:
    rows = [
        (
            line(code(model.model)),
            line(f"{model.responses:,}"),
            line(f"{model.usage.context:,}"),
            line(f"{model.usage.output:,}"),
            line(format_money_long(model.usd)),
        )
        for model in review.cost.by_model
    ]
    head = ("Model", "Answers", "Tokens in", "Tokens out", "Cost")
    return table("Cost by model", head, rows, limits, {1, 2, 3, 4})


def _wasted(wasted: Sequence[WasteItem], limits: PageLimits) -> Table:
    rows = [
        (
            line(WASTES[item.kind]),
            line(clip(item.what, limits), " ", *evidence_places((item.ref,))),
            line(format_duration(item.seconds)),
            line(format_money_long(item.usd)),
        )
        for item in wasted
    ]
    head = ("Wasted on", "What", "Time", "Cost")
    return table("What bought nothing", head, rows, limits, {2, 3})


def _timeline_section(
    review: Review, limits: PageLimits, zone: ExportTimeZone
) -> PageSection | None:
    """What mattered, in order; the last of them where there are too many."""
    moments = review.moments
    if not moments:
        return None
    lines = tuple(
        line(
            code(zone.clock(moment.at)),
            " ",
            strong(MOMENTS[moment.kind]),
            f": {clip(moment.label, limits)}",
            f" ({format_duration(moment.seconds)})" if moment.seconds is not None else "",
        )
        for moment in moments[-limits.rows :]
    )
    shown = BulletList(lines, more=len(moments) - len(lines))
    return PageSection("timeline", "Timeline", (shown,), folded=True)
