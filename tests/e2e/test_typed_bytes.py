"""Bytes that no keyboard sends: the screen goes on, and listens."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.session_files import write_project


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal("watch", home=tmp_path, cwd=write_project(tmp_path / "harbour"))
    terminal.see("All green", "q quit")
    terminal.settle()
    yield terminal
    terminal.close()


def test_bytes_that_are_no_text_do_not_end_the_listening(terminal: Terminal) -> None:
    os.write(terminal._ours, b"\xff\xfe")
    terminal.settle()
    os.write(terminal._ours, b"\xc3?")  # a sign that is cut short, and the help
    terminal.see("go to the progress pane")
    terminal.press("q")
    terminal.until(lambda: "go to the progress pane" not in terminal.text)
    terminal.press("q")
    assert terminal.end() == 0
    assert b"Traceback" not in terminal.output


def test_a_paste_with_escapes_is_text_and_no_key(terminal: Terminal) -> None:
    terminal.press("/")
    terminal.see("search the whole night")
    os.write(terminal._ours, b"\x1b[200~lot\x1b\x1bq\x1bPq\xffK/\x1b[201~")
    terminal.see("lot␛␛q␛Pq")
    terminal.settle()
    assert terminal.process.poll() is None
    terminal.press("\x1b")
    terminal.until(lambda: "lot␛" not in terminal.text)
    terminal.press("q")
    assert terminal.end() == 0


@pytest.mark.parametrize(
    ("hang_ups", "code"), [("heard", -signal.SIGHUP), ("ignored", 128 + signal.SIGHUP)]
)
def test_a_terminal_that_is_gone_ends_the_viewer(tmp_path: Path, hang_ups: str, code: int) -> None:
    """Also one that sends no signal about it, as it does to a process that is not its own.

    What a process ignores, its children ignore: `nohup` would keep them, and a test run under it.
    """
    project = write_project(tmp_path / "harbour")
    before = signal.signal(
        signal.SIGHUP, signal.SIG_IGN if hang_ups == "ignored" else signal.SIG_DFL
    )
    try:
        terminal = Terminal("watch", home=tmp_path, cwd=project)
    finally:
        signal.signal(signal.SIGHUP, before)
    try:
        terminal.see("All green", "q quit")
        terminal.hang_up()
        assert terminal.process.wait(20) == code
    finally:
        terminal.close()
