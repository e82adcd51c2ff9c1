"""The drawing half of a scrolling view, and its scroll bar."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.selection import Selection
from textual.strip import Strip

from widgets.glyphs import glyphs
from widgets.ink import Line, RoleStyles, text_of
from widgets.line_layout import centre
from widgets.row_widgets import filtered_lines
from widgets.text_cells import visible
from widgets.themes import styles_for


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


MAX_CACHED_ROWS: Final = 512
"""Drawn rows kept; beyond it the cache starts anew."""
MAX_COPIED_ROWS: Final = 5000
"""Rows that a selection copies at most."""


class RowView(ScrollView):
    """The drawing half of a scrolling view: a subclass says which rows there are and where it stands.

    A drawn row is kept until the row, the width or the theme changes.
    """

    DEFAULT_CSS = """
    RowView {
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """

    PLACEHOLDER: ClassVar[str] = ""
    """What a view of this kind shows without rows unless a caller says otherwise."""
    placeholder: reactive[str] = reactive("", repaint=False, init=False)
    """What to say, in the middle of the view, while there are no rows."""

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(RowView.placeholder, placeholder or self.PLACEHOLDER)
        self.count = 0
        """Rows there are."""
        self.top = 0
        """The first row in sight."""
        self._width = 0
        self._outer_width = 0
        self._all_dirty = False
        self._strips: dict[int, Strip] = {}
        self._styles: RoleStyles
        self._cursor_styles: RoleStyles
        self._needs_styles = True
        self._selection: Selection | None = None

    # --- what a subclass says ---

    def line(self, index: int, width: int) -> Line:
        """What row `index` looks like in `width` columns."""
        raise NotImplementedError

    def is_under_cursor(self, index: int) -> bool:
        """Whether the row is drawn as the one that the cursor is on."""
        return False

    def width_changed(self, width: int) -> None:
        """Called before the first row is drawn in another width, which may change the count."""

    def row_text(self, index: int) -> str:
        """The row's words in full, for copying."""
        return text_of(self.line(index, 10_000)).rstrip()

    # --- what is shown ---

    @property
    def page(self) -> int:
        """Rows in sight."""
        return max(1, self.size.height)

    def watch_placeholder(self) -> None:
        if not self.count:
            self.refresh(self.size.region)

    # --- painting ---

    def _resize_virtual(self) -> None:
        """Give the scroll bar the count; assigning `virtual_size` would lay out the whole screen."""
        if self.virtual_size.height == self.count:
            return
        self.set_reactive(RowView.virtual_size, Size(0, self.count))
        self.vertical_scrollbar.window_virtual_size = self.count
        self.vertical_scrollbar.window_size = self.page

    def _drop_rows(self) -> None:
        self._strips.clear()
        self._all_dirty = True

    def _drop_row(self, index: int) -> None:
        # A row under the cursor has other colours and is kept under ~index.
        self._strips.pop(index, None)
        self._strips.pop(~index, None)

    def _refresh_row(self, index: int) -> None:
        if self.top <= index < self.top + self.page:
            self.refresh(Region(0, index - self.top, self.size.width, 1))

    def on_mount(self) -> None:
        self.vertical_scrollbar.renderer = ThinScrollBar  # type: ignore[misc]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._needs_styles = True
        self._strips.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.styles.gutter.totals != (0, 0):
            return super().render_lines(crop)
        return filtered_lines(self, crop)

    def render_line(self, y: int) -> Strip:
        outer = self.size.width
        if self._needs_styles or outer != self._outer_width:
            self._restyle()
        if not self.count:
            rows = centre(self.placeholder, self._width, self.page)
            return self._draw_line([(rows[y] if y < len(rows) else "", "dim")], self._styles)
        index = self.top + y
        if index >= self.count:
            return Strip.blank(outer, self._styles.base)
        if self._selection is not None:
            return self._selected_strip(index)
        chosen = self.is_under_cursor(index)
        return self._strips.get(~index if chosen else index) or self._draw_row(index, chosen)

    def _restyle(self) -> None:
        styles = styles_for(self.app.current_theme)
        base = self.rich_style
        self._needs_styles = False
        self._styles = styles.on_background(base)
        self._cursor_styles = styles.on_background(base + styles.cursor)
        self._outer_width = self.size.width
        self._strips.clear()
        width = self._outer_width - self.scrollbar_size_vertical
        if width != self._width:
            self._width = width
            self.width_changed(width)

    def _draw_row(self, index: int, chosen: bool) -> Strip:
        if len(self._strips) >= MAX_CACHED_ROWS:
            self._strips.clear()
        styles = self._cursor_styles if chosen else self._styles
        strip = self._draw_line(self.line(index, self._width), styles).apply_offsets(0, index)
        self._strips[~index if chosen else index] = strip
        return strip

    def _draw_line(self, line: Line, styles: RoleStyles) -> Strip:
        segments = styles.segments(line, self._width)
        segments.append(Segment(" " * (self._outer_width - self._width), self._styles.base))
        return Strip(segments, self._outer_width)

    # --- selecting ---

    def selection_updated(self, selection: Selection | None) -> None:
        self._selection = selection
        self.refresh(self.size.region)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        if not self.count:
            return None
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self.count - 1
        last = min(last, self.count - 1, first + MAX_COPIED_ROWS - 1)
        rows: list[str] = []
        for index in range(max(0, first), last + 1):
            drawn = visible(text_of(self.line(index, self._width)))
            start, end = selection.get_span(index) or (0, 0)
            rows.append(drawn[start : len(drawn) if end < 0 else end].rstrip())
        return "\n".join(rows), "\n"

    def _selected_strip(self, index: int) -> Strip:
        strip = self._strips.get(index) or self._draw_row(index, False)
        span = self._selection.get_span(index) if self._selection is not None else None
        if span is None:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        start, end = span
        return Strip(
            _overlay_style(strip, start, self._width if end < 0 else end, style), self._outer_width
        )


def _overlay_style(strip: Strip, start: int, end: int, style: Style) -> list[Segment]:
    """The strip's segments with the style over the characters from start to end."""
    out: list[Segment] = []
    at = 0
    for text, own, _ in strip:
        low = max(0, min(len(text), start - at))
        high = max(low, min(len(text), end - at))
        over = own + style if own is not None else style
        pieces = ((text[:low], own), (text[low:high], over), (text[high:], own))
        out.extend(Segment(piece, drawn) for piece, drawn in pieces if piece)
        at += len(text)
    return out
