"""The run state machine: RunPhase, transitions, actions."""

from __future__ import annotations

import errno
import os
import random
import uuid
from collections.abc import Callable

from tui.model.state import NotifyEvent, Outcome, OutcomeKind, RunEnd, RunPhase, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.launch import additions, arguments, environment
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
    after_baseline,
    backoff_seconds,
    decide,
    end_of_intent,
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
        desk: RunContext,
        eyes: RunReader,
        deliveries: MessageSender,
        segments: Callable[..., AttemptProcess] = AttemptProcess,
    ) -> None:
        self._desk = desk
        self._eyes = eyes
        self._deliveries = deliveries
        self._segments = segments
        self._draw = random.random
        self._judged = 0
        self.baseline = BaselineTests(desk)
        self.segment: AttemptProcess | None = None
        self.over: RunEnd | None = None

    # --- phases ---

    @property
    def phase(self) -> RunPhase:
        return self._desk.state.phase

    def _enter(self, phase: RunPhase, event: RunEvent) -> None:
        """Changes the phase and keeps the state. Raises TransitionError outside the table."""
        check_transition(self.phase, event, phase)
        self._desk.state.phase = phase
        self._desk.save()

    # --- starting ---

    def launch(self, step: NextAttempt, event: RunEvent) -> None:
        """Starts the agent for this step; a failure to do so counts as a crash."""
        desk, state = self._desk, self._desk.state
        check_transition(self.phase, event, RunPhase.LAUNCHING)
        self._close_line()
        self.baseline.stop()
        state.segment += 1
        state.attempt += 1
        # What is kept from here on must be whole: the supervisor may be killed at any moment.
        state.phase, state.pending, state.intent = RunPhase.LAUNCHING, None, None
        state.handover_asked = ""
        state.next = step
        fresh = not step.resume or step.fork
        state.session = str(uuid.uuid4()) if fresh else step.resume
        state.announced = self._eyes.end_of_stream()
        state.segment_elapsed, state.segment_head = state.elapsed, current_head(desk.project)
        self._eyes.turns.begin_segment()
        self._judged = 0
        segment = self.segment = self._segments(desk.folder, state.segment)
        self._deliveries.queue(step.prompt, id=self._first_words())
        desk.save()
        words = arguments(desk.facts, desk.settings, step, state.session)
        try:
            env = additions(desk.facts, desk.folder.path)
            segment.write_order(desk.folder, words, desk.project, env)
            segment.launch(environment(os.environ, desk.settings))
        except OSError as error:
            desk.journal_entry("note", {"text": f"the agent could not be started: {error}"})
            desk.log_line(f"The agent could not be started: {error}", "ERROR")
            if error.errno in _PASSING:
                self._try_later(step, f"the agent could not be started: {error.strerror}")

    def _try_later(self, step: NextAttempt, reason: str) -> None:
        """What the machine lacks at this moment is waited for; that is no crash of anybody's."""
        state, rules = self._desk.state, self._desk.settings.recovery
        self._deliveries.on_attempt_ended(resumes=True)
        state.attempt -= 1
        pause = backoff_seconds(state.overloads, rules, self._draw)
        state.overloads += 1
        due = self._desk.elapsed() + pause
        pending = ScheduledWait(OutcomeKind.CRASH, state.overloads, step, due, counts=False)
        self._schedule(pending, pause, reason, RunEvent.START_FAILED)

    def _first_words(self) -> str:
        """The uuid of a segment's first message: the same however often it has to be written."""
        return str(
            uuid.uuid5(
                uuid.NAMESPACE_OID, str(self._desk.folder.attempt_folder(self._desk.state.segment))
            )
        )

    def requeue_goal(self) -> None:
        """The state was lost: an agent that was told nothing yet is told its goal."""
        if self._desk.state.next is None and not self._eyes.end_of_stream():
            first = first_attempt(self._desk.facts.goal, self._desk.settings)
            self._deliveries.queue(first.prompt, id=self._first_words())

    def _close_line(self) -> None:
        try:
            self._eyes.terminate_line()
        except OSError as error:
            self._desk.log_line(f"The stream cannot be written: {error}", "ERROR")

    def on_agent_running(self, look: AttemptStatus) -> None:
        """The agent of the present segment runs: says so, once."""
        desk, state, step = self._desk, self._desk.state, self._desk.state.next
        if look.agent is None:
            return
        if state.phase == RunPhase.LAUNCHING:
            self._enter(RunPhase.WORKING, RunEvent.AGENT_RUNS)
        if state.begun >= state.segment:
            return
        state.begun = state.segment
        why = step.why if step is not None else "start"
        resumed = step.resume if step is not None else ""
        facts = {
            "attempt": state.attempt,
            "pid": look.agent.pid,
            "proc_start": look.agent.start,
            "session": state.session,
            "resume_of": resumed,
            "why": why,
            "stream": desk.folder.stream.name,
        }
        desk.journal_entry("segment_started", facts)
        desk.save()
        what = "Session resumed" if resumed else "Claude Code started"
        desk.log_line(f"{what} (PID: {look.agent.pid}), attempt {state.attempt}, {why}")
        if state.attempt > 1 and why in ("crash", "continue"):
            desk.notify(NotifyEvent.RESTART, f"the session was taken up again ({why})")

    # --- the end of a turn ---

    def message_queued(self) -> None:
        """A session that was held for words goes on once there are some."""
        if self.phase == RunPhase.HELD and self._deliveries.waiting:
            self._enter(RunPhase.WORKING, RunEvent.MESSAGE_QUEUED)

    def on_turn_ended(self) -> None:
        """Judges the last turn, once, when it is over and the agent has nothing more to do."""
        turns = self._eyes.turns
        if self.phase not in (RunPhase.WORKING, RunPhase.BASELINE):
            return
        if turns.turns != self._judged:
            self._judged = turns.turns
            self.note_session()
            self._follow(turn_outcome(turns), RunEvent.TURN_ENDED)
        elif self.phase == RunPhase.BASELINE:
            self._ask_baseline(RunEvent.TESTS_ENDED)

    def note_session(self) -> None:
        """Remembers a session as soon as it is known to exist."""
        turns, state = self._eyes.turns, self._desk.state
        if turns.started and turns.session and state.resumable != turns.session:
            state.resumable = state.session = turns.session
            self._desk.save()

    def _follow(self, outcome: Outcome, event: RunEvent) -> None:
        """Decides what is to follow this outcome, and does it."""
        desk, state = self._desk, self._desk.state
        if outcome.kind in (OutcomeKind.COMPLETED, OutcomeKind.MAX_TURNS):
            state.overloads, state.limited_since = 0, None
        progress, wall = self._eyes.read_progress(), desk.clock.wall()
        known = Circumstances(state, desk.settings, progress, wall, self._draw)
        self._carry_out(decide(outcome, known), event)

    def _carry_out(self, decision: Decision, event: RunEvent) -> None:
        match decision:
            case End():
                self._end(decision, event)
            case HandOff(why):
                self.start_handoff(why, event)
            case TestBaseline():
                self._enter(RunPhase.BASELINE, event)
                self._ask_baseline(event)
            case Continue():
                self._continue(decision, event)
            case Hold():
                self._enter(RunPhase.HELD, event)
                self._desk.journal_entry(
                    "note", {"text": "the turn was interrupted; it waits for words"}
                )
            case Wait():
                self._wait(decision, event)

    def _ask_baseline(self, event: RunEvent) -> None:
        """Starts the baseline tests, or hears how they ended; asked again until they have."""
        trouble = self.baseline.trouble()
        if trouble is None:
            return
        if not trouble:
            self._desk.journal_entry("note", {"text": "the baseline tests pass"})
        self._carry_out(after_baseline(trouble), event)

    def _continue(self, decision: Continue, event: RunEvent) -> None:
        desk, state, progress = self._desk, self._desk.state, decision.progress
        state.best_done, state.continuations = decision.best_done, decision.number
        allowed = desk.settings.session.max_continuation_attempts
        prompt = prompts.continue_prompt(progress, decision.number, allowed)
        titles = prompts.open_titles(progress)[:20]
        words = f"{progress.open} tasks open"
        desk.journal_entry(
            "continuation", {"open": titles, "attempt": decision.number, "text": words}
        )
        desk.log_line(f"Continuing: {words} (attempt {decision.number})")
        if event == RunEvent.PROCESS_ENDED:
            self.launch(NextAttempt("continue", prompt, resume=state.resumable), event)
        else:
            self._enter(RunPhase.WORKING, event)
            self._deliveries.queue(prompt)

    def start_handoff(self, why: str, event: RunEvent) -> None:
        """A fresh session takes over, with the progress file and the notes."""
        self._desk.journal_entry("note", {"text": f"hand-over: {why}"})
        if event == RunEvent.PROCESS_ENDED:
            self._relay(why)
        else:
            self.stop_agent(StopIntent(StopKind.HANDOFF, why), event)

    def _relay(self, why: str) -> None:
        desk, state = self._desk, self._desk.state
        before, share = state.session, state.handover_share
        step = NextAttempt(
            "handover", prompts.fresh_session_prompt(desk.facts.goal, desk.settings, why)
        )
        self.launch(step, RunEvent.PROCESS_ENDED)
        facts = {"share": round(share, 3), "from_session": before, "to_session": state.session}
        desk.journal_entry("handover", facts)
        desk.notify(NotifyEvent.RESTART, f"a fresh session took over: {why}")

    def _end(self, decision: End, event: RunEvent) -> None:
        if decision.log:
            self._desk.log_line(decision.log, "ERROR")
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
        self._cancel(cancels)
        self._desk.state.intent = intent
        self._enter(RunPhase.STOPPING, event)

    # --- waits ---

    def _wait(self, decision: Wait, event: RunEvent) -> None:
        """Schedules the wait; the step after it is known where no agent is left to be spoken to."""
        desk, state = self._desk, self._desk.state
        if decision.forget_session:
            state.resumable = ""
        if decision.counts:
            state.restarts = list(decision.restarts)
            attempt, words = len(state.restarts) + 1, prompts.resume
        else:
            if state.limited_since is None:
                state.limited_since = state.elapsed
            state.overloads += 1
            attempt, words = state.overloads, prompts.after_wait_prompt
        step = None
        if event == RunEvent.PROCESS_ENDED:
            told = words(desk.settings, decision.reason)
            step = resuming_attempt(state, desk.facts.goal, desk.settings, told)
        until = decision.until_wall
        due = desk.elapsed() + decision.pause if until is None else None
        pending = ScheduledWait(decision.kind, attempt, step, due, until, decision.counts)
        self._schedule(pending, decision.pause, decision.reason, event)

    def _schedule(self, pending: ScheduledWait, pause: float, reason: str, event: RunEvent) -> None:
        desk = self._desk
        desk.state.pending = pending
        self._enter(RunPhase.WAITING, event)
        facts = {
            "attempt": pending.attempt,
            "delay_s": round(pause, 3),
            "due": desk.clock.wall() + pause,
            "class": pending.kind,
            "reason": reason,
        }
        desk.journal_entry("restart_scheduled", facts)
        desk.log_line(f"{reason}. Waiting {pause:.0f}s before restart ({pending.kind})", "WARNING")
        event_for_people = NotifyEvent.RESTART if pending.counts else NotifyEvent.STALL
        desk.notify(event_for_people, reason, **facts)

    def on_wait_due(self) -> None:
        """Takes the run up again when a wait is over, if one was pending."""
        desk, state, pending = self._desk, self._desk.state, self._desk.state.pending
        if pending is None:
            return
        if pending.next is None and self._eyes.turns.open and not self._deliveries.waiting:
            self._cancel("the session goes on by itself")
            self._enter(RunPhase.WORKING, RunEvent.TURN_OPENED)
            return
        by_clock = pending.due_wall is not None and desk.clock.wall() >= pending.due_wall
        by_run = pending.due_elapsed is not None and state.elapsed >= pending.due_elapsed
        if not by_clock and not by_run:
            return
        if pending.counts:
            state.restarts.append(state.elapsed)
        if pending.next is not None:
            self.launch(pending.next, RunEvent.WAIT_OVER)
            return
        self._cancel("the wait is over")
        self._enter(RunPhase.WORKING, RunEvent.WAIT_OVER)
        self._deliveries.queue(prompts.after_wait_prompt(desk.settings, pending.kind))

    def _cancel(self, reason: str) -> None:
        """Drops a pending wait."""
        if self._desk.state.pending is not None:
            self._desk.state.pending = None
            self._desk.journal_entry("restart_cancelled", {"reason": reason})

    def reset_restarts(self) -> None:
        """Forgets earlier restarts once a segment has worked long enough."""
        state, rules = self._desk.state, self._desk.settings.recovery
        if state.restarts and self._eyes.turns.started:
            lasted = state.elapsed - state.segment_elapsed
            if lasted >= rules.reset_after_minutes * 60:
                state.restarts = []
                self._desk.save()

    # --- the end of a process ---

    def on_process_ended(self, look: AttemptStatus) -> None:
        """The agent's process ended, its tree is cleared: what follows."""
        state, intent = self._desk.state, self._desk.state.intent
        if intent is None:
            words = self._desk.stderr_tail()
            resumed = state.next is not None and bool(state.next.resume)
            self._cancel("the agent ended while it waited")
            outcome = exit_outcome(look, self._eyes.turns, resumed, words)
            self._follow(outcome, RunEvent.PROCESS_ENDED)
        elif intent.kind == StopKind.HANDOFF:
            self._relay(intent.reason)
        else:
            self.end_run(end_of_intent(intent), look.code, RunEvent.PROCESS_ENDED)

    def begin_rewind(self) -> None:
        """The agent is gone, and files and conversation are to be brought back."""
        self._enter(RunPhase.REWINDING, RunEvent.PROCESS_ENDED)

    def end_run(self, end: End, code: int | None, event: RunEvent) -> None:
        """The run is over."""
        self._cancel(end.reason)
        self._enter(RunPhase.ENDED, event)
        self.over = RunEnd(end.reason, code, self._desk.clock.wall(), end.kind, end.limit)
