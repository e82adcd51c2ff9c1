"""When things happened, for records that often do not say.

Times only ever move forward here: files interleave, clocks are set back, and parallel tools write
out of order.
"""

from __future__ import annotations

from msgspec import Struct

BEHIND = 5.0
_MOST_ARRIVALS = 65_536


class SourceClock(Struct):
    """One file: its number, its newest time, and arrivals that no record has used yet."""

    number: int
    last: float | None = None
    offset: int = -1
    arrivals: list[tuple[int, float]] = []

    def arrived(self, offset: int, at: float) -> None:
        """Bytes before `offset` were there by `at`."""
        if offset > self.offset:
            self.arrivals.append((offset, at))
            if len(self.arrivals) > _MOST_ARRIVALS:
                del self.arrivals[::2]

    def time_of(self, offset: int) -> float | None:
        """The best time for a record at `offset` that tells none: its arrival, else the newest."""
        used = 0
        for end, _ in self.arrivals:
            if end > offset:
                break
            used += 1
        if used:
            del self.arrivals[:used]
        if self.arrivals:
            at = self.arrivals[0][1]
            if self.last is None or at > self.last:
                self.last = at
        return self.last
