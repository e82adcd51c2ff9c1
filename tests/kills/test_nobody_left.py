"""Agent, shim, supervisor and restarter are all dead: the viewer takes the run up, and says so at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kills.night import HEAD_ROWS, Moment, Night
from tests.unit.runner.runner_scene import until
from tui.store.runs import is_supervised, read_run_end
from tui.system.processes import is_alive

pytestmark = pytest.mark.timeout(120)
IN_A_TOOL = Moment(
    "[[story:long_tool gate=gate]]", lambda night: bool(night.scene.said("tool_use"))
)


@pytest.fixture
def night(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Night]:
    settings = {"recovery__auto_resume": request.param}
    moment = Moment(IN_A_TOOL.goal, IN_A_TOOL.reached, settings)
    made = Night(tmp_path, moment)
    yield made
    made.close()


def kill_everything(night: Night) -> None:
    restarter = night.scene.restarter()
    assert restarter is not None
    os.kill(restarter.pid, signal.SIGKILL)
    until(lambda: not is_alive(restarter), "its death")
    for pid in night.pids().values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: not {"agent", "shim", "supervisor"} & night.pids().keys(), "their death")


def stop_next_supervisor(night: Night, old: int) -> int:
    """Holds the supervisor that comes up, so that what is shown meanwhile stays to be seen."""

    def another() -> int:
        pid = int((night.scene.folder.lock.read_text().split() or ["0"])[0])
        return pid if pid != old and is_supervised(night.scene.folder) else 0

    pid: int = until(another, "a supervisor")
    os.kill(pid, signal.SIGSTOP)
    return pid


@pytest.mark.parametrize("night", [True], indirect=True)
def test_it_never_says_that_the_night_is_dead(night: Night) -> None:
    night.begin(())
    old = night.pids()["supervisor"]
    kill_everything(night)
    night.open_screen()
    held = stop_next_supervisor(night, old)
    has_decided = len(night.scene.journal("segment_ended")) > 0
    shown = set()

    def sees(word: str) -> bool:
        night.screen.read()
        head = "\n".join(night.screen.rows[:HEAD_ROWS])
        shown.add(head)
        return word in head

    until(lambda: sees("restarting") or has_decided, "that it is being taken up")
    os.kill(held, signal.SIGCONT)
    until(lambda: sees("overnight") and len(night.scene.journal("segment_started")) > 1, "it")
    night.finish()
    assert [head for head in shown if "crashed" in head or "discard" in head.lower()] == []


@pytest.mark.parametrize("night", [False], indirect=True)
def test_where_nothing_is_resumed_the_review_is_shown(night: Night) -> None:
    night.begin(())
    kill_everything(night)
    night.open_screen()
    until(lambda: (night.screen.read(), read_run_end(night.scene.folder))[1], "the end")
    night.screen.see("review", "crash")
