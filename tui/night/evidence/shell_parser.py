"""Splits a shell command line into simple commands.

Quotes, substitutions, here-documents and `sh -c` are followed; anything beyond that is not
understood, and what is not understood is no command.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tui.system.lazy_pattern import AnyWord, lazy

_DEEPEST = 5
_LONGEST = 4_000
_BREAKS = ";\n&|()"
SEPARATOR = lazy(r"(?:(?<!\s)\s+)?(?:;|&&|\|\||\n|⏎|\|&?|(?<![<>&])&(?![>&]))\s*")
_SEPARATORS = AnyWord(";", "&", "|", "\n", "⏎")
_BETWEEN_PIPELINES = lazy(r"(?:(?<!\s)\s+)?(?:;|&&|\|\||\n|⏎)\s*")
SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "ash", "fish"})
_ASSIGNMENT = lazy(r"[A-Za-z_]\w*\+?=")
_KEYWORDS = frozenset({"then", "do", "else", "elif", "if", "while", "until", "!", "{", "time"})
_WRAPPERS = frozenset(
    {"sudo", "doas", "env", "nohup", "exec", "command", "builtin", "nice", "ionice", "stdbuf"}
    | {"timeout", "setsid", "caffeinate", "time", "xargs"}
)
_COMMANDS_THEMSELVES = frozenset({"env", "xargs", "sudo", "doas"})
"""Wrappers that do something with nothing behind them."""
_TAKING = {
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-D", "-r", "-t", "-T"}),
    "env": frozenset({"-u", "-C", "--unset", "--chdir"}),
    "nice": frozenset({"-n"}),
    "timeout": frozenset({"-s", "-k", "--signal", "--kill-after"}),
    "xargs": frozenset({"-n", "-I", "-P", "-L", "-d", "-s", "-a", "-E"}),
}


class ShellWord(NamedTuple):
    """A word without its quotes; `inner` are commands it substitutes, `fed` those of `<(…)`."""

    text: str
    inner: tuple[str, ...] = ()
    fed: tuple[str, ...] = ()


class SimpleCommand(NamedTuple):
    """One command: its words, the files it writes its output to, and its here-document.

    `appended` are those of the outputs whose content stays; `inputs` are files it reads its input from.
    """

    words: tuple[ShellWord, ...]
    outputs: tuple[str, ...] = ()
    document: str = ""
    appended: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


class CommandCall(NamedTuple):
    """A simple command without what is wrapped around it."""

    name: str
    args: tuple[ShellWord, ...]
    variables: tuple[str, ...]
    simple: SimpleCommand

    @property
    def texts(self) -> tuple[str, ...]:
        """The arguments as plain text."""
        return tuple(word.text for word in self.args)


Pipeline = tuple[CommandCall, ...]


def split_commands(command: str) -> list[str]:
    """The simple commands of a line as text; quotes are not heeded, for the speed of the fold."""
    return SEPARATOR.split(command) if _SEPARATORS.is_in(command) else [command]


def split_pipelines(command: str) -> list[str]:
    """The pipelines of a line as text, as roughly as `split_commands`."""
    return _BETWEEN_PIPELINES.split(command)


def pipelines(command: str, depth: int = _DEEPEST) -> Iterator[Pipeline]:
    """Every pipeline that `command` would run, those inside of others included."""
    for stages in _ShellScanner(command[:_LONGEST]).pipelines():
        calls = tuple(call for call in map(_bare, stages) if call is not None)
        if not calls:
            continue
        yield calls
        if depth:
            for text in _inner(calls):
                yield from pipelines(text, depth - 1)


def _inner(calls: Pipeline) -> Iterator[str]:
    for call in calls:
        for word in call.simple.words:
            yield from word.inner
            yield from word.fed
        if call.name in SHELLS or call.name == "eval":
            script = script_of(call)
            if script:
                yield script
            elif call.simple.document:
                yield call.simple.document


def script_of(call: CommandCall) -> str:
    """The text that `sh -c TEXT` or `eval TEXT` runs; empty if it runs none."""
    if call.name == "eval":
        return " ".join(call.texts)
    for number, text in enumerate(call.texts[:-1]):
        if text[:1] == "-" and text[:2] != "--" and "c" in text[1:]:
            return call.texts[number + 1]
        if text[:1] != "-":
            break
    return ""


def _bare(simple: SimpleCommand) -> CommandCall | None:
    words = list(simple.words)
    variables: list[str] = []
    while words:
        text = words[0].text
        if _ASSIGNMENT.match(text):
            variables.append(text)
        elif text not in _KEYWORDS:
            name = text.rpartition("/")[2]
            if name not in _WRAPPERS:
                return CommandCall(name, tuple(words[1:]), tuple(variables), simple)
            whole = tuple(words[1:])
            _unwrap(name, words)
            if name in _COMMANDS_THEMSELVES and not words:
                return CommandCall(name, whole, tuple(variables), simple)
            continue
        del words[0]
    return None


def _unwrap(name: str, words: list[ShellWord]) -> None:
    """Takes a wrapper and its own options off."""
    del words[0]
    taking = _TAKING.get(name, frozenset())
    while words and words[0].text[:1] == "-":
        option = words.pop(0).text
        if option in taking and words:
            del words[0]
    if name == "timeout" and words:
        del words[0]


class _ShellScanner:
    """Reads a command from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\\\n", " ").replace("⏎", "\n")
        self._at = 0
        self._waiting: list[tuple[str, bool]] = []
        self._document = ""
        self._appended: list[str] = []
        self._inputs: list[str] = []

    def pipelines(self) -> Iterator[list[SimpleCommand]]:
        stages: list[SimpleCommand] = []
        while self._at < len(self._text):
            simple, end = self._simple()
            if simple is not None:
                stages.append(simple)
            if end != "|" and stages:
                if self._document:
                    stages[-1] = stages[-1]._replace(document=self._document)
                    self._document = ""
                yield stages
                stages = []
        if stages:
            yield stages

    def _simple(self) -> tuple[SimpleCommand | None, str]:
        """One command and the operator after it."""
        words: list[ShellWord] = []
        outputs: list[str] = []
        here = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in " \t":
                self._at += 1
            elif char == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif char in "<>" and self._text.startswith("(", self._at + 1):
                words.append(self._word())
            elif char in "<>" or (
                char.isdigit() and self._text[self._at + 1 : self._at + 2] in ("<", ">")
            ):
                here = self._redirection(outputs) or here
            elif char == "&" and self._text.startswith("&>", self._at):
                self._at += 1
            elif char in _BREAKS:
                return self._made(words, outputs, here), self._operator()
            else:
                words.append(self._word())
        return self._made(words, outputs, here), ""

    def _made(self, words: list[ShellWord], outputs: list[str], here: str) -> SimpleCommand | None:
        files = tuple(self._appended), tuple(self._inputs)
        self._appended, self._inputs = [], []
        if outputs and not words:  # `> file` alone does what `: > file` does
            words = [ShellWord(":")]
        return SimpleCommand(tuple(words), tuple(outputs), here, *files) if words else None

    def _operator(self) -> str:
        char = self._text[self._at]
        self._at += 1
        if char == "\n" and self._waiting:
            self._documents()
        if char in "|&" and self._text[self._at : self._at + 1] == char:
            self._at += 1
            return char * 2
        if char == "|" and self._text[self._at : self._at + 1] == "&":
            self._at += 1
        return char

    def _redirection(self, outputs: list[str]) -> str:
        """Takes a redirection; the text of a here-string, if it is one."""
        text = self._text
        if text[self._at].isdigit():
            self._at += 1
        if text.startswith("<<<", self._at):
            self._at += 3
            self._blanks()
            return self._word().text if self._at < len(text) else ""
        if text.startswith("<<", self._at):
            self._at += 2
            dash = text.startswith("-", self._at)
            self._at += dash
            self._blanks()
            if self._at < len(text):
                self._waiting.append((self._word().text, dash))
            return ""
        writes, appends = text[self._at] == ">", text.startswith(">>", self._at)
        self._at += 1
        while self._at < len(text) and text[self._at] in ">&|":
            self._at += 1
        self._blanks()
        if self._at < len(text) and text[self._at] not in _BREAKS:
            word = self._word()
            if writes and not word.text.isdigit():
                path = f"$(…){word.text}" if word.inner else word.text
                outputs.append(path)
                self._appended += [path] * appends
            elif not writes:
                self._inputs.append(word.text)
        return ""

    def _blanks(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1

    def _documents(self) -> None:
        """Passes over the here-documents that begin after this line."""
        for end, dash in self._waiting:
            body: list[str] = []
            while self._at < len(self._text):
                stop = self._text.find("\n", self._at)
                stop = len(self._text) if stop < 0 else stop
                line = self._text[self._at : stop]
                self._at = stop + 1
                if (line.lstrip("\t") if dash else line) == end:
                    break
                body.append(line)
            self._document = "\n".join(body)
        self._waiting = []

    def _word(self) -> ShellWord:
        parts: list[str] = []
        inner: list[str] = []
        fed: list[str] = []
        start = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in "<>" and self._text.startswith("(", self._at + 1) and self._at == start:
                self._at += 2
                fed.append(self._until(")"))
            elif char in " \t<>" or (char in _BREAKS):
                break
            else:
                self._piece(char, parts, inner)
        if self._at == start:
            self._at += 1
        return ShellWord("".join(parts), tuple(inner), tuple(fed))

    def _piece(self, char: str, parts: list[str], inner: list[str]) -> None:
        """Takes one character of a word, or all of a quotation or substitution."""
        text = self._text
        if char == "'":
            end = text.find("'", self._at + 1)
            end = len(text) if end < 0 else end
            parts.append(text[self._at + 1 : end])
            self._at = end + 1
        elif char == '"':
            self._at += 1
            while self._at < len(text) and text[self._at] != '"':
                self._piece_of_quote(parts, inner)
            self._at += 1
        elif char == "\\":
            parts.append(text[self._at + 1 : self._at + 2])
            self._at += 2
        else:
            self._plain(parts, inner)

    def _piece_of_quote(self, parts: list[str], inner: list[str]) -> None:
        if self._text[self._at] == "\\" and self._text[self._at + 1 : self._at + 2] in '"\\$`':
            parts.append(self._text[self._at + 1 : self._at + 2])
            self._at += 2
        else:
            self._plain(parts, inner)

    def _plain(self, parts: list[str], inner: list[str]) -> None:
        text = self._text
        if text.startswith("$((", self._at):
            self._at += 3
            self._until(")")
            self._at += 1
        elif text.startswith("$(", self._at):
            self._at += 2
            inner.append(self._until(")"))
        elif text[self._at] == "`":
            self._at += 1
            end = text.find("`", self._at)
            end = len(text) if end < 0 else end
            inner.append(text[self._at : end])
            self._at = end + 1
        else:
            parts.append(text[self._at])
            self._at += 1

    def _until(self, closing: str) -> str:
        """The text up to the bracket that closes the one just opened."""
        start, depth, quote = self._at, 1, ""
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == "(":
                depth += 1
            elif char == closing:
                depth -= 1
                if not depth:
                    return self._text[start : self._at - 1]
        return self._text[start:]
