"""The supervisor is killed; the session goes on, and the next supervisor takes it up, once."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import Scene, until
from tui.runner import start
from tui.runner.agent.attempt import AttemptProcess
from tui.runner.agent.shim import claim
from tui.store.layout import RunDirectory
from tui.store.runs import is_supervised, read_run_end
from tui.system.locks import acquire_lock
from tui.system.processes import is_alive


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def adopt(scene: Scene) -> bool:
    return start.adopt_run(scene.repository, environ=scene.environ)


def test_a_killed_supervisor_is_replaced_within_two_seconds(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    agent = scene.agent()
    scene.kill_supervisor()
    assert is_alive(agent)
    began = time.monotonic()
    assert adopt(scene)
    until(lambda: len(scene.journal("supervisor_started")) == 2, "the adoption")
    assert time.monotonic() - began < 2.0
    again = scene.journal("supervisor_started")[1]
    assert again["adopted"] is True
    assert again["gap_s"] >= 0
    assert not adopt(scene)
    (scene.repository / "gate").touch()
    scene.ended()
    assert len(scene.journal("segment_started")) == 1
    assert scene.agent() == agent


def test_ten_who_adopt_at_once_make_one_supervisor(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.kill_supervisor()
    words = [sys.executable, "-m", "tui.runner.supervisor", str(scene.folder.path)]
    crowd = [
        subprocess.Popen(words, env=scene.environ, stderr=subprocess.DEVNULL) for _ in range(5)
    ]
    try:
        until(lambda: sum(one.poll() == 0 for one in crowd) == 4, "four to step back")
        assert len(scene.journal("supervisor_started")) == 2
    finally:
        (scene.repository / "gate").touch()
        scene.ended()
        for one in crowd:
            one.wait(20)


def test_no_line_is_lost_when_supervisors_die_at_random(scene: Scene) -> None:
    scene.start("[[story:flood rate=200 seconds=6]] [[story:work tasks=2]]")
    dice = random.Random(7)
    for _ in range(6):
        until(lambda: is_supervised(scene.folder) and scene.supervisor(), "a supervisor")
        time.sleep(dice.uniform(0.0, 0.4))
        if read_run_end(scene.folder) is not None:
            break
        scene.kill_supervisor()
        adopt(scene)
    scene.ended()
    lines = scene.stream()
    deltas = [one for one in lines if one["type"] == "stream_event"]
    assert sum("text_delta" in json.dumps(one) for one in deltas) >= 1200
    assert len(scene.journal("segment_started")) == 1
    assert len(scene.journal("segment_ended")) == 1
    assert len(scene.journal("run_ended")) == 1
    prompts = [one for one in lines if one.get("isReplay")]
    assert len(prompts) == len({one["uuid"] for one in prompts}) <= 1


@pytest.mark.parametrize("delay", [0.15, 0.25, 0.3, 0.35, 0.4, 0.5])
def test_a_supervisor_killed_while_it_starts_starts_one_agent(scene: Scene, delay: float) -> None:
    """Whichever of order, claim, fork, record or first message it had come to."""
    start._wait_for_agent, wait = lambda folder: None, start._wait_for_agent
    try:
        scene.start("[[story:hello]]")
    finally:
        start._wait_for_agent = wait
    time.sleep(delay)
    found = [pid for pid in os.listdir("/proc") if pid.isdigit() and _supervises(pid, scene)]
    for pid in found:
        os.kill(int(pid), signal.SIGKILL)
    until(lambda: not is_supervised(scene.folder), "its end")
    if read_run_end(scene.folder) is None:
        adopt(scene)
    assert scene.ended() == "the turn ended with 12 tasks open"
    started = scene.journal("segment_started")
    assert len(started) == 1
    agents = [one for one in scene.folder.attempts.iterdir() if (one / "agent.json").exists()]
    assert len(agents) == 1
    assert [one.get("subtype") for one in scene.stream()].count("init") == 1


def _supervises(pid: str, scene: Scene) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"tui.runner.supervisor" in line and str(scene.folder.path).encode() in line


def test_an_agent_that_ended_unwatched_is_judged_by_the_next(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    agent = scene.agent()
    scene.kill_supervisor()
    (scene.repository / "gate").touch()
    scene.wait_said('"type":"result"')
    os.kill(agent.pid, signal.SIGTERM)
    until(lambda: not is_alive(agent), "the agent's end")
    assert adopt(scene)
    assert scene.ended() == "the turn ended with 12 tasks open"


def test_a_crash_of_everything_is_taken_up_again(scene: Scene) -> None:
    """As after a reboot: neither supervisor nor shim nor agent is left, and no exit record."""
    scene.start("[[story:long_tool seconds=50]]", env={"OVERNIGHT_AGENT_STORY": "work tasks=1"})
    scene.wait_said('"tool_use"')
    facts = json.loads((scene.folder.attempt_folder(1) / "agent.json").read_text())
    scene.kill_supervisor()
    os.kill(facts["shim"], signal.SIGKILL)
    os.kill(facts["pid"], signal.SIGKILL)
    until(lambda: not is_alive(scene.agent()), "the agent's end")
    facts["boot"] = "another-boot"
    (scene.folder.attempt_folder(1) / "agent.json").write_text(json.dumps(facts))
    assert adopt(scene)
    scene.ended()
    assert scene.entry("segment_ended")["reason"] == "gone without a record"
    assert [one["why"] for one in scene.journal("segment_started")] == ["start", "crash"]


@pytest.mark.parametrize("told", [True, False])
def test_a_lost_state_never_starts_a_second_agent(scene: Scene, told: bool) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    if told:
        scene.wait_said('"tool_use"')
    agent = scene.agent()
    scene.kill_supervisor()
    scene.folder.state.write_bytes(b'{"half')
    assert adopt(scene)
    until(lambda: len(scene.journal("supervisor_started")) == 2, "the adoption")
    (scene.repository / "gate").touch()
    assert scene.ended() == "the turn ended with 12 tasks open"
    assert scene.agent() == agent
    assert len(scene.journal("segment_started")) == 1


def test_the_session_outlives_its_shim(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    facts = json.loads((scene.folder.attempt_folder(1) / "agent.json").read_text())
    os.kill(facts["shim"], signal.SIGKILL)
    name = scene.request("inject", text="Are you still there?").result
    (scene.repository / "gate").touch()
    scene.ended()
    states = [one["state"] for one in scene.journal("injection") if one["id"] == name]
    assert states[-1] == "seen"


def test_a_segment_that_was_ordered_and_never_started_is_started_once(scene: Scene) -> None:
    scene.start("[[story:hello]]")
    scene.ended()
    folder = scene.folder
    until(lambda: not is_supervised(folder), "the supervisor to leave")
    (folder.path / "ended.json").unlink()
    state = json.loads(folder.state.read_bytes())
    state.update(
        segment=2, begun=1, intent=None, next={"why": "crash", "prompt": "[[story:hello]]"}
    )
    folder.state.write_text(json.dumps(state))
    segment = AttemptProcess(folder, 2)
    segment.write_order(folder, ["false"], scene.repository, {})
    assert adopt(scene)
    scene.ended()
    assert (folder.attempt_folder(2) / "claim").exists()
    assert not (folder.attempt_folder(2) / "agent.json").exists()
    assert (folder.attempt_folder(3) / "agent.json").exists()


def test_stdin_never_ends_and_any_process_may_write(tmp_path: Path) -> None:
    from tui.runner.agent import messages
    from tui.settings.settings import Settings
    from tui.store.runs import RunFacts, create_run
    from tui.system.process_tree import kill_tree

    folder = create_run(tmp_path, RunFacts("r", "g", str(tmp_path), 0.0, ("a",)), Settings())
    segment = AttemptProcess(folder, 1)
    script = "import sys\nfor row in sys.stdin: print(row.strip(), flush=True)"
    segment.write_order(folder, [sys.executable, "-c", script], tmp_path, {})
    segment.launch(os.environ)
    try:
        until(lambda: segment.read_status().state == "running", "the agent")
        for words in (b"one", b"two", b"three"):
            assert messages.send_line(segment.fifo, words + b"\n") == "sent"
            until(lambda words=words: words in folder.stream.read_bytes(), "the echo")  # type: ignore[misc]
            assert segment.read_status().state == "running"
    finally:
        kill_tree(segment.process_tree(segment.read_status()), 0.0)
    until(lambda: segment.read_status().state == "ended", "its end")


def test_a_look_that_takes_long_keeps_no_shim_from_starting(tmp_path: Path) -> None:
    """On a busy machine, whoever looks whether the shim lives may stand still while it looks."""
    import fcntl

    from tui.settings.settings import Settings
    from tui.store.runs import RunFacts, create_run
    from tui.system.process_tree import kill_tree

    folder = create_run(tmp_path, RunFacts("r", "g", str(tmp_path), 0.0, ("a",)), Settings())
    segment = AttemptProcess(folder, 1)
    segment.write_order(folder, [sys.executable, "-c", "input()"], tmp_path, {})
    began = time.monotonic()
    with (segment.path / "lock").open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        segment.launch(os.environ)
        until(lambda: time.monotonic() - began > 1.5, "a long look")
        assert not (segment.path / "agent.json").exists()
    try:
        until(lambda: segment.read_status().state == "running", "the agent")
    finally:
        kill_tree(segment.process_tree(segment.read_status()), 0.0)
    until(lambda: segment.read_status().state == "ended", "its end")


def test_a_claim_is_given_once(tmp_path: Path) -> None:
    assert claim(str(tmp_path))
    assert not claim(str(tmp_path))


def test_the_lock_is_not_inherited_and_asking_does_not_take_it(tmp_path: Path) -> None:
    folder = RunDirectory(tmp_path)
    lock = acquire_lock(folder.lock)
    assert lock is not None
    child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        assert is_supervised(folder)
        assert acquire_lock(folder.lock) is None
        os.close(lock)
        assert not is_supervised(folder)
        again = acquire_lock(folder.lock)
        assert again is not None
        os.close(again)
    finally:
        child.kill()
        child.wait()


def test_a_supervisor_asked_to_leave_leaves_the_agent(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    who = scene.supervisor()
    os.kill(who.pid, signal.SIGTERM)
    until(lambda: not is_alive(who), "its end")
    assert scene.journal("supervisor_stopped")
    assert is_alive(scene.agent())
    assert adopt(scene)
    (scene.repository / "gate").touch()
    scene.ended()


_KILLED_WHILE_STARTING = """
import os, signal, sys, time
from pathlib import Path
from tui.system.locks import acquire_lock

assert acquire_lock(Path(sys.argv[1])) is not None
if os.fork() == 0:
    while not os.path.exists(sys.argv[2]):
        time.sleep(0.01)
    os._exit(0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_lock_left_to_a_half_started_child_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, gate = RunDirectory(tmp_path), tmp_path / "gate"
    words = [sys.executable, "-c", _KILLED_WHILE_STARTING, str(folder.lock), str(gate)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    try:
        assert not is_supervised(folder)
        monkeypatch.setattr(time, "sleep", lambda seconds: gate.touch())
        lock = acquire_lock(folder.lock)
        assert gate.exists()
    finally:
        gate.touch()
    assert lock is not None
    assert is_supervised(folder)
    os.close(lock)


@pytest.mark.parametrize("signed", [True, False])
def test_whoever_looks_for_an_instant_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signed: bool
) -> None:
    folder = RunDirectory(tmp_path)
    if signed:
        lock = acquire_lock(folder.lock)
        assert lock is not None
        os.close(lock)
        folder.lock.write_text("1999999999 7\n")
    looking = os.open(folder.lock, os.O_RDONLY | os.O_CREAT, 0o600)
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr(time, "sleep", lambda seconds: fcntl.flock(looking, fcntl.LOCK_UN))
    lock = acquire_lock(folder.lock)
    assert lock is not None
    os.close(lock)
    os.close(looking)
