"""Nothing but our own sequences leaves for the terminal.

Textual writes text as it stands, so an escape in a label would be obeyed. The feeds clean what
they read; this filter checks every finished line once more, whichever widget drew it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual.filter import LineFilter

from widgets import textual_private
from widgets.glyphs import ASCII_TWINS
from widgets.text_cells import UNSAFE, visible

if TYPE_CHECKING:
    from rich.style import Style
    from textual.app import App
    from textual.color import Color


_BEYOND_ASCII = re.compile("[^\x20-\x7e]")


def _blank_out(match: re.Match[str]) -> str:
    return "�" * cell_len(match[0])


def _ascii_twin(match: re.Match[str]) -> str:
    sign = match[0]
    return ASCII_TWINS.get(ord(sign), "?" * cell_len(sign))


class OutputGuard(LineFilter):
    """Takes control characters, invisible characters and hyperlinks out of every drawn line.

    Columns stay as they are. With `ascii_only` everything else beyond ASCII goes as well.
    """

    def __init__(self, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if self.ascii_only:
            return [
                Segment(_BEYOND_ASCII.sub(_ascii_twin, text), _linkless(style))
                for text, style, _ in segments
            ]
        if all(_harmless(text, style) for text, style, _ in segments):
            return segments
        return [
            Segment(text if text.isprintable() else UNSAFE.sub(_blank_out, text), _linkless(style))
            for text, style, _ in segments
        ]


def _harmless(text: str, style: Style | None) -> bool:
    return text.isprintable() and (style is None or style.link is None)


def _linkless(style: Style | None) -> Style | None:
    return style.update_link(None) if style is not None and style.link is not None else style


def install_guard(app: App[Any], ascii_only: bool = False) -> OutputGuard:
    """Put a guard before the app's other line filters; call it in the app's `__init__`."""
    guard = OutputGuard(ascii_only)
    textual_private.insert_filter(app, guard)
    return guard


def show_toast(
    app: App[Any],
    text: str,
    title: str = "",
    severity: Literal["information", "warning", "error"] = "information",
    timeout: float | None = None,
) -> None:
    """Show a toast whose words cannot be markup."""
    words = "\n".join([visible(line) for line in text.split("\n")])
    app.notify(words, title=visible(title), severity=severity, timeout=timeout, markup=False)
