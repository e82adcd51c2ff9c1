"""The keys of every scrolling view; help and bindings are made from this table."""

from __future__ import annotations

from typing import NamedTuple


class ViewMove(NamedTuple):
    """Keys (as Textual names them), the view's action, and what it does in a few words."""

    keys: str
    action: str
    label: str


MOVES: tuple[ViewMove, ...] = (
    ViewMove("j,down", "scroll_down", "Line down"),
    ViewMove("k,up", "scroll_up", "Line up"),
    ViewMove("ctrl+d", "half_page_down", "Half a page down"),
    ViewMove("ctrl+u", "half_page_up", "Half a page up"),
    ViewMove("pagedown,space", "page_down", "Page down"),
    ViewMove("pageup", "page_up", "Page up"),
    ViewMove("g,home", "scroll_home", "To the beginning"),
    ViewMove("G,end", "scroll_end", "To the end, and follow"),
    ViewMove("f,F", "toggle_follow", "Follow new lines, or stop"),
    ViewMove("enter", "open", "Open the line"),
)
