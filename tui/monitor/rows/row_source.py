"""Reads a record again where it stands."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import AgentEvent
from tui.model.journal import JournalEntry
from tui.store.journal import JournalDecoder
from tui.store.layout import is_journal

Reader = Callable[[int, int], "bytes | None"]
"""Reads (offset, length) of one file; None when those bytes are gone."""


class SavedIndex(Struct, frozen=True):
    """What belongs to an index of rows besides its columns."""

    rows: int
    open_calls: dict[str, int]
    undated: dict[str, int]


WHOLE_LINE = 64 << 10
"""The length noted for a journal line, as entries do not know their own."""


class RecordReader:
    """Files by number, one for each generation; `names` are their paths."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._readers: list[Reader] = []

    def add(self, name: str, reader: Reader) -> int:
        """Registers a file and returns its number."""
        self.names.append(name)
        self._readers.append(reader)
        return len(self.names) - 1

    def line(self, number: int, offset: int, length: int) -> bytes | None:
        """These bytes; None when they are gone."""
        return self._readers[number](offset, length)

    def record(
        self, number: int, offset: int, length: int, part: int
    ) -> AgentEvent | JournalEntry | None:
        """The record that begins there; `part` counts those of one line."""
        line = self.line(number, offset, length)
        if line is None:
            return None
        name = self.names[number]
        if length == WHOLE_LINE and is_journal(name):
            entries = JournalDecoder(name).decode(line.partition(b"\n")[0] + b"\n", offset)
            return entries[0] if entries else None
        events = ClaudeDecoder(name).decode_all(line, offset)
        return next((event for event in events if event.index_in_line == part), None)
