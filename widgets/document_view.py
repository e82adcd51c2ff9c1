"""A scrolling view of a document: detail, notes, plans, previews."""

from __future__ import annotations

from typing import ClassVar

from textual import events

from widgets.documents import RowDocument
from widgets.ink import Line, highlight
from widgets.line_view import LineView
from widgets.paint import PaintGovernor


class DocumentView(LineView):
    """Shows a `Document` at the width that there is; a resize keeps the place."""

    shows_cursor: ClassVar[bool] = False
    can_follow: ClassVar[bool] = False

    def __init__(
        self,
        document: RowDocument | None = None,
        *,
        governor: PaintGovernor | None = None,
        placeholder: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(governor=governor, placeholder=placeholder, id=id, classes=classes)
        self._document = document
        self._needle = ""
        self._matches: list[int] = []
        self._match = -1

    @property
    def document(self) -> RowDocument | None:
        """What is shown."""
        return self._document

    @property
    def columns(self) -> int:
        """Columns that a row has."""
        return max(1, self.size.width - self.scrollbar_size_vertical)

    def set_document(self, document: RowDocument | None, *, keep_place: bool = False) -> None:
        """Show another document, from its beginning or from where the view stands."""
        self._document = document
        if not keep_place and self.is_attached:
            self._place(0)
        self._lay_out()

    def _lay_out(self) -> None:
        if not self.size.width:
            return
        count = self._document.rows(self.columns) if self._document is not None else 0
        if self._needle and self._document is not None:
            self._matches = self._document.find(self._needle, self.columns)
        self.advance(count, self.generation + 1)

    def on_resize(self, event: events.Resize) -> None:
        share = self.top / self.count if self.count else 0.0
        self._lay_out()
        self._resize_virtual()
        self._place(round(share * self.count))

    def width_changed(self, width: int) -> None:
        # A paint may come before the news of the new size does.
        self._count = self._document.rows(width) if self._document is not None else 0

    def line(self, index: int, width: int) -> Line:
        if self._document is None or index >= self._document.rows(width):
            return []
        row = self._document.row(index, width)
        if not self._needle:
            return row
        return [piece for text, role in row for piece in highlight(text, self._needle, role)]

    # --- searching in what is shown ---

    def search(self, needle: str) -> int:
        """Mark the needle everywhere and say how many rows hold it."""
        self._needle = needle
        self._match = -1
        self._matches = []
        if needle and self._document is not None and self.size.width:
            self._matches = self._document.find(needle, self.columns)
        self.invalidate()
        return len(self._matches)

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
