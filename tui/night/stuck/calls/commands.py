"""What a shell command asks, without what only decorates it.

Decoration changes nothing that is asked: comments, words that are only printed, a counter of attempts,
how much of the end is shown, where the output is put aside, blanks. Whatever is not certain to be
decoration stays, and then two commands are not the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.night.evidence.shell_parser import split_pipelines
from tui.night.stuck.step import Step
from tui.night.usage.compact_tables import digest
from tui.system.lazy_pattern import AnyWord, lazy

_MAY_VARY = AnyWord(
    *("#", "echo ", "printf ", "tail ", "head ", "  ", "2>&1", "sleep ", "/tmp/"),
    *(_COUNTED := ("TRY", "ATTEMPT", "try=", "try ", "try_", "attempt")),
)
_COUNTS = AnyWord(*_COUNTED)
_QUOTES = "'\"`\\"
_ECHO = lazy(
    r"""(?:echo|printf)\s+(?:-[neE]+\s+)?
    (?: "(?P<double>[^"$`\\]*)(?:\\n)?" | '(?P<single>[^']*?)(?:\\n)?' | (?P<bare>[\w\s.,:!=/#*-]+) )""",
    re.VERBOSE,
)
_ONE_AFTER_ANOTHER = (";", "&&", "\n")
_SHOWN = lazy(r"\s*\|\s*(?:tail|head)(?:\s+-(?:n\s*|c\s*)?\d+|\s+-\d+)?\s*$")
_BOTH = lazy(r"\s*2>&1(?=\s|$|[|;])")
_PUT_ASIDE = lazy(r"(?:>>?|\btee)\s*(/tmp/[\w./-]+)")
_COUNTER = lazy(
    r"\b(?:attempt|retry|try)(?:_?(?:no|nr|num|number|count|n))?(?:=|\s+)[\"']?\d+[\"']?",
    re.IGNORECASE,
)
_SLEEP = lazy(r"\bsleep\s+\d+(?:\.\d+)?[smh]?")


_WHOLE = 400
"""Longer commands are programs: they are compared to the letter."""


class PlainCommand(NamedTuple):
    """A command without decoration, and the words that the decoration prints."""

    text: str
    echoes: tuple[str, ...] = ()


# complexity: a table in code, one rule for each decoration
def plain_command(command: str) -> PlainCommand:
    """`command` without decoration; the same text for commands that ask the same."""
    if not _MAY_VARY.is_in(command):
        return PlainCommand(command.strip(" \t\n;"))
    if "<<" in command:
        return PlainCommand(command.strip())  # a document may hold anything
    echoes: tuple[str, ...] = ()
    text = command
    if "#" in text:
        text = _without_comments(text)
    text = text.strip(" \t\n;")
    if _prints(text):
        text, echoes = _without_echoes(text)
    if "2>&1" in text:
        text = _BOTH.sub("", text)
    if "|" in text:
        text = _SHOWN.sub("", text)
    if "/tmp/" in text and (">" in text or "tee" in text):
        for place in _PUT_ASIDE.findall(text):
            text = text.replace(place, "/tmp/·")
    if _COUNTS.is_in(text):
        text = _COUNTER.sub("·", text)
    if "sleep " in text:
        text = _SLEEP.sub("sleep ·", text)
    if not any(quote in text for quote in _QUOTES):
        text = " ".join(
            line for line in (" ".join(part.split()) for part in text.split("\n")) if line
        )
    return PlainCommand(text or command.strip(), echoes)


def name_call(step: Step) -> None:
    """Give a step the key of what it asks, however it is written."""
    step.call = step.key
    if step.is_shell and len(step.shell_text) < _WHOLE:
        plain = plain_command(step.shell_text)
        step.call, step.echoes = digest(plain.text), plain.echoes


def _prints(command: str) -> bool:
    """Whether a command may print plain words first or last: a cheap look."""
    if command.startswith(("echo ", "printf ")):
        return True
    last = max(command.rfind("echo "), command.rfind("printf "))
    return (last > 0 and command[:last].rstrip().endswith((";", "&&"))) or command[
        last - 1 : last
    ] == "\n"


def _without_comments(command: str) -> str:
    """`command` without what stands behind a # that no quote holds."""
    if not command.startswith("#") and not any(f"{sign}#" in command for sign in " \t\n;&|("):
        return command
    lines = []
    quote = ""
    for line in command.split("\n"):
        place, quote = _comment_in(line, quote)
        lines.append(line if place < 0 else line[:place].rstrip())
    return "\n".join(line for line in lines if line.strip())


def _comment_in(line: str, quote: str) -> tuple[int, str]:
    """Where a comment begins in `line`, -1 for nowhere; and the quote that is open at its end."""
    before = ""
    for place, sign in enumerate(line):
        if before == "\\" and quote != "'":
            before = ""
            continue
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"`":
            quote = sign
        elif sign == "#" and (not before or before in " \t;&|("):
            return place, ""
        before = sign
    return -1, quote


def _without_echoes(command: str) -> tuple[str, tuple[str, ...]]:
    """`command` without the plain words that it prints first or last, unless that is all it does."""
    echoes = []
    text = command
    pieces = split_pipelines(command)
    while len(pieces) > 1 and (found := _ECHO.fullmatch(pieces[0])):
        rest = text[len(pieces[0]) :].lstrip(" \t")
        if not text.startswith(pieces[0]) or not rest.startswith(_ONE_AFTER_ANOTHER):
            break
        text = rest.lstrip(";&\n \t")
        echoes.append(_words(found))
        del pieces[0]
    while len(pieces) > 1 and (found := _ECHO.fullmatch(pieces[-1])):
        rest = text[: -len(pieces[-1])].rstrip(" \t")
        if not text.endswith(pieces[-1]) or not rest.endswith(_ONE_AFTER_ANOTHER):
            break
        text = rest.rstrip(";&\n \t")
        echoes.append(_words(found))
        del pieces[-1]
    return text, tuple(echo for echo in echoes if echo)


def _words(found: re.Match[str]) -> str:
    return next((part for part in found.groups() if part is not None), "").strip()
