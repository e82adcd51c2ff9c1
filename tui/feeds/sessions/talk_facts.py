"""What the first and last lines of an event file tell of its conversation: how much there was, how it stands.

A file is not read whole for this, so each answer is about the lines that were read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Raw, Struct

from tui.feeds.claude.lenient_values import UNREADABLE
from tui.feeds.claude.wire import INTERRUPTED
from tui.model.cli_commands import EDITING, SUBAGENTS
from tui.model.failures import SYNTHETIC
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean_line

# One prompt, at most so many calls that change nothing and so short a time: a question, not a night.
MOST_CALLS_OF_A_QUESTION = 2
QUESTION_S = 120.0
SHORT_ANSWER = 4_000
LONG_PROMPT = 200
_TITLE = 120
_OF_PROGRAMS = ("sdk-cli", "sdk-py", "sdk-ts")
_WORKING = EDITING | SUBAGENTS | {"Workflow"}
# What the CLI writes in the person's place: commands, their output, its own notices.
_OF_THE_CLI = lazy(
    r"\s*(?:<(?:command-|local-command-|bash-|user-memory-|task-notification|system-reminder)"
    r"|Caveat: The messages below)"
)
_COMMAND = lazy(r"<command-name>\s*([^<]{1,80}?)\s*</command-name>")
_COMMAND_WORDS = lazy(r"<command-args>\s*([^<]{1,200}?)\s*</command-args>")


class LastTurn(StrEnum):
    """How the last turn stands, as far as the last lines tell."""

    UNKNOWN = ""
    OPEN = "open"
    COMPLETED = "completed"
    SAID = "said"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class SummaryLine(Struct):
    """The parts of a record that a summary needs; a value may be of any type."""

    type: Any = None
    subtype: Any = None
    cwd: Any = None
    sessionId: Any = None
    session_id: Any = None
    timestamp: Any = None
    message: Raw = Raw(b"")
    isMeta: Any = None
    isSidechain: Any = None
    isCompactSummary: Any = None
    isApiErrorMessage: Any = None
    is_api_error_message: Any = None
    parent_tool_use_id: Any = None
    is_error: Any = None
    entrypoint: Any = None
    customTitle: Any = None

    @property
    def is_main(self) -> bool:
        """Whether it belongs to the conversation itself, not to a subagent's."""
        return self.isSidechain is not True and self.parent_tool_use_id is None


class _Block(Struct):
    type: Any = None
    name: Any = None
    text: Any = None
    id: Any = None


class _Message(Struct):
    id: Any = None
    model: Any = None
    stop_reason: Any = None
    content: Raw = Raw(b"")


class TalkFacts(Struct):
    """How much of a conversation the lines hold, and how its last turn stands."""

    prompts: int = 0
    answers: int = 0
    calls: int = 0
    edits: int = 0
    errors: int = 0
    characters: int = 0
    longest_prompt: int = 0
    compactions: int = 0
    has_helpers_entry: bool = False
    title: str = ""
    end: LastTurn = LastTurn.UNKNOWN

    @property
    def has_substance(self) -> bool:
        """Whether it is more than a question, however it goes on."""
        return self.has_work or (self.prompts > 1 and self.answers > 1)

    @property
    def has_work(self) -> bool:
        """Whether more was done than talk and a few calls that change nothing."""
        return bool(self.compactions or self.edits or self.calls > MOST_CALLS_OF_A_QUESTION)

    def is_small(self, seconds: float, *, is_whole: bool) -> bool:
        """Whether it is no more than a one-shot question, a helper's call or commands of the CLI."""
        if self.has_substance:
            return False
        if not is_whole:
            return seconds < QUESTION_S and not self.calls and self.answers <= 1
        if not self.answers:
            return not (self.errors and self.longest_prompt >= LONG_PROMPT)
        if self.calls:
            return seconds < QUESTION_S and self.end is not LastTurn.OPEN
        return self.characters <= SHORT_ANSWER or self.has_helpers_entry


_messages = msgspec.json.Decoder(_Message)
_blocks = msgspec.json.Decoder(list[_Block])
_texts = msgspec.json.Decoder(str)


def read_talk(lines: Sequence[SummaryLine]) -> TalkFacts:
    """The facts of these records, which are in the order of the file.

    As soon as there is work, only the end is still looked for, from behind.
    """
    facts, answers, calls = TalkFacts(), set[str](), set[str]()
    main = [line for line in lines if line.is_main]
    for place, line in enumerate(main):
        _add(facts, line, answers, calls)
        facts.answers, facts.calls = len(answers), len(calls)
        if facts.has_work and facts.title:
            facts.end = _last_end(main[place + 1 :]) or facts.end
            break
    given = (line.customTitle for line in reversed(main) if isinstance(line.customTitle, str))
    facts.title = clean_line(next(given, ""), _TITLE) or facts.title
    return facts


def _last_end(lines: Sequence[SummaryLine]) -> LastTurn:
    """How the last turn stands after these records; UNKNOWN where none of them tells."""
    for line in reversed(lines):
        facts = TalkFacts()
        _add(facts, line, set(), set())
        if facts.end:
            return facts.end
    return LastTurn.UNKNOWN


def _add(facts: TalkFacts, line: SummaryLine, answers: set[str], calls: set[str]) -> None:
    if line.entrypoint in _OF_PROGRAMS:
        facts.has_helpers_entry = True
    if line.type == "user":
        _add_user(facts, line)
    elif line.type == "assistant":
        _add_answer(facts, line, answers, calls)
    elif line.type == "result":
        facts.end = LastTurn.FAILED if line.is_error is True else LastTurn.COMPLETED
    elif line.subtype == "compact_boundary":
        facts.compactions += 1


def _add_user(facts: TalkFacts, line: SummaryLine) -> None:
    if line.isCompactSummary is True:
        facts.compactions += 1
        return
    message = _message(line)
    blocks = list(_content(message)) if message is not None else []
    if any(block.type == "tool_result" for block in blocks):
        facts.end = LastTurn.OPEN
        return
    text = "".join(block.text for block in blocks if isinstance(block.text, str))
    if text.startswith(INTERRUPTED):
        facts.end = LastTurn.INTERRUPTED
    elif _OF_THE_CLI.match(text):
        _add_command(facts, text)
    elif line.isMeta is True:
        # What the CLI adds asks the model as a prompt does: a command's own text, a hook's words.
        facts.end = LastTurn.OPEN
    elif text or any(block.type in ("image", "document") for block in blocks):
        facts.prompts += 1
        facts.longest_prompt = max(facts.longest_prompt, len(text))
        facts.title = facts.title or clean_line(" ".join(text[:400].split()), _TITLE)
        facts.end = LastTurn.OPEN


def _add_command(facts: TalkFacts, text: str) -> None:
    found = _COMMAND.search(text)
    if found is not None and not facts.title and not facts.prompts:
        words = _COMMAND_WORDS.search(text)
        facts.title = clean_line(f"{found[1]} {words[1] if words else ''}".strip(), _TITLE)


def _add_answer(facts: TalkFacts, line: SummaryLine, answers: set[str], calls: set[str]) -> None:
    message = _message(line)
    if message is None:
        return
    blocks = list(_content(message))
    if line.isApiErrorMessage is True or line.is_api_error_message is True:
        facts.errors += 1
        facts.end = LastTurn.FAILED
        return
    if message.model == SYNTHETIC:
        return
    answers.add(message.id if isinstance(message.id, str) else f"nameless {len(answers)}")
    called = [block for block in blocks if block.type == "tool_use"]
    calls.update(str(block.id) for block in called)
    facts.edits += sum(block.name in _WORKING for block in called)
    said = sum(len(block.text) for block in blocks if isinstance(block.text, str))
    facts.characters += said
    if called or message.stop_reason in ("tool_use", "pause_turn"):
        facts.end = LastTurn.OPEN
    elif isinstance(message.stop_reason, str):
        facts.end = LastTurn.COMPLETED
    else:
        # Until 2.1.42 nothing says that a text is the last word; a thought alone never is.
        facts.end = LastTurn.SAID if said else LastTurn.OPEN


def _message(line: SummaryLine) -> _Message | None:
    try:
        return _messages.decode(line.message) if line.message else None
    except UNREADABLE:
        return None


def _content(message: _Message) -> Iterator[_Block]:
    try:
        yield from _blocks.decode(message.content)
    except UNREADABLE:
        try:
            yield _Block("text", None, _texts.decode(message.content))
        except UNREADABLE:
            return
