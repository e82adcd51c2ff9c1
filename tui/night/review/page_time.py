"""Where time and money went, and the timeline of what mattered."""

from __future__ import annotations

from tui.model.labels import MOMENTS, TIME, WASTES
from tui.night.review.blocks import (
    PageLimits,
    Block,
    BulletList,
    Line,
    Paragraph,
    PageSection,
    TimelineSlot,
    Table,
    code,
    line,
    strong,
    words,
)
from tui.night.review.model import Review, WasteItem
from tui.night.review.page_trust import clip, refs
from tui.night.review.wording import ExportTimeZone, by_kind, cost_words
from tui.system.format import format_duration, format_money_long


def time_section(review: Review, amounts: PageLimits) -> PageSection | None:
    """Where the night went: the strip, and the sums under it."""
    time = review.time
    rows = tuple(
        (
            line(TIME[kind]),
            line(format_duration(seconds)),
            line(f"{100 * seconds / time.total:.0f} %"),
        )
        for kind, seconds in by_kind(time)
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
        blocks += (Paragraph(line("Stalls and loops:")), BulletList(shown, more=len(lines) - len(shown)))
    return PageSection("time", "Where the night went", blocks)


def cost_line(review: Review) -> Line:
    """The night's cost, what it rests on, by task, and how much of it was wasted."""
    cost = review.cost
    parts = [f" ({cost.source})"] if cost.usd is not None else []
    if review.cost_per_task is not None:
        parts.append(f", {format_money_long(review.cost_per_task)} per finished task")
    if review.wasted_usd:
        parts.append(f", {format_money_long(review.wasted_usd)} wasted")
    return line(strong(cost_words(cost)), "".join(parts))


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
    told = Paragraph(line(strong(cost_words(cost)), f": {cost.reason}.{burn}{priced}"))
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


def timeline_section(review: Review, amounts: PageLimits, zone: ExportTimeZone) -> PageSection | None:
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
            words(f" ({format_duration(moment.seconds)})" if moment.seconds is not None else ""),
        )
        for moment in shown
    )
    items = BulletList(lines, more=len(moments) - len(shown))
    return PageSection("timeline", "Timeline", (items,), folded=True)
