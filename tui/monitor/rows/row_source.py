"""Reads a record again where it stands."""

from __future__ import annotations

from array import array
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


LEVEL = 3
"""The bits of a row's flags that hold the verbosity from which on it is shown."""
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


def shown_rows(flags: bytearray) -> tuple[array[int], array[int]]:
    """The rows at the first two verbosities."""
    levels = flags.translate(bytes(flag & LEVEL for flag in range(256)))
    first = (nth for nth, level in enumerate(levels) if level == 1)
    return array("I", first), array("I", (nth for nth, level in enumerate(levels) if level <= 2))


def rows_by_source(sources: array[int]) -> dict[int, array[int]]:
    """The rows of each source."""
    found: dict[int, array[int]] = {}
    if sources and min(sources) == max(sources):
        return {sources[0]: array("I", range(len(sources)))}
    for index, number in enumerate(sources):
        found.setdefault(number, array("I")).append(index)
    return found
