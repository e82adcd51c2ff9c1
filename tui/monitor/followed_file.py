"""One followed event file: where it stands, what was read of it, how it is doing."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from tui.feeds.claude.decoder import ClaudeDecoder, DecodedBatch
from tui.feeds.follow.follower import FileFollower
from tui.feeds.follow.position import FilePosition, LineBatch
from tui.feeds.sessions.select import EventFile
from tui.model.events import AgentEvent
from tui.model.records import SourceStatus
from tui.store.journal import JournalDecoder

READ = 1 << 17
"""Bytes read at once: what fits the allocator's own memory is read five times as fast as a megabyte."""


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
        """The line at the end of the file that has no newline, if it is a whole JSON object."""
        pending = self.follower.partial()
        if not pending.size:
            return b""
        data = pending.data
        if len(data) < pending.size:
            data = self.follower.read(pending.generation, pending.offset, pending.size) or b""
        if not (data.lstrip().startswith(b"{") and data.rstrip().endswith(b"}")):
            return b""
        try:
            msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return b""
        return data

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
        state = self.follower.state
        return SourceStatus(
            self.file.kind,
            self.file.path,
            feed_status(self.follower),
            state.reason,
            self.file.chosen,
            state.size,
            state.mtime,
            self.lines,
            self.malformed,
            self.offset / state.size if state.size else 1.0,
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
