"""A home can be shared by machines, and a container sees the same paths: whose run is it?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from tests.command_line import run as run_command
from tests.unit.project_files import slug, transcript
from tests.unit.repositories import sh
from tui.control.operations import Operations
from tui.feeds.sessions.select import select_session
from tui.model.state import RunEnd
from tui.runner import start
from tui.runner.preflight import check_running
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.run_place import RunPlace, is_here, this_place
from tui.store.runs import (
    RunFacts,
    all_runs,
    create_run,
    find_run_elsewhere,
    find_unfinished_run,
    list_runs,
    prune_runs,
    read_run_facts,
    record_end,
)
from tui.system.errors import NoSessionError, RefusedError
from tui.system.git import Git
from tui.system.locks import acquire_lock

HERE = RunPlace("desk", "m1", "b1", "pid:[1]")
ELSEWHERE = {"host": "tower", "machine": "m9", "boot": "b9", "pid_namespace": "pid:[9]"}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (RunPlace(), True),
        (HERE, True),
        (msgspec.structs.replace(HERE, host="renamed meanwhile"), True),
        (msgspec.structs.replace(HERE, boot="b0", pid_namespace="pid:[7]"), True),
        (msgspec.structs.replace(HERE, boot="b0", host="desk-copy"), False),
        (RunPlace("tower", "m2", "b2", "pid:[1]"), False),
        (RunPlace("desk", "m2", "b2", "pid:[1]"), False),
        (msgspec.structs.replace(HERE, host="0f3a6c1d9b2e", pid_namespace="pid:[2]"), False),
        (msgspec.structs.replace(HERE, pid_namespace="pid:[2]"), True),
        (RunPlace("desk"), True),
        (RunPlace("tower"), False),
        (RunPlace("desk", "", "b0"), True),
    ],
)
def test_whether_a_run_is_of_this_machine(tmp_path: Path, place: RunPlace, expected: bool) -> None:
    assert is_here(RunDirectory(tmp_path), place, HERE) is expected


@pytest.mark.parametrize("name", ["supervisor.lock", "segments/0001/lock"])
def test_a_container_of_the_same_name_has_it_while_anybody_there_holds_it(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "segments" / "0001").mkdir(parents=True)
    run, other = RunDirectory(tmp_path), msgspec.structs.replace(HERE, pid_namespace="pid:[2]")
    lock = acquire_lock(tmp_path / name)
    assert lock is not None
    assert not is_here(run, other, HERE)
    os.close(lock)
    assert is_here(run, other, HERE)


def test_a_new_run_says_where_it_is(tmp_path: Path) -> None:
    run = create_run(tmp_path, RunFacts("r", "g", str(tmp_path), 0.0, ("a",)), Settings())
    facts = read_run_facts(run)
    assert (facts.host, facts.boot) == (os.uname().nodename, this_place().boot)
    assert facts.host
    assert find_unfinished_run(tmp_path) is not None


def make_run(project: Path, name: str, started: float = 1.0) -> RunDirectory:
    facts = RunFacts(name, "a goal", str(project), started, ("false",))
    return create_run(project, facts, Settings())


def move(run: RunDirectory, **place: str) -> None:
    facts = json.loads(run.facts.read_bytes())
    run.facts.write_text(json.dumps({**facts, **(place or ELSEWHERE)}))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def test_a_run_of_another_machine_is_not_taken_up(project: Path) -> None:
    run = make_run(project, "r")
    assert find_unfinished_run(project) is not None
    move(run)
    assert find_unfinished_run(project) is None
    found = find_run_elsewhere(project)
    assert found is not None
    assert (found[0].id, found[1]) == ("r", "tower")
    before = sorted(os.listdir(run.path))
    assert not start.adopt_run(project)
    assert sorted(os.listdir(run.path)) == before


def test_after_a_new_start_of_the_machine_it_is_taken_up_as_before(project: Path) -> None:
    run = make_run(project, "r")
    move(run, boot="the boot before", pid_namespace="pid:[1]")
    assert find_unfinished_run(project) is not None
    assert find_run_elsewhere(project) is None


def test_nothing_is_started_beside_it(project: Path, tmp_path: Path) -> None:
    sh(project, "init", "-q")
    move(make_run(project, "r"))
    with pytest.raises(RefusedError, match=r"still going in .* on tower; end it there, or remove"):
        check_running(project, Git(project), {**os.environ, "HOME": str(tmp_path)})


def test_it_is_never_pruned(project: Path) -> None:
    runs = [make_run(project, f"r{number:02}", float(number)) for number in range(10)]
    for run in runs:
        record_end(run, RunEnd("done", 0, 1.0))
    move(runs[0])
    assert prune_runs(project, 7) == ["r02", "r01"]
    assert [run.id for run in all_runs(project)][-1] == "r00"


def test_it_is_shown_with_its_host_and_has_no_process_here(project: Path) -> None:
    run = make_run(project, "r")
    (run.attempt(1).path).mkdir()
    run.attempt(1).agent.write_text(f'{{"pid": {os.getpid()}, "proc_start": 1}}')
    assert select_session(project, Settings()).agent == (os.getpid(), 1)
    move(run)
    found = select_session(project, Settings())
    assert (found.run, found.agent, found.elsewhere) == ("r", None, "tower")
    assert found.events[0].chosen.endswith("; it lives on tower")
    (listed,) = list_runs(project)
    assert (listed.host, listed.elsewhere) == ("tower", "tower")
    record_end(run, RunEnd("done", 0, 1.0))
    assert select_session(project, Settings()).elsewhere == ""


def test_nothing_is_asked_of_it(project: Path) -> None:
    operations = Operations(project, Settings(), elsewhere="tower")
    with pytest.raises(NoSessionError, match="lives on tower; say it there"):
        operations.inject("words")
    with pytest.raises(NoSessionError, match="lives on tower; say it there"):
        operations.stop("kill", checkpoint=False)


def test_the_commands_name_the_host_and_leave_it_alone(project: Path, tmp_path: Path) -> None:
    run = make_run(project, "r")
    run.journal.write_text(
        '{"at": 1.0, "kind": "run_started", "run": "r", "goal": "g", "host": "tower"}\n'
    )
    move(run)
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    words = run_command("status", home=tmp_path, cwd=project).out.decode()
    assert "it lives on tower" in words
    status = json.loads(run_command("status", "--json", home=tmp_path, cwd=project).out)
    assert status["run"]["host"] == "tower"
    assert status["run"]["state"] != "crashed", "its process is not looked for here"
    (row,) = json.loads(run_command("runs", "--json", home=tmp_path, cwd=project).out)["runs"]
    assert (row["host"], row["state"]) == ("tower", "going on, on tower")
    for command in (("inject", "words"), ("kill", "--yes"), ("kill", "--interrupt", "--yes")):
        done = run_command(*command, home=tmp_path, cwd=project)
        assert done.code != 0
        assert "lives on tower" in done.err, command
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


def test_a_session_of_this_machine_goes_before_it(project: Path, tmp_path: Path) -> None:
    run = make_run(project, "r")
    for file in (run.stream, run.journal):
        os.utime(file, (1.0, 1.0))
    environ = {**os.environ, "CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}
    projects = tmp_path / "claude" / "projects"
    path = transcript(
        projects, project, "11111111-aaaa-4bbb-8ccc-000000000001", folder=slug(project)
    )
    os.utime(path, (3_600.0, 3_600.0))
    assert select_session(project, Settings(), environ=environ).run == "r"
    move(run)
    assert select_session(project, Settings(), environ=environ).run == ""
