"""A scrolling view of numbered rows, with a cursor and following."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.selection import Selection

from widgets.lists.row_view import RowView, Source
from widgets.moves import MOVES
from widgets.paint_governor import PaintGovernor


class LineView(RowView, can_focus=True):
    """Rows by number. A subclass says what row `index` looks like; this class does the rest.

    `advance` is cheap at any rate: it notes the new count and asks the governor for a paint, and
    nothing is painted when no row in sight changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(move.keys, move.action, move.label, show=False) for move in MOVES
    ]
    shows_cursor: ClassVar[bool] = True
    can_follow: ClassVar[bool] = True

    class FollowChanged(Message):
        """The view began or stopped following, or more lines came while it did not."""

        def __init__(self, view: LineView, following: bool, new: int) -> None:
            super().__init__()
            self.view = view
            self.following = following
            self.new = new

        @property
        def control(self) -> LineView:
            return self.view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LineView.FollowChanged) and message.view is self.view

    class RowMessage(Message):
        """A person did something to a row."""

        def __init__(self, view: LineView, index: int) -> None:
            super().__init__()
            self.view = view
            self.index = index

        @property
        def control(self) -> LineView:
            return self.view

    class CursorMoved(RowMessage):
        """The person moved the cursor to a row."""

    class Opened(RowMessage):
        """The person wants to see everything about a row."""

    def __init__(
        self,
        *,
        governor: PaintGovernor | None = None,
        placeholder: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(placeholder=placeholder, id=id, classes=classes)
        self._governor = governor or PaintGovernor()
        self._generation = 0
        self._cursor = 0
        self._following = self.can_follow
        self._new = 0
        self._posted_follow: tuple[bool, int] = (self._following, 0)
        self._scrolling_silently = False
        self._painted_count = 0
        self._dirty_rows: set[int] = set()

    # --- what a subclass says ---

    def is_live(self, index: int) -> bool:
        """Whether the row changes with the clock, so that `refresh_live_rows` must draw it again."""
        return False

    def on_person_scrolled(self) -> None:
        """Called when a person scrolls, so that a view which finds its own place may leave it."""

    # --- state and what changes it ---

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def following(self) -> bool:
        """Whether new rows scroll into view."""
        return self._following

    @property
    def new(self) -> int:
        """Rows that came since following stopped."""
        return self._new

    @property
    def cursor(self) -> int:
        """The row that enter opens: the last while following."""
        return max(0, self._count - 1) if self._following else self._cursor

    def advance(self, count: int, generation: int, changed: Iterable[int] = ()) -> None:
        """There are `count` rows now; those `changed` are to be read again.

        A new generation says that every row must be read again.
        """
        grown = count - self._count
        stale = [index for index in changed if index < self._count]
        if generation != self._generation:
            self._drop_rows()
            self._new = 0
        elif not grown and not stale:
            return
        elif not self._following:
            self._new = max(0, self._new + grown)
        if grown < 0:
            self._drop_rows()
        for index in stale:
            self._drop_row(index)
        self._dirty_rows.update(stale)
        self._count = count
        self._generation = generation
        self._cursor = min(self._cursor, max(0, count - 1))
        self._governor.request(self._paint)

    def invalidate(self) -> None:
        """Draw every row anew at the next paint: their words or colours have changed."""
        self._drop_rows()
        self._governor.request(self._paint)

    def refresh_live_rows(self) -> None:
        """Draw again what changes with the clock, and nothing else."""
        for index in range(self._top, min(self._count, self._top + self.page)):
            if self.is_live(index):
                self._drop_row(index)
                self._refresh_row(index)

    def follow(self, on: bool = True) -> None:
        """Go to the end and stay there, or stay where the view is."""
        if on and self.can_follow:
            self._set_following(True)
            self._to_end()
        else:
            self._stop_following()

    def reveal(self, index: int) -> None:
        """Put the cursor on a row and the row in sight; following stops."""
        if not self._count:
            return
        index = max(0, min(index, self._count - 1))
        self._stop_following()
        self._resize_virtual()
        if not self._top <= index < self._top + self.page:
            self._scroll_silently(index - self.page // 3)
        self._put_cursor(index)

    # --- actions ---

    def action_scroll_down(self) -> None:
        self._step(1)

    def action_scroll_up(self) -> None:
        self._step(-1)

    def action_half_page_down(self) -> None:
        self._step(max(1, self.page // 2))

    def action_half_page_up(self) -> None:
        self._step(-max(1, self.page // 2))

    def action_page_down(self) -> None:
        self._step(max(1, self.page - 1))

    def action_page_up(self) -> None:
        self._step(-max(1, self.page - 1))

    def action_scroll_home(self) -> None:
        self.on_person_scrolled()
        self._stop_following()
        self._scroll_silently(0)
        self._put_cursor(0, post=True)

    def action_scroll_end(self) -> None:
        self.on_person_scrolled()
        if self.can_follow:
            self.follow()
        else:
            self._to_end()
            self._put_cursor(self._count - 1, post=True)

    def action_toggle_follow(self) -> None:
        self.follow(not self._following)

    def action_open(self) -> None:
        if self._count:
            self.post_message(self.Opened(self, self.cursor))

    # --- moving ---

    def _step(self, rows: int) -> None:
        if not self._count or (self._following and rows > 0):
            return
        self._resize_virtual()
        if not self.shows_cursor:
            self.scroll_by_person(self._top + rows)
            return
        last = self._count - 1
        bottom = min(last, self._top + self.page - 1)
        start = last if self._following else max(self._top, min(self._cursor, bottom))
        target = max(0, min(last, start + rows))
        if target == last and rows > 0 and self.can_follow:
            self.follow()
            return
        self._stop_following()
        self._show_row(target)
        self._put_cursor(target, post=True)

    def _show_row(self, index: int) -> None:
        if index < self._top:
            self._scroll_silently(index)
        elif index >= self._top + self.page:
            self._scroll_silently(index - self.page + 1)

    def _put_cursor(self, index: int, post: bool = False) -> None:
        old, self._cursor = self._cursor, max(0, index)
        if self.shows_cursor:
            self._refresh_row(old)
            self._refresh_row(self._cursor)
        if post:
            self.post_message(self.CursorMoved(self, self._cursor))

    def _set_following(self, following: bool) -> None:
        if following == self._following:
            return
        self._following = following
        self._cursor = max(0, self._count - 1)
        self._new = 0
        if self.shows_cursor:
            self._refresh_row(self._cursor)
        self._post_follow()

    def _stop_following(self) -> None:
        self._set_following(False)

    def _post_follow(self) -> None:
        if self._posted_follow != (state := (self._following, self._new)):
            self._posted_follow = state
            self.post_message(self.FollowChanged(self, *state))

    def _scroll_silently(self, top: int) -> None:
        """Scroll there without taking it for the person's own scrolling."""
        self._scrolling_silently = True
        try:
            self.scroll_to(y=max(0, top), animate=False, force=True)
        finally:
            self._scrolling_silently = False

    def scroll_by_person(self, top: int) -> None:
        self.scroll_to(y=max(0, top), animate=False, force=True)

    def _to_end(self) -> None:
        self._resize_virtual()
        self._scroll_silently(self._count - self.page)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._top = round(new_value)
        if self._scrolling_silently:
            return
        self.on_person_scrolled()
        if not self.can_follow:
            return
        at_end = self._top >= self.max_scroll_y
        # Scrolling up leaves the newest row, scrolling down to it resumes following.
        if new_value < old_value and not at_end:
            self._stop_following()
        elif new_value > old_value and at_end:
            self._set_following(True)

    # --- painting ---

    def _paint(self) -> None:
        """Bring the screen up to the count; the governor calls it."""
        if not self.is_attached:
            return
        # Only rows that came since the last paint are drawn: the rest is on the screen already.
        before, self._painted_count = self._painted_count, self._count
        self._resize_virtual()
        if self._following:
            self._scroll_silently(self._count - self.page)
        stale, self._dirty_rows = self._dirty_rows, set()
        bottom = self._top + self.page
        if self._all_dirty:
            self._all_dirty = False
            self.refresh(self.size.region)
        else:
            for index in stale:
                self._refresh_row(index)
            first = max(before, self._top)
            if first < min(self._count, bottom):
                rows = min(self._count, bottom) - first
                self.refresh(Region(0, first - self._top, self.size.width, rows))
        self._post_follow()

    def is_under_cursor(self, index: int) -> bool:
        return (
            index == self._cursor and not self._following and self.shows_cursor and self.has_focus
        )

    def on_unmount(self) -> None:
        self._governor.cancel(self._paint)

    def on_resize(self, event: events.Resize) -> None:
        if self._following:
            self._to_end()
        self._governor.request(self._paint)

    # --- mouse ---

    def on_click(self, event: events.Click) -> None:
        index = self._top + event.y
        if not self.shows_cursor or index >= self._count:
            return
        self._stop_following()
        self._put_cursor(index, post=True)
        if event.chain == 2:
            self.post_message(self.Opened(self, index))

    def text_select_all(self) -> None:
        """A double click takes the row under the pointer, not a night's worth of rows."""
        if not self.shows_cursor:
            super().text_select_all()
            return
        row = self.cursor
        self.screen.selections = {
            self: Selection(Offset(0, row), Offset(max(1, self.size.width), row))
        }


SourceT = TypeVar("SourceT", bound=Source)


class SourceView(LineView, Generic[SourceT]):
    """Draws what a source has; posts `Opened` for the row that a person wants to see in full."""

    _source: SourceT | None = None
    _needle = ""

    def show(self, source: SourceT) -> None:
        """Draw from this source from now on."""
        if source is not self._source:
            self._source = source
            self.invalidate()
        self.update()

    def update(self, changed: Iterable[int] = ()) -> None:
        """Read the new rows of the source, and the changed ones again."""
        if self._source is not None:
            self.advance(len(self._source), self._source.generation, changed)

    def set_search(self, needle: str) -> None:
        """Mark what is searched for; an empty needle marks nothing."""
        self._needle = needle
        self.invalidate()
