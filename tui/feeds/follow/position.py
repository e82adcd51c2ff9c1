"""Saved positions and batches; opening a path only when it is a regular file."""

from __future__ import annotations

import errno
import os
import stat
import zlib
from typing import Final, Literal, NamedTuple

from msgspec import Struct

SAMPLE_BYTES = 1024
"""Bytes compared before an offset, and at the beginning of a file, to recognise the file."""
BatchEnd = Literal["line", "unfinished", "cut"]
Note = Literal["", "rotated", "replaced", "swapped", "recreated", "truncated", "rewritten"]
Status = Literal["following", "missing", "unreadable", "not a file"]


class FilePosition(Struct, frozen=True):
    """The end of the last line handed out; a follower started from it repeats and skips nothing.

    `fingerprint` covers the first and the last 1,024 bytes before `offset`, so that neither a reused
    inode nor a file rewritten in place is taken for the old one. `mtime_ns` is the file's time when it
    was read: a copy of it cannot be older. `generations` is how many numbers have been used.
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

    `data` is exactly the file's bytes from `offset`. With `end` "line" it ends with a newline. With
    "unfinished" it is the last line of a closed generation, without a newline. With "cut" it is a piece
    of an overlong line, and the next batch of that generation continues it. The first batch of a
    generation that replaced another says why in `note`; its `data` may be empty. Batches of an older
    generation may follow for some seconds, from a writer that still holds a rotated file.
    """

    generation: int
    offset: int
    data: bytes
    note: Note = ""
    end: BatchEnd = "line"


class PartialLine(NamedTuple):
    """The line that has no newline yet: its last bytes, its whole size, since when it is there.

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
    reads: int = 0
    bytes: int = 0
    listings: int = 0
    cut_lines: int = 0
    dropped_partials: int = 0


def fingerprint(head: bytes, tail: bytes) -> str:
    """A checksum of a file's first and last consumed bytes; good against accident, not intent."""
    return f"{zlib.crc32(tail):08x}{zlib.adler32(tail):08x}{zlib.crc32(head):08x}"


def read_samples(fd: int, offset: int) -> tuple[bytes, bytes] | None:
    """The first and the last bytes before `offset`, or None when the file is shorter than that."""
    tail = os.pread(fd, min(SAMPLE_BYTES, offset), max(0, offset - SAMPLE_BYTES))
    head = os.pread(fd, min(SAMPLE_BYTES, offset), 0)
    if len(tail) < min(SAMPLE_BYTES, offset) or len(head) < len(tail):
        return None
    return head, tail


# Opening a FIFO must not wait for a writer, nor a terminal become that of this process.
OPEN_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
Ident = tuple[int, int]
_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class FileAccess(NamedTuple):
    """How a path is opened: whether a link at its end is followed, and the folder that it must not leave.

    Without a `base` it may be anywhere. With one, links are followed as long as they stay in it.
    """

    follow: bool = True
    base: str = ""

    def open(self, path: str) -> int:
        """A descriptor to read from; never waits, raises OSError."""
        if self.base:
            from tui.system.beneath import open_inside

            return open_inside(self.base, path, OPEN_FLAGS)
        return os.open(path, OPEN_FLAGS if self.follow else OPEN_FLAGS | os.O_NOFOLLOW)


def stat_path(path: str, access: FileAccess) -> os.stat_result | FollowStatus:
    """The status of the regular file at `path`, or why it cannot be followed."""
    try:
        status = os.stat(path, follow_symlinks=access.follow)
    except OSError as error:
        return refusal_of(path, error)
    if stat.S_ISREG(status.st_mode):
        return status
    return _not_a_file(path, status.st_mode)


def open_regular(
    path: str, access: FileAccess, seen: os.stat_result
) -> tuple[int, Ident] | FollowStatus:
    """A descriptor and the identity of the regular file at `path`, last seen as `seen`; never waits."""
    try:
        fd = access.open(path)
    except OSError as error:
        return refusal_of(path, error, access.base)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        return _not_a_file(path, status.st_mode)
    return fd, _identity(path, access, seen, status)


def refusal_of(path: str, error: OSError, base: str = "") -> FollowStatus:
    """What an error of the system means for the path, with its sentence."""
    if base and error.errno == errno.EXDEV:
        from tui.store.project_files import describe_link

        return FollowStatus("unreadable", describe_link(base, path))
    if isinstance(error, FileNotFoundError):
        also = "" if os.path.isdir(os.path.dirname(path) or ".") else ", nor its folder"
        return FollowStatus("missing", f"There is no {path} yet{also}.")
    if isinstance(error, NotADirectoryError):
        return FollowStatus("missing", f"There is no {path}: a part of that path is no folder.")
    return FollowStatus("unreadable", f"{path} cannot be read: {error.strerror or error}.")


def _identity(path: str, access: FileAccess, seen: os.stat_result, opened: os.stat_result) -> Ident:
    """The device and inode that the path shows for the file just opened.

    Some file systems show other numbers for a path than for a descriptor; the path then shows the same
    before and after. If it does not, it names another file by now and the descriptor's numbers count.
    """
    held = (opened.st_dev, opened.st_ino)
    shown = (seen.st_dev, seen.st_ino)
    if shown == held:
        return held
    again = stat_path(path, access)
    if isinstance(again, FollowStatus) or (again.st_dev, again.st_ino) != shown:
        return held
    return shown


def _not_a_file(path: str, mode: int) -> FollowStatus:
    kind = next((name for test, name in _KINDS if test(mode)), "something else")
    return FollowStatus("not a file", f"{path} is {kind}, not a file.")
