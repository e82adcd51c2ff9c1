"""As a person has it: in tmux, over a session that goes on, resized, quit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.tmux import Tmux
from tests.payloads import PAYLOADS
from tests.session_files import answer, bash, evening, lines, result, speech, write_project
from tui.system import paths

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")

Open = Callable[..., Tmux]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    windows: list[Tmux] = []

    def open_window(cwd: Path, size: tuple[int, int] = (120, 40)) -> Tmux:
        windows.append(Tmux(tmp_path, cwd, size))
        return windows[-1]

    yield open_window
    for window in windows:
        window.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "harbour")


def append(project: Path, *records: dict[str, object]) -> None:
    with (project / "logs/session.jsonl").open("ab") as file:
        file.write(lines(records))


def test_a_growing_session_is_followed(opened: Open, project: Path) -> None:
    window = opened(project)
    window.start("watch")
    window.see("All green", "position balance", "? help")
    append(project, bash(50, "make the-news", 110))
    window.see("make the-news")
    append(project, answer(51, 50, "boom", 115, error=True))
    window.see("boom", "5.0s")
    for number in range(100):
        append(project, speech(100 + number, f"row {number}", 200.0 + number))
    window.see("row 99", "follow")
    window.press("k", "k")
    window.see("held")
    append(project, speech(900, "one more", 900))
    window.see("+1 new")


def test_it_fits_every_size_that_the_window_takes(opened: Open, project: Path) -> None:
    window = opened(project)
    window.start("watch")
    window.see("All green", "position balance")
    window.resize(80, 24)
    window.lose("position balance")
    window.see("All green", "3 Notes", "? help")
    window.resize(60, 20)
    window.see("All green", "? help")
    window.resize(200, 60)
    window.see("All green", "position balance", "q quit")


def test_quitting_restores_the_terminal_and_says_that_the_session_goes_on(
    opened: Open, project: Path
) -> None:
    import os
    import time

    append(project, bash(50, "make the-news", time.time() - 1_780_000_000.0))
    stream = project / "logs/session.jsonl"
    os.utime(stream)
    window = opened(project)
    window.tmux("send-keys", "-l", "echo before the start; stty -g > modes")
    window.press("Enter")
    window.see("before the start")
    window.start("--events", str(stream))
    window.see("make the-news", "Events")
    assert window.format("#{alternate_on} #{mouse_any_flag}") == "1 1"
    window.press("q")
    window.see("the session goes on", "before the start")
    window.prompt()
    window.lose("Events ─")
    assert window.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == "0 0 1"
    window.tmux("send-keys", "-l", "stty -g | cmp - modes && echo same as before")
    window.press("Enter")
    window.see("same as before")
    assert stream.exists()


def test_a_finished_session_is_left_without_a_word(opened: Open, project: Path) -> None:
    append(project, result(50, 120))
    window = opened(project)
    window.start("watch")
    window.see("finished")
    window.press("q")
    window.prompt()
    window.lose("Events ─")
    assert "goes on" not in window.text


def test_hostile_text_changes_no_title_and_no_buffer(opened: Open, tmp_path: Path) -> None:
    records, number = evening(), 1_000
    for payload in PAYLOADS:
        number += 3
        text = payload.text[:2_000]
        records += [bash(number, text, number), answer(number + 1, number, text, number)]
        records.append(speech(number + 2, text, number))
    project = write_project(tmp_path / "harbour", records)
    window = opened(project)
    window.tmux("set", "-g", "set-clipboard", "on")
    window.tmux("set", "-g", "allow-passthrough", "on")
    title = window.format("#{pane_title}")
    window.start("watch")
    window.see("Events", "before")
    window.press("v", "v", "g")
    window.see("harbour", "held")
    for _ in range(12):
        window.press("NPage")
    window.press("G")
    window.see("everything")
    window.press("Enter")
    window.see("esc back")
    window.press("Escape")
    window.lose("esc back")
    assert window.format("#{pane_title}") == title
    assert window.format("#{window_name}") != "pwned"
    assert window.tmux("list-buffers") == ""
    window.press("q")
    window.prompt()
    assert window.format("#{pane_title}") == title


def test_a_crash_inside_is_a_sentence(opened: Open, project: Path, tmp_path: Path) -> None:
    """A module that fails while the screen is open: the terminal comes back with one line."""
    broken = tmp_path / "broken" / "sitecustomize.py"
    broken.parent.mkdir()
    broken.write_text(
        "import builtins\n"
        "real = builtins.__import__\n"
        "def load(name, *more, **words):\n"
        "    if name == 'tui.screens.info_pages':\n"
        "        raise RuntimeError('broken on purpose')\n"
        "    return real(name, *more, **words)\n"
        "builtins.__import__ = load\n"
    )
    window = opened(project)
    window.tmux("send-keys", "-l", f"export PYTHONPATH={broken.parent}:$PYTHONPATH")
    window.press("Enter")
    window.start("watch")
    window.see("All green")
    window.press("x")
    window.see("this should not have happened (RuntimeError); the trace is in")
    window.prompt()
    assert "Traceback" not in window.text
    assert window.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == "0 0 1"
    log = paths.state_dir() / "crash.log"
    assert "broken on purpose" in log.read_text()


def test_copying_reaches_the_tmux_buffer(opened: Open, project: Path) -> None:
    window = opened(project)
    window.start("watch")
    window.see("All green")
    window.press("y")
    window.see("copied to the clipboard and a tmux buffer")
    assert "All green. Next: the percentile filter." in window.tmux("show-buffer")


def test_two_viewers_of_one_session_do_not_mind_each_other(
    opened: Open, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    one, two = opened(project), None
    two = Tmux(tmp_path / "second", project, (80, 24))
    try:
        one.start("watch")
        two.start("watch")
        one.see("All green")
        two.see("All green")
        append(project, speech(100, "for both", 200))
        one.see("for both")
        two.see("for both")
        one.press("q")
        one.prompt()
        append(project, speech(101, "for the other", 201))
        two.see("for the other")
    finally:
        two.close()
