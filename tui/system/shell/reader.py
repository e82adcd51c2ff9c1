"""Reads a shell command as bash and zsh do.

Never raises for what a command may hold, and takes time in proportion to its length: what is beyond the
bounds, or no shell at all, is read as far as it goes, and `Script.problem` says why no further.
"""

from __future__ import annotations

from typing import Final, TypeVar

from tui.system.lazy_pattern import lazy
from tui.system.shell.syntax import (
    TEXT,
    UNKNOWN,
    VARIABLE,
    Command,
    Part,
    Redirection,
    Script,
    Word,
    bare_text,
    is_case,
    without_marks,
)
from tui.system.shell.words import BeyondBoundsError, WordReader

T = TypeVar("T")
_REDIRECTION: Final = lazy(r"(?:\d+|\{\w+\})?(<<<|<<-|<<|<>|<&|>\||>>|>&|&>>|&>|<|>)")
_OPERATOR: Final = lazy(r";;&|;;|;&|&&|\|\||\|&|[\n;&|()]")
_BLANKS: Final = lazy(r"(?:[ \t\r]|\\\n)+")
_SPACES: Final = lazy(r"(?:[ \t\r\n]|\\\n)+")
_OPEN_BRACKET: Final = "a bracket is not closed"


def read_script(text: str, *, is_inner: bool = False) -> Script:
    """What a shell would run for this text; one put together from words (`is_inner`) may hold `UNKNOWN`."""
    reader = _Reader(without_marks(text, keeps_unknown=is_inner))
    try:
        script = reader.script("")
    except BeyondBoundsError as error:
        return Script(tuple(reader.seen), str(error))
    return script._replace(problem=reader.problem)


class _Reader(WordReader):
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.seen: list[Command | str] = []

    # complexity: one branch for each operator that begins or ends something
    def script(self, closing: str) -> Script:
        """Commands up to the bracket that closes them, or to the end."""
        self._deeper()
        items: list[Command | str] = self.seen if self._depth == 1 else []
        groups, cases = 0, 0
        while True:
            command = self._command()
            if command.words or command.redirections:
                items.append(command)
            if is_case(command.words):
                cases += self._pattern()
                continue
            if cases and command.words and bare_text(command.words[0]) == "esac":
                cases -= 1
            operator = self._operator()
            if not operator:
                self._note(_OPEN_BRACKET if closing else "")
                break
            if operator == ")":
                if closing and not groups:
                    break
                groups -= groups > 0
            groups += operator == "("
            items.append(operator)
            if operator in (";;", ";&", ";;&") and cases:
                cases -= 1 - self._pattern()
        self._depth -= 1
        return Script(tuple(items))

    def _pattern(self) -> int:
        """Passes over the patterns of a case; 0 where `esac` ends it instead."""
        self._skip(_SPACES)
        if self._text[self._at : self._at + 4] == "esac":
            return 0
        while self._at < self._end and self._text[self._at] != ")":
            self._step()
            if not self._word():
                self._at += 1
        self._at += 1
        return 1

    # --- commands ---

    # complexity: one branch for each sign with which something begins
    def _command(self) -> Command:
        words: list[Word] = []
        redirections: list[Redirection] = []
        text = self._text
        while True:
            self._step()
            self._skip(_BLANKS)
            if self._at >= self._end:
                break
            char = text[self._at]
            is_test = bool(words) and bare_text(words[0]) == "[["
            if char == "#":
                end = text.find("\n", self._at)
                self._at = self._end if end < 0 else end
            elif is_test and char in "\n;&|()<>":
                self._at += 1
            elif (char == "(" and self._calculation(words)) or (
                char in "<>&0123456789{" and self._redirection(redirections)
            ):
                continue
            elif char in "\n;&|()":
                break
            else:
                word = self._word()
                words.append(word)
                if (is_test and bare_text(word) == "]]") or is_case(words):
                    break
        return Command(tuple(words), tuple(redirections))

    def _calculation(self, words: list[Word]) -> bool:
        """`(( … ))` as a command or as the head of a loop."""
        if words and bare_text(words[-1]) not in ("for", "if", "while", "until", "!", "then", "do"):
            return False
        start, parts = self._at + 2, list[Part]()
        if not self._text.startswith("((", self._at) or not self._arithmetic(2, parts):
            return False
        # To dash it is a group within a group, and so to zsh where it is no calculation.
        inside = self._apart(self._text[start : self._at - 2], lambda: self.script(""))
        words.append((*parts, Part(VARIABLE, "", True, (inside,))))
        return True

    def _operator(self) -> str:
        found = _OPERATOR.match(self._text, self._at)
        if found is None:
            return "" if self._at >= self._end else ";"  # after a test
        self._at = found.end()
        if found[0] == "\n" and self._waiting:
            self._documents()
        return found[0]

    def _redirection(self, redirections: list[Redirection]) -> bool:
        """Whether a redirection stood here; it is taken."""
        if self._text.startswith(("<(", ">("), self._at):
            return False
        found = _REDIRECTION.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        self._skip(_BLANKS)
        made = Redirection(found[1], self._word())
        if made.operator in ("<<", "<<-"):
            self._waiting.append(made)
        redirections.append(made)
        return True

    def _documents(self) -> None:
        """Reads the here-documents that begin after this line."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            stop = "".join(part.text for part in one.target)
            start = body_end = self._at
            while self._at < self._end:
                self._step()
                end = self._text.find("\n", self._at)
                end = self._end if end < 0 else end
                line = self._text[self._at : end]
                self._at = min(end + 1, self._end)
                if (line.lstrip("\t") if one.operator == "<<-" else line).rstrip("\r") == stop:
                    break
                body_end = self._at
            body = self._text[start:body_end]
            is_literal = any(part.is_quoted for part in one.target)
            if is_literal or not ("$" in body or "`" in body or UNKNOWN in body):
                one.document = (Part(TEXT, body, True),)
            else:
                one.document = self._within(body)
