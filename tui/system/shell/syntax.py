"""What a shell command is made of: commands, words in their parts, redirections."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tui.system.lazy_pattern import lazy

TEXT: Final = "text"
BARE: Final = "bare"
VARIABLE: Final = "variable"
COMMAND: Final = "command"
UNKNOWN: Final = "\x01"
"""Stands in a text for what only a shell at work would know."""

# Control characters that stand for something in `expansion`, or that no program can be given.
_MARKS: Final = {0: None, **dict.fromkeys((*range(1, 9), 14), "\ufffd")}
_INNER_MARKS: Final = {**_MARKS, 1: UNKNOWN}
_ESCAPE: Final = lazy(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "", "b": "", "e": "", "f": "", "v": ""}


class Part(NamedTuple):
    """A piece of a word: quoted text, bare text, a variable by name ("": unknown), or substituted commands.

    `otherwise` is the word of `${name:-word}`; `inner` are scripts that run wherever the piece stands.
    """

    kind: str
    text: str = ""
    is_quoted: bool = False
    inner: tuple[Script, ...] = ()
    otherwise: tuple[Part, ...] = ()


Word = tuple[Part, ...]


class Redirection:
    """An operator with its target; of a here-document or here-string also the text that is fed."""

    __slots__ = ("document", "operator", "target")

    def __init__(self, operator: str, target: Word) -> None:
        self.operator, self.target = operator, target
        self.document: Word = target if operator == "<<<" else ()


class Command(NamedTuple):
    """A simple command as it is written, with the keywords before it."""

    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...] = ()


class Script(NamedTuple):
    """Commands and the operators between them, in order; groups by "(" and ")"."""

    items: tuple[Command | str, ...]
    problem: str = ""


def bare_text(word: Word) -> str:
    """The text of a word without quotes and expansions by name; else empty."""
    return word[0].text if len(word) == 1 and word[0].kind == BARE else ""


def is_case(words: tuple[Word, ...] | list[Word]) -> bool:
    """Whether the words are the head of a `case`."""
    return len(words) == 3 and bare_text(words[0]) == "case" and bare_text(words[2]) == "in"


def without_marks(text: str, *, keeps_unknown: bool) -> str:
    """The text without the control characters that stand for something here or in an expansion."""
    return text.translate(_INNER_MARKS if keeps_unknown else _MARKS)


def unescaped(text: str) -> str:
    """The text of `$'…'`, with the escapes of C."""
    return _ESCAPE.sub(_unescape, text)


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16)).translate(_MARKS)
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF).translate(_MARKS)
    return _ESCAPED.get(code, code)
