"""Decides when panes are painted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

FPS: Final = 10.0


def _call_later(delay: float, call: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay, call)


@dataclass(eq=False)
class PaintGovernor:
    """Runs requested paints, each once, at most `fps` times a second; shared by all panes.

    A request after quiet is run on the loop's next turn, so that panes changed by the same news
    are painted together. Requests are made on the event loop's thread.
    """

    fps: float = FPS
    now: Callable[[], float] = time.monotonic
    later: Callable[[float, Callable[[], None]], object] = _call_later
    rounds: int = 0
    _last: float = float("-inf")
    _requested: dict[Callable[[], None], None] = field(default_factory=dict)
    _scheduled: bool = False

    def request(self, paint: Callable[[], None]) -> None:
        """Have `paint` called soon; asking again before that changes nothing."""
        self._requested[paint] = None
        if self._scheduled:
            return
        self._scheduled = True
        quiet = self.now() - self._last
        self.later(max(0.0, 1.0 / self.fps - quiet), self._run_round)

    def cancel(self, paint: Callable[[], None]) -> None:
        """Drop a request whose widget is gone."""
        self._requested.pop(paint, None)

    def _run_round(self) -> None:
        self._scheduled = False
        self._last = self.now()
        self.rounds += 1
        paints, self._requested = self._requested, {}
        for paint in paints:
            paint()
