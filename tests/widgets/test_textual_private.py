"""What we use of Textual behind its public face; each test says what breaks when it changes."""

from __future__ import annotations

import ast
import errno
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widget import Widget

from tests.command_line import REPOSITORY
from widgets import textual_private
from widgets.terminal_input import TerminalInputDecoder
from widgets.textual_private import TerminalApp, TerminalDriver


class Ended(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> TerminalDriver:
    def end() -> None:
        raise Ended

    monkeypatch.setattr(textual_private, "end_with_terminal", end)
    monkeypatch.setitem(vars(linux_driver), "getincrementaldecoder", None)
    return TerminalDriver.__new__(TerminalDriver)


@pytest.mark.parametrize("error", [EOFError(), OSError(errno.EIO, "Input/output error")])
def test_a_terminal_that_goes_away_ends_the_process(
    driver: TerminalDriver, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a viewer without a terminal asks for keys for ever, or draws a traceback for nobody."""

    def lost(self: Driver) -> None:
        raise error

    monkeypatch.setattr(linux_driver.LinuxDriver, "run_input_thread", lost)
    with pytest.raises(Ended):
        driver.run_input_thread()


def test_the_driver_reads_keys_with_our_decoder(
    driver: TerminalDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one byte that is no UTF-8 ends the keyboard, and a paste with escapes is taken for keys."""
    source = Path(linux_driver.__file__).read_text("utf-8")
    assert 'getincrementaldecoder("utf-8")().decode' in source
    used: list[object] = []

    def reads(self: Driver) -> None:
        used.append(vars(linux_driver)["getincrementaldecoder"]("utf-8"))

    monkeypatch.setattr(linux_driver.LinuxDriver, "run_input_thread", reads)
    driver.run_input_thread()
    assert used == [TerminalInputDecoder]


def test_only_the_terminal_gets_our_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the viewer runs with a strict decoder, or another driver of Textual's is not used."""
    assert App().get_driver_class() is linux_driver.LinuxDriver
    assert TerminalApp().get_driver_class() is TerminalDriver
    monkeypatch.setattr(App, "get_driver_class", lambda self: HeadlessDriver)
    assert TerminalApp().get_driver_class() is HeadlessDriver


def test_a_filter_is_put_before_the_others() -> None:
    """Else escapes from a session's text reach the terminal."""
    app: App[None] = App()
    there = list(app.get_line_filters())
    mine = _Filter()
    textual_private.insert_filter(app, mine)
    assert app.get_line_filters() == [mine, *there]


class _Filter(LineFilter):
    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return segments


class Faulty(TerminalApp):
    def on_mount(self) -> None:
        raise RuntimeError("broken on purpose")


async def test_a_fault_ends_the_app_without_a_traceback_on_the_screen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Else a fault of ours fills the terminal with Textual's traceback, or leaves the viewer standing."""
    app = Faulty()
    with pytest.raises(RuntimeError, match="broken on purpose"):
        async with app.run_test():
            pass
    assert app.return_code == 1
    assert str(app.fault) == "broken on purpose"
    assert capsys.readouterr().err == ""


PRIVATE = re.compile(r"^_[a-z]")
PRIVATE_MODULE = re.compile(r"^(textual|rich)\b.*\._")
DRAWING = [
    REPOSITORY / "tui" / "app.py",
    *sorted((REPOSITORY / "tui" / "screens").rglob("*.py")),
    *sorted((REPOSITORY / "widgets").rglob("*.py")),
]
TREES = {path: ast.parse(path.read_text("utf-8")) for path in DRAWING}


def own_names() -> set[str]:
    """Every private function, method and attribute that our own code defines."""
    found = {"_exit"}  # of `os`
    for path, tree in TREES.items():
        if path.name == "textual_private.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
    return found


def private_uses(tree: ast.Module, own: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and PRIVATE_MODULE.match(str(node.module)):
            yield str(node.module)
        if isinstance(node, ast.Attribute) and PRIVATE.match(node.attr) and node.attr not in own:
            yield ast.unparse(node)


def private_hooks() -> set[str]:
    """What Textual's app, screen and widget call themselves: overriding one is a use of it."""
    return {
        name
        for base in (App, Screen, Widget)
        for name, value in vars(base).items()
        if PRIVATE.match(name) and callable(value)
    }


def test_nothing_else_that_draws_uses_what_is_private() -> None:
    own = own_names()
    found = {path.name: list(private_uses(tree, own)) for path, tree in TREES.items()}
    assert found.pop("textual_private.py")
    assert [(name, uses) for name, uses in found.items() if uses] == []


def test_nothing_else_that_draws_overrides_what_is_private() -> None:
    """Nor takes such a name by chance, which the next version of Textual may then call."""
    hooks = private_hooks()
    found = [
        f"{path.name}: {method.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and path.name != "textual_private.py"
        for method in node.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name in hooks
    ]
    assert found == []


def test_it_is_suspended_by_the_loop_and_never_within_a_write(
    driver: TerminalDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual's handler would wait for a lock that the interrupted write holds, for ever."""
    calls: list[str] = []

    class Loop:
        def call_soon_threadsafe(self, call: Callable[[], object]) -> None:
            calls.append("later")
            call()

    monkeypatch.setattr(
        linux_driver.LinuxDriver, "_sigtstp_application", lambda self: calls.append("suspended")
    )
    vars(driver)["_loop"] = Loop()
    driver._sigtstp_application(20, None)
    assert calls == ["later", "suspended"]
    source = Path(linux_driver.__file__).read_text("utf-8")
    assert "signal.signal(signal.SIGTSTP, self._sigtstp_application)" in source
