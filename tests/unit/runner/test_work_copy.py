"""The throwaway copy of a work tree: what is in it, and that it touches nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit import repositories
from tests.unit.repositories import sh
from tui.runner.copies import work_copy
from tui.runner.copies.throwaway import sweep_copies
from tui.runner.copies.work_copy import CopyLimits, WorkCopy, head_of, make_copy
from tui.system.errors import RefusedError
from tui.system.git import Git


class Place:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.project = repositories.make(base / "project")
        self.environ = {
            "HOME": str(base / "home"),
            "XDG_CACHE_HOME": str(base / "cache"),
            "XDG_STATE_HOME": str(base / "state"),
        }

    def copy(self, limits: CopyLimits | None = None) -> WorkCopy:
        return make_copy(Git(self.project), self.project, self.environ, limits)

    def write(self, name: str, text: str = "x\n") -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder, with their content."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def test_it_has_the_files_the_index_and_the_branch(place: Place) -> None:
    place.write("a.txt", "staged\n")
    sh(place.project, "add", "a.txt")
    place.write("a.txt", "changed since\n")
    place.write("new/one.txt")
    before = everything(place.project)
    copy = place.copy()
    assert sh(copy.work_tree, "status", "--porcelain") == sh(place.project, "status", "--porcelain")
    assert sh(copy.work_tree, "branch", "--show-current") == "main"
    assert sh(copy.work_tree, "show", ":a.txt") == "staged"
    assert head_of(copy) == sh(place.project, "rev-parse", "HEAD")
    sh(copy.work_tree, "commit", "-qam", "in the copy")
    assert head_of(copy) != sh(place.project, "rev-parse", "HEAD")
    assert sh(copy.work_tree, "fsck", "--no-dangling") == ""
    copy.remove(place.environ)
    assert not copy.folder.exists()
    after = everything(place.project)
    # git itself may refresh the index when it is asked for the status
    assert {n: d for n, d in after.items() if n != ".git/index"} == {
        n: d for n, d in before.items() if n != ".git/index"
    }


def test_settings_hold_but_lead_to_no_remote_and_start_nothing(place: Place) -> None:
    for key, value in (
        ("remote.origin.url", "/srv/git/x"),
        ("remote.origin.pushurl", "/srv/git/y"),
        ("remote.a.b.url", "ssh://host/z"),
        ("url./srv/.insteadOf", "srv:"),
        ("core.fsmonitor", "true"),
        ("core.worktree", "/nowhere"),
        ("gc.auto", "1"),
        ("user.name", 'A "quoted" \\ name # ; with\ttab'),
        ("alias.x", "!touch ran"),
        ("filter.big.clean", "cat"),
    ):
        sh(place.project, "config", key, value)
    copy = place.copy()
    for name in ("origin", "a.b"):
        assert sh(copy.work_tree, "remote", "get-url", "--push", name).endswith("no-remote")
    assert sh(copy.work_tree, "config", "user.name") == 'A "quoted" \\ name # ; with\ttab'
    assert sh(copy.work_tree, "config", "--get-all", "core.fsmonitor") == "false"
    assert sh(copy.work_tree, "config", "--get-all", "gc.auto") == "0"
    assert sh(copy.work_tree, "config", "core.worktree", check=False) == ""
    assert sh(copy.work_tree, "config", "filter.big.clean") == "cat"
    assert sh(copy.work_tree, "rev-parse", "--show-toplevel") == str(copy.work_tree)
    copy.remove(place.environ)


def test_a_commit_before_the_first_can_be_rehearsed(tmp_path: Path, place: Place) -> None:
    place.project = repositories.make(tmp_path / "empty", {"a.txt": "x\n"}, commit=False)
    copy = place.copy()
    assert head_of(copy) is None
    sh(copy.work_tree, "add", "-A")
    sh(copy.work_tree, "commit", "-qm", "first")
    assert head_of(copy) is not None
    copy.remove(place.environ)


def test_ignored_files_come_too_unless_they_are_too_much(place: Place) -> None:
    place.write(".gitignore", "node_modules/\n*.log\n")
    for number in range(20):
        place.write(f"node_modules/p/{number}.js")
    place.write("a.log", "y" * 3000)
    place.write("b.log")
    copy = place.copy()
    assert (copy.project / "node_modules/p/19.js").is_file()
    assert copy.left_out == ()
    copy.remove(place.environ)
    copy = place.copy(CopyLimits(most_ignored_files=10, most_ignored_bytes=2_000))
    assert set(copy.left_out) == {"node_modules", "a.log"}
    assert (copy.project / "b.log").is_file()
    assert not (copy.project / "node_modules").exists()
    copy.remove(place.environ)


@pytest.mark.parametrize("limits", [CopyLimits(most_files=1), CopyLimits(most_bytes=3)])
def test_a_project_that_is_too_large_is_refused_and_leaves_nothing(
    place: Place, limits: CopyLimits
) -> None:
    with pytest.raises(RefusedError, match="too large"):
        place.copy(limits)
    assert list((place.base / "cache/overnight-tui/rehearsals").iterdir()) == []
    assert sweep_copies(place.environ) == 0


def test_a_disk_without_room_gets_no_copy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    room = type("Usage", (), {"free": 1 << 30})()
    monkeypatch.setattr(work_copy.shutil, "disk_usage", lambda path: room)  # type: ignore[attr-defined]
    with pytest.raises(RefusedError, match="no room for a copy"):
        place.copy()
    assert list((place.base / "cache/overnight-tui/rehearsals").iterdir()) == []


def test_what_is_no_plain_file_is_copied_as_what_it_is_or_left(place: Place) -> None:
    place.write("b.txt")
    (place.project / "into").symlink_to(place.project / "b.txt")
    (place.project / "relative").symlink_to("b.txt")
    (place.project / "out").symlink_to("/etc/hostname")
    os.mkfifo(place.project / "pipe")
    os.chmod(place.write("run.sh"), 0o755)
    copy = place.copy()
    assert os.readlink(copy.project / "into") == str(copy.project / "b.txt")
    assert os.readlink(copy.project / "relative") == "b.txt"
    assert os.readlink(copy.project / "out") == "/etc/hostname"
    assert not (copy.project / "pipe").exists()
    assert os.access(copy.project / "run.sh", os.X_OK)
    copy.remove(place.environ)


def test_a_folder_that_nobody_may_write_to_is_copied_and_removed(place: Place) -> None:
    place.write("closed/inner/a.txt")
    (place.project / "closed/inner").chmod(0o555)
    (place.project / "closed").chmod(0o555)
    copy = place.copy()
    assert (copy.project / "closed/inner/a.txt").is_file()
    (copy.project / "closed").chmod(0o555)
    copy.remove(place.environ)
    assert not copy.folder.exists()
    for name in ("closed", "closed/inner"):
        (place.project / name).chmod(0o755)


def test_transcripts_and_the_run_of_a_rehearsal_go_with_it(place: Place) -> None:
    copy = place.copy()
    slug = "".join(c if c.isalnum() else "-" for c in str(copy.project))
    own = place.base / "home/.claude/projects" / slug
    other = own.with_name("-another-project")
    for folder in (own, other):
        folder.mkdir(parents=True)
    assert copy.run.path.is_dir()
    copy.remove(place.environ)
    assert (own.exists(), other.exists(), copy.run.path.exists()) == (False, True, False)


def test_a_note_in_the_cache_removes_nothing_else(place: Place) -> None:
    """The cache is ours, but what it says of the run is checked all the same."""
    copy = place.copy()
    keep = place.base / "keep"
    keep.mkdir()
    (copy.folder / "run").write_text(str(keep))
    copy.remove(place.environ)
    assert keep.is_dir()
