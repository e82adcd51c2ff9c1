"""Claude's own files about its live sessions: sessions/<pid>.json."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tui.system.files import regular_file
from tui.system.sanitize import clean_line

MOST_FILES = 500
MOST_BYTES = 64 * 1024


class ClaudeSessionFile(Struct, frozen=True):
    """What a session wrote about itself, cleaned; fields that it left out are empty."""

    pid: int
    session: str = ""
    cwd: str = ""
    proc_start: str = ""
    started_at: float | None = None
    status: str = ""
    waiting_for: str = ""
    kind: str = ""
    version: str = ""
    tmux: str = ""
    socket: str = ""


class ClaudeSessionRegistry:
    """Reads the folder again on each call, a file only when it changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cache: dict[str, tuple[tuple[int, int, int], ClaudeSessionFile | None]] = {}

    def read_all(self) -> list[ClaudeSessionFile]:
        """Every readable session file of this user; links and overlarge files are left out."""
        try:
            listed = os.listdir(self.folder)
        except OSError:
            return []
        names = [name for name in listed if name[:-5].isdecimal() and name.endswith(".json")]
        kept: dict[str, tuple[tuple[int, int, int], ClaudeSessionFile | None]] = {}
        for name in sorted(names, key=lambda name: (len(name), name), reverse=True)[:MOST_FILES]:
            seen = self._read_file(name)
            if seen is not None:
                kept[name] = seen
        self._cache = kept
        return [file for _, file in kept.values() if file is not None]

    def _read_file(self, name: str) -> tuple[tuple[int, int, int], ClaudeSessionFile | None] | None:
        try:
            with regular_file(self.folder / name) as (descriptor, facts):
                stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
                known = self._cache.get(name)
                if known is not None and known[0] == stamp:
                    return known
                if facts.st_uid != os.geteuid() or facts.st_size > MOST_BYTES:
                    return None
                return stamp, _parse(os.read(descriptor, MOST_BYTES), int(name[:-5]))
        except OSError:
            return None


def _parse(data: bytes, pid: int) -> ClaudeSessionFile | None:
    try:
        record = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("pid", pid) != pid:
        return None
    started = record.get("startedAt")
    if isinstance(started, bool) or not isinstance(started, (int, float)) or not 0 < started < 1e14:
        started = None
    return ClaudeSessionFile(
        pid=pid,
        session=_text(record, "sessionId"),
        cwd=_text(record, "cwd", 4_096),
        proc_start=_text(record, "procStart"),
        started_at=started / 1000 if started is not None else None,
        status=_text(record, "status"),
        waiting_for=_text(record, "waitingFor"),
        kind=_text(record, "kind"),
        version=_text(record, "version"),
        tmux=_text(record, "tmux"),
        socket=_text(record, "messagingSocketPath", 4_096),
    )


def _text(record: dict[str, Any], key: str, limit: int = 200) -> str:
    value = record.get(key)
    if isinstance(value, dict):
        value = " ".join(str(part) for part in value.values() if isinstance(part, (str, int)))
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return clean_line(value, limit) if isinstance(value, str) else ""
