"""Wall, monotonic and boot clocks, and the scaled clock of a demonstration.

`wall` is for display and for comparison with time stamps; it may jump. `monotonic` stops while the machine
sleeps, so silence is measured with it: sleep is not idleness. `boottime` continues during sleep, so limits
on a whole run are measured with it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol


class Clock(Protocol):
    """Seconds of the three clocks; only differences of the last two mean anything."""

    def wall(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds awake; never goes back."""
        ...

    def boottime(self) -> float:
        """Seconds awake or asleep; never goes back."""
        ...


# Where there is no CLOCK_BOOTTIME (macOS), CLOCK_MONOTONIC is the one that goes on during sleep;
# `time.monotonic` reads another there.
_BOOTTIME: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's own clocks, or `scale` times as fast, showing `epoch` when those showed `anchor`."""

    epoch = anchor = 0.0
    scale = 1.0

    def wall(self) -> float:
        return self.epoch + (time.time() - self.anchor) * self.scale

    def monotonic(self) -> float:
        return time.monotonic() * self.scale

    def boottime(self) -> float:
        return time.clock_gettime(_BOOTTIME) * self.scale


def clock_for(env: Mapping[str, str]) -> Clock:
    """The clock for these environment variables: the machine's, unless a demonstration scales it."""
    try:
        scale = float(env.get("OVERNIGHT_DEMO_CLOCK_SCALE") or 1)
        anchor = float(env.get("OVERNIGHT_DEMO_ANCHOR") or time.time())
        epoch = float(env.get("OVERNIGHT_DEMO_EPOCH") or anchor)
    except ValueError:
        return SystemClock()
    if (scale, epoch) == (1.0, anchor) or scale <= 0:
        return SystemClock()
    clock = SystemClock()
    clock.epoch, clock.anchor, clock.scale = epoch, anchor, scale
    return clock
