"""The limits of a run: time, silence, cost, memory; warnings about the machine."""

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

_MACHINE_SECONDS = 5.0


@dataclass(frozen=True)
class LimitReading:
    """How much of one limit is used; a share of `shares` is warned of when it is reached.

    `ends` is False for what is only warned of and never ends a run.
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

    def journal_data(self) -> dict[str, object]:
        return {"limit": self.limit, "value": self.value_text, "allowed": self.allowed_text}

    @classmethod
    def of_time(
        cls, limit: LimitKind, seconds: float, allowed: float, shares: tuple[float, ...]
    ) -> LimitReading:
        text, allowed_text = format_duration_clock(seconds), format_duration_clock(allowed)
        return cls(limit, seconds, allowed, shares, text, allowed_text)


class MachineLoad:
    """Memory, processors and disk, read again every few seconds."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._read_at = -_MACHINE_SECONDS
        self._last: list[LimitReading] = []
        self._load = CpuLoad()

    def readings(self, attempt: AttemptProcess, status: AttemptStatus) -> list[LimitReading]:
        now, watchdog = self._context.clock.monotonic(), self._context.settings.watchdog
        if now - self._read_at >= min(_MACHINE_SECONDS, watchdog.check_interval_seconds):
            self._read_at = now
            self._last = [
                *self._of_tree(attempt, status),
                *self._of_memory(),
                *self._of_processors(),
                *self._of_disk(),
            ]
        return self._last

    def _of_tree(self, attempt: AttemptProcess, status: AttemptStatus) -> Iterator[LimitReading]:
        allowed = self._context.settings.session.max_memory_mib
        if allowed is not None:
            members = find_members(attempt.process_tree(status))
            used = sum(resident_bytes(member.pid) for member in members) / (1 << 20)
            text = f"{used:.0f} MiB"
            yield LimitReading(LimitKind.MEMORY, used, allowed, (0.9,), text, f"{allowed} MiB")

    def _of_memory(self) -> Iterator[LimitReading]:
        used, watchdog = machine_memory_share(), self._context.settings.watchdog
        if used is not None and watchdog.memory_critical_pct > 0:
            allowed = watchdog.memory_critical_pct / 100
            shares = (watchdog.memory_warning_pct / watchdog.memory_critical_pct,)
            text, kind = f"{used:.0%} of the machine", LimitKind.MACHINE_MEMORY
            yield LimitReading(kind, used, allowed, shares, text, f"{allowed:.0%}")

    def _of_processors(self) -> Iterator[LimitReading]:
        busy = self._load.busy(self._context.clock.monotonic(), processor_ticks())
        allowed = self._context.settings.watchdog.cpu_warning_pct / 100
        if busy is not None and 0 < allowed <= busy:
            text, limit = f"{busy:.0%} of the machine for {CpuLoad.SECONDS:.0f}s", f"{allowed:.0%}"
            kind = LimitKind.PROCESSORS
            yield LimitReading(kind, busy, allowed, (1.0,), text, limit, ends=False)

    def _of_disk(self) -> Iterator[LimitReading]:
        try:
            free = shutil.disk_usage(self._context.folder.path).free
        except OSError:
            return
        # Early enough: a full disk takes no journal entry and no notification any more.
        if free < MIN_FREE_BYTES:
            text, limit = f"{free >> 20} MiB free", f"at least {MIN_FREE_BYTES >> 20} MiB"
            yield LimitReading(LimitKind.DISK, 1.0, 1.0, (1.0,), text, limit, ends=False)


class CpuLoad:
    """The busy share of the processors, once a minute."""

    SECONDS = 60.0

    def __init__(self) -> None:
        self._since: tuple[float, int, int] | None = None

    def busy(self, now: float, ticks: tuple[int, int] | None) -> float | None:
        """The share since the last answer, None within a minute; `ticks` are those used, and all."""
        if ticks is None:
            return None
        if self._since is None:
            self._since = now, *ticks
            return None
        since, used_before, total_before = self._since
        if now - since < self.SECONDS:
            return None
        self._since = now, *ticks
        passed = ticks[1] - total_before
        return (ticks[0] - used_before) / passed if passed > 0 else None


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


class LimitChecker:
    """Warns of limits that come near; `check` returns the intent to end a run at its limit."""

    def __init__(self, context: RunContext, reader: RunReader) -> None:
        self._context = context
        self._reader = reader
        self._machine = MachineLoad(context)

    def check(
        self,
        snapshot: NightSnapshot,
        attempt: AttemptProcess | None,
        status: AttemptStatus | None,
    ) -> StopIntent | None:
        """Warns once of each share that was reached; an intent for a limit that was."""
        if self._are_paused():
            return None
        for reading in self._readings(snapshot, attempt, status):
            self._warn(reading)
            if reading.ends and reading.share >= 1:
                return self._on_reached(reading)
        return None

    def _are_paused(self) -> bool:
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
        self,
        snapshot: NightSnapshot,
        attempt: AttemptProcess | None,
        status: AttemptStatus | None,
    ) -> Iterator[LimitReading]:
        settings, state = self._context.settings, self._context.state
        session, budget, rules = settings.session, settings.budget, settings.notifications
        if session.max_runtime_hours is not None:
            allowed = session.max_runtime_hours * 3600
            yield LimitReading.of_time(LimitKind.RUNTIME, state.elapsed, allowed, (0.9,))
        cost, most = snapshot.cost.usd, budget.max_cost_usd
        if most is not None and cost is not None:
            shares = tuple(pct / 100 for pct in budget.alerts_pct or (rules.cost_warning_pct,))
            text, limit = format_money_plain(cost), format_money_plain(most)
            yield LimitReading(LimitKind.COST, cost, most, shares, text, limit)
        if attempt is None or status is None or status.state != "running":
            return
        if session.max_idle_minutes is not None and not self._is_silence_expected(snapshot):
            silent = self._context.clock.monotonic() - self._reader.quiet_since
            allowed, share = session.max_idle_minutes * 60, rules.idle_warning_pct / 100
            yield LimitReading.of_time(LimitKind.IDLE, silent, allowed, (share,))
        yield from self._machine.readings(attempt, status)

    def _is_silence_expected(self, snapshot: NightSnapshot) -> bool:
        """Whether it waits for the baseline tests, a restart or the end of a usage limit."""
        if self._context.state.phase in (RunPhase.BASELINE, RunPhase.WAITING):
            return True
        activity = snapshot.activity
        limited = activity.state == SessionState.RATE_LIMITED and snapshot.stall is not None
        return limited and activity.until is not None

    def _warn(self, reading: LimitReading) -> None:
        """Warns of the highest share that is reached, unless that was done before."""
        state, kind = self._context.state, reading.limit
        reached = [share for share in reading.shares if reading.share >= share]
        if kind == LimitKind.IDLE and not reached:
            # The agent wrote again: its next silence is worth a warning of its own.
            past = {_warning(kind, share) for share in reading.shares}
            state.warned_shares = [name for name in state.warned_shares if name not in past]
        new = [share for share in reached if _warning(kind, share) not in state.warned_shares]
        if not new:
            return
        state.warned_shares += [_warning(kind, share) for share in new]
        self._context.save()
        data, text = reading.journal_data(), f"{reading.value_text} of {reading.allowed_text}"
        self._context.journal_entry("limit_warning", {**data, "share": max(new)})
        log = f"{kind.title()} check: {kind}: {text} ({reading.share:.0%})"
        self._context.log_line(log, "WARNING")
        self._context.notify(NotifyEvent.LIMIT, f"{kind}: {text}")

    def _on_reached(self, reading: LimitReading) -> StopIntent:
        kind, data = reading.limit, reading.journal_data()
        self._context.journal_entry("limit_hit", {**data, "share": round(reading.share, 3)})
        reason = f"{kind} {reading.value_text} of {reading.allowed_text}"
        self._context.log_line(f"Terminating session: ✗ {kind.title()}: {reason}", "ERROR")
        self._context.notify(NotifyEvent.LIMIT, f"limit reached: {reason}")
        # No note where memory is short: writing one would need more of it.
        note = kind not in (LimitKind.MEMORY, LimitKind.MACHINE_MEMORY)
        return StopIntent(StopKind.LIMIT, reason, "limit", note=note, limit=kind)


def _warning(limit: LimitKind, share: float) -> str:
    return f"{limit} {share:g}"
