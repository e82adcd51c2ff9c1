"""A shell command as bash and zsh read it: commands, words in their parts, redirections, here-documents.

Never raises for what a command may hold, and takes time in proportion to its length: what is beyond the
bounds, or no shell at all, is read as far as it goes, and `Script.problem` says why no further.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from tui.system.lazy_pattern import lazy

T = TypeVar("T")
TEXT: Final = "text"
BARE: Final = "bare"
VARIABLE: Final = "variable"
COMMAND: Final = "command"
UNKNOWN: Final = "\x01"
"""Stands in a text for what only a shell at work would know."""

# Control characters that stand for something in `expansion`, or that no program can be given.
_MARKS: Final = {0: None, **dict.fromkeys((*range(1, 9), 14), "\ufffd")}
_INNER_MARKS: Final = {**_MARKS, 1: UNKNOWN}
_MOST_STEPS: Final = 40_000
_DEEPEST: Final = 40
_RUN: Final = lazy(r"[^ \t\r\n'\"\\$`;&|()<>\x01]+")
_IN_DOUBLE: Final = lazy(r"[^\"\\$`\x01]+")
_IN_DOCUMENT: Final = lazy(r"[^\\$`\x01]+")
_IN_BRACES: Final = lazy(r"[^'\"\\$`\x01}]+")
_REDIRECTION: Final = lazy(r"(?:\d+|\{\w+\})?(<<<|<<-|<<|<>|<&|>\||>>|>&|&>>|&>|<|>)")
_OPERATOR: Final = lazy(r";;&|;;|;&|&&|\|\||\|&|[\n;&|()]")
_BLANKS: Final = lazy(r"(?:[ \t\r]|\\\n)+")
_SPACES: Final = lazy(r"(?:[ \t\r\n]|\\\n)+")
_NAME: Final = lazy(r"[A-Za-z_]\w*|[0-9@*#?!$-]")
_BRACED: Final = lazy(r"([#!]?)([A-Za-z_]\w*|[0-9]+|[@*#?!$-])(\[[^\]}]*\])?(:?[-=+?])?", re.ASCII)
_ESCAPE: Final = lazy(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "", "b": "", "e": "", "f": "", "v": ""}
_OPEN_QUOTE: Final = "a quote is not closed"
_OPEN_BRACKET: Final = "a bracket is not closed"


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


def read_script(text: str, *, is_inner: bool = False) -> Script:
    """What a shell would run for this text; one put together from words (`is_inner`) may hold `UNKNOWN`."""
    reader = _Reader(text.translate(_INNER_MARKS if is_inner else _MARKS))
    try:
        script = reader.script("")
    except _BeyondBoundsError as error:
        return Script(tuple(reader.seen), str(error))
    return script._replace(problem=reader.problem)


def bare_text(word: Word) -> str:
    """The text of a word without quotes and expansions by name; else empty."""
    return word[0].text if len(word) == 1 and word[0].kind == BARE else ""


class _BeyondBoundsError(Exception):
    pass


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        self.problem = ""
        self.seen: list[Command | str] = []
        self._text, self._end = text, len(text)
        self._at = self._steps = self._depth = 0
        self._waiting: list[Redirection] = []

    def script(self, closing: str) -> Script:
        """Commands up to the bracket that closes them, or to the end."""
        self._deeper()
        items: list[Command | str] = self.seen if self._depth == 1 else []
        groups, cases = 0, 0
        while True:
            command = self._command()
            if command.words or command.redirections:
                items.append(command)
            if _is_case(command.words):
                cases += self._pattern()
                continue
            if command.words and bare_text(command.words[0]) == "esac":
                cases -= cases > 0
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
        if self._text.startswith("esac", self._at):
            return 0
        while self._at < self._end and self._text[self._at] != ")":
            self._step()
            if not self._word():
                self._at += 1
        self._at += 1
        return 1

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _BeyondBoundsError("it is nested too deeply")

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _BeyondBoundsError("it is too long to be read whole")

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    # --- commands ---

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
                if (is_test and bare_text(word) == "]]") or _is_case(words):
                    break
        return Command(tuple(words), tuple(redirections))

    def _calculation(self, words: list[Word]) -> bool:
        """`(( … ))` as a command or as the head of a loop."""
        if words and bare_text(words[-1]) not in ("for", "if", "while", "until", "!", "then", "do"):
            return False
        parts: list[Part] = []
        is_one = self._text.startswith("((", self._at) and self._arithmetic(2, parts)
        if is_one:
            words.append(tuple(parts))
        return is_one

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

    # --- words ---

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
            parts.append(Part(TEXT, _ESCAPE.sub(_unescape, text[self._at : end]), True))
            self._at = end + 1
        elif after == '"' and not is_quoted:
            self._at += 1
            self._double(parts)
        else:
            found = _NAME.match(text, at + 1)
            self._at = found.end() if found is not None else at + 1
            named = Part(VARIABLE, found[0], is_quoted) if found is not None else None
            parts.append(named or Part(TEXT, "$", True))

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


def _is_case(words: tuple[Word, ...] | list[Word]) -> bool:
    return len(words) == 3 and bare_text(words[0]) == "case" and bare_text(words[2]) == "in"


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16)).translate(_MARKS)
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF).translate(_MARKS)
    return _ESCAPED.get(code, code)
