"""What the supervisor does by itself at a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from tui.model.snapshot import NightSnapshot
from tui.model.state import LimitKind, NotifyKind, RunPhase, SessionState, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.policy import iterations, test_floor
from tui.runner.policy.limit_reading import MONEY, LimitReading
from tui.runner.policy.machine_limits import MachineLimits
from tui.runner.policy.money import MoneyLimits
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import StopIntent
from tui.system.format import format_duration_clock


class LimitChecker:
    """Warns of limits that come near; `check` returns the intent to end a run at its limit."""

    def __init__(self, context: RunContext, reader: RunReader, money: MoneyLimits) -> None:
        self._context = context
        self._reader = reader
        self._money = money
        self._machine = MachineLimits(context)

    def check(
        self, snapshot: NightSnapshot, attempt: AttemptProcess | None, status: AttemptStatus | None
    ) -> StopIntent | None:
        """Warns once of each share that was reached; an intent for a limit that was."""
        if self._are_paused():
            return None
        readings = (*self._money.readings(), *self._readings(snapshot, attempt, status))
        return self._follow(readings)

    def check_money(self) -> StopIntent | None:
        """The same for money alone, cheap enough for each event that may change the cost."""
        if self._are_paused():
            return None
        return self._follow(self._money.readings())

    def cut_short(self, intent: StopIntent) -> StopIntent | None:
        """The intent in place of one whose hand-over note has used up the money left for it; else None.

        A hand-over to a fresh session is an end as well: that session could do nothing.
        """
        goes_on = intent.kind == StopKind.HANDOFF
        if not (intent.note or goes_on) or self._are_paused():
            return None
        reached = next((one for one in self._money.readings() if one.is_reached), None)
        if reached is None:
            return None
        if goes_on or intent.kind == StopKind.LIMIT:
            return replace(self._on_reached(reached), note=False)
        return replace(intent, note=False, limit=reached.limit)

    def _follow(self, readings: Iterable[LimitReading]) -> StopIntent | None:
        for reading in readings:
            self._warn(reading)
            if reading.is_reached or reading.winds_down:
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
        session, rules = settings.session, settings.notifications
        of, time_text = LimitReading.of, format_duration_clock
        if session.max_runtime_hours is not None:
            elapsed, allowed = self._context.state.elapsed, session.max_runtime_hours * 3600
            yield of(LimitKind.RUNTIME, elapsed, allowed, (0.9,), time_text)
        if attempt is None or status is None or status.state != "running":
            return
        if session.max_idle_minutes is not None and not self._is_silence_expected(snapshot):
            silent = clock.monotonic() - self._reader.quiet_since
            allowed, shares = session.max_idle_minutes * 60, (rules.idle_warning_pct / 100,)
            yield of(LimitKind.IDLE, silent, allowed, shares, time_text)
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
        if not reading.is_reached:
            reason += ", the rest is for the hand-over"
        context.log_line(f"Terminating session: ✗ {kind.title()}: {reason}", "ERROR")
        context.notify(NotifyKind.LIMIT, f"limit reached: {reason}")
        # No note where memory is short, as writing one would need more of it, nor past a limit of money.
        memory = kind in (LimitKind.MEMORY, LimitKind.MACHINE_MEMORY)
        note = not memory and not (kind in MONEY and reading.is_reached)
        return StopIntent(StopKind.LIMIT, reason, "limit", note=note, limit=kind)


def record_hit(
    context: RunContext, reader: RunReader, money: MoneyLimits | None, kind: LimitKind
) -> None:
    """Journals it with its figures: the run winds down from now on."""
    readings: dict[LimitKind, LimitReading] = {
        LimitKind.CONTINUATIONS: iterations.reading(context.state, context.settings),
        LimitKind.TESTS: test_floor.reading(reader.snapshot().tests, context.settings),
        **({} if money is None else {one.limit: one for one in money.readings()}),
    }
    reading = readings.get(kind)
    data = {"limit": kind} if reading is None else reading.journal_data(round(reading.share, 3))
    context.journal_entry("limit_hit", data)
