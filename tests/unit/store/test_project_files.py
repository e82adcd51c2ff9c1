"""Files of a project: written and read only where they are what they seem to be."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.store import project_files, trust
from tui.store.project_files import (
    FileRefusal,
    ProjectFileRefusedError,
    ProjectFiles,
    describe_link,
    leads_outside,
    read_inside,
    reading_base,
)
from tui.system import beneath


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = (tmp_path / "project").resolve()
    project.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret\n")
    return project


LOG = "logs/watchdog.log"


def file_link(project: Path) -> None:
    (project / "logs").mkdir()
    (project / LOG).symlink_to(project.parent / "outside/secret")


def relative_link(project: Path) -> None:
    (project / "logs").mkdir()
    (project / LOG).symlink_to("../../outside/secret")


def dangling_link(project: Path) -> None:
    (project / "logs").mkdir()
    (project / LOG).symlink_to(project.parent / "outside/new")


def folder_link(project: Path) -> None:
    (project / "logs").symlink_to(project.parent / "outside")


def dangling_folder_link(project: Path) -> None:
    (project / "logs").symlink_to(project.parent / "outside/new")


def chain(project: Path) -> None:
    (project / "a").symlink_to("b")
    (project / "b").symlink_to("../outside")
    (project / "logs").symlink_to("a")


def loop(project: Path) -> None:
    (project / "logs").mkdir()
    (project / LOG).symlink_to("watchdog.log")


def into_git(project: Path) -> None:
    (project / ".git/hooks").mkdir(parents=True)
    (project / "logs").symlink_to(".git/hooks")


def into_git_in_capitals(project: Path) -> None:
    (project / ".GIT").mkdir()
    (project / "logs").symlink_to(".GIT")


def into_a_bare_repository(project: Path) -> None:
    for name in ("refs", "objects"):
        (project / "data" / name).mkdir(parents=True)
    (project / "data/HEAD").write_text("ref: refs/heads/main\n")
    (project / "logs").symlink_to("data")


def hard_link(project: Path) -> None:
    (project / "logs").mkdir()
    os.link(project.parent / "outside/secret", project / LOG)


def pipe(project: Path) -> None:
    (project / "logs").mkdir()
    os.mkfifo(project / LOG)


def folder(project: Path) -> None:
    (project / LOG).mkdir(parents=True)


Plant = Callable[[Path], None]
OUTSIDE = (file_link, relative_link, dangling_link, folder_link, dangling_folder_link, chain, loop)
GIT = (into_git, into_git_in_capitals, into_a_bare_repository)
REFUSED = (
    *((plant, FileRefusal.OUTSIDE) for plant in OUTSIDE),
    *((plant, FileRefusal.GIT) for plant in GIT),
    (hard_link, FileRefusal.OTHER_NAMES),
    (pipe, FileRefusal.NOT_REGULAR),
    (folder, FileRefusal.NOT_REGULAR),
)


def state_of(top: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below a folder with its mode and what it holds."""
    found = {}
    for path in sorted(top.rglob("*")):
        mode = path.lstat().st_mode
        data = path.read_bytes() if stat.S_ISREG(mode) else b""
        found[str(path)] = mode, os.readlink(path).encode() if path.is_symlink() else data
    return found


@pytest.mark.parametrize(("plant", "refusal"), REFUSED)
def test_what_is_not_a_plain_file_of_the_project_is_refused(
    project: Path, plant: Plant, refusal: FileRefusal
) -> None:
    plant(project)
    before = state_of(project.parent)
    files = ProjectFiles(project)
    found = files.obstacle(LOG)
    assert found is not None and found.refusal is refusal
    with pytest.raises(ProjectFileRefusedError) as refused:
        files.append(LOG, b"line\n")
    assert refused.value.refusal is refusal
    assert str(project / LOG) in str(refused.value)
    assert state_of(project.parent) == before


@pytest.mark.parametrize("plant", [*OUTSIDE, *GIT])
def test_nothing_is_made_there_either(project: Path, plant: Plant) -> None:
    plant(project)
    before = state_of(project.parent)
    if plant is loop:  # the name is taken, and stays as it is
        assert not ProjectFiles(project).create(LOG, b"new")
    else:
        with pytest.raises(ProjectFileRefusedError):
            ProjectFiles(project).create(LOG, b"new")
    if plant not in (file_link, relative_link, dangling_link, loop):
        with pytest.raises(ProjectFileRefusedError), ProjectFiles(project).replacing(LOG) as file:
            file.write(b"new")
    assert state_of(project.parent) == before


def test_a_file_and_its_folders_are_made_and_appended_to(project: Path) -> None:
    files = ProjectFiles(project)
    assert files.obstacle(LOG) is None
    assert not (project / "logs").exists()
    files.append(LOG, b"one\n")
    files.append(LOG, b"two\n")
    assert (project / LOG).read_bytes() == b"one\ntwo\n"
    assert not files.create(LOG, b"three\n")
    assert files.create("docs/notes.md", b"three\n")
    assert (project / "docs/notes.md").read_bytes() == b"three\n"


@pytest.mark.parametrize("absolute", [False, True])
def test_links_that_stay_inside_are_followed(project: Path, absolute: bool) -> None:
    (project / "var/logs").mkdir(parents=True)
    (project / "logs").symlink_to(project / "var/logs" if absolute else "var/logs")
    (project / "var/logs/watchdog.log").symlink_to("real.log")
    ProjectFiles(project).append(LOG, b"line\n")
    assert (project / "var/logs/real.log").read_bytes() == b"line\n"
    assert read_inside(project, LOG) == b"line\n"


def test_a_link_that_is_replaced_is_not_followed(project: Path) -> None:
    file_link(project)
    with ProjectFiles(project).replacing(LOG) as file:
        file.write(b"new")
    assert (project / LOG).read_bytes() == b"new"
    assert (project.parent / "outside/secret").read_text() == "secret\n"


def test_a_place_outside_that_the_settings_name_is_written(project: Path) -> None:
    named = str(project.parent / "outside/logs/night.log")
    ProjectFiles(project).append(named, b"line\n")
    assert Path(named).read_bytes() == b"line\n"
    Path(named).unlink()
    Path(named).symlink_to("../secret")
    with pytest.raises(ProjectFileRefusedError):
        ProjectFiles(project).append(named, b"line\n")
    assert (project.parent / "outside/secret").read_text() == "secret\n"


def test_a_git_directory_is_not_written_even_when_the_settings_name_it(project: Path) -> None:
    hooks = project.parent / "outside/.git/hooks"
    hooks.mkdir(parents=True)
    for name in (str(hooks / "pre-commit"), ".git/hooks/x", ".GiT/x", ".g\u200dit/x", "git~1/x"):
        with pytest.raises(ProjectFileRefusedError) as refused:
            ProjectFiles(project).append(name, b"line\n")
        assert refused.value.refusal is FileRefusal.GIT
    assert not list(hooks.iterdir())
    ProjectFiles(project).append(".github/digit.log", b"line\n")


def test_a_folder_that_is_swapped_for_a_link_meanwhile_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "logs").mkdir()
    resolve = beneath.resolve_inside

    def resolve_and_swap(base: str, path: str) -> tuple[str, str]:
        found = resolve(base, path)
        if not (project / "logs").is_symlink():
            (project / "logs").rmdir()
            folder_link(project)
        return found

    monkeypatch.setattr(project_files, "resolve_inside", resolve_and_swap)
    with pytest.raises(ProjectFileRefusedError):
        ProjectFiles(project).append(LOG, b"line\n")
    assert [path.name for path in (project.parent / "outside").iterdir()] == ["secret"]


def test_what_leads_outside_is_not_read_but_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "notes.md").symlink_to("../outside/secret")
    path = str(project / "notes.md")
    assert leads_outside(project, path)
    assert reading_base(project, path) == str(project)
    assert read_inside(project, "notes.md") == b""
    assert "notes.md is a link" in describe_link(str(project), path)
    monkeypatch.setattr(trust, "is_trusted", lambda project, digest, environ: digest == "")
    assert reading_base(project, path) == ""
    assert read_inside(project, "notes.md") == b"secret\n"
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_text("x: 1\n")
    assert read_inside(project, "notes.md") == b""


def test_what_is_no_file_is_empty_and_never_waited_for(project: Path) -> None:
    os.mkfifo(project / "notes.md")
    assert read_inside(project, "notes.md") == b""
    assert read_inside(project, "missing") == b""
    assert reading_base(project, "/etc/hosts") == ""


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(names, min_size=1, max_size=4))
def test_no_name_leads_out_of_the_project(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    top = tmp_path_factory.mktemp("top")
    project = top / "project"
    project.mkdir()
    try:
        ProjectFiles(project.resolve()).append("./" + "/".join(parts), b"line\n")
    except (ProjectFileRefusedError, OSError):
        pass
    above = "/".join(parts).split("/").count("..")
    if not above:
        assert [path.name for path in top.iterdir()] == ["project"]
