"""The keys of every scrolling view; help and bindings are made from this table."""

from __future__ import annotations

from typing import NamedTuple


class ViewMove(NamedTuple):
    """Keys (as Textual names them), the view's action, and what it does in a few words."""

    keys: str
    action: str
    label: str


MOVES: tuple[ViewMove, ...] = (
    ViewMove("j,down", "step(1)", "Line down"),
    ViewMove("k,up", "step(-1)", "Line up"),
    ViewMove("ctrl+d", "step_page(0.5)", "Half a page down"),
    ViewMove("ctrl+u", "step_page(-0.5)", "Half a page up"),
    ViewMove("pagedown,space", "step_page(1)", "Page down"),
    ViewMove("pageup", "step_page(-1)", "Page up"),
    ViewMove("g,home", "scroll_home", "To the beginning"),
    ViewMove("G,end", "scroll_end", "To the end, and follow"),
    ViewMove("f,F", "toggle_follow", "Follow new lines, or stop"),
    ViewMove("enter", "open", "Open the line"),
)
