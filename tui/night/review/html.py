"""The review as one HTML file: it fetches nothing, runs nothing, and reads on a phone."""

from __future__ import annotations

from typing import Final, assert_never

from tui.night.review.blocks import (
    PageLimits,
    Inline,
    Block,
    DiffBlock,
    FactList,
    BulletList,
    Line,
    ReviewPage,
    Paragraph,
    PageSection,
    TimelineSlot,
    Table,
)
from tui.night.review.embedded import comment
from tui.night.review.escape import html_row, html_text
from tui.night.review.export import Export
from tui.night.review.html_style import CSS
from tui.night.review.page import page
from tui.night.review.strip_svg import NARROW, strip_svg
from tui.night.review.wording import ExportTimeZone
from tui.system.format import format_count

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_AMOUNTS: Final = PageLimits()
_SHORT: Final = 3
_FIGURES: Final = 2 << 20


def html(export: Export) -> str:
    """The review as HTML; `export` is redacted already, and no text in it can become markup."""
    shown = page(export, _AMOUNTS)
    review, zone = export.review, ExportTimeZone(export.zone_s)
    strips = (
        f'<div class="broad">{strip_svg(review.timeline, review.time, zone=zone, alone=False)}</div>'
        '<div class="slim">'
        f"{strip_svg(review.timeline, review.time, NARROW, zone, name='slim', alone=False)}</div>"
    )
    title = f"{html_text(shown.project)}: {html_text(shown.verdict.text.lower())}"
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{title}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
    )
    body = "\n".join((_header(shown), _main(shown, strips), _footer(shown)))
    return f"{head}{body}\n</body>\n</html>\n{comment(export, _FIGURES)}"


def _header(shown: ReviewPage) -> str:
    reasons = "".join(f"<li>{html_text(reason)}</li>" for reason in shown.reasons)
    when = f" of {html_text(shown.when)}" if shown.when else ""
    goal = f"<p><strong>Goal</strong> {html_text(shown.goal)}</p>" if shown.goal else ""
    verdict = shown.verdict
    return (
        f'<header>\n<p class="over">{html_text(shown.title)}{when}</p>\n'
        f"<h1>{html_text(shown.project)}</h1>\n{goal}\n"
        f'<p class="verdict {verdict.tone}"><span aria-hidden="true">{html_text(verdict.sign)}</span>'
        f'<span><span class="unseen">Verdict: </span>{html_text(verdict.text)}</span></p>\n'
        f'<ul class="reasons">{reasons}</ul>\n<p>{_line(shown.ending)}</p>\n'
        f"{_facts(shown.facts)}\n</header>"
    )


def _main(shown: ReviewPage, strips: str) -> str:
    links = "".join(
        f'<li><a href="#{part.id}">{html_text(part.title)}</a></li>' for part in shown.sections
    )
    nav = f'<nav aria-label="On this page"><ul>{links}</ul></nav>\n' if links else ""
    return f"{nav}<main>\n{''.join(_section(part, strips) for part in shown.sections)}</main>"


def _footer(shown: ReviewPage) -> str:
    rows = "".join(f"<li>{_line(row)}</li>" for row in shown.footer)
    return f"<footer><ul>{rows}</ul></footer>"


def _section(section: PageSection, strips: str) -> str:
    title = f"<h2>{html_text(section.title)}</h2>"
    body = _blocks(section.blocks, strips)
    if section.folded:
        inner = f"<details><summary>{title}</summary>\n{body}</details>"
        return f'<section class="folded" id="{section.id}">{inner}</section>\n'
    return f'<section id="{section.id}">{title}\n{body}</section>\n'


def _blocks(blocks: tuple[Block, ...], strips: str) -> str:
    """The blocks in order; short tables in a row stand side by side where there is room."""
    drawn: list[str] = []
    beside: list[str] = []
    for block in blocks:
        if isinstance(block, Table) and len(block.head) <= _SHORT:
            beside.append(_table(block))
            continue
        if beside:
            drawn.append(_side_by_side(beside))
            beside = []
        drawn.append(_block(block, strips))
    if beside:
        drawn.append(_side_by_side(beside))
    return "".join(drawn)


def _side_by_side(tables: list[str]) -> str:
    return tables[0] if len(tables) == 1 else f'<div class="tables">{"".join(tables)}</div>\n'


def _block(block: Block, strips: str) -> str:
    match block:
        case Paragraph(line):
            return f"<p>{_line(line)}</p>\n"
        case BulletList():
            return _items(block)
        case FactList():
            return _facts(block)
        case Table():
            return _table(block)
        case DiffBlock():
            return _diff(block)
        case TimelineSlot():
            return f'<div class="strip">{strips}</div>\n'
        case _:
            assert_never(block)


def _items(block: BulletList) -> str:
    kind = "ol" if block.ordered else "ul"
    rows = "".join(f"<li>{_line(row)}</li>" for row in block.lines)
    return (f"<{kind}>{rows}</{kind}>\n" if rows else "") + _more(block.more, bool(rows))


def _facts(facts: FactList) -> str:
    rows = (
        f"<div><dt>{html_text(name)}</dt><dd>{_line(what)}</dd></div>" for name, what in facts.rows
    )
    return f'<dl class="facts">{"".join(rows)}</dl>'


def _table(table: Table) -> str:
    """A table that keeps its meaning when a phone stacks its rows."""
    look = "short" if len(table.head) <= _SHORT else "long"
    unseen = ' class="unseen"' if table.quiet else ""
    head = "".join(
        f'<th scope="col" role="columnheader"{_number(table, place)}>{html_text(name)}</th>'
        for place, name in enumerate(table.head)
    )
    rows = "".join(f'<tr role="row">{_cells(table, row)}</tr>' for row in table.rows)
    caption = f"<caption><span{unseen}>{html_text(table.caption)}</span></caption>"
    return (
        f'<table class="{look}" role="table">{caption}'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>\n{_more(table.more, bool(rows))}'
    )


def _cells(table: Table, row: tuple[Line, ...]) -> str:
    first, *others = row
    cells = [f'<th scope="row" role="rowheader">{_line(first)}</th>']
    cells += [
        f'<td role="cell" data-label="{html_text(table.head[place])}"{_number(table, place)}>'
        f"<span>{_line(cell)}</span></td>"
        for place, cell in enumerate(others, 1)
    ]
    return "".join(cells)


def _number(table: Table, place: int) -> str:
    return ' class="number"' if place in table.numbers else ""


def _diff(diff: DiffBlock) -> str:
    rows = [f'<span class="where">{html_row(diff.heading)}</span>']
    for row in diff.lines:
        kind = {"+": "ins", "-": "del"}.get(row[:1], "span")
        rows.append(f"<{kind}>{html_row(row)}</{kind}>")
    opened = " open" if diff.open else ""
    return (
        f'<details class="hunk"{opened}><summary>{_line(diff.title)}</summary>'
        f"<pre><code>{''.join(rows)}</code></pre>{_more(diff.more, True, 'line')}</details>\n"
    )


def _more(more: int, after: bool, one: str = "") -> str:
    """What was left out, said where it would stand."""
    if not more:
        return ""
    told = format_count(more, one) if one else f"{more:,}"
    return f'<p class="more">{"and " if after else ""}{told}{" more" if after else ""}, not shown here</p>\n'


def _line(line: Line) -> str:
    return "".join(_bit(bit) for bit in line)


def _bit(bit: Inline) -> str:
    text = html_text(bit.text)
    start = " " if bit.text[:1].isspace() else ""
    end = " " if bit.text[-1:].isspace() and text else ""
    if bit.form == "code":
        text = f"<code>{text}</code>"
    elif bit.form == "strong":
        text = f"<strong>{text}</strong>"
    elif bit.form == "badge":
        sign = f'<span aria-hidden="true">{html_text(bit.sign)}</span> ' if bit.sign else ""
        text = f'<span class="badge {bit.tone}">{sign}{text}</span>'
    elif bit.tone:
        text = f'<span class="{bit.tone}">{text}</span>'
    return f"{start}{text}{end}"
