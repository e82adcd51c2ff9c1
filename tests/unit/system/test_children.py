"""Where programs are found, and Python children that no folder and no variable of others can reach."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tui import __version__
from tui.system.children import programs, python_child
from tui.system.children.programs import find_program

REPOSITORY = Path(__file__).resolve().parents[3]
EVIL = "open({!r}, 'a').write('x')\n"


def program(folder: Path, name: str = "tool", mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin", ".."])
def test_a_relative_folder_of_path_is_never_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    here = tmp_path / "here"
    for folder in (tmp_path, here, here / "bin"):
        program(folder)
    monkeypatch.chdir(here)
    assert find_program("tool", {"PATH": entry}) is None
    other = program(tmp_path / "other")
    assert find_program("tool", {"PATH": f"{entry}:{other.parent}"}) == str(other)


def test_folders_of_the_project_are_left_out(tmp_path: Path) -> None:
    project = tmp_path / "project"
    program(project / ".venv" / "bin")
    (tmp_path / "link").symlink_to(project / ".venv")
    mine = program(tmp_path / "project-tools")
    path = f"{project}/.venv/bin:{tmp_path}/link/bin:{mine.parent}"
    assert find_program("tool", {"PATH": path}, project) == str(mine)
    assert find_program("tool", {"PATH": path}) == f"{project}/.venv/bin/tool"


def test_what_cannot_be_run_is_no_program(tmp_path: Path) -> None:
    program(tmp_path, mode=0o644)
    (tmp_path / "folder").mkdir()
    assert find_program("tool", {"PATH": str(tmp_path)}) is None
    assert find_program("./tool", {}, tmp_path) is None
    assert find_program("./folder", {}, tmp_path) is None


def test_a_path_is_relative_to_the_project(tmp_path: Path) -> None:
    mine = program(tmp_path / "scripts")
    assert find_program("scripts/tool", {}, tmp_path) == str(mine)
    assert find_program(str(mine), {}) == str(mine)


def hostile(folder: Path, ran: Path) -> Path:
    """A folder in which every module that a child might look for writes to `ran`."""
    for name in ("tui", "widgets", "msgspec", "yaml", "encodings"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(EVIL.format(str(ran)))
        (folder / name / "__main__.py").write_text(EVIL.format(str(ran)))
    for name in ("sitecustomize.py", "usercustomize.py", "json.py", "msgspec.py", "runpy.py"):
        (folder / name).write_text(EVIL.format(str(ran)))
    return folder


@pytest.mark.parametrize("variable", ["", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE"])
def test_neither_its_folder_nor_a_variable_says_what_a_child_imports(
    tmp_path: Path, variable: str
) -> None:
    ran = tmp_path / "ran"
    place = hostile(tmp_path / "repository", ran)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    if variable:
        environ[variable] = str(place)
    for words in (
        python_child.module_command("tui.cli", "--version"),
        python_child.program_command("--version"),
    ):
        done = subprocess.run(words, cwd=place, env=environ, capture_output=True, check=False)
        assert done.stdout.decode() == f"overnight-tui {__version__}\n", done.stderr
        assert not ran.exists()


def test_a_child_imports_the_very_copy_that_starts_it(tmp_path: Path) -> None:
    """A checkout that runs by PYTHONPATH, in an environment that has another copy installed."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "tui").symlink_to(REPOSITORY / "tui")
    code = (
        "import subprocess\nfrom tui.system.children import python_child as p\n"
        "print(*p.module_command('tui.cli', '--version')[3:], sep='\\n')"
    )
    environ = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd="/", capture_output=True, check=True
    )
    assert done.stdout.decode().splitlines()[0] == f"--path={checkout}"
    probe = tmp_path / "probe"
    (probe / "tui").mkdir(parents=True)
    (probe / "tui" / "__init__.py").touch()
    (probe / "tui" / "cli.py").write_text("def main():\n    print(__file__)\n    return 7\n")
    words = python_child.module_command("tui.cli")
    words = [f"--path={probe}" if word == f"--path={REPOSITORY}" else word for word in words]
    told = subprocess.run(words, capture_output=True, check=False)
    assert (told.returncode, told.stdout.decode().strip()) == (7, str(probe / "tui" / "cli.py"))


def test_a_child_starts_from_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "overnight.whl"
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted((REPOSITORY / "tui").rglob("*.py")):
            made.write(path, path.relative_to(REPOSITORY))
    code = (
        "import subprocess, sys\nfrom tui.system.children import python_child as p\n"
        "assert '.whl' in p.__file__\n"
        "sys.exit(subprocess.run(p.module_command('tui.cli', '--version')).returncode)"
    )
    environ = {**os.environ, "PYTHONPATH": str(archive)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd="/", capture_output=True, check=False
    )
    assert done.stdout.decode() == f"overnight-tui {__version__}\n", done.stderr


def test_without_an_installed_script_the_program_runs_by_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    monkeypatch.setattr("sys.executable", str(python))
    words = python_child.program_command("status")
    assert words[:2] == [str(python), "-I"]
    assert words[2] == python_child.program_file()
    assert words[-2:] == ["tui.cli", "status"]
    script = python.with_name("overnight-tui")
    script.write_text("#!/bin/sh\nexec something else\n")
    assert python_child.program_script() == ""
    script.write_text(f"#!{python}\nfrom tui.cli import main\nmain()\n")
    assert python_child.program_command("status") == [str(python), "-I", str(script), "status"]


def test_no_program_of_a_folder_that_is_kept_out_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_kept_out", set())
    inside, outside = tmp_path / "project" / ".venv" / "bin", tmp_path / "bin"
    for folder in (inside, outside):
        program(folder, "tmux")
    environ = {"PATH": f"{inside}:{outside}"}
    assert programs.find_program("tmux", environ) == str(inside / "tmux")
    programs.keep_out(tmp_path / "project")
    assert programs.find_program("tmux", environ) == str(outside / "tmux")
    assert programs.find_program("tmux", environ, tmp_path / "bin") is None
