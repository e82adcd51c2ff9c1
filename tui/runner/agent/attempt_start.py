"""Starts attempts: what the state says of one from then on, its process, and the waits before it.

All of the run machine that needs no decision; `machine` adds what follows the end of a turn or of a process.
"""

from __future__ import annotations

import errno
import os
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from tui.model.state import NotifyKind, OutcomeKind, RunPhase
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus, attempt_environment
from tui.runner.agent.baseline import BaselineTests
from tui.runner.agent.launch import agent_arguments, agent_variables
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.run_guard import keep_rules
from tui.runner.agent.unattended import fallback_model, journal_text, unattended_variables
from tui.runner.artifacts import current_head
from tui.runner.decisions import backoff_seconds, first_attempt
from tui.runner.policy.money import MoneyLimits
from tui.runner.preflight import is_claude
from tui.runner.run_context import RunContext, file_size
from tui.runner.run_reader import RunReader
from tui.runner.run_state import ConversationTries, NextAttempt, RunState, ScheduledWait
from tui.runner.transitions import RunEvent, check_transition
from tui.settings.settings import Settings


def begin_attempt(context: RunContext, step: NextAttempt, stream_end: int) -> None:
    """Has the state say that the next attempt is this step; the caller saves it."""
    state = context.state
    state.attempt_number += 1
    state.attempts_counted += 1
    state.wait = state.intent = None
    state.handoff_message = ""
    state.step = step
    is_same = bool(step.resume) and not step.fork
    state.session = step.resume if is_same else step.session or str(uuid.uuid4())
    state.attempt_stream_offset = stream_end
    state.attempt_stderr_offset = file_size(context.folder.stderr)
    state.attempt_elapsed = state.healthy_since = state.elapsed
    state.attempt_head = current_head(context.project)
    state.interrupted_turn = 0
    tries = state.conversation
    tries.why = ""
    if step.why == "rewind":
        state.conversation = ConversationTries()
    elif not step.resume:
        tries.failed = 0


def start_process(
    context: RunContext, attempt: AttemptProcess, step: NextAttempt, settings: Settings
) -> None:
    """Writes the order and starts the agent under its shim. Raises OSError."""
    state = context.state
    settings = settings_in_force(settings, state)
    permissions = context.permissions
    arguments = agent_arguments(context.facts, settings, step, state.session, permissions)
    keep_rules(context)
    unattended = unattended_variables(os.environ, settings)
    variables = {**unattended, **agent_variables(context.facts, context.folder.path)}
    attempt.write_order(context.folder, arguments, context.project, variables)
    environ = attempt_environment(os.environ, settings)
    attempt.launch(environ, own_group=settings.agent.control_group == "auto")


def settings_in_force(settings: Settings, state: RunState) -> Settings:
    """The settings, with the fallback model as the first while a usage limit holds that one up."""
    if state.fallback_until is None or not fallback_model(settings):
        return settings
    # The CLI refuses a fallback that is the model itself.
    agent = replace(settings.agent, model=fallback_model(settings), fallback_model=None)
    return replace(settings, agent=agent)


# What the machine is short of may be there again in a minute: no fault of agent or settings.
_SHORTAGES = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.ENOMEM, errno.EMFILE))


@dataclass
class AttemptStarter:
    """The phase of a run and its attempts; `attempt` is the current one, None before the first."""

    _context: RunContext
    _reader: RunReader
    _messages: MessageSender
    _attempt_factory: Callable[..., AttemptProcess] = AttemptProcess
    attempt: AttemptProcess | None = None
    money: MoneyLimits | None = None
    baseline: BaselineTests = field(init=False)
    _judged_turns: int = 0

    def __post_init__(self) -> None:
        self._state = self._context.state

    @property
    def phase(self) -> RunPhase:
        return self._state.phase

    def _enter(self, phase: RunPhase, event: RunEvent) -> None:
        """The only way to change the phase; saves the state. TransitionError outside the table."""
        check_transition(self.phase, event, phase)
        self._state.phase = phase
        self._context.save()

    def _first_attempt(self) -> NextAttempt:
        return first_attempt(self._context.facts.goal, self._context.settings)

    def launch(self, step: NextAttempt, event: RunEvent) -> None:
        """Starts an attempt. An agent that cannot be started is a crash of that attempt."""
        context, state = self._context, self._state
        try:
            self._reader.terminate_line()
        except OSError as error:
            context.log_line(f"The stream cannot be written: {error}", "ERROR")
        self.baseline.stop()
        self._judged_turns = 0
        begin_attempt(context, step, self._reader.end_of_stream())
        # Saves all of this at once: a supervisor that is killed from here on is adopted with it.
        self._enter(RunPhase.LAUNCHING, event)
        self._reader.turns.begin_attempt(step.resume, step.resume_at)
        if state.attempts_counted == 1 and is_claude(context.facts.agent):
            text = journal_text(os.environ, context.settings)
            context.journal_entry("note", {"text": text})
        attempt = self.attempt = self._attempt_factory(context.folder, state.attempt_number)
        self._queue_prompt(step)
        try:
            settings = self.money.settings_for_launch() if self.money else context.settings
            start_process(context, attempt, step, settings)
        except OSError as error:
            context.journal_entry("note", {"text": f"the agent could not be started: {error}"})
            context.log_line(f"The agent could not be started: {error}", "ERROR")
            if error.errno in _SHORTAGES:
                self._retry_launch(step, f"the agent could not be started: {error.strerror}")

    def _queue_prompt(self, step: NextAttempt) -> None:
        name = self._first_message_id()
        if step.asked_by is None:
            self._messages.queue(step.prompt, id=name)
        else:
            self._messages.queue(
                step.prompt, inject=True, id=name, mode="step-back", by=step.asked_by
            )

    def _retry_launch(self, step: NextAttempt, reason: str) -> None:
        context, state = self._context, self._state
        self._messages.on_attempt_ended(resumes=True)
        state.attempts_counted -= 1
        pause = backoff_seconds(state.waits_in_a_row, context.settings.recovery, random.random)
        state.waits_in_a_row += 1
        due = context.elapsed() + pause
        wait = ScheduledWait(OutcomeKind.CRASH, state.waits_in_a_row, step, due, counts=False)
        self._schedule_wait(wait, pause, reason, RunEvent.START_FAILED)

    def _first_message_id(self) -> str:
        # The same however often an attempt is launched, so that the agent reads its prompt once.
        folder = self._context.folder.attempt_folder(self._state.attempt_number)
        return str(uuid.uuid5(uuid.NAMESPACE_OID, str(folder)))

    def requeue_goal(self) -> None:
        """Queues the goal again where the state was lost and the agent has written nothing yet."""
        if self._state.step is None and not self._reader.end_of_stream():
            self._messages.queue(self._first_attempt().prompt, id=self._first_message_id())

    def on_agent_running(self, status: AttemptStatus) -> None:
        """Journals the start of the agent, once for each attempt."""
        context, state, step = self._context, self._state, self._state.step
        if status.agent is None:
            return
        if state.phase == RunPhase.LAUNCHING:
            self._enter(RunPhase.WORKING, RunEvent.AGENT_RUNS)
        if state.journalled_attempt >= state.attempt_number:
            return
        state.journalled_attempt = state.attempt_number
        step = step or NextAttempt("start", "")
        why, resumed = step.why, step.resume
        data = {
            "attempt": state.attempts_counted,
            "pid": status.agent.pid,
            "proc_start": status.agent.start,
            "session": state.session,
            "resume_of": resumed,
            **({"resume_at": step.resume_at} if step.resume_at else {}),
            "why": why,
            "stream": context.folder.stream.name,
        }
        context.journal_entry("segment_started", data)
        context.save()
        text = "Session resumed" if resumed else "Claude Code started"
        context.log_line(
            f"{text} (PID: {status.agent.pid}), attempt {state.attempts_counted}, {why}"
        )
        if state.attempts_counted > 1 and why in ("crash", "continue"):
            context.notify(NotifyKind.RESTART, f"the session was taken up again ({why})")

    def record_session(self) -> None:
        """Remembers a session that can be resumed as soon as it is known to exist."""
        turns, state = self._reader.turns, self._state
        if turns.started and turns.session and state.resumable_session != turns.session:
            state.resumable_session = state.session = turns.session
            self._context.save()

    # --- waits ---

    def _schedule_wait(
        self, wait: ScheduledWait, pause: float, reason: str, event: RunEvent
    ) -> None:
        context = self._context
        self._state.wait = wait
        self._enter(RunPhase.WAITING, event)
        data = {
            "attempt": wait.attempt,
            "delay_s": round(pause, 3),
            "due": context.clock.wall() + pause,
            "class": wait.kind,
            "reason": reason,
        }
        context.journal_entry("restart_scheduled", data)
        context.log_line(f"{reason}. Waiting {pause:.0f}s before restart ({wait.kind})", "WARNING")
        context.notify(NotifyKind.RESTART if wait.counts else NotifyKind.STALL, reason)

    def _cancel_wait(self, reason: str) -> None:
        if self._state.wait is not None:
            self._state.wait = None
            self._context.journal_entry("restart_cancelled", {"reason": reason})
