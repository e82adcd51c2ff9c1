"""The disk that the run is kept on is full for a while: nothing dies of it, and all goes on after."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import Scene, until
from tui.runner import start
from tui.runner.agent.attempt import AttemptProcess
from tui.store.layout import RunDirectory
from tui.store.runs import is_supervised, read_run_end
from tui.system.processes import is_alive

STORY = "OVERNIGHT_AGENT_STORY"


class Tiny:
    """A file system of two megabytes, and the filler that takes what is left of it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filler = place / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file:
            for size in (65_536, 4_096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue
        assert os.statvfs(self.place).f_bavail == 0

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    place = tmp_path / "tiny"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("a file system of our own cannot be mounted here")
    yield Tiny(place)
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def scene(tmp_path: Path, tiny: Tiny) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    scene.environ["XDG_STATE_HOME"] = str(tiny.place)
    yield scene
    scene.tidy()


def rounds_go_by(scene: Scene) -> None:
    """Waits until the supervisor has shown twice that it looks after the run."""
    for _ in range(2):
        seen = scene.folder.lock.stat().st_mtime
        until(lambda seen=seen: scene.folder.lock.stat().st_mtime > seen, "rounds")  # type: ignore[misc]


def test_a_full_disk_stops_nobody_from_watching(scene: Scene, tiny: Tiny) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    who, agent = scene.supervisor(), scene.agent()
    tiny.fill()
    rounds_go_by(scene)
    assert is_alive(who)
    assert is_alive(agent)
    tiny.free()
    assert scene.request("checkpoint", label="after").ok
    (scene.repository / "gate").touch()
    assert scene.ended() == "the turn ended with 12 tasks open"
    assert len(scene.journal("supervisor_started")) == 1


def test_a_crash_on_a_full_disk_is_resumed_when_there_is_room(scene: Scene, tiny: Tiny) -> None:
    """However long that takes: these attempts are nobody's crashes."""
    scene.start(
        "[[story:long_tool seconds=50]]", env={STORY: "work tasks=1"}, recovery__max_restarts=1
    )
    scene.wait_said('"tool_use"')
    agent = scene.agent()
    tiny.fill()
    os.kill(agent.pid, 9)
    until(lambda: scene.log().count("could not be started") > 3, "attempts")
    assert is_supervised(scene.folder)
    tiny.free()
    scene.entry("segment_started", why="crash")
    scene.ended()
    assert [one["why"] for one in scene.journal("segment_started")] == ["start", "crash"]
    assert scene.journal("segment_started")[1]["attempt"] == 2
    assert len(scene.journal("segment_ended")) == 2


def test_a_run_that_ends_on_a_full_disk_is_over_all_the_same(scene: Scene, tiny: Tiny) -> None:
    scene.start("[[story:long_tool gate=gate]]", recovery__auto_resume=False)
    scene.wait_said('"tool_use"')
    agent = scene.agent()
    tiny.fill()
    os.kill(agent.pid, 9)
    until(lambda: "Run ended" in scene.log(), "the end")
    until(lambda: not is_supervised(scene.folder), "the supervisor to leave")
    tiny.free()
    if read_run_end(scene.folder) is None:
        assert start.adopt_run(scene.repository, environ=scene.environ)
    assert scene.ended().startswith("crashed")
    assert len({one["reason"] for one in scene.journal("run_ended")}) == 1
    for line in scene.folder.journal.read_bytes().splitlines():
        json.loads(line)


def test_a_segment_that_got_no_folder_is_none(tmp_path: Path) -> None:
    assert AttemptProcess(RunDirectory(tmp_path), 1).read_status().state == "void"
