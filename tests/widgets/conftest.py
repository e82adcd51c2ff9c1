from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from widgets import glyphs


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """UTC, no colour wishes from outside, and the Unicode signs."""
    monkeypatch.setenv("TZ", "UTC")
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    time.tzset()
    yield
    glyphs.set_glyphs(glyphs.UNICODE)
    monkeypatch.undo()
    time.tzset()
