"""The generations of a path in reading order, and the rotated files beside it."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

from tui.feeds.follow import position
from tui.feeds.follow.generation import FileGeneration
from tui.feeds.follow.position import FilePosition, FollowCounters, FollowStatus, Ident, LineBatch
from tui.system.lazy_pattern import lazy

T = TypeVar("T")
_HEAD_BYTES: Final = 256
_NUMBERED: Final = lazy(r"[.-](\d{1,4})")
# The names that log rotation gives. A `.old` or `.bak` may as well be an editor's copy, so it counts only
# where its content shows that it is a copy of what was read.
_ROTATED: Final = lazy(r"[.-]\d[\dTZ.:_+-]*")
_COPIED: Final = lazy(r"[.-](?:\d[\dTZ.:_+-]*|old|prev|bak|orig)")


class RotatedFile(NamedTuple):
    """A regular file named like a rotation of the followed one."""

    path: str
    suffix: str
    ident: Ident
    size: int
    mtime_ns: int
    base: str = ""

    @property
    def age(self) -> tuple[int, int, str]:
        """Sorts oldest first; of files written within one tick the higher number is the older."""
        number = _NUMBERED.fullmatch(self.suffix)
        return self.mtime_ns, -int(number[1]) if number else 0, self.suffix


class RotatedFiles:
    """Remembers which rotated files have been read, and finds those that have not."""

    def __init__(self, path: str, counters: FollowCounters, base: str = "") -> None:
        self._folder, self._name = os.path.split(path)
        self._base = base
        self._counters = counters
        self._listed: list[RotatedFile] = []
        self._read_files: dict[Ident, tuple[int, int, bytes]] = {}

    def rescan(self) -> None:
        """List the folder; all other methods answer from the last listing."""
        self._counters.listings += 1
        try:
            with os.scandir(self._folder or ".") as entries:
                found = [self._rotated_file(entry) for entry in entries]
        except OSError:
            # A folder that cannot be listed has no siblings; the status of the path has the reason.
            found = []
        self._listed = sorted((s for s in found if s), key=lambda s: s.age)

    def mark_read(self, until: RotatedFile | None = None) -> None:
        """Count all listed files as read, or only `until` and what is older."""
        self._read_files = {
            s.ident: (s.size, s.mtime_ns, _read_head(s))
            for s in self._listed
            if until is None or s.age <= until.age
        }

    def remember_file(self, fd: int, ident: Ident, head: bytes) -> None:
        """Count one file as read, under whatever name it is found later."""
        status = os.fstat(fd)
        self._read_files[ident] = (status.st_size, status.st_mtime_ns, head[:_HEAD_BYTES])

    def find_unread(self, since_ns: int, open_files: set[Ident]) -> list[RotatedFile]:
        """Unread rotated files that were last written at `since_ns` or later, oldest first."""
        unread = self._unread(since_ns, open_files)
        return [sibling for sibling in unread if _ROTATED.fullmatch(sibling.suffix)]

    def is_copy(self, sibling: RotatedFile, fd: int) -> bool:
        """Whether the file behind `fd` begins with all that `sibling` holds."""
        try:
            held = position.read_samples(fd, sibling.size) if sibling.size else None
        except OSError:
            return False
        return (
            bool(held)
            and _read(sibling, lambda fd: position.read_samples(fd, sibling.size)) == held
        )

    def find_copy(
        self, start: FilePosition, since_ns: int, open_files: set[Ident]
    ) -> RotatedFile | None:
        """The oldest unread file that begins with all that was read up to `start`."""
        unread = self._unread(since_ns, open_files) if start.offset else ()
        return next((sibling for sibling in unread if _holds_position(sibling, start)), None)

    def find_position(self, start: FilePosition) -> RotatedFile | None:
        """The file of a saved position: the one with its inode, else a copy of it."""
        ident = (start.device, start.inode)
        for sibling in sorted(self._listed, key=lambda s: s.ident != ident):
            copied = start.offset > 0 and sibling.mtime_ns >= start.mtime_ns
            if (copied or sibling.ident == ident) and _holds_position(sibling, start):
                return sibling
        return None

    def _unread(self, since_ns: int, open_files: set[Ident]) -> Iterator[RotatedFile]:
        for sibling in self._listed:
            fresh = sibling.ident not in open_files and sibling.mtime_ns >= since_ns
            if fresh and not self._was_read(sibling):
                yield sibling

    def _was_read(self, sibling: RotatedFile) -> bool:
        """Whether this is the remembered file, not another that got its inode."""
        known = self._read_files.get(sibling.ident)
        if known is None:
            return False
        size, mtime_ns, head = known
        if (sibling.size, sibling.mtime_ns) == (size, mtime_ns):
            return True
        # A file that was empty then holds nothing that was read, whoever filled it.
        return sibling.size >= size > 0 and _read_head(sibling)[: len(head)] == head

    def _rotated_file(self, entry: os.DirEntry[str]) -> RotatedFile | None:
        suffix = entry.name[len(self._name) :]
        if not entry.name.startswith(self._name) or not _COPIED.fullmatch(suffix):
            return None
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        ident = (status.st_dev, status.st_ino)
        size, mtime_ns = status.st_size, status.st_mtime_ns
        return RotatedFile(entry.path, suffix, ident, size, mtime_ns, self._base)


def open_sibling(sibling: RotatedFile) -> int | None:
    """A descriptor of that very file; None when it is gone or another has its name."""
    try:
        fd = position.FileAccess(follow=False, base=sibling.base).open(sibling.path)
    except OSError:
        return None
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) == sibling.ident and stat.S_ISREG(status.st_mode):
        return fd
    os.close(fd)
    return None


def _read(sibling: RotatedFile, read: Callable[[int], T]) -> T | None:
    """What `read` gives for a descriptor of the file; None when it cannot be read."""
    fd = open_sibling(sibling)
    if fd is None:
        return None
    try:
        return read(fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def _read_head(sibling: RotatedFile) -> bytes:
    return _read(sibling, lambda fd: os.pread(fd, _HEAD_BYTES, 0)) or b""


def _holds_position(sibling: RotatedFile, start: FilePosition) -> bool:
    found = _read(sibling, lambda fd: position.read_samples(fd, start.offset))
    return found is not None and position.fingerprint(*found) == start.fingerprint


LATE_SECONDS: Final = 5.0
"""How long a file that lost its path is still read for late writes."""
# Bounded, because a log may be rotated all night.
_MOST_FORMER: Final = 16
OnRewritten = Callable[[FileGeneration, position.Note, list[LineBatch]], None]


class GenerationChain:
    """Reads generations to their ends and closes those whose time for late writes has passed.

    A generation is numbered when it is first read, so that numbers grow in reading order.
    `on_close` is called with each generation before its file is closed. `former_positions` is where
    reading stood in closed files, which may come back under the path.
    """

    def __init__(
        self,
        path: str,
        counters: FollowCounters,
        number: int,
        on_close: Callable[[FileGeneration], None],
    ) -> None:
        self.current: FileGeneration | None = None
        self.refusal: FollowStatus | None = None
        self.is_behind = False
        self.next_number = number
        self._path = path
        self._counters = counters
        self._on_close = on_close
        self._generations: list[FileGeneration] = []
        self._last_position: FilePosition | None = None
        self.former_positions: dict[Ident, FilePosition] = {}
        self._lock = threading.Lock()

    # --- order --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._generations)

    def idents(self) -> set[Ident]:
        return {generation.ident for generation in self._generations}

    def follow(self, generation: FileGeneration, now: float) -> None:
        """Make a generation the current one, whether it is new or was superseded a moment ago."""
        if self.current is not None and self.current is not generation:
            self.supersede(self.current, now)
        if generation in self._generations:
            self._generations.remove(generation)
        self._generations.append(generation)
        generation.superseded_at = None
        self.current = generation

    def add_superseded(self, earlier: Iterable[FileGeneration], now: float) -> None:
        """Append generations that nobody writes to any more."""
        for generation in earlier:
            self.supersede(generation, now)
            self._generations.append(generation)

    def replace(self, old: FileGeneration, successors: list[FileGeneration]) -> None:
        """Put others in the place of `old`; the last of them becomes current if `old` was."""
        at = self._generations.index(old)
        with self._lock:
            self._generations[at : at + 1] = successors
        if self.current is old:
            self.current = successors[-1]

    def supersede(self, generation: FileGeneration, now: float) -> None:
        """Start the time in which late writes are still read, once."""
        if generation.superseded_at is None:
            generation.superseded_at = now

    def find_open(self, ident: Ident) -> FileGeneration | None:
        """The generation that reads this file already."""
        return next((each for each in reversed(self._generations) if each.ident == ident), None)

    # --- reading ------------------------------------------------------------------------------------

    def read_new(self, limit: int, now: float, on_rewritten: OnRewritten) -> list[LineBatch]:
        """What is new, about `limit` bytes at most.

        `on_rewritten` must replace a generation whose file no longer holds what was read.
        """
        batches: list[LineBatch] = []
        room = max(1, limit)
        self.refusal = None
        index = 0
        while index < len(self._generations) and room > 0:
            generation = self._generations[index]
            if generation.dirty or generation.superseded_at is not None:
                if generation.number < 0:
                    generation.number = self.next_number
                self.next_number = max(self.next_number, generation.number + 1)
                try:
                    note, room = generation.read_new(batches, room, now, self._counters)
                except OSError as error:
                    # It is tried again while it is current; afterwards it counts as read.
                    generation.at_end = generation.superseded_at is not None
                    if generation is self.current:
                        self.refusal = position.refusal_of(self._path, error)
                else:
                    if note:
                        on_rewritten(generation, note, batches)
                        continue
                    if not generation.at_end:
                        break
                    generation.emit_note(batches)
            index += 1
        self.is_behind = index < len(self._generations)
        self._close_superseded(self._generations[:index], now, batches)
        return batches

    def read_bytes(self, number: int, offset: int, length: int) -> bytes | None:
        """Bytes of a generation that is still open; safe from any thread."""
        with self._lock:
            for generation in self._generations:
                if generation.number == number and generation.fd >= 0:
                    try:
                        return os.pread(generation.fd, length, offset)
                    except OSError:
                        return None
        return None

    def position(self) -> FilePosition | None:
        """The end of the last line handed out, in the first file that is not read to its end."""
        unread = (each for each in self._generations if each is self.current or not each.at_end)
        first = next(unread, self._generations[-1] if self._generations else None)
        return first.position(self.next_number) if first else self._last_position

    def close(self) -> None:
        self._last_position = self.position()
        with self._lock:
            for generation in self._generations:
                generation.close()
            self._generations.clear()
        self.current = None

    def swap_descriptor(self, generation: FileGeneration, fd: int) -> None:
        """Go on reading a generation through a fresh descriptor of its file."""
        with self._lock:
            generation.close()
            generation.fd = fd
        generation.dirty = True

    def _close_superseded(
        self, generations: list[FileGeneration], now: float, batches: list[LineBatch]
    ) -> None:
        """Close each superseded file whose time is over, after handing out its unfinished line."""
        for generation in generations:
            since = generation.superseded_at
            if since is None or now - since < LATE_SECONDS or not generation.at_end:
                continue
            generation.flush(batches)
            self._last_position = generation.position(self.next_number)
            if generation.offset:
                self.former_positions[generation.ident] = self._last_position
            while len(self.former_positions) > _MOST_FORMER:
                del self.former_positions[next(iter(self.former_positions))]
            self._on_close(generation)
            with self._lock:
                self._generations.remove(generation)
                generation.close()
            if generation is self.current:
                self.current = None
