"""What detectors read: a tool call with its answer, words of the model without a call, and what a command asks.

What only decorates a command changes nothing that is asked: comments, words that are only printed, a counter of
attempts, how much of the end is shown, where the output is put aside, blanks. Whatever is not certain to
be decoration stays, and then two commands are not the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from msgspec import Struct, structs

from tui.model.cli_commands import SHELLS
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import TestRun
from tui.model.failures import DenialKind
from tui.model.stall import StallStep
from tui.night.evidence.shell_parser import split_pipelines
from tui.night.stuck.errors.causes import Cause
from tui.night.stuck.file_contents import ContentChange
from tui.night.usage.compact_tables import digest
from tui.system.format import clip_text, shorten
from tui.system.lazy_pattern import AnyWord, lazy

_WORDS = 60
_KEPT = 200
_READ = 1_000
_REMEMBERED = 256
STEP_SECONDS = 20.0
"""What one step counts where no times are known."""


def shown_text(text: str, limit: int = 80) -> str:
    """The first line of a text of the agent, at most `limit` characters, with credentials hidden.

    They are hidden first: what is left of one that was cut could not be found. For findings only, it is slow.
    """
    return shorten(_without_credentials(clip_text(text.strip().split("\n", 1)[0], _READ)), limit)


@lru_cache(_REMEMBERED)
def _without_credentials(line: str) -> str:
    from tui.system.credentials.hide import hide_credentials  # most nights need no patterns

    return hide_credentials(line)


class Step(Struct, omit_defaults=True):
    """A call with its answer.

    `key` is equal for equal calls; `tree` stands for the content of the files when it was answered;
    `called_at` is when it was made, where that is known. `command` is the whole text of a shell command
    that is too long for `target`. `call` is equal for calls that ask the same, however they are
    written, and `echoes` are the words that such a call only prints. `fingerprint` stands for the answer
    without chance, `clocks` and `spans` for its times and durations, once somebody asked; `varies`: it
    is the same as the answer before but for durations. `whole` stands for an answer that was cut,
    `pictures` for the pictures in it.
    `denial`: it was not let run.
    `content` is what it did to the content of the files; `failures` stands for what failed in a test run,
    `cause` is why a call failed that was no such run.
    """

    tool: str
    target: str
    key: int
    is_error: bool
    excerpt: str
    size: int
    tree: int
    at: float | None
    ref: SourceRef
    called_at: float | None = None
    command: str = ""
    path: str = ""
    run: TestRun | None = None
    fingerprint: int = 0
    denial: DenialKind | None = None
    content: ContentChange = ContentChange.NONE
    failures: int = 0
    call: int = 0
    echoes: tuple[str, ...] = ()
    clocks: tuple[tuple[int, float], ...] = ()
    spans: int = 0
    varies: bool = False
    whole: int = 0
    pictures: int = 0
    cause: Cause | None = None

    @property
    def is_shell(self) -> bool:
        return self.tool in SHELLS

    @property
    def shell_text(self) -> str:
        """The whole text of a shell command, or what another call is about."""
        return self.command or self.target

    @property
    def was_made(self) -> bool:
        """Whether it was let run, or a person looked at it."""
        return self.denial is None or self.denial == DenialKind.PERSON

    @property
    def words(self) -> str:
        """The call in a few words, as evidence shows it."""
        return f"{self.tool} {shown_text(self.target, _WORDS)}".strip()

    @property
    def last_line(self) -> str:
        """The last line of the answer, short, as evidence shows it."""
        return shown_text(self.excerpt.strip().rsplit("\n", 1)[-1])

    @property
    def seconds(self) -> float | None:
        """How long the call took, where that is known."""
        if self.at is None or self.called_at is None:
            return None
        return max(0.0, self.at - self.called_at)

    def since(self, earlier: Step) -> float:
        """Seconds since another step was answered; a step counts 20 s where no times are known."""
        if self.at is None or earlier.at is None:
            return STEP_SECONDS
        return max(0.0, self.at - earlier.at)

    def kept(self) -> Step:
        """The step for keeping long: of a long answer its end, and what stands for the whole."""
        if len(self.excerpt) <= _KEPT and len(self.command) <= _KEPT:
            return self
        excerpt, whole = self.excerpt, 0
        if len(excerpt) > _KEPT:
            excerpt, whole = excerpt[-_KEPT:], self.exact()
        return structs.replace(self, excerpt=excerpt, whole=whole, command=self.command[:_KEPT])

    def exact(self) -> int:
        """What stands for the whole answer."""
        self.whole = self.whole or crc32(self.excerpt.encode("utf-8", "surrogatepass")) + 1
        return self.whole

    def shown(self) -> StallStep:
        """The step as evidence."""
        return StallStep(self.at, self.words, self.last_line, self.ref, self.seconds, self.is_error)


class SpokenText(Struct):
    """What the model said; `has_calls`: on the way to tool calls in the same record.

    Several records may be parts of one `message`, whose id is empty where none is known.
    """

    text: str
    has_calls: bool
    at: float | None
    ref: SourceRef
    message: str = ""
    thinking: bool = False


_MAY_VARY = AnyWord(
    *("#", "echo ", "printf ", "tail ", "head ", "  ", "2>&1", "sleep ", "/tmp/"),
    *(_COUNTED := ("TRY", "ATTEMPT", "try=", "try ", "try_", "attempt")),
)
_COUNTS = AnyWord(*_COUNTED)
_PRINTING = AnyWord("echo", "printf")
_BLANKS = " \t\n;"
_QUOTES = "'\"`\\"
_ECHO = lazy(
    r"""(?:echo|printf)\s+(?:-[neE]+\s+)?
    (?: "(?P<double>[^"$`\\]*)(?:\\n)?" | '(?P<single>[^']*?)(?:\\n)?' | (?P<bare>[\w\s.,:!=/#*-]+) )""",
    re.VERBOSE,
)
_PRINTERS = ("echo", "printf")
_PRINTS = lazy(r"(?:echo|printf)\s")
_ONE_AFTER_ANOTHER = (";", "&&", "\n")
_SHOWN = lazy(r"\|\s*(?:tail|head)(?:\s+-(?:n\s*|c\s*)?\d+|\s+-\d+)?\s*$")
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


def plain_command(command: str) -> PlainCommand:
    """`command` without decoration; the same text for commands that ask the same."""
    if not _MAY_VARY.is_in(command):
        return PlainCommand(command.strip(_BLANKS))
    if "<<" in command:
        return PlainCommand(command.strip())  # a document may hold anything
    echoes: tuple[str, ...] = ()
    text = command
    if "#" in text:
        text = _without_comments(text)
    text = text.strip(_BLANKS)
    if _PRINTING.is_in(text) and _prints(text):
        text, echoes = _without_echoes(text)
    text = _without_variants(text)
    if ("  " in text or "\n" in text) and not any(quote in text for quote in _QUOTES):
        lines = (" ".join(line.split()) for line in text.split("\n"))
        text = "\n".join(line for line in lines if line)
    return PlainCommand(text or command.strip(), echoes)


def step_of(
    use: ToolCall,
    result: ToolResult,
    at: float | None,
    ref: SourceRef,
    called_at: float | None,
    run: TestRun | None,
    cwd: str,
) -> Step:
    """A call with its answer, with the key of what it asks; a path is named within the folder `cwd`."""
    step = Step(
        use.name,
        use.target.removeprefix(f"{cwd}/") if use.path and cwd else use.target,
        use.key,
        result.is_error,
        result.excerpt,
        result.size,
        0,
        at,
        ref,
        called_at,
        use.command,
        use.path,
        run,
        denial=result.denial,
        pictures=result.pictures,
    )
    name_call(step)
    return step


def name_call(step: Step) -> None:
    """Give a step the key of what it asks, however it is written."""
    text = (step.command or step.target) if step.tool in SHELLS else ""
    if not text or len(text) >= _WHOLE:
        step.call = step.key
    elif _MAY_VARY.is_in(text):
        plain = plain_command(text)
        step.call, step.echoes = digest(plain.text), plain.echoes
    else:
        step.call = digest(text.strip(_BLANKS))


def _without_variants(text: str) -> str:
    """A command without how its output is shown or put aside, counters of attempts, and pauses."""
    if "2>&1" in text:
        text = _BOTH.sub("", text)
    pipe = text.rfind("|")
    if pipe > 0 and _SHOWN.match(text, pipe):
        text = text[:pipe].rstrip()
    if "/tmp/" in text and (">" in text or "tee" in text):
        for place in _PUT_ASIDE.findall(text):
            text = text.replace(place, "/tmp/·")
    if _COUNTS.is_in(text):
        text = _COUNTER.sub("·", text)
    if "sleep " in text:
        text = _SLEEP.sub("sleep ·", text)
    return text


def _prints(command: str) -> bool:
    """Whether a command may print plain words first or last; cheap."""
    if _PRINTS.match(command):
        return True
    last = max(command.rfind(name) for name in _PRINTERS)
    return last > 0 and command[:last].rstrip(" \t").endswith(_ONE_AFTER_ANOTHER)


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
