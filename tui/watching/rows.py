"""Who listens to a ledger: an index of rows, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from tui.records import AgentEvent, JournalEntry

Reader = Callable[[int, int], "bytes | None"]
"""Reads (offset, length) of one file; None when those bytes are gone."""


class SavedIndex(Struct, frozen=True):
    """What belongs to an index of rows besides its columns."""

    rows: int
    open_calls: dict[str, int]
    undated: dict[str, int]


class RowSink(Protocol):
    """Whoever wants every new record, with the file it came from; an index of rows is one."""

    def open_source(self, name: str, reader: Reader) -> int: ...
    def close_source(self, number: int) -> None: ...
    def add(self, number: int, record: AgentEvent | JournalEntry, at: float) -> None: ...
    def remark(self, number: int, at: float, text: str) -> None: ...
    def date(self, uuid: str, at: float) -> None: ...


class NullRowSink:
    """For those who only want to know what the fold knows."""

    def open_source(self, name: str, reader: Reader) -> int:
        return 0

    def close_source(self, number: int) -> None:
        pass

    def add(self, number: int, record: AgentEvent | JournalEntry, at: float) -> None:
        pass

    def remark(self, number: int, at: float, text: str) -> None:
        pass

    def date(self, uuid: str, at: float) -> None:
        pass
