"""Ends an agent step by step."""

from __future__ import annotations

import signal
import time
import uuid
from typing import Literal

from tui.model.state import StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.turn_tracker import TurnTracker
from tui.runner.policy import prompts
from tui.runner.run_context import RunContext
from tui.runner.run_state import StopIntent
from tui.system.process_tree import KillResult, find_members, kill_tree
from tui.system.processes import ProcessIdentity, send_signal

Step = Literal["note", "interrupt", "end", "term", "tree", "gone"]
_LADDERS: dict[StopKind, tuple[Step, ...]] = {
    StopKind.FINISH: ("end", "term", "tree"),
    StopKind.NEEDS_PERSON: ("end", "term", "tree"),
    StopKind.HANDOFF: ("end", "term", "tree"),
    StopKind.LIMIT: ("note", "interrupt", "end", "term", "tree"),
    StopKind.STOP: ("note", "interrupt", "end", "term", "tree"),
    StopKind.REWIND: ("interrupt", "end", "term", "tree"),
    StopKind.KILL: ("term", "tree"),
}
_INTERRUPTED_WITHIN = 3.0
_REMEMBERED_EVERY = 5.0


class Escalation:
    """Climbs the ladder of one intent; `step` is called round after round and never waits long,
    except for the last rung, which takes up to five seconds."""

    def __init__(self, context: RunContext, turns: TurnTracker, messages: MessageSender) -> None:
        self._context = context
        self._turns = turns
        self._messages = messages
        self._steps: list[Step] = []
        self._since = 0.0
        self._entered = False
        self._note = ""
        self._control = ""
        self._known_members: frozenset[ProcessIdentity] = frozenset()
        self._members_at = 0.0
        self.survivors: tuple[str, ...] = ()

    def start(self, intent: StopIntent) -> None:
        """Starts at the foot of the ladder for this intent."""
        rungs = [rung for rung in _LADDERS[intent.kind] if rung != "note" or intent.note]
        self._steps = rungs
        self._entered = False
        self.survivors = ()

    def reset(self) -> None:
        """Another agent: nobody is known of its tree, and nobody wants its end."""
        self._steps = []
        self._known_members = frozenset()

    def remember_members(self, segment: AttemptProcess, status: AttemptStatus) -> None:
        """Notes now and then who belongs to the tree, for the time when ties are cut."""
        now = time.monotonic()
        if status.state == "running" and now - self._members_at >= _REMEMBERED_EVERY:
            self._members_at = now
            self._known_members = frozenset(
                one.identity for one in find_members(segment.process_tree(status))
            )

    @property
    def known(self) -> frozenset[ProcessIdentity]:
        return self._known_members

    def advance(self, intent: StopIntent, segment: AttemptProcess, status: AttemptStatus) -> None:
        """Does what is due now."""
        if not self._steps or status.is_over:
            return
        if not self._entered:
            self._entered, self._since = True, time.monotonic()
            self._start_step(self._steps[0], intent, segment, status)
        elif self._is_step_over(self._steps[0], time.monotonic() - self._since):
            self._steps.pop(0)
            self._entered = False
            if not self._steps:
                self._steps = ["tree"]

    def _start_step(
        self, rung: Step, intent: StopIntent, segment: AttemptProcess, status: AttemptStatus
    ) -> None:
        if rung == "note":
            text = prompts.final_note_prompt(self._context.settings, intent.reason)
            self._note = self._messages.queue(text, hard=self._turns.open, id=str(uuid.uuid4()))
        elif rung == "interrupt":
            self._control = self._messages.control("interrupt") if self._turns.open else ""
        elif rung == "end":
            self._control = self._messages.control("end_session", reason=intent.reason[:200])
        elif rung == "term":
            if status.agent is not None:
                self._context.log_line(f"Sending SIGTERM to PID {status.agent.pid}", "WARNING")
                send_signal(status.agent, signal.SIGTERM)
        else:
            self._context.log_line("Graceful shutdown timeout, sending SIGKILL", "WARNING")
            self.kill_tree(segment, status)

    def _is_step_over(self, rung: Step, passed: float) -> bool:
        """Whether this rung has had its time; an agent that leaves ends the climb before."""
        settings = self._context.settings
        grace = settings.session.stop_grace_seconds
        if rung == "note":
            return self._is_note_over(passed)
        if rung == "interrupt":
            return not self._control or not self._turns.open or passed > _INTERRUPTED_WITHIN
        if rung == "end":
            return not self._control or passed > grace
        return passed > (grace if rung == "term" else 1.0)

    def _is_note_over(self, passed: float) -> bool:
        settings, turns = self._context.settings, self._turns
        if self._note in turns.over or (self._note in turns.taken and turns.is_settled):
            return True
        heard = self._note in turns.queued or self._note in turns.taken
        if not heard and passed > settings.stalls.answer_patience_seconds:
            return True
        return passed > settings.session.handover_timeout_minutes * 60

    def kill_tree(self, segment: AttemptProcess, status: AttemptStatus) -> KillResult:
        """Kills what is left of the segment's tree, the agent included; survivors are named."""
        tree = segment.process_tree(status, self._known_members)
        killed = kill_tree(tree, 0.0)
        self.survivors = killed.survivors
        if killed.survivors:
            names = ", ".join(killed.survivors[:10])
            self._context.log_line(f"Could not be ended: {names}", "ERROR")
        return killed
