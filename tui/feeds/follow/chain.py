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
# Bounded, because a log may be rotated all night.
_MOST_FORMER: Final = 16
OnRewritten = Callable[[FileGeneration, Note, list[LineBatch]], None]


class GenerationChain:
    """Reads generations to their ends and closes those whose time for late writes has passed.

    A generation is numbered when it is first read, so that numbers grow in reading order.
    `on_close` is called with each generation before its file is closed.
    """

    def __init__(
        self,
        path: str,
        counters: FollowCounters,
        number: int,
        on_close: Callable[[FileGeneration], None],
    ) -> None:
        self.current: FileGeneration | None = None
        self.refusal: OpenRefusal | None = None
        self.is_behind = False
        self.next_number = number
        self._path = path
        self._counters = counters
        self._on_close = on_close
        self._generations: list[FileGeneration] = []
        self._last_position: FilePosition | None = None
        self._former_positions: dict[Ident, FilePosition] = {}
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
        return next(
            (generation for generation in reversed(self._generations) if generation.ident == ident),
            None,
        )

    def former_position(self, ident: Ident) -> FilePosition | None:
        """Where reading stood in a closed file that may come back under the path."""
        return self._former_positions.get(ident)

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
                self._assign_number(generation)
                try:
                    note, room = generation.read_new(batches, room, now, self._counters)
                except OSError as error:
                    self._on_read_error(generation, error)
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
        for generation in self._generations:
            if generation is self.current or not generation.at_end:
                return generation.position(self.next_number)
        return (
            self._generations[-1].position(self.next_number)
            if self._generations
            else self._last_position
        )

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

    def _assign_number(self, generation: FileGeneration) -> None:
        if generation.number < 0:
            generation.number = self.next_number
            self._counters.generations += 1
        self.next_number = max(self.next_number, generation.number + 1)

    def _on_read_error(self, generation: FileGeneration, error: OSError) -> None:
        """Keep trying a file that cannot be read while it is current; afterwards count it as read."""
        generation.at_end = generation.superseded_at is not None
        if generation is self.current:
            self.refusal = refusal_of(self._path, error)

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
                self._former_positions[generation.ident] = self._last_position
            while len(self._former_positions) > _MOST_FORMER:
                del self._former_positions[next(iter(self._former_positions))]
            self._on_close(generation)
            with self._lock:
                self._generations.remove(generation)
                generation.close()
            if generation is self.current:
                self.current = None
