"""The clock of a demonstration: a night in minutes, on the line of time its agent stamps with."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tui.clock import Clock, SystemClock


class ScaledClock:
    """Runs `scale` times as fast as the machine's clock, and showed `epoch` when it was `anchor`."""

    def __init__(self, epoch: float, anchor: float, scale: float) -> None:
        self._epoch = epoch
        self._anchor = anchor
        self._scale = scale
        self._real = SystemClock()

    def wall(self) -> float:
        return self._epoch + (time.time() - self._anchor) * self._scale

    def monotonic(self) -> float:
        return self._real.monotonic() * self._scale

    def boottime(self) -> float:
        return self._real.boottime() * self._scale


def clock_for(env: Mapping[str, str]) -> Clock:
    """The clock that goes with the agent's variables: the machine's, unless they bend time."""
    try:
        scale = float(env.get("OVERNIGHT_DEMO_CLOCK_SCALE") or 1)
        anchor = float(env.get("OVERNIGHT_DEMO_ANCHOR") or time.time())
        epoch = float(env.get("OVERNIGHT_DEMO_EPOCH") or anchor)
    except ValueError:
        return SystemClock()
    if (scale, epoch) == (1.0, anchor) or scale <= 0:
        return SystemClock()
    return ScaledClock(epoch, anchor, scale)
