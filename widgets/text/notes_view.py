"""The notes pane: it shows the newest part, follows the notes as they grow and marks what is new."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from widgets.glyphs import glyphs
from widgets.ink import Line
from widgets.text.documents import (
    DocumentStack,
    DocumentView,
    LaidOutDocument,
    RowDocument,
    WrappedText,
)
from widgets.text.markdown_view import MarkdownLayout, parse_markdown, start_of_newest

_GUTTER: Final = 2


class MarkedMarkdown:
    """Markdown whose blocks are marked where one of the lines `changed` is in them."""

    def __init__(self, text: str, changed: frozenset[int]) -> None:
        start = start_of_newest(text)
        self._tokens = parse_markdown(text[start:])
        self._first_line = text.count("\n", 0, start)
        self._changed = changed
        self._blocks: list[tuple[int, range]] = []
        newest = LaidOutDocument(self._build)
        self._stack = DocumentStack([WrappedText(text[:start]), newest] if start else [newest])
        self._older = self._stack.parts[0] if start else None

    def rows(self, width: int) -> int:
        return self._stack.rows(width)

    def row(self, index: int, width: int) -> Line:
        return self._stack.row(index, width)

    def find(self, needle: str, width: int) -> list[int]:
        return self._stack.find(needle, width)

    def _build(self, width: int) -> Sequence[Line]:
        layout = MarkdownLayout(width - _GUTTER if self._changed else width)
        for token in self._tokens:
            layout.add(token)
        self._blocks = layout.blocks
        if not self._changed:
            return layout.rows
        marked = {first for first, lines in layout.blocks if self._changed_in(lines)}
        rows: list[Line] = []
        sign = False
        starts = {first for first, _ in layout.blocks}
        for index, row in enumerate(layout.rows):
            if index in starts:
                sign = index in marked
            rows.append([(f"{glyphs().heavy[3]} " if sign and row else "  ", "accent"), *row])
        return rows

    def _changed_in(self, lines: range) -> bool:
        return any(line + self._first_line in self._changed for line in lines)

    def changed_rows(self, width: int) -> list[tuple[int, int, frozenset[int]]]:
        """Blocks with a changed line: their first row, the row after their last, and those lines."""
        total = self.rows(width)
        above = self._older.rows(width) if self._older is not None else 0
        ends = [first for first, _ in self._blocks[1:]] + [total - above]
        found = []
        for (first, lines), end in zip(self._blocks, ends, strict=True):
            changed = frozenset(
                line + self._first_line
                for line in lines
                if line + self._first_line in self._changed
            )
            if changed:
                found.append((first + above, end + above, changed))
        return found


class NotesView(DocumentView):
    """Shows notes; the same words again change nothing.

    It stays at the newest part until a person scrolls: at the end, at the top of notes that have the
    newest first, or where a line has changed. Lines that changed since they were last seen carry a sign;
    they are seen when the pane loses the focus while they are in sight.
    """

    can_follow: ClassVar[bool] = True

    _text: str | None = None
    _newest_first = False
    _seen_rows: Sequence[tuple[int, int]] = ()
    _left_alone = False

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self._unseen: Counter[str] = Counter()

    def show_notes(self, text: str, newest_first: bool = False) -> None:
        """Show Markdown, as soon as a thread has parsed it."""
        if text == self._text:
            return
        changed = self._take_over(text)
        if self._newest_first != newest_first:
            self._newest_first = newest_first
            self.following = not newest_first and not self._left_alone
        self.build_document(
            lambda: MarkedMarkdown(text, changed) if text.strip() else None, keep_place=True
        )

    def _take_over(self, text: str) -> frozenset[int]:
        """The lines that are new, or were and nobody has seen them yet."""
        before, self._text = self._text, text
        if not before:
            return frozenset()
        known = Counter(before.split("\n"))
        known.subtract(self._unseen)
        lines = text.split("\n")
        changed = []
        # From the end, because that is where a line comes that was there before.
        left = Counter(lines)
        for number in range(len(lines) - 1, -1, -1):
            line = lines[number]
            if line.strip() and left[line] > known[line]:
                changed.append(number)
                left[line] -= 1
        self._unseen = Counter(lines[number] for number in changed)
        return frozenset(changed)

    def set_document(self, document: RowDocument | None, *, keep_place: bool = False) -> None:
        self._seen_rows = ()
        super().set_document(document, keep_place=keep_place)
        if document is not None and self.size.width:
            self._seek()

    def _seek(self) -> None:
        """Bring the newest part into sight, unless a person has scrolled elsewhere."""
        document = self.document
        if self._left_alone or not isinstance(document, MarkedMarkdown):
            return
        changed = document.changed_rows(self.columns)
        at_edge = not changed or (
            changed[0][0] < self.page if self._newest_first else changed[-1][1] >= self.count - 1
        )
        self._resize_virtual()
        if at_edge and self._newest_first:
            self._scroll_silently(0)
        elif at_edge:
            self._set_following(True)
            self._to_end()
        else:
            self._set_following(False)
            self._scroll_silently(max(0, changed[-1][0] - self.page // 3))

    def on_person_scrolled(self) -> None:
        self._left_alone = True

    def follow(self, on: bool = True) -> None:
        super().follow(on)
        self._left_alone = not on

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.following or (self._newest_first and not self.top):
            self._left_alone = False

    def on_blur(self) -> None:
        """What was in sight has been seen."""
        document = self.document
        if not self._unseen or not self._text or not self.size.width:
            return
        if not isinstance(document, MarkedMarkdown):
            return
        lines = self._text.split("\n")
        seen = [
            block
            for block in document.changed_rows(self.columns)
            if block[0] < self.top + self.page and block[1] > self.top
        ]
        self._unseen = self._unseen - Counter(
            lines[number] for _, _, changed in seen for number in changed
        )
        self._seen_rows = sorted({*self._seen_rows, *((first, end) for first, end, _ in seen)})
        if seen:
            self.invalidate()

    def line(self, index: int, width: int) -> Line:
        row = super().line(index, width)
        at = bisect_right(self._seen_rows, (index, self.count)) - 1
        if row and at >= 0 and self._seen_rows[at][0] <= index < self._seen_rows[at][1]:
            return [("  ", "text"), *row[1:]]
        return row
