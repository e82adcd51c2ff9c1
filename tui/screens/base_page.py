"""What the pages with a key bar share: bindings and bottom line from the table of actions."""

from __future__ import annotations

import os
import subprocess
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.actions import VIEW_ACTIONS, Place, bindings_of, footer_actions, keys_of
from tui.system.children.programs import find_program
from widgets.lists.line_view import LineView
from widgets.output_guard import show_toast
from widgets.status.key_bar import KeyBar, KeyBarItem


def bindings(place: Place) -> list[BindingType]:
    """The keys of a page as Textual wants them."""
    return [Binding(keys, name, label, show=False) for keys, name, label in bindings_of(place)]


def copy_to_tmux(text: str) -> bool:
    """Puts the text in a tmux buffer and, through tmux, in the outer clipboard; False outside tmux."""
    program = find_program("tmux") if os.environ.get("TMUX") else None
    if program is None:
        return False
    try:
        ended = subprocess.run(
            [program, "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "replace"),
            timeout=3,
            capture_output=True,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return ended.returncode == 0


class BasePage(Screen[None]):
    """A page with lists; a subclass says which keys it has, and which of its lists has them."""

    place: ClassVar[Place]

    @property
    def view(self) -> LineView:
        """The list that the keys are about."""
        raise NotImplementedError

    def unavailable_reason(self, operation: str) -> str:
        """Empty when the operation can run now; otherwise a sentence."""
        return ""

    def footer_items(self) -> list[KeyBarItem]:
        """The bottom line, from the table of actions."""
        return [
            KeyBarItem(
                keys_of(action)[0],
                action.label,
                action.name.replace("{key}", "1"),
                enabled=not (action.operation and self.unavailable_reason(action.operation)),
                rank=action.rank,
                gap=action.name == "search",
                right=action.name in ("help", "quit"),
            )
            for action in footer_actions(self.place)
        ]

    def show_footer(self) -> None:
        self.query_one("#footer", KeyBar).items = tuple(self.footer_items())

    @on(KeyBar.Pressed)
    async def _footer_pressed(self, event: KeyBar.Pressed) -> None:
        target = self.view if event.item.action in VIEW_ACTIONS else self
        await self.app.run_action(event.item.action, target)

    def action_copy(self) -> None:
        """Copies the line under the cursor, and says where to."""
        text = self.view.row_text(self.view.cursor) if self.view.count else ""
        self.app.copy_to_clipboard(text)
        place = "the clipboard and a tmux buffer" if copy_to_tmux(text) else "the clipboard"
        show_toast(self.app, f"copied to {place}" if text else "nothing under the cursor")

    def action_theme(self) -> None:
        from widgets.themes import next_theme

        self.app.theme = next_theme(self.app.theme)

    def action_help(self) -> None:
        from tui.screens.info_pages import help_screen

        self.app.push_screen(help_screen(self.place))

    def action_quit(self) -> None:
        self.app.exit()


class OverlayScreen(BasePage):
    """A page that hides the panes."""

    def action_back(self) -> None:
        """To what lies below."""
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()
