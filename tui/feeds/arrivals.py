"""When the bytes of a stream arrived: a line `OFFSET SECONDS` for each look that found new ones.

Most records of a stream carry no time of their own; whoever follows it live writes down when the
bytes before an offset were there.
"""

from __future__ import annotations

import math

from tui.records import Arrival


def line(offset: int, at: float) -> bytes:
    """One line of the file."""
    return b"%d %.3f\n" % (offset, at)


def read(data: bytes, source: str) -> list[Arrival]:
    """The arrivals that whole lines of such a file tell of; what is no such line is passed over."""
    found: list[Arrival] = []
    for words in map(bytes.split, data.split(b"\n")):
        if len(words) != 2:
            continue
        try:
            offset, at = int(words[0]), float(words[1])
        except ValueError:
            continue
        if offset >= 0 and math.isfinite(at):
            found.append(Arrival(source, offset, at))
    return found
