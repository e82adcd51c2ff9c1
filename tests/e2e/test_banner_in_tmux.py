"""A loop as a person meets it: the banner, why, and the key that says that it is none."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.tmux import Tmux
from tests.session_files import START, answer, bash, lines, write_project

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
EVENTS = "logs/session.jsonl"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A session that has called the same six times in the last minute."""
    project = write_project(tmp_path / "harbour", [])
    first = time.time() - START - 60
    records = []
    for nth in range(6):
        records.append(bash(2 * nth + 1, "make check", first + 9 * nth))
        records.append(answer(2 * nth + 2, 2 * nth + 1, "no rule", first + 9 * nth + 1, error=True))
    with (project / EVENTS).open("ab") as file:
        file.write(lines(records))
    return project


@pytest.fixture(params=[(120, 40), (80, 24), (60, 20), (40, 15)])
def window(tmp_path: Path, project: Path, request: pytest.FixtureRequest) -> Iterator[Tmux]:
    window = Tmux(tmp_path, project, request.param)
    yield window
    window.close()


def test_a_loop_is_shown_explained_and_called_wrong(window: Tmux) -> None:
    window.start("watch", "--events", EVENTS)
    window.see("make check: 6 times", "x why")
    rows = window.text.split("\n")
    assert any("x why" in row for row in rows[1:4])
    window.press("x")
    window.see("It ends when")
    window.press("n")
    window.see("recorded as")
    window.until(lambda: "x why" not in window.text and "looping" not in window.text)
    window.press("q")
    window.prompt()
    window.tmux("send-keys", "-l", "clear")
    window.press("Enter")
    window.start("status", "--json", "--events", EVENTS)
    window.until(lambda: '"stall":null' in re.sub(r"\s+", "", window.text))


def test_without_colours_the_row_is_reversed(tmp_path: Path, project: Path) -> None:
    window = Tmux(tmp_path, project, (80, 24))
    try:
        window.tmux("send-keys", "-l", "export NO_COLOR=1")
        window.press("Enter")
        window.start("watch", "--events", EVENTS)
        window.see("make check: 6 times")
        row = next(row for row in window.styled.split("\n") if "6 times" in row)
        assert "\x1b[7m" in row or "\x1b[1;7m" in row
        assert not re.search(r"\x1b\[(?:\d+;)*[34]8;|\x1b\[(?:\d+;)*[34][0-7]m", row)
    finally:
        window.close()
