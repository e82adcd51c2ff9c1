"""What the first and last records of a transcript tell of where it comes from and when it was active."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from tui.feeds.claude.lenient_values import UNREADABLE, epoch_seconds
from tui.feeds.sessions.where.transcript_folders import session_of_file
from tui.system.files import regular_file
from tui.system.lazy_pattern import lazy

_HEAD = 32 << 10
_LONGEST_HEAD = 4 << 20
_TAIL = 16 << 10
_LONGEST_TAIL = 4 << 20
_MOST_CACHED = 8_000
_FUTURE = 3_600.0
"""A time so much later than the file's last change comes from a wrong clock."""
_LATE = 2.0
_CLEAR = lazy(rb"<command-name>\s*/clear\s*</command-name>")
_MAIN_TYPES = frozenset(("user", "assistant", "system", "attachment", "progress"))


class LineageLine(Struct, gc=False):
    """What of a record says whose it is; the rest stays unread."""

    type: Any = None
    subtype: Any = None
    uuid: Any = None
    timestamp: Any = None
    session: Any = field(default=None, name="sessionId")
    process_session: Any = field(default=None, name="session_id")
    forked: Any = field(default=None, name="forkedFrom")
    message: Raw = Raw()
    is_meta: Any = field(default=None, name="isMeta")
    is_summary: Any = field(default=None, name="isCompactSummary")
    cwd: Any = None
    snapshot: Any = None


class TranscriptFacts(Struct, frozen=True):
    """A transcript in short. A text is empty and a time 0 where the lines that were read do not have it.

    `began` and `ended` are its first and last times, copied records among them; `first_at` is that of
    `first_uuid`, its first record with an id. `is_cleared` says that it begins with `/clear` or with the
    summary of a compaction, `process_session` names the first session of the same process where the CLI
    wrote it, `forked_from` the session that its first records were copied from. `folders` are those that
    records at both ends ran in. `is_late`: what stands before its first record was written later than that.
    """

    path: str
    session: str
    stamp: tuple[int, int, int, int]
    began: float = 0.0
    ended: float = 0.0
    first_uuid: str = ""
    first_at: float = 0.0
    first_message: str = ""
    is_cleared: bool = False
    process_session: str = ""
    forked_from: str = ""
    folders: tuple[str, ...] = ()
    is_late: bool = False

    @property
    def oldest(self) -> float:
        """The time of its oldest record, own or copied, as far as its beginning tells."""
        return min(self.began, self.first_at) if self.first_at else self.began


_decode = msgspec.json.Decoder(LineageLine).decode
_known: dict[str, TranscriptFacts] = {}


def read_lineage_line(line: bytes) -> LineageLine | None:
    """The record of a line; None for what is no readable object."""
    if line[:1] != b"{":
        return None
    try:
        return _decode(line)
    except UNREADABLE:
        return None


def time_of(line: LineageLine, latest: float) -> float:
    """When a record was written; 0 where it does not say, or says what cannot be."""
    if not isinstance(line.timestamp, str):
        return 0.0
    at = epoch_seconds(line.timestamp) or 0.0
    return at if at <= latest else 0.0


def latest_time(facts: os.stat_result) -> float:
    """The latest time that a record of a file can truly have."""
    return facts.st_mtime + _FUTURE


def read_facts(path: str, inside: str = "") -> TranscriptFacts | None:
    """The facts of a transcript, read again only when it changed; None for no readable file.

    Reads some tens of KiB at both ends; more only where a line is longer.
    """
    try:
        with regular_file(path, follow=bool(inside), inside=inside) as (descriptor, status):
            stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            known = _known.get(path)
            if known is not None and known.stamp == stamp:
                return known
            found = _read(path, descriptor, status, stamp)
    except (OSError, ValueError):
        return None
    if len(_known) >= _MOST_CACHED:
        _known.clear()
    _known[path] = found
    return found


def _read(
    path: str, descriptor: int, status: os.stat_result, stamp: tuple[int, int, int, int]
) -> TranscriptFacts:
    latest = latest_time(status)
    session = session_of_file(path)
    head = list(_head_lines(descriptor, stamp[2]))
    times = [at for line in head if (at := time_of(line, latest))]
    first = next((line for line in head if _is_main(line)), None)
    last = _last_lines(descriptor, stamp[2], latest)
    folders = (line.cwd for line in (*head, *last) if isinstance(line.cwd, str))
    return TranscriptFacts(
        path,
        session,
        stamp,
        began=times[0] if times else 0.0,
        ended=max((time_of(line, latest) for line in last), default=0.0),
        first_uuid=first.uuid if first is not None else "",
        first_at=time_of(first, latest) if first is not None else 0.0,
        first_message=next(filter(None, map(message_id, head)), ""),
        is_cleared=_begins_with_clear(head),
        process_session=_process_session(head),
        forked_from=_forked_from(head, session),
        folders=tuple(dict.fromkeys(folders)),
        is_late=_is_late(head, latest),
    )


def _head_lines(descriptor: int, size: int) -> Iterator[LineageLine]:
    """The first records, up to the first of the model's or the end of what is read."""
    length = _HEAD
    while True:
        data = os.pread(descriptor, min(length, size), 0)
        whole = data if size <= length else data[: data.rfind(b"\n") + 1]
        lines = [line for raw in whole.split(b"\n") if (line := read_lineage_line(raw))]
        if size <= length or length >= _LONGEST_HEAD or any(map(message_id, lines)):
            yield from lines
            return
        length *= 8


def _last_lines(descriptor: int, size: int, latest: float) -> list[LineageLine]:
    """The last records, with one among them that has a time."""
    length = _TAIL
    while True:
        start = max(0, size - length)
        raws = os.pread(descriptor, size - start, start).split(b"\n")[1 if start else 0 :]
        lines = [line for raw in raws if (line := read_lineage_line(raw))]
        if not start or length >= _LONGEST_TAIL or any(time_of(line, latest) for line in lines):
            return lines
        length *= 8


def _is_main(line: LineageLine) -> bool:
    return isinstance(line.uuid, str) and line.type in _MAIN_TYPES


def message_id(line: LineageLine) -> str:
    """The id of the model's message that a record belongs to."""
    if line.type != "assistant":
        return ""
    try:
        found = msgspec.json.decode(line.message, type=_Message).id
    except UNREADABLE:
        return ""
    return found if isinstance(found, str) else ""


class _Message(Struct, gc=False):
    id: Any = None


def _is_late(head: list[LineageLine], latest: float) -> bool:
    """Whether a file begins with what is newer than its first record, as one with a copied history does."""
    before: list[float] = []
    for line in head:
        if _is_main(line):
            at = time_of(line, latest)
            return bool(at) and max(before, default=0.0) > at + _LATE
        before.append(time_of(line, latest))
        inner = line.snapshot.get("timestamp") if isinstance(line.snapshot, dict) else None
        before.append(time_of(LineageLine(timestamp=inner), latest))
    return False


def _begins_with_clear(head: list[LineageLine]) -> bool:
    """Whether `/clear` is the first thing that a person typed, or a compaction's summary stands first."""
    for line in head:
        if line.type in ("user", "assistant") and not line.is_meta:
            is_cleared = line.is_summary is True or _CLEAR.search(bytes(line.message)) is not None
            return line.type == "user" and is_cleared
    return False


def _process_session(head: list[LineageLine]) -> str:
    for line in head:
        other = line.process_session
        if isinstance(other, str) and isinstance(line.session, str) and other != line.session:
            return other
    return ""


def _forked_from(head: list[LineageLine], session: str) -> str:
    """The session that the first record with an id was copied from, by its mark or its session."""
    for line in head:
        if not _is_main(line):
            continue
        if isinstance(line.forked, dict) and isinstance(line.forked.get("sessionId"), str):
            return str(line.forked["sessionId"])
        if isinstance(line.session, str) and line.session != session:
            return line.session
        return ""
    return ""


def first_time_from(facts: TranscriptFacts, offset: int) -> float:
    """When the first record with a time from a byte of a transcript on was written; 0 for none."""
    try:
        with regular_file(facts.path) as (descriptor, status):
            latest = latest_time(status)
            length = _HEAD
            while True:
                data = os.pread(descriptor, length, offset)
                for raw in data.split(b"\n"):
                    line = read_lineage_line(raw)
                    if line is not None and (at := time_of(line, latest)):
                        return at
                if len(data) < length or length >= _LONGEST_HEAD:
                    return 0.0
                length *= 8
    except (OSError, ValueError):
        return 0.0
