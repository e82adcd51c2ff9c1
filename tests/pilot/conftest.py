from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.session_files import answer, bash, delta, lines, speech, write_project
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
    glyphs.set_glyphs(glyphs.UNICODE)
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "harbour")


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Two hundred rows, an error every fifty."""
    records = []
    for n in range(200):
        records.append(bash(2 * n + 1, f"step {n}", n))
        failed = n % 50 == 49
        records.append(answer(2 * n + 2, 2 * n + 1, f"out {n}", n + 0.5, error=failed))
    return write_project(tmp_path / "harbour", records)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Three thousand rows in about 26 MB: most of it is talk that no row shows."""
    project = write_project(tmp_path / "harbour", [])
    pieces = lines(delta(100_000, "w" * 4_000) for _ in range(2))
    with (project / "logs/session.jsonl").open("ab") as file:
        for n in range(1, 3_001):
            file.write(lines([speech(n, f"row {n} here", float(n))]) + pieces)
    return project
