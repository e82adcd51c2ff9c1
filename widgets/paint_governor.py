"""Decides when panes are painted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

FPS: Final = 10.0


def _call_later(delay: float, call: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay, call)


class PaintGovernor:
    """Runs requested paints, each once, at most `fps` times a second; shared by all panes.

    A request after quiet is run on the loop's next turn, so that panes changed by the same news
    are painted together. Requests are made on the event loop's thread.
    """

    def __init__(
        self,
        fps: float = FPS,
        *,
        now: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], object] = _call_later,
    ) -> None:
        self.fps = fps
        self.rounds = 0
        self._now = now
        self._call_later = later
        self._last = float("-inf")
        self._requested: dict[Callable[[], None], None] = {}
        self._scheduled = False

    def request(self, paint: Callable[[], None]) -> None:
        """Have `paint` called soon; asking again before that changes nothing."""
        self._requested[paint] = None
        if self._scheduled:
            return
        self._scheduled = True
        quiet = self._now() - self._last
        self._call_later(max(0.0, 1.0 / self.fps - quiet), self._run_round)

    def cancel(self, paint: Callable[[], None]) -> None:
        """Drop a request whose widget is gone."""
        self._requested.pop(paint, None)

    def _run_round(self) -> None:
        self._scheduled = False
        self._last = self._now()
        self.rounds += 1
        paints, self._requested = self._requested, {}
        for paint in paints:
            paint()
