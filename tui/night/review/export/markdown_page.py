"""The page of a review as Markdown."""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from tui.night.review.export import blocks
from tui.night.review.export.blocks import (
    Inline,
    Line,
    PageLimits,
    fenced,
    markdown_code,
    markdown_text,
)
from tui.night.review.export.figures_json import figures_comment
from tui.night.review.export.page import build_page
from tui.night.review.export.redacted import Export
from tui.system.format import format_count

MOST: Final = 60_000
"""Bytes: a pull request's text ends a little above 65,000 characters."""
_STEPS: Final = (
    PageLimits(rows=60, hunks=12, hunk_lines=24, text=300),
    PageLimits(rows=30, hunks=8, hunk_lines=12, text=200),
    PageLimits(rows=15, hunks=5, hunk_lines=8, text=160),
    PageLimits(rows=8, hunks=3, hunk_lines=6, text=120),
    PageLimits(rows=4, hunks=1, hunk_lines=4, text=80),
)


def render_markdown(export: Export, most: int = MOST) -> str:
    """The review as Markdown of at most `most` bytes; what does not fit is counted where it stood.

    `export` is redacted already. No text in it can become markup, a link, a picture or a mention.
    The figures follow as a comment, which no reader sees and `review --check` reads.
    """
    text = _fitting(export, most * 3 // 5)
    return f"{text}\n{figures_comment(export, most - len(text.encode()) - 1)}"


def render_github(export: Export, most: int = MOST) -> str:
    """The review as a comment of a pull request: what to look at first, all else collapsed, no figures."""
    text = ""
    for limits in _STEPS:
        page = build_page(export, limits, has_figures=False)
        folded = tuple(replace(one, folded=one.id != "look") for one in page.sections)
        text = _drawn(replace(page, sections=folded))
        if len(text.encode()) <= most:
            return text
    return _cut(text, most)


def _fitting(export: Export, most: int) -> str:
    text = ""
    for limits in _STEPS:
        text = _drawn(build_page(export, limits))
        if len(text.encode()) <= most:
            return text
    return _cut(text, most)


def _cut(text: str, most: int) -> str:
    note = "\n\n*Cut here: the rest does not fit.*\n"
    kept = text.encode()[: most - len(note)].decode("utf-8", "ignore")
    return kept.rpartition("\n\n")[0] + note


def _drawn(shown: blocks.ReviewPage) -> str:
    lines = [
        f"## {_line((shown.verdict,))} — {markdown_text(shown.project)}",
        "",
        f"{shown.title}{f' of {markdown_text(shown.when, False)}' if shown.when else ''}.",
        "",
    ]
    if shown.goal:
        lines += [f"**Goal** {markdown_text(shown.goal[:600])}", ""]
    lines += [f"- {markdown_text(reason)}" for reason in shown.reasons]
    lines += ["", _line(shown.ending), "", *_facts(shown.facts)]
    for section in shown.sections:
        lines += ["", *_section(section)]
    lines += ["", "---", ""]
    lines += [f"- <sub>{_line(row)}</sub>" for row in shown.footer]
    return "\n".join(lines) + "\n"


def _section(section: blocks.PageSection) -> list[str]:
    title = markdown_text(section.title)
    drawn = (_block(block) for block in section.blocks)
    body = [row for rows in drawn if rows for row in ("", *rows)]
    if section.folded:
        return [f"<details><summary>{title}</summary>", *body, "", "</details>"]
    return [f"### {title}", *body]


def _block(block: blocks.Block) -> list[str]:
    match block:
        case blocks.Paragraph():
            return [_line(block.line)]
        case blocks.BulletList():
            return _items(block)
        case blocks.FactList():
            return _facts(block)
        case blocks.Table():
            return _table(block)
        case blocks.DiffBlock():
            rows = (block.heading, *block.lines)
            more = _more(block.more, rows, "line")
            return [_line(block.title), "", *fenced(rows, "diff"), *more]
        case blocks.TimelineSlot():
            return []
        case _:
            assert_never(block)


def _items(block: blocks.BulletList) -> list[str]:
    rows = [
        f"{f'{number}.' if block.ordered else '-'} {_line(row)}"
        for number, row in enumerate(block.lines, 1)
    ]
    return rows + _more(block.more, rows)


def _facts(facts: blocks.FactList) -> list[str]:
    rows = [f"| **{markdown_text(name)}** | {_line(what, True)} |" for name, what in facts.rows]
    return ["| | |", "|---|---|", *rows]


def _table(table: blocks.Table) -> list[str]:
    sides = ["---:" if place in table.numbers else "---" for place in range(len(table.head))]
    head = " | ".join(markdown_text(name) for name in table.head)
    rows = [f"| {' | '.join(_line(cell, True) for cell in row)} |" for row in table.rows]
    caption = [] if table.quiet else [f"{markdown_text(table.caption)}:", ""]
    body = [f"| {head} |", f"|{'|'.join(sides)}|", *rows]
    return [*caption, *body, *_more(table.more, rows)]


def _more(more: int, before: object, noun: str = "") -> list[str]:
    """How much was left out, shown where it would stand."""
    if not more:
        return []
    count = format_count(more, noun) if noun else f"{more:,}"
    return ["", f"*and {count} more, not shown here*"] if before else [f"*{count} not shown here*"]


def _line(line: Line, in_table: bool = False) -> str:
    text = ""
    for bit in line:
        text += _bit(bit, in_table, first=not in_table and not text.strip())
    return text.strip()


def _bit(bit: Inline, in_table: bool, first: bool) -> str:
    if bit.form == "code":
        return markdown_code(bit.text, in_table)
    # Blanks at the edges part a bit from its neighbours; inside strong they would undo it.
    start = " " if bit.text[:1].isspace() else ""
    end = " " if bit.text[-1:].isspace() and bit.text.strip() else ""
    is_plain = bit.form == "text"
    text = markdown_text(bit.text, first and is_plain)
    if not text or is_plain:
        return f"{start}{text}{end}"
    sign = f"{markdown_text(bit.sign, False)} " if bit.sign else ""
    return f"{start}**{sign}{text}**{end}"
