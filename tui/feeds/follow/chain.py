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
_MOST_FORMER: Final = 16
OnRewritten = Callable[[FileGeneration, Note, list[LineBatch]], None]


class GenerationChain:
    """Reads its generations to their ends, and lets go of those that time has passed.

    A generation gets its number when its turn to be read comes, so that numbers grow in reading order.
    `let_go` hears of each generation before its file is closed.
    """

    def __init__(
        self, path: str, work: FollowCounters, number: int, let_go: Callable[[FileGeneration], None]
    ) -> None:
        self.current: FileGeneration | None = None
        self.refusal: OpenRefusal | None = None
        self.is_behind = False
        self.next_number = number
        self._path = path
        self._counters = work
        self._on_close = let_go
        self._generations: list[FileGeneration] = []
        self._last_position: FilePosition | None = None
        self._former_positions: dict[Ident, FilePosition] = {}
        self._lock = threading.Lock()

    # --- order --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._generations)

    def idents(self) -> set[Ident]:
        return {link.ident for link in self._generations}

    def follow(self, generation: FileGeneration, now: float) -> None:
        """Make a generation the current one, be it new or one that was superseded a moment ago."""
        if self.current is not None and self.current is not generation:
            self.supersede(self.current, now)
        if generation in self._generations:
            self._generations.remove(generation)
        self._generations.append(generation)
        generation.superseded_at = None
        self.current = generation

    def add_superseded(self, earlier: Iterable[FileGeneration], now: float) -> None:
        """Line up generations that are over, behind all that is there."""
        for generation in earlier:
            self.supersede(generation, now)
            self._generations.append(generation)

    def replace(self, old: FileGeneration, links: list[FileGeneration]) -> None:
        """Put `links` in the place of one; the last takes over what `old` was."""
        at = self._generations.index(old)
        with self._lock:
            self._generations[at : at + 1] = links
        if self.current is old:
            self.current = links[-1]

    def supersede(self, generation: FileGeneration, now: float) -> None:
        """Start the time of late writes, once."""
        if generation.superseded_at is None:
            generation.superseded_at = now

    def find_open(self, ident: Ident) -> FileGeneration | None:
        """The generation that reads this file already."""
        return next((link for link in reversed(self._generations) if link.ident == ident), None)

    def former_position(self, ident: Ident) -> FilePosition | None:
        """Where reading stood in a file that was let go and may come back."""
        return self._former_positions.get(ident)

    # --- reading ------------------------------------------------------------------------------------

    def read_new(self, limit: int, now: float, befell: OnRewritten) -> list[LineBatch]:
        """What is new, about `limit` bytes at most; `befell` puts something in the place of a broken link."""
        batches: list[LineBatch] = []
        room = max(1, limit)
        self.refusal = None
        index = 0
        while index < len(self._generations) and room > 0:
            link = self._generations[index]
            if link.dirty or link.superseded_at is not None:
                self._assign_number(link)
                try:
                    note, room = link.read_new(batches, room, now, self._counters)
                except OSError as error:
                    self._on_read_error(link, error)
                else:
                    if note:
                        befell(link, note, batches)
                        continue
                    if not link.at_end:
                        break
                    link.emit_note(batches)
            index += 1
        self.is_behind = index < len(self._generations)
        self._close_superseded(self._generations[:index], now, batches)
        return batches

    def read_bytes(self, number: int, offset: int, length: int) -> bytes | None:
        """Bytes of a generation that is still held; safe from any thread."""
        with self._lock:
            for link in self._generations:
                if link.number == number and link.fd >= 0:
                    try:
                        return os.pread(link.fd, length, offset)
                    except OSError:
                        return None
        return None

    def position(self) -> FilePosition | None:
        """The end of the last line handed out, in the first file that has more to give."""
        for link in self._generations:
            if link is self.current or not link.at_end:
                return link.position(self.next_number)
        return (
            self._generations[-1].position(self.next_number)
            if self._generations
            else self._last_position
        )

    def close(self) -> None:
        self._last_position = self.position()
        with self._lock:
            for link in self._generations:
                link.close()
            self._generations.clear()
        self.current = None

    def swap_descriptor(self, generation: FileGeneration, fd: int) -> None:
        """Go on reading a generation through a fresh descriptor of its file."""
        with self._lock:
            generation.close()
            generation.fd = fd
        generation.dirty = True

    def _assign_number(self, link: FileGeneration) -> None:
        if link.number < 0:
            link.number = self.next_number
            self._counters.generations += 1
        self.next_number = max(self.next_number, link.number + 1)

    def _on_read_error(self, link: FileGeneration, error: OSError) -> None:
        """A file that cannot be read is tried again while it is current, and given up when it is not."""
        link.at_end = link.superseded_at is not None
        if link is self.current:
            self.refusal = refusal_of(self._path, error)

    def _close_superseded(
        self, read: list[FileGeneration], now: float, batches: list[LineBatch]
    ) -> None:
        """Hand out the unfinished line of each file, just read, whose time is over, and close it."""
        for link in read:
            over = link.superseded_at is not None and now - link.superseded_at >= LATE_SECONDS
            if not over or not link.at_end:
                continue
            link.flush(batches)
            self._last_position = link.position(self.next_number)
            if link.offset:
                self._former_positions[link.ident] = self._last_position
            while len(self._former_positions) > _MOST_FORMER:
                del self._former_positions[next(iter(self._former_positions))]
            self._on_close(link)
            with self._lock:
                self._generations.remove(link)
                link.close()
            if link is self.current:
                self.current = None
