"""Thirty states of a work tree: each file captured byte for byte, or listed with the reason."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.unit.control.git_states import (
    assume_unchanged,
    held_index_lock,
    ident,
    ignored,
    intent_to_add,
    skip_worktree,
    staged_and_modified,
)
from tests.unit.control.states import nested_without_commit, sparse_file
from tests.unit.repositories import commit, litter, make, sh, tree, user_state, write
from tui.control.checkpoints import refs
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.details import read_details
from tui.control.checkpoints.object_staging import private_area
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of, find_checkpoint
from tui.control.checkpoints.stat_cache import StatCache
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.retention import retire_by_settings
from tui.settings.own_sections import CheckpointsSettings
from tui.system.errors import CheckpointError, RefusedError
from tui.system.git import Git


def held(folder: Path, rev: str) -> dict[str, tuple[str, bytes]]:
    """What a commit's tree holds, read with plain git: mode and bytes by path."""
    listing = subprocess.run(
        ["git", "ls-tree", "-r", "-z", "--full-tree", rev],
        cwd=folder,
        capture_output=True,
        check=True,
    ).stdout
    found = {}
    for entry in listing.split(b"\0")[:-1]:
        head, _, path = entry.partition(b"\t")
        mode, kind, blob = head.decode().split(" ")
        if kind == "blob":
            done = subprocess.run(
                ["git", "cat-file", "blob", blob], cwd=folder, capture_output=True, check=True
            )
            found[os.fsdecode(path)] = (mode, done.stdout)
    return found


def check(folder: Path, checkpoint: Checkpoint) -> dict[str, str]:
    """Every file exact or listed, and nothing else in the tree; what is listed, with the reasons."""
    record = read_details(Git(folder), checkpoint)
    listed = {item.path: item.reason for item in record.not_captured}
    stored = held(folder, checkpoint.commit)
    for path, (kind, mode, data) in tree(folder).items():
        if record.excluded.reason_covering(os.fsencode(path)):
            continue
        want = "120000" if kind == "link" else "100755" if mode & stat.S_IXUSR else "100644"
        assert stored.pop(path, None) == (want, data), path
        if kind == "file":
            assert record.permissions(os.fsencode(path), bool(mode & 0o100)) == mode, path
    assert stored == {}
    assert checkpoint.files == len(held(folder, checkpoint.commit))
    return listed


def take_untouched(folder: Path, **options: object) -> tuple[Checkpoint, dict[str, str]]:
    """Takes two checkpoints in a row, the second from what the first remembered; both are checked."""
    before, files, stamps = user_state(folder), tree(folder), mtimes(folder)
    limits = options.get("limits")
    assert limits is None or isinstance(limits, CaptureLimits)
    first = take_checkpoint(folder, label="first", session="s", limits=limits)
    listed = check(folder, first)
    second = take_checkpoint(folder, label="second", session="s", limits=limits)
    assert check(folder, second) == listed
    assert sh(folder, "rev-parse", f"{first.commit}^{{tree}}") == sh(
        folder, "rev-parse", f"{second.commit}^{{tree}}"
    )
    assert (user_state(folder), tree(folder), mtimes(folder)) == (before, files, stamps)
    assert litter(folder) == []
    sh(folder, "fsck", "--strict", "--no-dangling")
    return second, listed


def mtimes(folder: Path) -> dict[str, int]:
    return {p: os.lstat(folder / p).st_mtime_ns for p in tree(folder)}


# --- the thirty states ---


def modified(f: Path) -> None:
    write(f, {"a.txt": "changed\n"})


def untracked(f: Path) -> None:
    write(f, {"new.txt": "n", "deep/er/new.txt": "d"})


def nested_dirty(f: Path) -> None:
    make(f / "nested", {"n.txt": "n\n"})
    write(f / "nested", {"n.txt": "dirty\n", "loose.txt": "l\n"})
    make(f / "nested/deeper", {"d.txt": "d\n"})


def submodule_dirty(f: Path) -> None:
    make(f.parent / "sub", {"s.txt": "s\n"})
    add = ("submodule", "--quiet", "add", str(f.parent / "sub"), "mod")
    sh(f, *add, GIT_ALLOW_PROTOCOL="file")
    commit(f)
    write(f / "mod", {"s.txt": "dirty\n", "loose.txt": "l\n"})


def autocrlf_input(f: Path) -> None:
    sh(f, "config", "core.autocrlf", "input")
    write(f, {"crlf.txt": b"a\r\nb\nc\r\n"})


def autocrlf_true(f: Path) -> None:
    sh(f, "config", "core.autocrlf", "true")
    write(f, {"crlf.txt": b"a\r\nb\nc\r\n", "lf.txt": b"a\nb\n"})


def eol_attribute(f: Path) -> None:
    write(
        f, {".gitattributes": "*.txt eol=lf\n*.bat eol=crlf\n", "e.txt": b"a\r\n", "e.bat": b"a\n"}
    )
    sh(f, "add", "-A")


def lfs_like_filter(f: Path) -> None:
    sh(f, "config", "filter.lfs.clean", "sha256sum")
    sh(f, "config", "filter.lfs.required", "true")
    write(f, {".gitattributes": "*.bin filter=lfs\n", "big.bin": bytes(range(256)) * 9})


def required_filter_missing(f: Path) -> None:
    sh(f, "config", "filter.gone.clean", "/no/such/program")
    sh(f, "config", "filter.gone.required", "true")
    write(f, {".gitattributes": "*.g filter=gone\n", "x.g": "text"})


def encoding(f: Path) -> None:
    write(
        f, {".gitattributes": "*.u working-tree-encoding=UTF-16LE\n", "x.u": "né".encode("utf-16")}
    )


def symlink_out(f: Path) -> None:
    (f / "out").symlink_to("/etc/hostname")
    (f / "outdir").symlink_to("/etc")


def symlink_broken_and_circular(f: Path) -> None:
    (f / "broken").symlink_to("nowhere")
    (f / "loop").symlink_to("loop")
    (f / "ring").symlink_to(".")


def merge_conflict(f: Path) -> None:
    sh(f, "checkout", "-q", "-b", "side")
    write(f, {"a.txt": "side\n"})
    commit(f)
    sh(f, "checkout", "-q", "main")
    write(f, {"a.txt": "main\n"})
    commit(f)
    sh(f, "merge", "side", check=False)


def rebase_in_progress(f: Path) -> None:
    merge_conflict(f)
    sh(f, "merge", "--abort")
    sh(f, "rebase", "side", check=False)


def fifo_and_socket(f: Path) -> None:
    os.mkfifo(f / "src/pipe")
    os.mkfifo(f / "top.pipe")
    (f / "a.txt").unlink()
    os.mkfifo(f / "a.txt")
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.getcwd()
        os.chdir(f)
        unix.bind("sock")
        os.chdir(here)


def non_utf8_name(f: Path) -> None:
    with open(os.fsencode(f) + b"/\xff\xc3(.txt", "w") as file:
        file.write("x")
    write(f, {"täst/ünï.txt": "u"})


def newline_in_name(f: Path) -> None:
    write(f, {"two\nlines": "x", 'quote"back\\slash': "y", " leading": "z", "tab\t": "t"})


RESERVED = ("git~1", "d/.GIT. ", "d/.g\u200cit/x", "back\\GIT~1")


def names_git_reserves(f: Path) -> None:
    write(f, dict.fromkeys(RESERVED, "x"))


def exec_bit_without_filemode(f: Path) -> None:
    sh(f, "config", "core.fileMode", "false")
    (f / "src/b.py").chmod(0o755)
    write(f, {"secret": "s"})
    (f / "secret").chmod(0o600)


def sparse_checkout(f: Path) -> None:
    write(f, {"in/x": "x", "out/y": "y"})
    commit(f)
    sh(f, "sparse-checkout", "set", "in")
    write(f, {"out/y": "outside the cone\n"})


def deleted(f: Path) -> None:
    (f / "a.txt").unlink()


def kinds_swapped(f: Path) -> None:
    write(f, {"dir/x": "x", "file": "f", "link": "l"})
    commit(f)
    (f / "dir/x").unlink()
    (f / "dir").rmdir()
    write(f, {"dir": "now a file"})
    (f / "file").unlink()
    write(f, {"file/inner": "now a folder"})
    (f / "src/b.py").unlink()
    (f / "src").rmdir()
    (f / "src").symlink_to("/etc")


STATES: list[Callable[[Path], None]] = [
    modified,
    staged_and_modified,
    untracked,
    assume_unchanged,
    skip_worktree,
    intent_to_add,
    nested_without_commit,
    nested_dirty,
    submodule_dirty,
    ignored,
    autocrlf_input,
    autocrlf_true,
    eol_attribute,
    lfs_like_filter,
    required_filter_missing,
    ident,
    encoding,
    symlink_out,
    symlink_broken_and_circular,
    merge_conflict,
    rebase_in_progress,
    sparse_file,
    fifo_and_socket,
    non_utf8_name,
    newline_in_name,
    names_git_reserves,
    exec_bit_without_filemode,
    sparse_checkout,
    deleted,
    kinds_swapped,
]
LISTED = {
    "submodule_dirty": {
        "mod/.git": "its repository lies in ../.git/modules/mod, which no checkpoint holds and no "
        "rewind touches"
    },
    "ignored": {"x.log": "ignored", "build/": "ignored"},
    "names_git_reserves": dict.fromkeys((*RESERVED, "d/.g\u200cit/"), "a name that git reserves"),
    "fifo_and_socket": {
        "a.txt": "a FIFO",
        "src/pipe": "a FIFO",
        "top.pipe": "a FIFO",
        "sock": "a socket",
    },
}


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
def test_state(tmp_path: Path, state: Callable[[Path], None]) -> None:
    folder = make(tmp_path / "repo")
    state(folder)
    _, listed = take_untouched(folder)
    assert listed == LISTED.get(state.__name__, {})


def test_state_held_index_lock(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    held_index_lock(folder)
    check(folder, take_checkpoint(folder))
    assert (folder / ".git/index.lock").read_text() == ""


def test_state_unborn_head(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", commit=False)
    sh(folder, "add", "a.txt")
    write(folder, {"a.txt": "after staging\n"})
    checkpoint, _ = take_untouched(folder)
    assert checkpoint.head is None
    assert checkpoint.branch == "main"
    assert held(folder, f"{checkpoint.commit}^1:index") == {"a.txt": ("100644", b"one\n")}


def test_state_linked_work_tree_and_its_removal(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    sh(folder, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    write(linked, {"a.txt": "linked\n"})
    checkpoint, _ = take_untouched(linked)
    assert checkpoint.ref.startswith("refs/overnight/wt-linked/s/")
    assert checkpoints_of(folder) == []
    sh(folder, "worktree", "remove", "--force", str(linked))
    assert sh(folder, "rev-parse", checkpoint.ref) == checkpoint.commit
    assert held(folder, checkpoint.commit)["a.txt"] == ("100644", b"linked\n")


def test_a_work_tree_inside_the_work_tree_is_listed(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    sh(folder, "worktree", "add", "-q", "-b", "side", str(folder / "trees/side"))
    _, listed = take_untouched(folder)
    assert listed == {"trees/side/": "another work tree of this repository"}


UNREADABLE = """
import os, sys
from pathlib import Path
from tui.control.checkpoints import refs
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.details import read_details
from tui.system.git import Git
take_checkpoint(Path(sys.argv[2]))  # loads everything while this user's Python can be read
os.setgid(65534); os.setuid(65534)
os.environ["XDG_STATE_HOME"] = os.environ["HOME"] + "/state"
folder = Path(sys.argv[1])
checkpoint = take_checkpoint(folder)
for item in read_details(Git(folder), checkpoint).not_captured:
    print(item.path, item.reason, sep=": ")
"""


def test_state_unreadable(tmp_path: Path) -> None:
    folder = make(
        tmp_path / "repo", {"a.txt": "a", "locked.txt": "l", "dark/x": "x", "dark/y": "y"}
    )
    write(folder, {"dark/untracked": "u"})
    (folder / "locked.txt").chmod(0)
    (folder / "dark").chmod(0)
    if os.geteuid() == 0:
        above = [p for p in tmp_path.parents if p.owner() == "root" and p.stat().st_mode & 5 != 5]
        for path in above:
            if "pytest" in str(path):
                path.chmod(0o755)
        tmp_path.chmod(0o755)
        (tmp_path / "state").mkdir()
        os.chown(tmp_path / "state", 65534, 65534)
        for root, folders, names in os.walk(folder):
            for name in (*folders, *names):
                os.chown(os.path.join(root, name), 65534, 65534, follow_symlinks=False)
        os.chown(folder, 65534, 65534)
    code = UNREADABLE if os.geteuid() == 0 else UNREADABLE.replace("os.setgid", "#")
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(make(tmp_path / "other"))],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    (folder / "dark").chmod(0o755)
    assert done.stdout.splitlines() == [
        "dark/: cannot be read: Permission denied",
        "dark/x: cannot be reached: Permission denied",
        "dark/y: cannot be reached: Permission denied",
        "locked.txt: cannot be read: Permission denied",
    ], done.stderr


# --- limits ---


def test_large_files_are_listed_and_the_largest_untracked_go_first(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"tracked": "t" * 900})
    write(folder, {"huge": "h" * 1001, "big": "b" * 700, "mid": "m" * 400, "small": "s" * 200})
    limits = CaptureLimits(file_bytes=1000, untracked_bytes=650)
    _, listed = take_untouched(folder, limits=limits)
    assert listed == {
        "huge": "larger than 1000 bytes: 1001 bytes",
        "big": "untracked files exceed 650 bytes in all: 700 bytes",
    }
    write(folder, {"tracked": "t" * 2000})
    assert "tracked" in check(folder, take_checkpoint(folder, limits=limits))
    assert check(folder, take_checkpoint(folder)) == {}


def test_a_file_of_four_gigabytes_costs_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    with open(folder / "model.bin", "wb") as file:
        file.truncate(4 << 30)
    checkpoint = take_checkpoint(folder, limits=CaptureLimits(first_seconds=20))
    assert [(n.path, n.reason) for n in checkpoint.not_captured] == [
        ("model.bin", "larger than 25 MiB: 4 GiB")
    ]


def test_out_of_time_is_no_checkpoint(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    with pytest.raises(CheckpointError, match=r"within 1e-06 s.*time_budget_seconds"):
        take_checkpoint(folder, limits=CaptureLimits(seconds=5, first_seconds=0.000001))
    assert checkpoints_of(folder) == []
    assert litter(folder) == []


def test_a_git_that_hangs_is_ended(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    (folder / ".git/info/exclude").unlink(missing_ok=True)
    os.mkfifo(folder / ".git/info/exclude")
    with pytest.raises(CheckpointError, match="no answer within"):
        take_checkpoint(folder, limits=CaptureLimits(seconds=1, first_seconds=1))
    (folder / ".git/info/exclude").unlink()
    check(folder, take_checkpoint(folder))


# --- what it remembers ---


def rest(folder: Path) -> None:
    """Waits until every change time lies so far back that the next checkpoint believes it."""
    last = max(os.lstat(path).st_ctime_ns for path in (folder, *folder.rglob("*")))
    deadline = time.monotonic() + 10
    while time.time_ns() < last + 150_000_000:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def believed(folder: Path) -> set[str]:
    """Paths that the next checkpoint need not read unless their stat data change."""
    rows = StatCache.load(Git(folder)).rows
    return {os.fsdecode(p) for p, m in zip(rows.paths, rows.mtimes, strict=True) if m != -1}


def test_the_next_one_sees_every_kind_of_change(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {f"f{n}": f"{n}" for n in range(20)})
    rest(folder)
    take_checkpoint(folder)
    assert believed(folder) == {f"f{n}" for n in range(20)}
    write(folder, {"f1": "X", "new/file": "n"})  # same size as before
    (folder / "f2").unlink()
    (folder / "f3").chmod(0o755)
    (folder / "f4").rename(folder / "f4moved")
    os.utime(folder / "f5", ns=(1, 1))
    stamp = (folder / "f9").stat()
    write(folder, {"f9": "Y"})
    os.utime(folder / "f9", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    (folder / "f6").unlink()
    (folder / "f6").symlink_to("f7")
    (folder / "f8").unlink()
    write(folder, {"f8/inside": "folder now"})
    check(folder, take_checkpoint(folder))
    (folder / "f8/inside").unlink()
    (folder / "f8").rmdir()
    write(folder, {"f8": "file again"})
    check(folder, take_checkpoint(folder))


def test_a_folder_swapped_for_a_link_to_where_it_went(tmp_path: Path) -> None:
    """The files behind the link have the same inode and times as before; they are not there."""
    folder = make(tmp_path / "repo")
    rest(folder)
    take_checkpoint(folder)
    assert believed(folder) == {"a.txt", "src/b.py"}
    (folder / "src").rename(tmp_path / "moved")
    (folder / "src").symlink_to(tmp_path / "moved")
    checkpoint = take_checkpoint(folder)
    assert set(held(folder, checkpoint.commit)) == {"a.txt", "src"}
    check(folder, checkpoint)


def test_a_change_within_one_tick_of_the_clock_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed shortly before a checkpoint may change again and look the same; not believed."""
    folder = make(tmp_path / "repo")
    rest(folder)
    write(folder, {"a.txt": "fresh"})
    soon = (folder / "a.txt").stat().st_ctime_ns + 50_000_000
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: soon)  # however slow the machine is
        take_checkpoint(folder)
    assert believed(folder) == {"src/b.py"}
    for number in range(30):
        write(folder, {"a.txt": f"{number:04}"})
        checkpoint = take_checkpoint(folder)
        assert held(folder, checkpoint.commit)["a.txt"] == ("100644", f"{number:04}".encode())


@pytest.mark.parametrize("damage", [b"", b"junk", b"\0" * 4096])
def test_a_damaged_memory_costs_time_only(tmp_path: Path, damage: bytes) -> None:
    folder = make(tmp_path / "repo")
    take_checkpoint(folder)
    (private_area(Git(folder)) / "seen").write_bytes(damage)
    write(folder, {"a.txt": "more\n"})
    check(folder, take_checkpoint(folder))


def test_lost_refs_and_objects_are_written_again(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    write(folder, {"loose": "only in the checkpoint\n"})
    checkpoint = take_checkpoint(folder)
    sh(folder, "update-ref", "-d", checkpoint.ref)
    sh(folder, "-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now")
    check(folder, take_checkpoint(folder))
    sh(folder, "fsck", "--strict")


def test_only_folders_that_changed_are_read_again(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a/x": "x", "b/y": "y"})
    rest(folder)
    take_checkpoint(folder)
    remembered = StatCache.load(Git(folder)).folders.folders
    assert set(remembered) == {b"", b"a", b"b"}
    os.mkfifo(folder / "a/pipe")
    (folder / "b/empty").mkdir()
    record = read_details(Git(folder), take_checkpoint(folder))
    assert [item.path for item in record.not_captured] == ["a/pipe"]
    assert record.empty_folders == {b"b/empty"}
    assert set(StatCache.load(Git(folder)).folders.folders) == {b""}


def test_empty_folders_are_recorded(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    for name in ("empty", "src/empty too", "new/deep/empty", "build/empty"):
        (folder / name).mkdir(parents=True)
    write(folder, {".gitignore": "build/\n", "build/x": "x"})
    record = read_details(Git(folder), take_checkpoint(folder))
    assert record.empty_folders == {b"empty", b"src/empty too", b"new/deep/empty"}


def test_our_own_state_is_never_captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home can be a repository, and our state lies in it."""
    folder = make(tmp_path / "repo", {"a": "a", ".local/state/other": "o"})
    write(folder, {".local/state/overnight-tui/projects/x": "x"})
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / ".local" / "state"))
    for checkpoint in (take_checkpoint(folder), take_checkpoint(folder)):
        listed = read_details(Git(folder), checkpoint).not_captured
        assert set(held(folder, checkpoint.commit)) == {"a", ".local/state/other"}
        assert [(f.path, f.reason) for f in listed] == [
            (".local/state/overnight-tui/", "overnight-tui's own")
        ]


def test_a_folder_that_only_has_our_name_is_content_like_any_other(tmp_path: Path) -> None:
    names = {"a": "a", ".overnight/runs/x": "x", "sub/.overnight/y": "y"}
    folder = make(tmp_path / "repo", names)
    checkpoint, _ = take_untouched(folder)
    assert set(held(folder, checkpoint.commit)) == set(names)


def test_sha256_repositories(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    sh(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    write(folder, {"a": "a", "d/b": "b"})
    commit(folder)
    write(folder, {"a": "changed"})
    checkpoint, _ = take_untouched(folder)
    assert len(checkpoint.commit) == 64


def test_borrowed_objects_are_found(tmp_path: Path) -> None:
    make(tmp_path / "origin", {f"f{n}": f"{n}\n" for n in range(5)})
    sh(tmp_path, "clone", "-q", "--shared", "origin", "copy")
    copy = tmp_path / "copy"
    (copy / ".git/objects/info/alternates").write_text("../../../origin/.git/objects\n")
    write(copy, {"f1": "changed\n"})
    take_untouched(copy)


def test_many_new_files_arrive_as_one_pack(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    write(folder, {f"many/f{n}": f"content {n}\n" for n in range(300)})
    take_untouched(folder)
    assert len(list((folder / ".git/objects/pack").glob("*.pack"))) == 1


# --- what it says ---


def test_what_is_recorded(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    facts = {
        "event": "uuid-1",
        "progress": {"done": 3, "open": 4},
        "tests": "green",
        "odd": "\ud800é",
    }
    checkpoint = take_checkpoint(
        folder / "src",
        label="before\nthe big change",
        session="../we ird.lock",
        facts=facts,
        clock=FakeClock(wall=1_700_000_123.25),
    )
    assert checkpoint.id == "c1"
    assert checkpoint.ref == "refs/overnight/main/we-ird-lock/1"
    assert (checkpoint.head, checkpoint.branch) == (sh(folder, "rev-parse", "HEAD"), "main")
    assert checkpoint.facts == facts
    assert checkpoint.at == 1_700_000_123.25
    assert checkpoints_of(folder) == [checkpoint]
    assert sh(folder, "log", "-1", "--format=%an|%ct|%s", checkpoint.ref) == (
        "overnight-tui|1700000123|overnight checkpoint c1: before the big change"
    )
    assert sh(folder, "rev-parse", f"{checkpoint.commit}^1") == checkpoint.head
    assert not sh(folder, "branch", "--list", "*overnight*")


def test_the_staged_state_and_the_sides_of_a_conflict_are_kept(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a.txt": "one\n", "gone": "g", "same": "s"})
    merge_conflict(folder)
    write(folder, {"new": "staged\n"})
    sh(folder, "add", "new")
    sh(folder, "rm", "-q", "--cached", "gone")
    write(folder, {"new": "not staged\n"})
    side = f"{take_checkpoint(folder).commit}^2"
    assert held(folder, f"{side}:index") == {
        "a.txt": ("100644", b"main\n"),
        "new": ("100644", b"staged\n"),
        "same": ("100644", b"s"),
    }
    assert held(folder, f"{side}:unmerged") == {
        "1/a.txt": ("100644", b"one\n"),
        "2/a.txt": ("100644", b"main\n"),
        "3/a.txt": ("100644", b"side\n"),
    }


def test_the_operation_half_done_is_recorded(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    merge_conflict(folder)
    assert take_checkpoint(folder).operation == "merge"


def test_finding_one(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    first, second = take_checkpoint(folder), take_checkpoint(folder, session="other")
    for name in ("c1", "C1", " 1 ", first.commit, first.commit[:10], first.ref):
        assert find_checkpoint(folder, name) == first
    assert find_checkpoint(folder, "2") == second
    with pytest.raises(RefusedError, match=r"no checkpoint 'c9'.*c1, c2"):
        find_checkpoint(folder, "c9")


def test_refs_that_others_put_there_are_passed_over(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    mine = take_checkpoint(folder)
    sh(folder, "update-ref", "refs/overnight/main/s/7", "HEAD")
    sh(folder, "update-ref", "refs/overnight/main/s/9", "HEAD:a.txt")
    sh(folder, "update-ref", "refs/overnight/main/s/evil", mine.commit)
    for number, text in enumerate(('x\n\n{"schema": 1}', "x\n\n[]", "x\n\n{", "")):
        made = sh(folder, "commit-tree", "HEAD^{tree}", "-m", text or "empty")
        sh(folder, "update-ref", f"refs/overnight/main/s/{20 + number}", made)
    assert checkpoints_of(folder) == [mine]
    assert take_checkpoint(folder).id == "c24"


def test_a_failed_step_leaves_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    before = user_state(folder)
    write(folder, {"a.txt": "changed\n"})
    blob = sh(folder, "rev-parse", "HEAD^{tree}")
    (folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(CheckpointError, match="git fsck"):
        take_checkpoint(folder)
    assert checkpoints_of(folder) == []
    assert user_state(folder) == before
    assert litter(folder) == []


def test_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no git repository"):
        take_checkpoint(tmp_path)


# --- retirement ---

HOUR = 3600.0


def test_retirement_keeps_a_day_then_one_an_hour_and_the_newest(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    clock = FakeClock(wall=1_700_002_800.0)  # a full hour
    for minutes in (0, 20, 40, 70, 80):
        clock.set_wall(1_700_002_800.0 + minutes * 60)
        take_checkpoint(folder, session="a", clock=clock)
        take_checkpoint(folder, session="b", clock=clock)
    now = clock.wall()
    for_ever = CheckpointsSettings(keep_hourly_days=None)
    assert retire_by_settings(folder, for_ever, now + 22 * HOUR) == []
    gone = retire_by_settings(folder, for_ever, now + 25 * HOUR)
    assert [c.id for c in gone] == ["c1", "c2", "c3", "c4", "c7", "c8"]
    assert [c.id for c in checkpoints_of(folder)] == ["c5", "c6", "c9", "c10"]
    assert retire_by_settings(folder, for_ever, now + 25 * HOUR) == []
    month = CheckpointsSettings(keep_hourly_days=30)
    gone = retire_by_settings(folder, month, now + 31 * 24 * HOUR)
    assert [c.id for c in gone] == ["c5", "c6", "c9"]
    assert take_checkpoint(folder).id == "c11"
    sh(folder, "pack-refs", "--all")
    no_day = CheckpointsSettings(keep_hourly_days=0)
    assert [c.id for c in retire_by_settings(folder, no_day, now * 2)] == ["c10"]
    assert litter(folder) == []
    assert "overnight" not in sh(folder, "branch", "-a")


def test_an_id_that_is_not_there_names_no_commit_that_begins_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path / "repo", {"a.txt": "one\n"})
    taken = replace(take_checkpoint(folder), commit="c999" + "0" * 36)
    monkeypatch.setattr(refs, "checkpoints_of", lambda project, foreign: [taken])
    with pytest.raises(RefusedError, match="there is no checkpoint 'c999'"):
        find_checkpoint(folder, "c999")
    assert find_checkpoint(folder, taken.commit) == taken
