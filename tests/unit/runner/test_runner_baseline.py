"""The baseline tests run beside the supervisor's rounds, once, and end with the run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.fakes import FakeClock
from tests.unit.runner.runner_scene import Scene, until
from tests.unit.runner.test_runner_rules import desk_in
from tui.runner.agent import baseline
from tui.runner.start import adopt_run
from tui.settings.original_sections import SessionSettings
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


def start(scene: Scene, **changes: Any) -> None:
    """A run whose tests have been started, and go on until they may end."""
    (scene.base / "slow.py").write_text(SCRIPT)
    scene.start(
        "[[story:hello]]",
        session__baseline_tests=["python3", str(scene.base / "slow.py")],
        env={"OVERNIGHT_AGENT_STORY": "work tasks=1"},
        **changes,
    )
    until(lambda: tried(scene), "the tests")


def start_planning(scene: Scene, **changes: Any) -> None:
    """A run whose plan is made, and whose tests run for the second time."""
    (scene.repository / "tests-may-end").touch()
    start(scene, session__initializer=True, **changes)
    scene.entry("segment_started")
    (scene.repository / "tests-may-end").unlink()
    until(lambda: len(tried(scene)) == 2, "the tests after the plan")


def may_end(scene: Scene) -> None:
    (scene.repository / "tests-may-end").touch()


def tried(scene: Scene) -> list[int]:
    """The pids of every try of the tests."""
    path = scene.repository / "tried"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def running(pid: int) -> bool:
    found = process_table().get(pid)
    return found is not None and found.state not in "ZX"


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def whys(scene: Scene) -> list[str]:
    return [one["why"] for one in scene.journal("segment_started")]


def test_no_agent_is_started_before_they_pass(scene: Scene) -> None:
    start(scene)
    assert "baseline tests run" in scene.entry("baseline", state="running")["text"]
    answer = scene.request("rewind", checkpoint="c1", kind="code")
    assert not answer.ok
    assert "no agent was started yet" in answer.text
    assert not whys(scene)
    assert not any(scene.folder.attempts.iterdir())
    may_end(scene)
    scene.ended()
    assert whys(scene) == ["start"]
    assert scene.entry("baseline", state="passed")["at"] <= scene.entry("segment_started")["at"]


def test_where_they_fail_no_agent_is_told_anything(scene: Scene) -> None:
    secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
    words = f"echo {secret}; echo; echo; echo FAILED one; echo 2 of 7 failed; exit 3"
    scene.start("[[story:hello]]", session__baseline_tests=["sh", "-c", words])
    reason = scene.ended()
    assert reason.startswith("needs you: the baseline tests fail: sh -c ")
    assert reason.endswith("ended with 3: 2 of 7 failed")
    assert not whys(scene)
    failed = scene.entry("baseline", state="failed")
    assert failed["detail"].endswith("FAILED one\n2 of 7 failed")
    assert "ghp_0123456789" not in scene.folder.journal.read_text()
    assert not any(scene.folder.attempts.iterdir())


def test_their_time_is_bounded_by_the_settings(scene: Scene) -> None:
    sleeps = ["sleep", "49.7531"]
    scene.start(
        "[[story:hello]]", session__baseline_tests=sleeps, session__baseline_timeout_minutes=0.01
    )
    assert "sleep 49.7531 did not end within 0 s" in scene.ended()
    assert not any("49.7531" in command_line(pid) for pid in process_table())


def test_what_they_print_is_bounded(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(baseline, "_MOST_OUTPUT", 100_000)
    context = desk_in(tmp_path, FakeClock())
    loud = ["sh", "-c", "while :; do echo 0123456789; done"]
    session = SessionSettings(baseline_tests=tuple(loud))
    context.settings = structs.replace(context.settings, session=session)
    tests = baseline.BaselineTests(context)
    log, stop = context.folder.baseline_log, time.monotonic() + 30
    used, peak = 0, 0
    while time.monotonic() < stop and (peak < 200_000 or used > 100_000):
        assert tests.trouble() is None
        status = log.stat()
        peak, used = max(peak, status.st_size), status.st_blocks * 512
    tests.stop()
    assert peak >= 200_000
    assert used <= 100_000


def test_the_supervisor_answers_while_the_tests_run(scene: Scene) -> None:
    start_planning(scene)
    answer = scene.request("checkpoint", label="meanwhile")
    assert answer.ok
    first, second = tried(scene)
    assert running(second)
    may_end(scene)
    scene.ended()
    assert whys(scene) == ["initializer", "handover"]
    assert tried(scene) == [first, second]


@pytest.mark.parametrize("planned", [False, True])
def test_a_new_supervisor_ends_the_old_tests_and_begins_again(scene: Scene, planned: bool) -> None:
    (start_planning if planned else start)(scene)
    before = tried(scene)
    scene.kill_supervisor()
    assert running(before[-1])
    assert adopt_run(scene.repository, environ=scene.environ)
    until(lambda: len(tried(scene)) == len(before) + 1, "the next try")
    assert not running(before[-1])
    may_end(scene)
    scene.ended()
    assert len(tried(scene)) == len(before) + 1
    assert whys(scene) == (["initializer", "handover"] if planned else ["start"])


@pytest.mark.parametrize("planned", [False, True])
def test_a_run_that_is_killed_ends_its_tests(scene: Scene, planned: bool) -> None:
    (start_planning if planned else start)(scene)
    pid = tried(scene)[-1]
    scene.request("kill")
    assert scene.ended() == "killed by person"
    until(lambda: not running(pid), "the end of the tests")


def test_an_agent_that_leaves_meanwhile_does_not_end_the_tests(scene: Scene) -> None:
    start_planning(scene)
    agent = scene.agent()
    os.kill(agent.pid, 15)
    until(lambda: not running(agent.pid), "the agent's end")
    both = tried(scene)
    assert running(both[-1])
    may_end(scene)
    scene.ended()
    assert tried(scene) == both
    assert whys(scene) == ["initializer", "handover"]
    assert len(scene.journal("segment_ended")) == 2


@pytest.mark.parametrize("planned", [False, True])
def test_silence_while_the_tests_run_is_no_idleness(scene: Scene, planned: bool) -> None:
    (start_planning if planned else start)(scene, session__max_idle_minutes=0.02)
    # Its mark on the lock shows that rounds go by: several times the idle limit.
    begun = scene.folder.lock.stat().st_mtime
    until(lambda: scene.folder.lock.stat().st_mtime > begun + 3, "rounds")
    assert not scene.journal("limit_hit")
    may_end(scene)
    scene.entry("segment_started", why="handover" if planned else "start")
