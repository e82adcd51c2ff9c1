"""The state machine of a run: what is done in each phase. Its table is `transitions`."""

from __future__ import annotations

import random
from dataclasses import dataclass

from msgspec.structs import replace

from tui.control.completion import open_titles
from tui.model.snapshot import Activity
from tui.model.state import (
    NotifyKind,
    Outcome,
    OutcomeKind,
    RunEnd,
    RunPhase,
    SessionState,
    StopKind,
)
from tui.runner.agent.attempt import AttemptStatus
from tui.runner.agent.attempt_start import AttemptStarter
from tui.runner.agent.baseline import BaselineTests
from tui.runner.agent.outcomes import exit_outcome, turn_outcome
from tui.runner.decisions import (
    Circumstances,
    Continue,
    Decision,
    End,
    HandOff,
    Hold,
    StartAfresh,
    SwitchModel,
    TestBaseline,
    Wait,
    decide_after,
    decide_after_baseline,
    end_for_intent,
    end_of_wait,
    fresh_attempt,
    resuming_attempt,
)
from tui.runner.policy import iterations, prompts, test_floor
from tui.runner.policy.money import record_hit
from tui.runner.run_state import NextAttempt, ScheduledWait, StopIntent, Why
from tui.runner.transitions import RunEvent
from tui.system.format import format_weekday_clock

_LIMITS = (OutcomeKind.USAGE_LIMIT, OutcomeKind.OVERLOADED)
"""What is waited for without anything having gone wrong here."""


@dataclass
class RunMachine(AttemptStarter):
    """Starts attempts and applies what is decided at the end of each turn and process.

    `end` is set once the run is over.
    """

    end: RunEnd | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.baseline = BaselineTests(self._context)

    # --- starting ---

    def begin(self) -> None:
        """Starts the run: its baseline tests where it has any, else the first attempt."""
        if self._context.settings.session.baseline_tests:
            self._enter(RunPhase.BASELINE, RunEvent.STARTED)
            self.on_baseline()
        else:
            self.launch(self._first_attempt(), RunEvent.STARTED)

    def on_baseline(self) -> None:
        """Asks for the result of the baseline tests that come before the first attempt."""
        if self.phase == RunPhase.BASELINE and self.attempt is None:
            self._poll_baseline(RunEvent.TESTS_ENDED)

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
            self._apply_outcome(turn_outcome(turns, self._was_asked_to_stop), RunEvent.TURN_ENDED)
        elif self.phase == RunPhase.BASELINE:
            self._poll_baseline(RunEvent.TESTS_ENDED)

    @property
    def _was_asked_to_stop(self) -> bool:
        """Whether an interrupt through us was meant for the turn that ended last."""
        return self._state.interrupted_turn == self._reader.turns.turns > 0

    def _apply_outcome(self, outcome: Outcome, event: RunEvent) -> None:
        state = self._state
        if outcome.kind in (OutcomeKind.COMPLETED, OutcomeKind.MAX_TURNS):
            state.waits_in_a_row, state.limited_since = 0, None
            state.conversation.failed = 0
        self._apply_decision(decide_after(outcome, self._circumstances()), event)

    def _circumstances(self) -> Circumstances:
        context = self._context
        return Circumstances(
            self._state,
            context.settings,
            self._reader.read_progress(),
            context.clock.wall(),
            random.random,
            self._reader.snapshot().tests,
            self.money is not None and self.money.may_spend(),
        )

    def _apply_decision(self, decision: Decision, event: RunEvent) -> None:
        match decision:
            case End():
                self.end_by(decision, event)
            case HandOff(why):
                self.start_handoff(why, event)
            case StartAfresh():
                self._apply_fresh_start(decision, event)
            case SwitchModel():
                self._apply_switch(decision, event)
            case TestBaseline():
                self._enter(RunPhase.BASELINE, event)
                self._poll_baseline(event)
            case Continue():
                self._apply_continue(decision, event)
            case Hold():
                self._state.handoff_message = ""  # what was asked for it is over as well
                self._enter(RunPhase.HELD, event)
                text = "the turn was interrupted; it waits for words"
                self._context.journal_entry("note", {"text": text})
            case Wait():
                self._apply_wait(decision, event)

    def _poll_baseline(self, event: RunEvent) -> None:
        trouble = self.baseline.trouble()
        if trouble is None:
            return
        decision = decide_after_baseline(trouble)
        if self.attempt is not None:
            self._apply_decision(decision, event)
        elif isinstance(decision, End):
            self.end_run(decision, None, event)
        else:
            self.launch(self._first_attempt(), event)

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

    def _apply_fresh_start(self, decision: StartAfresh, event: RunEvent) -> None:
        """Gives the conversation up; the count is kept before anything else is done about it."""
        tries, why = self._state.conversation, decision.why
        tries.given_up, tries.done, tries.why = decision.number, decision.done, why
        most = self._context.settings.recovery.max_fresh_conversations
        text = f"the conversation cannot go on: {why}; a fresh one begins ({decision.number} of {most})"
        data = {"text": text, "reason": why, "number": decision.number, "allowed": most}
        self._context.journal_entry("fresh_conversation", data)
        self._context.log_line(text, "WARNING")
        if event == RunEvent.PROCESS_ENDED:
            self._launch_afresh(why)
        else:
            self.stop_agent(StopIntent(StopKind.HANDOFF, why), event)

    def _launch_afresh(self, why: str) -> None:
        context, state = self._context, self._state
        step = fresh_attempt(state, context.facts.goal, context.settings, why)
        state.resumable_session = ""
        self.launch(step, RunEvent.PROCESS_ENDED)
        context.notify(NotifyKind.RESTART, f"a fresh conversation took over: {why}")

    def _apply_switch(self, decision: SwitchModel, event: RunEvent) -> None:
        """Has the fallback model go on at once; where the agent does not listen, it is tried again."""
        context, state = self._context, self._state
        prompt = prompts.after_wait_prompt(context.settings, decision.reason)
        gone = event == RunEvent.PROCESS_ENDED
        if not gone and not self._messages.control("set_model", model=decision.model):
            pause = context.settings.recovery.backoff_min_seconds
            self._apply_wait(Wait(OutcomeKind.USAGE_LIMIT, decision.reason, pause), event)
            return
        state.fallback_until = decision.until_wall
        until = format_weekday_clock(decision.until_wall)
        text = f"{decision.reason}; {decision.model} goes on until {until}"
        data = {"text": text, "model": decision.model, "until": decision.until_wall}
        context.journal_entry("model", data)
        context.notify(NotifyKind.STALL, text)
        if gone:
            goal, settings = context.facts.goal, context.settings
            self.launch(resuming_attempt(state, goal, settings, prompt, "continue"), event)
        else:
            self._enter(RunPhase.WORKING, event)
            self._messages.queue(prompt)

    def return_to_first_model(self) -> None:
        """Goes back to the first model once its usage limit has been lifted."""
        context, state = self._context, self._state
        due = state.fallback_until
        if due is None or context.clock.wall() < due or self.phase.is_ending:
            return
        model = context.settings.agent.model or "default"
        if self._state.waits_for_launch or self._messages.control("set_model", model=model):
            state.fallback_until = None
            text = f"the usage limit is lifted; back to {model}"
            context.journal_entry("model", {"text": text, "model": model, "until": None})
            context.save()

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
        why: Why = "crash" if decision.counts else "continue"
        if decision.kind == OutcomeKind.TURN_FAILED:
            state.conversation.failed += 1
        if decision.counts:
            state.restarts = list(decision.restarts)
            attempt, prompt_for = len(state.restarts) + 1, prompts.resume_prompt
        elif decision.kind == OutcomeKind.TURN_FAILED:
            attempt, prompt_for = 1, prompts.after_failed_turn_prompt
        else:
            if state.limited_since is None:
                state.limited_since = state.elapsed
            state.waits_in_a_row += 1
            attempt, prompt_for = state.waits_in_a_row, prompts.after_wait_prompt
        step = None
        if event == RunEvent.PROCESS_ENDED:
            prompt = prompt_for(context.settings, decision.reason)
            step = resuming_attempt(state, context.facts.goal, context.settings, prompt, why)
        until = decision.until_wall
        due = context.elapsed() + decision.pause if until is None else None
        wait = ScheduledWait(
            decision.kind, attempt, step, due, until, decision.counts, decision.reason
        )
        self._schedule_wait(wait, decision.pause, decision.reason, event)

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
        state.healthy_since = state.elapsed
        self._cancel_wait("the wait is over")
        self._enter(RunPhase.WORKING, RunEvent.WAIT_OVER)
        if wait.kind == OutcomeKind.TURN_FAILED:
            prompt = prompts.after_failed_turn_prompt(context.settings, wait.reason)
        else:
            prompt = prompts.after_wait_prompt(context.settings, wait.kind)
        self._messages.queue(prompt)

    def end_long_retry(self, activity: Activity) -> None:
        """Ends the run where the CLI itself waits for a limit, within a turn, that lifts too late."""
        is_limited = activity.state == SessionState.RATE_LIMITED
        if self.phase != RunPhase.WORKING or not is_limited or activity.until is None:
            return
        pause = activity.until - self._context.clock.wall()
        end = end_of_wait(activity.reason, activity.until, pause, self._circumstances())
        if end is not None:
            self.end_by(end, RunEvent.LIMIT_REACHED)

    def reset_restarts(self) -> None:
        """Forgets earlier failures once the agent has worked long enough without one."""
        state, rules = self._state, self._context.settings.recovery
        worked = state.elapsed - max(state.attempt_elapsed, state.healthy_since)
        if worked < rules.reset_after_minutes * 60 or not self._reader.turns.replies:
            return
        if self.phase == RunPhase.WORKING and state.forget_failures():
            self._context.save()

    # --- the end of a process ---

    def on_process_ended(self, status: AttemptStatus) -> None:
        """Decides what follows the end of an agent whose process tree is gone."""
        state, intent = self._state, self._state.intent
        if intent is None and self._keeps_waiting():
            self._enter(RunPhase.WAITING, RunEvent.PROCESS_ENDED)
        elif intent is None:
            resumed = state.step is not None and bool(state.step.resume)
            self._cancel_wait("the agent ended while it waited")
            stderr = self._context.stderr_tail()
            # Where words wait for it, it was interrupted for them.
            asked = self._was_asked_to_stop and not self._messages.has_waiting
            outcome = exit_outcome(status, self._reader.turns, resumed, stderr, asked)
            if self.phase == RunPhase.HELD and not self._messages.has_waiting:
                # Taken up again it would go on against the wish of who interrupted it.
                text = "the turn was interrupted, and the agent is gone"
                outcome = replace(outcome, kind=OutcomeKind.INTERRUPTED, text=text)
            self._apply_outcome(outcome, RunEvent.PROCESS_ENDED)
        elif intent.kind == StopKind.HANDOFF and state.conversation.why:
            self._launch_afresh(intent.reason)
        elif intent.kind == StopKind.HANDOFF:
            self._launch_handoff(intent.reason)
        else:
            self.end_run(end_for_intent(intent), status.code, RunEvent.PROCESS_ENDED)

    def _keeps_waiting(self) -> bool:
        """Whether a limit that is waited for is to be waited for without the agent, which is lost.

        What follows the wait is an attempt then: started at once, it would meet the same limit.
        """
        context, state, wait = self._context, self._state, self._state.wait
        if wait is None or wait.kind not in _LIMITS or not context.settings.recovery.auto_resume:
            return False
        prompt = prompts.after_wait_prompt(context.settings, wait.reason)
        goal, settings = context.facts.goal, context.settings
        state.wait = replace(wait, next=resuming_attempt(state, goal, settings, prompt, "continue"))
        return True

    def begin_rewind(self) -> None:
        """Files and conversation are to be rewound; the agent is gone."""
        self._enter(RunPhase.REWINDING, RunEvent.PROCESS_ENDED)

    def end_run(self, end: End, code: int | None, event: RunEvent) -> None:
        """Ends the run; no agent is left."""
        self._cancel_wait(end.reason)
        self._enter(RunPhase.ENDED, event)
        self.end = RunEnd(end.reason, code, self._context.clock.wall(), end.kind, end.limit)
