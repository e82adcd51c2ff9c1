"""Commits and files go to a new branch, and nothing else in the repository moves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.repositories import commit, litter, make, sh, tree, user_state, write
from tui.control.branch.build import create_branch, plan_branch
from tui.control.operations import Operations
from tui.settings.settings import Settings
from tui.system.errors import RefusedError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A repository with a base and three commits: a, then b in another file, then a again."""
    folder = make(tmp_path / "repo", {"a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n", "b.txt": "b\n"})
    write(folder, {"a.txt": "ONE\n2\n3\n4\n5\n6\n7\n8\n"})
    sh(folder, "add", "-A")
    sh(
        folder,
        *("commit", "-q", "-m", "first change\n\nIts body."),
        GIT_AUTHOR_NAME="Ann Ü",
        GIT_AUTHOR_EMAIL="ann@example.org",
        GIT_AUTHOR_DATE="1700000000 +0530",
    )
    write(folder, {"b.txt": "b\nmore\n"})
    commit(folder, "second change")
    write(folder, {"a.txt": "ONE\n2\n3\n4\n5\n6\n7\nEIGHT\n"})
    commit(folder, "third change")
    return folder


def rev(folder: Path, name: str) -> str:
    return sh(folder, "rev-parse", name)


def everything(folder: Path) -> tuple[object, ...]:
    refs = sh(folder, "for-each-ref", "--format=%(refname) %(objectname)")
    return tree(folder), user_state(folder), refs


def test_a_run_of_commits_from_the_base_keeps_its_ids(night: Path) -> None:
    plan = plan_branch(night, "kept", commits=["HEAD~1", "HEAD~2"], base="HEAD~3")
    assert plan.refusals == ()
    assert [one.subject for one in plan.commits] == ["first change", "second change"]
    before = everything(night)
    receipt = create_branch(plan)
    assert receipt.commit == rev(night, "HEAD~1") == rev(night, "kept")
    assert receipt.commits == 2
    after = everything(night)
    assert after[0] == before[0]
    state, old = after[1], before[1]
    assert isinstance(state, dict)
    assert isinstance(old, dict)
    assert {k: v for k, v in state.items() if k != "refs"} == {
        k: v for k, v in old.items() if k != "refs"
    }
    assert litter(night) == []


def test_a_commit_without_those_before_it_is_moved_with_all_that_it_says(night: Path) -> None:
    receipt = create_branch(
        plan_branch(night, "some/where", commits=["HEAD", "HEAD~2"], base="HEAD~3")
    )
    assert receipt.commits == 2
    assert sh(night, "show", "some/where:a.txt") == "ONE\n2\n3\n4\n5\n6\n7\nEIGHT"
    assert sh(night, "show", "some/where:b.txt") == "b"
    only = create_branch(plan_branch(night, "last", commits=["HEAD"], base="HEAD~3"))
    assert sh(night, "show", "last:a.txt") == "1\n2\n3\n4\n5\n6\n7\nEIGHT"
    assert sh(night, "rev-parse", "last^") == rev(night, "HEAD~3")
    assert only.commit != rev(night, "HEAD")
    again = plan_branch(night, "again", commits=["HEAD~2"], base="HEAD")
    assert "is there already" in again.refusals[0]


def test_authors_dates_and_messages_are_kept(night: Path) -> None:
    sh(night, "checkout", "-q", "-b", "side", "HEAD~3")
    write(night, {"z.txt": "z\n"})
    base = commit(night, "side base")
    sh(night, "checkout", "-q", "main")
    sh(night, "config", "user.name", "Me <\u202eagain>")
    create_branch(plan_branch(night, "moved", commits=["HEAD~2"], base=base))
    shape = "--format=%an|%ae|%ad|%B"
    assert sh(night, "log", "-1", shape, "moved") == sh(night, "log", "-1", shape, "main~2")
    assert rev(night, "moved^") == base
    assert sh(night, "log", "-1", "--format=%cn", "moved") == "Me again"


def test_a_conflict_names_the_paths_and_leaves_nothing(night: Path) -> None:
    write(night, {"a.txt": "uno\n2\n3\n4\n5\n6\n7\nEIGHT\n"})
    commit(night, "fourth change")
    before = everything(night), sh(night, "count-objects", "-v")
    plan = plan_branch(night, "torn", commits=["HEAD"], base="HEAD~4")
    assert len(plan.refusals) == 1
    assert "a.txt" in plan.refusals[0]
    assert "fourth change" in plan.refusals[0]
    assert plan.sentences == plan.refusals
    with pytest.raises(RefusedError, match=r"a\.txt"):
        create_branch(plan)
    assert (everything(night), sh(night, "count-objects", "-v")) == before
    assert litter(night) == []


@pytest.mark.parametrize("name", ["main", "-f", "a..b", "", "HEAD", "main/below", "x\0y", "a b"])
def test_names_that_cannot_be_are_refused(night: Path, name: str) -> None:
    plan = plan_branch(night, name, commits=["HEAD"])
    assert plan.refusals
    with pytest.raises(RefusedError):
        create_branch(plan)


def test_a_branch_made_meanwhile_is_not_overwritten(night: Path) -> None:
    plan = plan_branch(night, "taken", commits=["HEAD~2"], base="HEAD~3")
    assert plan.refusals == ()
    sh(night, "branch", "taken", "HEAD~1")
    with pytest.raises(RefusedError, match="exists"):
        create_branch(plan)
    assert rev(night, "taken") == rev(night, "HEAD~1")


def test_files_are_taken_as_they_are_now(night: Path) -> None:
    write(night, {"b.txt": "loose\n", "new dir/\xe4 file.sh": "#!/bin/sh\n", "keep.txt": "no\n"})
    (night / "new dir/\xe4 file.sh").chmod(0o755)
    (night / "link").symlink_to("a.txt")
    (night / "a.txt").unlink()
    before = tree(night), user_state(night)
    paths = ["b.txt", "new dir/\xe4 file.sh", "link", "a.txt"]
    plan = plan_branch(night, "files", files=paths, base="HEAD~3")
    assert plan.refusals == ()
    receipt = create_branch(plan)
    assert receipt.files == 4
    listed = sh(night, "-c", "core.quotePath=false", "ls-tree", "-r", "files")
    assert [line.split()[0] for line in listed.splitlines()] == ["100644", "120000", "100755"]
    assert sh(night, "show", "files:b.txt") == "loose"
    assert "a.txt" not in listed.split("\t")
    assert rev(night, "files^") == rev(night, "HEAD~3")
    assert tree(night) == before[0]
    state = user_state(night)
    assert (
        state["repo/.git/index" if "repo/.git/index" in state else ".git/index"]
        == (before[1]["repo/.git/index" if "repo/.git/index" in state else ".git/index"])
    )


def test_commits_and_files_of_another_state_together(night: Path) -> None:
    plan = plan_branch(
        night, "both", commits=["HEAD~1"], files=["a.txt"], base="HEAD~3", source="HEAD~2"
    )
    receipt = create_branch(plan)
    assert (receipt.commits, receipt.files) == (1, 1)
    assert sh(night, "show", "both:a.txt").startswith("ONE\n2")
    assert sh(night, "show", "both:b.txt") == "b\nmore"
    assert sh(night, "log", "--format=%s", "both").splitlines()[:2] == [
        "Take a.txt from the night",
        "second change",
    ]


@pytest.mark.parametrize("path", ["../x", ".git/config", "/etc/passwd", "d/.git/hooks/x", "a\0b"])
def test_paths_outside_are_refused(night: Path, path: str) -> None:
    assert plan_branch(night, "bad", files=[path]).refusals


def test_a_file_where_a_folder_is_cannot_be_taken(night: Path) -> None:
    write(night, {"d/inner.txt": "x\n"})
    base = commit(night, "with folder")
    sh(night, "rm", "-q", "-r", "d")
    write(night, {"d": "now a file\n"})
    commit(night, "with file")
    plan = plan_branch(night, "clash", files=["d"], base=base)
    assert "folder" in plan.refusals[0]


def test_a_merge_is_refused(night: Path) -> None:
    sh(night, "checkout", "-q", "-b", "side", "HEAD~1")
    write(night, {"s.txt": "s\n"})
    commit(night, "side")
    sh(night, "checkout", "-q", "main")
    sh(night, "merge", "-q", "--no-ff", "-m", "joined", "side")
    assert "merge" in plan_branch(night, "m", commits=["HEAD"], base="HEAD~1").refusals[0]


def test_the_first_commit_of_all_can_be_taken(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a.txt": "a\n"})
    sh(folder, "checkout", "-q", "--orphan", "other")
    write(folder, {"o.txt": "o\n"})
    sh(folder, "rm", "-q", "--cached", "a.txt")
    (folder / "a.txt").unlink()
    commit(folder, "another beginning")
    create_branch(plan_branch(folder, "joined", commits=["HEAD"], base="main"))
    assert sh(folder, "ls-tree", "--name-only", "joined").splitlines() == ["a.txt", "o.txt"]


def test_nothing_that_the_repository_names_is_run(night: Path, tmp_path: Path) -> None:
    fired = tmp_path / "fired"
    evil = f"touch {fired}; cat"
    write(night, {".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    for key in (
        "filter.evil.clean",
        "filter.evil.smudge",
        "merge.evil.driver",
        "diff.evil.textconv",
    ):
        sh(night, "config", key, evil)
    hook = night / ".git/hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {fired}\n")
    hook.chmod(0o755)
    write(night, {"b.txt": "raw\r\n"})
    receipt = create_branch(
        plan_branch(night, "safe", commits=["HEAD"], files=["b.txt"], base="HEAD~3")
    )
    assert not fired.exists()
    hook.unlink()
    assert sh(night, "show", f"{receipt.commit}:a.txt").endswith("EIGHT")
    blob = subprocess.run(
        ["git", "cat-file", "blob", "safe:b.txt"], cwd=night, capture_output=True, check=True
    )
    assert blob.stdout == b"raw\r\n"


def test_killed_anywhere_it_leaves_nothing_to_be_seen(night: Path) -> None:
    """Each run is killed at a later call of git; the next one works as if it had never been."""
    code = (
        "import os, sys, signal\n"
        "from tui.system import git\n"
        "from tui.control.branch.build import create_branch, plan_branch\n"
        "plan = plan_branch(sys.argv[1], 'cut', commits=['HEAD'], base='HEAD~3')\n"
        "left = int(sys.argv[2])\n"
        "start = git.Git.start\n"
        "def counted(self, *args, **more):\n"
        "    global left\n"
        "    left -= 1\n"
        "    if not left: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return start(self, *args, **more)\n"
        "git.Git.start = counted\n"
        "create_branch(plan)\n"
    )
    before = everything(night)
    for calls in range(1, 100):
        done = subprocess.run(
            [sys.executable, "-c", code, str(night), str(calls)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        refs = sh(night, "for-each-ref", "--format=%(refname)")
        if "refs/heads/cut" in refs:  # killed when looking at what it had made
            sh(night, "branch", "-q", "-D", "cut")
        assert everything(night)[0] == before[0]
    assert calls > 10
    assert sh(night, "show", "cut:a.txt").endswith("EIGHT")
    assert sh(night, "fsck", "--connectivity-only") == "" or "dangling" in sh(night, "fsck")
    assert litter(night) == []


def test_the_branch_is_recorded_in_the_journal(night: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    operations = Operations(night, Settings(), run_dir=str(run), session="s1")
    plan = operations.plan_branch("told", commits=["HEAD"], files=["b.txt"], base="HEAD~3")
    assert "1 commit and 1 file" in plan.sentences[0]
    assert not (run / "journal.jsonl").exists()
    receipt = operations.create_branch(plan)
    (entry,) = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    assert entry["kind"] == "take"
    assert entry["branch"] == "told"
    assert entry["commit"] == receipt.commit == rev(night, "told")
    assert entry["commits"] == [rev(night, "HEAD")]
    assert entry["files"] == ["b.txt"]
