"""The keys, from the table of actions."""

from __future__ import annotations

from tui.actions import Place, grouped, keys_of
from widgets.dialog import Sentence
from widgets.plan_dialog import NoticeDialog

_KEY_COLUMNS = 16


def help_lines(place: Place = "main") -> list[Sentence]:
    """One line an action of that screen, under the names of the groups."""
    lines: list[Sentence] = []
    for group, members in grouped(place):
        if lines:
            lines.append("")
        lines.append((group, "heading"))
        for action in members:
            keys = " ".join(keys_of(action))
            lines.append(f"  {keys:<{_KEY_COLUMNS}}{action.help}")
    return lines


def help_screen(place: Place = "main") -> NoticeDialog:
    """The help of a screen as a dialog."""
    return NoticeDialog("Keys", help_lines(place))
