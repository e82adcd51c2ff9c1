"""Where a follower stands in a file, in a form that survives a restart, and what it hands out."""

from __future__ import annotations

import os
import zlib
from typing import Literal, NamedTuple

from msgspec import Struct

SAMPLE = 1024
"""Bytes looked at before an offset, and at the beginning of a file, to know a file again."""

End = Literal["line", "unfinished", "cut"]
Note = Literal["", "rotated", "replaced", "swapped", "recreated", "truncated", "rewritten"]
Status = Literal["following", "missing", "unreadable", "not a file"]


class FilePosition(Struct, frozen=True):
    """The end of the last line handed out; saved and given back, nothing is repeated or skipped.

    `fingerprint` covers the first and the last 1,024 bytes before `offset`, so that neither a reused
    inode nor a file written anew in place is taken for the old one. `mtime_ns` is the file's time when it
    was read: a copy of it cannot be older. `generations` is how many numbers have been given away.
    """

    device: int
    inode: int
    offset: int
    fingerprint: str
    generation: int = 0
    mtime_ns: int = 0
    generations: int = 1

    @property
    def ident(self) -> tuple[int, int]:
        return self.device, self.inode


class LineBatch(NamedTuple):
    """Consecutive whole lines of one generation of a file.

    `data` is exactly the file's bytes from `offset`. It ends with a newline when `end` is "line"; it is
    the last line of a generation that is over and never got its newline when `end` is "unfinished"; it
    is a piece of a line too long to hold when `end` is "cut", and the next batch of that generation then
    goes on in it. The first batch of a generation that took the place of another carries in `note` why,
    and its `data` may be empty. Batches of an older generation may follow for some seconds: a writer
    that still holds a rotated file.
    """

    generation: int
    offset: int
    data: bytes
    note: Note = ""
    end: End = "line"


class PartialLine(NamedTuple):
    """The line that has no newline yet: its last bytes, its whole size, since when it stands there.

    `since` is a reading of the follower's clock, `None` when nothing is pending.
    """

    data: bytes
    size: int
    since: float | None
    generation: int
    offset: int


class FollowStatus(Struct, frozen=True):
    """Whether the path can be followed, with a sentence for a person when it cannot.

    `mtime` (seconds since the epoch) and `size` are those of the file last seen under the path.
    """

    status: Status
    reason: str = ""
    mtime: float | None = None
    size: int = 0


class FollowCounters(Struct):
    """What a follower has done so far, in calls and bytes; cheap enough to count always."""

    polls: int = 0
    stats: int = 0
    opens: int = 0
    reads: int = 0
    bytes: int = 0
    listings: int = 0
    generations: int = 0
    cut_lines: int = 0
    skipped_nuls: int = 0
    dropped_partials: int = 0


def fingerprint(head: bytes, tail: bytes) -> str:
    """A checksum of a file's first and last consumed bytes; it tells files apart, it proves nothing."""
    return f"{zlib.crc32(tail):08x}{zlib.adler32(tail):08x}{zlib.crc32(head):08x}"


def samples(fd: int, offset: int) -> tuple[bytes, bytes] | None:
    """The first and the last bytes before `offset`, or None when the file is shorter than that."""
    tail = os.pread(fd, min(SAMPLE, offset), max(0, offset - SAMPLE))
    head = os.pread(fd, min(SAMPLE, offset), 0)
    if len(tail) < min(SAMPLE, offset) or len(head) < len(tail):
        return None
    return head, tail
