"""Stand-ins that tests hand in where the program asks for a clock."""

from __future__ import annotations


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, wall: float = 1_700_000_000.0, monotonic: float = 1_000.0) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._boottime = monotonic

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def boottime(self) -> float:
        return self._boottime

    def advance(self, seconds: float) -> None:
        """Time passes; ValueError for a step back, which only `set_wall` can make."""
        if seconds < 0:
            raise ValueError("time goes forward; use set_wall for a clock that is set back")
        self._wall += seconds
        self._monotonic += seconds
        self._boottime += seconds

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: `monotonic` stands still meanwhile."""
        before = self._monotonic
        self.advance(seconds)
        self._monotonic = before

    def set_wall(self, wall: float) -> None:
        """Somebody sets the wall clock; the other two do not notice."""
        self._wall = wall
