"""Widgets that are one row, and a container that draws nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.ink import Line, RoleStyles, width_of
from widgets.themes import styles_for


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

    _role_styles: RoleStyles | None = None
    _segments: list[Segment] | None = None

    def spans(self, width: int) -> Line:
        """The row in `width` columns; what does not fit is cut off."""
        return []

    def redraw(self) -> None:
        """Draw the facts as they are now; nothing is painted when the row stays as it is."""
        if not self.is_attached or not self.size.width:
            return
        old, self._segments = self._segments, None
        if self._draw() != old:
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._role_styles = None
        self._segments = None

    def on_resize(self) -> None:
        self._segments = None
        self.refresh()

    def _draw(self) -> list[Segment]:
        if self._role_styles is None:
            self._role_styles = styles_for(self.app.current_theme).on_background(self.rich_style)
            self._segments = None
        if self._segments is None:
            width = self.size.width
            self._segments = self._role_styles.segments(self.spans(width), width)
        return self._segments

    def render_line(self, y: int) -> Strip:
        return Strip(self._draw(), self.size.width) if y == 0 else Strip.blank(self.size.width)


ItemT = TypeVar("ItemT")


class ItemRow(SingleRow, Generic[ItemT]):
    """A row of items; a subclass says in `parts` what is drawn, and which item each part is of."""

    def parts(self, width: int) -> Iterable[tuple[Line, ItemT | None]]:
        """The row from left to right, in pieces."""
        raise NotImplementedError

    def item_clicked(self, item: ItemT) -> None:
        """The person clicked a part of this item."""
        raise NotImplementedError

    def spans(self, width: int) -> Line:
        return [span for part, _ in self.parts(width) for span in part]

    def on_click(self, event: events.Click) -> None:
        end = 0
        for part, item in self.parts(self.size.width):
            start, end = end, end + width_of(part)
            if item is not None and start <= event.x < end:
                self.item_clicked(item)


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


class BlankContainer(Container):
    """Draws nothing itself, so that a repaint of a child leaves it out."""

    BLANK: ClassVar[bool] = True
