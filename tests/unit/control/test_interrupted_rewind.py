"""A rewind that was cut short waits until somebody acts; its record can say nothing but what a rewind does."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from tests.unit.control.hostile import differing, everything, forged, raw_tree, store
from tests.unit.repositories import make, sh, tree, write
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of, find_checkpoint
from tui.control.rewind.decide import FileStep, FileVersion
from tui.control.rewind.execute import execute_rewind, recover_rewind
from tui.control.rewind.plan import plan_rewind
from tui.control.rewind.rewind_journal import LastRewind, OpenRewind, RewindJournal
from tui.store.checkpoint_registry import CheckpointRegistry
from tui.system.errors import RefusedError, RewindError


class Cut(BaseException):
    """Ends a rewind as a kill would: nothing tidies up."""


def cut_short(folder: Path, checkpoint: Checkpoint, step: str) -> None:
    def cut(name: str, *_: object) -> None:
        if name == step:
            raise Cut

    with pytest.raises(Cut):
        execute_rewind(plan_rewind(folder, checkpoint), progress=cut)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "work/repo", {"a.txt": "one\n", "b.txt": "one\n"})


@pytest.fixture
def first(folder: Path) -> Checkpoint:
    taken = take_checkpoint(folder)
    write(folder, {"a.txt": "two\n", "b.txt": "two\n", "new": "n"})
    return taken


def outside_of_it(folder: Path, tmp_path: Path) -> dict[str, tuple[int, int, str]]:
    """Everything on this person's machine, our state included."""
    state = CheckpointRegistry(folder / ".git").place().parents[1]
    return everything(tmp_path, state)


def test_looking_does_nothing_and_says_what_would_be_done(
    folder: Path, first: Checkpoint, tmp_path: Path
) -> None:
    cut_short(folder, first, "placing")
    before = outside_of_it(folder, tmp_path)
    waiting = recover_rewind(folder, may_act=False)
    assert waiting is not None
    assert (waiting.outcome, waiting.checkpoint, waiting.files) == ("open", "c1", 3)
    assert "c1 (3 files) is open" in waiting.sentence
    with pytest.raises(RefusedError, match="interrupted"):
        plan_rewind(folder, first)
    assert differing(before, outside_of_it(folder, tmp_path)) == []
    done = recover_rewind(folder, may_act=True)
    assert done is not None
    assert (done.outcome, done.files) == ("finished", 3)
    assert (folder / "a.txt").read_text() == "one\n"
    assert recover_rewind(folder, may_act=False) is None


def test_one_that_had_changed_nothing_is_only_dropped(folder: Path, first: Checkpoint) -> None:
    cut_short(folder, first, "journal")
    before = tree(folder)
    waiting = recover_rewind(folder, may_act=False)
    assert waiting is not None
    assert not waiting.begun
    assert "had changed nothing" in waiting.sentence
    done = recover_rewind(folder, may_act=True)
    assert done is not None
    assert done.outcome == "discarded"
    assert tree(folder) == before


def test_one_under_way_is_none_that_waits(folder: Path, first: Checkpoint) -> None:
    seen: list[object] = []

    def look(step: str, *_: object) -> None:
        if step == "placing":
            seen.append(recover_rewind(folder, may_act=False))

    execute_rewind(plan_rewind(folder, first), progress=look)
    assert seen
    assert set(seen) == {None}


def test_a_foreign_one_that_a_person_began_is_finished(folder: Path, first: Checkpoint) -> None:
    other = raw_tree(folder, ("100644", b"a.txt", store(folder, "blob", b"theirs\n")))
    sh(folder, "update-ref", first.ref, forged(folder, first, tree=other))
    strange = find_checkpoint(folder, "c1", foreign=True)
    cut_short(folder, strange, "placing")
    done = recover_rewind(folder, may_act=True)
    assert done is not None
    assert done.outcome == "finished"
    assert tree(folder) == {"a.txt": ("file", 0o644, b"theirs\n")}
    assert [c.foreign for c in checkpoints_of(folder)] == [False, False]


# --- a record that somebody made ---


def entry(folder: Path, first: Checkpoint, *steps: FileStep, **changes: object) -> OpenRewind:
    safety = take_checkpoint(folder)
    made = OpenRewind(
        "applying", "c1", first.commit, safety.id, safety.commit, list(steps), empty_folders=[]
    )
    return structs.replace(made, **changes)


def planted(folder: Path, record: OpenRewind) -> RewindJournal:
    journal = RewindJournal(folder)
    with journal.lock():
        journal.write(record)
    return journal


EVIL_PATHS = [
    b"../outside", b"/etc/evil", b".git/hooks/post-checkout", b".GIT/hooks/x", b"a/../../x", b"", b".git",
    "sub/.g\u200cit/x".encode(),
]  # fmt: skip


def refuses(folder: Path, record: OpenRewind, tmp_path: Path, match: str) -> None:
    planted(folder, record)
    before = everything(tmp_path)
    for may_act in (False, True) if "not believed" not in match else (True,):
        with pytest.raises(RewindError, match=match):
            recover_rewind(folder, may_act=may_act)
    assert differing(before, everything(tmp_path)) == []
    assert RewindJournal(folder).is_open()


@pytest.mark.parametrize("path", EVIL_PATHS)
@pytest.mark.parametrize("phase", ["applying", "reverting"])
def test_no_path_of_a_record_leads_out(
    folder: Path, first: Checkpoint, tmp_path: Path, path: bytes, phase: str
) -> None:
    blob = store(folder, "blob", b"#!/bin/sh\n")
    version = FileVersion(0o100755, blob, 0o755)
    for step in (FileStep(path, None, version), FileStep(path, version, None)):
        refuses(folder, entry(folder, first, step, phase=phase), tmp_path, "cannot be read")
    refuses(folder, entry(folder, first, empty_folders=[path]), tmp_path, "cannot be read")


@pytest.mark.parametrize(
    "version",
    [
        FileVersion(0o104755, "a" * 40, 0o755),
        FileVersion(0o100644, "HEAD", 0o644),
        FileVersion(0o100644, "a" * 40, 0o100644),
        FileVersion(0o100644, "a" * 40, -1),
        FileVersion(0, "a" * 40, 0o644),
    ],
)
def test_no_version_of_a_record_is_odd(
    folder: Path, first: Checkpoint, tmp_path: Path, version: FileVersion
) -> None:
    refuses(
        folder,
        entry(folder, first, FileStep(b"a.txt", None, version)),
        tmp_path,
        "cannot be read",
    )


def test_a_record_that_names_no_checkpoints_of_ours_is_not_believed(
    folder: Path, first: Checkpoint, tmp_path: Path
) -> None:
    head = sh(folder, "rev-parse", "HEAD")
    for name in ("target_commit", "safety_commit"):
        refuses(folder, entry(folder, first, **{name: head}), tmp_path, "not believed")


def test_a_record_that_wants_other_content_than_its_checkpoints_is_not_believed(
    folder: Path, first: Checkpoint, tmp_path: Path
) -> None:
    blob = store(folder, "blob", b"evil\n")
    two = sh(folder, "hash-object", "a.txt")
    before = FileVersion(0o100644, two, 0o644)
    for step in (
        FileStep(b"planted", None, FileVersion(0o100755, blob, 0o755)),
        FileStep(b"a.txt", before, FileVersion(0o100644, blob, 0o644)),
        FileStep(b"a.txt", FileVersion(0o100644, blob, 0o644), None),
    ):
        refuses(folder, entry(folder, first, step), tmp_path, "not believed")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x80", b"\xdf\xff\xff\xff\xff", b"\x91" * 100_000, b"{}"],
    ids=["empty", "no fields", "huge map", "deep", "text"],
)
def test_bytes_that_are_no_record_are_said(folder: Path, data: bytes) -> None:
    journal = RewindJournal(folder)
    with journal.lock():
        journal.path.write_bytes(data)
    for may_act in (False, True):
        with pytest.raises(RewindError, match="cannot be read"):
            recover_rewind(folder, may_act=may_act)


def test_a_last_rewind_of_another_shape_is_none(folder: Path) -> None:
    journal = RewindJournal(folder)
    with journal.lock():
        for commit in ("HEAD", "--all", "a" * 39):
            journal.close(LastRewind(1.0, "c1", commit, "c2", commit, undoes=False))
            assert journal.last() is None
        (journal.folder / "last").write_bytes(msgspec.msgpack.encode([1, 2]))
        assert journal.last() is None
