"""Everything about one event, part by part, however long it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from tui.records import EventDetail, DetailPart
from widgets.cells import cells, visible
from widgets.document_view import DocumentView
from widgets.documents import RowDocument, LaidOutDocument, DocumentStack, WrappedText
from widgets.glyphs import glyphs
from widgets.ink import Line
from widgets.layout import wrap
from widgets.text_view import markdown_document
from widgets.tints import AnsiTint, CodeHighlighter, DiffHighlighter, coloured_lines

PRETTY: Final = 512_000
"""Characters of JSON that are set out; a longer text is shown as it is."""


def _headline(title: str) -> RowDocument:
    def build(width: int) -> Sequence[Line]:
        rule = glyphs().empty
        words = f" {visible(title)} "
        rest = max(0, width - 2 - cells(words))
        return [[], [(rule * 2, "faint"), (words, "heading"), (rule * rest, "faint")]]

    return LaidOutDocument(build)


def _facts(facts: Sequence[tuple[str, str]]) -> RowDocument:
    def build(width: int) -> Sequence[Line]:
        column = min(16, max((cells(visible(name)) for name, _ in facts), default=0))
        rows: list[Line] = []
        for name, value in facts:
            room = max(8, width - column - 2)
            for nth, row in enumerate(wrap([(visible(value), "text")], room)):
                label = visible(name) if nth == 0 else ""
                rows.append([(label.ljust(column)[:column] + "  ", "dim"), *row])
        return rows

    return LaidOutDocument(build)


def _pretty(text: str) -> str:
    """JSON set out over lines; what is no JSON, or too much of it, stays as it is."""
    if len(text) > PRETTY:
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def part_document(part: DetailPart) -> RowDocument:
    """One part as a document in its own style."""
    if part.style == "markdown":
        return markdown_document(part.text)
    if part.style == "ansi":
        lines = coloured_lines(part.text, part.spans)
        return WrappedText("\n".join(line.text for line in lines), AnsiTint(lines))
    if part.style == "diff":
        return _tinted(part.text, "diff")
    if part.style == "json":
        return _tinted(_pretty(part.text), "json")
    if part.style == "code":
        return _tinted(part.text, "code")
    return WrappedText(part.text)


def _tinted(text: str, style: str) -> RowDocument:
    document = WrappedText(text, numbered=style == "code")
    if style == "diff":
        document.style = DiffHighlighter(document.lines)
    else:
        document.style = CodeHighlighter(document.lines, json=style == "json")
    return document


def detail_document(detail: EventDetail) -> RowDocument:
    """The title, the facts, and each part under its own title."""
    title = LaidOutDocument(lambda width: wrap([(visible(detail.title), "strong")], width))
    parts: list[RowDocument] = [title]
    if detail.facts:
        parts.append(_facts(detail.facts))
    for part in detail.parts:
        if part.title:
            parts.append(_headline(part.title))
        parts.append(part_document(part))
    return DocumentStack(parts)


class DetailView(DocumentView):
    """Shows a `Detail`; a text of any length opens at once."""

    def show(self, detail: EventDetail | None) -> None:
        """Show this event; None empties the view."""
        self.set_document(None if detail is None else detail_document(detail))
