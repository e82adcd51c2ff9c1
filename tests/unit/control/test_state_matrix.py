"""A hundred states of a work tree: taken, wrecked, brought back, and the wreck brought back by an undo.

Exact, or every difference is listed; and never a change of what belongs to the person.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.control import git_states, states
from tests.unit.control.git_states import Form
from tests.unit.control.rewinds import undo
from tests.unit.control.states import State
from tests.unit.control.test_capture import held
from tests.unit.repositories import commit, litter, make, sh, user_state, write
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.details import read_details
from tui.control.checkpoints.refs import Checkpoint
from tui.control.rewind.execute import execute_rewind
from tui.control.rewind.plan import plan_rewind
from tui.system.errors import CheckpointError, RefusedError
from tui.system.git import Git


@dataclass(frozen=True)
class Entry:
    """What can be seen of a path but for its times; `stamps` has those."""

    kind: int
    mode: int
    data: bytes
    attributes: tuple[tuple[str, bytes], ...]

    @staticmethod
    def of(path: bytes, status: os.stat_result) -> Entry:
        kind = stat.S_IFMT(status.st_mode)
        data = b""
        if kind == stat.S_IFLNK:
            return Entry(kind, 0, os.readlink(path), ())
        if kind == stat.S_IFREG:
            with open(path, "rb") as file:
                data = file.read()
        names = os.listxattr(path) if hasattr(os, "listxattr") and kind != stat.S_IFSOCK else []
        return Entry(
            kind,
            stat.S_IMODE(status.st_mode),
            data,
            tuple((name, os.getxattr(path, name)) for name in sorted(names)),
        )


Tree = dict[str, Entry]


def walk(folder: Path) -> Iterable[tuple[str, bytes, os.stat_result]]:
    """Every path below the folder but the repository's own `.git` and what we keep there."""
    waiting = [b""]
    top = os.fsencode(folder)
    while waiting:
        inner = waiting.pop()
        for name in sorted(os.listdir(os.path.join(top, inner))):
            relative = os.path.join(inner, name)
            if relative in (b".git", b".overnight"):
                continue
            path = os.path.join(top, relative)
            status = os.lstat(path)
            yield os.fsdecode(relative), path, status
            if stat.S_ISDIR(status.st_mode):
                waiting.append(relative)


def look(folder: Path) -> Tree:
    return {name: Entry.of(path, status) for name, path, status in walk(folder)}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and change of each file: it moves with every touch."""
    regular = (row for row in walk(folder) if stat.S_ISREG(row[2].st_mode))
    return {name: (status.st_ino, status.st_mtime_ns) for name, _, status in regular}


def differences(want: Tree, got: Tree, listed: Iterable[str]) -> list[str]:
    """Paths that differ without being listed; a folder stays while it holds what is listed."""
    names = [name.rstrip("/") for name in listed]
    found = []
    for path in sorted(want.keys() | got.keys()):
        if want.get(path) == got.get(path) or covered(path, names):
            continue
        found.append(f"{path!r}: {describe(want.get(path))} became {describe(got.get(path))}")
    return found


def covered(path: str, names: Iterable[str]) -> bool:
    return any(
        name in ("", path) or path.startswith(f"{name}/") or name.startswith(f"{path}/")
        for name in names
    )


def describe(entry: Entry | None) -> str:
    if entry is None:
        return "nothing"
    return f"{entry.kind:o} {entry.mode:o} {entry.data[:20]!r} {entry.attributes}"


def wreck(folder: Path) -> None:
    """Every fifth path is rewritten, removed, given other permissions, replaced by another kind, kept."""
    rows = [row for row in walk(folder) if not stat.S_ISDIR(row[2].st_mode)]
    for number, (_, path, status) in enumerate(rows):
        turn = number % 5
        if turn == 1 and stat.S_ISREG(status.st_mode):
            with open(path, "ab") as file:
                file.write(b"wrecked\n")
        elif turn == 2:
            os.unlink(path)
        elif turn == 3 and stat.S_ISREG(status.st_mode):
            os.chmod(path, stat.S_IMODE(status.st_mode) ^ 0o111)
        elif turn == 4 and len(os.path.basename(path)) < 200:
            os.unlink(path)
            if number % 2:
                os.symlink(b"/etc", path)
            else:
                os.mkdir(path)
                Path(os.fsdecode(path), "in its place").write_text("x")
    folders = [row for row in walk(folder) if stat.S_ISDIR(row[2].st_mode)]
    for number, (_, path, status) in enumerate(folders):
        if number % 3 == 0 and os.path.isdir(path):
            os.chmod(path, stat.S_IMODE(status.st_mode) ^ 0o055)
        elif number % 3 == 1 and os.path.isdir(path) and not os.listdir(path):
            os.rmdir(path)
    write(folder, {"wreck/new": "new\n", "wreck file": "w\n"})


def listed_by(folder: Path, checkpoint: Checkpoint) -> list[str]:
    return [item.path for item in read_details(Git(folder), checkpoint).not_captured]


def check_back_and_forth(folder: Path) -> None:
    """Takes, wrecks, rewinds and undoes, and compares everything with how it was."""
    before, person, times = look(folder), user_state(folder), stamps(folder)
    found = litter(folder)  # a state may hold a lock of somebody
    checkpoint = take_checkpoint(folder, label="first", session="s")
    assert (look(folder), user_state(folder), stamps(folder)) == (before, person, times)
    left_out = listed_by(folder, checkpoint)
    kept = wreck_and_rewind(folder, checkpoint, before, person, left_out)
    assert litter(folder) == found
    kept_times = {p: stamp for p, stamp in stamps(folder).items() if kept.get(p) == stamp}
    assert kept_times == kept


def wreck_and_rewind(
    folder: Path, checkpoint: Checkpoint, before: Tree, person: dict[str, str], left_out: list[str]
) -> dict[str, tuple[int, int]]:
    """The stamps of the files that the wreck left alone, which nothing may touch later."""
    times = stamps(folder)
    wreck(folder)
    kept = {path: stamp for path, stamp in stamps(folder).items() if times.get(path) == stamp}
    wrecked = look(folder)
    unchanged = {p: s for p, s in kept.items() if wrecked[p] == before[p]}
    done = execute_rewind(plan_rewind(folder, checkpoint), confirmed=True)
    listed = [*left_out, *(item.path for item in done.kept), *done.meanwhile]
    assert not (wrong := differences(before, look(folder), listed)), "\n".join(wrong)
    assert user_state(folder) == person
    assert done.safety is not None
    undone = undo(folder, confirmed=True)
    listed = [*listed_by(folder, done.safety), *(item.path for item in undone.kept)]
    assert not (wrong := differences(wrecked, look(folder), listed)), "\n".join(wrong)
    assert user_state(folder) == person
    return unchanged


def name_of(state: object) -> str:
    return str(getattr(state, "__name__", state))


@pytest.mark.parametrize(
    "state", [*states.FILES, *states.NESTED, *git_states.REPOSITORY], ids=name_of
)
def test_state(tmp_path: Path, state: State) -> None:
    files = {"a.txt": "one\n", "src/b.py": "print(1)\n", "src/c.py": "c\n", "d/e": "e", "d/f": "f"}
    folder = make(tmp_path / "repo", files)
    state(folder)
    check_back_and_forth(folder)
    sh(folder, "fsck", "--no-dangling", "--connectivity-only")


@pytest.mark.parametrize("form", git_states.FORMS, ids=name_of)
def test_form(tmp_path: Path, form: Form) -> None:
    folder = form(tmp_path)
    write(folder, {"a.txt": "changed\n", "loose/x": "x", "loose/y": "y", "z": "z"})
    check_back_and_forth(folder)


def test_the_matrix_is_as_large_as_it_has_to_be() -> None:
    rows = [*states.FILES, *states.NESTED, *git_states.REPOSITORY, *git_states.FORMS]
    assert len({name_of(row) for row in rows}) == len(rows) >= 100


# --- states that are a change ---


def file_becomes_folder(f: Path) -> None:
    (f / "a.txt").unlink()
    write(f, {"a.txt/inner/x": "x"})


def folder_becomes_file(f: Path) -> None:
    shutil.rmtree(f / "src")
    write(f, {"src": "a file now"})


def folder_becomes_link_to_itself(f: Path) -> None:
    (f / "src").rename(f / "moved")
    (f / "src").symlink_to("moved")


def folder_becomes_link_to_outside(f: Path) -> None:
    (f / "src").rename(f.parent / "taken out")
    (f / "src").symlink_to(f.parent / "taken out")


def everything_is_gone(f: Path) -> None:
    for path in f.iterdir():
        if path.name not in (".git", ".overnight"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def empty_folder_is_gone(f: Path) -> None:
    (f / "empty").rmdir()


def ignoring_changes(f: Path) -> None:
    write(f, {".gitignore": "*.py\nsrc/\n"})


def commits_are_made(f: Path) -> None:
    write(f, {"a.txt": "committed\n"})
    commit(f)


def only_case_changes(f: Path) -> None:
    (f / "a.txt").rename(f / "A.TXT")


def folder_modes_change(f: Path) -> None:
    (f / "src").chmod(0o700)
    (f / "empty").chmod(0o777)


def repository_appears(f: Path) -> None:
    make(f / "src")


def nested_repository_is_gone(f: Path) -> None:
    shutil.rmtree(f / "nested/.git")


def nested_repository_moves_on(f: Path) -> None:
    write(f / "nested", {"n.txt": "moved on\n"})
    commit(f / "nested")
    sh(f / "nested", "gc", "-q", "--prune=now")


CHANGES = [
    file_becomes_folder,
    folder_becomes_file,
    folder_becomes_link_to_itself,
    folder_becomes_link_to_outside,
    everything_is_gone,
    empty_folder_is_gone,
    ignoring_changes,
    only_case_changes,
    folder_modes_change,
    repository_appears,
    nested_repository_is_gone,
    nested_repository_moves_on,
    commits_are_made,
]


@pytest.mark.parametrize("change", CHANGES, ids=name_of)
def test_change(tmp_path: Path, change: State) -> None:
    folder = make(tmp_path / "repo")
    (folder / "empty").mkdir()
    make(folder / "nested", {"n.txt": "n\n"})
    before = look(folder)
    checkpoint = take_checkpoint(folder)
    left_out = listed_by(folder, checkpoint)
    change(folder)
    changed, person = look(folder), user_state(folder)
    outside = look(folder.parent / "taken out") if (folder.parent / "taken out").exists() else {}
    done = execute_rewind(plan_rewind(folder, checkpoint), confirmed=True)
    listed = [*left_out, *(item.path for item in done.kept)]
    assert not (wrong := differences(before, look(folder), listed)), "\n".join(wrong)
    assert done.safety is not None
    undone = undo(folder, confirmed=True)
    listed = [*listed_by(folder, done.safety), *(item.path for item in undone.kept)]
    assert not (wrong := differences(changed, look(folder), listed)), "\n".join(wrong)
    assert user_state(folder) == person
    if outside:
        assert look(folder.parent / "taken out") == outside


# --- states in which there may be no checkpoint, but never harm ---


def corrupt_index(f: Path) -> None:
    (f / ".git/index").write_bytes(b"DIRC\0\0\0\2junk")


def truncated_index(f: Path) -> None:
    data = (f / ".git/index").read_bytes()
    (f / ".git/index").write_bytes(data[: len(data) // 2])


def head_is_junk(f: Path) -> None:
    (f / ".git/HEAD").write_text("junk\n")


def head_names_no_commit(f: Path) -> None:
    (f / ".git/HEAD").write_text("0123456789" * 4 + "\n")


def ref_is_locked(f: Path) -> None:
    write(f, {".git/refs/overnight/main/s/1.lock": ""})


def namespace_is_a_file(f: Path) -> None:
    write(f, {".git/refs/overnight/main": sh(f, "rev-parse", "HEAD") + "\n"})


def config_is_broken(f: Path) -> None:
    with open(f / ".git/config", "a") as file:
        file.write("[broken\n")


HOPELESS = [
    corrupt_index,
    truncated_index,
    head_is_junk,
    head_names_no_commit,
    ref_is_locked,
    namespace_is_a_file,
    config_is_broken,
]


def all_of_git(folder: Path) -> dict[str, bytes]:
    """Every file of the git dir but objects and our own area."""
    found = {}
    for path in (folder / ".git").rglob("*"):
        name = path.relative_to(folder / ".git").as_posix()
        if path.is_file() and not name.startswith(("objects/", "overnight/")):
            found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("state", HOPELESS, ids=name_of)
def test_no_checkpoint_and_no_harm(tmp_path: Path, state: State) -> None:
    """Either there is a checkpoint that is exact, or a sentence says why there is none."""
    folder = make(tmp_path / "repo")
    state(folder)
    write(folder, {"a.txt": "changed\n", "new": "n"})
    before, git_dir = look(folder), all_of_git(folder)
    try:
        checkpoint = take_checkpoint(folder, session="s")
    except (CheckpointError, RefusedError) as error:
        sentence = str(error)
        assert all_of_git(folder) == git_dir
    else:
        sentence = "taken"
        assert held(folder, checkpoint.commit)["a.txt"] == ("100644", b"changed\n")
    assert sentence == "taken" or len(sentence) > 20
    assert look(folder) == before


# --- a file that is written while it is read ---


def test_no_copy_of_two_moments_is_kept_in_silence(tmp_path: Path) -> None:
    """Each number is written at the start and then at the end: the end is never ahead, nor far behind."""
    folder = make(tmp_path / "repo")
    size, over = 6 << 20, threading.Event()
    (folder / "busy").write_bytes(bytes(size))

    def keep_writing() -> None:
        descriptor = os.open(folder / "busy", os.O_WRONLY)
        number = 0
        while not over.is_set():
            number += 1
            os.pwrite(descriptor, number.to_bytes(8, "big"), 0)
            os.pwrite(descriptor, number.to_bytes(8, "big"), size - 8)
        os.close(descriptor)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        checkpoint = take_checkpoint(folder)
    finally:
        over.set()
        writer.join()
    if "busy" not in listed_by(folder, checkpoint):
        copy = held(folder, checkpoint.commit)["busy"][1]
        start, end = int.from_bytes(copy[:8], "big"), int.from_bytes(copy[-8:], "big")
        assert end <= start <= end + 1
