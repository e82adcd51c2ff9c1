"""A few hundred kilobytes of rows round one place of a file, while the whole is not indexed yet."""

from __future__ import annotations

import math
import os
from functools import partial

from tui.feeds.events import EventDecoder
from tui.watching.event_log import EventLog

_AROUND = 256 << 10


def window(path: str, offset: int, level: int) -> EventLog | None:
    """The rows round a byte of an event file; None when the file cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        start, data = _lines_around(descriptor, offset)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    log = EventLog(level)
    number = log.open_source(path, partial(_held, data, start))
    for event in EventDecoder(path).decode(data, start).events:
        log.add(number, event, math.nan if event.at is None else event.at)
    return log


def _lines_around(descriptor: int, offset: int) -> tuple[int, bytes]:
    """Whole lines round the offset, and where the first of them begins."""
    start = max(0, offset - _AROUND)
    data = os.pread(descriptor, offset - start + _AROUND, start)
    if start:
        skipped = data.find(b"\n") + 1
        if skipped > offset - start:
            skipped = 0
        data, start = data[skipped:], start + skipped
    end = data.rfind(b"\n") + 1
    while end <= offset - start:
        more = os.pread(descriptor, 4 * _AROUND, start + len(data))
        if not more:
            return start, data
        data += more
        end = data.rfind(b"\n") + 1
    return start, data[:end]


def _held(data: bytes, start: int, offset: int, length: int) -> bytes | None:
    return data[offset - start : offset - start + length]
