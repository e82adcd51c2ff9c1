"""From the terminal's bytes to keys that are handed out one at a time."""

from __future__ import annotations

import codecs
import os
import signal
import time
from collections import deque
from typing import TYPE_CHECKING, NoReturn

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


ESCAPE = "\x1b"
VISIBLE_ESCAPE = "␛"
PASTE_BEGINS = "\x1b[200~"
PASTE_ENDS = "\x1b[201~"


class TerminalInputDecoder(codecs.IncrementalDecoder):
    """Decodes UTF-8 from a terminal; bytes that are none become U+FFFD.

    Escapes inside a bracketed paste become visible signs: Textual would take what follows them for
    keys as well, and so for commands.
    """

    def __init__(self, errors: str = "replace") -> None:
        super().__init__(errors)
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._pasting = False
        self._tail = ""
        self._held = ""

    def decode(self, input: ReadableBuffer, final: bool = False) -> str:
        """The text of these bytes, as far as it is certain already.

        Raises EOFError for no bytes: the terminal is gone.
        """
        if not input and not final:
            raise EOFError("the terminal is gone")
        text = self._held + self._utf8.decode(input, final)
        self._held = ""
        parts: list[str] = []
        while text:
            part, text = (
                self._decode_paste(text, final) if self._pasting else self._decode_keys(text)
            )
            parts.append(part)
        return "".join(parts)

    def _decode_keys(self, text: str) -> tuple[str, str]:
        """Up to and with the beginning of a paste; nothing is held back, an escape may be a key."""
        tail_length = len(self._tail)
        joined = self._tail + text
        start = joined.find(PASTE_BEGINS)
        if start < 0:
            self._tail = joined[1 - len(PASTE_BEGINS) :]
            return text, ""
        self._tail = ""
        self._pasting = True
        cut = start + len(PASTE_BEGINS) - tail_length
        return text[:cut], text[cut:]

    def _decode_paste(self, text: str, final: bool) -> tuple[str, str]:
        place = text.find(PASTE_ENDS)
        if place >= 0:
            self._pasting = False
            cut = place + len(PASTE_ENDS)
            return text[:place].replace(ESCAPE, VISIBLE_ESCAPE) + PASTE_ENDS, text[cut:]
        escape = text.rfind(ESCAPE)
        if not final and escape >= 0 and PASTE_ENDS.startswith(text[escape:]):
            text, self._held = text[:escape], text[escape:]
        return text.replace(ESCAPE, VISIBLE_ESCAPE), ""


def end_with_terminal() -> NoReturn:
    """Ends the process as the hang-up of its own terminal would, also where that is ignored.

    Under `nohup` the signal does nothing; but without a terminal nobody sees the screen, and nobody
    can close it.
    """
    os.kill(os.getpid(), signal.SIGHUP)
    # A handler runs in the main thread; where it does not come to that, nobody misses the screen.
    time.sleep(_HANG_UP_SECONDS)
    os._exit(128 + signal.SIGHUP)


_HANG_UP_SECONDS = 1.0
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
