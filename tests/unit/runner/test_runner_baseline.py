"""The baseline tests run beside the supervisor's rounds, once, and end with the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import Scene, until
from tui.runner import start
from tui.system.processes import process_table

SCRIPT = """
import os, pathlib, sys, time
with open("tried", "a") as file:
    file.write(f"{os.getpid()}\\n")
end = time.monotonic() + 50
while not pathlib.Path("tests-may-end").exists() and time.monotonic() < end:
    time.sleep(0.02)
"""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    for pid in tried(made):
        if running(pid):
            os.kill(pid, 9)
    made.tidy()


def start_planning(scene: Scene, story: str = "[[story:hello]]") -> None:
    (scene.base / "slow.py").write_text(SCRIPT)
    scene.start(
        story,
        session__initializer=True,
        session__baseline_tests=["python3", str(scene.base / "slow.py")],
        env={"OVERNIGHT_AGENT_STORY": "work tasks=1"},
    )
    until(lambda: tried(scene), "the tests")


def tried(scene: Scene) -> list[int]:
    """The pids of every try of the tests."""
    path = scene.repository / "tried"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def running(pid: int) -> bool:
    found = process_table().get(pid)
    return found is not None and found.state not in "ZX"


def test_the_supervisor_answers_while_the_tests_run(scene: Scene) -> None:
    start_planning(scene)
    answer = scene.request("checkpoint", label="meanwhile")
    assert answer.ok
    (pid,) = tried(scene)
    assert running(pid)
    (scene.repository / "tests-may-end").touch()
    scene.ended()
    assert [one["why"] for one in scene.journal("segment_started")] == ["initializer", "handover"]
    assert tried(scene) == [pid]


def test_a_new_supervisor_ends_the_old_tests_and_begins_again(scene: Scene) -> None:
    start_planning(scene)
    (first,) = tried(scene)
    scene.kill_supervisor()
    assert running(first)
    assert start.adopt_run(scene.repository, environ=scene.environ)
    until(lambda: len(tried(scene)) == 2, "the second try")
    assert not running(first)
    (scene.repository / "tests-may-end").touch()
    scene.ended()
    assert len(tried(scene)) == 2
    assert [one["why"] for one in scene.journal("segment_started")] == ["initializer", "handover"]


def test_a_run_that_is_killed_ends_its_tests(scene: Scene) -> None:
    start_planning(scene)
    (pid,) = tried(scene)
    scene.request("kill")
    assert scene.ended() == "killed by person"
    until(lambda: not running(pid), "the end of the tests")


def test_an_agent_that_leaves_meanwhile_does_not_end_the_tests(scene: Scene) -> None:
    start_planning(scene)
    agent = scene.agent()
    os.kill(agent.pid, 15)
    until(lambda: not running(agent.pid), "the agent's end")
    (pid,) = tried(scene)
    assert running(pid)
    (scene.repository / "tests-may-end").touch()
    scene.ended()
    assert tried(scene) == [pid]
    assert [one["why"] for one in scene.journal("segment_started")] == ["initializer", "handover"]
    assert len(scene.journal("segment_ended")) == 2


def test_silence_while_the_tests_run_is_no_idleness(scene: Scene) -> None:
    (scene.base / "slow.py").write_text(SCRIPT)
    scene.start(
        "[[story:hello]]",
        session__initializer=True,
        session__max_idle_minutes=0.02,
        session__baseline_tests=["python3", str(scene.base / "slow.py")],
        env={"OVERNIGHT_AGENT_STORY": "work tasks=1"},
    )
    until(lambda: tried(scene), "the tests")
    # Its mark on the lock shows that rounds go by: several times the idle limit.
    begun = scene.folder.lock.stat().st_mtime
    until(lambda: scene.folder.lock.stat().st_mtime > begun + 3, "rounds")
    assert not scene.journal("limit_hit")
    (scene.repository / "tests-may-end").touch()
    scene.entry("handover")
