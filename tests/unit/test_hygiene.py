"""Headless rooms stay headless at run time too: a static graph cannot see a late import."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCREEN_MODULES = ("tui.app", "tui.screens", "tui.commands.watch")
HEADLESS_ROOMS = ("tui",)


def headless_modules() -> list[str]:
    names = []
    for room in HEADLESS_ROOMS:
        package = import_module(room)
        for module in pkgutil.walk_packages(package.__path__, room + "."):
            if not module.name.startswith(SCREEN_MODULES) and module.name != "tui.__main__":
                names.append(module.name)
    return sorted(names)


def loaded_screen_libraries(*modules: str) -> str:
    code = (
        "import sys, importlib\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('textual', 'rich', 'widgets')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("module", headless_modules())
def test_headless_module_loads_no_screen(module: str) -> None:
    # the table of actions takes the moving keys from widgets' own table, which is plain data
    allowed = "['widgets', 'widgets.moves']" if module == "tui.actions" else "[]"
    assert loaded_screen_libraries(module) == allowed


def test_the_check_itself_can_fail() -> None:
    assert "rich" in loaded_screen_libraries("rich.text")


def test_the_package_itself_imports_nothing() -> None:
    code = "import sys; before = set(sys.modules); import tui; print(set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert set(eval(done.stdout)) <= {"tui", "__future__"}, done.stderr
