"""Killing an agent with everything it started: fourteen shapes of processes, three ways each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent import process_shapes
from tests.agent.process_shapes import SHAPES
from tests.unit.runner.runner_scene import until
from tui.runner.agent.attempt import AttemptProcess
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, create_run
from tui.system.process_tree import ProcessTree, find_members, kill_tree
from tui.system.processes import ProcessIdentity, is_alive, process_table, read_process, send_signal

PROGRAM = str(Path(process_shapes.__file__))
BROOD = 20


class Grove:
    """An agent under a shim that has started processes of all shapes."""

    def __init__(self, base: Path, deaf: bool, brood: int = BROOD, shapes: list[str] | None = None):
        self.folder: RunDirectory = create_run(
            base, RunFacts("r", "g", str(base), 0.0, ("a",)), Settings()
        )
        self.segment = AttemptProcess(self.folder, 1)
        wanted = " ".join(shapes or SHAPES)
        script = f"{sys.executable} {PROGRAM} --seconds 50 --brood {brood} --stay {wanted}"
        words = ["bash", "-c", f"trap '' TERM; {script}" if deaf else f"exec {script}"]
        self.segment.write_order(self.folder, words, base, {})
        self.segment.launch(os.environ)
        until(lambda: self.segment.read_status().state == "running", "the agent")
        self.shapes = shapes or SHAPES
        until(lambda: self._grown(brood), "all shapes")

    def _grown(self, brood: int) -> bool:
        told = self.told()
        names = {name.partition("_")[0] for name, _ in told}
        needed = {shape.partition("_")[0] for shape in self.shapes}
        broods = sum(name == "brood" for name, _ in told)
        return needed <= names and (broods >= brood or "brood" not in self.shapes)

    def told(self) -> list[tuple[str, int]]:
        rows = self.folder.stream.read_text().split("\n")[:-1]
        return [(row.split()[0], int(row.split()[1])) for row in rows]

    def left(self) -> list[str]:
        found = []
        for name, pid in self.told():
            process = read_process(pid)
            if process is not None and process.state not in "ZX" and process.name != "pytest":
                found.append(f"{name} {pid} {process.name}")
        return found

    def tree(self) -> ProcessTree:
        return self.segment.process_tree(self.segment.read_status())

    def tidy(self) -> None:
        kill_tree(self.tree(), 0.0)
        for _, pid in self.told():
            process = read_process(pid)
            if process is not None and process.name in ("sleep", "python", "python3"):
                send_signal(process.identity, signal.SIGKILL)


@pytest.fixture
def groves() -> Iterator[list[Grove]]:
    made: list[Grove] = []
    yield made
    for grove in made:
        grove.tidy()


@pytest.mark.parametrize("mode", ["polite", "deaf", "restarted"])
def test_no_shape_survives(tmp_path: Path, groves: list[Grove], mode: str) -> None:
    grove = Grove(tmp_path, deaf=mode == "deaf")
    groves.append(grove)
    assert len({name for name, _ in grove.told()} & set(SHAPES)) >= 12
    agent = grove.tree().agent
    tree = grove.tree()
    if mode == "restarted":
        # Half done: the polite signal was sent, its sender was killed, the shim is gone as well.
        known = frozenset(one.identity for one in find_members(tree))
        assert agent is not None
        assert tree.shim is not None
        send_signal(tree.shim, signal.SIGKILL)
        send_signal(agent, signal.SIGTERM)
        until(lambda: agent is not None and not is_alive(agent), "the agent's end")
        tree = ProcessTree(tree.agent, tree.shim, tree.marker, known)
    began = time.monotonic()
    killed = kill_tree(tree, 1.0)
    assert time.monotonic() - began < 1.0 + 2.0 + 3.0
    assert killed.survivors == ()
    assert killed.polite is (mode != "deaf")
    assert grove.left() == []
    assert agent is not None
    assert not is_alive(agent)


def test_five_hundred_forks_are_all_found(tmp_path: Path, groves: list[Grove]) -> None:
    grove = Grove(tmp_path, deaf=False, brood=300, shapes=["brood"])
    groves.append(grove)
    killed = kill_tree(grove.tree(), 0.0)
    assert killed.survivors == ()
    assert grove.left() == []


def test_a_reused_pid_is_left_alone() -> None:
    bystander = subprocess.Popen(["sleep", "30"])
    try:
        process = read_process(bystander.pid)
        assert process is not None
        wrong = ProcessIdentity(process.pid, process.start + 1)
        assert not is_alive(wrong)
        assert not send_signal(wrong, signal.SIGKILL)
        killed = kill_tree(ProcessTree(agent=wrong), 0.5)
        assert killed.killed == ()
        assert bystander.poll() is None
        assert is_alive(process.identity)
    finally:
        bystander.kill()
        bystander.wait()


def test_the_killer_and_its_ancestors_are_never_members() -> None:
    own = read_process(os.getpid())
    assert own is not None
    found = find_members(ProcessTree(agent=own.identity, known=frozenset((own.identity,))))
    pids = {one.pid for one in found}
    assert os.getpid() not in pids
    assert os.getppid() not in pids
    assert own.pid in process_table()


def test_the_shim_outlives_the_kill_and_records_the_end(
    tmp_path: Path, groves: list[Grove]
) -> None:
    grove = Grove(tmp_path, deaf=True, shapes=["plain", "daemon"])
    groves.append(grove)
    kill_tree(grove.tree(), 0.0)
    until(lambda: grove.segment.read_status().state == "ended", "the exit record")
    assert grove.segment.read_status().signal == signal.SIGKILL
