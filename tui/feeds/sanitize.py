"""The one door for text: whatever came from a file, an agent or git passes here before it is shown.

What leaves is harmless: no control character but newline and tab, nothing invisible, nothing that
changes the direction of writing, no line beyond `LINE_LIMIT`. It is text still, never markup: who
draws it must not parse it.
"""

from __future__ import annotations

from tui.feeds.sgr import clean_coloured, clean_keeping_sgr, strip_ansi
from tui.feeds.visible import LINE_LIMIT, clean, clean_bytes, clean_line, cut_middle

__all__ = [
    "LINE_LIMIT",
    "clean",
    "clean_bytes",
    "clean_coloured",
    "clean_keeping_sgr",
    "clean_line",
    "cut_middle",
    "strip_ansi",
]
