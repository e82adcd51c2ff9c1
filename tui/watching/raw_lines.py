"""Finding the beginning of a line in a file of any size, without reading the file."""

from __future__ import annotations

import os

_BACK = 64 << 10


def line_start(descriptor: int, offset: int, floor: int = 0) -> int:
    """The beginning of the line that the byte at `offset` lies in, but not before `floor`."""
    end = offset
    while end > floor:
        start = max(floor, end - _BACK)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return floor
