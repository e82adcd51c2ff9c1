"""Reads the words of a shell command: quotes, variables, substitutions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from tui.system.lazy_pattern import lazy
from tui.system.shell.syntax import (
    BARE,
    COMMAND,
    TEXT,
    UNKNOWN,
    VARIABLE,
    Part,
    Redirection,
    Script,
    Word,
    bare_text,
    unescaped,
)

T = TypeVar("T")
_MOST_STEPS: Final = 40_000
_DEEPEST: Final = 40
_RUN: Final = lazy(r"[^ \t\r\n'\"\\$`;&|()<>\x01]+")
_IN_DOUBLE: Final = lazy(r"[^\"\\$`\x01]+")
_IN_DOCUMENT: Final = lazy(r"[^\\$`\x01]+")
_IN_BRACES: Final = lazy(r"[^'\"\\$`\x01}]+")
_NAME: Final = lazy(r"[A-Za-z_]\w*|[0-9@*#?!$-]")
_BRACED: Final = lazy(r"([#!]?)([A-Za-z_]\w*|[0-9]+|[@*#?!$-])(\[[^\]}]*\])?(:?[-=+?])?", re.ASCII)
_OPEN_QUOTE: Final = "a quote is not closed"
_OPEN_BRACKET: Final = "a bracket is not closed"


class BeyondBoundsError(Exception):
    """A text that is too long or too deep to be read whole."""


class WordReader:
    """Reads words from left to right, within bounds; `script` reads the commands that stand in one."""

    def __init__(self, text: str) -> None:
        self.problem = ""
        self._text, self._end = text, len(text)
        self._at = self._steps = self._depth = 0
        self._waiting: list[Redirection] = []

    def script(self, closing: str) -> Script:
        """Commands up to the bracket that closes them, or to the end."""
        raise NotImplementedError

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BeyondBoundsError("it is nested too deeply")

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise BeyondBoundsError("it is too long to be read whole")

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _word(self) -> Word:
        """The word that begins here; empty where none does."""
        parts: list[Part] = []
        text = self._text
        while self._at < self._end:
            self._step()
            char = text[self._at]
            if char in "<>" and not parts and text.startswith("(", self._at + 1):
                self._at += 2
                parts.append(Part(VARIABLE, "", True, (self.script(")"),)))
            elif char == "(" and len(parts) == 1 and bare_text(tuple(parts)).endswith("="):
                parts.append(self._array())
            elif char in " \t\r\n;&|()<>":
                break
            elif char == "'":
                parts.append(Part(TEXT, self._until("'"), True))
            elif char == '"':
                self._double(parts)
            else:
                self._piece(parts, _RUN, is_quoted=False)
        return tuple(parts)

    def _array(self) -> Part:
        """The elements of an array that is assigned; their values are not followed."""
        self._at += 1
        scripts: list[Script] = []
        while self._at < self._end and self._text[self._at] != ")":
            self._step()
            word = self._word()
            scripts += [one for part in word for one in part.inner]
            self._at += not word
        self._at += 1
        return Part(VARIABLE, "", True, tuple(scripts))

    def _until(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            self._note(_OPEN_QUOTE)
            end = self._end
        text = self._text[self._at + 1 : end]
        self._at = end + 1
        return text

    def _double(self, parts: list[Part]) -> None:
        self._at += 1
        parts.append(Part(TEXT, "", True))
        while self._at < self._end and self._text[self._at] != '"':
            self._step()
            self._piece(parts, _IN_DOUBLE, is_quoted=True)
        if self._at >= self._end:
            self._note(_OPEN_QUOTE)
        self._at += 1

    def _piece(self, parts: list[Part], pattern: re.Pattern[str], *, is_quoted: bool) -> None:
        """One piece of plain text, an escaped character, or something to be expanded."""
        text = self._text
        found = pattern.match(text, self._at)
        if found is not None:
            parts.append(Part(TEXT if is_quoted else BARE, found[0], is_quoted))
            self._at = found.end()
            return
        char = text[self._at]
        if char == "\\":
            after = text[self._at + 1 : self._at + 2]
            self._at += 2
            if is_quoted and after not in ("$", "`", '"', "\\", "\n"):
                after = "\\" + after
            if after != "\n":
                parts.append(Part(TEXT, after, True))
        elif char == "$":
            self._dollar(parts, is_quoted)
        elif char == "`":
            parts.append(Part(COMMAND, "", is_quoted, (self._backticks(),)))
        else:
            self._at += 1
            parts.append(Part(VARIABLE if char == UNKNOWN else TEXT, "", is_quoted))

    def _ends_at(self, closing: str) -> int:
        """Where the sign stands that closes what begins here; a backslash takes the next one's meaning."""
        at = self._at
        while at < self._end and self._text[at] != closing:
            self._step()
            at += 2 if self._text[at] == "\\" else 1
        if at >= self._end:
            self._note(_OPEN_QUOTE)
        return min(at, self._end)

    def _backticks(self) -> Script:
        self._at += 1
        end = self._ends_at("`")
        inner = self._text[self._at : end]
        self._at = end + 1
        inner = inner.replace("\\`", "`").replace("\\$", "$").replace("\\\\", "\\")
        return self._apart(inner, lambda: self.script(""))

    def _dollar(self, parts: list[Part], is_quoted: bool) -> None:
        text, at = self._text, self._at
        after = text[at + 1 : at + 2]
        if after == "(":
            if text.startswith("((", at + 1) and self._arithmetic(3, parts):
                return
            self._at += 2
            parts.append(Part(COMMAND, "", is_quoted, (self.script(")"),)))
        elif after == "{":
            self._braces(parts, is_quoted)
        elif after == "'" and not is_quoted:
            self._at += 2
            end = self._ends_at("'")
            parts.append(Part(TEXT, unescaped(text[self._at : end]), True))
            self._at = end + 1
        elif after == '"' and not is_quoted:
            self._at += 1
            self._double(parts)
        else:
            found = _NAME.match(text, at + 1)
            self._at = found.end() if found is not None else at + 1
            named = Part(TEXT, "$", True)
            parts.append(named if found is None else Part(VARIABLE, found[0], is_quoted))

    def _arithmetic(self, opening: int, parts: list[Part]) -> bool:
        """Whether a calculation begins here; it is passed over, and the commands within are kept."""
        depth, at, text = 2, self._at + opening, self._text
        while at < self._end and depth:
            self._step()
            depth += (text[at] == "(") - (text[at] == ")")
            if depth == 1 and text[at : at + 2] != "))":
                return False
            at += 1
        if depth:
            return False
        inner = self._within(text[self._at + opening : at - 2])
        self._at = at
        parts.append(Part(VARIABLE, "", True, tuple(one for part in inner for one in part.inner)))
        return True

    # complexity: one branch for each sign, and what the name is used for
    def _braces(self, parts: list[Part], is_quoted: bool) -> None:
        """`${…}`: a name, and what is done with it."""
        head = _BRACED.match(self._text, self._at + 2)
        self._at = head.end() if head is not None else self._at + 2
        inside: list[Part] = []
        self._deeper()
        while self._at < self._end and self._text[self._at] != "}":
            self._step()
            char = self._text[self._at]
            if char == "'" and not is_quoted:
                inside.append(Part(TEXT, self._until("'"), True))
            elif char == '"':
                self._double(inside)
            elif char == "'":
                inside.append(Part(TEXT, char, True))
                self._at += 1
            else:
                self._piece(inside, _IN_BRACES, is_quoted=True)
        self._depth -= 1
        if self._at >= self._end:
            self._note(_OPEN_BRACKET)
        self._at += 1
        scripts = tuple(one for part in inside for one in part.inner)
        does = (head[4] or "") if head is not None else ""
        name = ""
        if head is not None and not head[1] and not head[3] and (does or not inside):
            name = "" if "+" in does else head[2]
        instead = tuple(inside) if does and "?" not in does else ()
        parts.append(Part(VARIABLE, name, is_quoted, scripts, instead))

    def _within(self, text: str) -> Word:
        """The parts of another text in which only `$`, backticks and backslashes mean something."""
        parts: list[Part] = []

        def read() -> None:
            while self._at < self._end:
                self._step()
                self._piece(parts, _IN_DOCUMENT, is_quoted=True)

        self._apart(text, read)
        return tuple(parts)

    def _apart(self, text: str, read: Callable[[], T]) -> T:
        """What reading another text gives, within the same bounds."""
        kept = self._text, self._at, self._end, self._waiting
        self._text, self._at, self._end, self._waiting = text, 0, len(text), []
        self._deeper()
        whole = read()
        self._depth -= 1
        self._text, self._at, self._end, self._waiting = kept
        return whole
