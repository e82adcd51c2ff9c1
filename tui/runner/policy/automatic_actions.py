"""What the supervisor does by itself at a limit, and when the context of a session fills up."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui.model.snapshot import NightSnapshot
from tui.model.state import (
    LimitKind,
    NotifyKind,
    RunPhase,
    SessionState,
    StopKind,
)
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.messages import MessageSender
from tui.runner.machine import RunMachine
from tui.runner.policy import prompts
from tui.runner.preflight import MIN_FREE_BYTES
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import StopIntent
from tui.runner.transitions import RunEvent
from tui.system.format import format_duration_clock, format_money_plain
from tui.system.process_tree import find_members
from tui.system.processes import resident_bytes

_MACHINE_SECONDS = 5.0
_LOAD_SECONDS = 60.0
_MIN_USED_SHARE = 0.1
_UNIT_SECONDS = {LimitKind.RUNTIME: 3600.0, LimitKind.IDLE: 60.0}
"""Seconds in the unit of a setting that bounds time."""


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

    @classmethod
    def of(
        cls,
        limit: LimitKind,
        value: float,
        allowed: float,
        shares: tuple[float, ...],
        text: Callable[[float], str],
    ) -> LimitReading:
        return cls(limit, value, allowed, shares, text(value), text(allowed))

    @property
    def share(self) -> float:
        return self.value / self.allowed if self.allowed else 0.0

    @property
    def text(self) -> str:
        return f"{self.value_text} of {self.allowed_text}"

    def journal_data(self, share: float) -> dict[str, object]:
        """`used` and `bound` are in the unit of the limit's setting."""
        unit = _UNIT_SECONDS.get(self.limit, 1.0)
        return {
            "limit": self.limit,
            "value": self.value_text,
            "allowed": self.allowed_text,
            "used": round(self.value / unit, 4),
            "bound": round(self.allowed / unit, 4),
            "share": share,
        }


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


class LimitChecker:
    """Warns of limits that come near; `check` returns the intent to end a run at its limit."""

    def __init__(self, context: RunContext, reader: RunReader) -> None:
        self._context = context
        self._reader = reader
        self._load = CpuLoad()
        self._machine_at = -_MACHINE_SECONDS
        self._machine: tuple[LimitReading, ...] = ()

    def check(
        self, snapshot: NightSnapshot, attempt: AttemptProcess | None, status: AttemptStatus | None
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
        self, snapshot: NightSnapshot, attempt: AttemptProcess | None, status: AttemptStatus | None
    ) -> Iterator[LimitReading]:
        settings, clock = self._context.settings, self._context.clock
        session, budget, rules = settings.session, settings.budget, settings.notifications
        of, time_text = LimitReading.of, format_duration_clock
        if session.max_runtime_hours is not None:
            elapsed, allowed = self._context.state.elapsed, session.max_runtime_hours * 3600
            yield of(LimitKind.RUNTIME, elapsed, allowed, (0.9,), time_text)
        cost, most = snapshot.cost.usd, budget.max_cost_usd
        if most is not None and cost is not None:
            shares = tuple(pct / 100 for pct in budget.alerts_pct or (rules.cost_warning_pct,))
            yield of(LimitKind.COST, cost, most, shares, format_money_plain)
        if attempt is None or status is None or status.state != "running":
            return
        if session.max_idle_minutes is not None and not self._is_silence_expected(snapshot):
            silent = clock.monotonic() - self._reader.quiet_since
            allowed, shares = session.max_idle_minutes * 60, (rules.idle_warning_pct / 100,)
            yield of(LimitKind.IDLE, silent, allowed, shares, time_text)
        pause = min(_MACHINE_SECONDS, settings.watchdog.check_interval_seconds)
        if clock.monotonic() - self._machine_at >= pause:
            self._machine_at = clock.monotonic()
            self._machine = tuple(self._machine_readings(attempt, status))
        yield from self._machine

    def _machine_readings(
        self, attempt: AttemptProcess, status: AttemptStatus
    ) -> Iterator[LimitReading]:
        """Memory, processors and disk."""
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

    def _is_silence_expected(self, snapshot: NightSnapshot) -> bool:
        """Whether it waits for the baseline tests, a restart or the end of a usage limit."""
        if self._context.state.phase in (RunPhase.BASELINE, RunPhase.WAITING):
            return True
        activity = snapshot.activity
        limited = activity.state == SessionState.RATE_LIMITED and snapshot.stall is not None
        return limited and activity.until is not None

    def _warn(self, reading: LimitReading) -> None:
        """Warns of the highest share that is reached, unless that was done before."""
        context, state, kind = self._context, self._context.state, reading.limit
        names = {share: f"{kind} {share:g}" for share in reading.shares}
        reached = [share for share in reading.shares if reading.share >= share]
        if kind == LimitKind.IDLE and not reached:
            # The agent wrote again: its next silence is worth a warning of its own.
            past = set(names.values())
            state.warned_shares = [name for name in state.warned_shares if name not in past]
        new = [share for share in reached if names[share] not in state.warned_shares]
        if not new:
            return
        state.warned_shares += [names[share] for share in new]
        context.save()
        context.journal_entry("limit_warning", reading.journal_data(max(new)))
        log = f"{kind.title()} check: {kind}: {reading.text} ({reading.share:.0%})"
        context.log_line(log, "WARNING")
        context.notify(NotifyKind.LIMIT, f"{kind}: {reading.text}")

    def _on_reached(self, reading: LimitReading) -> StopIntent:
        context, kind = self._context, reading.limit
        context.journal_entry("limit_hit", reading.journal_data(round(reading.share, 3)))
        reason = f"{kind} {reading.text}"
        context.log_line(f"Terminating session: ✗ {kind.title()}: {reason}", "ERROR")
        context.notify(NotifyKind.LIMIT, f"limit reached: {reason}")
        # No note where memory is short: writing one would need more of it.
        note = kind not in (LimitKind.MEMORY, LimitKind.MACHINE_MEMORY)
        return StopIntent(StopKind.LIMIT, reason, "limit", note=note, limit=kind)


def see_to_handoff(
    context: RunContext,
    reader: RunReader,
    messages: MessageSender,
    machine: RunMachine,
    snapshot: NightSnapshot,
) -> None:
    """Asks for a handoff note when the context is fuller than the configured share.

    Starts the handoff without the note when that does not come.
    """
    state, settings = context.state, context.settings
    if state.phase == RunPhase.WAITING or state.phase.is_ending:
        return
    if state.handoff_message:
        waited = state.elapsed - state.handoff_since
        if waited > settings.session.handover_timeout_minutes * 60:
            why = "it wrote no hand-over in time"
            machine.start_handoff(why, RunEvent.HANDOFF_OVERDUE)
        return
    limit, turns = settings.session.handover_share, reader.turns
    # Before the first answer, the snapshot still has the context of the session before.
    if limit is None or state.is_planning or not turns.open or not turns.answers:
        return
    share = snapshot.context.percent / 100
    first_share = turns.first_context / max(1, snapshot.context.window)
    # A session that begins above the limit may use a tenth of the window first. Otherwise one
    # fresh session would follow the other, and none would do any work.
    if share < (limit if first_share < limit else first_share + _MIN_USED_SHARE):
        return
    state.handoff_share, state.handoff_since = share, state.elapsed
    state.handoff_message = messages.queue(prompts.handoff_note_prompt(settings))
    context.save()
    data = {"limit": LimitKind.CONTEXT, "value": f"{share:.0%}", "allowed": f"{limit:.0%}"}
    context.journal_entry("limit_warning", {**data, "share": round(share / limit, 3)})
    context.log_line(f"Context at {share:.0%}: the session is asked to hand over", "WARNING")
