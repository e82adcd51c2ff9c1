"""Sixteen ways a rewind of files could lose something, and does not."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.unit.control.rewinds import undo
from tests.unit.repositories import commit, litter, make, sh, tree, user_state, write
from tui.control import retention
from tui.control.checkpoints import capture
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.details import read_details
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.rewind.execute import RewindResult, execute_rewind, plan_undo, recover_rewind
from tui.control.rewind.plan import RewindPlan, checkpoint_distances, plan_rewind
from tui.control.rewind.rewind_journal import RewindJournal
from tui.settings.own_sections import CheckpointsSettings
from tui.store.layout import project_state
from tui.system.errors import CheckpointError, RefusedError, RewindError
from tui.system.git import Git


def rewind(folder: Path, wanted: str = "c1", *, confirmed: bool = False) -> RewindResult:
    checkpoint = next(c for c in checkpoints_of(folder) if c.id == wanted)
    return execute_rewind(plan_rewind(folder, checkpoint), confirmed=confirmed)


def shown(found: RewindPlan) -> dict[str, str]:
    return {change.path: change.kind for change in found.changes}


def kept(found: RewindPlan | RewindResult) -> dict[str, str]:
    items = found.keeps if isinstance(found, RewindPlan) else found.kept
    return {item.path: item.reason for item in items}


def back_and_forth(
    folder: Path, *, confirmed: bool = False
) -> tuple[dict[str, object], RewindResult]:
    """Rewinds to c1, undoes, undoes the undo; every state must come back whole. The state at c1 as
    the rewind restored it, and its receipt."""
    before, user = tree(folder), user_state(folder)
    receipt = rewind(folder, confirmed=confirmed)
    assert user_state(folder) == user
    after = tree(folder)
    assert litter(folder) == []
    undo(folder, confirmed=confirmed)
    assert tree(folder) == before
    undo(folder, confirmed=confirmed)
    assert tree(folder) == after
    undo(folder, confirmed=confirmed)
    assert tree(folder) == before
    undo(folder, confirmed=confirmed)
    assert user_state(folder) == user
    assert litter(folder) == []
    assert list((project_state(folder) / "rewind/stage").iterdir()) == []
    return dict(after), receipt


def test_everything_that_changed_comes_back(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a": "a\n", "b": "b\n", "gone": "g\n", "d/e/f": "f\n"})
    write(folder, {"untracked": "u\n"})
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "link").symlink_to("a")
    want = tree(folder)
    take_checkpoint(folder, label="good")
    write(folder, {"a": "A changed\n", "new": "n\n", "new dir/deep/x": "x\n", "untracked": "U\n"})
    (folder / "gone").unlink()
    shutil.rmtree(folder / "d")
    (folder / "run").chmod(0o644)
    (folder / "link").unlink()
    (folder / "link").symlink_to("b")
    got, receipt = back_and_forth(folder)
    assert got == want
    assert (receipt.written, receipt.deleted, receipt.unchanged) == (6, 2, 1)


def test_the_plan_shows_what_happens_and_changes_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a": "1\n2\n3\n", "same": "s", "bin": b"\0\1", "x": "x"})
    checkpoint = take_checkpoint(folder)
    write(folder, {"a": "1\ntwo\n3\n4\n", "new": "n\n", "bin": b"\0\2\3", ".gitignore": "*.o\n"})
    write(folder, {"y.o": "o"})
    (folder / "x").chmod(0o755)
    before, user = tree(folder), user_state(folder)
    found = plan_rewind(folder, checkpoint)
    assert shown(found) == {
        "a": "replace",
        "bin": "replace",
        "new": "delete",
        ".gitignore": "delete",
        "x": "permissions",
    }
    assert kept(found) == {"y.o": "ignored"}
    assert (found.unchanged, found.refusals, found.is_empty) == (1, (), False)
    by_path = {change.path: change for change in found.changes}
    assert found.diff(by_path["a"]) == (
        "--- now/a\n+++ c1/a\n@@ -1,4 +1,3 @@\n 1\n-two\n+2\n 3\n-4\n"
    )
    assert found.lines(by_path["a"]) == (1, 2)
    assert found.diff(by_path["bin"]) == "binary file: 3 bytes become 2\n"
    assert found.lines(by_path["bin"]) is None
    assert found.diff(by_path["x"]) == "permissions 755 become 644\n"
    assert found.lines(by_path["new"]) == (0, 1)
    assert found.total_lines() == (1, 4)
    assert (tree(folder), user_state(folder)) == (before, user)
    assert [c.id for c in checkpoints_of(folder)] == ["c1"]


def test_how_far_each_checkpoint_is_away(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a": "1\n2\n"})
    take_checkpoint(folder)
    write(folder, {"a": "1\n", "b": "b\n"})
    commit(folder)
    take_checkpoint(folder)
    write(folder, {"a": "1\n2\n3\n"})
    (folder / "a").chmod(0o755)
    damaged = take_checkpoint(folder)
    side = sh(folder, "rev-parse", f"{damaged.commit}^{{tree}}")
    (folder / ".git/objects" / side[:2] / side[2:]).unlink()
    found = {s.checkpoint.id: s for s in checkpoint_distances(folder, checkpoints_of(folder))}
    assert [(s.files, s.added, s.removed) for s in found.values()] == [
        (2, 0, 2),
        (1, 0, 2),
        (0, 0, 0),
    ]
    assert found["c3"].damage


# 1, 2
def test_a_file_created_after_goes_and_an_untracked_edit_comes_back(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    write(folder, {"untracked": "before"})
    take_checkpoint(folder)
    write(folder, {"untracked": "after", "created": "c"})
    receipt = rewind(folder)
    assert (folder / "untracked").read_text() == "before"
    assert not (folder / "created").exists()
    assert receipt.safety is not None
    assert sh(folder, "show", f"{receipt.safety.commit}:created") == "c"


# 3
def test_ignored_files_stay(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {".gitignore": "*.log\nbuild/\n"})
    write(folder, {"x.log": "1", "build/o": "1"})
    take_checkpoint(folder)
    write(folder, {"x.log": "2", "build/o": "2", "build/p": "new", "y.log": "new", "z": "z"})
    got, receipt = back_and_forth(folder)
    assert got["x.log"] == ("file", 0o644, b"2")
    assert {"build/o", "build/p", "y.log"} <= got.keys()
    assert "z" not in got
    assert kept(receipt) == {"build/": "ignored", "x.log": "ignored", "y.log": "ignored"}


# 4
def test_gitignore_changed_between(tmp_path: Path) -> None:
    """What .gitignore protected then is not deleted now; what it hides now still comes back."""
    folder = make(tmp_path / "repo", {".gitignore": "secret\ncache/\n", "plain": "then"})
    write(folder, {"secret": "s", "cache/x": "x"})
    take_checkpoint(folder)
    write(folder, {".gitignore": "plain\nfresh\n", "plain": "now", "fresh": "f", "other": "o"})
    sh(folder, "rm", "-q", "--cached", "plain")
    got, receipt = back_and_forth(folder)
    assert got["secret"] == ("file", 0o644, b"s")
    assert got["cache/x"] == ("file", 0o644, b"x")
    assert got["plain"] == ("file", 0o644, b"then")
    assert got["fresh"] == ("file", 0o644, b"f")
    assert "other" not in got
    assert kept(receipt)["secret"] == "was there then, not captured: ignored"
    assert kept(receipt)["fresh"] == "ignored"


# 5
def test_a_tracked_file_that_was_deleted_then_goes_again(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    (folder / "a.txt").unlink()
    take_checkpoint(folder)
    sh(folder, "checkout", "-q", "a.txt")
    got, _ = back_and_forth(folder)
    assert "a.txt" not in got


# 6
def test_files_folders_and_links_change_places(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"f": "file", "d/x": "x", "d/y/z": "z", "g": "g", "h/i": "i"})
    (folder / "l").symlink_to("f")
    want = tree(folder)
    take_checkpoint(folder)
    for name in ("f", "g", "l"):
        (folder / name).unlink()
    for name in ("d", "h"):
        shutil.rmtree(folder / name)
    write(folder, {"f/inside/deep": "folder now", "d": "file now", "l": "file now"})
    (folder / "f/hollow").mkdir()
    (folder / "g").symlink_to("d")
    (folder / "other").mkdir()
    write(folder, {"other/i": "i"})
    (folder / "h").symlink_to("other")
    got, _ = back_and_forth_hollow(folder)
    assert got == want


def back_and_forth_hollow(folder: Path) -> tuple[dict[str, object], RewindResult]:
    """`back_and_forth` where empty folders lie in the way; they come back as well."""
    before = tree(folder)
    receipt = rewind(folder)
    got = tree(folder)
    undo(folder)
    assert tree(folder) == before
    assert (folder / "f/hollow").is_dir()
    undo(folder)
    assert tree(folder) == got
    return dict(got), receipt


# 7
def test_a_parent_that_is_now_a_link_to_outside(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"src/a": "a", "src/b": "b"})
    want = tree(folder)
    checkpoint = take_checkpoint(folder)
    outside = tmp_path / "outside"
    (folder / "src").rename(outside)
    (folder / "src").symlink_to(outside)
    found = plan_rewind(folder, checkpoint)
    assert len(found.refusals) == 1
    assert "src is now a link that leads out of the work tree" in found.refusals[0]
    with pytest.raises(RefusedError, match="leads out"):
        execute_rewind(found)
    assert (folder / "src").is_symlink()
    write(outside, {"a": "untouchable"})
    got, _ = back_and_forth(folder, confirmed=True)
    assert got == want
    assert tree(outside)["a"] == ("file", 0o644, b"untouchable")


def test_a_parent_swapped_for_a_link_in_the_middle_is_not_followed(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {f"src/f{n}": "then" for n in range(5)})
    checkpoint = take_checkpoint(folder)
    for n in range(5):
        write(folder, {f"src/f{n}": "now"})
    outside = tmp_path / "outside"

    def swap(step: str, done: int, total: int) -> None:
        if (step, done) == ("writing", 2):
            shutil.copytree(folder / "src", outside, copy_function=shutil.copy2)
            (folder / "src").rename(tmp_path / "was")
            (folder / "src").symlink_to(outside)

    before = dict.fromkeys(range(5), "now")
    with pytest.raises(RewindError):
        execute_rewind(plan_rewind(folder, checkpoint), progress=swap)
    assert {n: (outside / f"f{n}").read_text() for n in range(2, 5)} == {
        n: before[n] for n in range(2, 5)
    }
    (folder / "src").unlink()
    (tmp_path / "was").rename(folder / "src")
    recover_rewind(folder, may_act=True)
    assert {p.read_text() for p in (folder / "src").iterdir()} in ({"now"}, {"then"})


# 8
def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"Readme": "r"})
    take_checkpoint(folder)
    sh(folder, "mv", "Readme", "README")
    got, _ = back_and_forth(folder)
    assert list(got) == ["Readme"]


# 9
def test_files_over_the_limit_stay(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"grew": "small", "big then": "x" * 2000})
    limits = CaptureLimits(file_bytes=1000)
    checkpoint = take_checkpoint(folder, limits=limits)
    write(folder, {"grew": "y" * 3000, "big then": "tiny", "big new": "z" * 3000, "new": "n"})
    before = tree(folder)
    found = plan_rewind(folder, checkpoint, limits=limits)
    receipt = execute_rewind(found, limits=limits)
    after = tree(folder)
    assert {p for p in before if before[p] != after.get(p)} == {"new"}
    assert set(kept(receipt)) == {"grew", "big then", "big new"}


# 10
def test_commits_made_since_are_kept(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    take_checkpoint(folder)
    write(folder, {"a.txt": "two\n", "c": "c\n"})
    later = commit(folder, "later")
    found = plan_rewind(folder, checkpoints_of(folder)[0])
    assert any("HEAD was at" in note and "stays there" in note for note in found.notes)
    got, _ = back_and_forth(folder)
    assert got["a.txt"] == ("file", 0o644, b"one\n")
    assert sh(folder, "rev-parse", "HEAD") == later


# 11
@pytest.mark.parametrize("step", ["safety", "staged", "writing", "placing", "written"])
def test_what_somebody_edits_meanwhile_stays(tmp_path: Path, step: str) -> None:
    folder = make(tmp_path / "repo", {"a": "a", "b": "b", "c": "c"})
    checkpoint = take_checkpoint(folder)
    write(folder, {"a": "A", "b": "B", "c": "C", "n": "n", "m": "m"})
    found = plan_rewind(folder, checkpoint)
    done: list[str] = []

    def edit(name: str, at: int, total: int) -> None:
        if name == step and not done:
            done.append(step)
            write(folder, {"c": "edited meanwhile", "n": "edited too", "brand new": "mine"})

    receipt = execute_rewind(found, progress=edit)
    after = {path: data for path, (_, _, data) in tree(folder).items()}
    assert after["brand new"] == b"mine"
    assert after["n"] == b"edited too"
    assert (after["a"], after["b"], "m" in after) == (b"a", b"b", False)
    if step == "written":  # c had been rewound already, so the edit was made on top
        assert receipt.meanwhile == ("n",)
    else:
        assert set(receipt.meanwhile) == {"c", "n"}
    assert after["c"] == b"edited meanwhile"


def test_an_edit_in_the_very_instant_of_the_change_is_rescued(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a": "then"})
    checkpoint = take_checkpoint(folder)
    write(folder, {"a": "now"})

    def edit(name: str, at: int, total: int) -> None:
        if name == "placing":  # after the last look, before the rename
            write(folder, {"a": "edited"})

    receipt = execute_rewind(plan_rewind(folder, checkpoint), progress=edit)
    assert (folder / "a").read_text() == "then"
    assert [Path(path).read_text() for path in receipt.rescued] == ["edited"]


def test_news_since_the_plan_was_shown_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    checkpoint = take_checkpoint(folder)
    write(folder, {"a.txt": "changed"})
    found = plan_rewind(folder, checkpoint)
    write(folder, {"one": "1", "two": "2"})
    with pytest.raises(RefusedError, match=r"one and 1 more changed since the plan"):
        execute_rewind(found)
    assert (folder / "a.txt").read_text() == "changed"
    execute_rewind(found, confirmed=True)
    assert set(tree(folder)) == {"a.txt", "src", "src/b.py"} - {"src"} | (
        {"src"} & set(tree(folder))
    )


# 12
def test_a_second_session_needs_a_confirmation(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    checkpoint = take_checkpoint(folder)
    write(folder, {"a.txt": "changed"})
    found = plan_rewind(folder, checkpoint, live=["claude 4711"])
    with pytest.raises(RefusedError, match="claude 4711 is at work"):
        execute_rewind(found)
    execute_rewind(found, confirmed=True)
    assert (folder / "a.txt").read_text() == "one\n"


@pytest.mark.parametrize("operation", ["merge", "rebase"])
def test_a_merge_half_done_needs_a_confirmation(tmp_path: Path, operation: str) -> None:
    folder = make(tmp_path / "repo", {"a": "1\n"})
    checkpoint = take_checkpoint(folder)
    sh(folder, "checkout", "-q", "-b", "side")
    write(folder, {"a": "side\n"})
    commit(folder)
    sh(folder, "checkout", "-q", "main")
    write(folder, {"a": "main\n"})
    commit(folder)
    found = plan_rewind(folder, checkpoint)
    sh(folder, operation, "side", check=False)
    with pytest.raises(RefusedError, match=f"a {operation} is half done"):
        execute_rewind(found)
    assert b"<<<<<<<" in (folder / "a").read_bytes()
    back_and_forth(folder, confirmed=True)


# 13
def test_files_that_do_not_change_are_not_touched(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {f"f{n}": f"{n}" for n in range(10)})
    checkpoint = take_checkpoint(folder)
    write(folder, {"f0": "changed"})
    (folder / "f1").chmod(0o755)
    stamps = {p: os.lstat(folder / p).st_mtime_ns for p in tree(folder)}
    inodes = {p: os.lstat(folder / p).st_ino for p in tree(folder)}
    execute_rewind(plan_rewind(folder, checkpoint))
    for path in tree(folder):
        if path != "f0":
            status = os.lstat(folder / path)
            assert (status.st_mtime_ns, status.st_ino) == (stamps[path], inodes[path])
    assert stat.S_IMODE((folder / "f1").stat().st_mode) == 0o644


# 14
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no mounting here")
    try:
        make(folder, {"a": "a"})
        write(folder, {f"big{n}": os.urandom(400_000) for n in range(5)})
        checkpoint = take_checkpoint(folder)
        for n in range(5):
            write(folder, {f"big{n}": b"small"})
        found = plan_rewind(folder, checkpoint)
        with open(folder / ".git/filler", "wb") as filler:
            free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
            filler.write(b"x" * (free - 1_200_000))
        before = tree(folder)
        with pytest.raises((RewindError, CheckpointError), match="No space left"):
            execute_rewind(found)
        assert tree(folder) == before
        assert recover_rewind(folder, may_act=True) is None
        os.unlink(folder / ".git/filler")
        execute_rewind(plan_rewind(folder, checkpoint))
        assert len((folder / "big4").read_bytes()) == 400_000
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("step", ["writing", "placing", "written", "deleting"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_failure_on_the_way_takes_everything_back(tmp_path: Path, step: str, at: int) -> None:
    folder = make(tmp_path / "repo", {"a": "a", "b": "b", "gone": "g"})
    checkpoint = take_checkpoint(folder)
    write(folder, {"a": "A", "b": "B", "n": "n", "m/m": "m"})
    (folder / "gone").unlink()
    before = tree(folder)
    calls = []

    def fail(name: str, done: int, total: int) -> None:
        if name == step:
            calls.append(done)
            if len(calls) == (1 if name == "written" else at + 1):
                raise OSError(28, "No space left on device", "/somewhere")

    with pytest.raises(RewindError, match="as it was before: /somewhere: No space left"):
        execute_rewind(plan_rewind(folder, checkpoint), progress=fail)
    assert tree(folder) == before
    assert litter(folder) == []
    assert recover_rewind(folder, may_act=True) is None
    with pytest.raises(RefusedError, match="none to undo"):
        plan_undo(folder)
    execute_rewind(plan_rewind(folder, checkpoint))


# 15, 16 are in `back_and_forth`
def test_undo_is_planned_like_any_rewind(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    with pytest.raises(RefusedError, match="none to undo"):
        plan_undo(folder)
    checkpoint = take_checkpoint(folder)
    write(folder, {"a.txt": "work\n"})
    first = execute_rewind(plan_rewind(folder, checkpoint))
    write(folder, {"src/b.py": "more work\n"})
    found = plan_undo(folder)
    assert found.undoes
    assert found.checkpoint == first.safety
    assert shown(found) == {"a.txt": "replace", "src/b.py": "replace"}
    second = execute_rewind(found)
    assert (folder / "a.txt").read_text() == "work\n"
    assert second.undoes
    assert second.safety is not None
    assert second.safety.kind == "safety"
    assert (
        second.safety.label == f"before undoing a rewind to {first.safety.id}"
        if first.safety
        else ""
    )
    undo(folder)
    assert (folder / "src/b.py").read_text() == "more work\n"


def test_nothing_to_do_is_no_rewind(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    checkpoint = take_checkpoint(folder)
    found = plan_rewind(folder, checkpoint)
    assert found.is_empty
    receipt = execute_rewind(found)
    assert (receipt.safety, receipt.written, receipt.unchanged) == (None, 0, 2)
    with pytest.raises(RefusedError):
        plan_undo(folder)


# --- nested repositories, scope, odd things ---


def test_files_of_nested_repositories_come_back_too(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    make(folder / "lib", {"l": "l", "m": "m"})
    take_checkpoint(folder)
    write(folder / "lib", {"l": "changed", "new": "n"})
    inner = user_state(folder / "lib")
    got, _ = back_and_forth(folder)
    assert got["lib/l"] == ("file", 0o644, b"l")
    assert "lib/new" not in got
    assert user_state(folder / "lib") == inner


def test_a_repository_cloned_since_is_kept_whole(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    take_checkpoint(folder)
    make(folder / "vendor/clone", {"x": "x"})
    write(folder, {"vendor/loose": "l"})
    got, receipt = back_and_forth(folder)
    assert "vendor/clone/x" in got
    assert "vendor/loose" not in got
    assert kept(receipt)["vendor/clone/"] == "a repository that was not there then"


def test_what_stands_in_the_way_and_is_not_captured_stays(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"f": "file", "p": "p", "d/x": "x", ".gitignore": "*.o\n"})
    take_checkpoint(folder)
    for name in ("f", "p"):
        (folder / name).unlink()
    write(folder, {"f/keep.o": "ignored", "f/gone": "g"})
    os.mkfifo(folder / "p")
    shutil.rmtree(folder / "d")
    os.mkfifo(folder / "d")
    receipt = rewind(folder)
    assert (folder / "f/keep.o").read_text() == "ignored"
    assert not (folder / "f/gone").exists()
    assert {path: why for path, why in kept(receipt).items() if not path.endswith(".o")} == {
        "f": "cannot be put back: a folder with files that are not captured has taken its place",
        "p": "cannot be put back: a FIFO",
        "d/x": "cannot be put back: its folder is now a FIFO",
        "d": "a FIFO",
    }


def test_a_project_in_a_folder_rewinds_that_folder_only(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"svc/a": "a", "lib/b": "b"})
    project = folder / "svc"
    checkpoint = take_checkpoint(project)
    write(folder, {"svc/a": "A", "lib/b": "B", "svc/n": "n", "lib/n": "n"})
    found = plan_rewind(project, checkpoint)
    assert found.scope == "svc/"
    assert shown(found) == {"svc/a": "replace", "svc/n": "delete"}
    execute_rewind(found)
    now = {path: data for path, (_, _, data) in tree(folder).items()}
    assert now == {"svc/a": b"a", "lib/b": b"B", "lib/n": b"n"}
    undo(project)
    assert (folder / "svc/n").read_text() == "n"


def test_odd_names_links_and_permissions_survive(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"x": "x"})
    write(folder, {"two\nlines": "1", 'q"uo\\te': "2", " sp ": "3", "deep/er/täst": "4"})
    with open(os.fsencode(folder) + b"/\xff\xfe", "w") as file:
        file.write("5")
    (folder / "dangling").symlink_to("no\nwhere")
    (folder / "secret").write_text("s")
    (folder / "secret").chmod(0o600)
    (folder / "ro").write_text("r")
    (folder / "ro").chmod(0o444)
    (folder / "empty/inner").mkdir(parents=True)
    want = tree(folder)
    take_checkpoint(folder)
    for path in want:
        os.unlink(folder / path)
    shutil.rmtree(folder / "deep")
    shutil.rmtree(folder / "empty")
    got, _ = back_and_forth(folder)
    assert got == want
    rewind(folder)
    assert (folder / "empty/inner").is_dir()


def test_a_folder_that_was_empty_then_stays_when_its_new_files_go(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    (folder / "logs").mkdir()
    take_checkpoint(folder)
    write(folder, {"logs/x": "x", "other/y": "y"})
    rewind(folder)
    assert (folder / "logs").is_dir()
    assert not (folder / "other").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_files_keep_their_owner_when_root_rewinds(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a": "a", "d/gone": "g"})
    checkpoint = take_checkpoint(folder)
    write(folder, {"a": "A"})
    (folder / "d/gone").unlink()
    for path in (folder / "a", folder / "d"):
        os.chown(path, 1234, 1234)
    execute_rewind(plan_rewind(folder, checkpoint))
    assert {(folder / p).stat().st_uid for p in ("a", "d/gone")} == {1234}


def test_a_checkpoint_whose_objects_are_gone_changes_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    write(folder, {"a.txt": "only here\n"})
    checkpoint = take_checkpoint(folder)
    write(folder, {"a.txt": "later\n"})
    found = plan_rewind(folder, checkpoint)
    blob = sh(folder, "rev-parse", f"{checkpoint.commit}:a.txt")
    (folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    before = tree(folder)
    with pytest.raises(RewindError, match=r"nothing was changed: .*lacks the object"):
        execute_rewind(found)
    assert tree(folder) == before
    assert recover_rewind(folder, may_act=True) is None


def test_a_safety_checkpoint_that_fails_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path / "repo")
    checkpoint = take_checkpoint(folder)
    write(folder, {"a.txt": "later\n"})
    found = plan_rewind(folder, checkpoint)
    monkeypatch.setattr(capture, "_verify", lambda *_: None)
    with pytest.raises(CheckpointError):
        execute_rewind(found)
    assert (folder / "a.txt").read_text() == "later\n"
    assert [c.id for c in checkpoints_of(folder)] == ["c1"]


def test_the_safety_checkpoint_survives_retirement(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    take_checkpoint(folder)
    write(folder, {"a.txt": "later\n"})
    receipt = rewind(folder)
    assert receipt.safety is not None
    take_checkpoint(folder)
    no_day = CheckpointsSettings(keep_hourly_days=0)
    gone = retention.retire_by_settings(folder, no_day, receipt.safety.at + 10**9)
    assert [c.id for c in gone] == ["c1"]
    undo(folder)
    assert (folder / "a.txt").read_text() == "later\n"


def test_a_record_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    checkpoint = take_checkpoint(folder)
    journal = RewindJournal(folder)
    with journal.lock():
        (journal.folder / "open").write_bytes(b"\0" * 99)
        assert recover_rewind(folder, may_act=True) is None  # somebody is at it
    with pytest.raises(RewindError, match="safety checkpoint"):
        recover_rewind(folder, may_act=True)
    with pytest.raises(RefusedError, match="interrupted"):
        plan_rewind(folder, checkpoint)


def test_staged_state_is_left_alone(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    take_checkpoint(folder)
    write(folder, {"a.txt": "staged\n"})
    sh(folder, "add", "a.txt")
    write(folder, {"a.txt": "worked on\n"})
    back_and_forth(folder)
    assert sh(folder, "show", ":a.txt") == "staged"
    assert read_details(Git(folder), checkpoints_of(folder)[0]).empty_folders == frozenset()
