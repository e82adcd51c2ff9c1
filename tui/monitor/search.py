"""Searches the raw bytes, newest first."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence

from msgspec import Struct

from tui.feeds.follow.generation import line_start
from tui.system.files import regular_file

_CHUNK = 8 << 20
_MOST_AT_ONCE = 64 << 20
_MOST_HITS = 10_000
_DELTA = b'{"type":"stream_event"'


class SearchHit(Struct, frozen=True, gc=False):
    """The first byte of a match in a file."""

    source: str
    offset: int


class RawSearch:
    """Finds a text in files, from the end to the beginning.

    A text in small letters is found in small letters, Capitalised, Like A Title and in CAPITALS; any
    other text exactly as it is (a general case-blind search of bytes is ten times slower). Hits
    that `accept` refuses are passed over. `base_of` gives the folder that a file must not leave. `hits`
    only grows, newest first within each file; `done` and `searched` (bytes) say how far it came;
    `on_progress` is called from the searching thread.
    """

    def __init__(
        self,
        text: str,
        paths: Sequence[str],
        on_progress: Callable[[], None] | None = None,
        accept: Callable[[SearchHit], bool] | None = None,
        base_of: Callable[[str], str] = lambda path: "",
    ) -> None:
        self.text = text
        self.hits: list[SearchHit] = []
        self.done = not text
        self.searched = 0
        self.total = 0
        self.capped = False
        self._paths = tuple(paths)
        self._base_of = base_of
        self._needles = needles(text)
        self._notify = on_progress or (lambda: None)
        self._accept = accept or (lambda hit: True)
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> RawSearch:
        """Begins in a thread of its own."""
        if not self.done:
            self._thread = threading.Thread(target=self.run, name="search", daemon=True)
            self._thread.start()
        return self

    def cancel(self) -> None:
        """Stops within one chunk; what was found stays."""
        self._cancelled.set()

    def join(self, timeout: float | None = None) -> None:
        if self._thread is not None:
            self._thread.join(timeout)

    def run(self) -> None:
        """Searches all files in the calling thread."""
        for path in self._paths:
            try:
                with regular_file(path, follow=True, inside=self._base_of(path)) as (descriptor, _):
                    self._file(path, descriptor)
            except OSError:
                continue
        self.done = True
        self._notify()

    def _file(self, path: str, descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        self.total += size
        end = size
        while end > 0 and not self._cancelled.is_set() and not self.capped:
            start = line_start(descriptor, end - _CHUNK, max(0, end - _MOST_AT_ONCE))
            places = self._matches(os.pread(descriptor, end - start, start))
            if places:
                hits = (SearchHit(path, start + place) for place in reversed(places))
                self.hits.extend(hit for hit in hits if self._accept(hit))
                self.capped = len(self.hits) >= _MOST_HITS
            self.searched += end - start
            end = start
            self._notify()

    def _matches(self, chunk: bytes) -> list[int]:
        """The first match in each whole line; a streamed delta only repeats what its message says."""
        places: set[int] = set()
        for needle in self._needles:
            at = chunk.find(needle)
            while at >= 0:
                places.add(at)
                line_end = chunk.find(b"\n", at)
                if line_end < 0:
                    break
                at = chunk.find(needle, line_end)
        kept: list[int] = []
        last = -2
        for place in sorted(places):
            start = chunk.rfind(b"\n", 0, place)
            if start != last and not chunk.startswith(_DELTA, start + 1):
                kept.append(place)
            last = start
        return kept


def needles(text: str) -> tuple[bytes, ...]:
    """How a text may be spelled in a JSON file: as written, escaped, and escaped to ASCII."""
    cases = {text}
    if text == text.lower():
        cases |= {text.capitalize(), text.title(), text.upper()}
    spellings: set[str] = set()
    for case in cases:
        spellings |= {case, json.dumps(case, ensure_ascii=False)[1:-1], json.dumps(case)[1:-1]}
    encoded = {spelling.encode("utf-8", "surrogatepass") for spelling in spellings}
    return tuple(sorted(encoded, key=len))
