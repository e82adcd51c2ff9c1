"""The frame round a view."""

from __future__ import annotations

from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.system.format import format_number
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, RoleStyles, Span, width_of
from widgets.line_layout import spread
from widgets.lists.line_view import LineView
from widgets.row_widgets import filtered_lines
from widgets.text_cells import clip, visible
from widgets.themes import styles_for


def new_rows_badge(new: int) -> list[Span]:
    """ "+12 new ↓ f" in a badge; nothing when nothing is new."""
    if new <= 0:
        return []
    shown = f"{new:,}" if new < 100_000 else format_number(new)
    return [(f" +{shown} new {glyphs().down} f ", "badge")]


def frame_top(
    frame: str,
    number: int,
    title: str,
    subtitle: str,
    status: str,
    width: int,
    focused: bool,
    stale: bool,
) -> Line:
    """The upper edge in `width` columns: number, title and subtitle left, status right."""
    role: Role = "accent" if focused else "faint"
    badge: list[Span] = []
    if number:
        badge = [(f" {number} ", "badge")] if focused else [(f" {number} ", "dim")]
    name: list[Span] = [*badge, (" " if focused or not badge else "", role)]
    room = max(0, width - 4 - width_of(name))
    title = clip(visible(title), room)
    name.append((title, "strong" if focused else "text"))
    room -= width_of([(title, role)])
    if subtitle and room > 3:
        name.append((" " + clip(visible(subtitle), room - 2), "dim"))
    name.append((" ", role))
    room = width - 2 - width_of(name) - 1
    right: list[Span] = []
    if status and room > 6:
        right = [(f" {clip(visible(status), room - 3)} ", "warning" if stale else "dim")]
    right.append((frame[1] if right else "", role))
    edge = spread(name, right, width - 2, frame[1], role)
    return [(frame[0], role), *edge, (frame[2], role)]


def frame_bottom(frame: str, foot: str, marker: list[Span], width: int, focused: bool) -> Line:
    """The lower edge, with a few words at its left end and the count of new rows at its right."""
    role: Role = "accent" if focused else "faint"
    room = width - 4 - width_of(marker)
    words: list[Span] = []
    if foot and room > 8:
        words = [(frame[5], role), (f" {clip(visible(foot), room - 3)} ", "dim")]
    right = [*marker, (frame[5] if marker else "", role)]
    return [(frame[6], role), *spread(words, right, width - 2, frame[5], role), (frame[4], role)]


def frame_sides(frame: str, width: int, focused: bool) -> Line:
    """The edges at the left and right of a row."""
    role: Role = "accent" if focused else "faint"
    return [(frame[3], role), (" " * max(0, width - 2), "text"), (frame[3], role)]


class Pane(Widget):
    """Frames one view. Classes `-stale` and `-focus` say the state; shape and words say it too.

    The frame is drawn by hand, so that a changed count repaints one row and no child.
    """

    DEFAULT_CSS = """
    Pane {
        layout: vertical;
        background: $background;
        color: $foreground;
        width: 1fr;
        height: 1fr;
        & > * { margin: 1 1 1 2; width: 1fr; height: 1fr; }
    }
    """
    ALLOW_SELECT = False

    # A pane draws its edges itself: a repaint of the whole pane would draw the view in it as well.
    title: reactive[str] = reactive("", repaint=False, init=False)
    subtitle: reactive[str] = reactive("", repaint=False, init=False)
    """A few words right after the title, such as "12/19"."""
    status: reactive[str] = reactive("", repaint=False, init=False)
    """How the pane is doing, at the right of its upper edge."""
    foot: reactive[str] = reactive("", repaint=False, init=False)
    """A few words in the lower edge, such as the keys that matter here."""
    stale: reactive[str] = reactive("", repaint=False, init=False, toggle_class="-stale")
    """Why what is shown is old ("no data for 4m12s"); empty when it is not."""
    new: reactive[int] = reactive(0, repaint=False, init=False)
    """Rows that came since the view stopped following."""
    focused: reactive[bool] = reactive(False, init=False, toggle_class="-focus")

    def __init__(
        self, number: int, title: str, view: Widget, *, heavy: bool = False, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.number = number
        self.set_reactive(Pane.title, title)
        self.view = view
        self.heavy = heavy
        self._role_styles: RoleStyles | None = None
        self._drawn: dict[object, tuple[tuple[object, ...], Strip]] = {}

    def compose(self) -> ComposeResult:
        yield self.view

    def watch_stale(self, old: str, new: str) -> None:
        if bool(old) != bool(new):  # the whole frame looks different
            self.refresh()
        else:
            self._repaint_top()

    # --- drawing ---

    def _repaint_row(self, y: int) -> None:
        if self.is_attached:
            self.refresh(Region(0, y, self.size.width, 1))

    def _repaint_top(self) -> None:
        self._repaint_row(0)

    def _repaint_bottom(self) -> None:
        self._repaint_row(self.size.height - 1)

    watch_title = watch_subtitle = watch_status = _repaint_top
    watch_foot = watch_new = _repaint_bottom

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._role_styles = None

    def render_lines(self, crop: Region) -> list[Strip]:
        return filtered_lines(self, crop)

    def render_line(self, y: int) -> Strip:
        if self._role_styles is None:
            self._role_styles = styles_for(self.app.current_theme).on_background(self.rich_style)
            self._drawn.clear()
        frame, width, focused = self._frame, self.size.width, self.focused
        edge: partial[Line] = partial(frame_sides, frame, width, focused)
        if y == 0:
            status, old = self.stale or self.status, bool(self.stale)
            names = (self.number, self.title, self.subtitle, status)
            edge = partial(frame_top, frame, *names, width, focused, old)
        elif y == self.size.height - 1:
            edge = partial(frame_bottom, frame, self.foot, new_rows_badge(self.new), width, focused)
        # The sides are one row drawn once; an edge is drawn again when what it says changed.
        kept = self._drawn.get(edge.func)
        if kept is None or kept[0] != edge.args:
            kept = (edge.args, Strip(self._role_styles.segments(edge(), width), width))
            self._drawn[edge.func] = kept
        return kept[1]

    @property
    def _frame(self) -> str:
        signs = glyphs()
        if self.stale:
            return signs.stale
        return signs.heavy if self.heavy else signs.frame

    # --- events ---

    def on_descendant_focus(self) -> None:
        self.focused = True

    def on_descendant_blur(self) -> None:
        self.focused = False

    def on_line_view_follow_changed(self, event: LineView.FollowChanged) -> None:
        if event.view is self.view:
            self.new = event.new

    def on_click(self, event: events.Click) -> None:
        if event.widget is not self:
            return
        if event.y == self.size.height - 1 and self.new and isinstance(self.view, LineView):
            if event.x >= self.size.width - 2 - width_of(new_rows_badge(self.new)):
                self.view.follow()
        elif event.y == 0:
            self.view.focus()
