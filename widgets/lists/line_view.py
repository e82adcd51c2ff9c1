"""A scrolling view of numbered rows, with a cursor and following."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.selection import Selection

from widgets.lists.row_view import RowView
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

    @dataclass(eq=False, repr=False)
    class FollowChanged(Message):
        """The view began or stopped following, or more lines came while it did not."""

        view: LineView
        following: bool
        new: int

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LineView.FollowChanged) and message.view is self.view

    @dataclass(eq=False, repr=False)
    class RowMessage(Message):
        """A person did something to a row."""

        view: LineView
        index: int

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
    ) -> None:
        super().__init__(placeholder=placeholder, id=id)
        self.generation = 0
        self.following = self.can_follow
        """Whether new rows scroll into view."""
        self.new = 0
        """Rows that came since following stopped."""
        self._governor = governor or PaintGovernor()
        self._cursor = 0
        self._posted_follow = (self.following, 0)
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
    def cursor(self) -> int:
        """The row that enter opens: the last while following."""
        return max(0, self.count - 1) if self.following else self._cursor

    def advance(self, count: int, generation: int, changed: Iterable[int] = ()) -> None:
        """There are `count` rows now; those `changed` are to be read again.

        A new generation says that every row must be read again.
        """
        grown = count - self.count
        stale = [index for index in changed if index < self.count]
        if generation != self.generation:
            self._drop_rows()
            self.new = 0
        elif not grown and not stale:
            return
        elif not self.following:
            self.new = max(0, self.new + grown)
        if grown < 0:
            self._drop_rows()
        for index in stale:
            self._drop_row(index)
        self._dirty_rows.update(stale)
        self.count = count
        self.generation = generation
        self._cursor = min(self._cursor, max(0, count - 1))
        self._governor.request(self._paint)

    def invalidate(self) -> None:
        """Draw every row anew at the next paint: their words or colours have changed."""
        self._drop_rows()
        self._governor.request(self._paint)

    def refresh_live_rows(self) -> None:
        """Draw again what changes with the clock, and nothing else."""
        for index in range(self.top, min(self.count, self.top + self.page)):
            if self.is_live(index):
                self._drop_row(index)
                self._refresh_row(index)

    def follow(self, on: bool = True) -> None:
        """Go to the end and stay there, or stay where the view is."""
        self._set_following(on and self.can_follow)
        if self.following:
            self._to_end()

    def reveal(self, index: int) -> None:
        """Put the cursor on a row and the row in sight; following stops."""
        if not self.count:
            return
        index = max(0, min(index, self.count - 1))
        self.follow(False)
        self._resize_virtual()
        if not self.top <= index < self.top + self.page:
            self._scroll_silently(index - self.page // 3)
        self._put_cursor(index)

    # --- actions ---

    def action_step(self, rows: int) -> None:
        """Move the cursor by rows, or the view where there is no cursor."""
        if not self.count or (self.following and rows > 0):
            return
        self._resize_virtual()
        if not self.shows_cursor:
            self.scroll_by_person(self.top + rows)
            return
        last = self.count - 1
        bottom = min(last, self.top + self.page - 1)
        start = last if self.following else max(self.top, min(self._cursor, bottom))
        target = max(0, min(last, start + rows))
        if target == last and rows > 0 and self.can_follow:
            self.follow()
            return
        self.follow(False)
        self._show_row(target)
        self._put_cursor(target, post=True)

    def action_step_page(self, pages: float) -> None:
        """Move by a page, of which one row stays in sight, or by half a one."""
        rows = max(1, self.page - 1 if abs(pages) == 1 else self.page // 2)
        self.action_step(rows if pages > 0 else -rows)

    def action_scroll_home(self) -> None:
        self.on_person_scrolled()
        self.follow(False)
        self._scroll_silently(0)
        self._put_cursor(0, post=True)

    def action_scroll_end(self) -> None:
        self.on_person_scrolled()
        if self.can_follow:
            self.follow()
        else:
            self._to_end()
            self._put_cursor(self.count - 1, post=True)

    def action_toggle_follow(self) -> None:
        self.follow(not self.following)

    def action_open(self) -> None:
        if self.count:
            self.post_message(self.Opened(self, self.cursor))

    # --- moving ---

    def _show_row(self, index: int) -> None:
        if index < self.top:
            self._scroll_silently(index)
        elif index >= self.top + self.page:
            self._scroll_silently(index - self.page + 1)

    def _put_cursor(self, index: int, post: bool = False) -> None:
        old, self._cursor = self._cursor, max(0, index)
        if self.shows_cursor:
            self._refresh_row(old)
            self._refresh_row(self._cursor)
        if post:
            self.post_message(self.CursorMoved(self, self._cursor))

    def _set_following(self, following: bool) -> None:
        if following == self.following:
            return
        self.following = following
        self._cursor = max(0, self.count - 1)
        self.new = 0
        if self.shows_cursor:
            self._refresh_row(self._cursor)
        self._post_follow()

    def _post_follow(self) -> None:
        if self._posted_follow != (state := (self.following, self.new)):
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
        self._scroll_silently(self.count - self.page)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.top = round(new_value)
        if self._scrolling_silently:
            return
        self.on_person_scrolled()
        if not self.can_follow:
            return
        at_end = self.top >= self.max_scroll_y
        # Scrolling up leaves the newest row, scrolling down to it resumes following.
        if new_value < old_value and not at_end:
            self.follow(False)
        elif new_value > old_value and at_end:
            self._set_following(True)

    # --- painting ---

    def _paint(self) -> None:
        """Bring the screen up to the count; the governor calls it."""
        if not self.is_attached:
            return
        # Only rows that came since the last paint are drawn: the rest is on the screen already.
        before, self._painted_count = self._painted_count, self.count
        self._resize_virtual()
        if self.following:
            self._scroll_silently(self.count - self.page)
        stale, self._dirty_rows = self._dirty_rows, set()
        bottom = self.top + self.page
        if self._all_dirty:
            self._all_dirty = False
            self.refresh(self.size.region)
        else:
            for index in stale:
                self._refresh_row(index)
            first = max(before, self.top)
            if first < min(self.count, bottom):
                rows = min(self.count, bottom) - first
                self.refresh(Region(0, first - self.top, self.size.width, rows))
        self._post_follow()

    def is_under_cursor(self, index: int) -> bool:
        return index == self._cursor and not self.following and self.shows_cursor and self.has_focus

    def on_unmount(self) -> None:
        self._governor.cancel(self._paint)

    def on_resize(self, event: events.Resize) -> None:
        if self.following:
            self._to_end()
        self._governor.request(self._paint)

    # --- mouse ---

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y
        if not self.shows_cursor or index >= self.count:
            return
        self.follow(False)
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
