"""Stalls and loops: told once each, and answered as far as the settings say."""

from __future__ import annotations

from tui.model.state import NotifyEvent, StallKind, StallLevel
from tui.night.model import NightSnapshot, Stall
from tui.runner import prompts
from tui.runner.deliveries import MessageSender
from tui.runner.desk import RunContext
from tui.system.format import format_local


class StallResponse:
    """Compares each night with the last one and journals what began and what is over."""

    def __init__(self, desk: RunContext, deliveries: MessageSender) -> None:
        self._desk = desk
        self._deliveries = deliveries

    def update(self, night: NightSnapshot) -> None:
        """Takes note of the stall of this moment, if any."""
        stall = None if night.over else night.stall
        state = self._desk.state
        name = "" if stall is None else f"{stall.kind} {stall.since:.0f}"
        if name != state.stall:
            self.end_stall()
            state.stall, state.stall_kind = name, None if stall is None else stall.kind
            self._desk.save()
            if stall is not None:
                self._began(stall)
        if stall is not None and stall.kind == StallKind.LOOP:
            self._answer_loop(stall)

    def end_stall(self) -> None:
        """The stall that was told last, if any, is over."""
        state = self._desk.state
        if state.stall:
            self._desk.journal_entry("stall_over", {"stall": state.stall_kind or state.stall})
            state.stall, state.stall_kind, state.nudged = "", None, 0

    def _began(self, stall: Stall) -> None:
        evidence = list(stall.evidence)
        facts = {"stall": stall.kind, "since": stall.since, "evidence": evidence}
        self._desk.journal_entry("stall", facts)
        words = "; ".join(evidence[:2])
        if stall.waiting:
            self._desk.log_line(f"Waiting: {words}")
            return
        self._desk.log_line(f"Process Health check failed: {stall.kind}: {words}", "WARNING")
        self._desk.notify(NotifyEvent.STALL, f"{stall.kind}: {words}")

    def _answer_loop(self, stall: Stall) -> None:
        """Nudges once for a streak, and once more by interrupting it, if the settings go so far."""
        state, action = self._desk.state, self._desk.settings.stalls.loop_action
        level = stall.level.rank
        if state.phase.is_ending or action == "notice" or level <= state.nudged:
            return
        if level < StallLevel.NUDGE.rank:
            return
        stop = stall.level == StallLevel.STOP
        if stop and action != "interrupt":
            state.nudged = level
            self._desk.save()
            self._desk.notify(NotifyEvent.NEEDS_YOU, f"it loops: {'; '.join(stall.evidence[:1])}")
            return
        state.nudged = level
        since = format_local(stall.since) if stall.since else "a while"
        text = prompts.step_back(self._desk.settings, stall.evidence, since)
        self._deliveries.queue(text, hard=stop, inject=True, mode="step-back")
        self._desk.log_line(f"Step-back sent: {'; '.join(stall.evidence[:1])}", "WARNING")
