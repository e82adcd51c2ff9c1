"""What time it is for the agent, and how long its pauses are.

Time is honest unless asked otherwise: scale 1 and no epoch give the wall clock. With
`OVERNIGHT_DEMO_EPOCH` (seconds, or ISO 8601 in UTC) the stamps of stream, transcript and commits
begin there; with a clock scale they advance that many times faster than the wall clock, so a few
minutes look like a night. Processes that share an epoch and `OVERNIGHT_DEMO_ANCHOR` (the wall
clock at the epoch) share one line of time, restarts included.
"""

from __future__ import annotations

import time
from collections.abc import Mapping


def parse_moment(text: str) -> float:
    """Seconds since the epoch from a number or from `YYYY-mm-ddTHH:MM:SS[Z]`, read as UTC."""
    try:
        return float(text)
    except ValueError:
        import calendar

        plain = text.strip().rstrip("Z").replace(" ", "T").split("+")[0]
        whole, _, rest = plain.partition(".")
        seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
        return seconds + float(f"0.{rest or 0}")


class StoryTiming:
    """The agent's clock. `pace` multiplies every pause of a story; 0 leaves none.

    `moved` says whether stamps differ from the wall clock.
    """

    def __init__(
        self,
        pace: float = 1.0,
        heartbeat: float = 30.0,
        scale: float = 1.0,
        epoch: float | None = None,
        anchor: float | None = None,
    ) -> None:
        self.pace = max(0.0, pace)
        self.heartbeat = max(0.02, heartbeat)
        self.scale = scale if scale > 0 else 1.0
        self._anchor = time.time() if anchor is None else anchor
        self._epoch = self._anchor if epoch is None else epoch
        self._skipped = 0.0
        self.moved = epoch is not None or self.scale != 1.0

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], pace: float | None, scale: float | None
    ) -> StoryTiming:
        """Flags win over `OVERNIGHT_DEMO_PACE`, `_HEARTBEAT`, `_CLOCK_SCALE`, `_EPOCH`, `_ANCHOR`."""

        def number(name: str, default: float) -> float:
            try:
                return float(environment.get("OVERNIGHT_DEMO_" + name, default))
            except ValueError:
                return default

        epoch = environment.get("OVERNIGHT_DEMO_EPOCH")
        anchor = environment.get("OVERNIGHT_DEMO_ANCHOR")
        return cls(
            number("PACE", 1.0) if pace is None else pace,
            number("HEARTBEAT", 30.0),
            number("CLOCK_SCALE", 1.0) if scale is None else scale,
            parse_moment(epoch) if epoch else None,
            parse_moment(anchor) if anchor else None,
        )

    def now(self) -> float:
        return self._epoch + (time.time() - self._anchor) * self.scale + self._skipped

    def skip(self, seconds: float) -> None:
        """Moves the clock forward: a gap in the night that nobody has to wait for."""
        self._skipped += seconds
        self.moved = self.moved or seconds > 0

    def not_before(self, moment: float) -> None:
        """Keeps a resumed session from stamping earlier than its own past."""
        self.skip(max(0.0, moment - self.now()))

    def stamp(self) -> str:
        return iso(self.now())


def iso(moment: float) -> str:
    """ISO 8601 with milliseconds and Z, as the stream and the transcript write it."""
    whole, rest = divmod(round(moment * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{rest:03d}Z"
