"""What the beginning and end of an event file tell, without reading the rest: kind, session, folder."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tui.patterns import lazy
from tui.system.files import regular_file

HEAD_BYTES = 128 * 1024
TAIL_BYTES = 64 * 1024
MOST_LINES = 80
MOST_KNOWN = 4_000

_STREAM_TYPES = frozenset(
    ("system", "assistant", "user", "result", "stream_event", "rate_limit_event")
)
_TRANSCRIPT_TYPES = frozenset(
    ("user", "assistant", "system", "summary", "progress", "attachment", "queue-operation", "mode")
) | frozenset(
    ("file-history-snapshot", "last-prompt", "ai-title", "custom-title", "permission-mode")
)


class EventFileSummary(Struct, frozen=True):
    """An event file at a glance; empty where the lines looked at do not say."""

    kind: Literal["stream", "transcript", ""]
    sessions: tuple[str, ...] = ()
    cwds: tuple[str, ...] = ()
    started: float = 0.0
    changed: float = 0.0
    ended: bool = False


class _SummaryLine(Struct):
    type: Any = None
    cwd: Any = None
    sessionId: Any = None
    session_id: Any = None
    timestamp: Any = None


_NAMES_SESSION = lazy(rb'"(session_id|sessionId)"\s*:\s*"')
_decoder = msgspec.json.Decoder(_SummaryLine)
_known: dict[str, tuple[tuple[int, ...], EventFileSummary]] = {}


def head_of(path: str, *, follow: bool = True) -> EventFileSummary | None:
    """The file at a glance, read again only when it changed; None when it is no readable file.

    Reads at most 192 KiB. Never waits for a FIFO. With `follow` false a symbolic link is refused.
    """
    try:
        with regular_file(path, follow=follow) as (descriptor, facts):
            stamp = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
            known = _known.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            head = _read(descriptor, facts)
    except (OSError, ValueError):
        return None
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[path] = (stamp, head)
    return head


def _read(descriptor: int, facts: os.stat_result) -> EventFileSummary:
    data = os.pread(descriptor, HEAD_BYTES, 0)
    lines = data.split(b"\n")
    if facts.st_size > len(data):
        whole, torn = lines[:-1], lines[-1]
        begins = max(len(data), facts.st_size - TAIL_BYTES)
        tail = os.pread(descriptor, TAIL_BYTES, begins).split(b"\n")[1:]
    else:
        whole, torn, tail = lines, b"", []
    records = [record for line in whole[:MOST_LINES] if (record := _parse(line))]
    last = [record for line in (tail or whole)[-MOST_LINES:] if (record := _parse(line))]
    kind = _kind(records) or _kind(last) or _kind_of_torn(torn)
    both = [*records, *last]
    sessions = [_word(record.session_id) or _word(record.sessionId) for record in both]
    cwds = [_word(record.cwd) for record in both]
    times = [moment for record in records if (moment := _moment(record.timestamp))]
    return EventFileSummary(
        kind=kind,
        sessions=tuple(dict.fromkeys(filter(None, sessions))),
        cwds=tuple(dict.fromkeys(filter(None, cwds))),
        started=times[0] if times else 0.0,
        changed=facts.st_mtime,
        ended=any(record.type == "result" for record in last[-3:]),
    )


def _parse(line: bytes) -> _SummaryLine | None:
    if line[:1] != b"{":
        return None
    try:
        return _decoder.decode(line)
    except (ValueError, RecursionError):
        return None


def _kind(records: list[_SummaryLine]) -> Literal["stream", "transcript", ""]:
    for record in records:
        if not isinstance(record.type, str):
            continue
        if record.type in _STREAM_TYPES and isinstance(record.session_id, str):
            return "stream"
        if record.type in _TRANSCRIPT_TYPES and isinstance(record.sessionId, str):
            return "transcript"
    return ""


def _kind_of_torn(line: bytes) -> Literal["stream", "transcript", ""]:
    """A line longer than what was read."""
    if line[:1] != b"{" or b'"type"' not in line:
        return ""
    found = _NAMES_SESSION.search(line)
    if found is None:
        return ""
    return "stream" if found[1] == b"session_id" else "transcript"


def _word(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 4_096 else ""


def _moment(value: Any) -> float:
    if not isinstance(value, str):
        return 0.0
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
