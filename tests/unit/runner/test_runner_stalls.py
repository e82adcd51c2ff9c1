"""What the supervisor does by itself about a session that circles, with real runs of the scripted agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import REPOSITORY
from tests.unit.runner.runner_scene import Json, Scene, until
from tui.runner import start

HEEDS, DEAF = "loop times=40", "obsessed"
PACE = {"OVERNIGHT_DEMO_PACE": "0.2"}
STORY = "OVERNIGHT_AGENT_STORY"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def loop(scene: Scene, action: str, story: str = DEAF) -> None:
    """A run whose agent repeats a failing command, in every turn that it is given."""
    env = {**PACE, STORY: story}
    scene.start(f"[[story:{story}]]", stalls__loop_action=action, env=env)


def steps(scene: Scene) -> list[str]:
    return [one["step"] for one in scene.journal("stall_step")]


def kinds(scene: Scene, *wanted: str) -> list[str]:
    return [one["kind"] for one in scene.journal() if one["kind"] in wanted]


def step(scene: Scene, name: str, number: int = 1) -> Json:
    return scene.entry("stall_step", step=name, number=number)


def notified(scene: Scene, event: str) -> list[Json]:
    return [one for one in scene.journal("notified") if one["event"] == event]


def heard(scene: Scene) -> list[Json]:
    """The messages to step back that reached the agent, as it says itself."""
    found = [one for one in scene.stream() if one.get("isReplay")]
    return [one for one in found if "step back" in json.dumps(one["message"])]


def test_by_default_people_are_notified_and_nothing_is_done(scene: Scene) -> None:
    loop(scene, "notice", "loop times=30")
    scene.ended()
    assert scene.entry("stall", stall="loop")["detector"] == "repeated_calls"
    assert scene.journal("inject") == []
    assert scene.journal("interrupt") == []
    assert steps(scene) == ["needs you"]
    assert notified(scene, "stall")
    assert notified(scene, "needs_you")
    assert "press s for help" not in scene.log()  # that is for people away, not for the log


def test_a_step_back_that_is_heeded_is_the_only_one(scene: Scene) -> None:
    loop(scene, "end", HEEDS)
    nudge = scene.entry("inject", mode="step-back")
    assert "Please stop for a moment and step back." in nudge["text"]
    assert "import tidebell_core" in nudge["text"]
    assert "failed with “ModuleNotFoundError: No module named 'tidebell_core'”" in nudge["text"]
    scene.ended()
    states = [one["state"] for one in scene.journal("injection") if one["id"] == nudge["id"]]
    assert states[-1] == "seen"
    assert steps(scene) == ["step-back"]
    assert step(scene, "step-back")["id"] == nudge["id"]
    assert scene.entry("stall", stall="loop")
    assert scene.said("Stepping back") or scene.said("Instead I look")


def test_with_nudge_it_stops_after_two_step_backs(scene: Scene) -> None:
    loop(scene, "nudge")
    step(scene, "needs you")
    assert steps(scene) == ["step-back", "step-back", "needs you"]
    before = len(scene.said("tool_result"))
    until(lambda: len(scene.said("tool_result")) > before + 12, "twelve more rounds")
    assert len(scene.journal("inject")) == 2
    assert len(heard(scene)) == 2
    assert steps(scene) == ["step-back", "step-back", "needs you"]
    assert scene.journal("interrupt") == []
    assert notified(scene, "needs_you")
    scene.request("kill")
    scene.ended()


@pytest.mark.timeout(150)
def test_with_interrupt_a_checkpoint_comes_first(scene: Scene) -> None:
    loop(scene, "interrupt")
    taken = step(scene, "interrupt")
    step(scene, "needs you")
    order = kinds(scene, "inject", "checkpoint", "interrupt", "stall_step")
    assert order == [
        *("checkpoint", "inject", "stall_step", "inject", "stall_step"),
        *("checkpoint", "inject", "interrupt", "stall_step", "stall_step"),
    ]
    assert scene.entry("checkpoint", why="before interrupt")["checkpoint"] == taken["checkpoint"]
    assert scene.entry("interrupt")["by"] == "supervisor"
    assert [one for one in scene.stream() if str(one.get("terminal_reason")).startswith("aborted")]
    assert len(heard(scene)) == 3
    scene.request("kill")
    scene.ended()


@pytest.mark.timeout(150)
def test_with_end_the_run_ends_with_a_note_and_needs_a_person(scene: Scene) -> None:
    loop(scene, "end")
    reason = scene.ended(120)  # four steps, each after rounds of its own
    assert reason.startswith("needs you: it is stuck: Bash python3")
    assert steps(scene) == ["step-back", "step-back", "interrupt", "end"]
    assert scene.entry("run_ended")["end"] == "needs_you"
    assert scene.said("This session ends now (needs you")
    assert scene.entry("checkpoint", why="before needs you")
    assert notified(scene, "needs_you")
    assert scene.journal("segment_started")[-1]["attempt"] == 1


def test_a_person_who_speaks_is_not_interrupted(scene: Scene) -> None:
    loop(scene, "end")
    step(scene, "step-back")
    assert scene.request("inject", text="use the other module").ok
    before = len(scene.said("tool_result"))
    until(lambda: len(scene.said("tool_result")) > before + 14, "fourteen more rounds")
    assert steps(scene) == ["step-back"]
    scene.request("kill")
    scene.ended()


_DIES_AT = """
import os, signal, sys
from tui.runner import supervisor
from tui.runner.run_context import RunContext

write = RunContext.journal_entry
before, kind, number = sys.argv[2] == "before", sys.argv[3], int(sys.argv[4])
seen = 0

def journal_entry(self, name, *facts, **more):
    global seen
    seen += name == kind
    if before and name == kind and seen == number:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, name, *facts, **more)
    if not before and name == kind and seen == number:
        os.kill(os.getpid(), signal.SIGKILL)

RunContext.journal_entry = journal_entry
supervisor.main(sys.argv[1:2])
"""


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("when", "kind", "number"),
    [
        ("before", "inject", 1),
        ("after", "stall_step", 2),
        ("before", "checkpoint", 1),
        ("after", "interrupt", 1),
        ("before", "stall_step", 3),
    ],
)
def test_a_supervisor_killed_between_steps(scene: Scene, when: str, kind: str, number: int) -> None:
    """The next one does what is missing, and repeats nothing.

    Every write is a moment in `test_stall_response`; here are some of each kind, with real processes.
    """
    loop(scene, "end")
    scene.wait_said('"tool_use"')
    scene.kill_supervisor()
    words = [sys.executable, "-c", _DIES_AT, str(scene.folder.path), when, kind, str(number)]
    died = subprocess.run(words, cwd=REPOSITORY, env=scene.environ, timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL
    start.adopt_run(scene.repository, environ=scene.environ)
    assert scene.ended(120).startswith("needs you: it is stuck")
    assert steps(scene) == ["step-back", "step-back", "interrupt", "end"]
    assert len(scene.journal("inject")) == 3
    assert len(scene.journal("interrupt")) == 1
    assert len(heard(scene)) == 3
    assert os.listdir(scene.folder.inbox) == []
