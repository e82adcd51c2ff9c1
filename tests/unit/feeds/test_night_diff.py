"""What a night changed, told from real repositories, honest and hostile ones."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.unit.repositories import commit, make, sh, user_state, write
from tui.feeds.repo.night_diff import DiffBounds, read_night_diff
from tui.model.records import FileChange, RepositoryChanges


def by_path(changes: RepositoryChanges) -> dict[str, FileChange]:
    return {change.path: change for change in changes.files}


def rev(folder: Path, name: str = "HEAD") -> str:
    return sh(folder, "rev-parse", name)


def commit_at(folder: Path, message: str, when: int) -> str:
    sh(folder, "add", "-A")
    stamp = f"{when} +0000"
    sh(folder, "commit", "-q", "-m", message, GIT_COMMITTER_DATE=stamp, GIT_AUTHOR_DATE=stamp)
    return rev(folder)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    files = {
        "a.txt": "1\n2\n3\n",
        "src/b.py": "print(1)\n",
        "gone.txt": "bye\n",
        "run": "#!/bin/sh\n",
    }
    return make(tmp_path / "repo", files)


def test_commits_and_work_tree_and_new_files_are_one_difference(repo: Path) -> None:
    base = rev(repo)
    write(repo, {"a.txt": "1\ntwo\n3\n"})
    first = commit(repo, "a changes\n\nWith a body.")
    (repo / "gone.txt").unlink()
    (repo / "run").chmod(0o755)
    second = commit(repo, "less")
    write(
        repo, {"src/b.py": "print(2)\n", "new/n.txt": "n\n", ".gitignore": "junk\n", "junk": "j\n"}
    )
    before = user_state(repo)
    changes = read_night_diff(repo, base, None, None)
    assert user_state(repo) == before
    found = by_path(changes)
    assert set(found) == {"a.txt", "gone.txt", "run", "src/b.py", "new/n.txt", ".gitignore"}
    assert found["a.txt"].hunks[0].lines == (" 1", "-2", "+two", " 3")
    assert (found["a.txt"].insertions, found["a.txt"].deletions) == (1, 1)
    assert found["a.txt"].commit == first
    assert found["gone.txt"].kind == "deleted"
    assert found["gone.txt"].commit == second
    assert found["run"].kind == "mode"
    assert (found["run"].old_mode, found["run"].new_mode) == ("100644", "100755")
    assert found["src/b.py"].commit == ""
    assert found["new/n.txt"].kind == "added"
    assert found["new/n.txt"].hunks[0].added == ("n",)
    assert found["new/n.txt"].size == 2
    assert changes.base == base
    assert changes.head == second
    assert [m for _, m in changes.messages] == ["a changes\n\nWith a body.", "less"]
    assert "journal" in changes.why
    assert not changes.cut


def test_what_came_and_went_is_no_difference_but_a_step(repo: Path) -> None:
    base = rev(repo)
    write(repo, {"a.txt": "1\n3\n", "brief.txt": "token\n"})
    away = commit(repo, "away")
    write(repo, {"a.txt": "1\n2\n3\nfour\n"})
    (repo / "brief.txt").unlink()
    back = commit(repo, "back")
    changes = read_night_diff(repo, base, None, None)
    assert set(by_path(changes)) == {"a.txt"}
    assert by_path(changes)["a.txt"].hunks[0].removed == ()
    steps = [(step.path, step.commit, step.kind) for step in changes.steps]
    assert ("a.txt", away, "modified") in steps
    assert ("a.txt", back, "modified") in steps
    assert ("brief.txt", away, "added") in steps
    first = next(step for step in changes.steps if step.path == "brief.txt")
    assert first.hunks[0].added == ("token",)


def test_an_uncommitted_change_on_top_of_a_commit_is_a_step_of_its_own(repo: Path) -> None:
    base = rev(repo)
    write(repo, {"a.txt": "1\n2\n3\n4\n"})
    made = commit(repo, "four")
    write(repo, {"a.txt": "1\n2\n3\n4\n5\n"})
    changes = read_night_diff(repo, base, None, None)
    assert [(s.commit, s.hunks[0].added) for s in changes.steps] == [(made, ("4",)), ("", ("5",))]
    assert by_path(changes)["a.txt"].commit == ""


def test_renames_binaries_links_and_submodules(repo: Path, tmp_path: Path) -> None:
    write(repo, {"long.txt": "".join(f"line {n}\n" for n in range(40))})
    base = commit(repo, "base")
    (repo / "moved").mkdir()
    sh(repo, "mv", "long.txt", "moved/longer.txt")
    write(repo, {"picture.bin": bytes(range(256)) * 4})
    (repo / "link").symlink_to("/etc/passwd")
    inner = make(tmp_path / "inner")
    sh(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    commit(repo, "much")
    found = by_path(read_night_diff(repo, base, None, None))
    moved = found["moved/longer.txt"]
    assert (moved.kind, moved.old_path, moved.insertions) == ("renamed", "long.txt", 0)
    assert found["picture.bin"].binary
    assert not found["picture.bin"].cut
    assert found["picture.bin"].size == 1024
    assert found["link"].new_mode == "120000"
    assert found["link"].hunks[0].added == ("/etc/passwd",)
    assert found["sub"].new_mode == "160000"


def test_a_file_moved_without_telling_git_is_a_rename_too(repo: Path) -> None:
    write(repo, {"long.txt": "".join(f"line {n}\n" for n in range(40))})
    base = commit(repo, "base")
    (repo / "long.txt").rename(repo / "other.txt")
    found = by_path(read_night_diff(repo, base, None, None))
    assert found["other.txt"].kind == "renamed"


def test_odd_names_come_through_harmless(repo: Path) -> None:
    base = rev(repo)
    names = (
        b"new\nline.txt",
        b'quo"te\\.txt',
        b"\xff\xfe.txt",
        b"esc\x1b[2J.txt",
        b"tab\there",
        "ünï".encode(),
    )
    for name in names:
        with open(os.path.join(os.fsencode(repo), name), "wb") as file:
            file.write(b"content\n")
    sh(repo, "add", os.fsdecode(names[0]), os.fsdecode(names[2]))
    sh(repo, "commit", "-q", "-m", "\x1b]0;odd\x07")
    changes = read_night_diff(repo, base, None, None)
    assert len(changes.files) == len(names)
    assert all(change.hunks and change.hunks[0].added == ("content",) for change in changes.files)
    shown = "".join(change.path for change in changes.files) + changes.messages[0][1]
    assert shown.isprintable()
    assert sum(bool(change.commit) for change in changes.files) == 2


def test_text_that_looks_like_a_diff_is_text(repo: Path) -> None:
    write(repo, {"patch.txt": "keep\n-- a\n"})
    base = commit(repo, "base")
    fake = "keep\ndiff --git a/x b/x\n@@ -1 +1 @@\n+++ b/y\n"
    write(repo, {"patch.txt": fake, "other.txt": "o\n"})
    found = by_path(read_night_diff(repo, base, None, None))
    assert set(found) == {"patch.txt", "other.txt"}
    assert found["patch.txt"].hunks[0].removed == ("-- a",)
    assert found["patch.txt"].hunks[0].added == ("diff --git a/x b/x", "@@ -1 +1 @@", "+++ b/y")


def test_the_base_is_found_by_the_time_of_the_commits(repo: Path) -> None:
    stamp = "1600000000 +0000"
    sh(repo, "commit", "-q", "--amend", "--no-edit", GIT_COMMITTER_DATE=stamp)
    write(repo, {"old.txt": "o\n"})
    before = commit_at(repo, "before the night", 1_700_000_000)
    write(repo, {"n1.txt": "1\n"})
    commit_at(repo, "night one", 1_700_010_000)
    write(repo, {"n2.txt": "2\n"})
    last = commit_at(repo, "night two", 1_700_012_000)
    write(repo, {"day.txt": "d\n"})
    commit_at(repo, "day after", 1_700_050_000)
    changes = read_night_diff(repo, None, 1_700_009_000.5, 1_700_020_000.0, now=1_700_060_000.0)
    assert (changes.base, changes.head) == (before, last)
    assert set(by_path(changes)) == {"n1.txt", "n2.txt"}
    assert "first commit" in changes.why
    assert "later commits" in changes.why
    lost = read_night_diff(repo, "f" * 40, 1_700_009_000.0, None)
    assert lost.base == before
    assert "no commit of this repository" in lost.why
    assert set(by_path(lost)) == {"n1.txt", "n2.txt", "day.txt"}


def test_commits_below_the_night_with_later_dates_are_not_the_nights(repo: Path) -> None:
    """The night's clock was another than that of the commits it began on."""
    sh(repo, "commit", "-q", "--amend", "--no-edit", GIT_COMMITTER_DATE="1700090000 +0000")
    before = rev(repo)
    write(repo, {"n1.txt": "1\n"})
    commit_at(repo, "night one", 1_700_010_000)
    write(repo, {"n2.txt": "2\n"})
    last = commit_at(repo, "night two", 1_700_012_000)
    changes = read_night_diff(repo, None, 1_700_009_000.0, 1_700_020_000.0, now=1_700_095_000.0)
    assert (changes.base, changes.head) == (before, last)
    assert set(by_path(changes)) == {"n1.txt", "n2.txt"}


def test_a_commit_dated_into_the_future_does_not_hide(repo: Path) -> None:
    base = rev(repo)
    write(repo, {"sly.txt": "s\n"})
    commit_at(repo, "tomorrow", int(time.time()) + 90_000)
    assert set(by_path(read_night_diff(repo, base, None, time.time()))) == {"sly.txt"}


def test_a_night_without_commits_is_its_work_tree(repo: Path) -> None:
    write(repo, {"a.txt": "changed\n"})
    changes = read_night_diff(repo, None, time.time() + 100, time.time() + 200)
    assert set(by_path(changes)) == {"a.txt"}
    assert changes.base == changes.head == rev(repo)
    assert "no commit was made" in changes.why


def test_a_repository_without_a_commit_and_one_that_begins_in_the_night(tmp_path: Path) -> None:
    folder = make(tmp_path / "empty", {"a.txt": "a\n"}, commit=False)
    changes = read_night_diff(folder, None, None, None)
    assert set(by_path(changes)) == {"a.txt"}
    assert "no commit yet" in changes.why
    since = time.time() - 100
    made = commit(folder, "beginning")
    changes = read_night_diff(folder, None, since, None)
    assert (changes.base, changes.head) == ("", made)
    assert by_path(changes)["a.txt"].commit == made
    assert [text for _, text in changes.messages] == ["beginning"]


def test_no_repository_is_told(tmp_path: Path) -> None:
    changes = read_night_diff(tmp_path, None, None, None)
    assert changes.files == ()
    assert changes.why


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_was_told_not_to_look_at_is_looked_at(repo: Path, flag: str) -> None:
    base = rev(repo)
    sh(repo, "update-index", flag, "a.txt")
    write(repo, {"a.txt": "hidden change\n"})
    before = user_state(repo)
    changes = read_night_diff(repo, base, None, None)
    assert by_path(changes)["a.txt"].hunks[0].added == ("hidden change",)
    assert "not to look at 1 file" in changes.why
    assert user_state(repo) == before


def test_an_edit_in_the_moment_of_the_commit_is_seen(repo: Path) -> None:
    """Same size, same time stamp: only the index's own time tells that git must look inside."""
    path = repo / "a.txt"
    stamp = os.stat(repo / ".git/index").st_mtime_ns
    os.utime(path, ns=(stamp, stamp))
    base = commit(repo, "same") if sh(repo, "status", "--porcelain") else rev(repo)
    sh(repo, "update-index", "--refresh")
    held = os.stat(repo / ".git/index").st_mtime_ns
    os.utime(path, ns=(held, held))
    sh(repo, "update-index", "--refresh")
    os.utime(repo / ".git/index", ns=(held, held))
    write(repo, {"a.txt": "1\nX\n3\n"})
    os.utime(path, ns=(held, held))
    sh(repo, "config", "core.trustctime", "false")
    assert set(by_path(read_night_diff(repo, base, None, None))) == {"a.txt"}


def test_attributes_cannot_pass_text_off_as_binary(repo: Path) -> None:
    write(repo, {".gitattributes": "*.py -diff binary\n"})
    base = commit(repo, "base")
    write(repo, {"src/b.py": "print(2)\n", "real.py": b"\0\1\2"})
    found = by_path(read_night_diff(repo, base, None, None))
    assert found["src/b.py"].hunks[0].added == ("print(2)",)
    assert (found["src/b.py"].binary, found["src/b.py"].insertions) == (False, 1)
    assert found["real.py"].binary
    assert found["real.py"].hunks == ()


def test_nothing_that_the_repository_names_is_run(repo: Path, tmp_path: Path) -> None:
    fired = tmp_path / "fired"
    evil = f"touch {fired}; cat"
    write(repo, {".gitattributes": "* filter=evil diff=evil\n"})
    base = commit(repo, "base")
    for key in ("filter.evil.clean", "diff.evil.textconv", "diff.evil.command", "diff.external"):
        sh(repo, "config", key, evil)
    for key in ("core.fsmonitor", "core.pager", "log.showSignature"):
        sh(repo, "config", key, evil if key != "log.showSignature" else "true")
    sh(repo, "config", "diff.noprefix", "true")
    sh(repo, "config", "diff.orderFile", str(tmp_path / "none"))
    sh(repo, "config", "color.ui", "always")
    write(repo, {"a.txt": "1\n2\nthree\n", "new.txt": "n\n"})
    found = by_path(read_night_diff(repo, base, None, None))
    assert found["a.txt"].hunks[0].added == ("three",)
    assert set(found) == {"a.txt", "new.txt"}
    assert not fired.exists()


def test_what_is_too_much_is_cut_and_said(repo: Path) -> None:
    base = rev(repo)
    write(repo, {f"many/{n}.txt": "x\n" * 50 for n in range(20)})
    write(repo, {"huge.txt": "line\n" * 500_000, "tall.txt": "".join(f"{n}\n" for n in range(900))})
    changes = read_night_diff(repo, base, None, None, bounds=DiffBounds(file_lines=100, lines=600))
    found = by_path(changes)
    assert changes.cut
    assert found["huge.txt"].cut
    assert not found["huge.txt"].binary
    assert found["huge.txt"].size == 2_500_000
    assert found["tall.txt"].cut
    assert found["tall.txt"].insertions == 900
    small = [change for path, change in found.items() if path.startswith("many/")]
    assert len(small) == 20
    assert 0 < sum(bool(change.hunks) for change in small) < 20
    assert all(change.cut != bool(change.hunks) for change in small)
    tiny = read_night_diff(repo, base, None, None, bounds=DiffBounds(size=200))
    assert tiny.cut
    few = read_night_diff(repo, base, None, None, bounds=DiffBounds(files=3))
    assert len(few.files) == 3
    assert few.cut


def test_machine_made_files_are_marked(repo: Path) -> None:
    base = rev(repo)
    files = {
        "dist/app.js": "x\n",
        "proto/a_pb2.py": "x\n",
        "poetry.lock": "x\n",
        "lib.py": "# Code generated by tool. DO NOT EDIT.\nx = 1\n",
        "hand.py": "def generated():\n    return 'DO NOT EDIT'\n",
    }
    write(repo, files)
    found = by_path(read_night_diff(repo, base, None, None))
    assert {path for path, change in found.items() if change.generated} == set(files) - {"hand.py"}


def test_control_characters_in_lines_are_made_harmless(repo: Path) -> None:
    base = rev(repo)
    write(repo, {"a.txt": "1\n\x1b[31mred\x1b[0m\r\n\u202eevil\n"})
    (hunk,) = by_path(read_night_diff(repo, base, None, None))["a.txt"].hunks
    assert all(
        "\x1b" not in line and "\r" not in line and "\u202e" not in line for line in hunk.lines
    )
    assert len(hunk.lines) == 5


def test_a_merge_is_named_for_what_it_brought(repo: Path) -> None:
    base = rev(repo)
    sh(repo, "checkout", "-q", "-b", "side")
    write(repo, {"s.txt": "s\n"})
    commit(repo, "on the side")
    sh(repo, "checkout", "-q", "main")
    sh(repo, "merge", "-q", "--no-ff", "-m", "joined", "side")
    changes = read_night_diff(repo, base, None, None)
    assert by_path(changes)["s.txt"].commit == rev(repo)
    assert {text for _, text in changes.messages} == {"on the side", "joined"}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", ["device", "pipe"])
def test_an_index_that_is_no_file_is_not_read_without_end(repo: Path, what: str) -> None:
    index = repo / ".git/index"
    index.unlink()
    if what == "device":
        index.symlink_to("/dev/zero")
    else:
        os.mkfifo(index)
    changes = read_night_diff(repo, rev(repo), None, None)
    assert changes.files == ()
    assert "not a regular file" in changes.why
