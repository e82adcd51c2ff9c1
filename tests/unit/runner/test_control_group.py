"""Agents in a control group of their own: how one is had, and what is known at the end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import until
from tui.runner.agent.attempt import AttemptProcess
from tui.settings.settings import Settings
from tui.store.runs import RunFacts, create_run
from tui.system.children import control_group
from tui.system.children.control_group import (
    GroupPlaces,
    group_folder,
    group_members,
    kill_group,
    make_group,
    scope_launchers,
)
from tui.system.process_tree import kill_tree
from tui.system.processes import is_alive, read_process, send_signal

STANDS_IN = """#!/bin/sh
echo "$*" >> {calls}
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""
FAILS = """#!/bin/sh
echo "$*" >> {calls}
echo "Failed to connect to bus" >&2
exit 1
"""
HANGS = """#!/bin/sh
echo "$*" >> {calls}
sleep 100
"""
OLD = """#!/bin/sh
echo "$*" >> {calls}
for word; do case "$word" in --property*) exit 1;; esac; done
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        code = "import time; print('daemon', __import__('os').getpid(), flush=True); time.sleep(50)"
        os.execve(sys.executable, [sys.executable, "-c", code], {})
    os._exit(0)
os.wait()
time.sleep(50)
"""


def places(base: Path, *, booted: bool = False, own: str = "/here") -> GroupPlaces:
    """A machine with a hierarchy of its own."""
    root = base / "cgroup"
    (root / own.lstrip("/")).mkdir(parents=True)
    (root / "cgroup.controllers").touch()
    if booted:
        (base / "booted").mkdir()
    (base / "linger").mkdir()
    return GroupPlaces((base / "nowhere", root), base / "booted", base / "linger", own)


def systemd_run(base: Path, script: str) -> dict[str, str]:
    """An environment with that in the place of systemd-run; it notes how it was called."""
    folder = base / "bin"
    folder.mkdir()
    program = folder / "systemd-run"
    program.write_text(script.format(calls=base / "calls"))
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def calls(base: Path) -> list[str]:
    path = base / "calls"
    return path.read_text().splitlines() if path.exists() else []


# --- where there is one ---


def test_systemd_is_asked_for_a_scope_where_none_says_that_it_ends_with_the_login(
    tmp_path: Path,
) -> None:
    environ = systemd_run(tmp_path, FAILS)
    machine = places(tmp_path)
    tried = scope_launchers("overnight-r-1.scope", environ, machine)
    assert [words[0] for words in tried] == [str(tmp_path / "bin" / "systemd-run")] * 2
    assert all(words[-1] == "--" and "--unit=overnight-r-1.scope" in words for words in tried)
    assert all({"--user", "--scope"} <= set(words) for words in tried)


def test_no_scope_that_a_logout_would_end(tmp_path: Path) -> None:
    environ = systemd_run(tmp_path, FAILS)
    machine = places(tmp_path, booted=True, own="/user.slice/session-3.scope")
    assert scope_launchers("overnight-r-1.scope", environ, machine) == []
    (tmp_path / "linger" / control_group._user_name()).touch()
    assert scope_launchers("overnight-r-1.scope", environ, machine)


def test_a_process_of_the_user_manager_lives_no_shorter_in_a_scope(tmp_path: Path) -> None:
    own = f"/user.slice/user@{os.getuid()}.service/app.slice/overnight-x.service"
    machine = places(tmp_path, booted=True, own=own)
    assert scope_launchers("overnight-r-1.scope", systemd_run(tmp_path, FAILS), machine)
    assert scope_launchers("overnight-r-1.scope", {"PATH": "/nowhere"}, machine) == []


def test_a_group_is_made_below_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = places(tmp_path)
    assert make_group("overnight-r-1", machine) is None  # a folder like any other
    assert list((tmp_path / "cgroup" / "here").iterdir()) == []
    real = Path.mkdir

    def mkdir(self: Path, *given: object) -> None:
        real(self)
        (self / "cgroup.procs").touch()

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert make_group("overnight-r-1", machine) == tmp_path / "cgroup" / "here" / "overnight-r-1"
    assert make_group("overnight-r-1", machine) is None


def test_a_group_of_systemd_is_not_divided(tmp_path: Path) -> None:
    machine = places(tmp_path, booted=True)
    assert make_group("overnight-r-1", machine) is None
    assert list((tmp_path / "cgroup" / "here").iterdir()) == []


@pytest.mark.parametrize(
    "group", ["", "/", "/user.slice", "/a/../overnight-x", "/overnight-x/y", "/myovernight-x"]
)
def test_only_a_group_of_ours_is_ever_looked_into(tmp_path: Path, group: str) -> None:
    assert group_folder(group, places(tmp_path)) is None


def test_members_are_those_below_too(tmp_path: Path) -> None:
    machine = places(tmp_path)
    folder = group_folder("/here/overnight-r-1", machine)
    assert folder == tmp_path / "cgroup" / "here" / "overnight-r-1"
    assert group_members(folder) == []
    (folder / "inner").mkdir(parents=True)
    (folder / "cgroup.procs").write_text("12\n13\n")
    (folder / "inner" / "cgroup.procs").write_text("14\n")
    assert sorted(group_members(folder)) == [12, 13, 14]


def test_a_group_is_killed_by_the_kernel_else_by_systemd(tmp_path: Path) -> None:
    folder = tmp_path / "overnight-r-1.scope"
    folder.mkdir()
    (folder / "cgroup.kill").touch()
    kill_group(folder, {"PATH": ""})
    assert (folder / "cgroup.kill").read_text() == "1"
    (folder / "cgroup.kill").unlink()
    (folder / "cgroup.kill").mkdir()
    environ = systemd_run(tmp_path, FAILS)
    (tmp_path / "bin" / "systemd-run").rename(tmp_path / "bin" / "systemctl")
    kill_group(folder, environ)
    assert calls(tmp_path) == ["--user kill --signal=SIGKILL overnight-r-1.scope"]


# --- starting ---


def is_over(attempt: AttemptProcess) -> bool:
    return attempt.read_status().is_over


@pytest.fixture
def attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[AttemptProcess]]:
    monkeypatch.setattr(AttemptProcess, "_scopes_failed", False)
    made: list[AttemptProcess] = []
    yield made
    for attempt in made:
        kill_tree(attempt.process_tree(attempt.read_status()), 0.0)
        until(partial(is_over, attempt), "its end")


def attempt_of(tmp_path: Path, made: list[AttemptProcess], code: str) -> AttemptProcess:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    facts = RunFacts("r", "g", str(tmp_path), 0.0, ("a",))
    attempt = AttemptProcess(create_run(tmp_path, facts, Settings(), environ), 1)
    made.append(attempt)
    run = attempt.path.parents[1]
    from tui.store.layout import RunDirectory

    attempt.write_order(RunDirectory(run), [sys.executable, "-c", code], tmp_path, {})
    return attempt


WAITS = "import time; print('agent', flush=True); time.sleep(50)"


def agents_started(attempt: AttemptProcess) -> int:
    stream = attempt.path.parents[1] / "stream.jsonl"
    return stream.read_text().count("agent")


@pytest.mark.parametrize(
    ("script", "count"),
    [(STANDS_IN, 1), (FAILS, 2), (OLD, 2), (HANGS, 1)],
    ids=["stands in", "fails", "old", "hangs"],
)
def test_one_agent_runs_whatever_systemd_does(
    tmp_path: Path, attempts: list[AttemptProcess], script: str, count: int
) -> None:
    environ = systemd_run(tmp_path, script)
    attempt = attempt_of(tmp_path, attempts, WAITS)
    began = time.monotonic()
    attempt.launch(environ, own_group=True)
    assert time.monotonic() - began < 2.5
    until(lambda: agents_started(attempt) == 1, "the agent")
    assert attempt.read_status().state == "running"
    assert len(calls(tmp_path)) == count
    again = AttemptProcess._scopes_failed
    assert again is (script in (FAILS, HANGS))
    killed = kill_tree(attempt.process_tree(attempt.read_status()), 0.0)
    assert killed.survivors == ()
    until(lambda: attempt.read_status().is_over, "its end")
    until(lambda: attempt.has_left_nothing(attempt.read_status()), "the word of the shim")
    assert agents_started(attempt) == 1


def test_without_the_setting_nobody_is_asked(
    tmp_path: Path, attempts: list[AttemptProcess]
) -> None:
    attempt = attempt_of(tmp_path, attempts, WAITS)
    attempt.launch(systemd_run(tmp_path, STANDS_IN))
    until(lambda: agents_started(attempt) == 1, "the agent")
    assert calls(tmp_path) == []
    assert attempt.process_tree(attempt.read_status()).group is None


def test_what_failed_once_is_not_tried_again(
    tmp_path: Path, attempts: list[AttemptProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AttemptProcess, "_scopes_failed", True)
    attempt = attempt_of(tmp_path, attempts, WAITS)
    attempt.launch(systemd_run(tmp_path, HANGS), own_group=True)
    until(lambda: agents_started(attempt) == 1, "the agent")
    assert calls(tmp_path) == []


# --- ending ---


def daemon_of(attempt: AttemptProcess) -> int:
    stream = attempt.path.parents[1] / "stream.jsonl"
    until(lambda: "daemon" in stream.read_text(), "the daemon")
    return int(stream.read_text().split("daemon")[1].split()[0])


def can_divide() -> bool:
    folder = make_group("overnight-test-probe")
    if folder is not None:
        control_group.remove_group(folder)
    return folder is not None


@pytest.mark.skipif(not can_divide(), reason="no control group was handed over to us here")
def test_a_group_keeps_what_cut_every_tie_and_lost_the_shim(
    tmp_path: Path, attempts: list[AttemptProcess]
) -> None:
    attempt = attempt_of(tmp_path, attempts, DAEMON)
    attempt.launch(
        {**os.environ, "PATH": "/usr/bin:/bin"} | systemd_run(tmp_path, FAILS), own_group=True
    )
    daemon = read_process(daemon_of(attempt))
    status = attempt.read_status()
    tree = attempt.process_tree(status)
    assert daemon is not None
    assert tree.group is not None
    assert daemon.pid in group_members(tree.group)
    assert tree.shim is not None
    send_signal(tree.shim, signal.SIGKILL)
    until(lambda: tree.shim is not None and not is_alive(tree.shim), "the shim's end")
    killed = kill_tree(tree, 0.0)
    assert killed.survivors_or_unknown == []
    assert not is_alive(daemon.identity)
    control_group.remove_group(tree.group)
    assert not tree.group.exists()


@pytest.mark.skipif(not can_divide(), reason="no control group was handed over to us here")
def test_the_group_goes_with_its_agent(tmp_path: Path, attempts: list[AttemptProcess]) -> None:
    attempt = attempt_of(tmp_path, attempts, WAITS)
    attempt.launch(systemd_run(tmp_path, FAILS), own_group=True)
    until(lambda: agents_started(attempt) == 1, "the agent")
    until(lambda: attempt.read_status().state == "running", "its record")
    group = attempt.process_tree(attempt.read_status()).group
    assert group is not None
    assert group.exists()
    kill_tree(attempt.process_tree(attempt.read_status()), 0.0)
    until(lambda: not group.exists(), "the end of the group")


def test_a_daemon_is_found_while_the_shim_lives_and_nothing_is_claimed_without_it(
    tmp_path: Path, attempts: list[AttemptProcess]
) -> None:
    attempt = attempt_of(tmp_path, attempts, DAEMON)
    attempt.launch(os.environ)
    daemon = read_process(daemon_of(attempt))
    assert daemon is not None
    tree = attempt.process_tree(attempt.read_status())
    assert tree.is_whole()
    assert tree.shim is not None
    send_signal(tree.shim, signal.SIGKILL)
    until(lambda: tree.shim is not None and not is_alive(tree.shim), "the shim's end")
    killed = kill_tree(tree, 0.0)
    assert is_alive(daemon.identity)  # it cut every tie: nothing here could tell whose it is
    assert killed.survivors == ()
    assert killed.survivors_or_unknown is None
    assert not attempt.has_left_nothing(attempt.read_status())
    send_signal(daemon.identity, signal.SIGKILL)


def test_nothing_is_claimed_where_there_is_no_proc(
    tmp_path: Path, attempts: list[AttemptProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = attempt_of(tmp_path, attempts, WAITS)
    attempt.launch(os.environ)
    until(lambda: attempt.read_status().state == "running", "the agent")
    tree = attempt.process_tree(attempt.read_status())
    assert tree.is_whole()
    monkeypatch.setattr("tui.system.process_tree.has_proc", lambda: False)
    assert not tree.is_whole()
