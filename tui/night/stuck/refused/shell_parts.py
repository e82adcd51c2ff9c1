"""The parts of a plain shell line, each as it stands; a line that is not plain has none.

Stricter than `night/evidence/shell_parser`: what a person is told to allow must be what the shell would run.
"""

from __future__ import annotations

from msgspec import Struct

from tui.system.lazy_pattern import lazy

_LONGEST = 3_900
_MESSAGE = lazy(r"\"\$\(cat <<-?'(\w+)'\n.*?\n\1\n?\s*\)\"", 16)
_HARMLESS = lazy(r"(?:\d?>&\d|&?\d?>>?\s?/dev/null|\d?>&-|<\s?/dev/null)(?=[\s;|&]|\Z)")
_SINGLE = lazy(r"'([^']*)'")
_DOUBLE = lazy(r'"((?:[^"\\$`]|\\.)*)"', 16)
_OPERATORS = ("&&", "||", ";", "|")
_READERS = frozenset(
    "cd ls pwd cat head tail grep egrep rg wc echo printf sort uniq cut tr true false which whoami date"
    " stat file du df tree diff basename dirname realpath readlink nl column test [ jq type id uname"
    " hostname".split()
)
_GIT_READERS = frozenset("status log diff show blame ls-files rev-parse describe shortlog".split())


class ShellPart(Struct, frozen=True):
    """One command: its words without quotes, its text as it was written; `is_fed`: a pipe leads into it."""

    words: tuple[str, ...]
    text: str
    is_fed: bool = False

    @property
    def only_reads(self) -> bool:
        """Whether the CLI lets it run unasked, as it changes nothing."""
        name = self.words[0]
        if name == "git":
            return len(self.words) > 1 and self.words[1] in _GIT_READERS
        return name in _READERS


class _Reader:
    """Reads a line from left to right; `failed` where it is no plain one."""

    def __init__(self, line: str) -> None:
        self.parts: list[ShellPart] = []
        self.failed = False
        self._line = line
        self._at = 0
        self._words: list[str] = []
        self._word: str | None = None
        self._text: list[str] = []
        self._is_fed = False

    def read(self) -> None:
        line = self._line
        while self._at < len(line) and not self.failed:
            operator = next((one for one in _OPERATORS if line.startswith(one, self._at)), "")
            harmless = (
                _HARMLESS.match(line, self._at) if line[self._at] in "<>&0123456789" else None
            )
            if harmless is not None and (self._word is None or line[self._at] in "<>&"):
                self._end_word()
                self._at = harmless.end()
            elif operator:
                self._end_part()
                self._is_fed = operator == "|"
                self._at += len(operator)
            else:
                self._sign(line[self._at])
        self._end_part()

    def _sign(self, sign: str) -> None:
        if sign in " \t":
            self._end_word()
            self._text.append(" ")
            self._at += 1
        elif sign in "'\"":
            self._quoted(sign)
        elif sign in "$`(){}<>&\\\n\r⏎#!~" and not (sign in "#!~" and self._word):
            self.failed = True
        else:
            self._word = (self._word or "") + sign
            self._text.append(sign)
            self._at += 1

    def _quoted(self, sign: str) -> None:
        found = (_DOUBLE if sign == '"' else _SINGLE).match(self._line, self._at)
        if found is None:
            self.failed = True
            return
        self._word = (self._word or "") + found[1]
        self._text.append(found[0])
        self._at = found.end()

    def _end_word(self) -> None:
        if self._word is not None:
            self._words.append(self._word)
        self._word = None

    def _end_part(self) -> None:
        self._end_word()
        if self._words and self._words[0]:
            text = "".join(self._text).strip()
            self.parts.append(ShellPart(tuple(self._words), text, self._is_fed))
        elif self._words:
            self.failed = True
        self._words, self._text = [], []


def shell_parts(line: str) -> list[ShellPart] | None:
    """The commands of a line, None where it is no plain sequence of them.

    Substitutions, groups, loops, background jobs, line breaks outside of quotes and redirections to files
    are not plain; the text of a here-document as the message of a commit is.
    """
    line = line.strip()
    if not line or len(line) > _LONGEST:
        return None
    if "$(cat" in line:
        line = _MESSAGE.sub('"message"', line)
    reader = _Reader(line)
    reader.read()
    return None if reader.failed or not reader.parts else reader.parts
