"""Memory, processors and disk: what a run may take of its machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from tui.model.state import LimitKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.policy.limit_reading import LimitReading
from tui.runner.preflight import MIN_FREE_BYTES
from tui.runner.run_context import RunContext
from tui.system.process_tree import find_members
from tui.system.processes import resident_bytes

_MACHINE_SECONDS = 5.0
_LOAD_SECONDS = 60.0


class CpuLoad:
    """The busy share of the processors, once a minute."""

    def __init__(self) -> None:
        self._last: tuple[float, int, int] | None = None

    def busy(self, now: float, ticks: tuple[int, int] | None) -> float | None:
        """The share since the last answer, None within a minute; `ticks` are those used, and all."""
        last = self._last
        if ticks is None or (last is not None and now - last[0] < _LOAD_SECONDS):
            return None
        self._last = now, *ticks
        if last is None or ticks[1] <= last[2]:
            return None
        return (ticks[0] - last[1]) / (ticks[1] - last[2])


def processor_ticks() -> tuple[int, int] | None:
    """Ticks that all processors were busy, and all their ticks; None if unknown."""
    try:
        with open("/proc/stat", "rb") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    if len(ticks) < 5:
        return None
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)  # all but idle and iowait


def machine_memory_share() -> float | None:
    """The share of the machine's memory that is in use; None if unknown."""
    try:
        with open("/proc/meminfo", "rb") as file:
            rows = dict(line.split(b":", 1) for line in file if b":" in line)
        total, free = (int(rows[name].split()[0]) for name in (b"MemTotal", b"MemAvailable"))
    except (OSError, KeyError, ValueError, IndexError):
        return None
    return 1 - free / total if total else None


class MachineLimits:
    """Readings of the machine, taken every few seconds."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._load = CpuLoad()
        self._at = -_MACHINE_SECONDS
        self._last: tuple[LimitReading, ...] = ()

    def readings(self, attempt: AttemptProcess, status: AttemptStatus) -> tuple[LimitReading, ...]:
        """Those of now, or of a few seconds ago."""
        context = self._context
        pause = min(_MACHINE_SECONDS, context.settings.watchdog.check_interval_seconds)
        now = context.clock.monotonic()
        if now - self._at >= pause:
            self._at = now
            self._last = tuple(self._take(attempt, status))
        return self._last

    def _take(self, attempt: AttemptProcess, status: AttemptStatus) -> Iterator[LimitReading]:
        context, watchdog = self._context, self._context.settings.watchdog
        most = context.settings.session.max_memory_mib
        if most is not None:
            members = find_members(attempt.process_tree(status))
            used = sum(resident_bytes(member.pid) for member in members) / (1 << 20)
            yield LimitReading.of(LimitKind.MEMORY, used, most, (0.9,), "{:.0f} MiB".format)
        taken, allowed = machine_memory_share(), watchdog.memory_critical_pct / 100
        if taken is not None and allowed > 0:
            shares = (watchdog.memory_warning_pct / watchdog.memory_critical_pct,)
            text, limit = f"{taken:.0%} of the machine", f"{allowed:.0%}"
            yield LimitReading(LimitKind.MACHINE_MEMORY, taken, allowed, shares, text, limit)
        busy = self._load.busy(context.clock.monotonic(), processor_ticks())
        allowed, kind = watchdog.cpu_warning_pct / 100, LimitKind.PROCESSORS
        if busy is not None and 0 < allowed <= busy:
            text, limit = f"{busy:.0%} of the machine for {_LOAD_SECONDS:.0f}s", f"{allowed:.0%}"
            yield LimitReading(kind, busy, allowed, (1.0,), text, limit, ends=False)
        try:
            free = shutil.disk_usage(context.folder.path).free
        except OSError:
            return
        # Early enough: a full disk takes no journal entry and no notification any more.
        if free < MIN_FREE_BYTES:
            text, limit = f"{free >> 20} MiB free", f"at least {MIN_FREE_BYTES >> 20} MiB"
            yield LimitReading(LimitKind.DISK, 1.0, 1.0, (1.0,), text, limit, ends=False)
