from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tui.system import processes
from tui.system.processes import ProcessIdentity


@pytest.fixture(params=["with /proc", "without /proc"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "with /proc" and not processes.has_proc():
        pytest.skip("this machine has no /proc")
    if request.param == "without /proc":
        monkeypatch.setattr(processes, "has_proc", lambda: False)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "print('here', flush=True); input()", "", "two words"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "MARK": "one=two"},
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "here\n"
    yield process
    process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()


@pytest.mark.usefixtures("kernel")
def test_what_a_process_was_started_with_is_told(child: subprocess.Popen[str]) -> None:
    assert processes.command_line(child.pid)[-2:] == ["", "two words"]
    assert processes.environment_variable(child.pid, "MARK") == "one=two"
    assert processes.environment_variable(child.pid, "MAR") == ""
    assert processes.working_folder(child.pid) == os.getcwd()


@pytest.mark.usefixtures("kernel")
def test_table_facts_and_single_row_name_the_same_process(child: subprocess.Popen[str]) -> None:
    facts, row = processes.read_facts(child.pid), processes.read_process(child.pid)
    assert facts is not None
    assert row is not None
    assert facts.identity == row.identity
    assert processes.process_table()[child.pid].parent == row.parent == facts.parent == os.getpid()
    assert child.pid in processes.list_pids()
    assert processes.process_name(child.pid) == facts.name == row.name


@pytest.mark.usefixtures("kernel")
def test_a_signal_reaches_that_very_process_only(child: subprocess.Popen[str]) -> None:
    row = processes.read_process(child.pid)
    assert row is not None
    who = row.identity
    assert not processes.send_signal(ProcessIdentity(who.pid, who.start + 1), signal.SIGKILL)
    assert child.poll() is None
    assert processes.send_signal(who, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not processes.is_alive(who)
    assert not processes.send_signal(who, signal.SIGTERM)


@pytest.mark.usefixtures("kernel")
def test_a_process_that_a_signal_stopped_says_so(child: subprocess.Popen[str]) -> None:
    def is_stopped() -> bool:
        facts = processes.read_facts(child.pid)
        return facts is not None and facts.is_stopped

    assert not is_stopped()
    os.kill(child.pid, signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    assert is_stopped()


@pytest.mark.usefixtures("kernel")
def test_a_process_that_is_gone_gives_empty_answers() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert processes.read_process(gone.pid) is None
    assert processes.read_facts(gone.pid) is None
    assert processes.command_line(gone.pid) == []
    assert processes.working_folder(gone.pid) == ""
    assert processes.process_name(gone.pid) == ""
    assert processes.environment_variable(gone.pid, "PATH") == ""
    assert processes.resident_bytes(gone.pid) == 0
    assert processes.count_descendants(gone.pid) == 0


@pytest.mark.skipif(not processes.has_proc(), reason="needs /proc")
def test_a_terminal_is_named_for_who_reads_it_in_the_foreground() -> None:
    code = (
        "import os, pty, sys\n"
        "pid, terminal = pty.fork()\n"
        "if not pid: os.execvp('sh', ['sh', '-c', 'echo up; cat'])\n"
        "os.read(terminal, 2)\n"
        "print(pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    host = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert host.stdout is not None
    assert host.stdin is not None
    pid = int(host.stdout.readline())
    use = processes.read_terminal(pid)
    host.kill()
    host.wait()
    host.stdin.close()
    host.stdout.close()

    assert use is not None
    assert use.has_terminal
    assert use.path.startswith("/dev/")
    assert use.is_foreground


@pytest.mark.skipif(not processes.has_proc(), reason="needs /proc")
def test_a_process_without_a_terminal_says_so(child: subprocess.Popen[str]) -> None:
    alone = subprocess.Popen(["sleep", "60"], start_new_session=True)
    use = processes.read_terminal(alone.pid)
    alone.kill()
    alone.wait()
    assert use is not None
    assert (use.has_terminal, use.path) == (False, "")
    assert processes.read_terminal(alone.pid) is None
