"""Checkpoints that somebody else made, changed or removed; records that say what none of ours says."""

from __future__ import annotations

import json
import re
import shutil
import stat
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.control.hostile import differing, everything, forged, raw_object, raw_tree, store
from tests.unit.control.rewinds import undo
from tests.unit.repositories import make, sh, tree, write
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.details import read_details
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of, find_checkpoint
from tui.control.checkpoints.verified_objects import ObjectReader
from tui.control.retention import retire_by_settings
from tui.control.rewind.decide import RewindTarget
from tui.control.rewind.execute import execute_rewind, plan_undo
from tui.control.rewind.plan import checkpoint_distances, plan_rewind
from tui.control.rewind.rewind_journal import LastRewind, RewindJournal
from tui.settings.own_sections import CheckpointsSettings
from tui.store.checkpoint_registry import CheckpointRegistry
from tui.system.errors import CheckpointError, RefusedError, RewindError
from tui.system.git import Git
from tui.system.repository_names import UnacceptableError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "work/repo", {"a.txt": "one\n", "dir/b.txt": "b\n"})


def point(folder: Path, ref: str, commit: str) -> None:
    sh(folder, "update-ref", ref, commit)


def foreign(folder: Path) -> list[Checkpoint]:
    return [c for c in checkpoints_of(folder, foreign=True) if c.foreign]


def ids(folder: Path) -> list[str]:
    return [c.id for c in checkpoints_of(folder)]


# --- whose they are ---


def test_a_ref_that_we_did_not_make_is_foreign_and_used_for_nothing(folder: Path) -> None:
    mine = take_checkpoint(folder)
    strange = forged(folder, mine, change=lambda data: data.replace(b'"c1"', b'"c7"'))
    point(folder, "refs/overnight/main/zz/7", strange)
    assert checkpoints_of(folder) == [mine]
    (other,) = foreign(folder)
    assert (other.id, other.commit) == ("c7", strange)
    for name in ("c7", strange, strange[:10]):
        with pytest.raises(RefusedError, match=r"c7 is a foreign checkpoint .*version 0\.1"):
            find_checkpoint(folder, name)
        assert find_checkpoint(folder, name, foreign=True) == other
    never = CheckpointsSettings(keep_all_hours=0, keep_hourly_days=0)
    assert retire_by_settings(folder, never, mine.at + 1e9) == []
    assert sh(folder, "rev-parse", "refs/overnight/main/zz/7") == strange


def test_one_of_the_same_number_does_not_take_the_place_of_ours(folder: Path) -> None:
    mine = take_checkpoint(folder)
    point(folder, "refs/overnight/main/zz/1", forged(folder, mine, change=lambda d: d + b" "))
    assert find_checkpoint(folder, "c1") == mine
    with pytest.raises(RefusedError, match="names 2 checkpoints"):
        find_checkpoint(folder, "c1", foreign=True)


def test_a_copy_of_our_ref_is_no_second_checkpoint(folder: Path) -> None:
    mine = take_checkpoint(folder)
    point(folder, "refs/overnight/main/zz/5", mine.commit)
    assert checkpoints_of(folder, foreign=True) == [mine]


def test_without_our_state_all_are_foreign(folder: Path) -> None:
    take_checkpoint(folder)
    CheckpointRegistry(folder / ".git").place("known.jsonl").unlink()
    assert ids(folder) == []
    assert [c.id for c in foreign(folder)] == ["c1"]
    assert take_checkpoint(folder).id == "c2"


def test_a_ref_that_was_changed_is_foreign_and_ours_is_found_by_its_commit(folder: Path) -> None:
    mine = take_checkpoint(folder, label="good")
    write(folder, {"a.txt": "later\n"})
    strange = forged(folder, mine, tree=raw_tree(folder))
    point(folder, mine.ref, strange)
    with pytest.raises(
        RefusedError, match=f"not the checkpoint that was taken.*{mine.commit[:12]}"
    ):
        find_checkpoint(folder, "c1")
    (found,) = checkpoints_of(folder)
    assert (found.id, found.commit, found.label) == (mine.commit[:12], mine.commit, "good")
    assert "changed to another commit" in found.remark
    assert find_checkpoint(folder, mine.commit[:12]) == found
    assert find_checkpoint(folder, "c1", foreign=True).commit == strange
    execute_rewind(plan_rewind(folder, found))
    assert (folder / "a.txt").read_text() == "one\n"


def test_the_next_checkpoint_keeps_one_alive_whose_ref_was_changed(folder: Path) -> None:
    mine = take_checkpoint(folder, label="good")
    strange = forged(folder, mine, tree=raw_tree(folder))
    point(folder, mine.ref, strange)
    new = take_checkpoint(folder)
    sh(folder, "gc", "-q", "--prune=now")
    own = checkpoints_of(folder)
    assert [c.commit for c in own] == [mine.commit, new.commit]
    assert [c.id for c in own] == ["c2", "c3"]
    assert [c.remark for c in own] == ["", ""]
    assert [c.commit for c in foreign(folder)] == [strange]
    assert RewindTarget.load(Git(folder), own[0]).entries.keys() == {b"a.txt", b"dir/b.txt"}


def test_one_whose_ref_was_removed_is_listed_and_gets_it_back(folder: Path) -> None:
    mine = take_checkpoint(folder)
    sh(folder, "update-ref", "-d", mine.ref)
    (found,) = checkpoints_of(folder)
    assert (found.id, found.remark) == ("c1", "its ref was removed; its objects are still there")
    take_checkpoint(folder)
    assert sh(folder, "rev-parse", mine.ref) == mine.commit
    assert [c.remark for c in checkpoints_of(folder)] == ["", ""]


def test_one_whose_objects_are_gone_is_still_listed(folder: Path) -> None:
    mine = take_checkpoint(folder, label="good")
    (folder / ".git/objects" / mine.commit[:2] / mine.commit[2:]).unlink()
    (found,) = checkpoints_of(folder)
    assert (found.id, found.label) == ("c1", "good")
    assert "gone or damaged" in found.remark
    with pytest.raises(CheckpointError, match="git fsck"):
        plan_rewind(folder, found)
    take_checkpoint(folder)


def test_a_symbolic_ref_is_no_checkpoint(folder: Path) -> None:
    mine = take_checkpoint(folder)
    sh(folder, "update-ref", "refs/heads/side", mine.commit)
    sh(folder, "symbolic-ref", mine.ref, "refs/heads/side")
    (found,) = checkpoints_of(folder)
    assert "changed" in found.remark
    assert foreign(folder) == []
    head = sh(folder, "rev-parse", "refs/heads/main")
    new = take_checkpoint(folder)
    retire_by_settings(folder, CheckpointsSettings(keep_all_hours=0, keep_hourly_days=0), 1e11)
    assert sh(folder, "rev-parse", "refs/heads/side", "refs/heads/main").split() == [
        mine.commit,
        head,
    ]
    assert new.commit in [c.commit for c in checkpoints_of(folder)]


@pytest.mark.parametrize(
    "number", ["99999999", "9" * 30, "9" * 5000, "0", "007"], ids=["most", "30", "5000", "0", "007"]
)
def test_numbers_that_somebody_uses_up_stop_no_checkpoint(folder: Path, number: str) -> None:
    mine = take_checkpoint(folder)
    if len(number) < 200:
        point(folder, f"refs/overnight/main/zz/{number}", mine.commit)
    else:
        line = f"{mine.commit} refs/overnight/main/zz/{number}\n"
        (folder / ".git/packed-refs").write_text(
            "# pack-refs with: peeled fully-peeled sorted \n" + line
        )
    assert take_checkpoint(folder).id == "c2"
    assert ids(folder) == ["c1", "c2"]


# --- trees that no checkpoint has ---


def evil_tree(folder: Path, kind: str) -> str:
    blob = store(folder, "blob", b"#!/bin/sh\necho owned\n")
    file, base = ("100755", b"x", blob), ("100644", b"a.txt", store(folder, "blob", b"forged\n"))
    inner = raw_tree(folder, ("40000", b"victim", raw_tree(folder, file)))
    hooks = raw_tree(
        folder, ("40000", b"hooks", raw_tree(folder, ("100755", b"post-checkout", blob)))
    )
    link = store(folder, "blob", b"/etc")
    commit = sh(folder, "rev-parse", "HEAD")
    entries = {
        "dotdot": [("40000", b"..", inner), base],
        "dotgit": [("40000", b".git", hooks), base],
        "case": [("40000", b".GIT", hooks), base],
        "hfs": [("40000", ".g\u200cit".encode(), hooks), base],
        "ntfs": [base, ("40000", b"git~1", hooks)],
        "stream": [("40000", b".git::$INDEX_ALLOCATION", hooks), base],
        "slash": [("100644", b"../victim/x", blob), base],
        "nested": [base, ("40000", b"sub", raw_tree(folder, ("40000", b".git", hooks)))],
        "empty name": [("100644", b"", blob), base],
        "link and folder": [("120000", b"d", link), ("40000", b"d", inner)],
        "twice": [base, base],
        "gitlink": [base, ("160000", b"sub", commit)],
        "setuid": [base, ("104755", b"x", blob)],
        "device": [base, ("60000", b"x", blob)],
        "empty folder": [base, ("40000", b"d", raw_tree(folder))],
        "blob as folder": [base, ("40000", b"d", blob)],
        "missing": [base, ("40000", b"d", "12" * 20)],
    }
    return raw_tree(folder, *entries[kind])


KINDS = {
    "dotdot": "'..'", "dotgit": "'.git'", "case": "'.GIT'", "hfs": "it'", "ntfs": "'git~1'",
    "stream": "'.git::$INDEX_ALLOCATION'", "slash": "'../victim/x'", "nested": "'.git'", "empty name": "''",
    "link and folder": "'d'", "twice": "'a.txt'", "gitlink": "'sub'", "setuid": "no checkpoint has",
    "device": "no checkpoint has", "empty folder": "'d'", "blob as folder": "git fsck", "missing": "git fsck",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_tree_that_no_checkpoint_has_refuses_the_whole_rewind(folder: Path, kind: str) -> None:
    mine = take_checkpoint(folder)
    (folder.parent / "victim").mkdir()
    write(folder, {"a.txt": "mine\n"})
    point(folder, mine.ref, forged(folder, mine, tree=evil_tree(folder, kind)))
    found = find_checkpoint(folder, "c1", foreign=True)
    before = everything(folder.parent)
    with pytest.raises((UnacceptableError, CheckpointError), match=re.escape(KINDS[kind])):
        plan_rewind(folder, found)
    (distance,) = checkpoint_distances(folder, [found])
    assert distance.damage
    assert differing(before, everything(folder.parent)) == []


def test_a_tree_that_names_itself_over_and_over_ends_soon(folder: Path) -> None:
    mine = take_checkpoint(folder)
    blob = store(folder, "blob", b"")
    level = raw_tree(folder, *(("100644", b"%d" % n, blob) for n in range(10)))
    for _ in range(12):
        level = raw_tree(folder, *(("40000", b"%d" % n, level) for n in range(10)))
    point(folder, mine.ref, forged(folder, mine, tree=level))
    with pytest.raises(UnacceptableError, match="entries"):
        plan_rewind(folder, find_checkpoint(folder, "c1", foreign=True))


# --- objects that are not what their id says ---


def overwrite(folder: Path, name: str, kind: str, data: bytes) -> None:
    path = folder / ".git/objects" / name[:2] / name[2:]
    path.unlink()
    path.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(data)) + data))


def test_a_commit_replaced_under_its_id_is_not_believed(folder: Path) -> None:
    mine = take_checkpoint(folder)
    strange = forged(folder, mine, tree=evil_tree(folder, "dotdot"))
    overwrite(folder, mine.commit, "commit", raw_object(folder, strange))
    (found,) = checkpoints_of(folder)
    assert "gone or damaged" in found.remark
    with pytest.raises(CheckpointError, match="something else in its place"):
        plan_rewind(folder, found)


def test_a_tree_replaced_under_its_id_is_not_believed(folder: Path) -> None:
    write(folder, {"dir/new": "n"})
    mine = take_checkpoint(folder)
    inner = sh(folder, "rev-parse", f"{mine.commit}:dir")
    other = raw_tree(folder, ("100644", b"x", store(folder, "blob", b"forged")))
    overwrite(folder, inner, "tree", raw_object(folder, other))
    with pytest.raises(CheckpointError, match="something else in its place"):
        plan_rewind(folder, mine)


def test_a_file_replaced_under_its_id_is_not_written(folder: Path) -> None:
    write(folder, {"a.txt": "good\n"})
    mine = take_checkpoint(folder)
    blob = sh(folder, "rev-parse", f"{mine.commit}:a.txt")
    overwrite(folder, blob, "blob", b"evil\n")
    write(folder, {"a.txt": "later\n"})
    with pytest.raises(RewindError, match="damaged"):
        execute_rewind(plan_rewind(folder, mine), confirmed=True)
    assert (folder / "a.txt").read_text() == "later\n"


def test_parents_come_from_the_commit_and_not_from_grafts(folder: Path) -> None:
    mine = take_checkpoint(folder)
    details = json.dumps(
        {"not_captured": [], "usual": [0o644, 0o755], "unusual": {}, "empty_folders": ["evil"]}
    )
    strange = forged(folder, mine, details=details.encode())
    side = raw_object(folder, strange).split(b"\nparent ")[2].split(b"\n")[0].decode()
    grafts = folder / ".git/info/grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(f"{mine.commit} {mine.head} {side}\n")
    assert sh(folder, "rev-parse", f"{mine.commit}^2") == side
    assert read_details(Git(folder), mine).empty_folders == frozenset()


# --- the record beside the tree ---

RECORD = {"not_captured": [], "usual": [0o644, 0o755], "unusual": {}, "empty_folders": []}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"empty_folders": ["../outside"]}, "../outside"),
        ({"empty_folders": ["/tmp/outside"]}, "/tmp/outside"),
        ({"empty_folders": [".git/hooks/evil"]}, ".git/hooks/evil"),
        ({"empty_folders": ["a/.GIT/x"]}, "a/.GIT/x"),
        ({"empty_folders": ["a.txt/x"]}, "'a.txt' as a file and as a folder"),
        ({"empty_folders": ["a.txt"]}, "'a.txt' as a file and as a folder"),
        ({"unusual": {"../x": 0o600}}, "../x"),
        ({"unusual": {"a.txt": 0o100644}}, "permissions"),
        ({"unusual": {"a.txt": -1}}, "permissions"),
        ({"usual": [0o644, 2**40]}, "permissions"),
        ({"usual": [True, 0o755]}, "permissions"),
        ({"usual": [0o644]}, "damaged"),
        ({"usual": "ab"}, "permissions"),
        ({"not_captured": [["x"]]}, "damaged"),
        ({"not_captured": 5}, "damaged"),
        ({"empty_folders": [5]}, "damaged"),
        ({"unusual": []}, "damaged"),
    ],
)
def test_a_record_of_another_shape_refuses_the_whole_rewind(
    folder: Path, change: dict[str, object], word: str
) -> None:
    mine = take_checkpoint(folder)
    details = json.dumps({**RECORD, **change}).encode()
    point(folder, mine.ref, forged(folder, mine, details=details))
    write(folder, {"a.txt": "mine\n"})
    before = everything(folder.parent)
    with pytest.raises((UnacceptableError, CheckpointError), match=re.escape(word)):
        plan_rewind(folder, find_checkpoint(folder, "c1", foreign=True))
    assert differing(before, everything(folder.parent)) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b"[" * 100_000, b"\xff", b"{}"],
    ids=["empty", "list", "null", "deep", "no text", "no fields"],
)
def test_a_record_that_is_none_is_said(folder: Path, data: bytes) -> None:
    mine = take_checkpoint(folder)
    point(folder, mine.ref, forged(folder, mine, details=data))
    with pytest.raises(CheckpointError, match="damaged"):
        plan_rewind(folder, find_checkpoint(folder, "c1", foreign=True))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
MESSAGE = {
    "schema": 1, "id": "c1", "at": 1.0, "label": "", "session": "", "kind": "checkpoint", "head": None,
    "branch": None, "operation": None, "files": 1, "not_captured": [], "not_captured_count": 0, "facts": {},
}  # fmt: skip


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.dictionaries(st.sampled_from(sorted(MESSAGE)), JSON, max_size=3))
def test_any_message_is_a_checkpoint_or_passed_over(changes: dict[str, object]) -> None:
    from tui.control.checkpoints.refs import _parse_checkpoint
    from tui.control.checkpoints.verified_objects import CommitRecord

    text = "x\n\n" + json.dumps({**MESSAGE, **changes})
    record = CommitRecord("a" * 40, "b" * 40, (), text)
    found = _parse_checkpoint("refs/overnight/main/s/1", record)
    if found is not None:
        assert isinstance(found.at, float)
        assert 0 <= found.at < 1e12
        assert found.files >= 0
        assert isinstance(found.facts, dict)


# --- a foreign one that a person wants ---


def test_going_back_to_a_foreign_one_can_be_undone(folder: Path) -> None:
    mine = take_checkpoint(folder)
    other = raw_tree(folder, ("100644", b"a.txt", store(folder, "blob", b"theirs\n")))
    point(folder, mine.ref, forged(folder, mine, tree=other))
    write(folder, {"a.txt": "mine\n"})
    before = tree(folder)
    execute_rewind(plan_rewind(folder, find_checkpoint(folder, "c1", foreign=True)))
    assert tree(folder) == {"a.txt": ("file", 0o644, b"theirs\n")}
    undo(folder)
    assert tree(folder) == before


# --- the last rewind ---


def test_a_planted_last_rewind_names_no_checkpoint_that_undo_uses(folder: Path) -> None:
    mine = take_checkpoint(folder)
    strange = forged(folder, mine, tree=raw_tree(folder))
    point(folder, "refs/overnight/main/zz/9", strange)
    write(folder, {"a.txt": "uncommitted\n"})
    journal = RewindJournal(folder)
    with journal.lock():
        journal.close(LastRewind(1.0, "c1", strange, "c9", strange, undoes=False))
    with pytest.raises(RefusedError, match=r"safety checkpoint c9 .* is gone"):
        plan_undo(folder)
    assert (folder / "a.txt").read_text() == "uncommitted\n"


def test_undo_keeps_what_was_written_since(folder: Path) -> None:
    mine = take_checkpoint(folder)
    write(folder, {"a.txt": "two\n"})
    execute_rewind(plan_rewind(folder, mine))
    write(folder, {"a.txt": "three\n", "new": "n"})
    undo(folder, confirmed=True)
    assert (folder / "a.txt").read_text() == "two\n"
    undo(folder, confirmed=True)
    assert (folder / "a.txt").read_text() == "three\n"
    assert (folder / "new").read_text() == "n"


# --- reading objects ---


def test_only_whole_ids_are_asked_for(folder: Path) -> None:
    with ObjectReader(Git(folder)) as reader:
        for name in ("HEAD", "main", "a" * 39, "a" * 64, f"{'a' * 40}\nHEAD", ""):
            with pytest.raises(UnacceptableError):
                reader.read_one(name, "commit")
        head = sh(folder, "rev-parse", "HEAD")
        assert reader.commit(head).tree == sh(folder, "rev-parse", "HEAD^{tree}")
        with pytest.raises(CheckpointError):
            reader.read_one(head, "tree")


@pytest.mark.parametrize("target", [b"", b"a\0b", b"x" * 5000])
def test_a_link_to_what_is_no_path_is_refused(folder: Path, target: bytes) -> None:
    mine = take_checkpoint(folder)
    link = raw_tree(folder, ("120000", b"link", store(folder, "blob", target)))
    point(folder, mine.ref, forged(folder, mine, tree=link))
    with pytest.raises(UnacceptableError, match="'link'"):
        plan_rewind(folder, find_checkpoint(folder, "c1", foreign=True))


def test_hooks_and_settings_of_a_foreign_repository_are_not_put_back(folder: Path) -> None:
    make(folder / "inner", {"x": "x\n"})
    mine = take_checkpoint(folder)
    point(folder, mine.ref, forged(folder, mine, change=lambda data: data + b" "))
    shutil.rmtree(folder / "inner")
    plan = plan_rewind(folder, find_checkpoint(folder, "c1", foreign=True))
    assert [(n.path, "foreign" in n.reason) for n in plan.lost] == [("inner/.git", True)]
    execute_rewind(plan, confirmed=True)
    assert (folder / "inner/x").read_text() == "x\n"
    assert not (folder / "inner/.git").exists()


def test_a_foreign_one_sets_no_set_id_bits_on_folders(folder: Path) -> None:
    mine = take_checkpoint(folder)
    record = {"not_captured": [], "usual": [0o644, 0o755], "unusual": {}, "empty_folders": []}
    details = json.dumps({**record, "usual_folder": 0o2755, "folders": {"dir": 0o6755}})
    point(folder, mine.ref, forged(folder, mine, details=details.encode()))
    execute_rewind(plan_rewind(folder, find_checkpoint(folder, "c1", foreign=True)), confirmed=True)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (folder, folder / "dir")] == [0o755, 0o755]
