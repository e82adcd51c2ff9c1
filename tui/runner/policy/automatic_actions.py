"""Response to stalls; handoff when the context fills up."""

from __future__ import annotations

from tui.model.snapshot import NightSnapshot, Stall
from tui.model.state import LimitKind, NotifyEvent, RunPhase, StallKind, StallLevel
from tui.runner.agent.messages import MessageSender
from tui.runner.machine import RunMachine
from tui.runner.policy import prompts
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.transitions import RunEvent
from tui.system.format import format_local


class StallResponse:
    """Compares each night with the last one and journals what began and what is over."""

    def __init__(self, context: RunContext, messages: MessageSender) -> None:
        self._context = context
        self._messages = messages

    def update(self, night: NightSnapshot) -> None:
        """Takes note of the stall of this moment, if any."""
        stall = None if night.over else night.stall
        state = self._context.state
        name = "" if stall is None else f"{stall.kind} {stall.since:.0f}"
        if name != state.stall:
            self.end_stall()
            state.stall, state.stall_kind = name, None if stall is None else stall.kind
            self._context.save()
            if stall is not None:
                self._on_stall_began(stall)
        if stall is not None and stall.kind == StallKind.LOOP:
            self._answer_loop(stall)

    def end_stall(self) -> None:
        """The stall that was told last, if any, is over."""
        state = self._context.state
        if state.stall:
            self._context.journal_entry("stall_over", {"stall": state.stall_kind or state.stall})
            state.stall, state.stall_kind, state.stall_level_answered = "", None, 0

    def _on_stall_began(self, stall: Stall) -> None:
        evidence = list(stall.evidence)
        facts = {"stall": stall.kind, "since": stall.since, "evidence": evidence}
        self._context.journal_entry("stall", facts)
        words = "; ".join(evidence[:2])
        if stall.waiting:
            self._context.log_line(f"Waiting: {words}")
            return
        self._context.log_line(f"Process Health check failed: {stall.kind}: {words}", "WARNING")
        self._context.notify(NotifyEvent.STALL, f"{stall.kind}: {words}")

    def _answer_loop(self, stall: Stall) -> None:
        """Nudges once for a streak, and once more by interrupting it, if the settings go so far."""
        state, action = self._context.state, self._context.settings.stalls.loop_action
        level = stall.level.rank
        if state.phase.is_ending or action == "notice" or level <= state.stall_level_answered:
            return
        if level < StallLevel.NUDGE.rank:
            return
        stop = stall.level == StallLevel.STOP
        if stop and action != "interrupt":
            state.stall_level_answered = level
            self._context.save()
            self._context.notify(
                NotifyEvent.NEEDS_YOU, f"it loops: {'; '.join(stall.evidence[:1])}"
            )
            return
        state.stall_level_answered = level
        since = format_local(stall.since) if stall.since else "a while"
        text = prompts.step_back_prompt(self._context.settings, stall.evidence, since)
        self._messages.queue(text, hard=stop, inject=True, mode="step-back")
        self._context.log_line(f"Step-back sent: {'; '.join(stall.evidence[:1])}", "WARNING")


_ROOM = 0.1


class ContextHandoff:
    """Asks for a hand-over past the configured share of the context, and waits for it so long.

    A session that is past that share from its first answer on is asked only once it has used a
    tenth of the window more: else one fresh session would follow the other and none would work.
    """

    def __init__(
        self, context: RunContext, reader: RunReader, messages: MessageSender, machine: RunMachine
    ) -> None:
        self._context = context
        self._reader = reader
        self._messages = messages
        self._machine = machine

    def update(self, night: NightSnapshot) -> None:
        """Asks when it is time, and hands over without the note when that does not come."""
        state, settings = self._context.state, self._context.settings
        if state.phase == RunPhase.WAITING or state.phase.is_ending:
            return
        if state.handoff_message:
            waited = state.elapsed - state.handoff_since
            if waited > settings.session.handover_timeout_minutes * 60:
                self._machine.start_handoff(
                    "it wrote no hand-over in time", RunEvent.HANDOFF_OVERDUE
                )
            return
        share, least = night.context.percent / 100, settings.session.handover_share
        planning = state.step is not None and state.step.initializer
        turns = self._reader.turns
        if not turns.answers:
            # What is known of the context is still the last session's.
            return
        if least is None or planning or not turns.open:
            return
        first = turns.first_context / max(1, night.context.window)
        if share >= (least if first < least else first + _ROOM):
            self._ask(share, least)

    def _ask(self, share: float, least: float) -> None:
        context, state = self._context, self._context.state
        state.handoff_share, state.handoff_since = share, state.elapsed
        state.handoff_message = self._messages.queue(prompts.handoff_note_prompt(context.settings))
        context.save()
        facts = {"limit": LimitKind.CONTEXT, "value": f"{share:.0%}", "allowed": f"{least:.0%}"}
        context.journal_entry("limit_warning", {**facts, "share": round(share / least, 3)})
        context.log_line(f"Context at {share:.0%}: the session is asked to hand over", "WARNING")
