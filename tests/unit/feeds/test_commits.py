"""Commits of a repository as they come."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.unit import repositories
from tui.feeds.repo.commits import CommitReader


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def subjects(feed: CommitReader) -> list[str]:
    return [commit.subject for commit in feed.poll()]


def add(folder: Path, message: str, *, author: str = "A", day: str = "") -> None:
    repositories.write(folder, {f"{message[:8]}.txt": "one\ntwo\n"})
    repositories.sh(folder, "add", "-A")
    repositories.sh(
        folder, "commit", "-q", "-m", message, GIT_AUTHOR_NAME=author, GIT_COMMITTER_DATE=day
    )


def test_each_commit_is_handed_out_once_in_order(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, time.time() - 3600)

    assert subjects(feed) == ["first"]
    add(project, "second")
    add(project, "third")
    second, third = feed.poll()
    assert (second.subject, third.subject) == ("second", "third")
    assert (second.files, second.insertions, second.deletions, second.author) == (1, 2, 0, "A")
    assert abs(second.at - time.time()) < 3600
    assert feed.poll() == []


def test_git_runs_only_when_something_moved(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, 0.0)
    feed.poll()
    calls = feed.calls

    repositories.write(project, {"new.txt": "x"})
    repositories.sh(project, "add", "-A")
    for _ in range(5):
        assert feed.poll() == []
    assert feed.calls == calls
    add(project, "second")
    assert subjects(feed) == ["second"]
    assert feed.calls == calls + 1


def test_only_since_the_run_began(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p", commit=False)
    add(project, "old", day="2020-01-01T00:00:00Z")
    feed = CommitReader(project, time.time() - 3600)

    assert subjects(feed) == []
    add(project, "new")
    assert subjects(feed) == ["new"]


def test_without_a_start_only_what_comes_from_now_on(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, None)

    assert subjects(feed) == []
    add(project, "second")
    assert subjects(feed) == ["second"]
    repositories.sh(project, "checkout", "-q", "--detach", "HEAD~1")
    assert subjects(feed) == []


def test_trouble_that_passes_is_tried_again(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, 0.0)
    feed.poll()
    objects = project / ".git" / "objects"
    add(project, "second")
    objects.rename(project / ".git" / "away")

    assert feed.poll() == []
    assert feed.why
    (project / ".git" / "away").rename(objects)
    found = [feed.poll() for _ in range(2)]
    assert [[commit.subject for commit in commits] for commits in found] == [[], ["second"]]
    assert feed.why == ""


def test_other_branches_amends_and_packed_refs(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, time.time() - 3600)
    feed.poll()

    repositories.sh(project, "checkout", "-q", "-b", "side")
    add(project, "aside")
    assert subjects(feed) == ["aside"]
    repositories.sh(project, "checkout", "-q", "main")
    assert subjects(feed) == []
    repositories.sh(project, "pack-refs", "--all")
    assert subjects(feed) == []
    repositories.sh(project, "commit", "-q", "--amend", "-m", "amended")
    assert subjects(feed) == ["amended"]
    repositories.sh(project, "checkout", "-q", "--detach", "side")
    assert subjects(feed) == []


def test_a_head_that_vanished_loses_nothing(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, time.time() - 3600)
    add(project, "gone")
    feed.poll()

    repositories.sh(project, "reset", "-q", "--hard", "HEAD~1")
    repositories.sh(project, "reflog", "expire", "--expire=now", "--all")
    repositories.sh(project, "gc", "-q", "--prune=now")
    add(project, "after")
    assert subjects(feed) == ["after"]


def test_a_repository_that_comes_later(tmp_path: Path) -> None:
    project = tmp_path / "p"
    project.mkdir()
    feed = CommitReader(project, 0.0)

    assert feed.poll() == []
    assert "git init" in feed.why
    calls = feed.calls
    assert feed.poll() == []
    assert feed.calls == calls
    repositories.make(project, commit=False)
    assert feed.poll() == []
    add(project, "one")
    assert subjects(feed) == ["one"]
    assert feed.why == ""


def test_a_project_inside_a_repository_and_a_linked_work_tree(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    repositories.sh(project, "worktree", "add", "-q", str(tmp_path / "linked"))
    inside, linked = CommitReader(project / "src", 0.0), CommitReader(tmp_path / "linked", 0.0)
    assert subjects(inside) == subjects(linked) == ["first"]

    add(tmp_path / "linked", "there")
    assert subjects(linked) == ["there"]
    assert subjects(inside) == []


def test_messages_are_clean(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, None)
    feed.poll()

    add(project, "x\x1b]0;title\x07 [/red] \u202e", author="E\x1b[2Jve")
    (commit,) = feed.poll()
    assert not set(commit.subject + commit.author) & set("\x1b\x07\u202e")


def test_a_broken_repository_is_a_state(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "p")
    feed = CommitReader(project, 0.0)
    feed.poll()

    (project / ".git" / "HEAD").write_text("noise")
    assert feed.poll() == []
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    add(project, "second")
    assert subjects(feed) == ["second"]
