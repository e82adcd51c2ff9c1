"""Cell widths; clipping and padding by columns."""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len, set_cell_size

from widgets.glyphs import glyphs

UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, bidirectional and invisible characters, surrogates: nothing of it may be drawn."""
_WIDTH_SHIFTERS: Final = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
"""Variation selectors and skin tones: terminals disagree about the columns that they take."""


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in (0x09, 0x0A, 0x0D):
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"


def visible(text: str) -> str:
    """The text as one drawable line: tabs and line ends are blanks, what is unsafe is a picture."""
    if text.isascii():
        return text if text.isprintable() else UNSAFE.sub(_picture, text)
    text = _WIDTH_SHIFTERS.sub("", text)
    return text if text.isprintable() else UNSAFE.sub(_picture, text)


def cells(text: str) -> int:
    """Columns that a drawable text takes."""
    return len(text) if text.isascii() else cell_len(text)


def clip(text: str, width: int, ellipsis: str | None = None) -> str:
    """The text in at most `width` columns; what is cut off is marked, as the signs in use do it."""
    if cells(text) <= width:
        return text
    ellipsis = glyphs().ellipsis if ellipsis is None else ellipsis
    if width <= len(ellipsis):
        return ellipsis[: max(0, width)]
    room = width - len(ellipsis)
    if text.isascii():
        return text[:room] + ellipsis
    # Four characters a column is more than any script needs, so a huge text costs no more.
    cut = set_cell_size(text[: room * 4], room)
    if ellipsis:
        return cut.rstrip() + ellipsis
    # A blank stands at the end where a wide character would have been cut in half.
    return cut if text.startswith(cut) else cut[:-1]


def clip_start(text: str, width: int) -> str:
    """The end of the text in at most `width` columns, as paths are best shortened."""
    if cells(text) <= width:
        return text
    ellipsis = glyphs().ellipsis
    tail = text[-max(0, width - len(ellipsis)) :] if width > len(ellipsis) else ""
    while tail and cells(tail) > width - len(ellipsis):
        tail = tail[1:]
    return clip(ellipsis, width, "") + tail


def clip_path(path: str, width: int) -> str:
    """The path in at most `width` columns: folders in its middle are left out, its name stays."""
    if cells(path) <= width:
        return path
    ellipsis = glyphs().ellipsis
    parts = path.replace("\\", "/").split("/")
    for first in range(1, len(parts)):
        short = "/".join((ellipsis, *parts[first:]))
        if cells(short) <= width:
            return short
    return clip_start(parts[-1], width)


def pad(text: str, width: int) -> str:
    """The text in exactly `width` columns."""
    short = clip(text, width)
    return short + " " * (width - cells(short))
