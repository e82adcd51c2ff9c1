from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from widgets import glyphs


@pytest.fixture(autouse=True)
def _same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """UTC, a home of its own, no colour wishes from outside, and the Unicode signs."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL_THEME", "TMUX", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    time.tzset()
    yield
    glyphs.use(glyphs.UNICODE)
    monkeypatch.undo()
    time.tzset()
