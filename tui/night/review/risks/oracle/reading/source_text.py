"""Source text as statements: comments gone, strings masked, what spans lines joined."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from tui.system.lazy_pattern import lazy

_CLIKE = r"//[^\n]*|/\*.*?\*/"
_DOUBLE = r'"(?:\\.|[^"\\\n])*"'
_SINGLE = r"'(?:\\.|[^'\\\n])*'"
_CHARACTER = r"'(?:\\[^\n]{1,8}?|[^'\\\n])'"
_TRIPLE = r'"""(?:\\.|.)*?"""'
_BACKTICK = r"`(?:\\.|[^`\\])*`"
_TOKENS = (
    (lazy(r"\.pyi?$"), lazy(rf"#[^\n]*|{_TRIPLE}|'''(?:\\.|.)*?'''|{_DOUBLE}|{_SINGLE}", re.S)),
    (
        lazy(r"\.(?:[cm]?[jt]sx?|vue|svelte|go|dart)$"),
        lazy(rf"{_CLIKE}|{_DOUBLE}|{_SINGLE}|{_BACKTICK}", re.S),
    ),
    (lazy(r"\.php$"), lazy(rf"{_CLIKE}|#(?!\[)[^\n]*|{_DOUBLE}|{_SINGLE}", re.S)),
    (
        lazy(r"\.(?:rs|java|kts?|scala|groovy|cs|swift|mm?|c|cc|cpp|cxx|h|hpp|fs)$"),
        lazy(rf'{_CLIKE}|r#+".*?"#+|{_TRIPLE}|{_DOUBLE}|{_CHARACTER}', re.S),
    ),
)
_HASHED = lazy(rf"(?<![$\w])#(?!\{{)[^\n]*|{_TRIPLE}|{_DOUBLE}|{_SINGLE}", re.S)
_OPENS_BLOCK = lazy(r"(?:=>|\)|->|\bin|\bfunc\b[^{]*)\s*\{\s*$|\bdo(?:\s*\|[^|]*\|)?\s*$")
_MAY_OPEN_BLOCK = lazy(r"\{\s*$")
_GOES_ON = lazy(r"\s*(?:\?*\.\w|&&|\|\||\|>|==|!=|->\w)")
_UNFINISHED = lazy(r"(?:[,\\+(\[]|&&|\|\||\bnot|\band|\bor|==)\s*$")
_LONGEST = 60
"""Lines that one statement may have."""


class Statement(NamedTuple):
    """A statement: its first line (from 1), its indentation, its text in one line, and the same masked."""

    line: int
    indent: int
    text: str
    masked: str


def mask(path: str, text: str) -> str:
    """The text with comments blank and the contents of strings as underlines; as long as before."""
    tokens = next((tokens for paths, tokens in _TOKENS if paths.search(path)), _HASHED)
    return tokens.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    token = match.group()
    if token[0] in "\"'`":
        return token[0] + "_" * (len(token) - 2) + token[-1]
    if token[0] == "r":
        return '"' + "_" * (len(token) - 2) + '"'
    return "".join("\n" if character == "\n" else " " for character in token)


def statements(path: str, text: str) -> Iterator[Statement]:
    """The statements of a source, in order; a block's opening line is one of its own."""
    masked = mask(path, text)
    starts = _line_starts(text)
    begin, depth, lines = -1, 0, 0
    offset = 0
    rows = masked.split("\n")
    for number, row in enumerate(rows):
        end = offset + len(row)
        if begin < 0 and not row.strip():
            offset = end + 1
            continue
        if begin < 0:
            begin, depth, lines = offset, 0, 0
        depth = max(0, depth + _balance(row))
        lines += 1
        following = rows[number + 1] if number + 1 < len(rows) else ""
        opens = _OPENS_BLOCK.search(row) is not None or (
            depth == 1 and _MAY_OPEN_BLOCK.search(row) is not None
        )
        goes_on = _GOES_ON.match(following) or (depth and not opens) or _UNFINISHED.search(row)
        if not (goes_on and not opens) or lines >= _LONGEST:
            yield _statement(text, masked, begin, end, starts)
            begin = -1
        offset = end + 1
    if begin >= 0:
        yield _statement(text, masked, begin, len(masked), starts)


def _statement(text: str, masked: str, begin: int, end: int, starts: list[int]) -> Statement:
    whole, hidden = text[begin:end], masked[begin:end]
    indent = len(hidden) - len(hidden.lstrip())
    line = bisect_right(starts, begin)
    stripped = hidden.strip()
    if "\n" not in stripped and "  " not in stripped:
        return Statement(line, indent, whole[indent : indent + len(stripped)], stripped)
    shown: list[str] = []
    bare: list[str] = []
    # Both keep their places: what is blank in the masked text is blank in the other too.
    for character, sign in zip(whole, hidden, strict=True):
        is_blank = sign in " \t\r\n"
        if is_blank and bare and bare[-1] == " ":
            continue
        shown.append(" " if is_blank else character)
        bare.append(" " if is_blank else sign)
    # What was indented has one blank in front.
    return Statement(line, indent, "".join(shown).strip(), "".join(bare).strip())


def _line_starts(text: str) -> list[int]:
    starts = [0]
    starts += [match.end() for match in re.finditer("\n", text)]
    return starts


def _balance(row: str) -> int:
    opened = row.count("(") + row.count("[") + row.count("{")
    return opened - row.count(")") - row.count("]") - row.count("}")


def split_arguments(text: str, masked: str, opening: int) -> tuple[list[str], int]:
    """The arguments of the call whose bracket is at `opening`, and where it closes (-1: nowhere)."""
    depth, begin = 0, opening + 1
    parts: list[str] = []
    for place in range(opening, len(masked)):
        sign = masked[place]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if not depth:
                last = text[begin:place].strip()
                return [*parts, last] if last or parts else [], place
        elif sign == "," and depth == 1:
            parts.append(text[begin:place].strip())
            begin = place + 1
    return parts, -1
