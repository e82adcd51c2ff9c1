"""The list of a review, and what its rows lead to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.model.events import SourceRef
from tui.model.records import Hunk
from widgets.dialogs.dialog import Sentence
from widgets.ink import Line
from widgets.lists.line_view import LineView

SectionName = Literal["page", "claims", "risks", "timeline", "points", "files", "tasks"]


class EvidenceTarget(Struct, frozen=True):
    """Leads to what stands at a place of a file."""

    ref: SourceRef


class DiffTarget(Struct, frozen=True):
    """Leads to a piece of a diff, and from there to the call that did it, if one was recorded."""

    path: str
    what: str
    hunk: Hunk
    ref: SourceRef | None = None
    commit: str = ""


class CommitTarget(Struct, frozen=True):
    """Leads to everything that a commit changed."""

    sha: str


class PointTarget(Struct, frozen=True):
    """Leads to what changed between a checkpoint and the files as they are."""

    checkpoint: str


class FileTarget(Struct, frozen=True):
    """Leads to what the night changed in a file."""

    path: str


class TextTarget(Struct, frozen=True):
    """Leads to where these words stand in a file."""

    path: str
    words: str


class SectionTarget(Struct, frozen=True):
    """Leads to another list of the review, to the row of this name in it if it has one."""

    name: SectionName
    row: str = ""


class SentenceTarget(Struct, frozen=True):
    """Leads to sentences that say more."""

    title: str
    lines: tuple[Sentence, ...]


Target: TypeAlias = (
    EvidenceTarget
    | DiffTarget
    | CommitTarget
    | PointTarget
    | FileTarget
    | TextTarget
    | SectionTarget
    | SentenceTarget
)


class ReviewRow(Struct, frozen=True):
    """A row: its words, where enter leads, its moment, and a name that outlives a resize.

    `mark` is what `space` marks with it, empty where nothing can be marked.
    """

    line: Line
    target: Target | None = None
    at: float | None = None
    name: str = ""
    mark: str = ""


Build = Callable[[int], Sequence[ReviewRow]]
"""Makes the rows for a width."""


class ReviewView(LineView):
    """Shows the rows that a function builds; the cursor stands only on rows that lead somewhere."""

    can_follow: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "mark", "Mark", show=False)]

    class Marked(Message):
        """The person marks the row under the cursor, or takes the mark away."""

        def __init__(self, view: ReviewView, row: ReviewRow) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> ReviewView:
            return self.view

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, id=id)
        self._build: Build = lambda width: ()
        self._pending_move: Callable[[], int | None] | None = None
        self.rows: Sequence[ReviewRow] = ()

    def show(self, build: Build, *, from_top: bool = False) -> None:
        """Show these rows; the cursor stays on the row of its name, if there still is one.

        `from_top` forgets where the view stood.
        """
        self._build = build
        if from_top:
            self.rows, self._cursor = (), 0
            self._scroll_silently(0)
        self._lay_out()

    @property
    def row(self) -> ReviewRow | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def index_of(self, name: str) -> int | None:
        """The number of the row with this name."""
        return next((nth for nth, row in enumerate(self.rows) if row.name == name), None)

    def nearest_to(self, at: float) -> int | None:
        """The row whose moment is nearest; None when no row has one."""
        distances = [
            (abs(row.at - at), nth)
            for nth, row in enumerate(self.rows)
            if row.at is not None and row.target is not None
        ]
        return min(distances)[1] if distances else None

    def go_to_name(self, name: str) -> None:
        """Put the cursor on the row of this name, if there is one."""
        self._seek(lambda: self.index_of(name) if name else None)

    def go_to_time(self, at: float) -> None:
        """Put the cursor on the row whose moment is nearest."""
        self._seek(lambda: self.nearest_to(at))

    def _seek(self, find: Callable[[], int | None]) -> None:
        """A view that has just come up has no rows yet; it goes there when it has."""
        if not self.size.width:
            self._pending_move = find
            return
        self._pending_move = None
        index = find()
        if index is not None:
            self.reveal(index)

    # --- layout ---

    @property
    def _columns(self) -> int:
        return max(1, self.size.width - self.scrollbar_size_vertical)

    def _lay_out(self) -> None:
        if not self.size.width:
            return
        self._rebuild(self._columns)
        self.advance(len(self.rows), self.generation + 1)
        if not self.top <= self._cursor < self.top + self.page:
            self._resize_virtual()
            self._scroll_silently(self._cursor - self.page // 3)
        if self._pending_move is not None:
            self._seek(self._pending_move)

    def _rebuild(self, width: int) -> None:
        """Make the rows; the cursor goes with its row, or to the nearest that leads somewhere."""
        kept = self.row.name if self.row is not None else ""
        self.rows = tuple(self._build(width))
        index = self.index_of(kept) if kept else None
        self._cursor = (
            index if index is not None else self._nearest_target(min(self._cursor, self._last))
        )

    @property
    def _last(self) -> int:
        return max(0, len(self.rows) - 1)

    def _nearest_target(self, start: int, step: int = 1) -> int:
        """The nearest row in that direction that leads somewhere; the start when none does."""
        place = start
        while 0 <= place < len(self.rows):
            if self.rows[place].target is not None:
                return place
            place += step
        return -1 if step < 0 else (self._nearest_target(start, -1) if start else start)

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def width_changed(self, width: int) -> None:
        # A paint may come before the news of the new size does.
        self._rebuild(width)
        self.count = len(self.rows)

    def line(self, index: int, width: int) -> Line:
        return self.rows[index].line if index < len(self.rows) else []

    # --- moving ---

    def action_step(self, rows: int) -> None:
        if not self.rows:
            return
        self._resize_virtual()
        goal = max(0, min(self._last, self._cursor + rows))
        row = self._nearest_target(goal, 1 if rows > 0 else -1)
        if rows > 0 and row <= self._cursor:
            self.scroll_by_person(self.top + rows)  # nothing to stand on further down
            return
        if row < 0:
            self.scroll_by_person(0)
            return
        self._show_row(0 if rows < 0 and not self._has_target_before(row) else row)
        self._show_row(row)
        self._put_cursor(row, post=True)

    def _has_target_before(self, index: int) -> bool:
        return any(row.target is not None for row in self.rows[:index])

    def action_mark(self) -> None:
        row = self.row
        if row is not None and row.mark:
            self.post_message(self.Marked(self, row))
            self.action_step(1)
        else:
            self.action_step_page(1)

    def action_scroll_home(self) -> None:
        self._scroll_silently(0)
        if self.rows:
            self._put_cursor(max(0, self._nearest_target(0)), post=True)

    def action_scroll_end(self) -> None:
        self._to_end()
        if self.rows:
            self._put_cursor(max(0, self._nearest_target(self._last, -1)), post=True)
