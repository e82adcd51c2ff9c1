"""Parent of one agent process; needs nothing of ours.

`python -m tui.runner.agent.shim SEGMENT` reads SEGMENT/order.json, starts the agent with its output going
straight to append-only files and its input coming from a FIFO held open for reading and writing, so
that it never sees an end of input and any later process can still write to it. The shim writes
SEGMENT/agent.json when the agent runs and SEGMENT/exit.json when it has ended, each in one step. It is
the subreaper of everything the agent starts, ignores the loss of its terminal, and needs no parent.
SEGMENT/lock is held while it lives; SEGMENT/claim is made once, by the shim that starts the agent or
by whoever gives the segment up before, so that an agent is never started twice or too late.
Only the standard library is imported, so that it stays small and starts fast.
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

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NAME = 15
_INSTANT = 10.0  # who looks may be kept waiting itself on a busy machine


def main(words: list[str] | None = None) -> int:
    """Runs the segment to its end; the exit code is that of the shim, not of the agent."""
    segment = (sys.argv[1:] if words is None else words)[0]
    with open(os.path.join(segment, "order.json"), encoding="utf-8") as file:
        order = json.load(file)
    _become_own_session()
    _become_subreaper()
    if not (_hold(segment) and claim(segment)):
        return 2
    try:
        agent = _start(order)
    except OSError as error:
        _write(segment, "exit.json", _ended(127, 0, f"{order['argv'][0]}: {error.strerror}"))
        return 1
    _write(segment, "agent.json", _facts(agent.pid))
    _wait(agent.pid, segment)
    return 0


def _hold(segment: str) -> bool:
    """Takes the lock for as long as this process lives; no child inherits it.

    Who looks whether it is held shares it for an instant; that is waited out.
    """
    descriptor = os.open(
        os.path.join(segment, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    until = time.monotonic() + _INSTANT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        else:
            return True


def claim(segment: str) -> bool:
    """Whether the right to start the agent of this segment, or to give it up, is now ours."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        os.close(os.open(os.path.join(segment, "claim"), flags, 0o600))
    except FileExistsError:
        return False
    return True


def _become_own_session() -> None:
    with contextlib.suppress(OSError):
        os.setsid()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)


def _become_subreaper() -> None:
    """Orphans of the agent become ours; where the kernel has no such thing, they are found by name."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_NAME, b"overnight-shim", 0, 0, 0)


def _start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
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
            preexec_fn=_default_signals,
            process_group=0,
        )
    finally:
        for descriptor in (stdin, stdout, stderr):
            os.close(descriptor)


def _default_signals() -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def _wait(agent: int, segment: str) -> None:
    """Reaps until the agent and everything it left behind is gone."""
    signal.signal(signal.SIGTERM, lambda number, frame: _forward(agent))
    recorded = False
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return
        if pid == agent and not recorded:
            recorded = True
            code = os.waitstatus_to_exitcode(status)
            _write(segment, "exit.json", _ended(max(code, 0), max(-code, 0), ""))
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _forward(agent: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(agent, signal.SIGTERM)


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
    """Start time of a process in clock ticks since boot, its identity beside the pid; 0 if unknown."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def boot_id() -> str:
    """Which boot of the machine this is; empty where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _write(folder: str, name: str, facts: dict[str, Any]) -> None:
    """Writes a small file in one step: nobody ever reads half of it."""
    partial = os.path.join(folder, f".{name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(partial, flags, 0o600), "w", encoding="utf-8") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, os.path.join(folder, name))


if __name__ == "__main__":
    raise SystemExit(main())
