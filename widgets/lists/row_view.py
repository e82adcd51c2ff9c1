"""Drawing rows in sight; scroll bar; protocols of row sources."""

from __future__ import annotations

from typing import Final, Protocol

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.selection import Selection
from textual.strip import Strip

from tui.model.records import LogEntry
from tui.model.rows import EventRow
from widgets.glyphs import glyphs
from widgets.ink import Line, RoleStyles, text_of
from widgets.line_layout import centre
from widgets.row_widgets import filtered_lines
from widgets.text_cells import visible
from widgets.themes import ink_for


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


CACHED: Final = 512
"""Drawn rows kept; beyond it the cache starts anew."""
COPIED: Final = 5000
"""Rows that a selection copies at most."""


class RowView(ScrollView):
    """The drawing half of a scrolling view: which rows there are and where it stands is given.

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

    def __init__(
        self, *, placeholder: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._placeholder = placeholder
        self._count = 0
        self._top = 0
        self._width = 0
        self._outer = 0
        self._all_dirty = False
        self._strips: dict[int, Strip] = {}
        self._ink: RoleStyles | None = None
        self._cursor_ink: RoleStyles | None = None
        self._selection: Selection | None = None

    # --- what a subclass says ---

    def line(self, index: int, width: int) -> Line:
        """What row `index` looks like in `width` columns."""
        raise NotImplementedError

    def chosen(self, index: int) -> bool:
        """Whether the row is drawn as the one that the cursor is on."""
        return False

    def width_changed(self, width: int) -> None:
        """Called before the first row is drawn in another width, which may change the count."""

    def row_text(self, index: int) -> str:
        """The row's words in full, for copying."""
        return text_of(self.line(index, 10_000)).rstrip()

    # --- what others may ask and tell ---

    @property
    def count(self) -> int:
        """Rows there are."""
        return self._count

    @property
    def page(self) -> int:
        """Rows in sight."""
        return max(1, self.size.height)

    @property
    def top(self) -> int:
        """The first row in sight."""
        return self._top

    def set_placeholder(self, sentence: str) -> None:
        """What to say, in the middle of the view, while there are no rows."""
        if sentence != self._placeholder:
            self._placeholder = sentence
            if not self._count:
                self.refresh(self.size.region)

    # --- painting ---

    def _resize_virtual(self) -> None:
        """Tell the scroll bar of the count; a layout of the whole screen is not needed for that."""
        if self.virtual_size.height == self._count:
            return
        self.set_reactive(RowView.virtual_size, Size(0, self._count))
        self.vertical_scrollbar.window_virtual_size = self._count
        self.vertical_scrollbar.window_size = self.page

    def _forget(self) -> None:
        self._strips.clear()
        self._all_dirty = True

    def _drop_row(self, index: int) -> None:
        self._strips.pop(index, None)
        self._strips.pop(~index, None)

    def _refresh_row(self, index: int) -> None:
        if self._top <= index < self._top + self.page:
            self.refresh(Region(0, index - self._top, self.size.width, 1))

    def on_mount(self) -> None:
        self.vertical_scrollbar.renderer = ThinScrollBar  # type: ignore[misc]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ink = None
        self._strips.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.styles.gutter.totals != (0, 0):
            return super().render_lines(crop)
        return filtered_lines(self, crop)

    def render_line(self, y: int) -> Strip:
        outer = self.size.width
        if self._ink is None or outer != self._outer:
            self._restyle()
        if not self._count:
            return self._placeholder_strip(y)
        index = self._top + y
        if index >= self._count:
            return Strip.blank(outer, self._paper.base)
        if self._selection is not None:
            return self._selected_strip(index)
        chosen = self.chosen(index)
        strip = self._strips.get(~index if chosen else index)
        if strip is None:
            strip = self._keep(index, chosen)
        return strip

    @property
    def _paper(self) -> RoleStyles:
        if self._ink is None:
            self._restyle()
        if self._ink is None:
            raise RuntimeError("a view without a theme")
        return self._ink

    def _restyle(self) -> None:
        ink = ink_for(self.app.current_theme)
        base = self.rich_style
        self._ink = ink.over(base)
        self._cursor_ink = ink.over(base + ink.cursor)
        self._outer = self.size.width
        self._strips.clear()
        width = self._outer - self.scrollbar_size_vertical
        if width != self._width:
            self._width = width
            self.width_changed(width)

    def _keep(self, index: int, chosen: bool) -> Strip:
        if len(self._strips) >= CACHED:
            self._strips.clear()
        ink = self._cursor_ink if chosen and self._cursor_ink is not None else self._paper
        strip = self._drawn(self.line(index, self._width), ink).apply_offsets(0, index)
        self._strips[~index if chosen else index] = strip
        return strip

    def _placeholder_strip(self, y: int) -> Strip:
        rows = centre(self._placeholder, self._width, self.page)
        text = rows[y] if y < len(rows) else ""
        return self._drawn([(text, "dim")], self._paper)

    def _drawn(self, line: Line, ink: RoleStyles) -> Strip:
        segments = ink.segments(line, self._width)
        segments.append(Segment(" " * (self._outer - self._width), self._paper.base))
        return Strip(segments, self._outer)

    # --- selecting ---

    def selection_updated(self, selection: Selection | None) -> None:
        self._selection = selection
        self.refresh(self.size.region)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        if not self._count:
            return None
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self._count - 1
        last = min(last, self._count - 1, first + COPIED - 1)
        rows: list[str] = []
        for index in range(max(0, first), last + 1):
            drawn = visible(text_of(self.line(index, self._width)))
            start, end = selection.get_span(index) or (0, 0)
            rows.append(drawn[start : len(drawn) if end < 0 else end].rstrip())
        return "\n".join(rows), "\n"

    def _selected_strip(self, index: int) -> Strip:
        strip = self._strips.get(index) or self._keep(index, False)
        span = self._selection.get_span(index) if self._selection is not None else None
        if span is None:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        start, end = span
        return Strip(_stressed(strip, start, self._width if end < 0 else end, style), self._outer)


def _stressed(strip: Strip, start: int, end: int, style: Style) -> list[Segment]:
    """The strip's segments with the style over the characters from start to end."""
    out: list[Segment] = []
    at = 0
    for text, own, _ in strip:
        low = max(0, min(len(text), start - at))
        high = max(low, min(len(text), end - at))
        over = own + style if own is not None else style
        pieces = ((text[:low], own), (text[low:high], over), (text[high:], own))
        out.extend(Segment(piece, look) for piece, look in pieces if piece)
        at += len(text)
    return out


class RowSource(Protocol):
    """Numbered event rows; `generation` changes when a number may mean another row than before."""

    @property
    def generation(self) -> int: ...

    def __len__(self) -> int: ...

    def row(self, index: int) -> EventRow: ...


class LogSource(Protocol):
    """Numbered log entries, under the same promise."""

    @property
    def generation(self) -> int: ...

    def __len__(self) -> int: ...

    def entry(self, index: int) -> LogEntry: ...
