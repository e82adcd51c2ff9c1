"""The journal: append-only, one JSON object a line; writing it, reading it, following it.

Every string that is read is cleaned, and damaged lines are counted.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tui.model.journal import JournalEntry
from tui.store.layout import make_project_state, session_journal
from tui.system.files import append_line, json_object, private_folder
from tui.system.sanitize import clean, clean_line

LONGEST_LINE = 4 * 1024 * 1024
LONGEST_TEXT = 20_000
MOST_ITEMS = 2_000
DEEPEST = 12
_FREE_TEXT = frozenset(
    {
        *("goal", "text", "reason", "why", "detail", "doing"),
        *("label", "evidence", "open", "arguments"),
    }
)
"""The keys of an entry whose texts come from people, the agent or a program."""


class JournalWriter:
    """Appends entries to one journal file; safe for several writers, as each line is one append.

    A writer that was killed in the middle of a line left no newline; the next entry begins with one, so
    that the incomplete line never swallows it.
    """

    def __init__(self, path: str | os.PathLike[str], wall: Callable[[], float] = time.time) -> None:
        self.path = os.fspath(path)
        self._wall = wall

    @staticmethod
    def for_session(project: Path, session: str) -> JournalWriter:
        """The journal of a session that is no run of ours, its folder made if missing."""
        make_project_state(project)
        path = session_journal(project, session)
        private_folder(path.parent)
        return JournalWriter(path)

    def write(
        self,
        kind: str,
        data: Mapping[str, object] | None = None,
        *,
        id: str = "",
        sync: bool = False,
    ) -> None:
        """Appends one entry, with credentials in its texts hidden; with `sync` it is on the disk then.

        Raises OSError.
        """
        entry: dict[str, object] = {"at": self._wall(), "kind": kind}
        if id:
            entry["id"] = id
        for key, value in (data or {}).items():
            entry[key] = _without_credentials(value) if key in _FREE_TEXT else value
        append_line(self.path, msgspec.json.encode(entry) + b"\n", sync=sync)


def _without_credentials(value: object) -> object:
    if isinstance(value, str):
        from tui.system.credentials import hide_credentials  # readers need no patterns

        return hide_credentials(value)
    if isinstance(value, Mapping):
        return {key: _without_credentials(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_credentials(item) for item in value]
    return value


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
        record = json_object(line) if len(line) <= LONGEST_LINE else None
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


class JournalFollower:
    """The entries that are appended after this was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoder = JournalDecoder(str(path))
        self._offset = path.stat().st_size if path.exists() else 0

    def read_new(self) -> list[JournalEntry]:
        """What whole lines came since the last call; none where it cannot be read."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        data = data[: data.rfind(b"\n") + 1]
        entries = self._decoder.decode(data, self._offset)
        self._offset += len(data)
        return entries


def read_entries(path: Path) -> list[JournalEntry]:
    """Every entry of a journal; none where it cannot be read."""
    try:
        return JournalDecoder(str(path)).decode(path.read_bytes(), 0)
    except OSError:
        return []


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
