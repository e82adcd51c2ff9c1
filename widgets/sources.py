"""What the views read their rows from; whoever keeps the rows implements it."""

from __future__ import annotations

from typing import Protocol

from tui.records import EventRow, LogEntry


class RowSource(Protocol):
    """Numbered event rows; `generation` changes when a number may mean another row than before."""

    @property
    def generation(self) -> int: ...

    def __len__(self) -> int: ...

    def row(self, index: int) -> EventRow: ...


class LogSource(Protocol):
    """Numbered log entries, under the same promise."""

    @property
    def generation(self) -> int: ...

    def __len__(self) -> int: ...

    def entry(self, index: int) -> LogEntry: ...
