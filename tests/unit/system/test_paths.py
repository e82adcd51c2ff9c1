"""Folders: found where they should be, made private, never through somebody's link."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tui.store.layout import state_root
from tui.system import paths
from tui.system.errors import RefusedError


def test_xdg_folders() -> None:
    environ = {"HOME": "/home/a", "XDG_CACHE_HOME": "/c", "XDG_STATE_HOME": "relative"}
    assert paths.cache_dir(environ) == Path("/c/overnight-tui")
    assert paths.state_dir(environ) == Path("/home/a/.local/state/overnight-tui")
    assert paths.cache_dir({"HOME": "/home/a"}) == Path("/home/a/.cache/overnight-tui")


def test_home_without_a_variable_is_still_absolute() -> None:
    assert paths.home({}).is_absolute()
    assert paths.home({"HOME": ""}) == paths.home({"HOME": "odd"}) == paths.home({})


def test_claudes_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert paths.claude_dir({"HOME": "/h"}) == Path("/h/.claude")
    assert paths.claude_dir({"HOME": "/h", "CLAUDE_CONFIG_DIR": "/c"}) == Path("/c")
    assert paths.claude_dir({"HOME": "/h", "CLAUDE_CONFIG_DIR": ""}) == Path("/h/.claude")
    monkeypatch.chdir(tmp_path)
    assert paths.claude_dir({"CLAUDE_CONFIG_DIR": "here"}) == tmp_path / "here"


def test_paths_of_settings_are_relative_to_the_project() -> None:
    project = Path("/p")
    environ = {"HOME": "/h"}
    assert paths.resolve(project, "logs/./a", environ) == Path("/p/logs/a")
    assert paths.resolve(project, "/abs/a", environ) == Path("/abs/a")
    assert paths.resolve(project, "../a", environ) == Path("/a")
    assert paths.resolve(project, "~/a", environ) == Path("/h/a")
    assert paths.resolve(project, "~other/a", environ) == Path("/p/~other/a")


def test_within_follows_links(tmp_path: Path) -> None:
    project = tmp_path / "p"
    project.mkdir()
    (project / "out").symlink_to(tmp_path)
    assert paths.is_within(project, project / "a" / "b")
    assert not paths.is_within(project, project / "out" / "b")
    assert not paths.is_within(project, project / ".." / "b")


def test_run_root_is_private_and_ignores_itself(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    root = state_root(tmp_path)
    assert root == tmp_path / ".overnight"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    (root / "runs").mkdir()
    (root / "runs" / "a").write_text("x")
    status = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "-uall"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert status.stdout == ""


def test_run_root_is_repaired_and_otherwise_left_alone(tmp_path: Path) -> None:
    root = state_root(tmp_path)
    before = (root / ".gitignore").stat().st_mtime_ns
    assert state_root(tmp_path) == root
    assert (root / ".gitignore").stat().st_mtime_ns == before
    root.chmod(0o755)
    (root / ".gitignore").write_text("!*\n")
    state_root(tmp_path)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert (root / ".gitignore").read_text() == "*\n"
    assert os.listdir(root) == [".gitignore"]


def test_run_root_ignore_file_is_never_written_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    root = tmp_path / ".overnight"
    root.mkdir()
    (root / ".gitignore").symlink_to(victim)
    state_root(tmp_path)
    assert victim.read_text() == "precious"
    assert (root / ".gitignore").read_text() == "*\n"


def test_run_root_refuses_links_and_files(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError, match="symbolic link"):
        state_root(tmp_path, "link")
    for name in ("file", "file/below"):
        with pytest.raises(RefusedError, match="cannot be used as a folder"):
            state_root(tmp_path, name)
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_run_root_refuses_somebody_elses_folder(tmp_path: Path) -> None:
    root = tmp_path / ".overnight"
    root.mkdir()
    os.chown(root, 12345, 12345)
    with pytest.raises(RefusedError, match="another user"):
        state_root(tmp_path)
