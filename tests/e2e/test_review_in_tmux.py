"""The morning, in tmux: what plain `overnight-tui` opens when the session is over, and its keys."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.tmux import Tmux
from tests.session_files import START, bash, evening, result, speech, write_project
from tests.unit import repositories

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A finished session in a repository: a commit in it, a claim at its end."""
    project = repositories.make(tmp_path / "harbour", {"sizing.py": "lots = size\n"})
    commit(project, -90, "--amend", "--no-edit")
    last = [
        bash(88, "git commit -m 'Round lots'", 120),
        speech(90, "All tests pass and everything is done.", 130),
        result(91, 140),
    ]
    write_project(project, [*evening(), *last])
    (project / "sizing.py").write_text("lots = 2\n")
    repositories.sh(project, "add", "sizing.py")
    commit(project, 120, "-m", "Round lots")
    return project


def commit(project: Path, after: float, *words: str) -> None:
    """A commit made so many seconds after the session began."""
    at = f"{int(START + after)} +0000"
    repositories.sh(project, "commit", "-q", *words, GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)


@pytest.fixture
def window(tmp_path: Path, project: Path) -> Iterator[Tmux]:
    opened = Tmux(tmp_path, project, (80, 24))
    yield opened
    opened.close()


def test_a_session_that_is_over_is_reviewed(window: Tmux) -> None:
    window.start()
    window.see("Look here first", "ended", "tests", "cost", "commits")
    window.press("1")
    window.see("esc back")
    window.press("Escape")
    window.lose("esc back")
    window.press("C")
    window.see("“position balance”", "progress")
    window.press("B")
    window.see("Round lots")
    window.press("d")
    window.see("+lots = 2")
    window.press("Escape")
    window.lose("+lots = 2")
    window.press("L", "[")
    window.see("looking at")
    window.resize(120, 40)
    window.see("Look here first", "Timeline")
    window.press("a")
    window.see("kept: the night counts as reviewed")
    window.press("R")
    window.see("all reviewed", "✓ kept")
    window.press("Escape")
    window.see("Look here first")
    window.press("m")
    window.see("Progress", "Watchdog")
    window.press("m")
    window.see("Look here first")
    window.press("q")
    window.prompt()
    assert window.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == "0 0 1"


def test_the_review_is_opened_by_its_name(window: Tmux) -> None:
    window.start("review")
    window.see("Look here first")
    window.press("Escape")
    window.see("Events")
    window.press("q")
    window.prompt()
    window.start("watch")
    window.see("Events")
    assert "Look here first" not in window.text


def test_without_colours_nothing_is_lost(tmp_path: Path, project: Path) -> None:
    (tmp_path / "grey").mkdir()
    window = Tmux(tmp_path / "grey", project, (80, 24))
    try:
        window.tmux("send-keys", "-l", "export NO_COLOR=1")
        window.press("Enter")
        window.start()
        window.see("Look here first", "ended")
        assert re.findall(r"\x1b\[[\d;]*(?:[34]8;|\b[349]\d\b)[\d;]*m", window.styled) == []
        window.press("q")
        window.prompt()
    finally:
        window.close()
