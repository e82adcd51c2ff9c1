"""What the agent's tree and the machine as a whole hold and use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from tui.model.state import LimitKind
from tui.runner.checks import LEAST_FREE
from tui.runner.desk import RunContext
from tui.runner.segment import AttemptStatus, AttemptProcess
from tui.system.process_tree import find_members
from tui.system.processes import resident_bytes

_EVERY = 5.0


@dataclass(frozen=True)
class LimitReading:
    """One limit: how much is used, of how much, and from which shares somebody is told.

    One that does not end a run is only told of.
    """

    limit: LimitKind
    value: float
    allowed: float
    shares: tuple[float, ...]
    value_text: str
    allowed_text: str
    ends: bool = True

    @property
    def share(self) -> float:
        return self.value / self.allowed if self.allowed else 0.0


class MachineLoad:
    """Readings of memory and processors, taken anew every few seconds."""

    def __init__(self, desk: RunContext) -> None:
        self._desk = desk
        self._at = -_EVERY
        self._last: list[LimitReading] = []
        self._load = CpuLoad()

    def readings(self, segment: AttemptProcess, look: AttemptStatus) -> list[LimitReading]:
        """What there is to be warned of, and what ends a run."""
        now, watchdog = self._desk.clock.monotonic(), self._desk.settings.watchdog
        if now - self._at >= min(_EVERY, watchdog.check_interval_seconds):
            self._at = now
            self._last = [
                *self._of_tree(segment, look),
                *self._of_memory(),
                *self._of_processors(),
                *self._of_disk(),
            ]
        return self._last

    def _of_tree(self, segment: AttemptProcess, look: AttemptStatus) -> Iterator[LimitReading]:
        most = self._desk.settings.session.max_memory_mib
        if most is not None:
            tree = find_members(segment.process_tree(look))
            held = sum(resident_bytes(one.pid) for one in tree) / (1 << 20)
            yield LimitReading(LimitKind.MEMORY, held, most, (0.9,), f"{held:.0f} MiB", f"{most} MiB")

    def _of_memory(self) -> Iterator[LimitReading]:
        used, watchdog = machine_memory_share(), self._desk.settings.watchdog
        if used is not None and watchdog.memory_critical_pct > 0:
            critical = watchdog.memory_critical_pct / 100
            share = watchdog.memory_warning_pct / watchdog.memory_critical_pct
            words = f"{used:.0%} of the machine"
            yield LimitReading(
                LimitKind.MACHINE_MEMORY, used, critical, (share,), words, f"{critical:.0%}"
            )

    def _of_processors(self) -> Iterator[LimitReading]:
        """Busy processors are worth a word; no run was ever ended for them."""
        busy = self._load.busy(self._desk.clock.monotonic(), processor_ticks())
        allowed = self._desk.settings.watchdog.cpu_warning_pct / 100
        if busy is not None and 0 < allowed <= busy:
            words = f"{busy:.0%} of the machine for {CpuLoad.SECONDS:.0f}s"
            limit = f"{allowed:.0%}"
            yield LimitReading(LimitKind.PROCESSORS, busy, allowed, (1.0,), words, limit, ends=False)

    def _of_disk(self) -> Iterator[LimitReading]:
        """A disk that fills up is told of while there is still room to tell it."""
        try:
            free = shutil.disk_usage(self._desk.folder.path).free
        except OSError:
            return
        if free < LEAST_FREE:
            words, least = f"{free >> 20} MiB free", f"at least {LEAST_FREE >> 20} MiB"
            yield LimitReading(LimitKind.DISK, 1.0, 1.0, (1.0,), words, least, ends=False)


class CpuLoad:
    """How busy the processors were over the last minute and a little more."""

    SECONDS = 60.0

    def __init__(self) -> None:
        self._since: tuple[float, int, int] | None = None

    def busy(self, now: float, ticks: tuple[int, int] | None) -> float | None:
        """The busy share once a minute, None in between; `ticks` are those used, and all of them."""
        if ticks is None:
            return None
        used, whole = ticks
        if self._since is None:
            self._since = now, used, whole
            return None
        at, used_before, whole_before = self._since
        if now - at < self.SECONDS:
            return None
        self._since = now, used, whole
        passed = whole - whole_before
        return (used - used_before) / passed if passed > 0 else None


def processor_ticks() -> tuple[int, int] | None:
    """Ticks that all processors have worked, and all their ticks; None where nothing says so."""
    try:
        with open("/proc/stat", "rb") as file:
            spent = [int(word) for word in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    if len(spent) < 5:
        return None
    return sum(spent) - spent[3] - spent[4], sum(spent)  # all but idle and waiting for disks


def machine_memory_share() -> float | None:
    """The share of the machine's memory that is in use; None where the system does not say."""
    try:
        with open("/proc/meminfo", "rb") as file:
            rows = dict(line.split(b":", 1) for line in file if b":" in line)
        total, free = (int(rows[name].split()[0]) for name in (b"MemTotal", b"MemAvailable"))
    except (OSError, KeyError, ValueError, IndexError):
        return None
    return 1 - free / total if total else None
