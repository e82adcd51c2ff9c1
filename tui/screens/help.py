"""The keys, from the table of actions."""

from __future__ import annotations

from tui.actions import grouped, shown_key
from widgets.dialog import Sentence
from widgets.plan_dialog import NoticeDialog

_KEY_COLUMNS = 16


def help_lines() -> list[Sentence]:
    """One line an action, under the names of the groups."""
    lines: list[Sentence] = []
    for group, members in grouped():
        if lines:
            lines.append("")
        lines.append((group, "heading"))
        for action in members:
            keys = " ".join(shown_key(key) for key in action.keys)
            lines.append(f"  {keys:<{_KEY_COLUMNS}}{action.help}")
    return lines


def help_screen() -> NoticeDialog:
    """The help as a dialog."""
    return NoticeDialog("Keys", help_lines())
