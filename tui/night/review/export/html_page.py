"""The page of a review as HTML with its style."""

from __future__ import annotations

from itertools import groupby
from typing import Final, assert_never

from tui.night.review.export import blocks
from tui.night.review.export.blocks import Inline, Line, html_row, html_text
from tui.night.review.export.figures_json import figures_comment
from tui.night.review.export.page import build_page
from tui.night.review.export.redacted import Export
from tui.night.review.export.timeline_svg import DARK, LIGHT, NARROW, STYLE, render_timeline
from tui.night.review.export.wording import ExportTimeZone
from tui.system.format import format_count

CSS: Final = (
    f":root{{color-scheme:light dark;{LIGHT};--raised:#f5f7f9;--add:#e4f3ea;--cut:#fbe9e7;"
    "--warn-paper:#fbf1dc;--dim-paper:#eceff2;--link:#23567d}"
    f"@media (prefers-color-scheme:dark){{:root{{{DARK};--raised:#1b2027;--add:#17302a;"
    "--cut:#3a201f;--warn-paper:#352c18;--dim-paper:#262d35;--link:#8cc4ec}}"
    """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:61rem;padding:2.5rem 1.25rem 3rem;background:var(--paper);
color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",
sans-serif;overflow-wrap:anywhere}
h1,h2{line-height:1.25;font-weight:650;text-wrap:balance}
h1{font-size:1.75rem;margin:.1rem 0 .35rem}
h2{font-size:1.15rem;margin:2.4rem 0 .7rem;padding-top:.9rem;border-top:1px solid var(--line)}
p,ul,ol,dl,table,pre{margin:.6rem 0}
ul,ol{padding-left:1.35rem}
li{margin:.28rem 0}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",
"DejaVu Sans Mono",monospace}
code{color:var(--soft)}
a{color:var(--link);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.over{margin:0;color:var(--soft);font-size:.9rem}
.verdict{display:inline-flex;gap:.5rem;align-items:center;margin:.6rem 0;padding:.4rem .9rem;
border-radius:.5rem;border:1.5px solid currentColor;font-weight:650;font-size:1.08rem}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.dim{color:var(--soft)}
.person{color:var(--person)}
.verdict.good{background:var(--add)}.verdict.bad{background:var(--cut)}
.verdict.warn{background:var(--warn-paper)}
.reasons{font-size:1.04rem}
.badge{display:inline-block;padding:0 .45em;border-radius:.35em;font-size:.86em;line-height:1.55;
font-weight:600;white-space:nowrap}
.badge.good{background:var(--add)}.badge.bad{background:var(--cut)}
.badge.warn{background:var(--warn-paper)}.badge.dim{background:var(--dim-paper)}
.facts{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:1px;margin:1.4rem 0;
background:var(--line);border:1px solid var(--line);border-radius:.5rem;overflow:hidden}
.facts div{background:var(--raised);padding:.7rem .9rem}
.facts dt{color:var(--soft);font-size:.84rem}
.facts dd{margin:.1rem 0 0;font-size:.94rem}
nav{font-size:.9rem}
nav li{margin:0}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0}
.strip svg{display:block;max-width:100%;height:auto}
.strip .slim{display:none}
.tables{display:flex;flex-wrap:wrap;gap:0 2.5rem;align-items:flex-start}
table{border-collapse:collapse;width:100%;font-size:.93rem}
table.short{width:auto;min-width:22rem}
caption{text-align:left;color:var(--soft);font-size:.88rem;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.42rem .9rem .42rem 0;
border-top:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-weight:600;font-size:.84rem;border-top:0}
tbody th{font-weight:500}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.number+:not(.number){padding-left:1.2rem}
.more{color:var(--soft);font-style:italic}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
details{margin:.7rem 0}
summary{cursor:pointer;padding:.2rem 0}
section.folded>details>summary{font-size:1.15rem;font-weight:650}
section.folded{margin-top:1.6rem;padding-top:1rem;border-top:1px solid var(--line)}
section.folded h2{display:inline;margin:0;padding:0;border:0}
pre{background:var(--raised);border:1px solid var(--line);border-radius:.4rem;padding:.6rem 0;
overflow-x:auto;tab-size:4}
pre code{display:block;min-width:max-content;color:var(--ink)}
pre span,pre ins,pre del{display:block;padding:0 .9rem;text-decoration:none;min-height:1.5em}
pre ins{background:var(--add)}pre del{background:var(--cut)}
pre .where{color:var(--soft)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);
font-size:.84rem}
footer ul{list-style:none;padding:0}
@media (max-width:44rem){
body{padding:1.4rem 1rem 2rem}
h1{font-size:1.45rem}
.facts{grid-template-columns:minmax(0,1fr)}
.facts div{display:grid;grid-template-columns:5.2rem minmax(0,1fr);padding:.5rem .8rem}
.facts dt{padding-top:.1rem}.facts dd{margin:0}
.strip .broad{display:none}.strip .slim{display:block}
table.short{width:100%}
table.short{min-width:0}
table.long,table.long caption,table.long tbody{display:block}
table.long thead{position:absolute;clip-path:inset(50%);height:1px;width:1px;overflow:hidden}
table.long tr{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem;padding:.55rem 0;
border-top:1px solid var(--line)}
table.long th,table.long td{display:grid;grid-template-columns:5.6rem minmax(0,1fr);
grid-column:1/-1;border:0;padding:.08rem 0;text-align:left;white-space:normal}
table.long th{display:block;font-weight:600;padding-bottom:.2rem}
table.long td.number{grid-column:auto}
table.long .number+:not(.number){padding-left:0}
table.long td::before{content:attr(data-label);color:var(--soft);font-size:.86rem}
pre code{min-width:0;white-space:pre-wrap}
pre span,pre ins,pre del{padding-left:1.9rem;text-indent:-1.1rem}
}
@media print{
body{max-width:none;padding:0;font-size:10.5pt}
nav{display:none}
tr,li,.facts div,details.hunk{break-inside:avoid}
h2{break-after:avoid}
}
"""
).replace("\n", "") + STYLE
"""One style sheet; the page fetches none."""
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SHORT: Final = 3
_FIGURES: Final = 2 << 20


def render_html(export: Export) -> str:
    """The review as HTML; `export` is redacted already, and no text in it can become markup."""
    shown = build_page(export, blocks.PageLimits())
    review, zone = export.review, ExportTimeZone(export.zone_s)
    timelines = (
        f'<div class="broad">{render_timeline(review.timeline, review.time, zone=zone, alone=False)}</div>'
        '<div class="slim">'
        f"{render_timeline(review.timeline, review.time, NARROW, zone, name='slim', alone=False)}</div>"
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
    footer = f"<footer><ul>{_list_items(shown.footer)}</ul></footer>"
    body = "\n".join((_header(shown), _main(shown, timelines), footer))
    return f"{head}{body}\n</body>\n</html>\n{figures_comment(export, _FIGURES)}"


def _header(shown: blocks.ReviewPage) -> str:
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


def _main(shown: blocks.ReviewPage, timelines: str) -> str:
    links = "".join(
        f'<li><a href="#{part.id}">{html_text(part.title)}</a></li>' for part in shown.sections
    )
    nav = f'<nav aria-label="On this page"><ul>{links}</ul></nav>\n' if links else ""
    return f"{nav}<main>\n{''.join(_section(part, timelines) for part in shown.sections)}</main>"


def _section(section: blocks.PageSection, timelines: str) -> str:
    title = f"<h2>{html_text(section.title)}</h2>"
    body = _blocks(section, timelines)
    if section.folded:
        inner = f"<details><summary>{title}</summary>\n{body}</details>"
        return f'<section class="folded" id="{section.id}">{inner}</section>\n'
    return f'<section id="{section.id}">{title}\n{body}</section>\n'


def _blocks(section: blocks.PageSection, timelines: str) -> str:
    """The blocks in order; short tables in a row stand side by side where there is room."""
    parts: list[str] = []
    for is_short, group in groupby(section.blocks, _is_short_table):
        drawn = [_block(block, timelines) for block in group]
        text = "".join(drawn)
        is_beside = is_short and len(drawn) > 1
        parts.append(f'<div class="tables">{text}</div>\n' if is_beside else text)
    return "".join(parts)


def _is_short_table(block: blocks.Block) -> bool:
    return isinstance(block, blocks.Table) and len(block.head) <= _SHORT


def _block(block: blocks.Block, timelines: str) -> str:
    match block:
        case blocks.Paragraph(line):
            return f"<p>{_line(line)}</p>\n"
        case blocks.BulletList():
            kind, rows = "ol" if block.ordered else "ul", _list_items(block.lines)
            shown = f"<{kind}>{rows}</{kind}>\n" if rows else ""
            return shown + _more(block.more, bool(rows))
        case blocks.FactList():
            return _facts(block)
        case blocks.Table():
            return _table(block)
        case blocks.DiffBlock():
            return _diff(block)
        case blocks.TimelineSlot():
            return f'<div class="strip">{timelines}</div>\n'
        case _:
            assert_never(block)


def _list_items(lines: tuple[Line, ...]) -> str:
    return "".join(f"<li>{_line(row)}</li>" for row in lines)


def _facts(facts: blocks.FactList) -> str:
    rows = (
        f"<div><dt>{html_text(name)}</dt><dd>{_line(what)}</dd></div>" for name, what in facts.rows
    )
    return f'<dl class="facts">{"".join(rows)}</dl>'


def _table(table: blocks.Table) -> str:
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


def _cells(table: blocks.Table, row: tuple[Line, ...]) -> str:
    first, *others = row
    cells = [f'<th scope="row" role="rowheader">{_line(first)}</th>']
    cells += [
        f'<td role="cell" data-label="{html_text(table.head[place])}"{_number(table, place)}>'
        f"<span>{_line(cell)}</span></td>"
        for place, cell in enumerate(others, 1)
    ]
    return "".join(cells)


def _number(table: blocks.Table, place: int) -> str:
    return ' class="number"' if place in table.numbers else ""


def _diff(diff: blocks.DiffBlock) -> str:
    rows = [f'<span class="where">{html_row(diff.heading)}</span>']
    for row in diff.lines:
        kind = {"+": "ins", "-": "del"}.get(row[:1], "span")
        rows.append(f"<{kind}>{html_row(row)}</{kind}>")
    opened = " open" if diff.open else ""
    return (
        f'<details class="hunk"{opened}><summary>{_line(diff.title)}</summary>'
        f"<pre><code>{''.join(rows)}</code></pre>{_more(diff.more, True, 'line')}</details>\n"
    )


def _more(more: int, after: bool, noun: str = "") -> str:
    """How much was left out, shown where it would stand."""
    if not more:
        return ""
    count = format_count(more, noun) if noun else f"{more:,}"
    words = f"and {count} more" if after else count
    return f'<p class="more">{words}, not shown here</p>\n'


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
