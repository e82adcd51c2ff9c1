"""Follows one path: appended lines, rotation, truncation, replacement.

It reads forward with `pread`, hands out whole lines as bytes, and neither repeats nor skips one when
the file is rotated, copied and truncated, rewritten, replaced, swapped by a symbolic link, deleted and
recreated, or made unreadable for a while. Trouble with the file is a state, not an error.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from tui.feeds.follow import position
from tui.feeds.follow.chain import GenerationChain, RotatedFile, RotatedFiles, open_sibling
from tui.feeds.follow.generation import FileGeneration, last_line_start
from tui.feeds.follow.position import (
    FileAccess,
    FilePosition,
    FollowStatus,
    LineBatch,
    Note,
    PartialLine,
)

# Two changes within one tick of the file system's clock (2 s on FAT) have the same mtime, so after a change
# the file is read again for that long.
_REREAD_SECONDS: Final = 2.0
# A file that cannot be read is not opened again on every poll.
_RETRY_SECONDS: Final = 1.0
# The kernel takes mtimes from a clock that may be a tick behind `time.time_ns`.
_CLOCK_TICK_NS: Final = 50_000_000
_NO_PARTIAL_LINE: Final = PartialLine(b"", 0, None, 0, 0)


class FileFollower:
    """Follows one path.

    `poll` and the properties belong to one thread; `read` may be called from any. `start` continues where
    an earlier follower stood; `at_end_bytes` begins at the first line that starts in the last so many
    bytes. With `trusted` false a symbolic link at the path is not followed; with a folder `base` nothing
    that leads out of it is. `rotates` false saves the search for rotated siblings. `clock` is the one
    that `PartialLine.since` is measured with.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        start: FilePosition | None = None,
        at_end_bytes: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        trusted: bool = True,
        base: str = "",
        rotates: bool = True,
    ) -> None:
        self.path = os.fspath(path)
        self.counters = position.FollowCounters()
        self.state = FollowStatus("missing", f"{self.path} was not read yet.")
        self._start_position = start
        self._at_end_bytes = at_end_bytes
        self._clock = clock
        self._access = FileAccess(trusted, base)
        self._siblings = RotatedFiles(self.path, self.counters, base) if rotates else None
        self._chain = GenerationChain(
            self.path, self.counters, start.generations if start else 0, self._close_generation
        )
        self._saved_position = start
        self._path_checked = self._any_opened = self._is_closed = False
        self._last_stat: tuple[int, int, int] | None = None
        self._started_ns = time.time_ns() - _CLOCK_TICK_NS
        self._reread_until = self._retry_at = 0.0

    # --- what a consumer uses -----------------------------------------------------------------------

    def poll(self, limit: int = 4 << 20) -> list[LineBatch]:
        """What is new, at most about `limit` bytes of it; never blocks and never fails.

        `is_behind` is true afterwards when more could be read at once.
        """
        if self._is_closed:
            return []
        now = self._clock()
        self.counters.polls += 1
        self._check_path(now)
        batches = self._chain.read_new(limit, now, self._on_rewritten)
        if self._chain.refusal:
            self._set_status(self._chain.refusal)
        return batches

    @property
    def generation(self) -> int:
        """The number of the file now under the path, or of the last one that was."""
        current = self._chain.current
        if current is not None and current.number >= 0:
            return current.number
        return max(0, self._chain.next_number - 1)

    @property
    def is_behind(self) -> bool:
        """Whether the last poll stopped at its limit and not at the end of the file."""
        return self._chain.is_behind

    @property
    def origin(self) -> int:
        """The offset in the current generation where reading began."""
        return self._chain.current.origin if self._chain.current else 0

    @property
    def position(self) -> FilePosition | None:
        """The end of the last complete line handed out; None before any file was found."""
        return self._chain.position() or self._saved_position

    def partial(self) -> PartialLine:
        """The line at the end of the current file that has no newline yet."""
        return self._chain.current.partial_line() if self._chain.current else _NO_PARTIAL_LINE

    def read(self, generation: int, offset: int, length: int) -> bytes | None:
        """Bytes of a generation that is still held (fewer at its end); None when it is gone."""
        return self._chain.read_bytes(generation, offset, length)

    def close(self) -> None:
        """Let every descriptor go; a closed follower stays silent."""
        self._is_closed = True
        self._chain.close()

    # --- the path -----------------------------------------------------------------------------------

    def _check_path(self, now: float) -> None:
        """Compare the path with the open file; costs one `stat` when nothing happened."""
        self.counters.stats += 1
        status = position.stat_path(self.path, self._access)
        if not self._path_checked:
            self._check_first_time(status, now)
        if isinstance(status, FollowStatus):
            self._path_missing(status, now)
            return
        ident = (status.st_dev, status.st_ino)
        current = self._chain.current
        if current is None or current.ident != ident:
            known = self._chain.find_open(ident)
            if known is None:
                self._open_new_file(status, now)
                return
            self._chain.follow(known, now)
            current = known
        current.superseded_at = None
        self._mark_if_changed(current, status, now)
        if self._chain.refusal:
            self._reopen(current, status, now)
        elif self.state.status != "following":
            self.state = _following(status)

    def _mark_if_changed(
        self, current: FileGeneration, status: os.stat_result, now: float, elsewhere: bool = False
    ) -> None:
        """Have a file read when its status changed, and again while a coarse clock could hide a change."""
        seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if seen != self._last_stat:
            self._last_stat = seen
            self._reread_until = now + _REREAD_SECONDS
            if not elsewhere:
                current.mtime_ns = status.st_mtime_ns
            current.dirty = True
            if self.state.status == "following":
                self.state = _following(status)
        elif now < self._reread_until:
            current.dirty = True

    def _set_status(self, refusal: FollowStatus, addition: str = "") -> None:
        reason = refusal.reason + addition
        if (self.state.status, self.state.reason) != (refusal.status, reason):
            self.state = FollowStatus(refusal.status, reason, self.state.mtime, self.state.size)

    def _path_missing(self, refusal: FollowStatus, now: float) -> None:
        """The path names no readable file; an open one that was only renamed is still followed."""
        current = self._chain.current
        if current is None:
            self._set_status(refusal)
            return
        self.counters.stats += 1
        try:
            status = os.fstat(current.fd)
            is_gone = status.st_nlink == 0 or refusal.status == "not a file"
        except OSError:
            is_gone = True
        if is_gone:
            self._chain.supersede(current, now)
            self._set_status(refusal)
        else:
            self._mark_if_changed(current, status, now, elsewhere=True)
            self._set_status(refusal, " The file it named is still followed.")

    def _open_new_file(self, status: os.stat_result, now: float) -> None:
        """Open the file that the path names now, to be read after what was rotated away unread."""
        current = self._chain.current
        if current is not None:
            self._chain.supersede(current, now)
        seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if self.state.status == "unreadable" and seen == self._last_stat and now < self._retry_at:
            return
        self._last_stat, self._retry_at = seen, now + _RETRY_SECONDS
        found = position.open_regular(self.path, self._access, status)
        if isinstance(found, FollowStatus):
            self._set_status(found)
            return
        opened = FileGeneration(*found)
        former = self._chain.former_positions.get(opened.ident)
        if former is None or not opened.resume(former):
            self._place_new_file(opened, status, now)
        self._chain.follow(opened, now)
        self._any_opened, self._last_stat = True, None
        self.state = _following(status)
        self._mark_if_changed(opened, status, now)

    def _place_new_file(self, opened: FileGeneration, status: os.stat_result, now: float) -> None:
        """Find where reading begins in a new file, and which rotated files come before it."""
        if self._any_opened:
            opened.note = self._replacement_note()
        else:
            self._begin_first_file(opened, status)
        if self._siblings:
            self._siblings.rescan()
            open_files = {*self._chain.idents(), opened.ident}
            current = self._chain.current
            # The mtime from which on a sibling may be unread; any, when the clock went back in between.
            since_ns = current.verified_ns if current else self._started_ns
            since_ns = since_ns if status.st_mtime_ns >= since_ns else 0
            unseen = self._siblings.find_unread(since_ns, open_files)
            if current is not None:
                unseen = [s for s in unseen if not self._siblings.is_copy(s, current.fd)]
            self._chain.add_superseded(_open_rotated(unseen), now)
            self._siblings.mark_read()

    def _replacement_note(self) -> Note:
        """Why the path names another file now."""
        current = self._chain.current
        if current is None or self.state.status != "following":
            return "recreated"
        if os.path.islink(self.path):
            return "swapped"
        try:
            return "rotated" if os.fstat(current.fd).st_nlink else "replaced"
        except OSError:
            return "replaced"

    def _reopen(self, current: FileGeneration, status: os.stat_result, now: float) -> None:
        """A descriptor that fails (a network file system came back) is exchanged for a fresh one."""
        current.dirty = True
        if now < self._retry_at:
            return
        self._retry_at = now + _RETRY_SECONDS
        found = position.open_regular(self.path, self._access, status)
        if isinstance(found, FollowStatus):
            self._set_status(found)
        elif found[1] == current.ident:
            self._chain.swap_descriptor(current, found[0])
            self.state = _following(status)
        else:
            os.close(found[0])

    # --- beginnings ---------------------------------------------------------------------------------

    def _check_first_time(self, status: os.stat_result | FollowStatus, now: float) -> None:
        """Take rotated files for read, except those that a saved position had not reached."""
        self._path_checked = True
        start = self._start_position
        if self._siblings is None:
            return
        self._siblings.rescan()
        if start is not None and not self._still_matches(status, start):
            found = self._siblings.find_position(start)
            fd = open_sibling(found) if found else None
            if found is not None and fd is not None:
                rotated = FileGeneration(fd, found.ident)
                rotated.verified_ns = rotated.mtime_ns = found.mtime_ns
                if rotated.resume(start):
                    self._start_position, self._any_opened = None, True
                    self._started_ns = found.mtime_ns
                    self._siblings.mark_read(found)
                    self._chain.follow(rotated, now)
                    return
                rotated.close()
        self._siblings.mark_read()

    def _still_matches(self, status: os.stat_result | FollowStatus, start: FilePosition) -> bool:
        """Whether the path still names the file of a position, and that still holds what was read."""
        if isinstance(status, FollowStatus) or (status.st_dev, status.st_ino) != start.ident:
            return False
        found = position.open_regular(self.path, self._access, status)
        if isinstance(found, FollowStatus):
            return True
        generation = FileGeneration(*found)
        try:
            return generation.resume(start)
        finally:
            generation.close()

    def _begin_first_file(self, opened: FileGeneration, status: os.stat_result) -> None:
        """Begin in the first file where the caller of the constructor asked for."""
        start, self._start_position = self._start_position, None
        if start is not None:
            same = start.ident == opened.ident
            if same and opened.resume(start):
                return
            shrunk = status.st_size < start.offset
            opened.note = ("truncated" if shrunk else "rewritten") if same else "replaced"
        if self._at_end_bytes is not None:
            try:
                opened.begin_at(last_line_start(opened.fd, status.st_size, self._at_end_bytes))
            except OSError:
                # The first read meets the same error and sets the status.
                pass

    def _on_rewritten(self, old: FileGeneration, note: Note, batches: list[LineBatch]) -> None:
        """The file was truncated or rewritten in place: what it held may still be in a copy."""
        stood, current = old.position(self._chain.next_number), old is self._chain.current
        fresh = old.restart(note)
        links: list[FileGeneration] = []
        if current and self._siblings:
            self._siblings.rescan()
            links = self._recover_from_copies(old, stood, self._siblings)
            self._siblings.mark_read()
        if old.fd < 0:
            old.flush(batches)
        for link in links:
            self._chain.supersede(link, self._clock())
        self._chain.replace(old, [*links, fresh])

    def _close_generation(self, generation: FileGeneration) -> None:
        """Remember a closed file as read: it may still lie beside the path as a rotated one."""
        if self._siblings and generation.fd >= 0:
            try:
                self._siblings.remember_file(generation.fd, generation.ident, generation.head)
            except OSError:
                # Without a status it cannot be known from another file of that inode.
                pass

    def _recover_from_copies(
        self, old: FileGeneration, stood: FilePosition, siblings: RotatedFiles
    ) -> list[FileGeneration]:
        """`old` continued in its copy if there is one, and the files that were rotated after it."""
        since = old.verified_ns if old.mtime_ns >= old.verified_ns else 0
        open_files = self._chain.idents()
        copy = siblings.find_copy(stood, since, open_files)
        unseen = siblings.find_unread(since, open_files)
        fd = open_sibling(copy) if copy else None
        if copy is None or fd is None:
            return _open_rotated(unseen)
        old.continue_in(fd, copy.ident)
        return [old, *_open_rotated([s for s in unseen if s.age > copy.age])]


def _following(status: os.stat_result) -> FollowStatus:
    return FollowStatus("following", "", status.st_mtime, status.st_size)


def _open_rotated(siblings: list[RotatedFile]) -> list[FileGeneration]:
    """Generations that read the siblings from their beginnings."""
    opened = [(open_sibling(sibling), sibling) for sibling in siblings]
    return [FileGeneration(fd, s.ident, note="rotated") for fd, s in opened if fd is not None]
