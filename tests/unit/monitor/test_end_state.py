"""How the repository stands at the end of a night: paths, text, definitions, commits, branches, the tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.repositories import make, sh
from tui.feeds.repo.night_diff import read_night_diff
from tui.model.evidence.claims import EndState, PathState, UnknownEnd
from tui.monitor.history.end_state import read_end_state

BASE = {
    "app.py": "def add(a, b):\n    return a + b\n",
    "tests/test_app.py": "def test_add():\n    pass\n",
    "old/name.py": "x = 1\ny = 2\nz = 3\n",
    "README.md": "# Sums\n",
    ".gitignore": "build/\n",
}


class Scene:
    """A repository with a base commit; `end` reads how it stands now."""

    def __init__(self, folder: Path) -> None:
        self.top = make(folder, BASE)
        self.base = sh(self.top, "rev-parse", "HEAD")

    def write(self, name: str, text: str | bytes) -> None:
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, subject: str) -> str:
        sh(self.top, "add", "-A")
        sh(self.top, "commit", "-qm", subject)
        return sh(self.top, "rev-parse", "HEAD")

    def commit_of(self, name: str) -> str:
        self.write(name, f"name = {name!r}\n")
        return self.commit(f"Add {name}")

    def end(self, project: Path | None = None, cwd: str = "") -> EndState:
        changes = read_night_diff(self.top, self.base, None, None)
        dirty = tuple(one.path for one in changes.files if not one.commit)
        return read_end_state(project or self.top, changes, dirty, cwd or str(self.top))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "project")


def test_a_path_is_found_however_it_is_written(scene: Scene) -> None:
    scene.write("docs/guide.md", "x\n")
    end = scene.end()
    made = PathState("docs/guide.md", exists=True, existed=False, is_changed=True)
    for name in ("docs/guide.md", "./docs/guide.md", "guide.md", f"{scene.top}/docs/guide.md"):
        assert end.path(name) == made, name
    assert end.path("docs/") == PathState("docs", True, False, True, is_folder=True)
    assert end.path("readme.md").path == "README.md"


def test_what_was_never_there_is_known_to_be_absent(scene: Scene) -> None:
    assert scene.end().path("docs/guide.md") == PathState("docs/guide.md", False, False, False)


def test_removed_renamed_and_untouched_paths(scene: Scene) -> None:
    (scene.top / "README.md").unlink()
    sh(scene.top, "mv", "old/name.py", "new_name.py")
    scene.commit("Move")
    end = scene.end()
    assert end.path("README.md") == PathState("README.md", False, True, True)
    assert end.path("old/name.py") == PathState("old/name.py", False, True, True)
    assert end.path("new_name.py") == PathState("new_name.py", True, False, True)
    assert end.path("app.py") == PathState("app.py", True, True, False)
    assert end.base_text("new_name.py") == BASE["old/name.py"]
    assert end.text("README.md") is None


def test_nothing_is_known_of_what_lies_elsewhere(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s3cret\n")
    (scene.top / "link").symlink_to(tmp_path)
    (scene.top / "file_link").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(scene.top / "pipe")
    scene.write("binary.bin", b"\0\1\2")
    end = scene.end()
    outside = ["../secret.txt", "/etc/passwd", "~/x", "link/secret.txt", ".git/config", "", "a\0b"]
    for name in outside:
        state = end.path(name)
        assert (state.exists, state.is_changed) == (None, None), name
        assert end.text(name) is None
    assert end.path("file_link").exists and end.text("file_link") is None
    assert end.text("pipe") is None and end.text("binary.bin") is None
    assert end.path("-rf").exists is False
    assert end.path("a\nb").exists is False


def test_of_an_ignored_file_the_beginning_is_not_known(scene: Scene) -> None:
    scene.write("build/out.js", "1\n")
    assert scene.end().path("build/out.js").existed is None


def test_a_project_below_the_top_and_another_machines_folder(scene: Scene) -> None:
    scene.write("sub/src/main.py", "x = 1\n")
    end = scene.end(scene.top / "sub", cwd="/builds/work/sub")
    for name in ("src/main.py", "sub/src/main.py", "/builds/work/sub/src/main.py"):
        assert end.path(name).path == "sub/src/main.py", name
    assert end.path("/builds/work/app.py").path == "app.py"


def test_definitions_are_found_in_code_alone(scene: Scene) -> None:
    scene.write("stats.py", "class Window:\n    def mean(self):\n        return 1\n")
    scene.write("wip.py", "# def median(): TODO\nTEXT = 'def median(): pass'\n")
    scene.write("notes.md", "def median(): soon\n")
    end = scene.end()
    assert end.find_symbol("mean") == ("stats.py",)
    assert end.find_symbol("Window.mean()") == ("stats.py",)
    assert end.find_symbol("median") == ()
    assert end.find_symbol("add") == ("app.py",)
    assert end.find_symbol("add", "stats.py") == ()


def test_commits_and_whether_head_reaches_them(scene: Scene) -> None:
    kept = scene.commit_of("one.py")
    lost = scene.commit_of("two.py")
    sh(scene.top, "reset", "-q", "--hard", kept)
    end = scene.end()
    assert end.has_moved
    first, second, base = (end.commit(sha[:9]) for sha in (kept, lost, scene.base))
    assert (first.exists, first.is_reached, first.is_of_night) == (True, True, True)
    assert (second.exists, second.is_reached) == (True, False)
    assert (base.is_reached, base.is_of_night) == (True, False)
    assert end.commit("deadbeef99").exists is False
    for odd in ("HEAD", "--all", "main", "", "zzzz", "abcd^{tree}"):
        assert end.commit(odd).exists is None, odd


def test_a_branch_and_what_it_lacks(scene: Scene, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    sh(tmp_path, "init", "-q", "--bare", str(origin))
    branch = sh(scene.top, "symbolic-ref", "--short", "HEAD")
    sh(scene.top, "remote", "add", "origin", str(origin))
    sh(scene.top, "push", "-q", "-u", "origin", branch)
    scene.commit_of("one.py")
    end = scene.end()
    for asked in ("", f"origin/{branch}"):
        seen = end.ref(asked)
        assert seen is not None
        assert (seen.name, seen.missing) == (f"origin/{branch}", 1)
    remote, here = end.ref(branch, is_remote=True), end.ref(branch)
    assert remote is not None and remote.missing == 1
    assert here is not None and (here.name, here.missing) == (branch, 0)
    for odd in ("-f", "--all", "nope", "a..b", "main@{1}", "x\ny"):
        assert end.ref(odd) is None, odd


def test_the_tree_is_that_of_a_commit_of_everything(scene: Scene) -> None:
    def objects() -> str:
        return sh(scene.top, "count-objects")

    assert scene.end().tree == sh(scene.top, "rev-parse", "HEAD^{tree}")
    scene.write("new/file.py", "x = 1\n")
    scene.write("app.py", "changed\n")
    (scene.top / "README.md").unlink()
    scene.write("large.txt", "x" * (2 << 20))
    (scene.top / "old/name.py").rename(scene.top / "old/other.py")
    scene.write("build/ignored.js", "1\n")
    before = objects()
    tree = scene.end().tree
    assert objects() == before
    scene.commit("All")
    assert tree == sh(scene.top, "rev-parse", "HEAD^{tree}")


def test_the_tree_is_known_where_a_file_is_again_as_it_was_at_first(scene: Scene) -> None:
    scene.write("app.py", "changed\n")
    scene.commit("Change")
    scene.write("app.py", BASE["app.py"])
    tree = scene.end().tree
    scene.commit("Back")
    assert tree == sh(scene.top, "rev-parse", "HEAD^{tree}")


def test_after_later_commits_the_end_is_the_nights_last_one(scene: Scene) -> None:
    changes = read_night_diff(scene.top, scene.base, None, None)
    assert changes.is_now
    night = scene.commit_of("one.py")
    scene.write("later.py", "later = 1\n")
    sh(scene.top, "add", "-A")
    sh(scene.top, "commit", "-qm", "Later", GIT_COMMITTER_DATE="2100000000 +0000")
    changes = read_night_diff(scene.top, scene.base, None, 2000000000.0, now=2200000000.0)
    assert (changes.head, changes.is_now) == (night, False)
    end = read_end_state(scene.top, changes, ("later.py",))
    assert end.path("one.py").exists
    assert end.path("later.py").exists is None
    assert (end.text("later.py"), end.uncommitted) == (None, ())
    assert end.find_symbol("later") == ()


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    end = read_end_state(tmp_path, read_night_diff(tmp_path, None, None, None))
    assert isinstance(end, UnknownEnd)
    assert not end.is_known
    assert end.path("a.py") == PathState("a.py", None, None, None)
