"""The generations of a path in reading order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Final

from tui.feeds.follow.generation import FileGeneration
from tui.feeds.follow.position import (
    FilePosition,
    FollowCounters,
    Ident,
    LineBatch,
    Note,
    OpenRefusal,
    refusal_of,
)

LATE_SECONDS: Final = 5.0
"""How long a file that lost its path is still read for late writes."""
_FORMER: Final = 16
Befell = Callable[[FileGeneration, Note, list[LineBatch]], None]


class GenerationChain:
    """Reads its generations to their ends, and lets go of those that time has passed.

    A generation gets its number when its turn to be read comes, so that numbers grow in reading order.
    `let_go` hears of each generation before its file is closed.
    """

    def __init__(
        self, path: str, work: FollowCounters, number: int, let_go: Callable[[FileGeneration], None]
    ) -> None:
        self.current: FileGeneration | None = None
        self.trouble: OpenRefusal | None = None
        self.behind = False
        self.next_number = number
        self._path = path
        self._work = work
        self._let_go = let_go
        self._links: list[FileGeneration] = []
        self._left: FilePosition | None = None
        self._former: dict[Ident, FilePosition] = {}
        self._lock = threading.Lock()

    # --- order --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._links)

    def idents(self) -> set[Ident]:
        return {link.ident for link in self._links}

    def follow(self, generation: FileGeneration, now: float) -> None:
        """Make a generation the current one, be it new or one that was superseded a moment ago."""
        if self.current is not None and self.current is not generation:
            self.supersede(self.current, now)
        if generation in self._links:
            self._links.remove(generation)
        self._links.append(generation)
        generation.superseded_at = None
        self.current = generation

    def precede(self, earlier: Iterable[FileGeneration], now: float) -> None:
        """Line up generations that are over, behind all that is there."""
        for generation in earlier:
            self.supersede(generation, now)
            self._links.append(generation)

    def replace(self, old: FileGeneration, links: list[FileGeneration]) -> None:
        """Put `links` in the place of one; the last takes over what `old` was."""
        at = self._links.index(old)
        with self._lock:
            self._links[at : at + 1] = links
        if self.current is old:
            self.current = links[-1]

    def supersede(self, generation: FileGeneration, now: float) -> None:
        """Start the time of late writes, once."""
        if generation.superseded_at is None:
            generation.superseded_at = now

    def find_open(self, ident: Ident) -> FileGeneration | None:
        """The generation that reads this file already."""
        return next((link for link in reversed(self._links) if link.ident == ident), None)

    def former(self, ident: Ident) -> FilePosition | None:
        """Where reading stood in a file that was let go and may come back."""
        return self._former.get(ident)

    # --- reading ------------------------------------------------------------------------------------

    def read(self, limit: int, now: float, befell: Befell) -> list[LineBatch]:
        """What is new, about `limit` bytes at most; `befell` puts something in the place of a broken link."""
        batches: list[LineBatch] = []
        room = max(1, limit)
        self.trouble = None
        index = 0
        while index < len(self._links) and room > 0:
            link = self._links[index]
            if link.dirty or link.superseded_at is not None:
                self._enlist(link)
                try:
                    note, room = link.read(batches, room, now, self._work)
                except OSError as error:
                    self._fail(link, error)
                else:
                    if note:
                        befell(link, note, batches)
                        continue
                    if not link.at_end:
                        break
                    link.announce(batches)
            index += 1
        self.behind = index < len(self._links)
        self._retire(self._links[:index], now, batches)
        return batches

    def peek(self, number: int, offset: int, length: int) -> bytes | None:
        """Bytes of a generation that is still held; safe from any thread."""
        with self._lock:
            for link in self._links:
                if link.number == number and link.fd >= 0:
                    try:
                        return os.pread(link.fd, length, offset)
                    except OSError:
                        return None
        return None

    def position(self) -> FilePosition | None:
        """The end of the last line handed out, in the first file that has more to give."""
        for link in self._links:
            if link is self.current or not link.at_end:
                return link.position(self.next_number)
        return self._links[-1].position(self.next_number) if self._links else self._left

    def close(self) -> None:
        self._left = self.position()
        with self._lock:
            for link in self._links:
                link.close()
            self._links.clear()
        self.current = None

    def swap_descriptor(self, generation: FileGeneration, fd: int) -> None:
        """Go on reading a generation through a fresh descriptor of its file."""
        with self._lock:
            generation.close()
            generation.fd = fd
        generation.dirty = True

    def _enlist(self, link: FileGeneration) -> None:
        if link.number < 0:
            link.number = self.next_number
            self._work.generations += 1
        self.next_number = max(self.next_number, link.number + 1)

    def _fail(self, link: FileGeneration, error: OSError) -> None:
        """A file that cannot be read is tried again while it is current, and given up when it is not."""
        link.at_end = link.superseded_at is not None
        if link is self.current:
            self.trouble = refusal_of(self._path, error)

    def _retire(self, read: list[FileGeneration], now: float, batches: list[LineBatch]) -> None:
        """Hand out the unfinished line of each file, just read, whose time is over, and close it."""
        for link in read:
            over = link.superseded_at is not None and now - link.superseded_at >= LATE_SECONDS
            if not over or not link.at_end:
                continue
            link.flush(batches)
            self._left = link.position(self.next_number)
            if link.offset:
                self._former[link.ident] = self._left
            while len(self._former) > _FORMER:
                del self._former[next(iter(self._former))]
            self._let_go(link)
            with self._lock:
                self._links.remove(link)
                link.close()
            if link is self.current:
                self.current = None
