"""Our own journal, read back: entries cleaned to the last string, bad lines counted."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from tui.records import JournalEntry
from tui.system.sanitize import clean, clean_line

LONGEST_LINE = 4 * 1024 * 1024
LONGEST_TEXT = 20_000
MOST_ITEMS = 2_000
DEEPEST = 12


class JournalDecoder:
    """Turns whole lines of a journal into entries.

    `malformed` counts lines that are no entry; a last line that a crash cut short makes `torn` true
    and is not one of them. An entry that was appended to such a remainder is found again.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.malformed = 0
        self.torn = False

    def decode(self, data: bytes, offset: int) -> list[JournalEntry]:
        """Entries of `data`, which begins at byte `offset` of the file."""
        entries: list[JournalEntry] = []
        lines = data.split(b"\n")
        self.torn = False
        for index, line in enumerate(lines):
            if line.strip(b"\0 \t\r"):
                entry = self._entry(line, offset) or self._glued(line, offset)
                if entry is not None:
                    entries.append(entry)
                elif index == len(lines) - 1:
                    self.torn = True
                else:
                    self.malformed += 1
            offset += len(line) + 1
        return entries

    def _glued(self, line: bytes, offset: int) -> JournalEntry | None:
        begins = line.rfind(b'{"at":')
        if begins <= 0:
            return None
        self.malformed += 1
        return self._entry(line[begins:], offset + begins)

    def _entry(self, line: bytes, offset: int) -> JournalEntry | None:
        record = _object(line)
        if record is None:
            return None
        at, kind = record.pop("at", None), record.pop("kind", None)
        if isinstance(at, bool) or not isinstance(at, (int, float)) or not isinstance(kind, str):
            return None
        if not math.isfinite(at) or abs(at) > 1e12:
            return None
        name = record.pop("id", "")
        return JournalEntry(
            at=float(at),
            kind=clean_line(kind, 80),
            id=clean_line(name, 200) if isinstance(name, str) else "",
            data=_cleaned(record, DEEPEST),
            source=self.source,
            offset=offset,
        )


def _object(line: bytes) -> dict[str, Any] | None:
    if len(line) > LONGEST_LINE:
        return None
    try:
        record = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return clean(value, limit=LONGEST_TEXT)
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        pairs = list(value.items())[:MOST_ITEMS]
        return {clean_line(str(key), 200): _cleaned(item, depth - 1) for key, item in pairs}
    return [_cleaned(item, depth - 1) for item in value[:MOST_ITEMS]]
