"""Colours for code, JSON and diffs, for the stretch of a line that is in sight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.style import Style

from widgets.cells import visible
from widgets.ink import Line, Role, Span

if TYPE_CHECKING:
    from tui.system.sgr import StyledSpan

_KEYWORDS: Final = (
    "and|as|assert|async|await|break|case|catch|class|const|continue|def|default|defer|del|do|elif|"
    "else|end|enum|esac|except|export|extends|fi|finally|fn|for|from|func|function|go|if|impl|"
    "import|in|interface|is|lambda|let|match|mod|mut|new|nil|None|not|null|or|package|pass|pub|"
    "raise|return|self|static|struct|super|switch|then|this|throw|trait|True|true|False|false|try|"
    "type|use|using|var|void|while|with|yield"
)
_CODE: Final = re.compile(
    r"(?P<dim>(?:^|(?<=\s))(?:\#(?!\[)|//|--\s).*$)"
    r"|(?P<string>\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'|`[^`]*`?)"
    rf"|(?P<label>\b(?:{_KEYWORDS})\b)"
    r"|(?P<number>\b(?:0[xX][0-9a-fA-F]+|\d[\d_]*(?:\.\d+)?)\b)"
)
_JSON: Final = re.compile(
    r"(?P<label>\"(?:[^\"\\]|\\.)*\"(?=\s*:))"
    r"|(?P<string>\"(?:[^\"\\]|\\.)*\"?)"
    r"|(?P<number>-?\b\d[\d.eE+-]*\b|\btrue\b|\bfalse\b|\bnull\b)"
    r"|(?P<faint>[{}\[\],:])"
)
_ROLES: Final[dict[str, Role]] = {
    "dim": "dim",
    "string": "string",
    "label": "label",
    "number": "number",
    "faint": "faint",
}


def _tokens(pattern: re.Pattern[str], text: str) -> Line:
    out: list[Span] = []
    at = 0
    for match in pattern.finditer(text):
        if match.start() > at:
            out.append((text[at : match.start()], "text"))
        out.append((match[0], _ROLES[match.lastgroup or "dim"]))
        at = match.end()
    if at < len(text):
        out.append((text[at:], "text"))
    return out


class CodeHighlighter:
    """Comments, strings, keywords and numbers, as most languages write them."""

    def __init__(self, lines: Sequence[str], json: bool = False) -> None:
        self._lines = lines
        self._pattern = _JSON if json else _CODE

    def __call__(self, number: int, start: int, end: int) -> Line:
        return _tokens(self._pattern, self._lines[number][start:end])


class DiffHighlighter:
    """Added and removed lines with their signs; headers and places apart."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def __call__(self, number: int, start: int, end: int) -> Line:
        line = self._lines[number]
        role: Role = "text"
        if line.startswith(("+++", "---", "diff ", "index ")):
            role = "dim"
        elif line.startswith("@@"):
            role = "hunk"
        elif line.startswith("+"):
            role = "added"
        elif line.startswith(("-", "−")):
            role = "removed"
        return [(line[start:end], role)]


COLOURED: Final = 20_000
"""Spans drawn of one text; what comes after them keeps its words and loses its colours."""


class Coloured(NamedTuple):
    """A drawable line, and the style of the characters from one place to another."""

    text: str
    runs: tuple[tuple[int, int, Style], ...] = ()


def coloured_lines(text: str, spans: Sequence[StyledSpan]) -> list[Coloured]:
    """The text's lines with their colours; a span may go on over line ends."""
    spans = spans[:COLOURED]
    out: list[Coloured] = []
    start = first = 0
    for line in text.split("\n"):
        end = start + len(line)
        while first < len(spans) and spans[first].end <= start:
            first += 1
        out.append(_coloured(line, start, spans, first))
        start = end + 1
    return out


def _coloured(line: str, start: int, spans: Sequence[StyledSpan], first: int) -> Coloured:
    """One line that begins at `start`; no span before `first` reaches into it."""
    pieces: list[str] = []
    runs: list[tuple[int, int, Style]] = []
    at = drawn = 0
    for nth in range(first, len(spans)):  # a slice would copy what is left for every line
        span = spans[nth]
        low, high = max(0, span.start - start), min(len(line), span.end - start)
        if low >= len(line):
            break
        pieces += [_drawable(line[at:low]), _drawable(line[low:high])]
        drawn += len(pieces[-2])
        runs.append((drawn, drawn + len(pieces[-1]), style_of(span)))
        drawn += len(pieces[-1])
        at = high
    return Coloured("".join([*pieces, _drawable(line[at:])]), tuple(runs))


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


class AnsiTint:
    """The colours that the text brought along."""

    def __init__(self, lines: Sequence[Coloured]) -> None:
        self._lines = lines

    def __call__(self, number: int, start: int, end: int) -> Line:
        line, at = self._lines[number], start
        out: list[Span] = []
        for low, high, style in line.runs:
            low, high = max(low, start), min(high, end)
            if low >= high:
                continue
            if low > at:
                out.append((line.text[at:low], "text"))
            out.append((line.text[low:high], style))
            at = high
        if at < end:
            out.append((line.text[at:end], "text"))
        return out
