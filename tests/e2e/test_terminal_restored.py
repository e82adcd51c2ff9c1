"""However the viewer ends, the terminal is as it was: screen, cursor, mouse, pastes, line mode, exit status."""

from __future__ import annotations

import re
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal import Terminal
from tests.session_files import write_project

MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
AT_REST = {b"25", b"7"}  # a cursor, and lines that wrap
ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)


def modes_on(output: bytes | bytearray) -> set[bytes]:
    """The private modes that a terminal would have on after these bytes."""
    on = set(AT_REST)
    for names, switch in MODES.findall(output):
        for name in names.split(b";"):
            (on.add if switch == b"h" else on.discard)(name)
    return on


def line_mode(terminal: Terminal) -> list[Any]:
    return termios.tcgetattr(terminal._ours)


def stop_it(terminal: Terminal) -> None:
    """Suspends the viewer, as ctrl+z does, and waits until it stands still."""
    terminal.process.send_signal(signal.SIGTSTP)
    state = Path(f"/proc/{terminal.process.pid}/stat")
    terminal.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")


@pytest.fixture
def open_viewer(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_it(**env: str) -> Terminal:
        project = write_project(tmp_path / f"harbour{len(opened)}")
        opened.append(Terminal("watch", home=tmp_path, cwd=project, env=env))
        return opened[-1]

    yield open_it
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("moment", ["first lines", "screen begins", "at rest"])
def test_a_signal_ends_it_and_leaves_nothing_behind(
    open_viewer: Callable[..., Terminal], number: signal.Signals, moment: str
) -> None:
    terminal = open_viewer()
    before = line_mode(terminal)
    if moment == "first lines":
        terminal.until(lambda: b"\x1b[?1049h" in terminal.output)
    elif moment == "screen begins":
        terminal.until(lambda: b"\x1b[?1000h" in terminal.output)
    else:
        terminal.see("All green", "q quit")
        assert {b"1049", b"1000", b"1006", b"2004"} <= modes_on(terminal.output)
        assert line_mode(terminal) != before
    terminal.process.send_signal(number)
    assert terminal.end() == -number
    assert modes_on(terminal.output) == AT_REST
    assert line_mode(terminal) == before


def test_while_it_is_stopped_the_terminal_is_free_and_then_comes_back(
    open_viewer: Callable[..., Terminal],
) -> None:
    terminal = open_viewer()
    before = line_mode(terminal)
    terminal.see("All green", "q quit")
    stop_it(terminal)
    while terminal.read():
        pass
    assert modes_on(terminal.output) == AT_REST
    assert line_mode(terminal) == before
    terminal.process.send_signal(signal.SIGCONT)
    terminal.until(lambda: b"1049" in modes_on(terminal.output))
    terminal.until(lambda: line_mode(terminal) != before)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM
    assert modes_on(terminal.output) == AT_REST
    assert line_mode(terminal) == before


def test_a_signal_that_comes_while_it_is_stopped_ends_it_when_it_goes_on(
    open_viewer: Callable[..., Terminal],
) -> None:
    terminal = open_viewer()
    before = line_mode(terminal)
    terminal.see("All green", "q quit")
    stop_it(terminal)
    terminal.process.send_signal(signal.SIGTERM)
    terminal.process.send_signal(signal.SIGCONT)
    assert terminal.end() == -signal.SIGTERM
    assert modes_on(terminal.output) == AT_REST
    assert line_mode(terminal) == before


FAULT = """
import sys
from widgets import terminal_guard
with terminal_guard.guarded_terminal():
    import tty
    tty.setraw(0)
    terminal_guard.on_changed()
    sys.stdout.write("\\x1b[?1049h\\x1b[?25l\\x1b[?1000h")
    sys.stdout.flush()
    raise SystemExit(7)
"""


def test_a_fault_leaves_nothing_behind(
    open_viewer: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the screen is up, when the first lines stand on the alternate screen already."""
    monkeypatch.setattr("tests.e2e.terminal.command", lambda *words: [sys.executable, "-c", FAULT])
    terminal = open_viewer()
    before = line_mode(terminal)
    assert terminal.end() == 7
    assert b"\x1b[?1049h" in terminal.output
    assert modes_on(terminal.output) == AT_REST
    assert line_mode(terminal) == before
