"""One followed event file: where it stands, what was read of it, how it is doing."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tui.feeds.claude.decoder import ClaudeDecoder, DecodedBatch
from tui.feeds.claude.encodings import plain_record
from tui.feeds.claude.stream_format import HEAD_BYTES, recognise_format
from tui.feeds.follow.follower import FileFollower
from tui.feeds.follow.position import FilePosition, LineBatch
from tui.feeds.sessions.select import EventFile
from tui.model.events import AgentEvent
from tui.model.journal import JournalEntry
from tui.model.records import Arrival, SourceFormat, SourceStatus, StreamFormat
from tui.model.timeline import GAP_SECONDS
from tui.night.timeline_builder import TURNED_BACK
from tui.store.journal import JournalDecoder
from tui.store.layout import RunDirectory
from tui.store.runs import read_arrivals
from tui.system.files import regular_file

READ = 1 << 17
"""Bytes read at once: what fits the allocator's own memory is read five times as fast as a megabyte."""


_LOOKED_AT = 8
# What more lines may still turn into something else.
_UNSETTLED = frozenset(map(StreamFormat, "unknown text other-json pretty-json json-array".split()))


def steady_times(
    records: Sequence[AgentEvent | JournalEntry], latest: float
) -> Iterator[tuple[float, AgentEvent | JournalEntry]]:
    """The records of a file, each with the time that it is merged at, after records up to `latest`.

    It never goes back but where the clock did. One far ahead of what came before is taken for the time of
    those that follow it where those are earlier: else one wrong clock would hold up the rest of its file.
    """
    for place, record in enumerate(records):
        at = record.at
        if at is not None:
            if at > latest + GAP_SECONDS:
                after = (one.at for one in records[place + 1 : place + 1 + _LOOKED_AT])
                least = min((one for one in after if one is not None), default=at)
                at = max(latest, least) if least < at - TURNED_BACK else at
            if at > latest or at < latest - TURNED_BACK:
                latest = at
        yield latest, record


class SavedFile(Struct, frozen=True):
    """How far a file was read, and what its next lines may refer to."""

    position: FilePosition | None
    lines: int
    malformed: int
    latest: float
    messages: dict[str, str]


class FollowedFile:
    """A file of events; `number` is the one that its present generation has in the row index."""

    def __init__(
        self,
        file: EventFile,
        start: FilePosition | None = None,
        tail_bytes: int | None = None,
        rotates: bool = True,
    ) -> None:
        self.file = file
        self.follower = FileFollower(
            file.path,
            start=start,
            at_end_bytes=tail_bytes,
            trusted=file.trusted,
            base=file.base,
            rotates=rotates and file.kind == "stream",
        )
        self.decoder: ClaudeDecoder | JournalDecoder = (
            JournalDecoder(file.path) if file.kind == "journal" else ClaudeDecoder(file.path)
        )
        self.number = -1
        self.numbers: dict[int, int] = {}
        self.latest = -math.inf
        self.lines = 0
        self.malformed = 0
        self.waiting: list[LineBatch] = []
        self.format: SourceFormat | None = None
        self._seen_head = 0

    def read(self, limit: int = READ) -> list[LineBatch]:
        """What was read when the reader was restored, then what is new; empty only at the end."""
        batches = self.read_once(limit)
        while not batches and self.follower.is_behind:  # a line longer than the limit is under way
            batches = self.follower.poll(limit)
        return batches

    @property
    def is_part(self) -> bool:
        """Whether only a part of the file belongs to the night."""
        return bool(self.file.since or self.file.until)

    def own_part(self, decoded: DecodedBatch) -> tuple[list[AgentEvent], DecodedBatch]:
        """What of a batch the night goes on from, and what belongs to it."""
        since, until = self.file.since, self.file.until or math.inf
        earlier = [event for event in decoded.events if event.offset < since]
        own = [event for event in decoded.events if since <= event.offset < until]
        deltas = decoded.deltas if not earlier else 0
        return (earlier if self.file.goes_on else []), DecodedBatch(own, deltas, decoded.lines)

    def read_once(self, limit: int) -> list[LineBatch]:
        """As `read`, but never more than one read of `limit` bytes; may be empty before the end."""
        waiting, self.waiting = self.waiting, []
        return waiting or self.follower.poll(limit)

    def last_line(self) -> bytes:
        """The line at the end of the file that has no newline, if it is a whole JSON object or list."""
        pending = self.follower.partial()
        if not pending.size:
            return b""
        data = pending.data
        if len(data) < pending.size:
            data = self.follower.read(pending.generation, pending.offset, pending.size) or b""
        record = plain_record(data)
        if record[-1:] not in (b"}", b"]"):
            return b""
        try:
            msgspec.json.decode(record)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return b""
        return data

    def recognise_format(self) -> SourceFormat | None:
        """What the file looks like, when that became known by this call; None else.

        Looked at until it is clear, and no further than its first 64 KiB.
        """
        size = self.follower.state.size
        known = self.format is not None and self.format.format not in _UNSETTLED
        if self.file.kind == "journal" or known or self._seen_head in (size, HEAD_BYTES):
            return None
        head = self.follower.read(self.follower.generation, 0, HEAD_BYTES) or b""
        self._seen_head = HEAD_BYTES if len(head) == HEAD_BYTES else size
        found = recognise_format(self.file.path, head) if head else None
        if found == self.format:
            return None
        self.format = found
        return found

    def save(self) -> SavedFile:
        """Where reading stands."""
        position = self.follower.position
        return SavedFile(position, self.lines, self.malformed, self.latest, dict(self.messages))

    def resume(self, saved: SavedFile) -> bool:
        """Goes on from there; False when the file no longer begins with what was read of it."""
        # Only a read tells: the follower compares the bytes before its start when it opens the file.
        self.waiting = self.follower.poll(READ)
        now = self.follower.position
        if saved.position is not None and (
            now is None or now.generation != saved.position.generation
        ):
            return False
        self.lines, self.malformed, self.latest = saved.lines, saved.malformed, saved.latest
        self.messages.update(saved.messages)
        return True

    @property
    def messages(self) -> dict[str, str]:
        """The messages in the making, which usage that comes later belongs to."""
        return self.decoder.open_messages if isinstance(self.decoder, ClaudeDecoder) else {}

    @property
    def offset(self) -> int:
        """Bytes read in whole lines."""
        return self.follower.position.offset if self.follower.position is not None else 0

    def state(self) -> SourceStatus:
        """The file as the sources panel shows it."""
        state, looks = self.follower.state, self.format
        return SourceStatus(
            self.file.kind,
            self.file.path,
            feed_status(self.follower),
            state.reason or ("" if looks is None else looks.sentence),
            self.file.chosen,
            state.size,
            state.mtime,
            self.lines,
            self.malformed,
            self.offset / state.size if state.size else 1.0,
            StreamFormat.CLAUDE if looks is None else looks.format,
        )


def feed_status(follower: FileFollower) -> Literal["following", "missing", "unreadable"]:
    """The follower's state as the sources panel shows it."""
    if follower.state.status in ("following", "missing"):
        return follower.state.status
    return "unreadable"


def total_size(files: Sequence[EventFile]) -> int:
    """Bytes of the files that exist."""
    total = 0
    for file in files:
        try:
            total += os.stat(file.path).st_size
        except OSError:
            continue
    return total


def recorded_arrivals(stream: str, start: int = 0, most: int = -1) -> list[Arrival]:
    """When the bytes of a run's stream came, as the file beside it says from byte `start` on."""
    try:
        with regular_file(RunDirectory(Path(stream).parent).arrivals) as (descriptor, status):
            size = status.st_size if most < 0 else most
            return read_arrivals(os.pread(descriptor, size, start), stream)
    except OSError:
        return []


_BELL_FADES = 60.0


def rings(entry: JournalEntry, now: float) -> bool:
    """Whether the runner asks an open screen to ring its bell, now and not in the past."""
    is_bell = entry.kind == "notified" and entry.data.get("channel") == "bell"
    return is_bell and entry.at is not None and now - entry.at < _BELL_FADES
