"""Whose a prompt is: a person's message is progress, what a program sends again and again is none."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from tui.model.events import SourceRef
from tui.night.usage.compact_tables import digest
from tui.system.lazy_pattern import lazy

_KEPT = 12
_TEXT = 2000
_TIMES = 2
_NUMBERED = lazy(r"\w*\d\w*")


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
    """Equal for prompts that differ in numbers, times and ids alone."""
    return digest(" ".join(_NUMBERED.sub("#", text[:_TEXT]).split()))


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

    def announce(self, text: str = "") -> None:
        """Our supervisor sends this `text`, or without one the prompt that comes next."""
        if text:
            self.own.append(prompt_key(text))
            del self.own[:-_KEPT]
        else:
            self.announced = True

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
