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

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Reads `OVERNIGHT_DEMO_PACE`, `_HEARTBEAT`, `_CLOCK_SCALE`, `_EPOCH` and `_ANCHOR`."""

        def number(name: str, default: float) -> float:
            try:
                return float(environment.get("OVERNIGHT_DEMO_" + name, default))
            except ValueError:
                return default

        self.pace = max(0.0, number("PACE", 1.0))
        self.heartbeat = max(0.02, number("HEARTBEAT", 30.0))
        scale = number("CLOCK_SCALE", 1.0)
        self.scale = scale if scale > 0 else 1.0
        epoch = environment.get("OVERNIGHT_DEMO_EPOCH")
        anchor = environment.get("OVERNIGHT_DEMO_ANCHOR")
        self._anchor = parse_moment(anchor) if anchor else time.time()
        self._epoch = parse_moment(epoch) if epoch else self._anchor
        self._skipped = 0.0
        self.moved = bool(epoch) or self.scale != 1.0

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
        """ISO 8601 with milliseconds and Z, as the stream and the transcript write it."""
        whole, rest = divmod(round(self.now() * 1000), 1000)
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{rest:03d}Z"
