"""The review as a page, before any format."""

from __future__ import annotations

from typing import Final

from tui.model.labels import ENDINGS, MOMENTS, SEVERITIES, SIGNS, TIME, VERDICTS, WASTES
from tui.model.review import Review, Verdict, WasteItem
from tui.night.review.export.blocks import (
    Block,
    BulletList,
    FactList,
    Inline,
    Line,
    PageLimits,
    PageSection,
    Paragraph,
    ReviewPage,
    Table,
    TimelineSlot,
    Tone,
    code,
    line,
    strong,
    plain,
)
from tui.night.review.export.page_sections import (
    claims_section,
    clip,
    commits_section,
    interventions_section,
    look_section,
    points_section,
    refs,
    risks_section,
    task_words,
    tasks_section,
    tests_line,
    tests_section,
)
from tui.night.review.export.redacted import Export
from tui.night.review.export.wording import (
    ExportTimeZone,
    time_by_kind,
    cost_text,
    night_end,
    project_name,
    source_place,
    night_start,
)
from tui.system.format import format_count, format_duration, format_money_long, format_size_long


def time_section(review: Review, amounts: PageLimits) -> PageSection | None:
    """Where the night went: the strip, and the sums under it."""
    time = review.time
    rows = tuple(
        (
            line(TIME[kind]),
            line(format_duration(seconds)),
            line(f"{100 * seconds / time.total:.0f} %"),
        )
        for kind, seconds in time_by_kind(time)
        if seconds >= 1
    )
    if not rows:
        return None
    caption = f"Where {format_duration(time.total)} went"
    blocks: tuple[Block, ...] = (
        TimelineSlot(),
        Table(caption, ("What", "Time", "Share"), rows, frozenset({1, 2})),
    )
    if review.stalls:
        lines = tuple(
            line(f"{stall.kind.replace('_', ' ')}: ", clip("; ".join(stall.evidence[:3]), amounts))
            for stall in review.stalls
        )
        shown = lines[: amounts.rows]
        blocks += (
            Paragraph(line("Stalls and loops:")),
            BulletList(shown, more=len(lines) - len(shown)),
        )
    return PageSection("time", "Where the night went", blocks)


def cost_line(review: Review) -> Line:
    """The night's cost, what it rests on, by task, and how much of it was wasted."""
    cost = review.cost
    parts = [f" ({cost.source})"] if cost.usd is not None else []
    if review.cost_per_task is not None:
        parts.append(f", {format_money_long(review.cost_per_task)} per finished task")
    if review.wasted_usd:
        parts.append(f", {format_money_long(review.wasted_usd)} wasted")
    return line(strong(cost_text(cost)), "".join(parts))


def cost_section(review: Review, amounts: PageLimits, zone: ExportTimeZone) -> PageSection | None:
    """What it cost with its source, by model and by hour, and what was wasted."""
    cost = review.cost
    if cost.usd is None and not cost.by_model and not review.wasted:
        return None
    burn = (
        f" {format_money_long(cost.per_hour)} an hour in the last hour of work."
        if cost.per_hour
        else ""
    )
    priced = f" Prices of {cost.priced_on}." if cost.priced_on and cost.source != "result" else ""
    told = Paragraph(line(strong(cost_text(cost)), f": {cost.reason}.{burn}{priced}"))
    blocks: list[Block] = [told]
    if cost.by_model:
        blocks.append(_models(review, amounts))
    if cost.by_hour:
        hours = cost.by_hour
        rows = tuple(
            (line(f"from {zone.clock(hour.start)}"), line(format_money_long(hour.usd)))
            for hour in hours[: amounts.rows]
        )
        more = len(hours) - len(rows)
        blocks.append(Table("Cost by hour", ("Hour", "Cost"), rows, frozenset({1}), more))
    if review.wasted:
        blocks.append(_wasted(review.wasted, amounts))
    return PageSection("cost", "Cost", tuple(blocks))


def _models(review: Review, amounts: PageLimits) -> Table:
    models = review.cost.by_model
    rows = tuple(
        (
            line(code(one.model)),
            line(f"{one.responses:,}"),
            line(f"{one.usage.context:,}"),
            line(f"{one.usage.output:,}"),
            line(format_money_long(one.usd)),
        )
        for one in models[: amounts.rows]
    )
    head = ("Model", "Answers", "Tokens in", "Tokens out", "Cost")
    more = len(models) - len(rows)
    return Table("Cost by model", head, rows, frozenset({1, 2, 3, 4}), more)


def _wasted(wasted: tuple[WasteItem, ...], amounts: PageLimits) -> Table:
    rows = tuple(
        (
            line(WASTES[one.kind]),
            line(clip(one.what, amounts), " ", *refs(() if one.ref is None else (one.ref,))),
            line(format_duration(one.seconds)),
            line(format_money_long(one.usd)),
        )
        for one in wasted[: amounts.rows]
    )
    head = ("Wasted on", "What", "Time", "Cost")
    return Table("What bought nothing", head, rows, frozenset({2, 3}), len(wasted) - len(rows))


def timeline_section(
    review: Review, amounts: PageLimits, zone: ExportTimeZone
) -> PageSection | None:
    """What mattered, in order; the last of them where there are too many."""
    moments = review.moments
    if not moments:
        return None
    shown = moments[-amounts.rows :]
    lines = tuple(
        line(
            code(zone.clock(moment.at)),
            " ",
            strong(MOMENTS[moment.kind]),
            f": {clip(moment.label, amounts)}",
            plain(f" ({format_duration(moment.seconds)})" if moment.seconds is not None else ""),
        )
        for moment in shown
    )
    items = BulletList(lines, more=len(moments) - len(shown))
    return PageSection("timeline", "Timeline", (items,), folded=True)


_TONES: Final[dict[Verdict, Tone]] = {"keep": "good", "look": "warn", "discard": "bad"}


def build_page(export: Export, amounts: PageLimits) -> ReviewPage:
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
    start = night_start(review)
    if start is None:
        return ""
    end = night_end(review)
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
    since = (plain(" since "), code(review.base[:10])) if review.base else ()
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
