"""A project that was renamed or moved finds its state again, when a person says so."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.command_line import run as run_command
from tests.unit.repositories import make
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.refs import checkpoints_of
from tui.model.state import EndKind, RunEnd
from tui.settings.settings import Settings
from tui.store.layout import make_project_state, project_state
from tui.store.ledgers.visits import last_visit, record_visit
from tui.store.moved_projects import find_moved_state, forget_gone_demos, take_over
from tui.store.project_record import read_record
from tui.store.runs import (
    RunFacts,
    all_runs,
    create_run,
    find_unfinished_run,
    is_supervised,
    read_run_end,
    record_end,
)
from tui.store.state_names import PROJECT_FILE
from tui.system.errors import RefusedError
from tui.system.locks import acquire_lock


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project with a run, where it lay first."""
    project = make(tmp_path / "old name")
    run = create_run(project, RunFacts("r1", "g", str(project), 1.0, ("a",)), Settings())
    record_end(run, RunEnd("done", 0, 2.0))
    return project


def test_a_state_folder_says_whose_it_is(old: Path) -> None:
    record = read_record(project_state(old) / PROJECT_FILE)
    assert record is not None
    assert record.path == os.fsencode(old)
    assert record.repository == os.fsencode(old / ".git")
    assert record.inode == (old / ".git").stat().st_ino
    assert record.host == os.uname().nodename


def test_a_renamed_project_finds_its_state(old: Path, tmp_path: Path) -> None:
    record_visit(old, 5_000.0)
    assert find_moved_state(old) is None
    new = old.rename(tmp_path / "new name")
    record_visit(new, 50_000.0)
    moved = find_moved_state(new)
    assert moved is not None
    assert (moved.path, moved.runs, moved.why) == (old, 1, "it is the same repository")
    assert all_runs(new) == [], "never silently"
    take_over(new, moved)
    assert [run.id for run in all_runs(new)] == ["r1"]
    assert last_visit(new, 90_000.0) == 50_000.0
    record = read_record(project_state(new) / PROJECT_FILE)
    assert record is not None
    assert record.path == os.fsencode(new)
    assert find_moved_state(new) is None


def test_a_copy_beside_the_original_takes_nothing(old: Path, tmp_path: Path) -> None:
    shutil.copytree(old, tmp_path / "copy", symlinks=True)
    take_checkpoint(old)
    assert find_moved_state(tmp_path / "copy") is None


def test_another_repository_at_another_path_takes_nothing(old: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other")
    shutil.rmtree(old)
    assert find_moved_state(other) is None


def test_one_that_came_by_a_copy_is_known_by_its_checkpoints(old: Path, tmp_path: Path) -> None:
    checkpoint = take_checkpoint(old)
    shutil.copytree(old, tmp_path / "copy", symlinks=True)
    shutil.rmtree(old)
    new = tmp_path / "copy"
    moved = find_moved_state(new)
    assert moved is not None
    assert moved.why == "this repository has checkpoints that it names"
    later = take_checkpoint(new)
    take_over(new, moved)
    commits = {one.commit for one in checkpoints_of(new)}
    assert {checkpoint.commit, later.commit} <= commits


def test_one_with_runs_of_its_own_is_left_alone(old: Path, tmp_path: Path) -> None:
    new = old.rename(tmp_path / "new")
    create_run(new, RunFacts("r2", "g", str(new), 1.0, ("a",)), Settings())
    assert find_moved_state(new) is None


def test_a_run_that_goes_on_keeps_its_place(old: Path, tmp_path: Path) -> None:
    (run,) = all_runs(old)
    run.end.unlink()
    new = old.rename(tmp_path / "new")
    moved = find_moved_state(new)
    assert moved is not None
    lock = acquire_lock(run.lock)
    assert lock is not None
    assert is_supervised(run)
    with pytest.raises(RefusedError, match=r"r1 .* still has its supervisor"):
        take_over(new, moved)
    os.close(lock)
    take_over(new, moved)
    assert [one.id for one in all_runs(new)] == ["r1"]
    assert find_unfinished_run(new) is None, "it was started for another folder"
    end = read_run_end(all_runs(new)[0])
    assert end is not None, "nobody can take it up again"
    assert (end.reason, end.code, end.kind) == ("its project was moved", None, EndKind.OPEN)


def test_records_that_are_none_are_passed_over(old: Path, tmp_path: Path) -> None:
    (project_state(old) / PROJECT_FILE).write_text("{")
    link = make_project_state(tmp_path / "elsewhere") / PROJECT_FILE
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path)
    assert find_moved_state(old.rename(tmp_path / "new")) is None


def test_the_commands_offer_it(old: Path, tmp_path: Path) -> None:
    new = old.rename(tmp_path / "new name")
    checks = json.loads(run_command("doctor", "--json", home=tmp_path, cwd=new).out)["checks"]
    (check,) = [one for one in checks if one["name"] == "moved"]
    assert check["state"] == "warn"
    assert str(old) in check["text"]
    asked = run_command("trust", "--import-runs", home=tmp_path, cwd=new)
    assert asked.code == 4
    assert f"lay at {old} before" in asked.err
    assert all_runs(new) == []
    done = run_command("trust", "--import-runs", "--yes", home=tmp_path, cwd=new)
    assert (done.code, done.out.decode()) == (0, f"taken over from {old}: 1 run\n")
    assert [run.id for run in all_runs(new)] == ["r1"]


def test_what_was_kept_of_a_demonstration_goes_with_its_folder(old: Path, tmp_path: Path) -> None:
    here = make(tmp_path / "here")
    demos = [make(tmp_path / f"demo{number}") for number in range(3)]
    for demo in demos:
        facts = RunFacts("r", "g", str(demo), 1.0, ("a",), command="demo")
        create_run(demo, facts, Settings())
    shutil.rmtree(demos[0])
    shutil.rmtree(demos[1])
    shutil.rmtree(old)
    lock = acquire_lock(all_runs(demos[1])[0].lock)  # it still has its supervisor
    assert lock is not None
    assert forget_gone_demos(here) == 1
    assert [project_state(one).exists() for one in (*demos, old)] == [False, True, True, True]
    os.close(lock)
