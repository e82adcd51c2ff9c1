"""Asks a person by a dialog."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

if TYPE_CHECKING:
    from widgets.dialogs.button_row import DialogAnswer


def ask(
    app: App[Any],
    dialog: Screen[DialogAnswer | None],
    decided: Callable[[DialogAnswer], object],
) -> None:
    """Opens the dialog and hands over the answer; nothing follows where the person cancels."""

    def closed(answer: DialogAnswer | None) -> None:
        if answer is not None:
            decided(answer)

    app.push_screen(dialog, closed)
