"""The text the model is writing right now, from the last few deltas of each batch."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui.feeds.tolerant import UNREADABLE
from tui.feeds.wire import Line, StreamStep
from tui.system.sanitize import clean

DELTA = b'{"type":"stream_event","event":{"type":"content_block_'
"""A line that begins so is a streamed delta: its keys stand where no other key can change it."""

_MOST_DELTAS = 64
_MOST_LINES = 256
_KEPT = 1000
_decode = msgspec.json.Decoder(Line).decode


class LiveText:
    """Keeps the end of the main conversation's block in the making; each batch costs the same."""

    def __init__(self) -> None:
        self._text = ""

    def after(self, lines: Sequence[bytes], fence: int) -> str:
        """The text after a batch of lines; nothing up to line `fence` (-1: none) belongs to it."""
        recent: list[bytes] = []
        for number in range(len(lines) - 1, max(fence, len(lines) - 1 - _MOST_LINES), -1):
            if lines[number].startswith(DELTA):
                recent.append(lines[number])
                if len(recent) == _MOST_DELTAS:
                    break
        if fence >= 0 or len(recent) == _MOST_DELTAS:
            self._text = ""
        for line in reversed(recent):
            self._take(line)
        return clean(self._text)

    def _take(self, line: bytes) -> None:
        try:
            read = _decode(line)
        except UNREADABLE:
            return
        if read.parent_tool_use_id is not None:
            return
        step = read.event
        if not isinstance(step, StreamStep):
            return
        if step.type == "content_block_start":
            self._text = ""
        elif step.delta is not None:
            self._text += step.delta.text or step.delta.thinking or ""
            if len(self._text) > 2 * _KEPT:
                self._text = self._text[-_KEPT:]
