"""The parent of one agent process: `python -I shim.py ATTEMPT [GROUP]`.

It starts the agent of ATTEMPT/order.json. The output goes straight to append-only files. The input is
a FIFO that is held open for reading and writing: so the agent never sees its end, and any later
process can write to it. The shim writes agent.json when the agent runs and exit.json when it has ended,
each in one step, and adopts every orphan of the agent until the last one is gone; exit.json says so
then. GROUP is the name of the control group that it was started in, or the folder of one to move to.

ATTEMPT/lock is held while the shim lives. ATTEMPT/claim is made once, by the shim that starts the
agent or by whoever gives the attempt up, so that no agent is started twice or too late. Only the
standard library is imported: the shim lives as long as the agent, and stays small.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

CLAIM = "claim"
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NAME = 15
_LOCK_SECONDS = 10.0


def main(arguments: list[str] | None = None) -> int:
    """Runs the attempt to its end; the exit code is that of the shim, not of the agent."""
    words = sys.argv[1:] if arguments is None else arguments
    attempt, group = words[0], "".join(words[1:2])
    with open(os.path.join(attempt, "order.json"), encoding="utf-8") as file:
        order = json.load(file)
    with contextlib.suppress(OSError):
        os.setsid()
    _set_signals(signal.SIG_IGN)
    mask = os.umask(0o077)  # for our own files; the agent gets the person's
    adopts = False  # without it, orphans are found by the mark in their environment
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        adopts = libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        libc.prctl(_PR_SET_NAME, b"overnight-shim", 0, 0, 0)
    if not (_acquire_lock(attempt) and claim(attempt)):
        return 2
    is_mine = "/" in group
    if is_mine:
        _move_to(group)
    try:
        own = _own_group(os.path.basename(group))
        return _run(attempt, order, mask, {"adopts": adopts, "group": own})
    finally:
        if is_mine:
            _move_to(os.path.dirname(group))
            with contextlib.suppress(OSError):
                os.rmdir(group)


def _run(attempt: str, order: dict[str, Any], mask: int, ties: dict[str, Any]) -> int:
    try:
        agent = _start(order, mask)
    except OSError as error:
        _write(attempt, "exit.json", _ended(127, 0, f"{order['argv'][0]}: {error.strerror}"))
        return 1
    _write(attempt, "agent.json", {**_facts(agent.pid), **ties})
    ended = _wait(agent.pid, attempt)
    if ties["adopts"]:
        _write(attempt, "exit.json", {**ended, "alone": True})
    return 0


def _move_to(group: str) -> None:
    with (
        contextlib.suppress(OSError),
        open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file,
    ):
        file.write("0")


def _own_group(name: str) -> str:
    """The control group of this process if it has that name, else empty."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    group = next((line[3:] for line in lines if line.startswith("0::")), "")
    # Not that of another agent, whose run was the one to start ours.
    return group if name and os.path.basename(group) == name else ""


def _acquire_lock(attempt: str) -> bool:
    """Takes the lock until this process ends; no child inherits it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(os.path.join(attempt, "lock"), flags, 0o600)
    # Whoever asks whether it is locked shares the lock for a moment, longer on a busy machine.
    until = time.monotonic() + _LOCK_SECONDS
    while time.monotonic() <= until:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.01)
    return False


def claim(attempt: str) -> bool:
    """Whether this process may start the agent of the attempt, or give the attempt up."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        os.close(os.open(os.path.join(attempt, CLAIM), flags, 0o600))
    except FileExistsError:
        return False
    return True


def _set_signals(handler: signal.Handlers) -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, handler)


def _start(order: dict[str, Any], mask: int) -> subprocess.Popen[bytes]:
    append = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    stdin = os.open(order["fifo"], os.O_RDWR | os.O_CLOEXEC)
    stdout = os.open(order["stream"], append, 0o600)
    stderr = os.open(order["stderr"], append, 0o600)
    try:
        return subprocess.Popen(
            order["argv"],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=order["cwd"],
            env={**os.environ, **order["env"]},
            restore_signals=True,
            preexec_fn=lambda: _set_signals(signal.SIG_DFL),
            process_group=0,
            umask=mask,
        )
    finally:
        for descriptor in (stdin, stdout, stderr):
            os.close(descriptor)


def _wait(agent: int, attempt: str) -> dict[str, Any]:
    """Reaps until the agent and all its orphans are gone; how the agent ended."""

    def forward(number: int, frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(agent, signal.SIGTERM)

    signal.signal(signal.SIGTERM, forward)
    ended: dict[str, Any] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return ended
        if pid == agent and not ended:
            code = os.waitstatus_to_exitcode(status)
            ended = _ended(max(code, 0), max(-code, 0), "")
            _write(attempt, "exit.json", ended)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _facts(pid: int) -> dict[str, Any]:
    return {
        "pid": pid,
        "proc_start": start_ticks(pid),
        "shim": os.getpid(),
        "shim_start": start_ticks(os.getpid()),
        "boot": boot_id(),
        "at": time.time(),
    }


def _ended(code: int, number: int, error: str) -> dict[str, Any]:
    return {"code": code, "signal": number, "error": error, "at": time.time()}


def start_ticks(pid: int) -> int:
    """Start time of a process in clock ticks since boot; 0 if unknown."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def boot_id() -> str:
    """The id of this boot of the machine; empty if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _write(folder: str, name: str, facts: dict[str, Any]) -> None:
    """Replaces a small file in one step: nobody reads half of it."""
    partial = os.path.join(folder, f".{name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(partial, flags, 0o600), "w", encoding="utf-8") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, os.path.join(folder, name))


if __name__ == "__main__":
    raise SystemExit(main())
