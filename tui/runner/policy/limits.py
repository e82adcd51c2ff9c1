"""What the supervisor does by itself at a limit, and when the context of a session fills up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from tui.model.snapshot import NightSnapshot
from tui.model.state import LimitKind, NotifyKind, RunPhase, SessionState, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.messages import MessageSender
from tui.runner.decisions import end_of_iterations
from tui.runner.machine import RunMachine
from tui.runner.policy import prompts
from tui.runner.policy.limit_reading import LimitReading
from tui.runner.policy.machine_limits import MachineLimits
from tui.runner.policy.money import MoneyLimits
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import StopIntent
from tui.runner.transitions import RunEvent
from tui.system.format import format_duration_clock

_MIN_USED_SHARE = 0.1


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
        settings = self._context.settings
        session, rules = settings.session, settings.notifications
        of, time_text = LimitReading.of, format_duration_clock
        if session.max_runtime_hours is not None:
            elapsed, allowed = self._context.state.elapsed, session.max_runtime_hours * 3600
            yield of(LimitKind.RUNTIME, elapsed, allowed, (0.9,), time_text)
        if attempt is None or status is None or status.state != "running":
            return
        if session.max_idle_minutes is not None and not self._is_silence_expected(snapshot):
            silent = self._reader.silence()
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
        # No note where memory is short, as writing one would need more of it, nor past a limit of money;
        # nor of an agent that a person has interrupted.
        memory = kind in (LimitKind.MEMORY, LimitKind.MACHINE_MEMORY)
        held = context.state.phase == RunPhase.HELD
        note = not (memory or held or (kind.is_money and reading.is_reached))
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
    is_interrupted = state.interrupted_turn > reader.turns.turns
    if state.phase == RunPhase.WAITING or state.phase.is_ending or is_interrupted:
        return
    if state.handoff_message:
        waited = state.elapsed - state.handoff_since
        if waited > settings.session.handover_timeout_minutes * 60:
            progress = reader.read_progress()
            end = end_of_iterations(state, settings, progress)
            if end is not None:
                machine.end_by(end, RunEvent.HANDOFF_OVERDUE)
                return
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
