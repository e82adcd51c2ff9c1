"""Markdown laid out in rows, and the notes pane that shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from rich.style import Style

from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, text_of
from widgets.line_layout import wrap
from widgets.text.documents import (
    DocumentStack,
    LaidOutDocument,
    RowDocument,
    WrappedText,
)
from widgets.text_cells import cells, clip, pad, visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_PARSED: Final = 64_000
"""Characters at the end of a text that are parsed; a busy core needs about 10 µs for each."""
MAX_INLINE: Final = 4000
"""Characters of one paragraph in which emphasis and links are looked for."""
HARD_WRAPPED: Final = 60
"""A line this long was broken by its writer for width, so the next one continues it."""
_TASK = re.compile(r"\[([ xX~✓✅✔-])\]\s+")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Imported at the first use: it costs 45 ms, and most starts of the program show no notes.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # Definitions of references would vanish from the pane ("[todo]: buy milk"), and an entity can
    # stand for a character that nobody sees. Inline text is parsed by `_parse_inline`.
    return parser.disable(["reference", "entity", "inline", "text_join"])


def parse_markdown(text: str) -> list[Token]:
    """The blocks of the text; slow enough for a long one to need a thread.

    `meta` of a token says what CommonMark has no place for: `apart` an empty line before it, `task`
    the sign in the box of a list item.
    """
    lines = re.split("\r\n?|\n", text)  # as the parser counts them
    tokens = _parser().parse(text)
    item: Token | None = None
    start = 0
    for token in tokens:
        if token.map and token.map[0] > start:
            start = token.map[0]
            token.meta["apart"] = not lines[start - 1].strip("> \t\r")
        if token.type == "list_item_open":
            item = token
        elif token.type == "inline":
            if item is not None and (box := _TASK.match(token.content)):
                item.meta["task"] = box[1]
                token.content = token.content[box.end() :]
            item = None
            _parse_inline(token)
    return tokens


def _parse_inline(token: Token) -> None:
    # The parser's time grows with the square of what brackets and stars a paragraph has: 20,000
    # brackets take seconds. Only short paragraphs are worth it.
    token.children = [] if len(token.content) <= MAX_INLINE else None
    if token.children is not None:
        _parser().inline.parse(token.content, _parser(), {}, token.children)


def _inline_rows(token: Token, base: Role) -> Iterator[list[Span]]:
    """The spans of a paragraph, one list for each of the lines that its writer meant to be one."""
    lines = iter(token.content.split("\n"))
    if token.children is None:
        for line in lines:
            yield [(line, base)]
        return
    row: list[Span] = []
    for text, role in _inline_spans(token.children, base):
        if text != "\n":
            row.append((text, role))
        elif len(line := next(lines, "")) >= HARD_WRAPPED and not line.endswith(("  ", "\\")):
            row.append((" ", base))
        else:
            yield row
            row = []
    yield row


def _inline_spans(children: Sequence[Token], base: Role) -> Iterator[Span]:
    """The words with their roles; a line end is a span of its own, and a link shows its address."""
    styles: list[str] = []
    link = label = ""
    for child in children:
        kind = child.type.removesuffix("_open").removesuffix("_close")
        if kind in ("softbreak", "hardbreak"):
            yield "\n", base
        elif kind == "image":
            yield child.content, "accent"
            yield f" ({child.attrs['src']})", "faint"
        elif kind == "link":
            if child.nesting < 0 and label != link:
                yield f" ({link})", "faint"
            link, label = str(child.attrs.get("href", "")), ""
        elif child.nesting > 0:
            styles.append(kind)
        elif child.nesting < 0:
            styles.remove(kind)
        elif child.content:
            label += child.content
            yield (
                child.content,
                "code" if kind == "code_inline" else _inline_role(styles, link, base),
            )


def _inline_role(styles: Sequence[str], link: str, base: Role) -> Role | Style:
    if link:
        return "accent"
    if "strong" in styles:
        return "strong"
    if not styles:
        return base
    return Style(italic="em" in styles or None, strike="s" in styles or None)


@dataclass(slots=True)
class _Container:
    """A quote or list item: what stands before its next row, and before those after that."""

    first: Span | None
    rest: Span
    role: Role


class MarkdownLayout:
    """Makes the rows of parsed Markdown at one width, and says of which line each block's rows are."""

    def __init__(self, width: int) -> None:
        self.rows: list[Line] = []
        self.blocks: list[tuple[int, range]] = []
        """The first row of each block with the lines of the text that it shows."""
        self._width = max(8, width)
        self._containers: list[_Container] = []
        self._heading: Role | None = None
        self._table: list[list[str]] = []
        self._lines = self._table_lines = range(0)

    def _add(self, rows: Iterator[Line] | Sequence[Line]) -> None:
        for row in rows:
            lead: list[Span] = []
            for container in self._containers:
                lead.append(container.first or container.rest)
                container.first = None
            self.rows.append([*lead, *row])

    @property
    def _room(self) -> int:
        return max(4, self._width - sum(cells(each.rest[0]) for each in self._containers))

    def _add_empty_row(self) -> None:
        """Empty rows never follow each other, and none comes first."""
        bars = [each.rest for each in self._containers if each.rest[0].strip()]
        if self.rows and text_of(self.rows[-1]).strip(glyphs().branch + " "):
            self.rows.append(bars)

    def add(self, token: Token) -> None:
        """Lay out the next token."""
        if token.meta.get("apart"):
            self._add_empty_row()
        if token.map:
            self._lines = range(token.map[0], token.map[1])
        before = len(self.rows)
        if handler := self._HANDLERS.get(token.type):
            handler(self, token)
        if len(self.rows) > before:
            table = token.type == "table_close"
            self.blocks.append((before, self._table_lines if table else self._lines))

    def _open_quote(self, token: Token) -> None:
        bar: Span = (glyphs().branch + " ", "faint")
        self._containers.append(_Container(bar, bar, "dim"))

    def _open_item(self, token: Token) -> None:
        signs = glyphs()
        outer: Role = self._containers[-1].role if self._containers else "text"
        task = token.meta.get("task")
        sign: Span = (token.info + token.markup if token.info else signs.bullet, "dim")
        if task is not None:
            sign = (signs.open, "dim") if task in " ~-" else (signs.ok, "ok")
        lead: Span | None = (sign[0] + " ", sign[1])
        hang = len(sign[0]) + 1
        if self._room <= 8:  # nested too deep for the width
            self._add([[(sign[0], sign[1])]])
            lead, hang = None, 0
        role: Role = "dim" if sign[1] == "ok" else outer
        self._containers.append(_Container(lead, (" " * hang, "text"), role))

    def _close_container(self, token: Token) -> None:
        if self._containers[-1].first is not None:  # nothing was in it
            self._add([[]])
        self._containers.pop()

    def _open_heading(self, token: Token) -> None:
        self._add_empty_row()
        self._heading = "strong" if token.tag == "h1" else "heading"

    def _close_heading(self, token: Token) -> None:
        self._heading = None

    def _inline(self, token: Token) -> None:
        if self._table:
            cell = " ".join(text_of(spans) for spans in _inline_rows(token, "text"))
            self._table[-1].append(visible(cell))
            return
        role = self._heading or (self._containers[-1].role if self._containers else "text")
        for spans in _inline_rows(token, role):
            self._add(wrap(spans, self._room))

    def _code(self, token: Token) -> None:
        for line in token.content.rstrip("\n").split("\n"):
            text = visible(line.expandtabs(4).rstrip())
            while True:
                part = clip(text, max(2, self._room - 2), "")
                self._add([[(glyphs().branch + " ", "faint"), (part, "code")]])
                text = text[len(part) :]
                if not text or not part:
                    break

    def _rule(self, token: Token) -> None:
        self._add([[(glyphs().empty * self._room, "faint")]])

    def _html(self, token: Token) -> None:
        """As it was written: nothing here is a browser."""
        for line in token.content.rstrip("\n").split("\n"):
            self._add(wrap([(line, "text")], self._room))

    def _open_table(self, token: Token) -> None:
        self._table_lines = self._lines

    def _open_row(self, token: Token) -> None:
        self._table.append([])

    def _close_table(self, token: Token) -> None:
        self._add(list(_table_rows(self._table, self._room)))
        self._table = []

    _HANDLERS: Final[dict[str, Callable[[MarkdownLayout, Token], None]]] = {
        "blockquote_open": _open_quote,
        "blockquote_close": _close_container,
        "list_item_open": _open_item,
        "list_item_close": _close_container,
        "heading_open": _open_heading,
        "heading_close": _close_heading,
        "inline": _inline,
        "fence": _code,
        "code_block": _code,
        "hr": _rule,
        "html_block": _html,
        "table_open": _open_table,
        "tr_open": _open_row,
        "table_close": _close_table,
    }


def _table_rows(table: Sequence[Sequence[str]], width: int) -> Iterator[Line]:
    """The table's cells in columns; the parser has given every row as many cells as the first."""
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 3:
        widths[widths.index(max(widths))] -= 1
    for nth, row in enumerate(table):
        texts = map(pad, row, widths)
        yield [(clip("  ".join(texts).rstrip(), width), "text" if nth else "label")]


def _layout_rows(tokens: Sequence[Token], width: int) -> list[Line]:
    layout = MarkdownLayout(width)
    for token in tokens:
        layout.add(token)
    return layout.rows


def markdown_document(text: str) -> RowDocument:
    """Markdown as a document; of a long text only the newest part, what is older as it was written."""
    start = start_of_newest(text)
    newest = LaidOutDocument(partial(_layout_rows, parse_markdown(text[start:])))
    return DocumentStack([WrappedText(text[:start]), newest]) if start else newest


def start_of_newest(text: str) -> int:
    return text.find("\n", len(text) - MAX_PARSED) + 1 if len(text) > MAX_PARSED else 0
