"""Folders: found where they should be, made private, never through somebody's link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui.settings.settings import Settings
from tui.store.layout import make_project_state, own_state_within, project_state
from tui.store.runs import RunFacts, all_runs, create_run
from tui.system import paths
from tui.system.errors import RefusedError
from tui.system.files import append_line, atomic_write


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


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_our_folder_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "new" / "state")}
    before = os.umask(mask)
    try:
        place = make_project_state(tmp_path / "p", environ)
        atomic_write(place / "file", b"x")
        append_line(place / "lines", b"x\n")
    finally:
        os.umask(before)
    for folder in (place, place.parent, place.parent.parent, tmp_path / "new" / "state"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    for name in ("file", "lines"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600, name


def test_our_folder_is_repaired_and_otherwise_left_alone(tmp_path: Path) -> None:
    place = make_project_state(tmp_path)
    assert place == make_project_state(tmp_path) == project_state(tmp_path)
    place.chmod(0o755)
    make_project_state(tmp_path)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert os.listdir(place) == ["project.json"]


def test_two_projects_of_one_name_have_folders_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "real" / "app").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    one = project_state(tmp_path / "real" / "app")
    assert one == project_state(tmp_path / "link" / "app")
    assert one.name.startswith("app-")
    assert one != project_state(tmp_path / "other" / "app")


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("what", ["link", "file", "stranger"])
def test_nothing_but_our_own_folder_is_used_or_believed(
    tmp_path: Path, level: int, what: str
) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    place = project_state(tmp_path, environ)
    bad = (place.parent.parent, place.parent, place)[level]
    bad.parent.mkdir(parents=True)
    if what == "link":
        (tmp_path / "elsewhere").mkdir()
        bad.symlink_to(tmp_path / "elsewhere")
    elif what == "file":
        bad.write_text("")
    else:
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        bad.mkdir()
        os.chown(bad, 12345, 12345)
    words = {"link": "symbolic link", "file": "cannot be used", "stranger": "another user"}[what]
    for ask in (project_state, make_project_state, all_runs):
        with pytest.raises(RefusedError, match=words):
            ask(tmp_path, environ)
    if what == "link":
        assert os.listdir(tmp_path / "elsewhere") == []


def test_a_run_is_no_link_and_nobody_elses(tmp_path: Path) -> None:
    facts = RunFacts("r", "g", str(tmp_path), 0.0, ("a",))
    run = create_run(tmp_path, facts, Settings())
    (run.path.parent / "linked").symlink_to(run.path)
    assert [one.id for one in all_runs(tmp_path)] == ["r"]
    run.facts.rename(run.path / "elsewhere")
    run.facts.symlink_to(run.path / "elsewhere")
    assert all_runs(tmp_path) == []


def test_where_our_state_lies_in_a_work_tree(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home")}
    assert own_state_within(tmp_path / "home", environ) == b".local/state/overnight-tui"
    assert own_state_within(tmp_path / "home" / ".local", environ) == b"state/overnight-tui"
    assert own_state_within(tmp_path / "hom", environ) == b""
    assert own_state_within(tmp_path / "project", environ) == b""
