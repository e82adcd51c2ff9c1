"""A widget that is one drawn row, painted again only when it would look different."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from widgets.ink import RoleStyles, Line
from widgets.themes import ink_for


class SingleRow(Widget):
    """A subclass says what the row looks like in `spans`; `redraw` when its facts changed."""

    DEFAULT_CSS = """
    OneRow {
        height: 1;
        width: 1fr;
        background: $background;
        color: $foreground;
    }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._ink: RoleStyles | None = None
        self._segments: list[Segment] | None = None

    def spans(self, width: int) -> Line:
        """The row in `width` columns; what does not fit is cut off."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Look at the facts again; nothing is painted when the row stays as it is."""
        if not self.is_attached or not self.size.width:
            return
        old, self._segments = self._segments, None
        if self._drawn() != old:
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ink = None
        self._segments = None

    def on_resize(self) -> None:
        self._segments = None
        self.refresh()

    def _drawn(self) -> list[Segment]:
        if self._ink is None:
            self._ink = ink_for(self.app.current_theme).over(self.rich_style)
            self._segments = None
        if self._segments is None:
            width = self.size.width
            self._segments = self._ink.segments(self.spans(width), width)
        return self._segments

    def render_line(self, y: int) -> Strip:
        return Strip(self._drawn(), self.size.width) if y == 0 else Strip.blank(self.size.width)
