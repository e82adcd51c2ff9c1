"""Ends an agent in steps, from a request for a handoff note to the kill of its process tree."""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from tui.model.state import LimitKind, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.turns import TurnTracker
from tui.runner.policy import prompts
from tui.runner.run_context import RunContext
from tui.runner.run_state import StopIntent
from tui.system.children.control_group import remove_group
from tui.system.process_tree import find_members, kill_tree
from tui.system.processes import ProcessIdentity, send_signal

Step = Literal["note", "interrupt", "end", "term", "tree"]
_END: tuple[Step, ...] = ("end", "term", "tree")
# All others end it without a word.
_STEPS: dict[StopKind, tuple[Step, ...]] = {
    StopKind.LIMIT: ("note", "interrupt", *_END),
    StopKind.STOP: ("note", "interrupt", *_END),
    StopKind.NEEDS_PERSON: ("note", "interrupt", *_END),
    StopKind.REWIND: ("interrupt", *_END),
    StopKind.KILL: ("term", "tree"),
}
_INTERRUPT_SECONDS = 3.0
_REMEMBER_SECONDS = 5.0
_UNREAD_SECONDS = 0.3


@dataclass
class Escalation:
    """The escalation of one intent; `_silence` says for how many seconds nothing came of the agent.

    `advance` is called in every round and does not block, except for the last step, which takes up
    to five seconds. The caller stops calling it as soon as the process is gone.
    """

    _context: RunContext
    _turns: TurnTracker
    _messages: MessageSender
    _silence: Callable[[], float] = lambda: 0.0
    _steps: tuple[Step, ...] = ()
    _since: float | None = None
    _control: str = ""
    _answers: int = 0
    _turns_before: int = 0
    _known_members: frozenset[ProcessIdentity] = frozenset()
    _members_at: float = 0.0

    @property
    def takes_messages(self) -> bool:
        """Whether the agent may still be given messages: each opens a turn, or goes on with one."""
        return not self._steps or self._steps[0] == "note"

    def start(self, intent: StopIntent) -> None:
        """Begins with the first step of this intent."""
        steps = _STEPS.get(intent.kind, _END)
        self._steps = tuple(step for step in steps if step != "note" or intent.note)
        self._since = None

    def reset(self) -> None:
        """Forgets the agent that is gone."""
        self._steps, self._known_members = (), frozenset()
        self._context.state.note_message = ""

    def remember_members(self, attempt: AttemptProcess, status: AttemptStatus) -> None:
        """Remembers the members of the tree; a member whose parent ended is hard to find later."""
        now = time.monotonic()
        if status.state == "running" and now - self._members_at >= _REMEMBER_SECONDS:
            self._members_at = now
            self._known_members = frozenset(
                one.identity for one in find_members(attempt.process_tree(status))
            )

    def advance(self, intent: StopIntent, attempt: AttemptProcess, status: AttemptStatus) -> None:
        """Starts the next step when the current one has had its time."""
        if not self._steps or status.is_over:
            return
        now = time.monotonic()
        if self._since is None:
            self._since, self._answers = now, self._turns.begun
            self._turns_before = self._turns.turns
            self._start_step(self._steps[0], intent, attempt, status)
            return
        if now - self._since < _UNREAD_SECONDS:
            self._answers = self._turns.begun  # these were on their way already
        if self._is_step_over(self._steps[0], intent, now - self._since):
            self._steps, self._since = self._steps[1:] or ("tree",), None

    def _start_step(
        self, step: Step, intent: StopIntent, attempt: AttemptProcess, status: AttemptStatus
    ) -> None:
        if step == "note":
            self._ask_for_note(intent)
        elif step == "interrupt":
            # What waits in the agent's queue would open another turn.
            queued: dict[str, Any] = {"cancel_queued": True} if intent.is_for_money else {}
            is_open = self._turns.open
            self._control = self._messages.control("interrupt", **queued) if is_open else ""
        elif step == "end":
            self._control = self._messages.control("end_session", reason=intent.reason[:200])
        elif step == "term":
            if status.agent is not None:
                self._context.log_line(f"Sending SIGTERM to PID {status.agent.pid}", "WARNING")
                send_signal(status.agent, signal.SIGTERM)
        else:
            self._context.log_line("Graceful shutdown timeout, sending SIGKILL", "WARNING")
            self.kill_tree(attempt, status)

    def _ask_for_note(self, intent: StopIntent) -> None:
        """Asks once, and goes on to wait where a supervisor before this one has asked."""
        context, state = self._context, self._context.state
        if state.note_message:
            self._since = time.monotonic() - max(0.0, state.elapsed - state.note_since)
            return
        text = prompts.final_note_prompt(context.settings, intent.reason)
        state.note_message, state.note_since = str(uuid.uuid4()), state.elapsed
        self._messages.queue(text, hard=self._turns.open, id=state.note_message)

    def _is_step_over(self, step: Step, intent: StopIntent, seconds: float) -> bool:
        """Whether to go on to the next step."""
        if step != "note" and intent.is_for_money and self._spends_on:
            return True
        settings = self._context.settings
        grace = settings.session.stop_grace_seconds
        if step == "note":
            return self._is_note_over(intent, seconds)
        if step == "interrupt":
            return not self._control or not self._turns.open or seconds > _INTERRUPT_SECONDS
        if step == "end":
            return not self._control or seconds > grace
        return seconds > (grace if step == "term" else 1.0)

    @property
    def _spends_on(self) -> bool:
        """Whether it began more than the answer under way, which could not be helped, or another turn."""
        turns = self._turns
        has_new_turn = turns.turns > self._turns_before and turns.open and turns.replies > 0
        return has_new_turn or turns.begun > self._answers + 1

    def _is_note_over(self, intent: StopIntent, seconds: float) -> bool:
        settings, turns = self._context.settings, self._turns
        note = self._context.state.note_message
        is_taken = note in turns.taken
        if note in turns.over or (is_taken and turns.is_idle):
            return True
        patience = settings.stalls.answer_patience_seconds
        # A receipt is no sign of life of an agent that has said nothing for a whole limit.
        is_alive = is_taken
        if intent.limit == LimitKind.IDLE:
            is_alive = note in turns.replied and self._silence() <= patience
        most = settings.session.handover_timeout_minutes * 60
        return seconds > (most if is_alive else min(most, patience))

    def kill_tree(self, attempt: AttemptProcess, status: AttemptStatus) -> list[str] | None:
        """Kills what is left of the process tree, the agent included; names the survivors.

        None when none was found and others cannot be ruled out.
        """
        tree = attempt.process_tree(status, self._known_members)
        killed = kill_tree(tree, 0.0)
        if tree.group is not None:
            remove_group(tree.group)  # a shim that was killed could not
        if killed.survivors:
            names = ", ".join(killed.survivors[:10])
            self._context.log_line(f"Could not be ended: {names}", "ERROR")
        if not killed.is_whole and attempt.has_left_nothing(status):
            killed = replace(killed, is_whole=True)
        return killed.survivors_or_unknown
