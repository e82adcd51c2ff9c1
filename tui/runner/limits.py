"""The limits of a run: how long, how silent, how dear, how large; warned of first, then kept."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.state import LimitKind, NotifyEvent, RunPhase, SessionState, StopKind
from tui.night.model import NightSnapshot
from tui.runner.desk import RunContext
from tui.runner.eyes import RunReader
from tui.runner.machine import MachineLoad, LimitReading
from tui.runner.segment import AttemptStatus, AttemptProcess
from tui.runner.state import StopIntent
from tui.system.format import format_duration_clock, format_money_plain


class LimitChecker:
    """Reads the limits; `check` tells of warnings and returns the intent to end a run, if any."""

    def __init__(self, desk: RunContext, eyes: RunReader) -> None:
        self._desk = desk
        self._eyes = eyes
        self._machine = MachineLoad(desk)

    def check(self, night: NightSnapshot, segment: AttemptProcess | None, look: AttemptStatus | None) -> StopIntent | None:
        """Warns once of each share that was reached; an intent for a limit that was."""
        if self._paused():
            return None
        for reading in self._readings(night, segment, look):
            self._warn(reading)
            if reading.ends and reading.share >= 1:
                return self._hit(reading)
        return None

    def _paused(self) -> bool:
        state = self._desk.state
        if state.paused_until is None:
            return False
        if self._desk.clock.wall() < state.paused_until:
            return True
        state.paused_until = None
        self._desk.journal_entry("limits_resumed", {"until": None})
        self._desk.save()
        return False

    def _readings(
        self, night: NightSnapshot, segment: AttemptProcess | None, look: AttemptStatus | None
    ) -> Iterator[LimitReading]:
        session, state = self._desk.settings.session, self._desk.state
        if session.max_runtime_hours is not None:
            allowed = session.max_runtime_hours * 3600
            yield _of_time(LimitKind.RUNTIME, state.elapsed, allowed, (0.9,))
        budget = self._desk.settings.budget
        if budget.max_cost_usd is not None and night.cost.usd is not None:
            alone = (self._desk.settings.notifications.cost_warning_pct,)
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
        if segment is None or look is None or look.state != "running":
            return
        if session.max_idle_minutes is not None and not self._rightly_silent(night):
            silent = self._desk.clock.monotonic() - self._eyes.quiet_since
            share = self._desk.settings.notifications.idle_warning_pct / 100
            yield _of_time(LimitKind.IDLE, silent, session.max_idle_minutes * 60, (share,))
        yield from self._machine.readings(segment, look)

    def _rightly_silent(self, night: NightSnapshot) -> bool:
        """A wait for a limit's end, a restart, or the baseline tests is no idleness."""
        if self._desk.state.phase in (RunPhase.BASELINE, RunPhase.WAITING):
            return True
        limited = night.activity.state == SessionState.RATE_LIMITED and night.stall is not None
        return limited and night.activity.until is not None

    def _warn(self, reading: LimitReading) -> None:
        """Tells of the highest share reached that nobody was told of."""
        state = self._desk.state
        reached = [share for share in reading.shares if reading.share >= share]
        if reading.limit == LimitKind.IDLE and not reached:
            past = {_warning(reading.limit, share) for share in reading.shares}
            state.told = [warning for warning in state.told if warning not in past]
        fresh = [share for share in reached if _warning(reading.limit, share) not in state.told]
        if not fresh:
            return
        state.told += [_warning(reading.limit, share) for share in fresh]
        self._desk.save()
        self._desk.journal_entry("limit_warning", {**_facts(reading), "share": max(fresh)})
        words = f"{reading.limit}: {reading.value_text} of {reading.allowed_text}"
        self._desk.log_line(f"{reading.limit.title()} check: {words} ({reading.share:.0%})", "WARNING")
        self._desk.notify(NotifyEvent.LIMIT, words, **_facts(reading))

    def _hit(self, reading: LimitReading) -> StopIntent:
        self._desk.journal_entry("limit_hit", {**_facts(reading), "share": round(reading.share, 3)})
        reason = f"{reading.limit} {reading.value_text} of {reading.allowed_text}"
        self._desk.log_line(f"Terminating session: ✗ {reading.limit.title()}: {reason}", "ERROR")
        self._desk.notify(NotifyEvent.LIMIT, f"limit reached: {reason}", **_facts(reading))
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
