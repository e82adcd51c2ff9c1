"""Colours for code, JSON and diffs, for the stretch of a line that is in sight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from widgets.ansi import Coloured, pieces_of
from widgets.ink import Line, Role, Span

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


class CodeTint:
    """Comments, strings, keywords and numbers, as most languages write them."""

    def __init__(self, lines: Sequence[str], json: bool = False) -> None:
        self._lines = lines
        self._pattern = _JSON if json else _CODE

    def __call__(self, number: int, start: int, end: int) -> Line:
        return _tokens(self._pattern, self._lines[number][start:end])


class DiffTint:
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


class AnsiTint:
    """The colours that the text brought along."""

    def __init__(self, lines: Sequence[Coloured]) -> None:
        self._lines = lines

    def __call__(self, number: int, start: int, end: int) -> Line:
        return [
            (text, "text" if style is None else style)
            for text, style in pieces_of(self._lines[number], start, end)
        ]
