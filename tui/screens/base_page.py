"""What every page over the panes shares."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.screen import Screen

from tui.actions import Place, footer_actions, keys_of
from widgets.review.review_view import ReviewView
from widgets.status.key_bar import KeyBar, KeyBarItem


class OverlayScreen(Screen[None]):
    """A page with lists; a subclass says which keys it has, and which of its lists has them."""

    place: ClassVar[Place]

    @property
    def view(self) -> ReviewView:
        """The list that the keys are about."""
        raise NotImplementedError

    def why_not(self, name: str) -> str:
        """Empty when the action can work now; otherwise a sentence."""
        return ""

    def footer_items(self) -> list[KeyBarItem]:
        """The bottom line, from the table of actions."""
        return [
            KeyBarItem(
                keys_of(action)[0],
                action.label,
                action.name.replace("{key}", "1"),
                enabled=not (action.deed and self.is_attached and self.why_not(action.name)),
                rank=action.rank,
                right=action.name in ("help", "quit"),
            )
            for action in footer_actions(self.place)
        ]

    @on(KeyBar.Pressed)
    async def _footer_pressed(self, event: KeyBar.Pressed) -> None:
        target = self.view if event.item.action == "open" else self
        await self.app.run_action(event.item.action, target)

    def action_copy(self) -> None:
        from tui.screens.clipboard import copy

        copy(self.app, self.view.row_text(self.view.cursor) if self.view.count else "")

    def action_theme(self) -> None:
        from widgets.themes import next_theme

        self.app.theme = next_theme(self.app.theme)

    def action_help(self) -> None:
        from tui.screens.info_pages import help_screen

        self.app.push_screen(help_screen(self.place))

    def action_quit(self) -> None:
        self.app.exit()

    def action_back(self) -> None:
        """To what lies below."""
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()
