"""Which agent processes are alive in a project."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import FakeClock
from tui.feeds.sessions.live_processes import AgentProcessReader, ClaudeSessionRegistry
from tui.system import processes as system_processes

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that waits for its input to end; all are ended with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*words: str, cwd: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(words, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        running.append(process)
        # Popen returns in the middle of exec, a moment before the kernel renames the process.
        wait_for(lambda: is_up(process.pid, os.path.basename(words[0])))
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    return folder


@pytest.fixture
def claude(tmp_path: Path) -> str:
    """A program called claude that does nothing until its input ends."""
    return program(tmp_path, "claude")


def program(folder: Path, name: str) -> str:
    target = folder / "bin" / name
    target.parent.mkdir(exist_ok=True)
    shutil.copy(str(shutil.which("cat")), target)
    return str(target)


def feed_of(project: Path, tmp_path: Path) -> tuple[AgentProcessReader, FakeClock]:
    clock = FakeClock()
    environ = {"CLAUDE_CONFIG_DIR": str(tmp_path / "config")}
    return AgentProcessReader(project, clock, environ=environ), clock


def session_file(tmp_path: Path, pid: int, **facts: Any) -> Path:
    folder = tmp_path / "config" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pid}.json"
    path.write_text(json.dumps({"pid": pid, **facts}))
    return path


def start_of(pid: int) -> str:
    facts = system_processes.read_facts(pid)
    assert facts is not None
    return facts.start


def test_a_session_file_with_its_process(
    tmp_path: Path, project: Path, claude: str, start: Start
) -> None:
    process = start(claude, cwd=project)
    session_file(
        tmp_path, process.pid, sessionId="s-1", cwd=str(project / "src"), procStart=start_of(process.pid),
        status="waiting", waitingFor="permission prompt", kind="interactive", version="2.1.329",
        messagingSocketPath="/run/x.sock", tmux={"session": "main", "pane": "%3"}, startedAt=time.time() * 1000,
    )  # fmt: skip
    feed, _ = feed_of(project, tmp_path)

    (agent,) = feed.read().agents
    assert (agent.pid, agent.session, agent.status) == (process.pid, "s-1", "waiting")
    assert (agent.waiting_for, agent.kind, agent.version) == (
        "permission prompt",
        "interactive",
        "2.1.329",
    )
    assert (agent.socket, agent.tmux) == ("/run/x.sock", "main %3")
    assert agent.created == pytest.approx(psutil.Process(process.pid).create_time(), abs=0.02)
    assert agent.rss > 0


def test_a_stopped_process_is_no_busy_one(
    tmp_path: Path, project: Path, claude: str, start: Start
) -> None:
    process = start(claude, cwd=project)
    written = {"procStart": start_of(process.pid), "status": "busy"}
    session_file(tmp_path, process.pid, sessionId="s-1", cwd=str(project), **written)
    feed, _ = feed_of(project, tmp_path)
    assert [agent.status for agent in feed.read().agents] == ["busy"]

    os.kill(process.pid, signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    feed, _ = feed_of(project, tmp_path)
    assert [agent.status for agent in feed.read().agents] == ["stopped"]


@pytest.mark.parametrize("start_ticks", ["1", 1])
def test_a_reused_pid_is_not_the_session(
    tmp_path: Path, project: Path, start: Start, start_ticks: Any
) -> None:
    process = start(program(tmp_path, "other"), cwd=project)
    session_file(tmp_path, process.pid, sessionId="s", cwd=str(project), procStart=start_ticks)
    feed, _ = feed_of(project, tmp_path)

    assert feed.read().agents == ()


def test_a_session_elsewhere_or_over_is_not_here(
    tmp_path: Path, project: Path, claude: str, start: Start
) -> None:
    beside = tmp_path / "project-two"
    beside.mkdir()
    elsewhere = start(claude, cwd=beside)
    session_file(tmp_path, elsewhere.pid, cwd=str(beside), procStart=start_of(elsewhere.pid))
    over = start(claude, cwd=project)
    session_file(tmp_path, over.pid, cwd=str(project), procStart=start_of(over.pid))
    over.kill()
    over.wait()
    feed, _ = feed_of(project, tmp_path)

    assert feed.read().agents == ()


def test_a_zombie_is_gone(tmp_path: Path, project: Path, claude: str, start: Start) -> None:
    process = start(claude, cwd=project)
    session_file(tmp_path, process.pid, cwd=str(project), procStart=start_of(process.pid))
    feed, clock = feed_of(project, tmp_path)
    assert len(feed.read().agents) == 1

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    clock.advance(2)
    assert feed.read().agents == ()


def test_found_by_name_and_by_command_line(
    tmp_path: Path, project: Path, claude: str, start: Start
) -> None:
    script = tmp_path / "lib" / "@anthropic-ai" / "claude-code" / "cli.js"
    script.parent.mkdir(parents=True)
    script.write_text("read line\n")
    node = tmp_path / "bin" / "node"
    shutil.copy(str(shutil.which("bash")), node)
    named = start(claude, cwd=project / "src")
    scripted = start(str(node), str(script), cwd=project)
    start(claude, cwd=tmp_path)
    start(program(tmp_path, "cat"), cwd=project)
    feed, _ = feed_of(project, tmp_path)

    assert {agent.pid for agent in feed.read().agents} == {named.pid, scripted.pid}


def test_children_are_counted_and_are_no_agents(
    tmp_path: Path, project: Path, start: Start
) -> None:
    shell = tmp_path / "bin" / "claude"
    shell.parent.mkdir()
    shutil.copy(str(shutil.which("bash")), shell)
    process = start(
        str(shell), "-c", f"{shell} -c 'sleep 60 & sleep 60; :' & sleep 60; :", cwd=project
    )
    wait_for(lambda: system_processes.count_descendants(process.pid) == 4)
    feed, _ = feed_of(project, tmp_path)

    (agent,) = feed.read().agents
    assert (agent.pid, agent.children) == (process.pid, 4)
    kill_tree(process.pid)


def is_up(pid: int, name: str) -> bool:
    facts = system_processes.read_facts(pid)
    return facts is not None and facts.name == name and facts.rss > 0


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill_tree(pid: int) -> None:
    for child in psutil.Process(pid).children(recursive=True):
        child.kill()


def test_our_own_run_is_an_agent_whatever_it_is_called(
    tmp_path: Path, project: Path, start: Start
) -> None:
    process = start(program(tmp_path, "scripted"), cwd=project)
    feed, clock = feed_of(project, tmp_path)
    feed.own_agent = (process.pid, int(start_of(process.pid)))

    (agent,) = feed.read().agents
    assert (agent.pid, agent.cwd) == (process.pid, str(project))
    feed.own_agent = (process.pid, 12)
    clock.advance(2)
    assert feed.read().agents == ()


def test_it_looks_at_most_every_two_seconds(
    tmp_path: Path, project: Path, claude: str, start: Start
) -> None:
    feed, clock = feed_of(project, tmp_path)
    first = feed.read()
    process = start(claude, cwd=project)
    session_file(tmp_path, process.pid, cwd=str(project), procStart=start_of(process.pid))

    clock.advance(1.9)
    assert feed.read() is first
    clock.advance(0.1)
    assert [agent.pid for agent in feed.read().agents] == [process.pid]


def test_a_session_that_writes_no_file_is_found_within_six_seconds(
    tmp_path: Path, project: Path, claude: str, start: Start
) -> None:
    feed, clock = feed_of(project, tmp_path)
    assert feed.read().agents == ()
    process = start(claude, cwd=project)

    clock.advance(6)
    assert [agent.pid for agent in feed.read().agents] == [process.pid]
    process.kill()
    process.wait()
    clock.advance(2)
    assert feed.read().agents == ()


def test_hostile_session_files_are_passed_over(tmp_path: Path, project: Path) -> None:
    folder = tmp_path / "config" / "sessions"
    folder.mkdir(parents=True)
    pid = os.getpid()
    good = {"cwd": str(project), "procStart": start_of(pid)}
    (tmp_path / "target.json").write_text(json.dumps({"pid": pid, **good}))
    (folder / f"{pid}.json").symlink_to(tmp_path / "target.json")
    os.mkfifo(folder / "1.json")
    (folder / "2.json").mkdir()
    (folder / "3.json").write_bytes(b"[" * 60_000)
    (folder / "4.json").write_bytes(b" " * 100_000 + b"{}")
    (folder / "5.json").write_text(json.dumps({"pid": pid, **good}))
    (folder / "x.json").write_text("{}")
    files = ClaudeSessionRegistry(folder)

    assert files.read_all() == []
    (folder / f"{pid}.json").unlink()
    (folder / f"{pid}.json").write_text(
        json.dumps({"pid": pid, **good, "status": "a\x1b[2J", "sessionId": 5})
    )
    (file,) = files.read_all()
    assert (file.pid, file.session) == (pid, "5")
    assert "\x1b" not in file.status


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2)
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(["pid", "cwd", "procStart", "startedAt", "tmux", "status"]), values
    )
)
def test_any_session_file_is_survived(tmp_path: Path, record: dict[str, Any]) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir(exist_ok=True)
    (folder / "7.json").write_text(json.dumps(record))

    ClaudeSessionRegistry(folder).read_all()


def test_without_claudes_folder_there_is_nobody(tmp_path: Path, project: Path) -> None:
    feed, clock = feed_of(project, tmp_path)

    processes = feed.read()
    assert (processes.agents, processes.at) == ((), clock.wall())


def test_without_proc_psutil_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: Path, claude: str, start: Start
) -> None:
    process = start(claude, cwd=project)
    monkeypatch.setattr(system_processes, "has_proc", lambda: False)
    session_file(
        tmp_path, process.pid, sessionId="s", cwd=str(project), startedAt=time.time() * 1000
    )
    feed, clock = feed_of(project, tmp_path)

    (agent,) = feed.read().agents
    assert (agent.pid, agent.session) == (process.pid, "s")
    session_file(tmp_path, process.pid, cwd=str(project), startedAt=(time.time() - 900) * 1000)
    clock.advance(15)
    (agent,) = feed.read().agents
    assert (agent.pid, agent.session) == (process.pid, "")  # by its name, not by the file
