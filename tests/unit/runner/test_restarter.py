"""A supervisor that died is started again: soon, once, within bounds, and not where it must not be."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.runner.runner_scene import Scene, until
from tui.runner.watchers import restarter
from tui.store.runs import is_supervised
from tui.system.processes import is_alive

HOUR = 3600.0


class World(restarter.Restarter):
    """A run whose supervisors live as long as `lives` says of each start, by a clock of its own."""

    def __init__(self, run: Path, lives: Callable[[int], float], limit: int = 30) -> None:
        super().__init__(str(run))
        self.now = 1000.0
        self.lives = lives
        self.dies_at = self.now + lives(0)
        self.ends_at = self.now + 10 * HOUR
        self.left_at = -HOUR
        self.begun: list[float] = []
        self.notified: list[float] = []
        self.killed = 0
        (run / "restart.json").write_text(
            json.dumps({"argv": ["supervisor"], "limit": limit, "notify": ["notify"]})
        )
        (run / "journal.jsonl").write_text('{"at":1.0,"kind":"note"}\n{"at":2.0,"ki')

    def play(self, hours: float = 10.0) -> World:
        """Lets it watch for so long."""
        clock = SimpleNamespace(monotonic=lambda: self.now, time=lambda: self.now, sleep=self.pass_)
        self.ends_at = self.now + hours * HOUR
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(restarter, "time", clock)
            patch.setattr(restarter, "_wait_for_end", self.wait_for_end)
            patch.setattr(restarter, "_lives", lambda pid: pid > 0 and self.now < self.dies_at)
            patch.setattr(restarter, "_modified", lambda path: self.beat_at())
            patch.setattr(restarter, "_kill", self.kill)
            self.watch(1)
        return self

    def pass_(self, seconds: float) -> None:
        self.now += seconds

    def wait_for_end(self, holder: tuple[int, int]) -> None:
        self.now = min(max(self.dies_at, self.now), self.now + 30.0) + 0.001

    def beat_at(self) -> float:
        return self.now

    def kill(self, holder: tuple[int, int]) -> None:
        self.killed += 1
        self.dies_at = self.now

    def _start(self, words: list[str]) -> int:
        if words == ["notify"]:
            self.notified.append(self.now)
            return 0
        self.begun.append(self.now)
        assert words == ["supervisor", str(len(self.begun))]
        self.dies_at = self.now + self.lives(len(self.begun))
        return 7

    def _holder(self) -> tuple[int, int] | None:
        return (7, 7) if self.now < self.dies_at else None

    def _is_over(self) -> bool:
        return self.now >= self.ends_at

    def _left_lately(self) -> bool:
        return 0 <= self.now - self.left_at < 600

    def entries(self) -> list[dict[str, Any]]:
        found = []
        for line in Path(self.path("journal.jsonl")).read_text().splitlines():
            if line.endswith("}"):
                found.append(json.loads(line))
        return [one for one in found if one["kind"] == "unwatched"]


def test_one_that_died_is_replaced_after_a_second(tmp_path: Path) -> None:
    world = World(tmp_path, lambda number: 500.0 if number == 0 else 1e9).play()
    assert len(world.begun) == 1
    assert 1.0 <= world.begun[0] - 1500.0 < 2.0
    assert not world.entries()
    assert not world.notified


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([0.0, 0.3, 5.0, 59.0, 61.0, 4000.0]), min_size=1, max_size=80))
def test_never_more_than_the_limit_within_any_hour(
    tmp_path_factory: pytest.TempPathFactory, lives: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    world = World(folder, lambda number: lives[number] if number < len(lives) else 1e9, 5).play(60)
    for begun in world.begun:
        assert sum(begun <= other < begun + HOUR for other in world.begun) <= 5
    assert len(world.begun) == len(lives), "and in the end it lives"
    assert len(world.entries()) == len(world.notified)


def test_one_that_crashes_at_once_is_tried_less_and_less_and_people_hear_of_it_once(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, lambda number: 0.0).play(10)
    assert sum(at < 1060.0 for at in world.begun) <= 10
    pauses = [later - sooner for sooner, later in zip(world.begun, world.begun[1:], strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= 301
    assert len(world.entries()) == len(world.notified) == 1
    assert "early 7 times" in world.entries()[0]["reason"]
    assert world.notified[0] - 1000.0 < 60.0
    assert not Path(world.path("journal.jsonl")).read_text().endswith('"ki')


def test_one_that_works_for_a_while_each_time_meets_the_limit_of_the_hour(tmp_path: Path) -> None:
    world = World(tmp_path, lambda number: 70.0 if number < 40 else 1e9, limit=30).play(10)
    assert sum(at < 1000.0 + HOUR for at in world.begun) == 30
    assert len(world.begun) == 40
    assert [one["reason"] for one in world.entries()] == [
        "the watchdog was started again 30 times within an hour"
    ]


def test_people_hear_of_it_again_where_it_worked_in_between(tmp_path: Path) -> None:
    lives = [0.0] * 10 + [7000.0] + [0.0] * 10 + [1e9]
    world = World(tmp_path, lambda number: lives[number]).play(20)
    assert len(world.begun) == len(lives) - 1
    assert len(world.notified) == 2


def test_kills_in_a_row_are_each_replaced_within_ten_seconds(tmp_path: Path) -> None:
    world = World(tmp_path, lambda number: 3.0 if number < 8 else 1e9).play()
    deaths = [1003.0, *(begun + 3.0 for begun in world.begun[:-1])]
    assert len(world.begun) == 8
    assert max(begun - died for begun, died in zip(world.begun, deaths, strict=True)) < 9.0


def test_one_that_left_because_it_was_asked_to_is_let_for_ten_minutes(tmp_path: Path) -> None:
    world = World(tmp_path, lambda number: 100.0 if number == 0 else 1e9)
    world.left_at = 1100.0
    world.play()
    assert len(world.begun) == 1
    assert 600.0 <= world.begun[0] - 1100.0 < 605.0


def test_another_that_takes_over_meanwhile_is_enough(tmp_path: Path) -> None:
    world = World(tmp_path, lambda number: 100.0)

    def someone_else(seconds: float) -> None:
        world.now += seconds
        if 1100.3 < world.now < 1101.0:
            world.dies_at = 1e9

    world.pass_ = someone_else  # type: ignore[method-assign]
    world.play()
    assert not world.begun


def test_nothing_is_started_once_the_run_is_over(tmp_path: Path) -> None:
    world = World(tmp_path, lambda number: HOUR - 0.5).play(hours=1.0)
    assert not world.begun


def test_one_that_does_nothing_for_ten_minutes_is_replaced(tmp_path: Path) -> None:
    world = World(tmp_path, lambda number: 1e9)
    hangs_at = 1300.0
    world.beat_at = lambda: world.now if world.begun else min(world.now, hangs_at)  # type: ignore[method-assign]
    world.play(1)
    assert world.killed == 1
    assert len(world.begun) == 1
    assert 600.0 <= world.begun[0] - hangs_at < 700.0


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def test_a_run_keeps_a_supervisor_whoever_is_killed(scene: Scene) -> None:
    """The supervisor alone; its restarter alone; supervisor, shim and agent together."""
    scene.start(
        "[[story:long_tool gate=gate]]",
        env={"OVERNIGHT_AGENT_STORY": "work tasks=1"},
        watchdog__restarts_per_hour=30,
    )
    agent = scene.agent()
    scene.kill_supervisor()
    again = scene.entry("supervisor_started", restarted_by="restarter", restarts=1)
    assert again["adopted"] is True
    assert is_alive(agent)
    assert is_supervised(scene.folder)
    until(lambda: "Watchdog started again by itself after" in scene.log(), "the log")

    first = scene.restarter()
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: scene.restarter() not in (None, first), "another restarter")

    shim = json.loads(scene.folder.attempt(1).agent.read_text())["shim"]
    for pid in (scene.supervisor().pid, shim, agent.pid):
        os.kill(pid, signal.SIGKILL)
    scene.entry("supervisor_started", restarts=2)
    scene.entry("segment_started", why="crash")
    scene.ended()
    until(lambda: scene.restarter() is None, "the end of the restarter")
    assert len(scene.journal("run_ended")) == 1


def test_a_supervisor_asked_to_leave_is_let(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]", watchdog__restarts_per_hour=30)
    who = scene.supervisor()
    os.kill(who.pid, signal.SIGTERM)
    until(lambda: not is_alive(who), "its end")
    assert scene.folder.left.exists()
    restarter = scene.restarter()
    assert restarter is not None
    os.kill(restarter.pid, signal.SIGTERM)
    until(lambda: not is_alive(restarter), "the end of its restarter")
    assert not is_supervised(scene.folder)
