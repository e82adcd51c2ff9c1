"""Everything about one event: facts and texts, with colours."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, cast

from rich.style import Style

from tui.model.rows import DetailPart, EventDetail
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, text_of
from widgets.line_layout import wrap
from widgets.text.documents import (
    DocumentStack,
    DocumentView,
    LaidOutDocument,
    RowDocument,
    Styler,
    WrappedText,
)
from widgets.text.markdown_view import markdown_document
from widgets.text_cells import cells, visible

if TYPE_CHECKING:
    from tui.system.sgr import StyledSpan


_KEYWORDS: Final = (
    "and|as|assert|async|await|break|case|catch|class|const|continue|def|default|defer|del|do|elif|"
    "else|end|enum|esac|except|export|extends|fi|finally|fn|for|from|func|function|go|if|impl|"
    "import|in|interface|is|lambda|let|match|mod|mut|new|nil|None|not|null|or|package|pass|pub|"
    "raise|return|self|static|struct|super|switch|then|this|throw|trait|True|true|False|false|try|"
    "type|use|using|var|void|while|with|yield"
)
CODE: Final = re.compile(
    r"(?P<dim>(?:^|(?<=\s))(?:\#(?!\[)|//|--\s).*$)"
    r"|(?P<string>\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'|`[^`]*`?)"
    rf"|(?P<label>\b(?:{_KEYWORDS})\b)"
    r"|(?P<number>\b(?:0[xX][0-9a-fA-F]+|\d[\d_]*(?:\.\d+)?)\b)"
)
JSON: Final = re.compile(
    r"(?P<label>\"(?:[^\"\\]|\\.)*\"(?=\s*:))"
    r"|(?P<string>\"(?:[^\"\\]|\\.)*\"?)"
    r"|(?P<number>-?\b\d[\d.eE+-]*\b|\btrue\b|\bfalse\b|\bnull\b)"
    r"|(?P<faint>[{}\[\],:])"
)


def code_row(pattern: re.Pattern[str], number: int, line: str, start: int, end: int) -> Line:
    """Comments, strings, keywords and numbers, as the pattern's groups find and name them."""
    text = line[start:end]
    out: list[Span] = []
    at = 0
    for match in pattern.finditer(text):
        if match.start() > at:
            out.append((text[at : match.start()], "text"))
        out.append((match[0], cast("Role", match.lastgroup)))
        at = match.end()
    if at < len(text):
        out.append((text[at:], "text"))
    return out


_DIFF_ROLES: Final[tuple[tuple[tuple[str, ...], Role], ...]] = (
    (("+++", "---", "diff ", "index "), "dim"),
    (("@@",), "hunk"),
    (("+",), "added"),
    (("-", "−"), "removed"),
)


def diff_row(number: int, line: str, start: int, end: int) -> Line:
    """Added and removed lines with their signs; headers and places apart."""
    roles = (role for signs, role in _DIFF_ROLES if line.startswith(signs))
    role: Role = next(roles, "text")
    return [(line[start:end], role)]


_STYLERS: Final[dict[str, Styler]] = {
    "code": partial(code_row, CODE),
    "json": partial(code_row, JSON),
    "diff": diff_row,
}
MAX_SPANS: Final = 20_000
"""Spans drawn of one text; what comes after them keeps its words and loses its colours."""


class SpanHighlighter:
    """The colours that a tool's output brought along; a span may go on over line ends."""

    def __init__(self, text: str, spans: Sequence[StyledSpan]) -> None:
        self.lines: list[list[Span]] = []
        spans = spans[:MAX_SPANS]
        start = first = 0
        for line in text.split("\n"):
            while first < len(spans) and spans[first].end <= start:
                first += 1
            self.lines.append(_coloured(line, start, spans, first))
            start += len(line) + 1

    def __call__(self, number: int, line: str, start: int, end: int) -> Line:
        out: list[Span] = []
        at = 0
        for text, role in self.lines[number]:
            if piece := text[max(0, start - at) : max(0, end - at)]:
                out.append((piece, role))
            at += len(text)
        return out


def _coloured(line: str, start: int, spans: Sequence[StyledSpan], first: int) -> list[Span]:
    """One line that begins at `start`; no span before `first` reaches into it."""
    out: list[Span] = []
    at = 0
    for nth in range(first, len(spans)):  # a slice would copy what is left for every line
        span = spans[nth]
        low, high = max(0, span.start - start), min(len(line), span.end - start)
        if low >= len(line):
            break
        out += [(_drawable(line[at:low]), "text"), (_drawable(line[low:high]), style_of(span))]
        at = high
    return [*out, (_drawable(line[at:]), "text")]


def _drawable(text: str) -> str:
    return visible(text.replace("\t", "    "))


@lru_cache(maxsize=256)
def _style(fg: str, bg: str, *attributes: bool) -> Style:
    names = ("bold", "dim", "italic", "underline", "strike", "reverse")
    switched: dict[str, Any] = {
        name: True for name, on in zip(names, attributes, strict=True) if on
    }
    return Style(color=fg or None, bgcolor=bg or None, **switched)


def style_of(span: StyledSpan) -> Style:
    """How the characters of that span are drawn."""
    return _style(*span[2:])


MAX_PRETTY_JSON: Final = 512_000
"""Characters of JSON that are set out; a longer text is shown as it is."""


def _headline_rows(title: str, width: int) -> Sequence[Line]:
    rule = glyphs().empty
    words = f" {visible(title)} "
    rest = max(0, width - 2 - cells(words))
    return [[], [(rule * 2, "faint"), (words, "heading"), (rule * rest, "faint")]]


def _fact_rows(facts: Sequence[tuple[str, str]], width: int) -> Sequence[Line]:
    column = min(16, max((cells(visible(name)) for name, _ in facts), default=0))
    rows: list[Line] = []
    for name, value in facts:
        for nth, row in enumerate(wrap([(visible(value), "text")], max(8, width - column - 2))):
            label = visible(name) if nth == 0 else ""
            rows.append([(label.ljust(column)[:column] + "  ", "dim"), *row])
    return rows


def _pretty(text: str) -> str:
    """JSON set out over lines; what is no JSON, or too much of it, stays as it is."""
    if len(text) > MAX_PRETTY_JSON:
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
        colours = SpanHighlighter(part.text, part.spans)
        return WrappedText("\n".join(map(text_of, colours.lines)), colours)
    text = _pretty(part.text) if part.style == "json" else part.text
    return WrappedText(text, _STYLERS.get(part.style, "text"), numbered=part.style == "code")


def detail_document(detail: EventDetail) -> RowDocument:
    """The title, the facts, and each part under its own title."""
    title = LaidOutDocument(lambda width: wrap([(visible(detail.title), "strong")], width))
    parts: list[RowDocument] = [title]
    if detail.facts:
        parts.append(LaidOutDocument(partial(_fact_rows, detail.facts)))
    for part in detail.parts:
        if part.title:
            parts.append(LaidOutDocument(partial(_headline_rows, part.title)))
        parts.append(part_document(part))
    return DocumentStack(parts)


QUICKLY_PARSED: Final = 4000
"""Characters of Markdown that are parsed before the next key could be pressed."""


class DetailView(DocumentView):
    """Shows an `EventDetail`; a text of any length opens at once."""

    def show(self, detail: EventDetail) -> None:
        """Show this event, at once unless there is much Markdown to be parsed."""
        markdown = sum(len(part.text) for part in detail.parts if part.style == "markdown")
        if markdown > QUICKLY_PARSED:
            self.build_document(partial(detail_document, detail))
        else:
            self.set_document(detail_document(detail))
