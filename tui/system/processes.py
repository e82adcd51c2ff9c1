"""The process table: identities, facts, descendants, terminals and signals.

A pid alone identifies no process; a pid with its start time does. Read from /proc where there is one, and
through psutil elsewhere. Every question about a process that has ended has an empty answer.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

MOST_DESCENDANTS: Final = 500
T = TypeVar("T")
_PS_SECONDS: Final = 3.0


class ProcessIdentity(NamedTuple):
    """A process: `start` is in clock ticks since boot (hundredths of a second where there is no /proc),
    0 where it is unknown; then only the pid is compared.
    """

    pid: int
    start: int


class ProcessRow(NamedTuple):
    """One row of the table; `state` is the kernel's letter, Z for a zombie."""

    pid: int
    start: int
    parent: int
    group: int
    session: int
    state: str
    name: str

    @property
    def identity(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid, self.start)


class ProcessFacts(NamedTuple):
    """A living process; `start` (as text) guards against a reused pid. `is_stopped`: by SIGSTOP or Ctrl-Z."""

    pid: int
    name: str
    parent: int
    start: str
    created: float
    cpu_s: float
    rss: int
    is_stopped: bool = False

    @property
    def identity(self) -> ProcessIdentity:
        known = self.start.isdecimal()
        return ProcessIdentity(self.pid, int(self.start) if known else round(self.created * 100))


class TerminalUse(NamedTuple):
    """How a process uses its terminal; `path` is empty unless it reads and writes there."""

    has_terminal: bool
    path: str
    is_foreground: bool


@cache
def has_proc() -> bool:
    """Whether this machine keeps its processes in /proc."""
    return os.path.exists("/proc/self/stat")


def process_table() -> dict[int, ProcessRow]:
    """Every process of the machine by pid."""
    if not has_proc():
        return _table_without_proc()
    rows = (read_process(int(name)) for name in os.listdir("/proc") if name.isdecimal())
    return {row.pid: row for row in rows if row is not None}


def read_process(pid: int) -> ProcessRow | None:
    """The process that has this pid now."""
    if not has_proc():
        return _table_without_proc().get(pid)
    fields = _stat_fields(pid)
    if fields is None:
        return None
    name, *rest = fields
    state = rest[0].decode("ascii", "replace")
    parent, group, session = (int(field) for field in rest[1:4])
    return ProcessRow(
        pid, int(rest[19]), parent, group, session, state, name.decode("utf-8", "replace")
    )


def is_alive(who: ProcessIdentity) -> bool:
    """Whether that very process still runs; a zombie does not."""
    row = read_process(who.pid)
    if row is None or row.state in "ZX":
        return False
    return not who.start or not row.start or row.start == who.start


def send_signal(who: ProcessIdentity, number: int) -> bool:
    """Signals that very process, never another that got its pid; False when it is gone or refused.

    Where the kernel has descriptors for processes, no pid can be reused in between.
    """
    try:
        descriptor = os.pidfd_open(who.pid)
    except AttributeError:
        return is_alive(who) and _kill(who.pid, number)
    except OSError:
        return False
    try:
        if not is_alive(who):
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def read_facts(pid: int) -> ProcessFacts | None:
    """The process, or None when it is gone or a zombie."""
    if not has_proc():
        return _facts_without_proc(pid)
    fields = _stat_fields(pid)
    if fields is None or fields[1] in (b"Z", b"X", b"x"):
        return None
    name, *rest = fields
    ticks = os.sysconf("SC_CLK_TCK") or 100
    return ProcessFacts(
        pid=pid,
        name=name.decode("utf-8", "replace"),
        parent=int(rest[1]),
        start=rest[19].decode(),
        created=_boot_time() + int(rest[19]) / ticks,
        cpu_s=(int(rest[11]) + int(rest[12])) / ticks,
        rss=max(0, int(rest[21])) * _page_size(),
        is_stopped=rest[0] == b"T",
    )


def list_pids() -> list[int]:
    """Every pid of this user that can be seen."""
    if not has_proc():
        import psutil

        return list(psutil.pids())
    user = os.geteuid()
    found = []
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdecimal():
                try:
                    if entry.stat(follow_symlinks=False).st_uid == user:
                        found.append(int(entry.name))
                except OSError:
                    continue
    return found


def process_name(pid: int) -> str:
    """The short name of a process."""
    if has_proc():
        return _read(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()
    facts = _facts_without_proc(pid)
    return facts.name if facts else ""


def command_line(pid: int) -> list[str]:
    """The words of its command line."""
    if has_proc():
        data = _read(f"/proc/{pid}/cmdline")
        return [os.fsdecode(word) for word in data.removesuffix(b"\0").split(b"\0")] if data else []
    return _ask_psutil(pid, lambda process: list(process.cmdline()), [])


def working_folder(pid: int) -> str:
    """The working folder of a process; empty when unknown."""
    if has_proc():
        try:
            return os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")
        except OSError:
            return ""
    return _ask_psutil(pid, lambda process: str(process.cwd()), "")


def environment_has(pid: int, marker: bytes) -> bool:
    """Whether the process was started with `NAME=value` among its variables."""
    return has_proc() and marker in _read(f"/proc/{pid}/environ").split(b"\0")


def environment_variable(pid: int, name: str) -> str:
    """The value of a variable with which the process was started; empty when unknown."""
    if has_proc():
        before = os.fsencode(name) + b"="
        for word in _read(f"/proc/{pid}/environ").split(b"\0"):
            if word.startswith(before):
                return os.fsdecode(word.removeprefix(before))
        return ""
    return _ask_psutil(pid, lambda process: process.environ().get(name, ""), "")


def resident_bytes(pid: int) -> int:
    """Memory that the process has for itself; 0 when unknown."""
    if not has_proc():
        return 0
    try:
        _, resident, shared_with_files = _read(f"/proc/{pid}/statm").split()[:3]
        return (int(resident) - int(shared_with_files)) * _page_size()
    except ValueError:
        return 0


def newest_child(pid: int) -> float:
    """When the youngest child of a process began, in seconds since the epoch; 0 for none."""
    if not has_proc():
        return _ask_psutil(pid, lambda p: max([0.0, *(c.create_time() for c in p.children())]), 0.0)
    found = map(read_facts, _children(pid)[:MOST_DESCENDANTS])
    return max((facts.created for facts in found if facts is not None), default=0.0)


def count_descendants(pid: int) -> int:
    """How many processes descend from this one, counted up to 500."""
    if not has_proc():
        return _ask_psutil(pid, lambda process: len(process.children(recursive=True)), 0)
    waiting, count = [pid], 0
    while waiting and count < MOST_DESCENDANTS:
        children = _children(waiting.pop())
        count += len(children)
        waiting += children
    return min(count, MOST_DESCENDANTS)


def read_terminal(pid: int) -> TerminalUse | None:
    """How the process uses its terminal; None when it has ended."""
    if not has_proc():
        name = _ps(pid, "tty")
        has_terminal = name.startswith("tty")
        return TerminalUse(has_terminal, f"/dev/{name}" * has_terminal, "+" in _ps(pid, "stat"))
    fields = _stat_fields(pid)
    if fields is None:
        return None
    _, _, _, group, _, number, foreground_group = fields[:7]
    path = _terminal_path(pid, int(number)) if int(number) else ""
    return TerminalUse(bool(int(number)), path, group == foreground_group)


def boot_id() -> str:
    """The id of this boot of the machine; empty when unknown."""
    return _read("/proc/sys/kernel/random/boot_id").decode("ascii", "replace").strip()


def control_group(pid: int) -> str:
    """The control group (version 2) of a process, from the top of the hierarchy; empty when unknown."""
    for line in _read(f"/proc/{pid}/cgroup").splitlines():
        if line.startswith(b"0::"):
            return os.fsdecode(line.removeprefix(b"0::")).strip()
    return ""


def pid_namespace() -> str:
    """What the pids of this process are valid in: a container has one of its own. Empty when unknown."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _terminal_path(pid: int, number: int) -> str:
    try:
        names = {os.readlink(f"/proc/{pid}/fd/{descriptor}") for descriptor in (0, 1)}
        path = names.pop()
        device = os.stat(path).st_rdev
    except OSError:
        return ""
    # The kernel packs the device's number otherwise here than for stat.
    device_number = os.makedev(number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00)
    return path if not names and device == device_number else ""


def _stat_fields(pid: int) -> list[bytes] | None:
    """The name of a process and the fields of its stat file from the state on."""
    # The name may hold blanks and parentheses.
    head, closing, tail = _read(f"/proc/{pid}/stat").rpartition(b")")
    fields = [head.partition(b"(")[2], *tail.split()]
    return fields if closing and len(fields) > 22 else None


def _children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    lists = (_read(f"/proc/{pid}/task/{thread}/children") for thread in threads[:256])
    return [int(word) for data in lists for word in data.split()]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


@cache
def _page_size() -> int:
    return os.sysconf("SC_PAGE_SIZE") or 4_096


def _boot_time() -> float:
    for line in _read("/proc/stat").splitlines():
        if line.startswith(b"btime "):
            return float(line[6:])
    return 0.0


def _kill(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


def _ps(pid: int, column: str) -> str:
    import subprocess

    try:
        done = subprocess.run(
            ["/bin/ps", "-o", f"{column}=", "-p", str(pid)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PS_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip()


def _ask_psutil(pid: int, question: Callable[[Any], T], unknown: T) -> T:
    import psutil

    try:
        return question(psutil.Process(pid))
    except (psutil.Error, OSError):
        return unknown


def _facts_without_proc(pid: int) -> ProcessFacts | None:
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            status = process.status()
            if status == psutil.STATUS_ZOMBIE:
                return None
            created, times = process.create_time(), process.cpu_times()
            return ProcessFacts(
                *(pid, process.name(), process.ppid(), f"{created:.3f}", created),
                times.user + times.system,
                process.memory_info().rss,
                status == psutil.STATUS_STOPPED,
            )
    except (psutil.Error, OSError):
        return None


def _table_without_proc() -> dict[int, ProcessRow]:
    import psutil

    found: dict[int, ProcessRow] = {}
    for process in psutil.process_iter(["pid", "ppid", "create_time", "status", "name"]):
        facts = process.info
        pid = int(facts["pid"])
        try:
            group, session = os.getpgid(pid), os.getsid(pid)
        except OSError:
            group = session = 0
        state = "Z" if facts["status"] == psutil.STATUS_ZOMBIE else "S"
        start = round((facts["create_time"] or 0.0) * 100)
        name = str(facts["name"] or "")
        found[pid] = ProcessRow(pid, start, int(facts["ppid"] or 0), group, session, state, name)
    return found
