"""Headless rooms stay headless at run time too: a static graph cannot see a late import."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCREEN_MODULES = ("tui.app", "tui.screens", "tui.commands.watch")
PROBE = REPOSITORY / "tests/headless_probe.py"
HEADLESS_ROOMS = ("tui",)


def headless_modules() -> list[str]:
    names = []
    for room in HEADLESS_ROOMS:
        package = import_module(room)
        for module in pkgutil.walk_packages(package.__path__, room + "."):
            if not module.name.startswith(SCREEN_MODULES) and module.name != "tui.__main__":
                names.append(module.name)
    return sorted(names)


def screens_loaded(modules: list[str], *also_from: Path) -> dict[str, list[str]]:
    """The modules that load a screen when nothing else is imported, each with what it loads."""
    done = subprocess.run(
        [sys.executable, "-P", PROBE, *modules],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (REPOSITORY, *also_from)))},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_headless_modules_load_no_screen() -> None:
    modules = headless_modules()
    assert len(modules) > 250
    # the table of actions takes the moving keys from widgets' own table, which is plain data
    assert screens_loaded(modules) == {"tui.actions": ["widgets", "widgets.moves"]}


def test_the_check_names_every_module_that_fails(tmp_path: Path) -> None:
    for name, code in {
        "plain": "import json",
        "drawing": "import rich.text",
        "after": "import json.decoder",
        "indirect": "import drawing",
        "broken": "import no_such_module",
    }.items():
        (tmp_path / f"{name}.py").write_text(code)
    found = screens_loaded(["plain", "drawing", "after", "indirect", "broken"], tmp_path)
    assert sorted(found) == ["broken", "drawing", "indirect"]
    assert "rich.text" in found["drawing"] and "rich.text" in found["indirect"]
    assert found["broken"] == ["ModuleNotFoundError: No module named 'no_such_module'"]


def test_the_check_sees_a_cycle(tmp_path: Path) -> None:
    package = tmp_path / "tui_cycle"
    package.mkdir()
    (package / "one.py").write_text("import tui_cycle.two\nNAME = 1")
    (package / "two.py").write_text("import tui_cycle.one")
    found = screens_loaded(["tui_cycle.one", "tui_cycle.two"], tmp_path)
    assert sorted(found) == ["tui_cycle.one", "tui_cycle.two"]


def test_the_package_itself_imports_nothing() -> None:
    code = "import sys; before = set(sys.modules); import tui; print(set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert set(eval(done.stdout)) <= {"tui", "__future__"}, done.stderr
