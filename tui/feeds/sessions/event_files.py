"""Event streams of a project, and the summary of an event file from its first and last lines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from tui.feeds.claude.lenient_values import UNREADABLE, epoch_seconds
from tui.model.events import UserMessage
from tui.system import paths
from tui.system.files import read_small, regular_file
from tui.system.lazy_pattern import lazy

HEAD_BYTES = 128 * 1024
TAIL_BYTES = 64 * 1024
MOST_LINES = 80
MOST_CACHED = 4_000
_STREAM_TYPES = frozenset("system assistant user result stream_event rate_limit_event".split())
_TRANSCRIPT_TYPES = frozenset(
    "user assistant system summary progress attachment queue-operation mode file-history-snapshot "
    "last-prompt ai-title custom-title permission-mode".split()
)


class EventFileSummary(Struct, frozen=True):
    """An event file in short; a field is empty where the lines that were read do not have it."""

    kind: Literal["stream", "transcript", ""]
    sessions: tuple[str, ...] = ()
    cwds: tuple[str, ...] = ()
    started: float = 0.0
    changed: float = 0.0
    has_ended: bool = False


class _SummaryLine(Struct):
    type: Any = None
    cwd: Any = None
    sessionId: Any = None
    session_id: Any = None
    timestamp: Any = None


_NAMES_SESSION = lazy(rb'"(session_id|sessionId)"\s*:\s*"')
_decoder = msgspec.json.Decoder(_SummaryLine)
_summaries: dict[str, tuple[tuple[int, ...], EventFileSummary]] = {}


def read_summary(path: str, *, follow: bool = True, inside: str = "") -> EventFileSummary | None:
    """The summary of a file, made again only when it changed; None for no readable file.

    Reads at most 192 KiB. Never waits for a FIFO. With `follow` false a symbolic link is refused;
    what leads out of a folder `inside` is too.
    """
    try:
        with regular_file(path, follow=follow, inside=inside) as (descriptor, facts):
            stamp = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
            cached = _summaries.get(path)
            if cached is not None and cached[0] == stamp:
                return cached[1]
            summary = _summarise(descriptor, facts)
    except (OSError, ValueError):
        return None
    if len(_summaries) >= MOST_CACHED:
        _summaries.clear()
    _summaries[path] = (stamp, summary)
    return summary


def _summarise(descriptor: int, facts: os.stat_result) -> EventFileSummary:
    whole, torn, tail = _read_ends(descriptor, facts.st_size)
    records = _parse_all(whole[:MOST_LINES])
    last = _parse_all((tail or whole)[-MOST_LINES:])
    kind = _kind(records) or _kind(last) or _kind_of_torn(torn)
    both = [*records, *last]
    sessions = [_short_text(record.sessionId) or _short_text(record.session_id) for record in both]
    cwds = [_short_text(record.cwd) for record in both]
    stamps = (record.timestamp for record in records if isinstance(record.timestamp, str))
    return EventFileSummary(
        kind=kind,
        sessions=tuple(dict.fromkeys(filter(None, sessions))),
        cwds=tuple(dict.fromkeys(filter(None, cwds))),
        started=next(filter(None, map(epoch_seconds, stamps)), 0.0),
        changed=facts.st_mtime,
        has_ended=any(record.type == "result" for record in last[-3:]),
    )


def _read_ends(descriptor: int, size: int) -> tuple[list[bytes], bytes, list[bytes]]:
    """The first lines, the one that was cut after them, and the last lines of a longer file."""
    data = os.pread(descriptor, HEAD_BYTES, 0)
    lines = data.split(b"\n")
    if size <= len(data):
        return lines, b"", []
    begins = max(len(data), size - TAIL_BYTES)
    tail = os.pread(descriptor, TAIL_BYTES, begins).split(b"\n")[1:]
    return lines[:-1], lines[-1], tail


def _parse_all(lines: list[bytes]) -> list[_SummaryLine]:
    found = []
    for line in lines:
        if line[:1] == b"{":
            try:
                found.append(_decoder.decode(line))
            except UNREADABLE:
                pass
    return found


def _kind(records: list[_SummaryLine]) -> Literal["stream", "transcript", ""]:
    for record in records:
        if not isinstance(record.type, str):
            continue
        # After `/clear` a transcript's records have both names; a stream's never have the second.
        if record.type in _TRANSCRIPT_TYPES and isinstance(record.sessionId, str):
            return "transcript"
        if record.type in _STREAM_TYPES and isinstance(record.session_id, str):
            return "stream"
    return ""


def _kind_of_torn(line: bytes) -> Literal["stream", "transcript", ""]:
    """The kind of a line that is longer than what was read."""
    found = _NAMES_SESSION.search(line)
    if found is None or line[:1] != b"{" or b'"type"' not in line:
        return ""
    return "transcript" if b'"sessionId"' in line else "stream"


def _short_text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 4_096 else ""


# Files written to within this time of the latest count as active; of those the youngest session is meant.
ACTIVE_S = 600.0
MOST_LOOKED_AT = 40
MOST_LISTED = 200
FOLDERS = ("logs", ".", ".ralph/logs")
_ENDINGS = (".jsonl", ".ndjson", ".json", ".log", ".stream")
_ROOT_PREFIXES = ("session", "events", "stream", "claude", "output", "overnight", "run", "agent")


class FoundFile(NamedTuple):
    """A stream with its folder in the project, or a transcript with the session of its name."""

    path: str
    summary: EventFileSummary
    folder: str = ""
    session: str = ""


def newest_active(found: Sequence[FoundFile]) -> FoundFile | None:
    """The file whose session began last, among those still written to."""
    latest = max((file.summary.changed for file in found), default=0.0)
    active = [file for file in found if file.summary.changed >= latest - ACTIVE_S]
    return max(
        active, key=lambda file: (file.summary.started, os.path.basename(file.path)), default=None
    )


def newest_stream(project: Path) -> FoundFile | None:
    """The stream whose session began last, among those of the project still written to.

    Its content decides, not its name: only JSON records of `stream-json` make a file a stream.
    """
    found = []
    for folder in FOLDERS:
        dated = [path for _, path, size in _dated_files(project, folder) if size]
        for path in dated[:MOST_LOOKED_AT]:
            summary = read_summary(path, inside=str(project))
            if summary and summary.kind == "stream":
                found.append(FoundFile(path, summary, folder))
    return newest_active(found)


def _dated_files(project: Path, folder: str) -> list[tuple[float, str, int]]:
    """When each file of the project that may be a stream changed, its path and size; the newest first."""
    dated: list[tuple[float, str, int]] = []
    if not paths.is_within(project, project / folder):
        return dated
    try:
        with os.scandir(project / folder) as entries:
            for entry in entries:
                if entry.is_symlink() and not paths.is_within(project, Path(entry.path)):
                    continue
                if _may_be_stream(entry.name, folder) and entry.is_file():
                    path = os.path.normpath(os.path.join(project, folder, entry.name))
                    facts = entry.stat()
                    dated.append((facts.st_mtime, path, facts.st_size))
    except OSError:
        return []
    return sorted(dated, reverse=True)


def _may_be_stream(name: str, folder: str) -> bool:
    if not name.endswith(_ENDINGS):
        return False
    return folder != "." or name.endswith((".jsonl", ".ndjson")) or name.startswith(_ROOT_PREFIXES)


def stream_candidates(project: Path) -> list[tuple[str, float]]:
    """Files of the project that may be streams by their names, with when they last changed."""
    return [
        (path, changed)
        for folder in FOLDERS
        for changed, path, _ in _dated_files(project, folder)[:MOST_LISTED]
    ]


_PROMPT_BYTES = 128 * 1024
_PROMPT_LIMIT = 300


def first_prompt(path: str, *, inside: str = "") -> str:
    """The first prompt in the first 128 KiB of a file; empty where there is none."""
    data = read_small(path, _PROMPT_BYTES, follow=True, inside=inside)
    whole = data[: data.rfind(b"\n") + 1]
    # Lists of nights and sessions need no event: their commands start without the decoder.
    from tui.feeds.claude.decoder import ClaudeDecoder

    for event in ClaudeDecoder(path).decode(whole, 0).events:
        body = event.body if not event.thread else None
        if isinstance(body, UserMessage) and body.role == "prompt" and body.text:
            return " ".join(body.text.split())[:_PROMPT_LIMIT]
    return ""
