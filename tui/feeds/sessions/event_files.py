"""Event streams of a project, and the summary of an event file from its first and last lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from tui.feeds.claude.encodings import plain_record
from tui.feeds.claude.lenient_values import UNREADABLE, epoch_seconds
from tui.feeds.claude.wire import STREAM_TYPES, TRANSCRIPT_TYPES
from tui.feeds.sessions.talk_facts import LastTurn, SummaryLine, read_talk
from tui.model.events import AgentEvent
from tui.system import paths
from tui.system.files import regular_file
from tui.system.lazy_pattern import lazy

HEAD_BYTES = 128 * 1024
TAIL_BYTES = 64 * 1024
ONE_LINE_BYTES = 2 * 1024 * 1024
_FEW_LINES = 3
MOST_LINES = 80
LAST_LINES = 40
MOST_CACHED = 4_000


class EventFileSummary(Struct, frozen=True):
    """An event file in short; a field is empty where the lines that were read do not have it.

    `changed` is when it was last written to, by its last record where that has a time: a copy or a clock
    that was wrong does not make it newer. `cwds` ends with the folder that it was in last. `is_small`: no more
    than a one-shot question or commands of the CLI, `is_helper` such a question by a program; `only_talks`:
    nothing was changed so far. `end` is how its last turn stands. `process_session` is the id that a
    transcript's process began with, where its records say so: another one after `/clear`.
    """

    kind: Literal["stream", "transcript", ""]
    sessions: tuple[str, ...] = ()
    cwds: tuple[str, ...] = ()
    started: float = 0.0
    changed: float = 0.0
    has_ended: bool = False
    is_small: bool = False
    is_helper: bool = False
    only_talks: bool = False
    end: LastTurn = LastTurn.UNKNOWN
    title: str = ""
    process_session: str = ""


# How far the clock of a file system may be from that of its writer.
_SKEW_S = 60.0
_LAST_STAMPS = 16
_NAMES_SESSION = lazy(rb'"(session_id|sessionId)"\s*:\s*"')
_NAMES_FOLDER = lazy(rb'"cwd"\s*:\s*("(?:[^"\\]|\\.)*")')
_PROBE_BYTES = 16 * 1024
_first_folders: dict[str, tuple[tuple[int, int], str]] = {}
_decoder = msgspec.json.Decoder(SummaryLine)
_summaries: dict[str, tuple[tuple[int, ...], EventFileSummary]] = {}


def read_summary(path: str, *, follow: bool = True, inside: str = "") -> EventFileSummary | None:
    """The summary of a file, made again only when it changed; None for no readable file.

    Reads at most 192 KiB, or 2 MiB where the first lines are as long. Never waits for a FIFO. With `follow`
    false a symbolic link is refused; what leads out of a folder `inside` is too.
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


def first_folder(path: str) -> str:
    """The folder that the first records of a transcript name; empty where the first 16 KiB have none.

    Costs a tenth of a summary, which is used instead where it is known. A link at the end is refused.
    """
    try:
        with regular_file(path) as (descriptor, facts):
            stamp = (facts.st_dev, facts.st_ino)
            known = _first_folders.get(path)
            if known is None or known[0] != stamp:
                found = _NAMES_FOLDER.search(os.pread(descriptor, _PROBE_BYTES, 0))
                known = (stamp, msgspec.json.decode(found[1], type=str) if found else "")
                if not known[1]:
                    return ""
                if len(_first_folders) >= MOST_CACHED:
                    _first_folders.clear()
                _first_folders[path] = known
            return known[1]
    except (OSError, ValueError):
        return ""


def _summarise(descriptor: int, facts: os.stat_result) -> EventFileSummary:
    whole, torn, tail = _read_ends(descriptor, facts.st_size)
    records = _parse_all(whole[:MOST_LINES])
    rest = _parse_all((tail or whole[MOST_LINES:])[-LAST_LINES:])
    both = [*records, *rest]
    last = both[-LAST_LINES:]
    kind = _kind(records) or _kind(last) or _kind_of_torn(torn)
    sessions = [_short_text(record.sessionId) or _short_text(record.session_id) for record in both]
    cwds = [_short_text(record.cwd) for record in both]
    began_as = (_short_text(one.session_id) for one in reversed(both) if one.session_id)
    started = next(_moments(records), 0.0)
    changed = _last_activity(last if kind == "transcript" else [], facts)
    talk = read_talk(both)
    is_whole = not tail and len(whole) <= MOST_LINES + LAST_LINES
    is_small = talk.is_small(max(0.0, changed - started), is_whole=is_whole)
    return EventFileSummary(
        kind=kind,
        sessions=tuple(dict.fromkeys(filter(None, sessions))),
        cwds=tuple(dict.fromkeys(filter(None, reversed(cwds))))[::-1],
        started=started,
        changed=changed,
        has_ended=any(record.type == "result" for record in last[-3:]),
        is_small=is_small,
        is_helper=talk.has_helpers_entry,
        only_talks=is_small or (is_whole and not talk.has_work),
        end=talk.end,
        title=talk.title,
        process_session=next(filter(None, began_as), "") if kind == "transcript" else "",
    )


def _moments(records: list[SummaryLine]) -> Iterator[float]:
    stamps = (one.timestamp for one in records if isinstance(one.timestamp, str))
    return (moment for moment in map(epoch_seconds, stamps) if moment)


def _last_activity(last: list[SummaryLine], facts: os.stat_result) -> float:
    """When something was last heard, never later than the file was written to.

    Most records of a stream have no time of their own, so there the file's counts.
    """
    latest = (
        min(facts.st_mtime, facts.st_ctime)
        if facts.st_mtime > facts.st_ctime + _SKEW_S
        else facts.st_mtime
    )
    stamped = [moment for moment in _moments(last[-_LAST_STAMPS:]) if moment <= latest + _SKEW_S]
    return min(latest, max(stamped)) if stamped else latest


def _read_ends(descriptor: int, size: int) -> tuple[list[bytes], bytes, list[bytes]]:
    """The first lines, the one that was cut after them, and the last lines of a longer file."""
    data = os.pread(descriptor, HEAD_BYTES, 0)
    if len(data) < size <= ONE_LINE_BYTES and data.count(b"\n", 0, -1) <= _FEW_LINES:
        # A prompt with a whole conversation or a picture in it: only all of it tells what else there is.
        data = os.pread(descriptor, ONE_LINE_BYTES, 0)
    lines = data.split(b"\n")
    if size <= len(data):
        return lines, b"", []
    begins = max(len(data), size - TAIL_BYTES)
    tail = os.pread(descriptor, TAIL_BYTES, begins).split(b"\n")[1:]
    return lines[:-1], lines[-1], tail


def _parse_all(lines: list[bytes]) -> list[SummaryLine]:
    found = []
    for line in lines:
        record = line if line[:1] == b"{" else plain_record(line)
        if record[:1] == b"{":
            try:
                found.append(_decoder.decode(record))
            except UNREADABLE:
                pass
    return found


def _kind(records: list[SummaryLine]) -> Literal["stream", "transcript", ""]:
    for record in records:
        if not isinstance(record.type, str):
            continue
        # After `/clear` a transcript's records have both names; a stream's never have the second.
        if record.type in TRANSCRIPT_TYPES and isinstance(record.sessionId, str):
            return "transcript"
        if record.type in STREAM_TYPES and isinstance(record.session_id, str):
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


# An open turn in a file that was written to within this time goes on.
ACTIVE_S = 600.0
MOST_LOOKED_AT = 40
MOST_LISTED = 200
FOLDERS = ("logs", ".", ".ralph/logs")
_ENDINGS = (".jsonl", ".ndjson", ".json", ".log", ".stream")
_ROOT_PREFIXES = ("session", "events", "stream", "claude", "output", "overnight", "run", "agent")


class FoundFile(NamedTuple):
    """A stream with its folder in the project."""

    path: str
    summary: EventFileSummary
    folder: str = ""


def find_streams(project: Path) -> list[FoundFile]:
    """The streams of the project, each folder's newest first.

    Their content decides, not their names: only JSON records of `stream-json` make a file a stream.
    """
    found = []
    for folder in FOLDERS:
        dated = [path for _, path, size in _dated_files(project, folder) if size]
        for path in dated[:MOST_LOOKED_AT]:
            summary = read_summary(path, inside=str(project))
            if summary and summary.kind == "stream":
                found.append(FoundFile(path, summary, folder))
    return found


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


def main_events(
    path: str, start: int, length: int, *, follow: bool = False, inside: str = ""
) -> Iterator[AgentEvent]:
    """The main conversation's events in the whole lines of a piece of a file; none where it is not readable.

    A negative `start` counts from the end. A link at the end is followed only with `follow` or `inside`.
    Who stops early has only the lines before decoded.
    """
    try:
        with regular_file(path, follow=follow or bool(inside), inside=inside) as (
            descriptor,
            facts,
        ):
            begin = max(0, start if start >= 0 else facts.st_size + start)
            before = min(begin, 1)  # a newline there, if the piece begins with a line
            data = os.pread(descriptor, length + before, begin - before)
    except (OSError, ValueError):
        return
    cut = data.find(b"\n") + 1 if before else 0
    # Lists of nights and sessions need no event: their commands start without the decoder.
    from tui.feeds.claude.decoder import ClaudeDecoder

    decoder, offset = ClaudeDecoder(path), begin - before + cut
    for line in data[cut:].split(b"\n")[:-1]:
        events = decoder.decode(line + b"\n", offset).events
        yield from (event for event in events if not event.thread)
        offset += len(line) + 1
