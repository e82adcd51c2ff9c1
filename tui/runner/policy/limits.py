"""Runtime, idle, cost, memory and context limits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from tui.model.snapshot import NightSnapshot
from tui.model.state import LimitKind, NotifyEvent, RunPhase, SessionState, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.preflight import MIN_FREE_BYTES
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import StopIntent
from tui.system.format import format_duration_clock, format_money_plain
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

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._at = -_EVERY
        self._last: list[LimitReading] = []
        self._load = CpuLoad()

    def readings(self, segment: AttemptProcess, status: AttemptStatus) -> list[LimitReading]:
        """What there is to be warned of, and what ends a run."""
        now, watchdog = self._context.clock.monotonic(), self._context.settings.watchdog
        if now - self._at >= min(_EVERY, watchdog.check_interval_seconds):
            self._at = now
            self._last = [
                *self._of_tree(segment, status),
                *self._of_memory(),
                *self._of_processors(),
                *self._of_disk(),
            ]
        return self._last

    def _of_tree(self, segment: AttemptProcess, status: AttemptStatus) -> Iterator[LimitReading]:
        most = self._context.settings.session.max_memory_mib
        if most is not None:
            tree = find_members(segment.process_tree(status))
            held = sum(resident_bytes(one.pid) for one in tree) / (1 << 20)
            yield LimitReading(
                LimitKind.MEMORY, held, most, (0.9,), f"{held:.0f} MiB", f"{most} MiB"
            )

    def _of_memory(self) -> Iterator[LimitReading]:
        used, watchdog = machine_memory_share(), self._context.settings.watchdog
        if used is not None and watchdog.memory_critical_pct > 0:
            critical = watchdog.memory_critical_pct / 100
            share = watchdog.memory_warning_pct / watchdog.memory_critical_pct
            words = f"{used:.0%} of the machine"
            yield LimitReading(
                LimitKind.MACHINE_MEMORY, used, critical, (share,), words, f"{critical:.0%}"
            )

    def _of_processors(self) -> Iterator[LimitReading]:
        """Busy processors are worth a word; no run was ever ended for them."""
        busy = self._load.busy(self._context.clock.monotonic(), processor_ticks())
        allowed = self._context.settings.watchdog.cpu_warning_pct / 100
        if busy is not None and 0 < allowed <= busy:
            words = f"{busy:.0%} of the machine for {CpuLoad.SECONDS:.0f}s"
            limit = f"{allowed:.0%}"
            yield LimitReading(
                LimitKind.PROCESSORS, busy, allowed, (1.0,), words, limit, ends=False
            )

    def _of_disk(self) -> Iterator[LimitReading]:
        """A disk that fills up is told of while there is still room to tell it."""
        try:
            free = shutil.disk_usage(self._context.folder.path).free
        except OSError:
            return
        if free < MIN_FREE_BYTES:
            words, least = f"{free >> 20} MiB free", f"at least {MIN_FREE_BYTES >> 20} MiB"
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


class LimitChecker:
    """Reads the limits; `check` tells of warnings and returns the intent to end a run, if any."""

    def __init__(self, context: RunContext, reader: RunReader) -> None:
        self._context = context
        self._reader = reader
        self._machine = MachineLoad(context)

    def check(
        self, night: NightSnapshot, segment: AttemptProcess | None, status: AttemptStatus | None
    ) -> StopIntent | None:
        """Warns once of each share that was reached; an intent for a limit that was."""
        if self._paused():
            return None
        for reading in self._readings(night, segment, status):
            self._warn(reading)
            if reading.ends and reading.share >= 1:
                return self._on_reached(reading)
        return None

    def _paused(self) -> bool:
        state = self._context.state
        if state.limits_paused_until is None:
            return False
        if self._context.clock.wall() < state.limits_paused_until:
            return True
        state.limits_paused_until = None
        self._context.journal_entry("limits_resumed", {"until": None})
        self._context.save()
        return False

    def _readings(
        self, night: NightSnapshot, segment: AttemptProcess | None, status: AttemptStatus | None
    ) -> Iterator[LimitReading]:
        session, state = self._context.settings.session, self._context.state
        if session.max_runtime_hours is not None:
            allowed = session.max_runtime_hours * 3600
            yield _of_time(LimitKind.RUNTIME, state.elapsed, allowed, (0.9,))
        budget = self._context.settings.budget
        if budget.max_cost_usd is not None and night.cost.usd is not None:
            alone = (self._context.settings.notifications.cost_warning_pct,)
            shares = tuple(share / 100 for share in budget.alerts_pct or alone)
            cost, most = night.cost.usd, budget.max_cost_usd
            yield LimitReading(
                LimitKind.COST,
                cost,
                most,
                shares,
                format_money_plain(cost),
                format_money_plain(most),
            )
        if segment is None or status is None or status.state != "running":
            return
        if session.max_idle_minutes is not None and not self._is_silence_expected(night):
            silent = self._context.clock.monotonic() - self._reader.quiet_since
            share = self._context.settings.notifications.idle_warning_pct / 100
            yield _of_time(LimitKind.IDLE, silent, session.max_idle_minutes * 60, (share,))
        yield from self._machine.readings(segment, status)

    def _is_silence_expected(self, night: NightSnapshot) -> bool:
        """A wait for a limit's end, a restart, or the baseline tests is no idleness."""
        if self._context.state.phase in (RunPhase.BASELINE, RunPhase.WAITING):
            return True
        limited = night.activity.state == SessionState.RATE_LIMITED and night.stall is not None
        return limited and night.activity.until is not None

    def _warn(self, reading: LimitReading) -> None:
        """Tells of the highest share reached that nobody was told of."""
        state = self._context.state
        reached = [share for share in reading.shares if reading.share >= share]
        if reading.limit == LimitKind.IDLE and not reached:
            past = {_warning(reading.limit, share) for share in reading.shares}
            state.warned_shares = [
                warning for warning in state.warned_shares if warning not in past
            ]
        fresh = [
            share for share in reached if _warning(reading.limit, share) not in state.warned_shares
        ]
        if not fresh:
            return
        state.warned_shares += [_warning(reading.limit, share) for share in fresh]
        self._context.save()
        self._context.journal_entry("limit_warning", {**_facts(reading), "share": max(fresh)})
        words = f"{reading.limit}: {reading.value_text} of {reading.allowed_text}"
        self._context.log_line(
            f"{reading.limit.title()} check: {words} ({reading.share:.0%})", "WARNING"
        )
        self._context.notify(NotifyEvent.LIMIT, words, **_facts(reading))

    def _on_reached(self, reading: LimitReading) -> StopIntent:
        self._context.journal_entry(
            "limit_hit", {**_facts(reading), "share": round(reading.share, 3)}
        )
        reason = f"{reading.limit} {reading.value_text} of {reading.allowed_text}"
        self._context.log_line(f"Terminating session: ✗ {reading.limit.title()}: {reason}", "ERROR")
        self._context.notify(NotifyEvent.LIMIT, f"limit reached: {reason}", **_facts(reading))
        note = reading.limit not in (LimitKind.MEMORY, LimitKind.MACHINE_MEMORY)
        return StopIntent(StopKind.LIMIT, reason, "limit", note=note, limit=reading.limit)


def _warning(limit: LimitKind, share: float) -> str:
    """What is remembered of a warning that was given."""
    return f"{limit} {share:g}"


def _facts(reading: LimitReading) -> dict[str, object]:
    return {
        "limit": reading.limit,
        "value": reading.value_text,
        "allowed": reading.allowed_text,
    }


def _of_time(
    limit: LimitKind, seconds: float, allowed: float, shares: tuple[float, ...]
) -> LimitReading:
    return LimitReading(
        limit,
        seconds,
        allowed,
        shares,
        format_duration_clock(seconds),
        format_duration_clock(allowed),
    )
