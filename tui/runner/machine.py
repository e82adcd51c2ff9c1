"""The state machine of a run: what is done in each phase. Its table is `transitions`."""

from __future__ import annotations

import errno
import os
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tui.control.completion import open_titles
from tui.model.state import NotifyKind, Outcome, OutcomeKind, RunEnd, RunPhase, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus, attempt_environment
from tui.runner.agent.launch import BaselineTests, agent_arguments, agent_variables
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.run_guard import keep_rules
from tui.runner.agent.turns import exit_outcome, turn_outcome
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
from tui.runner.policy import iterations, prompts, test_floor
from tui.runner.policy.money import MoneyLimits, record_hit
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import NextAttempt, ScheduledWait, StopIntent
from tui.runner.transitions import RunEvent, check_transition

# What the machine is short of may be there again in a minute: no fault of agent or settings.
_SHORTAGES = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.ENOMEM, errno.EMFILE))


@dataclass
class RunMachine:
    """Starts attempts and applies what is decided at the end of each turn and process.

    `attempt` is the current attempt, None before the first. `end` is set once the run is over.
    """

    _context: RunContext
    _reader: RunReader
    _messages: MessageSender
    _attempt_factory: Callable[..., AttemptProcess] = AttemptProcess
    attempt: AttemptProcess | None = None
    end: RunEnd | None = None
    money: MoneyLimits | None = None
    _judged_turns: int = 0

    def __post_init__(self) -> None:
        self._state = self._context.state
        self.baseline = BaselineTests(self._context)

    # --- phases ---

    @property
    def phase(self) -> RunPhase:
        return self._state.phase

    def _enter(self, phase: RunPhase, event: RunEvent) -> None:
        """The only way to change the phase; saves the state. TransitionError outside the table."""
        check_transition(self.phase, event, phase)
        self._state.phase = phase
        self._context.save()

    # --- starting ---

    def launch(self, step: NextAttempt, event: RunEvent) -> None:
        """Starts an attempt. An agent that cannot be started is a crash of that attempt."""
        context, state = self._context, self._state
        try:
            self._reader.terminate_line()
        except OSError as error:
            context.log_line(f"The stream cannot be written: {error}", "ERROR")
        self.baseline.stop()
        self._judged_turns = 0
        state.attempt_number += 1
        state.attempts_counted += 1
        state.wait = state.intent = None
        state.handoff_message = ""
        state.step = step
        is_same = bool(step.resume) and not step.fork
        state.session = step.resume if is_same else step.session or str(uuid.uuid4())
        state.attempt_stream_offset = self._reader.end_of_stream()
        state.attempt_elapsed, state.attempt_head = state.elapsed, current_head(context.project)
        # Saves all of this at once: a supervisor that is killed from here on is adopted with it.
        self._enter(RunPhase.LAUNCHING, event)
        self._reader.turns.begin_attempt(step.resume, step.resume_at)
        attempt = self.attempt = self._attempt_factory(context.folder, state.attempt_number)
        self._queue_prompt(step)
        kept = self.money.settings_for_launch() if self.money else context.settings
        arguments = agent_arguments(context.facts, kept, step, state.session, context.permissions)
        try:
            keep_rules(context)
            variables = agent_variables(context.facts, context.folder.path)
            attempt.write_order(context.folder, arguments, context.project, variables)
            environ = attempt_environment(os.environ, context.settings)
            attempt.launch(environ, own_group=context.settings.agent.control_group == "auto")
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
            first = first_attempt(self._context.facts.goal, self._context.settings)
            self._messages.queue(first.prompt, id=self._first_message_id())

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

    # --- the end of a turn ---

    def on_message_queued(self) -> None:
        """Lets a held session go on once a message waits for it."""
        if self.phase == RunPhase.HELD and self._messages.has_waiting:
            self._enter(RunPhase.WORKING, RunEvent.MESSAGE_QUEUED)

    def on_turn_ended(self) -> None:
        """Decides what follows the last turn, once; asked again while the baseline tests run."""
        turns = self._reader.turns
        if self.phase not in (RunPhase.WORKING, RunPhase.BASELINE):
            return
        if turns.turns != self._judged_turns:
            self._judged_turns = turns.turns
            self.record_session()
            self._apply_outcome(turn_outcome(turns), RunEvent.TURN_ENDED)
        elif self.phase == RunPhase.BASELINE:
            self._poll_baseline(RunEvent.TESTS_ENDED)

    def _apply_outcome(self, outcome: Outcome, event: RunEvent) -> None:
        context, state = self._context, self._state
        if outcome.kind in (OutcomeKind.COMPLETED, OutcomeKind.MAX_TURNS):
            state.waits_in_a_row, state.limited_since = 0, None
        now, tests = context.clock.wall(), self._reader.snapshot().tests
        may_spend = self.money is not None and self.money.may_spend()
        progress, rules, dice = self._reader.read_progress(), context.settings, random.random
        seen = Circumstances(state, rules, progress, now, dice, tests, may_spend)
        self._apply_decision(decide_after(outcome, seen), event)

    def _apply_decision(self, decision: Decision, event: RunEvent) -> None:
        match decision:
            case End():
                self.end_by(decision, event)
            case HandOff(why):
                self.start_handoff(why, event)
            case TestBaseline():
                self._enter(RunPhase.BASELINE, event)
                self._poll_baseline(event)
            case Continue():
                self._apply_continue(decision, event)
            case Hold():
                self._enter(RunPhase.HELD, event)
                text = "the turn was interrupted; it waits for words"
                self._context.journal_entry("note", {"text": text})
            case Wait():
                self._apply_wait(decision, event)

    def _poll_baseline(self, event: RunEvent) -> None:
        trouble = self.baseline.trouble()
        if trouble is None:
            return
        if not trouble:
            self._context.journal_entry("note", {"text": "the baseline tests pass"})
        self._apply_decision(decide_after_baseline(trouble), event)

    def _apply_continue(self, decision: Continue, event: RunEvent) -> None:
        context, progress = self._context, decision.progress
        number = iterations.count(self._state, progress)
        allowed = context.settings.session.max_continuation_attempts
        prompt = prompts.continue_prompt(progress, number, allowed)
        if test_floor.asks_to_mend(self._state, decision.mends_tests, progress):
            prompt = test_floor.mend_prompt(self._reader.snapshot().tests, context.settings)
        titles, text = open_titles(progress)[:20], f"{progress.open} tasks open"
        data = {"open": titles, "attempt": number, "allowed": allowed, "text": text}
        context.journal_entry("continuation", data)
        context.log_line(f"Continuing: {text} (attempt {number})")
        if event == RunEvent.PROCESS_ENDED:
            resume = self._state.resumable_session
            self.launch(NextAttempt("continue", prompt, resume=resume), event)
        else:
            self._enter(RunPhase.WORKING, event)
            self._messages.queue(prompt)

    def start_handoff(self, why: str, event: RunEvent) -> None:
        """Has a fresh session take over, with the progress file and the session notes."""
        self._context.journal_entry("note", {"text": f"hand-over: {why}"})
        if event == RunEvent.PROCESS_ENDED:
            self._launch_handoff(why)
        else:
            self.stop_agent(StopIntent(StopKind.HANDOFF, why), event)

    def _launch_handoff(self, why: str) -> None:
        context, state = self._context, self._state
        before, share = state.session, state.handoff_share
        if not state.is_planning:
            iterations.count(state, self._reader.read_progress())
        prompt = prompts.fresh_session_prompt(context.facts.goal, context.settings, why)
        self.launch(NextAttempt("handover", prompt), RunEvent.PROCESS_ENDED)
        data = {"share": round(share, 3), "from_session": before, "to_session": state.session}
        context.journal_entry("handover", data)
        context.notify(NotifyKind.RESTART, f"a fresh session took over: {why}")

    def end_by(self, end: End, event: RunEvent) -> None:
        """Ends the run as was decided; a living agent is ended first."""
        if end.log:
            self._context.log_line(end.log, "ERROR")
        if end.limit is not None:
            record_hit(self._context, self._reader, self.money, end.limit)
        if event == RunEvent.PROCESS_ENDED:
            self.end_run(end, 0, event)
            return
        note = end.stop_kind == StopKind.LIMIT
        intent = StopIntent(end.stop_kind, end.reason, note=note, end=end.kind, limit=end.limit)
        self.stop_agent(intent, event)

    def stop_agent(self, intent: StopIntent, event: RunEvent, cancels: str = "") -> None:
        """Has the agent ended; the intent replaces an earlier one. The escalation follows it.

        `cancels` is the reason that the journal gives for a scheduled wait that is dropped.
        """
        self._cancel_wait(cancels)
        self._state.intent = intent
        self._enter(RunPhase.STOPPING, event)

    # --- waits ---

    def _apply_wait(self, decision: Wait, event: RunEvent) -> None:
        context, state = self._context, self._state
        if decision.forget_session:
            state.resumable_session = ""
        if decision.counts:
            state.restarts = list(decision.restarts)
            attempt, prompt_for = len(state.restarts) + 1, prompts.resume_prompt
        else:
            if state.limited_since is None:
                state.limited_since = state.elapsed
            state.waits_in_a_row += 1
            attempt, prompt_for = state.waits_in_a_row, prompts.after_wait_prompt
        step = None
        if event == RunEvent.PROCESS_ENDED:
            prompt = prompt_for(context.settings, decision.reason)
            step = resuming_attempt(state, context.facts.goal, context.settings, prompt)
        until = decision.until_wall
        due = context.elapsed() + decision.pause if until is None else None
        wait = ScheduledWait(decision.kind, attempt, step, due, until, decision.counts)
        self._schedule_wait(wait, decision.pause, decision.reason, event)

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

    def on_wait_due(self) -> None:
        """Goes on with the run when a scheduled wait is over."""
        context, state, wait = self._context, self._state, self._state.wait
        if wait is None:
            return
        if wait.next is None and self._reader.turns.open and not self._messages.has_waiting:
            self._cancel_wait("the session goes on by itself")
            self._enter(RunPhase.WORKING, RunEvent.TURN_OPENED)
            return
        if not wait.is_due(context.clock.wall(), state.elapsed):
            return
        if wait.counts:
            state.restarts.append(state.elapsed)
        if wait.next is not None:
            self.launch(wait.next, RunEvent.WAIT_OVER)
            return
        self._cancel_wait("the wait is over")
        self._enter(RunPhase.WORKING, RunEvent.WAIT_OVER)
        self._messages.queue(prompts.after_wait_prompt(context.settings, wait.kind))

    def _cancel_wait(self, reason: str) -> None:
        if self._state.wait is not None:
            self._state.wait = None
            self._context.journal_entry("restart_cancelled", {"reason": reason})

    def reset_restarts(self) -> None:
        """Forgets earlier restarts once an attempt has worked long enough."""
        state, rules = self._state, self._context.settings.recovery
        worked = state.elapsed - state.attempt_elapsed
        is_stable = worked >= rules.reset_after_minutes * 60 and self._reader.turns.started
        if state.restarts and is_stable:
            state.restarts = []
            self._context.save()

    # --- the end of a process ---

    def on_process_ended(self, status: AttemptStatus) -> None:
        """Decides what follows the end of an agent whose process tree is gone."""
        state, intent = self._state, self._state.intent
        if intent is None:
            resumed = state.step is not None and bool(state.step.resume)
            self._cancel_wait("the agent ended while it waited")
            stderr = self._context.stderr_tail()
            outcome = exit_outcome(status, self._reader.turns, resumed, stderr)
            self._apply_outcome(outcome, RunEvent.PROCESS_ENDED)
        elif intent.kind == StopKind.HANDOFF:
            self._launch_handoff(intent.reason)
        else:
            self.end_run(end_for_intent(intent), status.code, RunEvent.PROCESS_ENDED)

    def begin_rewind(self) -> None:
        """Files and conversation are to be rewound; the agent is gone."""
        self._enter(RunPhase.REWINDING, RunEvent.PROCESS_ENDED)

    def end_run(self, end: End, code: int | None, event: RunEvent) -> None:
        """Ends the run; no agent is left."""
        self._cancel_wait(end.reason)
        self._enter(RunPhase.ENDED, event)
        self.end = RunEnd(end.reason, code, self._context.clock.wall(), end.kind, end.limit)
