"""What a tree of git cannot hold comes back all the same, or is listed with the reason."""

from __future__ import annotations

import os
import shutil
import stat
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.unit.control.rewinds import undo
from tests.unit.repositories import litter, make, sh, tree, user_state, write
from tui.control import retention
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.details import read_details
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of, find_checkpoint
from tui.control.checkpoints.work_tree import CaptureLimits, WorkTreeScan
from tui.control.rewind.execute import RewindResult, execute_rewind
from tui.control.rewind.plan import plan_rewind
from tui.settings.own_sections import CheckpointsSettings
from tui.system.errors import RefusedError
from tui.system.git import Git

HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "repo")


def listed(folder: Path, checkpoint: Checkpoint) -> dict[str, str]:
    details = read_details(Git(folder), checkpoint)
    return {item.path: item.reason for item in details.not_captured}


def back(folder: Path, checkpoint: Checkpoint, *, confirmed: bool = False) -> RewindResult:
    user = user_state(folder)
    result = execute_rewind(plan_rewind(folder, checkpoint), confirmed=confirmed)
    assert user_state(folder) == user
    assert litter(folder) == []
    assert plan_rewind(folder, checkpoint).is_empty
    return result


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def files_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything below a `.git`, with permissions."""
    return {
        str(path.relative_to(folder)): (mode(path), path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


# --- nested repositories ---


def test_a_nested_repository_with_its_own_commits_comes_back(folder: Path) -> None:
    nested = make(folder / "n", {"x": "x\n"})
    write(nested, {".git/hooks/post-checkout": "#!/bin/sh\ntouch ran\n"})
    (nested / ".git/hooks/post-checkout").chmod(0o755)
    head, before = sh(nested, "rev-parse", "HEAD"), files_of(nested / ".git")
    checkpoint = take_checkpoint(folder)
    assert listed(folder, checkpoint) == {}
    shutil.rmtree(nested)
    plan = plan_rewind(folder, checkpoint)
    assert {change.path for change in plan.changes} == {"n/x", "n/.git/"}
    back(folder, checkpoint)
    assert files_of(nested / ".git") == before
    assert sh(nested, "rev-parse", "HEAD") == head
    assert not (nested / "ran").exists()
    sh(nested, "fsck", "--strict")


def test_a_nested_git_that_is_there_is_never_touched(folder: Path) -> None:
    nested = make(folder / "n", {"x": "x\n"})
    checkpoint = take_checkpoint(folder)
    write(nested, {"x": "y\n"})
    sh(nested, "commit", "-qam", "later")
    before = files_of(nested / ".git")
    plan = plan_rewind(folder, checkpoint)
    assert {item.path for item in plan.keeps} == {"n/.git/"}
    back(folder, checkpoint)
    assert files_of(nested / ".git") == before
    assert (nested / "x").read_text() == "x\n"


def test_only_the_git_of_a_nested_repository_is_gone(folder: Path) -> None:
    nested = make(folder / "n", {"x": "x\n"})
    checkpoint = take_checkpoint(folder)
    shutil.rmtree(nested / ".git")
    back(folder, checkpoint)
    assert sh(nested, "status", "--porcelain") == ""


def test_a_nested_repository_beyond_the_limits_is_listed_and_told_as_lost(folder: Path) -> None:
    nested = make(folder / "n", {"x": "x\n"})
    write(nested, {".git/big": "b" * 5000})
    limits = CaptureLimits(file_bytes=4000)
    checkpoint = take_checkpoint(folder, limits=limits)
    assert list(listed(folder, checkpoint)) == ["n/.git/"]
    shutil.rmtree(nested)
    plan = plan_rewind(folder, checkpoint, limits=limits)
    assert [item.path for item in plan.lost] == ["n/.git/"]
    result = execute_rewind(plan, limits=limits)
    assert [item.path for item in result.lost] == ["n/.git/"]


@pytest.mark.parametrize("inner", [".git", ".git/config", ".git/refs"])
def test_what_a_nested_git_has_beside_its_bytes_is_listed(folder: Path, inner: str) -> None:
    make(folder / "inner", {"x": "x\n"})
    plain = take_checkpoint(folder)
    os.setxattr(folder / "inner" / inner, "user.mark", b"1")
    for _ in range(2):  # the second one knows it from the first
        taken = take_checkpoint(folder)
        assert [n.path for n in taken.not_captured] == ["inner/.git"]
    assert plain.not_captured == ()
    os.removexattr(folder / "inner" / inner, "user.mark")
    (folder / "inner/.git/config").chmod(0o4755)
    assert "set-id bits" in take_checkpoint(folder).not_captured[0].reason


@pytest.mark.parametrize("name", [".overnight-git", ".overnight-1", ".overnight--git"])
def test_a_name_like_one_of_ours_is_the_persons(folder: Path, name: str) -> None:
    """A nested repository is built beside its place; nothing that is there is taken for a remainder."""
    make(folder / "inner", {"x": "x\n"})
    write(folder / "inner" / name, {"mine": "a night's work\n"})
    taken = take_checkpoint(folder)
    shutil.rmtree(folder / "inner/.git")
    execute_rewind(plan_rewind(folder, taken))
    assert (folder / "inner/.git/HEAD").exists()
    assert (folder / "inner" / name / "mine").read_text() == "a night's work\n"


def test_what_only_looks_like_a_repository_is_kept_too(folder: Path) -> None:
    write(folder, {"n/x": "x", "n/.git/HEAD": "no repository"})
    checkpoint = take_checkpoint(folder)
    shutil.rmtree(folder / "n")
    back(folder, checkpoint)
    assert (folder / "n/.git/HEAD").read_text() == "no repository"


def test_a_submodule_finds_its_repository_again(folder: Path) -> None:
    make(folder.parent / "sub", {"s": "s"})
    add = ("submodule", "--quiet", "add", str(folder.parent / "sub"), "mod")
    sh(folder, *add, GIT_ALLOW_PROTOCOL="file")
    checkpoint = take_checkpoint(folder)
    assert list(listed(folder, checkpoint)) == ["mod/.git"]
    shutil.rmtree(folder / "mod")
    back(folder, checkpoint)
    assert sh(folder / "mod", "status", "--porcelain") == ""


def test_a_nested_repository_is_taken_away_again_when_a_rewind_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.control.rewind.apply_folders import FolderApplier
    from tui.system.errors import RewindError

    make(folder / "n", {"x": "x\n"})
    checkpoint = take_checkpoint(folder)
    shutil.rmtree(folder / "n")
    write(folder, {"a.txt": "later\n"})
    before, finish = tree(folder), FolderApplier.finish_all
    calls = []

    def fail_once(self: FolderApplier) -> list[object]:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(5, "Input/output error")
        return list(finish(self))

    monkeypatch.setattr(FolderApplier, "finish_all", fail_once)
    with pytest.raises(RewindError, match="everything is as it was before"):
        execute_rewind(plan_rewind(folder, checkpoint))
    assert tree(folder) == before
    assert not (folder / "n").exists()


# --- permissions, attributes, folders ---


def test_modes_of_files_and_folders_come_back_exactly(folder: Path) -> None:
    wanted = {"su": 0o4755, "sg": 0o2755, "sticky": 0o1644, "keys": 0o700, "shared": 0o2770}
    write(folder, {"su": "s", "sg": "s", "sticky": "s", "keys/k": "k", "shared/x": "x"})
    (folder / "closed/hollow").mkdir(parents=True)
    write(folder, {"closed/x": "x"})
    wanted |= {"closed/hollow": 0o711, "closed": 0o555}
    for name, bits in wanted.items():
        (folder / name).chmod(bits)
    checkpoint = take_checkpoint(folder)
    assert listed(folder, checkpoint) == {}
    (folder / "closed").chmod(0o755)
    for name in ("keys", "closed", "shared"):
        shutil.rmtree(folder / name)
    for name in ("su", "sg", "sticky"):
        (folder / name).unlink()
    harmed = tree(folder)
    back(folder, checkpoint)
    assert {name: mode(folder / name) for name in wanted} == wanted
    undo(folder)
    assert tree(folder) == harmed


def test_only_folders_differ(folder: Path) -> None:
    (folder / "empty/inner").mkdir(parents=True)
    (folder / "src").chmod(0o700)
    checkpoint = take_checkpoint(folder)
    shutil.rmtree(folder / "empty")
    (folder / "src").chmod(0o755)
    (folder / "new/hollow").mkdir(parents=True)
    plan = plan_rewind(folder, checkpoint)
    assert {(c.path, c.kind) for c in plan.changes} == {
        ("empty/", "create"),
        ("empty/inner/", "create"),
        ("src/", "permissions"),
        ("new/", "delete"),
        ("new/hollow/", "delete"),
    }
    back(folder, checkpoint)
    assert (folder / "empty/inner").is_dir()
    assert mode(folder / "src") == 0o700
    assert not (folder / "new").exists()
    undo(folder)
    assert (folder / "new/hollow").is_dir()
    assert not (folder / "empty").exists()


def access_list(group: int) -> bytes:
    entries = [(1, 6, -1), (2, 4, 1234), (4, group, -1), (16, 6, -1), (32, 0, -1)]
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, bits, who & 0xFFFFFFFF) for tag, bits, who in entries
    )


def test_attributes_and_access_lists_come_back(folder: Path) -> None:
    try:
        os.setxattr(folder / "a.txt", "user.note", b"\0kept")
        os.setxattr(folder / "a.txt", "system.posix_acl_access", access_list(4))
        os.setxattr(folder / "src", "user.folder", b"too")
    except OSError:
        pytest.skip("no attributes on this file system")
    checkpoint, bits = take_checkpoint(folder), mode(folder / "a.txt")
    assert listed(folder, checkpoint) == {}
    (folder / "a.txt").unlink()
    shutil.rmtree(folder / "src")
    back(folder, checkpoint)
    assert os.getxattr(folder / "a.txt", "user.note") == b"\0kept"
    assert os.getxattr(folder / "a.txt", "system.posix_acl_access") == access_list(4)
    assert os.getxattr(folder / "src", "user.folder") == b"too"
    assert mode(folder / "a.txt") == bits
    os.removexattr(folder / "a.txt", "user.note")
    os.setxattr(folder / "src/b.py", "user.added", b"later")
    back(folder, checkpoint)
    assert os.listxattr(folder / "src/b.py") == []


def test_an_attribute_that_is_not_kept_is_listed_and_asked_about(folder: Path) -> None:
    try:
        os.setxattr(folder / "a.txt", "trusted.mark", b"1")
    except OSError:
        pytest.skip("only root may set such an attribute")
    checkpoint = take_checkpoint(folder)
    assert list(listed(folder, checkpoint)) == ["a.txt"]
    write(folder, {"a.txt": "later\n"})
    plan = plan_rewind(folder, checkpoint)
    assert "trusted.mark" in plan.refusals[0]
    with pytest.raises(RefusedError):
        execute_rewind(plan)


# --- names, contents, index ---


def test_a_twin_by_case_is_captured_whatever_git_is_told(folder: Path) -> None:
    sh(folder, "config", "core.ignoreCase", "true")
    write(folder, {"A.TXT": "upper\n", "SRC/b.py": "other\n"})
    checkpoint = take_checkpoint(folder)
    write(folder, {"A.TXT": "lost\n"})
    shutil.rmtree(folder / "SRC")
    back(folder, checkpoint)
    assert (folder / "A.TXT").read_text() == "upper\n"
    assert (folder / "SRC/b.py").read_text() == "other\n"
    assert (folder / "a.txt").read_text() == "one\n"


def test_a_file_that_never_rests_is_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "hot").write_bytes(b"0" * (4 << 20))
    read = WorkTreeScan._read_file

    def read_and_write(scan: WorkTreeScan, path: bytes) -> tuple[Any, os.stat_result, Any]:
        found = read(scan, path)
        if path == b"hot":
            with open(folder / "hot", "r+b") as file:
                file.write(b"1")
        return found

    monkeypatch.setattr(WorkTreeScan, "_read_file", read_and_write)
    checkpoint = take_checkpoint(folder)
    monkeypatch.undo()
    assert listed(folder, checkpoint) == {"hot": "changed while it was read"}
    assert "hot" not in sh(folder, "ls-tree", "-r", "--name-only", checkpoint.commit)
    back(folder, checkpoint)
    assert (folder / "hot").exists()


def test_an_empty_index_is_no_reason_against_a_checkpoint(folder: Path) -> None:
    sh(folder, "rm", "-rq", "--cached", ".")
    checkpoint = take_checkpoint(folder)
    before = tree(folder)
    write(folder, {"a.txt": "changed\n"})
    shutil.rmtree(folder / "src")
    back(folder, checkpoint)
    assert tree(folder) == before
    assert sh(folder, "ls-files") == ""
    sh(folder, "add", "a.txt")
    assert "1 path was staged otherwise then" in " ".join(plan_rewind(folder, checkpoint).notes)


# --- how long they stay ---


def test_a_named_checkpoint_goes_only_when_a_person_deletes_it(folder: Path) -> None:
    named = take_checkpoint(folder, label="GOOD", facts={"why": "command line"})
    automatic = take_checkpoint(folder, label="start", facts={"why": "start"})
    compacted = take_checkpoint(folder, label="after compaction", facts={"why": "compaction"})
    newest = take_checkpoint(folder)
    rules = CheckpointsSettings(keep_all_hours=1, keep_hourly_days=0)
    gone = retention.retire_by_settings(folder, rules, newest.at + 1000 * HOUR)
    assert {c.id for c in gone} == {automatic.id, compacted.id}
    assert retention.delete_checkpoint(folder, named.id).commit == named.commit
    assert [c.id for c in checkpoints_of(folder)] == [newest.id]


def test_what_an_undo_needs_is_not_deleted(folder: Path) -> None:
    checkpoint = take_checkpoint(folder)
    write(folder, {"a.txt": "later\n"})
    safety = back(folder, checkpoint).safety
    assert safety is not None
    with pytest.raises(RefusedError, match="needed to undo"):
        retention.delete_checkpoint(folder, safety.id)
    assert safety.commit in {c.commit for c in checkpoints_of(folder)}


def test_checkpoints_of_a_work_tree_that_is_gone_are_found_in_the_others(folder: Path) -> None:
    linked = folder.parent / "linked"
    sh(folder, "worktree", "add", "-q", "-b", "side", str(linked))
    write(linked, {"a.txt": "of the side\n"})
    taken = take_checkpoint(linked, label="there")
    own = take_checkpoint(folder)
    assert [c.id for c in checkpoints_of(folder)] == [own.id]
    sh(folder, "worktree", "remove", "--force", str(linked))
    assert [(c.id, c.work_tree) for c in checkpoints_of(folder)] == [
        ("linked/c1", "linked"),
        (own.id, ""),
    ]
    found = find_checkpoint(folder, "linked/c1")
    assert found.commit == taken.commit
    assert find_checkpoint(folder, "1").commit == own.commit
    plan = plan_rewind(folder, found)
    assert "taken in the work tree linked, which is gone" in plan.refusals[0]
    with pytest.raises(RefusedError):
        execute_rewind(plan)
    back(folder, found, confirmed=True)
    assert (folder / "a.txt").read_text() == "of the side\n"
