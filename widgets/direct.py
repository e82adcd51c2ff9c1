"""Finished rows straight to the compositor, without the detour over borders and padding."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


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
