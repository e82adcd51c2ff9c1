"""The run state machine: RunPhase, transitions, actions."""

from __future__ import annotations

import errno
import os
import random
import uuid
from collections.abc import Callable

from tui.model.state import NotifyEvent, Outcome, OutcomeKind, RunEnd, RunPhase, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.launch import agent_arguments, agent_variables, shim_environment
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.outcomes import exit_outcome, turn_outcome
from tui.runner.artifacts import current_head
from tui.runner.decisions import (
    Circumstances,
    Continue,
    Decision,
    End,
    HandOff,
    Hold,
    TestBaseline,
    Wait,
    backoff_seconds,
    decide_after,
    decide_after_baseline,
    end_for_intent,
    first_attempt,
    resuming_attempt,
)
from tui.runner.policy import prompts
from tui.runner.policy.baseline_tests import BaselineTests
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import NextAttempt, ScheduledWait, StopIntent
from tui.runner.transitions import RunEvent, check_transition

_PASSING = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.ENOMEM, errno.EMFILE))


class RunMachine:
    """Starts segments, and carries out at each end what is decided. `segment` is the present one."""

    def __init__(
        self,
        context: RunContext,
        reader: RunReader,
        messages: MessageSender,
        segments: Callable[..., AttemptProcess] = AttemptProcess,
    ) -> None:
        self._context = context
        self._reader = reader
        self._messages = messages
        self._attempt_factory = segments
        self._random = random.random
        self._judged_turns = 0
        self.baseline = BaselineTests(context)
        self.attempt: AttemptProcess | None = None
        self.end: RunEnd | None = None

    # --- phases ---

    @property
    def phase(self) -> RunPhase:
        return self._context.state.phase

    def _enter(self, phase: RunPhase, event: RunEvent) -> None:
        """Changes the phase and keeps the state. Raises TransitionError outside the table."""
        check_transition(self.phase, event, phase)
        self._context.state.phase = phase
        self._context.save()

    # --- starting ---

    def launch(self, step: NextAttempt, event: RunEvent) -> None:
        """Starts the agent for this step; a failure to do so counts as a crash."""
        context, state = self._context, self._context.state
        check_transition(self.phase, event, RunPhase.LAUNCHING)
        self._close_line()
        self.baseline.stop()
        state.attempt_number += 1
        state.attempts_counted += 1
        # What is kept from here on must be whole: the supervisor may be killed at any moment.
        state.phase, state.wait, state.intent = RunPhase.LAUNCHING, None, None
        state.handoff_message = ""
        state.step = step
        fresh = not step.resume or step.fork
        state.session = str(uuid.uuid4()) if fresh else step.resume
        state.attempt_stream_offset = self._reader.end_of_stream()
        state.attempt_elapsed, state.attempt_head = state.elapsed, current_head(context.project)
        self._reader.turns.begin_attempt()
        self._judged_turns = 0
        segment = self.attempt = self._attempt_factory(context.folder, state.attempt_number)
        self._messages.queue(step.prompt, id=self._first_message_id())
        context.save()
        words = agent_arguments(context.facts, context.settings, step, state.session)
        try:
            env = agent_variables(context.facts, context.folder.path)
            segment.write_order(context.folder, words, context.project, env)
            segment.launch(shim_environment(os.environ, context.settings))
        except OSError as error:
            context.journal_entry("note", {"text": f"the agent could not be started: {error}"})
            context.log_line(f"The agent could not be started: {error}", "ERROR")
            if error.errno in _PASSING:
                self._retry_launch(step, f"the agent could not be started: {error.strerror}")

    def _retry_launch(self, step: NextAttempt, reason: str) -> None:
        """What the machine lacks at this moment is waited for; that is no crash of anybody's."""
        state, rules = self._context.state, self._context.settings.recovery
        self._messages.on_attempt_ended(resumes=True)
        state.attempts_counted -= 1
        pause = backoff_seconds(state.waits_in_a_row, rules, self._random)
        state.waits_in_a_row += 1
        due = self._context.elapsed() + pause
        pending = ScheduledWait(OutcomeKind.CRASH, state.waits_in_a_row, step, due, counts=False)
        self._schedule_wait(pending, pause, reason, RunEvent.START_FAILED)

    def _first_message_id(self) -> str:
        """The uuid of a segment's first message: the same however often it has to be written."""
        return str(
            uuid.uuid5(
                uuid.NAMESPACE_OID,
                str(self._context.folder.segment(self._context.state.attempt_number)),
            )
        )

    def requeue_goal(self) -> None:
        """The state was lost: an agent that was told nothing yet is told its goal."""
        if self._context.state.step is None and not self._reader.end_of_stream():
            first = first_attempt(self._context.facts.goal, self._context.settings)
            self._messages.queue(first.prompt, id=self._first_message_id())

    def _close_line(self) -> None:
        try:
            self._reader.terminate_line()
        except OSError as error:
            self._context.log_line(f"The stream cannot be written: {error}", "ERROR")

    def on_agent_running(self, status: AttemptStatus) -> None:
        """The agent of the present segment runs: says so, once."""
        context, state, step = self._context, self._context.state, self._context.state.step
        if status.agent is None:
            return
        if state.phase == RunPhase.LAUNCHING:
            self._enter(RunPhase.WORKING, RunEvent.AGENT_RUNS)
        if state.journalled_attempt >= state.attempt_number:
            return
        state.journalled_attempt = state.attempt_number
        why = step.why if step is not None else "start"
        resumed = step.resume if step is not None else ""
        facts = {
            "attempt": state.attempts_counted,
            "pid": status.agent.pid,
            "proc_start": status.agent.start,
            "session": state.session,
            "resume_of": resumed,
            "why": why,
            "stream": context.folder.stream.name,
        }
        context.journal_entry("segment_started", facts)
        context.save()
        what = "Session resumed" if resumed else "Claude Code started"
        context.log_line(
            f"{what} (PID: {status.agent.pid}), attempt {state.attempts_counted}, {why}"
        )
        if state.attempts_counted > 1 and why in ("crash", "continue"):
            context.notify(NotifyEvent.RESTART, f"the session was taken up again ({why})")

    # --- the end of a turn ---

    def on_message_queued(self) -> None:
        """A session that was held for words goes on once there are some."""
        if self.phase == RunPhase.HELD and self._messages.has_waiting:
            self._enter(RunPhase.WORKING, RunEvent.MESSAGE_QUEUED)

    def on_turn_ended(self) -> None:
        """Judges the last turn, once, when it is over and the agent has nothing more to do."""
        turns = self._reader.turns
        if self.phase not in (RunPhase.WORKING, RunPhase.BASELINE):
            return
        if turns.turns != self._judged_turns:
            self._judged_turns = turns.turns
            self.record_session()
            self._apply_outcome(turn_outcome(turns), RunEvent.TURN_ENDED)
        elif self.phase == RunPhase.BASELINE:
            self._poll_baseline(RunEvent.TESTS_ENDED)

    def record_session(self) -> None:
        """Remembers a session as soon as it is known to exist."""
        turns, state = self._reader.turns, self._context.state
        if turns.started and turns.session and state.resumable_session != turns.session:
            state.resumable_session = state.session = turns.session
            self._context.save()

    def _apply_outcome(self, outcome: Outcome, event: RunEvent) -> None:
        """Decides what is to follow this outcome, and does it."""
        context, state = self._context, self._context.state
        if outcome.kind in (OutcomeKind.COMPLETED, OutcomeKind.MAX_TURNS):
            state.waits_in_a_row, state.limited_since = 0, None
        progress, wall = self._reader.read_progress(), context.clock.wall()
        known = Circumstances(state, context.settings, progress, wall, self._random)
        self._apply_decision(decide_after(outcome, known), event)

    def _apply_decision(self, decision: Decision, event: RunEvent) -> None:
        match decision:
            case End():
                self._apply_end(decision, event)
            case HandOff(why):
                self.start_handoff(why, event)
            case TestBaseline():
                self._enter(RunPhase.BASELINE, event)
                self._poll_baseline(event)
            case Continue():
                self._apply_continue(decision, event)
            case Hold():
                self._enter(RunPhase.HELD, event)
                self._context.journal_entry(
                    "note", {"text": "the turn was interrupted; it waits for words"}
                )
            case Wait():
                self._apply_wait(decision, event)

    def _poll_baseline(self, event: RunEvent) -> None:
        """Starts the baseline tests, or hears how they ended; asked again until they have."""
        trouble = self.baseline.trouble()
        if trouble is None:
            return
        if not trouble:
            self._context.journal_entry("note", {"text": "the baseline tests pass"})
        self._apply_decision(decide_after_baseline(trouble), event)

    def _apply_continue(self, decision: Continue, event: RunEvent) -> None:
        context, state, progress = self._context, self._context.state, decision.progress
        state.best_done, state.continuations = decision.best_done, decision.number
        allowed = context.settings.session.max_continuation_attempts
        prompt = prompts.continue_prompt(progress, decision.number, allowed)
        titles = prompts.open_titles(progress)[:20]
        words = f"{progress.open} tasks open"
        context.journal_entry(
            "continuation", {"open": titles, "attempt": decision.number, "text": words}
        )
        context.log_line(f"Continuing: {words} (attempt {decision.number})")
        if event == RunEvent.PROCESS_ENDED:
            self.launch(NextAttempt("continue", prompt, resume=state.resumable_session), event)
        else:
            self._enter(RunPhase.WORKING, event)
            self._messages.queue(prompt)

    def start_handoff(self, why: str, event: RunEvent) -> None:
        """A fresh session takes over, with the progress file and the notes."""
        self._context.journal_entry("note", {"text": f"hand-over: {why}"})
        if event == RunEvent.PROCESS_ENDED:
            self._launch_handoff(why)
        else:
            self.stop_agent(StopIntent(StopKind.HANDOFF, why), event)

    def _launch_handoff(self, why: str) -> None:
        context, state = self._context, self._context.state
        before, share = state.session, state.handoff_share
        step = NextAttempt(
            "handover", prompts.fresh_session_prompt(context.facts.goal, context.settings, why)
        )
        self.launch(step, RunEvent.PROCESS_ENDED)
        facts = {"share": round(share, 3), "from_session": before, "to_session": state.session}
        context.journal_entry("handover", facts)
        context.notify(NotifyEvent.RESTART, f"a fresh session took over: {why}")

    def _apply_end(self, decision: End, event: RunEvent) -> None:
        if decision.log:
            self._context.log_line(decision.log, "ERROR")
        if event == RunEvent.PROCESS_ENDED:
            self.end_run(decision, 0, event)
            return
        kind, reason = decision.stop_kind, decision.reason
        intent = StopIntent(kind, reason, end=decision.kind, limit=decision.limit)
        self.stop_agent(intent, event)

    def stop_agent(self, intent: StopIntent, event: RunEvent, cancels: str = "") -> None:
        """Wants the agent ended; a stronger wish replaces a weaker one. The ladder follows.

        `cancels` says why a wait is dropped for it, where one was scheduled.
        """
        self._cancel_wait(cancels)
        self._context.state.intent = intent
        self._enter(RunPhase.STOPPING, event)

    # --- waits ---

    def _apply_wait(self, decision: Wait, event: RunEvent) -> None:
        """Schedules the wait; the step after it is known where no agent is left to be spoken to."""
        context, state = self._context, self._context.state
        if decision.forget_session:
            state.resumable_session = ""
        if decision.counts:
            state.restarts = list(decision.restarts)
            attempt, words = len(state.restarts) + 1, prompts.resume_prompt
        else:
            if state.limited_since is None:
                state.limited_since = state.elapsed
            state.waits_in_a_row += 1
            attempt, words = state.waits_in_a_row, prompts.after_wait_prompt
        step = None
        if event == RunEvent.PROCESS_ENDED:
            told = words(context.settings, decision.reason)
            step = resuming_attempt(state, context.facts.goal, context.settings, told)
        until = decision.until_wall
        due = context.elapsed() + decision.pause if until is None else None
        pending = ScheduledWait(decision.kind, attempt, step, due, until, decision.counts)
        self._schedule_wait(pending, decision.pause, decision.reason, event)

    def _schedule_wait(
        self, pending: ScheduledWait, pause: float, reason: str, event: RunEvent
    ) -> None:
        context = self._context
        context.state.wait = pending
        self._enter(RunPhase.WAITING, event)
        facts = {
            "attempt": pending.attempt,
            "delay_s": round(pause, 3),
            "due": context.clock.wall() + pause,
            "class": pending.kind,
            "reason": reason,
        }
        context.journal_entry("restart_scheduled", facts)
        context.log_line(
            f"{reason}. Waiting {pause:.0f}s before restart ({pending.kind})", "WARNING"
        )
        event_for_people = NotifyEvent.RESTART if pending.counts else NotifyEvent.STALL
        context.notify(event_for_people, reason, **facts)

    def on_wait_due(self) -> None:
        """Takes the run up again when a wait is over, if one was pending."""
        context, state, pending = self._context, self._context.state, self._context.state.wait
        if pending is None:
            return
        if pending.next is None and self._reader.turns.open and not self._messages.has_waiting:
            self._cancel_wait("the session goes on by itself")
            self._enter(RunPhase.WORKING, RunEvent.TURN_OPENED)
            return
        by_clock = pending.due_wall is not None and context.clock.wall() >= pending.due_wall
        by_run = pending.due_elapsed is not None and state.elapsed >= pending.due_elapsed
        if not by_clock and not by_run:
            return
        if pending.counts:
            state.restarts.append(state.elapsed)
        if pending.next is not None:
            self.launch(pending.next, RunEvent.WAIT_OVER)
            return
        self._cancel_wait("the wait is over")
        self._enter(RunPhase.WORKING, RunEvent.WAIT_OVER)
        self._messages.queue(prompts.after_wait_prompt(context.settings, pending.kind))

    def _cancel_wait(self, reason: str) -> None:
        """Drops a pending wait."""
        if self._context.state.wait is not None:
            self._context.state.wait = None
            self._context.journal_entry("restart_cancelled", {"reason": reason})

    def reset_restarts(self) -> None:
        """Forgets earlier restarts once a segment has worked long enough."""
        state, rules = self._context.state, self._context.settings.recovery
        if state.restarts and self._reader.turns.started:
            lasted = state.elapsed - state.attempt_elapsed
            if lasted >= rules.reset_after_minutes * 60:
                state.restarts = []
                self._context.save()

    # --- the end of a process ---

    def on_process_ended(self, status: AttemptStatus) -> None:
        """The agent's process ended, its tree is cleared: what follows."""
        state, intent = self._context.state, self._context.state.intent
        if intent is None:
            words = self._context.stderr_tail()
            resumed = state.step is not None and bool(state.step.resume)
            self._cancel_wait("the agent ended while it waited")
            outcome = exit_outcome(status, self._reader.turns, resumed, words)
            self._apply_outcome(outcome, RunEvent.PROCESS_ENDED)
        elif intent.kind == StopKind.HANDOFF:
            self._launch_handoff(intent.reason)
        else:
            self.end_run(end_for_intent(intent), status.code, RunEvent.PROCESS_ENDED)

    def begin_rewind(self) -> None:
        """The agent is gone, and files and conversation are to be brought back."""
        self._enter(RunPhase.REWINDING, RunEvent.PROCESS_ENDED)

    def end_run(self, end: End, code: int | None, event: RunEvent) -> None:
        """The run is over."""
        self._cancel_wait(end.reason)
        self._enter(RunPhase.ENDED, event)
        self.end = RunEnd(end.reason, code, self._context.clock.wall(), end.kind, end.limit)
