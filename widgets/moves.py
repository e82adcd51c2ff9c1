"""The keys that move about in any scrolling view; help and bindings are made from this table."""

from __future__ import annotations

from typing import NamedTuple


class Move(NamedTuple):
    """Keys (as Textual names them), the view's action, and what it does in a few words."""

    keys: str
    action: str
    label: str


MOVES: tuple[Move, ...] = (
    Move("j,down", "scroll_down", "Line down"),
    Move("k,up", "scroll_up", "Line up"),
    Move("ctrl+d", "half_page_down", "Half a page down"),
    Move("ctrl+u", "half_page_up", "Half a page up"),
    Move("pagedown,space", "page_down", "Page down"),
    Move("pageup", "page_up", "Page up"),
    Move("g,home", "scroll_home", "To the beginning"),
    Move("G,end", "scroll_end", "To the end, and follow"),
    Move("f,F", "toggle_follow", "Follow new lines, or stop"),
    Move("enter", "open", "Open the line"),
)
