"""A widget that is one row; containers without padding."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.ink import Line, RoleStyles
from widgets.themes import ink_for


class SingleRow(Widget):
    """A subclass says what the row looks like in `spans`; `redraw` when its facts changed."""

    DEFAULT_CSS = """
    SingleRow {
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


def filtered_lines(widget: Widget, crop: Region) -> list[Strip]:
    """The widget's rows of the crop behind the app's filters; for widgets without border or padding.

    A row that the widget keeps stays the same object, so what filters and the terminal's sequences
    cost is paid once for it. Textual's own way builds every row anew.
    """
    background = widget.background_colors[1]
    strips = [widget.render_line(y) for y in crop.line_range]
    for line_filter in widget.get_line_filters():
        strips = [strip.apply_filter(line_filter, background) for strip in strips]
    left, right = crop.column_span
    if (left, right) != (0, widget.size.width):
        strips = [strip.crop(left, right) for strip in strips]
    return strips


class DirectColumns(Horizontal):
    """Widgets side by side; shows nothing itself, so a paint of what is in it passes it by."""

    BLANK: ClassVar[bool] = True


class DirectRows(Vertical):
    """Widgets one below the other; shows nothing itself, so a paint of what is in it passes it by."""

    BLANK: ClassVar[bool] = True
