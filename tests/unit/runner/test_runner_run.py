"""A run from start to end, with the scripted agent as a real process under a real supervisor."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import AGENT
from tests.unit.runner.runner_scene import Scene, until
from tui.control.operations import Operations
from tui.model.state import RunEnd
from tui.runner import start
from tui.store.layout import project_state
from tui.store.runs import all_runs, prune_runs, record_end
from tui.system.errors import NoSessionError, OvernightError, RefusedError
from tui.system.processes import is_alive


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def test_a_run_leaves_a_complete_record(scene: Scene) -> None:
    folder = scene.start("[[story:work tasks=1]]")
    assert scene.ended() == "the turn ended with 11 tasks open"
    kinds = [one["kind"] for one in scene.journal() if one["kind"] != "notified"]
    assert kinds[0] == "run_started"
    assert kinds[-1] == "run_ended"
    recorded = json.loads((folder.path / "ended.json").read_text())
    assert recorded["end"] == scene.entry("run_ended")["end"] == "turn_ended"
    assert {"supervisor_started", "segment_started", "segment_ended", "checkpoint"} <= set(kinds)
    ended = scene.entry("segment_ended")
    assert (ended["code"], ended["signal"]) == (0, 0)
    started = scene.entry("segment_started")
    assert started["why"] == "start"
    assert started["session"] == next(
        one["session_id"] for one in scene.stream() if one.get("subtype") == "init"
    )
    copy = folder.transcripts / f"{started['session']}.jsonl"
    original = next(scene.config.glob(f"projects/*/{started['session']}.jsonl"))
    assert copy.read_bytes() == original.read_bytes()
    assert list((scene.repository / "logs" / "transcripts").iterdir())
    history = json.loads((scene.repository / "logs" / "session-history.jsonl").read_text())
    assert history["commits_made"] == 1
    assert set(history) == {
        "end_time",
        "commits_made",
        "files_changed",
        "tests_passed",
        "runtime_hours",
    }


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_the_run_directory_is_private_and_outside_the_project(scene: Scene, mask: int) -> None:
    before = os.umask(mask)
    try:
        folder = scene.start("[[story:work tasks=1]]")
        scene.ended()
    finally:
        os.umask(before)
    state = project_state(scene.repository)
    for path in (state, *state.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        facts = path.stat()
        # A transcript is the very file of Claude; git has modes of its own for objects.
        if "making" not in path.parts[:-1] and (facts.st_nlink == 1 or path.is_dir()):
            assert stat.S_IMODE(facts.st_mode) == wanted, path
    assert folder.path.is_relative_to(state)
    assert not folder.path.is_relative_to(scene.repository)
    assert not (scene.repository / ".overnight").exists()


def test_the_agent_has_the_umask_of_the_person(scene: Scene) -> None:
    before = os.umask(0o027)
    try:
        scene.start("x", agent=("sh", "-c", "umask > mask; exec cat"))
    finally:
        os.umask(before)
    mask = scene.repository / "mask"
    assert until(lambda: mask.exists() and mask.read_text().strip()) == "0027"


def test_all_tasks_done_ends_a_continuous_run(scene: Scene) -> None:
    scene.start(
        "[[story:continue_needed per_turn=6]]",
        enforcement__continuous_mode=True,
        env={"OVERNIGHT_AGENT_STORY": "continue_needed per_turn=6"},
    )
    assert scene.ended() == "all tasks done"
    turns = scene.journal("continuation")
    assert [turn["attempt"] for turn in turns] == [1]
    assert "- [ ]" not in scene.repository.joinpath("claude-progress.txt").read_text()
    assert len(scene.journal("segment_started")) == 1


def test_continuing_in_vain_is_given_up(scene: Scene) -> None:
    scene.start(
        "[[story:hello]]",
        enforcement__continuous_mode=True,
        session__max_continuation_attempts=3,
    )
    assert scene.ended() == "gave up: 3 continuations or hand-overs without a task done"
    assert len(scene.journal("continuation")) == 3


def test_continuations_without_a_task_done_are_a_stall(scene: Scene) -> None:
    scene.start(
        "[[story:hello]]",
        enforcement__continuous_mode=True,
        session__max_continuation_attempts=4,
        env={"OVERNIGHT_DEMO_PACE": "1"},
    )
    stall = scene.entry("stall", stall="no_progress")
    assert any("of 4, no task done" in words for words in stall["evidence"])
    assert {entry["allowed"] for entry in scene.journal("continuation")} == {4}
    assert scene.ended() == "gave up: 4 continuations or hand-overs without a task done"


def test_an_agent_that_stays_after_its_work_is_ended(scene: Scene) -> None:
    scene.start("[[story:hang_after_result deaf=yes]]")
    assert scene.ended() == "the turn ended with 12 tasks open"
    assert not is_alive(scene.agent())
    assert scene.entry("segment_ended")["code"] == 143


def test_the_log_has_the_form_of_the_original(scene: Scene) -> None:
    scene.start("[[story:hello]]")
    scene.ended()
    lines = scene.log().splitlines()
    assert all(line[23:26] == " - " and line[19] == "," for line in lines)
    assert lines[0].endswith(" - INFO - Watchdog started")
    assert lines[-1].endswith(" - INFO - Watchdog stopped")


def test_credentials_never_reach_argv_journal_or_logs(scene: Scene) -> None:
    from msgspec.structs import replace

    from tui.settings.units import Secret

    secret = "very-secret-token-4711"
    settings = scene.settings()
    agent = replace(settings.agent, env={"SOME_TOKEN": Secret(secret)})
    scene.folder = start.start_run(
        scene.repository,
        "[[story:long_tool gate=gate]]",
        replace(settings, agent=agent),
        agent_command=("python3", *AGENT[1:]),
        options=start.StartOptions(
            env={"CLAUDE_CONFIG_DIR": str(scene.config), "OVERNIGHT_DEMO_PACE": "0"},
            allow_dirty=True,
        ),
        environ=scene.environ,
    )
    scene._runs.append(scene.folder)
    scene.entry("segment_started")
    environment = Path(f"/proc/{scene.agent().pid}/environ").read_bytes()
    assert secret.encode() in environment
    (scene.repository / "gate").touch()
    scene.ended()
    for path in [*scene.folder.path.rglob("*"), *scene.repository.glob("logs/**/*")]:
        if path.is_file():
            assert secret not in path.read_bytes().decode("utf-8", "replace"), path


# --- refusals ---


def test_a_second_run_is_refused_while_the_first_goes_on(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    with pytest.raises(RefusedError, match="is still going"):
        scene.start("[[story:hello]]")
    (scene.repository / "gate").touch()
    scene.ended()
    scene.start("[[story:hello]]")
    scene.ended()


def test_work_that_is_not_committed_is_refused(scene: Scene) -> None:
    (scene.repository / "claude-progress.txt").write_text("- [ ] ours\n")
    scene.start("[[story:hello]]", allow_dirty=False)
    scene.ended()
    (scene.repository / "mine.txt").write_text("not committed")
    with pytest.raises(RefusedError, match=r"mine\.txt"):
        scene.start("[[story:hello]]", allow_dirty=False)


def test_refusals_are_one_sentence(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="not found on PATH"):
        scene.start("[[story:hello]]", agent=("no-such-agent-anywhere",))
    plain = tmp_path / "plain"
    plain.mkdir()
    with pytest.raises(RefusedError, match="in no git repository"):
        start.start_run(plain, "x", scene.settings(), agent_command=("true",))
    claude = tmp_path / "bin" / "claude"
    claude.parent.mkdir()
    claude.write_text("#!/bin/sh\necho 1.0.3\n")
    claude.chmod(0o755)
    with pytest.raises(RefusedError, match="not logged in"):
        scene.start("[[story:hello]]", agent=(str(claude),))
    scene.environ["ANTHROPIC_API_KEY"] = "dummy"
    with pytest.raises(RefusedError, match="too old"):
        scene.start("[[story:hello]]", agent=(str(claude),))
    assert not all_runs(scene.repository)


def test_another_session_in_the_work_tree_is_refused(scene: Scene) -> None:
    import subprocess

    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        sessions = scene.config / "sessions"
        sessions.mkdir(parents=True)
        facts = {"pid": sleeper.pid, "cwd": str(scene.repository), "sessionId": "x"}
        (sessions / f"{sleeper.pid}.json").write_text(json.dumps(facts))
        with pytest.raises(RefusedError, match="another Claude session"):
            scene.start("[[story:hello]]")
    finally:
        sleeper.kill()
        sleeper.wait()
    scene.start("[[story:hello]]")
    scene.ended()


def test_an_agent_that_cannot_run_is_said_so(scene: Scene, tmp_path: Path) -> None:
    broken = tmp_path / "broken-agent"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(OvernightError, match="could not be started"):
        scene.start("[[story:hello]]", agent=(str(broken),), recovery__auto_resume=False)


def test_nothing_is_asked_of_a_run_that_is_over(scene: Scene) -> None:
    scene.start("[[story:hello]]")
    scene.ended()
    operations = Operations(scene.repository, scene.settings(), str(scene.folder.path))
    assert not operations.is_supervised()
    with pytest.raises(NoSessionError):
        operations.foreign_session()


def test_prune_keeps_the_last_seven_and_what_lives(scene: Scene) -> None:
    from tui.store.runs import RunFacts, create_run

    made = []
    for number in range(10):
        facts = RunFacts(f"run-{number:02d}", "g", str(scene.repository), float(number), ("a",))
        made.append(create_run(scene.repository, facts, scene.settings()))
    for folder in made[1:]:
        record_end(folder, RunEnd("done", 0, 1.0))
    assert prune_runs(scene.repository, None) == []
    assert sorted(prune_runs(scene.repository, 2)) == ["run-01", "run-02"]
    assert [one.id for one in all_runs(scene.repository)][-1] == "run-00"
    assert until(lambda: len(all_runs(scene.repository)) == 8)
