"""One open file read forward, line by line."""

from __future__ import annotations

import errno
import os
from typing import Final

from tui.feeds.follow.position import (
    SAMPLE_BYTES,
    BatchEnd,
    FilePosition,
    FollowCounters,
    LineBatch,
    Note,
    PartialLine,
    fingerprint,
    read_samples,
)

CHUNK: Final = 1 << 20
# A longer line is handed out in pieces: a file without newlines must not fill the memory.
LONGEST_LINE: Final = 64 << 20
SHOWN_PARTIAL: Final = 64 << 10
_MOST_SCANNED: Final = 64 << 20
# UTF-16 has single NULs between letters and UTF-32 three; a hole is longer. Right after a truncation the
# file begins with the hole, so that even a short one is no text.
_LEAST_HOLE: Final = 8
_LEAST_FIRST_HOLE: Final = 2


class FileGeneration:
    """Reads one file from an offset on; before each read it checks that what was read is still there.

    The descriptor belongs to the generation until `restart` or `close`. `offset` is the end of the last
    line handed out. `mtime_ns` is the file's last known mtime, `verified_ns` the one at which the file was
    last found to hold what had been read.
    """

    def __init__(self, fd: int, ident: tuple[int, int], *, note: Note = "") -> None:
        self.fd = fd
        self.ident = ident
        self.note: Note = note
        self.number = -1
        self.offset = 0
        self.origin = 0
        self.dirty = True
        self.at_end = False
        self.superseded_at: float | None = None
        self.mtime_ns = 0
        self.verified_ns = 0
        self.partial_since: float | None = None
        self.head = b""
        self.tail = b""
        self._partial: list[bytes] = []
        self._partial_size = 0
        self._expected_tail = b""
        self._is_cutting = False
        self._is_restart = note in ("truncated", "rewritten")

    # --- position ----------------------------------------------------------------------------------

    def begin_at(self, offset: int) -> bool:
        """Start reading at `offset`; False, and nothing changed, when the file is shorter."""
        found = read_samples(self.fd, offset)
        if found is None:
            return False
        self.head, self.tail = found
        self._expected_tail = self.tail
        self.offset = self.origin = offset
        self._is_cutting = offset > 0 and self.tail[-1:] not in (b"\n", b"\0")
        return True

    def resume(self, start: FilePosition) -> bool:
        """Continue at a saved position; False when this is not the file it was saved for."""
        try:
            found = read_samples(self.fd, start.offset)
            if found is None or fingerprint(*found) != start.fingerprint:
                return False
            self.number = start.generation
            return self.begin_at(start.offset)
        except OSError:
            return False

    def position(self, generations: int) -> FilePosition:
        known_by, number, at = fingerprint(self.head, self.tail), max(0, self.number), self.offset
        return FilePosition(*self.ident, at, known_by, number, self.verified_ns, generations)

    def partial_line(self) -> PartialLine:
        data = b"".join(self._partial)[-SHOWN_PARTIAL:] if self._partial else b""
        return PartialLine(data, self._partial_size, self.partial_since, self.number, self.offset)

    # --- reading ------------------------------------------------------------------------------------

    def read_new(
        self, batches: list[LineBatch], room: int, now: float, counters: FollowCounters
    ) -> tuple[Note, int]:
        """Append to `batches` what is new, reading at most `room` bytes.

        Returns how the file was changed, and the room left; anything but "" means that the bytes already
        handed out are no longer in the file.
        """
        if self.head and not self._head_unchanged(counters):
            return "rewritten", room
        self.at_end = False
        while room > 0:
            want = min(CHUNK, room)
            keep = len(self._expected_tail)
            start = self.offset + self._partial_size
            blob = os.pread(self.fd, keep + want, start - keep)
            counters.reads += 1
            if not blob.startswith(self._expected_tail):
                if self._drop_partial(counters):
                    continue
                return ("truncated" if len(blob) < keep else "rewritten"), room
            read_bytes = len(blob) - keep
            counters.bytes += read_bytes
            room -= read_bytes
            if not self._consume(blob, keep, now, batches, counters) or read_bytes < want:
                self.at_end = True
                self.dirty = False
                break
        self.verified_ns = self.mtime_ns
        return "", room

    def emit_note(self, batches: list[LineBatch]) -> None:
        """Hand out the note of a new generation that has no line yet to carry it."""
        if self.note:
            batches.append(self._batch(b"", "line"))

    def flush(self, batches: list[LineBatch]) -> None:
        """Hand out the line that will never be finished."""
        if self._partial:
            piece = b"".join(self._partial)
            self._clear_partial()
            batches.append(self._batch(piece, "unfinished"))
            self._advance(piece, len(piece))

    def restart(self, note: Note) -> FileGeneration:
        """The generation that begins in the same file now; it takes this one's descriptor."""
        fresh = FileGeneration(self.fd, self.ident, note=note)
        fresh.superseded_at = self.superseded_at
        fresh.mtime_ns = fresh.verified_ns = self.mtime_ns
        self.fd = -1
        return fresh

    def continue_in(self, fd: int, ident: tuple[int, int]) -> None:
        """Read the rest of this generation from another file that begins with the same bytes."""
        self._clear_partial()
        self._expected_tail = self.tail
        self.fd, self.ident, self.dirty = fd, ident, True

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    # --- pieces -------------------------------------------------------------------------------------

    def _consume(
        self, blob: bytes, keep: int, now: float, batches: list[LineBatch], counters: FollowCounters
    ) -> bool:
        """Consume `blob` from `keep` on; False when only NULs are left, which may still be filled."""
        begin = keep
        if len(blob) > keep and blob[keep] == 0:
            begin = self._skip_hole(blob, keep)
            if begin < 0:
                return False
        newline = blob.rfind(b"\n", begin)
        if newline >= 0:
            self._emit_lines(blob[begin : newline + 1], batches)
            begin = newline + 1
        rest = blob[begin:].rstrip(b"\0")
        if begin == keep and not rest:
            rest = blob[begin:]
        if rest:
            self._keep_partial(rest, now, batches, counters)
        return True

    def _skip_hole(self, blob: bytes, keep: int) -> int:
        """Where in `blob` reading continues after the NULs at `keep`; -1 when only NULs follow.

        A writer that does not append leaves a hole of NULs when its file is truncated below its own
        offset; they are no part of the line that follows. Short runs of NULs are text in UTF-16.
        """
        nuls = len(blob) - keep - len(blob[keep:].lstrip(b"\0"))
        if keep + nuls == len(blob):
            start = self.offset + self._partial_size
            data = find_data(self.fd, start + nuls)
            if data is None:
                return -1
            nuls = data - start
        least = _LEAST_FIRST_HOLE if self._is_restart and self.offset == 0 else _LEAST_HOLE
        if self._partial or self._is_cutting or nuls < least:
            return keep
        self._advance(bytes(min(nuls, SAMPLE_BYTES)), nuls)
        return min(keep + nuls, len(blob))

    def _advance(self, data: bytes, size: int) -> None:
        """Move `offset` over `size` bytes; `data` is all of them, or a sample of both ends."""
        if len(self.head) < SAMPLE_BYTES:
            self.head = (self.head + data[:SAMPLE_BYTES])[:SAMPLE_BYTES]
        self.tail = (self.tail + data[-SAMPLE_BYTES:])[-SAMPLE_BYTES:]
        self.offset += size
        self._expected_tail = self.tail

    def _emit_lines(self, data: bytes, batches: list[LineBatch]) -> None:
        if self._partial:
            data = b"".join((*self._partial, data))
            self._clear_partial()
        batches.append(self._batch(data, "line"))
        self._is_cutting = False
        self._advance(data, len(data))

    def _keep_partial(
        self, rest: bytes, now: float, batches: list[LineBatch], counters: FollowCounters
    ) -> None:
        if not self._partial:
            self.partial_since = now
        self._partial.append(rest)
        self._partial_size += len(rest)
        self._expected_tail = (self._expected_tail + rest[-SAMPLE_BYTES:])[-SAMPLE_BYTES:]
        if self._partial_size < (CHUNK if self._is_cutting else LONGEST_LINE):
            return
        # An overlong line goes out in pieces: joining them would double the memory they take.
        pieces = self._partial
        self._clear_partial()
        counters.cut_lines += not self._is_cutting
        for piece in pieces:
            batches.append(self._batch(piece, "cut"))
            self._is_cutting = True
            self._advance(piece, len(piece))

    def _batch(self, data: bytes, end: BatchEnd) -> LineBatch:
        note, self.note = self.note, ""
        return LineBatch(self.number, self.offset, data, note, end)

    def _clear_partial(self) -> None:
        self._partial = []
        self._partial_size = 0
        self.partial_since = None

    def _drop_partial(self, counters: FollowCounters) -> bool:
        """Read the partial line again, because it was changed before it was finished.

        Only when whole lines come before it: they show whether the rest of the file is the same.
        """
        if not self._partial or self.offset == 0:
            return False
        self._clear_partial()
        self._expected_tail = self.tail
        counters.dropped_partials += 1
        return True

    def _head_unchanged(self, counters: FollowCounters) -> bool:
        counters.reads += 1
        current = os.pread(self.fd, len(self.head), 0)
        # The file may shrink between `fstat` and `pread`. A short read here is not yet "truncated": the
        # read at the end decides, because some writers truncate and rewrite within one tick.
        return current == self.head or len(current) < len(self.head)


def find_data(fd: int, offset: int) -> int | None:
    """The offset of the first byte that is not NUL, None when NULs reach to the end of the file.

    Holes cost nothing; of NULs that were written it reads 64 MiB and answers where it stopped.
    """
    scanned = 0
    while scanned < _MOST_SCANNED:
        try:
            offset = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return None
            # A file system that knows of no holes: the bytes themselves are read.
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

    When none does, it is the start of the line that covers them; a line longer than 64 MiB is entered
    in its middle.
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
    return line_start(fd, edge, max(0, edge - LONGEST_LINE))


_BACKWARD_STEP = 64 << 10


def line_start(descriptor: int, offset: int, least: int = 0) -> int:
    """The beginning of the line that holds the byte at `offset`, but not before `least` or a hole."""
    end = offset
    while end > least:
        start = max(least, end - _BACKWARD_STEP)
        blob = os.pread(descriptor, end - start, start)
        newline = blob.rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        if blob and not blob.strip(b"\0"):
            return end
        end = start
    return least
