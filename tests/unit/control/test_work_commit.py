"""A real commit beside an agent: what goes in, what stays staged, and what a kill leaves."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tui.control import work_commit
from tui.control.work_commit import WorkCommit, commit_work, recover_commit
from tui.system.errors import RefusedError
from tui.system.git import Git

NOW = 1_764_504_000.0


class Repository:
    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.org")
        self.write("a.py", "a = 1\n")
        self.write("b.py", "b = 1\n")
        self.git("add", "-A")
        self.git("commit", "-qm", "first")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.top, check=True, capture_output=True, text=True
        )
        return done.stdout.rstrip("\n")

    def write(self, name: str, text: str) -> None:
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self) -> WorkCommit | None:
        return commit_work(
            self.top,
            prefix="[AUTO]",
            run="r",
            now=NOW,
            most_bytes=1000,
            is_own=lambda path: path.startswith("logs/"),
        )

    def refused(self) -> str:
        head = self.git("rev-parse", "HEAD")
        with pytest.raises(RefusedError) as refused:
            self.commit()
        assert self.git("rev-parse", "HEAD") == head
        return str(refused.value)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "p")


def test_the_work_tree_is_committed_as_it_is(repository: Repository) -> None:
    repository.write("a.py", "a = 2\n")
    repository.write("new/c.py", "c = 1\n")
    (repository.top / "b.py").unlink()
    made = repository.commit()
    assert made is not None
    assert made.commit == repository.git("rev-parse", "HEAD")
    assert repository.git("log", "-1", "--format=%an %ae") == "Ada ada@example.org"
    assert made.subject.startswith("[AUTO] checkpoint: periodic-")
    assert made.subject == repository.git("log", "-1", "--format=%s")
    assert repository.git("show", "--name-status", "--format=") == "M\ta.py\nD\tb.py\nA\tnew/c.py"
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("branch", "--show-current") == "main"


def test_nothing_makes_no_commit(repository: Repository) -> None:
    before = repository.git("rev-parse", "HEAD")
    assert repository.commit() is None
    os.utime(repository.top / "a.py")
    assert repository.commit() is None
    assert repository.git("rev-parse", "HEAD") == before


def test_what_is_staged_stays_staged(repository: Repository) -> None:
    """Wholly staged is committed, partly staged is left as it is."""
    repository.write("a.py", "a = 2\n")
    repository.git("add", "a.py")
    repository.write("b.py", "b = 2\n")
    repository.git("add", "b.py")
    repository.write("b.py", "b = 3\n")
    repository.write("c.py", "c = 1\n")
    made = repository.commit()
    assert made is not None
    assert made.left_out == (("b.py", "part of it is staged"),)
    assert repository.git("show", "--name-only", "--format=") == "a.py\nc.py"
    assert repository.git("status", "--porcelain") == "MM b.py"
    assert repository.git("diff", "--cached", "--unified=0").endswith("-b = 1\n+b = 2")


def test_what_must_not_be_committed_is_left_out(repository: Repository) -> None:
    key = "AKIA" + "Q3EZ7XTPLM2VWKBN"
    secret = "ghp_" + "k3Jd82hLqPz0Xv7TnB5sWc1RyMf9GaQe4UoI"
    for name, text in {
        ".env": "A=1\n",
        "id_rsa": "x\n",
        "deploy.py": f'TOKEN = "{secret}"\nKEY = "{key}"\n',
        "large.bin": "x" * 2000,
        "logs/watchdog.log": "ours\n",
        ".claude/settings.json": "{}\n",
        "good.py": "g = 1\n",
    }.items():
        repository.write(name, text)
    Repository(repository.top / "nested")
    made = repository.commit()
    assert made is not None
    assert repository.git("show", "--name-only", "--format=") == "good.py"
    assert dict(made.left_out) == {
        ".env": "may hold credentials",
        "id_rsa": "may hold credentials",
        "deploy.py": "may hold credentials",
        "large.bin": "too large",
        ".claude/settings.json": "the agent's own settings",
        "nested/": "a repository of its own",
    }


def test_no_hook_and_no_program_of_the_repository_runs(repository: Repository) -> None:
    for hook in ("pre-commit", "post-commit", "reference-transaction", "prepare-commit-msg"):
        path = repository.top / ".git/hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {repository.top}/ran\n")
        path.chmod(0o755)
    repository.git("config", "core.fsmonitor", f"touch {repository.top}/ran")
    repository.write("a.py", "a = 2\n")
    assert repository.commit() is not None
    assert not (repository.top / "ran").exists()


def test_nothing_is_committed_while_something_else_is_under_way(repository: Repository) -> None:
    repository.write("a.py", "a = 2\n")
    lock = repository.top / ".git/index.lock"
    lock.touch()
    assert "index.lock" in repository.refused()
    assert lock.exists()
    lock.unlink()
    (repository.top / ".git/MERGE_HEAD").write_text(repository.git("rev-parse", "HEAD") + "\n")
    assert "a merge is half done" in repository.refused()
    (repository.top / ".git/MERGE_HEAD").unlink()
    (repository.top / ".git/rebase-merge").mkdir()
    assert "a rebase is half done" in repository.refused()
    (repository.top / ".git/rebase-merge").rmdir()
    repository.git("config", "commit.gpgsign", "true")
    assert "signed" in repository.refused()
    repository.git("config", "commit.gpgsign", "false")
    repository.write(".gitattributes", "*.bin filter=lfs\n")
    assert "filter" in repository.refused()
    (repository.top / ".gitattributes").unlink()
    repository.git("checkout", "-q", "--detach")
    assert "on no branch" in repository.refused()


def test_a_change_within_the_tick_in_which_the_index_was_written_is_committed(
    repository: Repository,
) -> None:
    """Same size and time as before: git knows by the time of the index that it has to read the file."""
    repository.git("config", "core.trustctime", "false")
    file, index = repository.top / "a.py", repository.top / ".git/index"
    before = file.stat().st_mtime_ns - 100 * 10**9
    os.utime(file, ns=(before, before))
    repository.git("update-index", "--refresh")
    os.utime(index, ns=(before, before))
    repository.write("a.py", "a = 2\n")
    os.utime(file, ns=(before, before))
    assert repository.commit() is not None
    assert repository.git("show", "HEAD:a.py") == "a = 2"


def test_a_commit_of_the_agent_at_the_same_moment_is_kept(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("a.py", "a = 2\n")
    publish = work_commit._publish

    def racing(*parts: object) -> None:
        repository.git("commit", "-qam", "the agent's own")
        publish(*parts)  # type: ignore[arg-type]

    monkeypatch.setattr(work_commit, "_publish", racing)
    with pytest.raises(RefusedError, match="meanwhile"):
        repository.commit()
    assert repository.git("log", "-1", "--format=%s") == "the agent's own"
    assert repository.git("status", "--porcelain") == ""
    assert not list((repository.top / ".git").glob("*lock"))
    assert not list((repository.top / ".git").glob("overnight-*"))


@pytest.mark.parametrize("moved", [True, False])
def test_a_kill_leaves_no_lock_and_no_reversal(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    """Killed under the lock, before the branch was moved or after: the next one ends it."""
    repository.write("a.py", "a = 2\n")
    replace = Path.replace

    class KilledError(BaseException):
        pass

    def killed(self: Path, target: Path) -> Path:
        if self.name == "index.lock":
            raise KilledError
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    monkeypatch.setattr(work_commit, "recover_commit", lambda git: None)
    before = repository.git("rev-parse", "HEAD")
    with pytest.raises(KilledError):
        repository.commit()
    monkeypatch.undo()
    assert (repository.top / ".git/index.lock").exists()
    if not moved:
        repository.git("update-ref", "refs/heads/main", before)
    recover_commit(Git(repository.top))
    assert not (repository.top / ".git/index.lock").exists()
    assert repository.git("status", "--porcelain") == ("" if moved else " M a.py")


def test_a_lock_of_somebody_else_is_left_alone(repository: Repository) -> None:
    lock = repository.top / ".git/index.lock"
    lock.touch()
    recover_commit(Git(repository.top))
    assert lock.exists()


def test_the_identity_is_that_of_the_persons_own_git(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.git("config", "--unset", "user.name")
    repository.git("config", "--unset", "user.email")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GIT_CONFIG_GLOBAL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("GIT_COMMITTER_NAME", raising=False)
    monkeypatch.delenv("GIT_COMMITTER_EMAIL", raising=False)
    repository.git("config", "user.useConfigOnly", "true")
    repository.write("a.py", "a = 2\n")
    assert "set user.name and user.email" in repository.refused()
    own = tmp_path / "gitconfig"
    own.write_text("[user]\n\tname = Grace\n\temail = grace@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(own))
    assert repository.commit() is not None
    assert repository.git("log", "-1", "--format=%an %ce") == "Grace grace@example.org"
