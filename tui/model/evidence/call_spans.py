"""When the calls of a night went on: by that a commit of the agent is told from a person's."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct


class Spans(Struct, frozen=True):
    """Stretches of time in order, that do not touch: start and end in turn."""

    ends: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ends)

    def holds(self, at: float, slack: float) -> bool:
        """Whether the moment lies in a stretch, or no more than `slack` beside one."""
        place = bisect_right(self.ends, at)
        if place % 2:
            return True
        before = place and at - self.ends[place - 1] <= slack
        after = place < len(self.ends) and self.ends[place] - at <= slack
        return bool(before or after)


class CallSpans(Struct, frozen=True):
    """The calls of a night.

    `shells` are calls that can have committed without saying so, `busy` calls of any kind. `is_timed`: every
    call has its times, so that what happened beside them was somebody else. What is older than `known_from`
    was forgotten; from `unknown_from` on something ran beside the calls.
    """

    shells: Spans = Spans()
    busy: Spans = Spans()
    is_timed: bool = False
    known_from: float | None = None
    unknown_from: float | None = None
