"""The process table as identities: a pid alone names nobody, a pid with its start time does."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
HAS_PROC = (_PROC / "self" / "stat").exists()


class Identity(NamedTuple):
    """A process: `start` is in clock ticks since boot (a hundredth of a second where there is no
    /proc); 0 is not known, and then the pid alone must do."""

    pid: int
    start: int


class Process(NamedTuple):
    """One row of the table; `state` is the kernel's letter, Z for one that is dead already."""

    pid: int
    start: int
    parent: int
    group: int
    session: int
    state: str
    name: str

    @property
    def identity(self) -> Identity:
        return Identity(self.pid, self.start)


def table() -> dict[int, Process]:
    """Every process of the machine by pid."""
    if not HAS_PROC:
        return _table_without_proc()
    found: dict[int, Process] = {}
    for entry in os.listdir(_PROC):
        if entry.isdigit():
            process = _read(entry)
            if process is not None:
                found[process.pid] = process
    return found


def look(pid: int) -> Process | None:
    """The process that has this pid now."""
    if HAS_PROC:
        return _read(str(pid))
    return _table_without_proc().get(pid)


def alive(who: Identity) -> bool:
    """Whether that very process still runs; one that only waits to be reaped does not."""
    process = look(who.pid)
    if process is None or process.state in "ZX":
        return False
    return not who.start or not process.start or process.start == who.start


def send(who: Identity, number: int) -> bool:
    """Signals that very process, never another that got its pid; False when it is gone or refused.

    Where the kernel has descriptors for processes, no pid can be reused in between.
    """
    try:
        descriptor = os.pidfd_open(who.pid)
    except AttributeError:
        return alive(who) and _kill(who.pid, number)
    except OSError:
        return False
    try:
        if not alive(who):
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def resident_bytes(pid: int) -> int:
    """Memory that the process holds now; 0 when it is gone."""
    if not HAS_PROC:
        return 0
    try:
        fields = (_PROC / str(pid) / "statm").read_bytes().split()
        shared_with_files = int(fields[2])
        return (int(fields[1]) - shared_with_files) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def environment_has(pid: int, marker: bytes) -> bool:
    """Whether the process was started with `NAME=value` among its variables."""
    if not HAS_PROC:
        return False
    try:
        return marker in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def boot_id() -> str:
    """Which boot of the machine this is; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _read(pid: str) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            data = file.read()
        head, _, tail = data.rpartition(b")")
        fields = tail.split()
        name = head.partition(b"(")[2].decode("utf-8", "replace")
        return Process(
            int(pid),
            int(fields[19]),
            int(fields[1]),
            int(fields[2]),
            int(fields[3]),
            fields[0].decode("ascii", "replace"),
            name,
        )
    except (OSError, ValueError, IndexError):
        return None


def _kill(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


def _table_without_proc() -> dict[int, Process]:
    import psutil

    found: dict[int, Process] = {}
    wanted = ["pid", "ppid", "create_time", "status", "name"]
    for one in psutil.process_iter(wanted):
        facts = one.info
        pid = int(facts["pid"])
        try:
            group, session = os.getpgid(pid), os.getsid(pid)
        except OSError:
            group = session = 0
        state = "Z" if facts["status"] == psutil.STATUS_ZOMBIE else "S"
        start = round((facts["create_time"] or 0.0) * 100)
        name = str(facts["name"] or "")
        found[pid] = Process(pid, start, int(facts["ppid"] or 0), group, session, state, name)
    return found
