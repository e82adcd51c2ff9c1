"""What the supervisor does at a stall, and when the context of a session fills up."""

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

_MIN_USED_SHARE = 0.1


class StallResponse:
    """Journals when a stall begins and ends, notifies, and answers a loop as the settings say."""

    def __init__(self, context: RunContext, messages: MessageSender) -> None:
        self._context = context
        self._messages = messages

    def update(self, snapshot: NightSnapshot) -> None:
        """Compares the stall of this snapshot with that of the last one."""
        stall = None if snapshot.is_over else snapshot.stall
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
        """Journals the end of the current stall, if there is one."""
        state = self._context.state
        if state.stall:
            self._context.journal_entry("stall_over", {"stall": state.stall_kind or state.stall})
            state.stall, state.stall_kind, state.stall_level_answered = "", None, 0

    def _on_stall_began(self, stall: Stall) -> None:
        evidence = list(stall.evidence)
        data = {"stall": stall.kind, "since": stall.since, "evidence": evidence}
        self._context.journal_entry("stall", data)
        text = "; ".join(evidence[:2])
        if stall.waiting:
            self._context.log_line(f"Waiting: {text}")
            return
        self._context.log_line(f"Process Health check failed: {stall.kind}: {text}", "WARNING")
        self._context.notify(NotifyEvent.STALL, f"{stall.kind}: {text}")

    def _answer_loop(self, stall: Stall) -> None:
        """Sends one step-back for each level of a loop, an interrupting one if the settings allow it."""
        state, action = self._context.state, self._context.settings.stalls.loop_action
        level = stall.level.rank
        if state.phase.is_ending or action == "notice":
            return
        if level <= state.stall_level_answered or level < StallLevel.NUDGE.rank:
            return
        state.stall_level_answered = level
        evidence = "; ".join(stall.evidence[:1])
        stop = stall.level == StallLevel.STOP
        if stop and action != "interrupt":
            self._context.save()
            self._context.notify(NotifyEvent.NEEDS_YOU, f"it loops: {evidence}")
            return
        since = format_local(stall.since) if stall.since else "a while"
        text = prompts.step_back_prompt(self._context.settings, stall.evidence, since)
        self._messages.queue(text, hard=stop, inject=True, mode="step-back")
        self._context.log_line(f"Step-back sent: {evidence}", "WARNING")


class ContextHandoff:
    """Asks for a handoff note when the context is fuller than the configured share."""

    def __init__(
        self, context: RunContext, reader: RunReader, messages: MessageSender, machine: RunMachine
    ) -> None:
        self._context = context
        self._reader = reader
        self._messages = messages
        self._machine = machine

    def update(self, snapshot: NightSnapshot) -> None:
        """Asks when it is time, and starts the handoff without the note when that does not come."""
        state, settings = self._context.state, self._context.settings
        if state.phase == RunPhase.WAITING or state.phase.is_ending:
            return
        if state.handoff_message:
            waited = state.elapsed - state.handoff_since
            if waited > settings.session.handover_timeout_minutes * 60:
                why = "it wrote no hand-over in time"
                self._machine.start_handoff(why, RunEvent.HANDOFF_OVERDUE)
            return
        limit, turns = settings.session.handover_share, self._reader.turns
        # Before the first answer, the snapshot still has the context of the session before.
        if limit is None or state.is_planning or not turns.open or not turns.answers:
            return
        share = snapshot.context.percent / 100
        first_share = turns.first_context / max(1, snapshot.context.window)
        # A session that begins above the limit may use a tenth of the window first. Otherwise one
        # fresh session would follow the other, and none would do any work.
        if share >= (limit if first_share < limit else first_share + _MIN_USED_SHARE):
            self._ask(share, limit)

    def _ask(self, share: float, limit: float) -> None:
        context, state = self._context, self._context.state
        state.handoff_share, state.handoff_since = share, state.elapsed
        state.handoff_message = self._messages.queue(prompts.handoff_note_prompt(context.settings))
        context.save()
        data = {"limit": LimitKind.CONTEXT, "value": f"{share:.0%}", "allowed": f"{limit:.0%}"}
        context.journal_entry("limit_warning", {**data, "share": round(share / limit, 3)})
        context.log_line(f"Context at {share:.0%}: the session is asked to hand over", "WARNING")
