"""Facts of single processes, read from /proc where there is one and through psutil elsewhere."""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple

PROC = "/proc"
MOST_DESCENDANTS = 500

_STAT_BYTES = 4_096
_COMMAND_BYTES = 8_192


class Facts(NamedTuple):
    """A living process; `start` is what guards against the reuse of its pid, as text."""

    pid: int
    name: str
    parent: int
    start: str
    created: float
    cpu_s: float
    rss: int


def has_proc() -> bool:
    """Whether this machine keeps its processes in /proc."""
    return os.path.exists(f"{PROC}/self/stat")


def facts_of(pid: int) -> Facts | None:
    """The process, or None when it is gone or a zombie."""
    return _from_proc(pid) if has_proc() else _from_psutil(pid)


def pids() -> list[int]:
    """Every pid of this user that can be seen."""
    if not has_proc():
        import psutil

        return list(psutil.pids())
    user = os.geteuid()
    found = []
    with os.scandir(PROC) as entries:
        for entry in entries:
            if entry.name.isdecimal():
                try:
                    if entry.stat(follow_symlinks=False).st_uid == user:
                        found.append(int(entry.name))
                except OSError:
                    continue
    return found


def name_of(pid: int) -> str:
    """The short name of a process, or empty."""
    if has_proc():
        return _read(f"{PROC}/{pid}/comm", 64).decode("utf-8", "replace").strip()
    facts = _from_psutil(pid)
    return facts.name if facts else ""


def command_of(pid: int) -> list[str]:
    """The first words of the command line, or nothing."""
    if has_proc():
        words = _read(f"{PROC}/{pid}/cmdline", _COMMAND_BYTES).split(b"\0")
        return [os.fsdecode(word) for word in words[:8]]
    import psutil

    try:
        return list(psutil.Process(pid).cmdline()[:8])
    except (psutil.Error, OSError):
        return []


def cwd_of(pid: int) -> str:
    """The folder a process stands in, or empty when that is not told."""
    if has_proc():
        try:
            return os.readlink(f"{PROC}/{pid}/cwd").removesuffix(" (deleted)")
        except OSError:
            return ""
    import psutil

    try:
        return str(psutil.Process(pid).cwd())
    except (psutil.Error, OSError):
        return ""


def descendants_of(pid: int) -> int:
    """How many processes descend from this one, counted up to 500."""
    if not has_proc():
        import psutil

        try:
            return len(psutil.Process(pid).children(recursive=True))
        except (psutil.Error, OSError):
            return 0
    waiting, count = [pid], 0
    while waiting and count < MOST_DESCENDANTS:
        children = _children(waiting.pop())
        count += len(children)
        waiting += children
    return min(count, MOST_DESCENDANTS)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        threads = os.listdir(f"{PROC}/{pid}/task")
    except OSError:
        return found
    for thread in threads[:256]:
        found += [
            int(word) for word in _read(f"{PROC}/{pid}/task/{thread}/children", 65_536).split()
        ]
    return found


def _from_proc(pid: int) -> Facts | None:
    data = _read(f"{PROC}/{pid}/stat", _STAT_BYTES)
    opening, closing = data.find(b"("), data.rfind(b")")
    fields = data[closing + 2 :].split()
    if opening < 0 or len(fields) < 22 or fields[0] in (b"Z", b"X", b"x"):
        return None
    ticks = _ticks()
    return Facts(
        pid=pid,
        name=data[opening + 1 : closing].decode("utf-8", "replace"),
        parent=int(fields[1]),
        start=fields[19].decode(),
        created=_boot_time() + int(fields[19]) / ticks,
        cpu_s=(int(fields[11]) + int(fields[12])) / ticks,
        rss=max(0, int(fields[21])) * _page(),
    )


def _from_psutil(pid: int) -> Facts | None:
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            created = process.create_time()
            times = process.cpu_times()
            return Facts(
                pid,
                process.name(),
                process.ppid(),
                f"{created:.3f}",
                created,
                times.user + times.system,
                process.memory_info().rss,
            )
    except (psutil.Error, OSError):
        return None


def _read(path: str, size: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


@cache
def _ticks() -> int:
    return os.sysconf("SC_CLK_TCK") or 100


@cache
def _page() -> int:
    return os.sysconf("SC_PAGE_SIZE") or 4_096


def _boot_time() -> float:
    for line in _read(f"{PROC}/stat", 1 << 20).splitlines():
        if line.startswith(b"btime "):
            return float(line[6:])
    return 0.0
