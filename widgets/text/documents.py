"""Long texts as rows; the view over them."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import ClassVar, Final, Protocol

from textual import events

from widgets.ink import Line, Role, highlight, text_of
from widgets.lists.line_view import LineView
from widgets.paint_governor import PaintGovernor
from widgets.text_cells import cells, visible

LONG_LINE: Final = 4000
"""Characters beyond which a line with wide characters is broken by count, not by columns."""
Styler = Callable[[int, str, int, int], Line]
"""Gives the spans of a line, which it is told with its number, for the characters from start to end."""


class RowDocument(Protocol):
    """Rows at any width; `find` gives the rows that hold a needle, whatever its case."""

    def rows(self, width: int) -> int: ...

    def row(self, index: int, width: int) -> Line: ...

    def find(self, needle: str, width: int) -> list[int]: ...


class LaidOutDocument:
    """Rows that must be laid out as a whole: rendered Markdown, tables, lists."""

    def __init__(self, build: Callable[[int], Sequence[Line]]) -> None:
        self._build = build
        self._width = -1
        self._rows: Sequence[Line] = ()

    def _laid_out(self, width: int) -> Sequence[Line]:
        if width != self._width:
            self._rows = self._build(width)
            self._width = width
        return self._rows

    def rows(self, width: int) -> int:
        return len(self._laid_out(width))

    def row(self, index: int, width: int) -> Line:
        return self._laid_out(width)[index]

    def find(self, needle: str, width: int) -> list[int]:
        sought = needle.lower()
        rows = self._laid_out(width)
        return [index for index, row in enumerate(rows) if sought in text_of(row).lower()]


class _Stack:
    """Parts of one or more rows each, one below the other; they are measured once for a width."""

    _width = -1
    _ends: Sequence[int] = ()

    def _heights(self, width: int) -> Iterable[int]:
        raise NotImplementedError

    def _measure(self, width: int) -> Sequence[int]:
        if width != self._width:
            self._width = width
            self._ends = list(accumulate(self._heights(width)))
        return self._ends

    def rows(self, width: int) -> int:
        ends = self._measure(width)
        return ends[-1] if ends else 0

    def _start(self, number: int) -> int:
        return self._ends[number - 1] if number else 0

    def _place(self, index: int, width: int) -> tuple[int, int]:
        """The number of the part that holds the row, and the number of the row in it."""
        number = bisect_right(self._measure(width), index)
        return number, index - self._start(number)


class WrappedText(_Stack):
    """A text of any length, its lines broken at the edge; lines may be numbered in a gutter."""

    def __init__(self, text: str, style: Role | Styler = "text", numbered: bool = False) -> None:
        text = text.expandtabs(4) if "\t" in text else text
        whole = text if text.isascii() else "\n".join(map(visible, text.split("\n")))
        self.lines = whole.split("\n")
        if len(self.lines) > 1 and not self.lines[-1]:
            self.lines.pop()
        self.style = style
        self._gutter = len(str(len(self.lines))) + 1 if numbered else 0
        self._breaks: dict[int, list[int]] = {}

    def _room(self, width: int) -> int:
        return max(2, width - self._gutter)

    def _heights(self, width: int) -> Iterable[int]:
        self._breaks.clear()
        room = self._room(width)
        return (self._rows_of(number, room) for number in range(len(self.lines)))

    def _rows_of(self, number: int, room: int) -> int:
        line = self.lines[number]
        # No character takes more than two columns. Lines without wide ones need no list of breaks.
        if len(line) * 2 <= room or line.isascii() or cells(line) == len(line):
            return max(1, -(-len(line) // room))
        starts = _starts(line, room)
        self._breaks[number] = starts
        return len(starts)

    def row(self, index: int, width: int) -> Line:
        number, nth = self._place(index, width)
        line = self.lines[number]
        room = self._room(width)
        starts = self._breaks.get(number)
        if starts is None:
            start, end = nth * room, min(len(line), (nth + 1) * room)
        else:
            start = starts[nth]
            end = starts[nth + 1] if nth + 1 < len(starts) else len(line)
        body: Line
        if isinstance(self.style, str):
            body = [(line[start:end], self.style)]
        else:
            body = self.style(number, line, start, end)
        label = str(number + 1) if nth == 0 else ""
        return [(f"{label:>{self._gutter - 1}} ", "faint"), *body] if self._gutter else body

    def find(self, needle: str, width: int) -> list[int]:
        sought = needle.lower()
        ends = self._measure(width)
        room = self._room(width)
        out: list[int] = []
        for number, line in enumerate(self.lines):
            at = line.lower().find(sought)
            if at >= 0:
                starts = self._breaks.get(number)
                nth = at // room if starts is None else bisect_right(starts, at) - 1
                out.append(min(self._start(number) + nth, ends[number] - 1))
        return out


def _starts(line: str, room: int) -> list[int]:
    """Where the rows of a line with wide or narrow characters begin."""
    if len(line) > LONG_LINE:
        return list(range(0, len(line), max(1, room // 2)))
    starts, used = [0], 0
    for at, char in enumerate(line):
        width = cells(char)
        if used + width > room:
            starts.append(at)
            used = 0
        used += width
    return starts


class DocumentStack(_Stack):
    """Documents one below the other."""

    def __init__(self, parts: Sequence[RowDocument]) -> None:
        self.parts = tuple(parts)

    def _heights(self, width: int) -> Iterable[int]:
        return (part.rows(width) for part in self.parts)

    def row(self, index: int, width: int) -> Line:
        number, nth = self._place(index, width)
        return self.parts[number].row(nth, width)

    def find(self, needle: str, width: int) -> list[int]:
        self._measure(width)
        return [
            self._start(number) + row
            for number, part in enumerate(self.parts)
            for row in part.find(needle, width)
        ]


class DocumentView(LineView):
    """Shows a `RowDocument` at the width that there is; a resize keeps the place."""

    shows_cursor: ClassVar[bool] = False
    can_follow: ClassVar[bool] = False

    def __init__(
        self,
        document: RowDocument | None = None,
        *,
        governor: PaintGovernor | None = None,
        placeholder: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(governor=governor, placeholder=placeholder, id=id)
        self.document = document
        """What is shown; `set_document` changes it."""
        self._needle = ""
        self._matches: list[int] = []
        self._match = -1

    @property
    def columns(self) -> int:
        """Columns that a row has."""
        return max(1, self.size.width - self.scrollbar_size_vertical)

    def set_document(self, document: RowDocument | None, *, keep_place: bool = False) -> None:
        """Show another document, from its beginning or from where the view stands."""
        self.document = document
        if not keep_place and self.is_attached:
            self._scroll_silently(0)
        self._lay_out()

    def build_document(
        self, build: Callable[[], RowDocument | None], *, keep_place: bool = False
    ) -> None:
        """Show the document that `build` gives, which a thread runs; a later call replaces it."""

        async def show() -> None:
            self.set_document(await asyncio.to_thread(build), keep_place=keep_place)

        self.run_worker(show(), group="document", exclusive=True)

    def _lay_out(self) -> None:
        if not self.size.width:
            return
        self._find_matches()
        self.advance(self._row_count(self.columns), self.generation + 1)

    def _row_count(self, width: int) -> int:
        return self.document.rows(width) if self.document is not None else 0

    def on_resize(self, event: events.Resize) -> None:
        share = self.top / self.count if self.count else 0.0
        self._lay_out()
        self._resize_virtual()
        self._scroll_silently(round(share * self.count))

    def width_changed(self, width: int) -> None:
        # A paint may come before the news of the new size does.
        self.count = self._row_count(width)

    def line(self, index: int, width: int) -> Line:
        if self.document is None or index >= self.document.rows(width):
            return []
        row = self.document.row(index, width)
        if not self._needle:
            return row
        return [piece for text, role in row for piece in highlight(text, self._needle, role)]

    # --- searching in what is shown ---

    def search(self, needle: str) -> int:
        """Mark the needle everywhere and say how many rows hold it."""
        self._needle = needle
        self._match = -1
        self._find_matches()
        self.invalidate()
        return len(self._matches)

    def _find_matches(self) -> None:
        self._matches = []
        if self._needle and self.document is not None and self.size.width:
            self._matches = self.document.find(self._needle, self.columns)

    def go_match(self, step: int) -> tuple[int, int]:
        """Go to the next match (or, with -1, the one before); gives its number and their count."""
        if not self._matches:
            return 0, 0
        if self._match < 0:
            below = [nth for nth, row in enumerate(self._matches) if row >= self.top]
            self._match = (below[0] if below else 0) if step > 0 else (below or [0])[0] - 1
        else:
            self._match += step
        self._match %= len(self._matches)
        self.reveal(self._matches[self._match])
        return self._match + 1, len(self._matches)
