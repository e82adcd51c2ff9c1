"""One key at a time."""

from __future__ import annotations

import time
from collections import deque

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

PATIENCE_S = 2.0
"""After this long a key no longer waits for the one before it."""


class KeySerializer(App[None]):
    """An app whose keys and pastes never overtake what the key before them began.

    Textual hands each key to whatever has the focus the moment it is read, while the key before it
    is still on its way through the widgets: of `/`, words, enter and `n` in one packet the `n` would
    be a letter of the search. Here a key waits until the one before it has passed every widget that
    may act on it, and until a page that it opened stands.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._turn = 0
        self._turn_began: float | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._waiting.append(event)
        began = self._turn_began
        if began is None or time.monotonic() - began > PATIENCE_S:
            await self._next_turn()

    async def _next_turn(self) -> None:
        if not self._waiting:
            self._turn_began = None
            return
        self._turn += 1
        self._turn_began = time.monotonic()
        page: Screen[object] = self.screen
        first: DOMNode = self.focused or page
        await super().on_event(self._waiting.popleft())
        self._follow(first, page, self._turn)

    def _follow(self, node: DOMNode | None, page: Screen[object], turn: int) -> None:
        """Goes the way that the key goes, one message behind it: from the widget up to the app."""
        while node is not None and node is not self:
            if node.call_later(self._follow, node.parent, page, turn):
                return
            node = node.parent
        self.call_later(self._passed, page, turn)

    async def _passed(self, page: Screen[object], turn: int) -> None:
        opened = self.screen
        if opened is page or not opened.call_after_refresh(self._stands, turn):
            await self._over(turn)

    def _stands(self, turn: int) -> None:
        self.call_later(self._over, turn)

    async def _over(self, turn: int) -> None:
        if turn == self._turn:
            await self._next_turn()
