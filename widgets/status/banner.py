"""What is wrong, for how long, and which key helps: rows under the header that are there only then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.glyphs import glyphs
from widgets.ink import Line, Role, RoleStyles, Span, width_of
from widgets.line_layout import wrap
from widgets.text_cells import clip, visible
from widgets.themes import styles_for

Tone = Literal["bad", "warning", "ok"]
WIDE: Final = 100
"""Columns from which on the keys stand behind the words where both fit."""
SMALL: Final = 52
"""Columns below which the keys have a row of their own, at the left."""
_MOST_ROWS = 3


class BannerKey(Struct, frozen=True):
    """A key and its word; the one that helps most is `marked`. `action` is what it does."""

    key: str
    label: str
    action: str
    marked: bool = False


class BannerFacts(Struct, frozen=True):
    """What the banner says; `elapsed` is how long, `badge` a word in front, `more` how many others wait."""

    words: str
    tone: Tone = "bad"
    elapsed: str = ""
    badge: str = ""
    keys: tuple[BannerKey, ...] = ()
    more: int = 0


class _Roles(Struct, frozen=True):
    text: Role
    strong: Role
    key: Role


_ROLES: dict[Tone, _Roles] = {
    "bad": _Roles("trouble", "trouble_strong", "trouble_key"),
    "warning": _Roles("caution", "caution_strong", "caution_key"),
    "ok": _Roles("ok", "ok", "badge"),
}


class KeyPlace(Struct, frozen=True):
    """Where a key is drawn: its row and columns."""

    row: int
    start: int
    end: int
    action: str


def _words(facts: BannerFacts, roles: _Roles) -> list[Span]:
    lead: list[Span] = []
    if facts.badge:
        lead += [(f" {visible(facts.badge)} ", roles.key), (" ", roles.text)]
    if facts.elapsed:
        lead += [(facts.elapsed, roles.strong), ("  ", roles.text)]
    return [*lead, (visible(facts.words), roles.text)]


def _keys(facts: BannerFacts, roles: _Roles) -> tuple[list[Span], list[KeyPlace]]:
    """The keys in a row, and where each is from the row's beginning."""
    spans: list[Span] = []
    places: list[KeyPlace] = []
    if facts.more:
        spans.append((f"+{facts.more} more", roles.text))
    for one in facts.keys:
        if spans:
            spans.append(("  ", roles.text))
        start = width_of(spans)
        if one.marked:
            spans.append((f" {visible(one.key)} {visible(one.label)} ", roles.key))
        else:
            spans += [(visible(one.key), roles.strong), (f" {visible(one.label)}", roles.text)]
        places.append(KeyPlace(0, start, width_of(spans), one.action))
    return spans, places


def banner_rows(facts: BannerFacts, width: int) -> tuple[list[Line], list[KeyPlace]]:
    """The rows in `width` columns, and where the keys are in them."""
    roles = _ROLES[facts.tone]
    keys, places = _keys(facts, roles)
    room = max(4, width - 2)
    below = bool(keys) and width < SMALL
    words = _broken(_words(facts, roles), room, _MOST_ROWS, roles)
    if keys and not below:
        fits = width_of(words[-1]) + 2 + width_of(keys) <= room
        if not fits or (width < WIDE and len(words) == 1):
            most = _MOST_ROWS - 1
            words = [*_broken(_words(facts, roles), room, most, roles), []]
    elif below:
        words.append([])
    rows = [[(" ", roles.text), *row] for row in words]
    start = 1 if below else max(1, width - 1 - width_of(keys))
    last = rows[-1]
    last.append((" " * (start - width_of(last)), roles.text))
    last += keys
    for row in rows:
        row.append((" " * max(0, width - width_of(row)), roles.text))
    shown = [
        KeyPlace(len(rows) - 1, start + one.start, start + one.end, one.action) for one in places
    ]
    return [*rows], shown


def _broken(words: Sequence[Span], room: int, most: int, roles: _Roles) -> list[list[Span]]:
    """The words in at most so many rows; what does not fit is cut off and marked."""
    rows = wrap(words, room)
    if len(rows) <= most:
        return rows
    cut = clip("".join(text for text, _ in rows[most - 1]), room - 1, "") + glyphs().ellipsis
    return [*rows[: most - 1], [(cut, roles.text)]]


class Banner(Widget):
    """Draws `BannerFacts`, as many rows as they need; without facts it is not there.

    A click on a key posts `Pressed`. It is painted again only when its rows read differently.
    """

    DEFAULT_CSS = """
    Banner {
        display: none;
        height: 1;
        width: 1fr;
        background: $surface;
        color: $foreground;
    }
    """
    ALLOW_SELECT = False

    @dataclass
    class Pressed(Message):
        """The person clicked a key."""

        action: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts: BannerFacts | None = None
        self._rows: list[Line] = []
        self._places: list[KeyPlace] = []
        self._styles: RoleStyles | None = None

    @property
    def facts(self) -> BannerFacts | None:
        """What it says now."""
        return self._facts

    def show(self, facts: BannerFacts | None) -> None:
        """Say this from now on; None: nothing is wrong."""
        if facts == self._facts:
            return
        self._facts = facts
        self._lay_out()

    def _lay_out(self) -> None:
        """Break the words for the width there is; the height changes only with the number of rows."""
        width = self.app.size.width
        if self._facts is None:
            self._rows, self._places = [], []
            self.display = False
            return
        old = self._rows
        self._rows, self._places = banner_rows(self._facts, width)
        if len(self._rows) != len(old) or not self.display:
            self.styles.height = len(self._rows)
            self.display = True
        if self._rows != old:
            self.refresh()

    def on_resize(self) -> None:
        self._lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = None

    def render_line(self, y: int) -> Strip:
        if self._styles is None:
            self._styles = styles_for(self.app.current_theme).on_background(self.rich_style)
        width = self.size.width
        if y >= len(self._rows):
            return Strip.blank(width)
        segments: list[Segment] = self._styles.segments(self._rows[y], width)
        return Strip(segments, width)

    def on_click(self, event: events.Click) -> None:
        for place in self._places:
            if place.row == event.y and place.start <= event.x < place.end:
                self.post_message(self.Pressed(place.action))
