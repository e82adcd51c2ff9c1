"""A scroll bar one column wide that is only there while there is something to scroll."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender

from widgets.glyphs import glyphs


class ThinScrollBar(ScrollBarRender):
    """Draws the thumb as a row of half blocks and the track as nothing."""

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = Color.parse("default"),  # noqa: B008
        bar_color: Color = Color.parse("default"),  # noqa: B008
    ) -> Segments:
        track = Style(bgcolor=back_color)
        if not (window_size and virtual_size > window_size):
            return Segments([Segment(" ", track)] * size, new_lines=vertical)
        thumb = max(1, min(size, round(size * window_size / virtual_size)))
        start = round((size - thumb) * min(1.0, position / (virtual_size - window_size)))
        above = Segment(" ", track + Style(meta={"@mouse.down": "scroll_up"}))
        below = Segment(" ", track + Style(meta={"@mouse.down": "scroll_down"}))
        grip = Segment(
            glyphs().thumb,
            Style(color=bar_color, bgcolor=back_color, meta={"@mouse.down": "grab"}),
        )
        rows = [above] * start + [grip] * thumb + [below] * (size - start - thumb)
        return Segments(rows, new_lines=vertical)
