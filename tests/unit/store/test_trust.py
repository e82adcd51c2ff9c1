"""Approval: for one repository with its work trees, for these bytes, and in a file of ours alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.store import repository_identity, trust
from tui.system.errors import RefusedError
from tui.system.locks import acquire_lock

DIGEST = "ab" * 32


class Person:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.environ = {"HOME": str(base / "home"), "XDG_STATE_HOME": str(base / "state")}
        self.file = base / "state/overnight-tui/trust.json"

    def trusts(self, project: Path, digest: str = DIGEST) -> bool:
        return trust.is_trusted(project, digest, self.environ)

    def trust(self, project: Path, digest: str = DIGEST) -> None:
        trust.trust(project, digest, 1.0, {"agent.command": "m"}, self.environ)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def git(folder: Path, *words: str) -> None:
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a"}
    subprocess.run(
        ["git", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, **names, "GIT_COMMITTER_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": "/dev/null"},
    )


def repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", "base")
    return folder


def test_trust_is_in_these_bytes_of_this_repository(person: Person) -> None:
    mine, other = repository(person.base / "mine"), repository(person.base / "other")
    assert not person.trusts(mine)
    person.trust(mine)
    assert person.trusts(mine)
    assert not person.trusts(mine, "cd" * 32)
    assert not person.trusts(mine, "")
    assert not person.trusts(other)
    assert person.file.stat().st_mode & 0o777 == 0o600


def test_linked_work_trees_share_it_and_clones_do_not(person: Person) -> None:
    mine = repository(person.base / "mine")
    git(mine, "worktree", "add", "-q", "-b", "side", str(person.base / "side"))
    git(person.base, "clone", "-q", str(mine), "clone")
    shutil.copytree(mine, person.base / "copy", symlinks=True)
    person.trust(mine)
    assert person.trusts(person.base / "side")
    assert not person.trusts(person.base / "clone")
    assert not person.trusts(person.base / "copy")


def test_each_folder_of_a_repository_is_a_project_of_its_own(person: Person) -> None:
    mine = repository(person.base / "mine")
    (mine / "sub").mkdir()
    person.trust(mine / "sub")
    assert person.trusts(mine / "sub")
    assert not person.trusts(mine)


def test_another_repository_at_the_same_path_does_not_inherit(person: Person) -> None:
    mine = repository(person.base / "mine")
    person.trust(mine)
    for _ in range(5):  # the inode's number is often given away again
        shutil.rmtree(mine)
        repository(mine)
        assert not person.trusts(mine)


def test_a_git_file_that_only_names_a_trusted_repository_gives_nothing(person: Person) -> None:
    mine = repository(person.base / "mine")
    git(mine, "worktree", "add", "-q", "-b", "side", str(person.base / "side"))
    person.trust(mine)
    evil = person.base / "evil"
    for target in (mine / ".git/worktrees/side", mine / ".git"):
        evil.mkdir()
        (evil / ".git").write_text(f"gitdir: {target}\n")
        assert not person.trusts(evil)
        shutil.rmtree(evil)
    evil.mkdir()
    (evil / ".git").symlink_to(mine / ".git")
    assert not person.trusts(evil)
    (evil / ".git").unlink()
    (evil / ".git").mkdir()
    (evil / ".git/commondir").write_text(f"{mine}/.git\n")
    assert not person.trusts(evil)


def test_without_a_repository_it_is_the_folder(person: Person) -> None:
    plain, other = person.base / "plain", person.base / "other"
    plain.mkdir()
    other.mkdir()
    person.trust(plain, "")
    assert person.trusts(plain, "")
    assert not person.trusts(plain)
    assert not person.trusts(other, "")
    plain.rename(person.base / "away")
    plain.mkdir()
    assert not person.trusts(plain, "")


def test_the_same_project_by_another_way_to_it(person: Person) -> None:
    mine = repository(person.base / "mine")
    (person.base / "link").symlink_to(mine)
    person.trust(person.base / "link")
    assert person.trusts(mine)


def test_several_versions_are_known_and_all_are_revoked(person: Person) -> None:
    mine, other = repository(person.base / "mine"), repository(person.base / "other")
    for digest in ("1", "2", "3"):
        person.trust(mine, digest)
    person.trust(other, "1")
    assert [one.digest for one in trust.trusted_entries(mine, person.environ)] == ["1", "2", "3"]
    assert trust.revoke(mine, person.environ) == 3
    assert not person.trusts(mine, "1")
    assert person.trusts(other, "1")
    assert trust.revoke(mine, person.environ) == 0


def test_it_stays_within_bounds(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = repository(person.base / "mine")
    monkeypatch.setattr(trust, "_MOST_OF_ONE", 5)
    for number in range(9):
        person.trust(mine, str(number))
    assert [one.digest for one in trust.trusted_entries(mine, person.environ)] == list("45678")
    monkeypatch.setattr(trust, "_MOST_BYTES", 600)
    person.trust(mine, "new")
    assert person.trusts(mine, "new")
    assert person.file.stat().st_size <= 600


@pytest.mark.parametrize("what", ["writable", "link", "hard link", "folder", "large", "pipe"])
def test_a_file_that_somebody_else_could_have_made_gives_nothing(
    person: Person, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = repository(person.base / "mine")
    person.trust(mine)
    good = person.base / "good.json"
    shutil.copy(person.file, good)
    good.chmod(0o600)
    if what == "writable":
        person.file.chmod(0o602)
    elif what == "folder":
        person.file.parent.chmod(0o777)
    elif what == "large":
        monkeypatch.setattr(trust, "_MOST_BYTES", 10)
    elif what == "hard link":
        os.link(person.file, person.base / "second")
    else:
        person.file.unlink()
        if what == "link":
            person.file.symlink_to(good)
        else:
            os.mkfifo(person.file)
    assert not person.trusts(mine)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_gives_nothing(person: Person) -> None:
    mine = repository(person.base / "mine")
    person.trust(mine)
    os.chown(person.file, 12345, -1)
    assert not person.trusts(mine)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=200)
    | st.builds(
        lambda value: str(value).replace("'", '"').encode("utf-8", "replace"),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=7), inner),
        ),
    )
)
def test_hostile_content_gives_nothing_and_is_survived(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    person = Person(tmp_path_factory.mktemp("hostile"))
    mine = person.base / "mine"
    mine.mkdir()
    person.file.parent.mkdir(parents=True, mode=0o700)
    for data in (content, b'{"trusted":' + content + b"}", b"[" * 100_000):
        person.file.write_bytes(data)
        person.file.chmod(0o600)
        assert not person.trusts(mine)
    person.trust(mine)
    assert person.trusts(mine)


def test_two_at_once_lose_nothing(person: Person) -> None:
    projects = [person.base / str(number) for number in range(12)]
    for project in projects:
        project.mkdir()
    threads = [threading.Thread(target=person.trust, args=(project,)) for project in projects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(map(person.trusts, projects))


def test_a_held_lock_is_refused_in_a_sentence(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.trust(repository(person.base / "mine"))
    monkeypatch.setattr(trust, "_PATIENCE", 0.0)
    lock = acquire_lock(person.file.parent / "trust.lock")
    assert lock is not None
    with pytest.raises(RefusedError, match="changing what is trusted"):
        person.trust(person.base / "mine", "2")
    os.close(lock)


def test_a_folder_that_is_gone_is_not_trusted(person: Person) -> None:
    mine = repository(person.base / "mine")
    person.trust(mine)
    assert not person.trusts(person.base / "nowhere")
    with pytest.raises(RefusedError):
        person.trust(person.base / "nowhere")


def test_one_that_was_made_at_another_time_is_another_one(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of an inode is given away again; the time of its birth is not."""
    mine = repository(person.base / "mine")
    for born in (1, 2):
        monkeypatch.setattr(repository_identity, "_birth_of", lambda *_, born=born: born)
        assert not person.trusts(mine)
        person.trust(mine)
        assert person.trusts(mine)


def test_the_time_of_birth_is_told_where_the_system_has_it(tmp_path: Path) -> None:
    told = subprocess.run(["stat", "-c", "%W", tmp_path], capture_output=True, check=True).stdout
    born = repository_identity.identity_of(tmp_path).born
    assert born // 10**9 == int(told if told.strip() != b"-" else 0)
