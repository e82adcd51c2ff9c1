"""The three clocks a night is measured with, handed in so that tests can turn them by hand.

`wall` is for showing and for comparing with time stamps; it may jump. `monotonic` stands still
while the machine sleeps, so silence is measured with it: sleep is not idleness. `boottime` goes on
during sleep, so limits on a whole run are measured with it.
"""

from __future__ import annotations

import time
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


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def boottime(self) -> float:
        return time.clock_gettime(_BOOTTIME)


# Where there is no CLOCK_BOOTTIME (macOS), CLOCK_MONOTONIC is the one that goes on during sleep;
# `time.monotonic` reads another there.
_BOOTTIME: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
