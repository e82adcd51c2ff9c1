"""A few hundred kilobytes of rows round one place of a file, while the whole is not indexed yet."""

from __future__ import annotations

import math
import os
from functools import partial

from tui.feeds.events import ClaudeDecoder
from tui.watching.event_log import EventIndex
from tui.watching.raw_lines import line_start

_AROUND = 256 << 10
_MOST_BEFORE = 32 << 20


def window(path: str, offset: int, level: int) -> EventIndex | None:
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
    log = EventIndex(level)
    number = log.open_source(path, partial(_held, data, start))
    for event in ClaudeDecoder(path).decode(data, start).events:
        log.add(number, event, math.nan if event.at is None else event.at)
    return log


def _lines_around(descriptor: int, offset: int) -> tuple[int, bytes]:
    """Whole lines round the offset, and where the first of them begins."""
    start = line_start(descriptor, offset - _AROUND, max(0, offset - _MOST_BEFORE))
    data = os.pread(descriptor, offset - start + _AROUND, start)
    while (end := data.rfind(b"\n") + 1) <= offset - start:
        more = os.pread(descriptor, 4 * _AROUND, start + len(data))
        if not more:
            return start, data
        data += more
    return start, data[:end]


def _held(data: bytes, start: int, offset: int, length: int) -> bytes | None:
    return data[offset - start : offset - start + length]
