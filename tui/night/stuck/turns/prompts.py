"""Whose a prompt is: a person's message is progress, what a program sends again and again is none."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from tui.model.cli_commands import STOP_HOOK_FEEDBACK
from tui.model.events import SourceRef, UserMessage
from tui.model.journal import JournalEntry, Requester
from tui.night.stuck.turns.wording import without_numbers
from tui.night.usage.compact_tables import digest

_KEPT = 12
_TEXT = 2000
_SHORT = 120
_TIMES = 2
_BY_PROGRAM = ("crash", "continue", "fresh", "handover", "initializer")
"""Why an attempt began, where its first prompt is the supervisor's."""
PAUSE = 30.0
"""Seconds before a prompt from which on whoever prompts is waiting for something."""


class Speaker(Enum):
    """Who had a message put to the agent."""

    NOBODY = 0
    PERSON = 1
    SUPERVISOR = 2


def begins_turn(body: UserMessage, is_open: bool) -> bool:
    """Whether what the CLI itself put to the model has it go on after the end of a turn."""
    if body.role == "note":
        return bool(body.tasks)
    beside = not is_open or body.text.startswith(STOP_HOOK_FEEDBACK)
    return body.role == "synthetic" and beside


class Prompt(NamedTuple):
    """A turn begins.

    `by_program`: no person wrote it, as far as the records show. `is_again`: the same but for numbers, times
    and chance as one of the last few, or our supervisor's. `pause` is how long nothing was done before it.
    """

    key: int
    by_program: bool
    is_again: bool
    at: float | None
    ref: SourceRef | None
    pause: float = 0.0


def prompt_key(text: str) -> int:
    """Equal for prompts that differ in numbers, times and ids alone; a question with another one is another."""
    text = text[:_TEXT].strip()
    asks = len(text) <= _SHORT and "?" in text and "\n" not in text
    return digest(text if asks else without_numbers(text))


class PromptLog(Struct):
    """The last few prompts of a night, and what the supervisor announced that it will send."""

    keys: list[int] = []
    own: list[int] = []
    announced: bool = False
    untouched: bool = False
    worked_at: float | None = None

    def on_work(self, at: float | None) -> None:
        """The agent did or said something."""
        self.announced = self.untouched = False
        if at is not None:
            self.worked_at = at

    def on_journal(self, entry: JournalEntry) -> Speaker:
        """Notes which prompts the supervisor will send; who speaks to the agent by this entry."""
        match entry.kind:
            case "inject" if entry.data.get("by") == Requester.SUPERVISOR:
                self.own.append(prompt_key(str(entry.data.get("text") or "")))
                del self.own[:-_KEPT]
                return Speaker.SUPERVISOR
            case "inject":
                return Speaker.PERSON
            case "continuation":
                self.announced = True
            case "segment_started" if entry.data.get("why") in _BY_PROGRAM:
                self.announced = True
        return Speaker.NOBODY

    def pause(self, at: float | None) -> float:
        """How long nothing was done by `at`."""
        return 0.0 if at is None or self.worked_at is None else max(0.0, at - self.worked_at)

    def read(
        self, text: str, by_program: bool, at: float | None, ref: SourceRef | None
    ) -> Prompt | None:
        """Whose a prompt is; None where a second record tells of the one before.

        Two equal prompts may be a person's who asks again; the third of the last few is a program's.
        """
        key = prompt_key(text)
        if self.untouched and self.keys and self.keys[-1] == key:
            return None
        times = self.keys.count(key)
        own = self.announced or key in self.own
        self.keys.append(key)
        del self.keys[:-_KEPT]
        self.announced, self.untouched = False, True
        program = by_program or own or times >= _TIMES
        return Prompt(key, program, own or times > 0, at, ref, self.pause(at))
