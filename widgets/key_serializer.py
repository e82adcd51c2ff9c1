"""Hands keys to the widgets one at a time."""

from __future__ import annotations

import time
from collections import deque

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

LONGEST_WAIT_S = 2.0
"""After this long a key no longer waits for the one before it."""


class KeySerializer(App[None]):
    """An app whose keys and pastes never overtake what the key before them began.

    Textual hands each key to whatever has the focus the moment it is read, while the key before it
    is still on its way through the widgets: of `/`, words, enter and `n` in one packet the `n` would
    be a letter of the search. Here a key waits until the one before it has passed every widget that
    may act on it, and until a page that it opened stands.
    """

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._key_number = 0
        self._dispatched_at: float | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._waiting.append(event)
        began = self._dispatched_at
        if began is None or time.monotonic() - began > LONGEST_WAIT_S:
            await self._dispatch_next()

    async def _dispatch_next(self) -> None:
        if not self._waiting:
            self._dispatched_at = None
            return
        self._key_number += 1
        self._dispatched_at = time.monotonic()
        page: Screen[object] = self.screen
        first: DOMNode = self.focused or page
        await super().on_event(self._waiting.popleft())
        self._trail(first, page, self._key_number)

    def _trail(self, node: DOMNode | None, page: Screen[object], number: int) -> None:
        """Follow the key, one message behind it, from the widget up to the app."""
        while node is not None and node is not self:
            if node.call_later(self._trail, node.parent, page, number):
                return
            node = node.parent
        self.call_later(self._on_passed, page, number)

    async def _on_passed(self, page: Screen[object], number: int) -> None:
        opened = self.screen
        if opened is page or not opened.call_after_refresh(self._on_page_drawn, number):
            await self._on_handled(number)

    def _on_page_drawn(self, number: int) -> None:
        self.call_later(self._on_handled, number)

    async def _on_handled(self, number: int) -> None:
        if number == self._key_number:
            await self._dispatch_next()
