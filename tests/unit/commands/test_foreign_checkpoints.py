"""Foreign checkpoints and interrupted rewinds on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Done, run
from tests.unit.control.hostile import differing, everything, forged, raw_tree, store
from tests.unit.control.test_interrupted_rewind import cut_short
from tests.unit.repositories import make, sh, tree, write
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.rewind.rewind_journal import RewindJournal

Call = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "work/repo", {"a.txt": "one\n"})


@pytest.fixture
def call(tmp_path: Path, folder: Path) -> Call:
    home = tmp_path / "home"
    home.mkdir()

    def called(*words: str) -> Done:
        done = run(*words, home=home, cwd=folder)
        assert "Traceback" not in done.err
        return done

    return called


@pytest.fixture
def strange(folder: Path) -> str:
    """The commit that somebody put in the place of checkpoint c1."""
    mine = take_checkpoint(folder, label="good")
    other = raw_tree(folder, ("100644", b"theirs.txt", store(folder, "blob", b"theirs\n")))
    commit = forged(folder, mine, tree=other)
    sh(folder, "update-ref", mine.ref, commit)
    write(folder, {"a.txt": "mine\n"})
    return commit


def test_they_are_listed_as_such(folder: Path, call: Call, strange: str) -> None:
    listed = json.loads(call("checkpoints", "--json").out)["checkpoints"]
    rows = {row["commit"]: row for row in listed}
    (mine,) = checkpoints_of(folder)
    assert {commit: row["foreign"] for commit, row in rows.items()} == {
        strange: True,
        mine.commit: False,
    }
    assert (rows[strange]["id"], rows[mine.commit]["id"]) == ("c1", mine.commit[:12])
    text = call("checkpoints").out.decode()
    assert "[foreign]" in text
    assert "its ref was changed to another commit" in text


def test_going_back_to_one_is_refused_unless_asked_for(
    folder: Path, call: Call, strange: str
) -> None:
    before = everything(folder.parent)
    for words in (("--dry-run",), ("--yes", "--anyway"), ()):
        done = call("rewind", "c1", *words)
        assert done.code == 4
        assert "foreign" in done.err
    assert call("rewind", "c1", "--foreign").code == 4  # nobody to ask, and no --yes
    shown = call("rewind", "c1", "--foreign", "--dry-run")
    assert shown.code == 0
    assert shown.out.splitlines() == [b"create theirs.txt", b"delete a.txt"]
    assert "foreign checkpoint" in shown.err
    assert {p for p in differing(before, everything(folder.parent)) if "/.git/" not in p} == set()
    done = call("rewind", "c1", "--foreign", "--yes")
    assert done.code == 0
    assert "create theirs.txt\ndelete a.txt" in done.err
    assert tree(folder) == {"theirs.txt": ("file", 0o644, b"theirs\n")}
    assert call("undo", "--yes").code == 0
    assert tree(folder) == {"a.txt": ("file", 0o644, b"mine\n")}


def test_ours_is_found_by_its_commit(folder: Path, call: Call, strange: str) -> None:
    (mine,) = checkpoints_of(folder)
    assert call("rewind", mine.id, "--yes").code == 0
    assert (folder / "a.txt").read_text() == "one\n"


LOOKING = [
    ("status",),
    ("events",),
    ("review",),
    ("runs",),
    ("doctor",),
    ("config",),
    ("checkpoints",),
    ("inject", "hello"),
    ("step-back",),
    ("withdraw",),
    ("kill",),
    ("rewind", "c1", "--dry-run"),
    ("undo", "--dry-run"),
    ("rewind", "c1"),
    ("undo",),
]


def test_looking_leaves_an_interrupted_rewind_as_it_is(folder: Path, call: Call) -> None:
    first = take_checkpoint(folder)
    write(folder, {"a.txt": "two\n", "b": "b"})
    cut_short(folder, first, "placing")
    record = RewindJournal(folder).path.read_bytes()
    before = tree(folder)
    for words in LOOKING:
        done = call(*words)
        assert tree(folder) == before, words
        assert RewindJournal(folder).path.read_bytes() == record, words
        if words[0] in ("rewind", "undo"):
            assert done.code == 4
            assert "an interrupted rewind to c1 (2 files) is open" in done.err, words
    assert "broke off" in call("doctor").out.decode()


@pytest.mark.parametrize("words", [("checkpoint",), ("undo", "--yes"), ("rewind", "c1", "--yes")])
def test_acting_ends_it_first_and_says_so(folder: Path, call: Call, words: tuple[str, ...]) -> None:
    first = take_checkpoint(folder)
    write(folder, {"a.txt": "two\n", "b": "b"})
    cut_short(folder, first, "placing")
    done = call(*words)
    assert done.code == 0, done.err
    assert "an interrupted rewind to c1 (2 files) is open" in done.err
    assert "an interrupted rewind to c1 (2 files) was finished" in done.err
    assert not RewindJournal(folder).is_open()
    assert (folder / "a.txt").read_text() == ("two\n" if words[0] == "undo" else "one\n")


def test_they_can_be_deleted_and_nothing_of_ours_goes_with_them(
    folder: Path, call: Call, strange: str
) -> None:
    (mine,) = checkpoints_of(folder)
    asked = call("checkpoints", "--delete", strange)
    assert asked.code == 4
    assert "The foreign checkpoint c1 " in asked.err
    assert call("checkpoints", "--delete", strange, "--yes").code == 0
    (left,) = checkpoints_of(folder, foreign=True)
    assert (left.commit, left.foreign) == (mine.commit, False)


@pytest.mark.parametrize("mode", ["--conversation", "--both"])
def test_without_a_run_no_conversation_goes_back_and_nothing_is_left_in_the_project(
    folder: Path, call: Call, mode: str
) -> None:
    take_checkpoint(folder, label="good")
    write(folder, {"inbox/readme": "a folder of the project\n", "a.txt": "two\n"})
    before = tree(folder)
    for last in ("--yes", "--dry-run"):
        done = call("rewind", "c1", mode, last)
        assert done.code == 4
        assert "only its conversation can be rewound" in done.err
    assert tree(folder) == before
