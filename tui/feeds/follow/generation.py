"""One open file read forward, line by line."""

from __future__ import annotations

import errno
import os
from typing import Final

from tui.feeds.follow.position import (
    SAMPLE,
    End,
    FilePosition,
    FollowCounters,
    LineBatch,
    Note,
    PartialLine,
    fingerprint,
    samples,
)

CHUNK: Final = 1 << 20
LONGEST_LINE: Final = 64 << 20
SHOWN_PENDING: Final = 64 << 10
_SCAN: Final = 64 << 20
_HOLE: Final = 8
_FIRST_HOLE: Final = 2


class FileGeneration:
    """Reads one file from an offset on, checking before each read that what was read still stands there.

    The descriptor belongs to the generation until `reborn` or `close` takes it away. `offset` is the end
    of the last line handed out; `noticed_ns` is the file's last known mtime, `sound_ns` the one at which
    the file was last found to hold what had been read.
    """

    def __init__(
        self, fd: int, ident: tuple[int, int], *, note: Note = "", number: int = -1
    ) -> None:
        self.fd = fd
        self.ident = ident
        self.note: Note = note
        self.number = number
        self.offset = 0
        self.origin = 0
        self.dirty = True
        self.at_end = False
        self.superseded_at: float | None = None
        self.noticed_ns = 0
        self.sound_ns = 0
        self.since: float | None = None
        self.head = b""
        self.tail = b""
        self._held: list[bytes] = []
        self._held_size = 0
        self._held_tail = b""
        self._cutting = False
        self._restarted = note in ("truncated", "rewritten")

    # --- where it stands ----------------------------------------------------------------------------

    def begin(self, offset: int) -> bool:
        """Start reading at `offset`; False, and nothing changed, when the file is shorter."""
        found = samples(self.fd, offset)
        if found is None:
            return False
        self.head, self.tail = found
        self._held_tail = self.tail
        self.offset = self.origin = offset
        self._cutting = offset > 0 and self.tail[-1:] not in (b"\n", b"\0")
        return True

    def resume(self, start: FilePosition) -> bool:
        """Stand where `start` says if this file is the one it speaks of."""
        found = samples(self.fd, start.offset)
        if found is None or fingerprint(*found) != start.fingerprint:
            return False
        self.number = start.generation
        return self.begin(start.offset)

    def position(self, generations: int) -> FilePosition:
        known_by = fingerprint(self.head, self.tail)
        number = max(0, self.number)
        return FilePosition(*self.ident, self.offset, known_by, number, self.sound_ns, generations)

    def pending(self) -> PartialLine:
        data = b"".join(self._held)[-SHOWN_PENDING:] if self._held else b""
        return PartialLine(data, self._held_size, self.since, self.number, self.offset)

    # --- reading ------------------------------------------------------------------------------------

    def read(
        self, out: list[LineBatch], room: int, now: float, work: FollowCounters
    ) -> tuple[Note, int]:
        """Append to `out` what is new, reading at most `room` bytes.

        Returns what befell the file, and the room left; anything but "" says that the bytes already handed
        out no longer stand in the file.
        """
        if self.head and not self._head_stands(work):
            return "rewritten", room
        self.at_end = False
        while room > 0:
            want = min(CHUNK, room)
            keep = len(self._held_tail)
            start = self.offset + self._held_size
            blob = os.pread(self.fd, keep + want, start - keep)
            work.reads += 1
            if not blob.startswith(self._held_tail):
                if self._forget_partial(work):
                    continue
                return ("truncated" if len(blob) < keep else "rewritten"), room
            fresh = len(blob) - keep
            work.bytes += fresh
            room -= fresh
            if not self._take(blob, keep, now, out, work) or fresh < want:
                self.at_end = True
                self.dirty = False
                break
        self.sound_ns = self.noticed_ns
        return "", room

    def announce(self, out: list[LineBatch]) -> None:
        """Say that this generation began, when no line of it has said so."""
        if self.note:
            out.append(self._batch(b"", "line"))

    def flush(self, out: list[LineBatch]) -> None:
        """Hand out the line that will never be finished."""
        if self._held:
            piece = b"".join(self._held)
            self._empty()
            out.append(self._batch(piece, "unfinished"))
            self._consumed(piece, len(piece))

    def restart(self, befell: Note) -> FileGeneration:
        """The generation that begins in the same file now; this one is left without a descriptor."""
        fresh = FileGeneration(self.fd, self.ident, note=befell)
        fresh.superseded_at = self.superseded_at
        fresh.noticed_ns = fresh.sound_ns = self.noticed_ns
        self.fd = -1
        return fresh

    def continue_in(self, fd: int, ident: tuple[int, int]) -> None:
        """Read the rest of this generation from another file that holds the same bytes."""
        self._empty()
        self._held_tail = self.tail
        self.fd, self.ident, self.dirty = fd, ident, True

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    # --- pieces -------------------------------------------------------------------------------------

    def _take(
        self, blob: bytes, keep: int, now: float, out: list[LineBatch], work: FollowCounters
    ) -> bool:
        """Consume the fresh bytes of `blob`; False when only NULs that may still be filled are left."""
        begin = keep
        if len(blob) > keep and blob[keep] == 0:
            begin = self._past_hole(blob, keep, work)
            if begin < 0:
                return False
        newline = blob.rfind(b"\n", begin)
        if newline >= 0:
            self._hand_out(blob[begin : newline + 1], out)
            begin = newline + 1
        rest = blob[begin:].rstrip(b"\0")
        if begin == keep and not rest:
            rest = blob[begin:]
        if rest:
            self._hold(rest, now, out, work)
        return True

    def _past_hole(self, blob: bytes, keep: int, work: FollowCounters) -> int:
        """Where in `blob` the reading goes on after the NULs at `keep`; -1 when only NULs follow.

        A writer that does not append leaves a hole of NULs when its file is truncated below its own
        offset; they are no part of the line that follows. Short runs are text in UTF-16.
        """
        nuls = len(blob) - keep - len(blob[keep:].lstrip(b"\0"))
        if keep + nuls == len(blob):
            start = self.offset + self._held_size
            data = first_data(self.fd, start + nuls)
            if data is None:
                return -1
            nuls = data - start
        least = _FIRST_HOLE if self._restarted and self.offset == 0 else _HOLE
        if self._held or self._cutting or nuls < least:
            return keep
        work.skipped_nuls += nuls
        self._consumed(bytes(min(nuls, SAMPLE)), nuls)
        return min(keep + nuls, len(blob))

    def _consumed(self, data: bytes, size: int) -> None:
        """Move `offset` over `size` bytes of which `data` is all, or a sample good for both ends."""
        if len(self.head) < SAMPLE:
            self.head = (self.head + data[:SAMPLE])[:SAMPLE]
        self.tail = data[-SAMPLE:] if len(data) >= SAMPLE else (self.tail + data)[-SAMPLE:]
        self.offset += size
        self._held_tail = self.tail

    def _hand_out(self, data: bytes, out: list[LineBatch]) -> None:
        if self._held:
            data = b"".join((*self._held, data))
            self._empty()
        out.append(self._batch(data, "line"))
        self._cutting = False
        self._consumed(data, len(data))

    def _hold(self, rest: bytes, now: float, out: list[LineBatch], work: FollowCounters) -> None:
        if not self._held:
            self.since = now
        self._held.append(rest)
        self._held_size += len(rest)
        self._held_tail = (self._held_tail + rest[-SAMPLE:])[-SAMPLE:]
        if self._held_size >= (CHUNK if self._cutting else LONGEST_LINE):
            self._cut(out, work)

    def _cut(self, out: list[LineBatch], work: FollowCounters) -> None:
        """Hand the held bytes out in pieces: joining them would double the memory they take."""
        pieces = self._held
        self._empty()
        work.cut_lines += not self._cutting
        for piece in pieces:
            out.append(self._batch(piece, "cut"))
            self._cutting = True
            self._consumed(piece, len(piece))

    def _batch(self, data: bytes, end: End) -> LineBatch:
        note, self.note = self.note, ""
        return LineBatch(self.number, self.offset, data, note, end)

    def _empty(self) -> None:
        self._held = []
        self._held_size = 0
        self.since = None

    def _forget_partial(self, work: FollowCounters) -> bool:
        """Read the pending line again: it was changed before it was finished.

        Only where whole lines stand before it: they show whether the rest of the file is still the same.
        """
        if not self._held or self.offset == 0:
            return False
        self._empty()
        self._held_tail = self.tail
        work.dropped_partials += 1
        return True

    def _head_stands(self, work: FollowCounters) -> bool:
        work.reads += 1
        now = os.pread(self.fd, len(self.head), 0)
        # a shorter file is for the read at its end to name
        return now == self.head or len(now) < len(self.head)


def first_data(fd: int, offset: int) -> int | None:
    """The offset of the first byte that is not NUL, None when NULs reach to the end of the file.

    Holes cost nothing; of NULs that were written it looks at 64 MiB and answers where it stopped.
    """
    scanned = 0
    while scanned < _SCAN:
        try:
            offset = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return None
            # a file system that knows of no holes: look at the bytes
        blob = os.pread(fd, CHUNK, offset)
        rest = blob.lstrip(b"\0")
        if rest:
            return offset + len(blob) - len(rest)
        if len(blob) < CHUNK:
            return None
        offset += len(blob)
        scanned += len(blob)
    return offset


def last_line_start(fd: int, size: int, within: int) -> int:
    """Where the first line begins that starts in the last `within` bytes.

    When no line starts there, the one that reaches over them begins it all; a line longer than 64 MiB is
    entered in its middle.
    """
    edge = max(0, size - within)
    if edge == 0:
        return 0
    at = edge - 1
    while at < size - 1:
        blob = os.pread(fd, min(CHUNK, size - 1 - at), at)
        newline = blob.find(b"\n")
        if newline >= 0:
            return at + newline + 1
        if not blob:
            break
        at += len(blob)
    edge = min(edge, size - 1)
    stop = max(0, edge - LONGEST_LINE)
    while edge > stop:
        begin = max(stop, edge - CHUNK)
        blob = os.pread(fd, edge - begin, begin)
        newline = blob.rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        if not blob.strip(b"\0"):
            return edge
        edge = begin
    return edge


_BACK = 64 << 10


def line_start(descriptor: int, offset: int, floor: int = 0) -> int:
    """The beginning of the line that the byte at `offset` lies in, but not before `floor`."""
    end = offset
    while end > floor:
        start = max(floor, end - _BACK)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return floor
