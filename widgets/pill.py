"""The pill that counts what came while the view stood still."""

from __future__ import annotations

from tui.system.format import format_number
from widgets.glyphs import glyphs
from widgets.ink import Span


def pill(new: int) -> list[Span]:
    """ "+12 new ↓ f" in a badge; nothing when nothing is new."""
    if new <= 0:
        return []
    shown = f"{new:,}" if new < 100_000 else format_number(new)
    return [(f" +{shown} new {glyphs().down} f ", "badge")]
