"""Notes pane; Markdown by markdown-it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.style import Style

from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.line_layout import wrap
from widgets.text.documents import DocumentView, LaidOutDocument, RowDocument, WrappedText
from widgets.text_cells import cells, clip, pad

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,9}[.)])\s+(?:\[([ xX~✓✅✔-])\]\s+)?(.*)")
_RULE = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
_INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,500})`"
    r"|\*\*(?P<bold>[^*\n]{1,500})\*\*|__(?P<bold2>[^_\n]{1,500})__"
    r"|(?<![\w*])\*(?P<italic>[^*\s][^*\n]{0,300})\*(?!\w)"
    r"|~~(?P<gone>[^~\n]{1,300})~~"
    r"|\[(?P<link>[^\]\n]{1,300})\]\((?P<url>[^)\s]{1,500})\)"
)
_ITALIC: Final = Style(italic=True)
_GONE: Final = Style(strike=True)
HARD_WRAPPED: Final = 60
"""A line this long was broken by its writer for width, so the next one continues it."""


def inline(text: str, role: Role = "text") -> list[Span]:
    """The words of one line with emphasis, code and link texts set apart."""
    out: list[Span] = []
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            out.append((text[at : match.start()], role))
        at = match.end()
        kind = match.lastgroup or ""
        if kind == "code":
            out.append((match["code"], "code"))
        elif kind in ("bold", "bold2"):
            out.append((match[kind], "strong"))
        elif kind == "italic":
            out.append((match["italic"], _ITALIC))
        elif kind == "gone":
            out.append((match["gone"], _GONE))
        else:
            out.extend([(match["link"], "accent"), (f" ({match['url']})", "faint")])
    if at < len(text):
        out.append((text[at:], role))
    return out


def markdown_rows(text: str, width: int) -> list[Line]:
    """The text laid out in `width` columns; empty lines never follow each other."""
    rows: list[Line] = []
    for row in _blocks(text.split("\n"), max(8, width)):
        if row or (rows and rows[-1]):
            rows.append(row)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _blocks(lines: list[str], width: int) -> Iterator[Line]:
    at = 0
    while at < len(lines):
        line = lines[at].expandtabs(4).rstrip()
        if fence := _FENCE.fullmatch(line):
            end = _fence_end(lines, at, fence[1])
            yield from _code(lines[at + 1 : end], width)
            at = end + 1
        elif line.lstrip().startswith("|"):
            end = at
            while end < len(lines) and lines[end].lstrip().startswith("|"):
                end += 1
            yield from _table(lines[at:end], width)
            at = end
        else:
            end = _paragraph_end(lines, at)
            joined = " ".join([line, *(rest.strip() for rest in lines[at + 1 : end])])
            yield from _line(joined, width)
            at = end


def _fence_end(lines: list[str], start: int, fence: str) -> int:
    for at in range(start + 1, len(lines)):
        if lines[at].strip().startswith(fence) and not lines[at].strip().strip(fence[0]):
            return at
    return len(lines)


def _paragraph_end(lines: list[str], start: int) -> int:
    """The line after those that continue the one at `start`."""
    end = start + 1
    if _HEADING.fullmatch(lines[start].strip()) or not lines[start].strip():
        return end
    while (
        end < len(lines)
        and len(lines[end - 1].rstrip()) >= HARD_WRAPPED
        and lines[end].strip()
        and not lines[end].lstrip().startswith(("#", "|", ">", "```", "~~~"))
        and not _ITEM.match(lines[end])
        and not _RULE.fullmatch(lines[end])
    ):
        end += 1
    return end


def _line(line: str, width: int) -> Iterator[Line]:
    text = line.strip()
    if not text:
        yield []
    elif heading := _HEADING.fullmatch(text):
        yield []
        role: Role = "strong" if len(heading[1]) == 1 else "heading"
        yield from wrap(inline(heading[2], role), width)
    elif _RULE.fullmatch(line):
        yield [(glyphs().empty * width, "faint")]
    elif item := _ITEM.fullmatch(line):
        yield from _item(item, width)
    elif text.startswith(">"):
        bar: Span = (glyphs().branch + " ", "faint")
        for row in wrap(inline(text.lstrip("> "), "dim"), width - 2):
            yield [bar, *row]
    else:
        yield from wrap(inline(text), width)


def _item(item: re.Match[str], width: int) -> Iterator[Line]:
    signs = glyphs()
    indent = " " * min(len(item[1]), width // 3)
    sign: Span = (item[2] if item[2][0].isdigit() else signs.bullet, "dim")
    role: Role = "text"
    if item[3] is not None:
        done = item[3] not in " ~-"
        sign = (signs.ok, "ok") if done else (signs.open, "dim")
        role = "dim" if done else "text"
    hang = cells(indent) + cells(sign[0]) + 1
    for nth, row in enumerate(wrap(inline(item[4], role), width - hang)):
        lead: Line = [(indent, "text"), sign, (" ", "text")] if nth == 0 else [(" " * hang, "text")]
        yield [*lead, *row]


def _code(lines: list[str], width: int) -> Iterator[Line]:
    for line in lines:
        text = line.expandtabs(4).rstrip()
        while True:
            part = clip(text, width - 2, "")
            yield [(glyphs().branch + " ", "faint"), (part, "code")]
            text = text[len(part) :]
            if not text or not part:
                break


def _table(lines: list[str], width: int) -> Iterator[Line]:
    table = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    table = [row for row in table if any(cell.strip("-: ") for cell in row)]
    if not table:
        return
    columns = max(len(row) for row in table)
    widths = [
        max((cells(row[column]) for row in table if column < len(row)), default=0)
        for column in range(columns)
    ]
    while sum(widths) + 2 * (columns - 1) > width and max(widths) > 3:
        widths[widths.index(max(widths))] -= 1
    for nth, row in enumerate(table):
        role: Role = "label" if nth == 0 else "text"
        texts = [pad(row[c] if c < len(row) else "", widths[c]) for c in range(columns)]
        yield [(clip("  ".join(texts).rstrip(), width), role)]


LAID_OUT: Final = 200_000
"""Characters of Markdown laid out as a whole; a longer text is shown line by line."""


def markdown_document(text: str) -> RowDocument:
    """Markdown as a document; a text too long to lay out at once is shown as it was written."""
    if len(text) > LAID_OUT:
        return WrappedText(text)
    return LaidOutDocument(lambda width: markdown_rows(text, width))


class NotesView(DocumentView):
    """Shows notes; the same words again change nothing, other words keep the place."""

    _shown: tuple[str, bool] = ("", False)

    def show_markdown(self, text: str) -> None:
        """Show Markdown."""
        self._show(text, True)

    def show_text(self, text: str) -> None:
        """Show words as they are."""
        self._show(text, False)

    def _show(self, text: str, markdown: bool) -> None:
        if (text, markdown) == self._shown:
            return
        self._shown = (text, markdown)
        if not text.strip():
            self.set_document(None)
        else:
            document = markdown_document(text) if markdown else WrappedText(text)
            self.set_document(document, keep_place=True)
