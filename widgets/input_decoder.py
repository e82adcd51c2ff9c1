"""Bytes from the terminal to text."""

from __future__ import annotations

import codecs
import os
import signal
from typing import TYPE_CHECKING, NoReturn

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
    signal.raise_signal(signal.SIGHUP)
    os._exit(128 + signal.SIGHUP)
