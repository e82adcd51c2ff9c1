"""What comes next: after a turn, after a process, after a wait. The run's decisions, in one place."""

from __future__ import annotations

import errno
import os
import random
import uuid

from msgspec.structs import replace

from tui.runner import backoff, prompts
from tui.runner.baseline import Baseline
from tui.runner.completion import is_complete, is_stuck
from tui.runner.deliveries import Deliveries
from tui.runner.desk import Desk
from tui.runner.eyes import Eyes
from tui.runner.launch import additions, arguments, environment
from tui.runner.outcomes import Outcome, of_exit, of_turn
from tui.runner.papers import current_head
from tui.runner.segment import Look, Segment
from tui.runner.state import Class, Intent, Next, Pending
from tui.store.runs import RunEnd

_RESET_MARGIN = 2.0
_PASSING = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.ENOMEM, errno.EMFILE))


class Conductor:
    """Starts segments, and decides at each end what follows it. `segment` is the present one."""

    def __init__(self, desk: Desk, eyes: Eyes, deliveries: Deliveries) -> None:
        self._desk = desk
        self._eyes = eyes
        self._deliveries = deliveries
        self._draw = random.random
        self._judged = 0
        self.baseline = Baseline(desk)
        self.segment: Segment | None = None
        self.over: RunEnd | None = None

    # --- starting ---

    def first(self) -> Next:
        """The segment that a run begins with."""
        settings, text = self._desk.settings, self._desk.facts.goal
        if settings.session.initializer:
            prompt = prompts.initializer(text, settings)
            return Next("initializer", prompt, initializer=True)
        return Next("start", prompts.goal(text, settings))

    def launch(self, step: Next) -> None:
        """Starts the agent for this step; a failure to do so counts as a crash."""
        desk, state = self._desk, self._desk.state
        self._close_line()
        self.baseline.stop()
        state.segment += 1
        state.attempt += 1
        state.pending, state.intent, state.held = None, None, False
        state.handover_asked = ""
        state.next = step
        fresh = not step.resume or step.fork
        state.session = str(uuid.uuid4()) if fresh else step.resume
        state.announced = self._eyes.end_of_stream()
        state.segment_elapsed, state.segment_head = state.elapsed, current_head(desk.project)
        self._eyes.turns.begin_segment()
        self._judged = 0
        segment = self.segment = Segment(desk.folder, state.segment)
        self._deliveries.put(step.prompt, id=self._first_words())
        desk.keep()
        words = arguments(desk.facts, desk.settings, step, state.session)
        try:
            env = additions(desk.facts, desk.folder.path)
            segment.order(desk.folder, words, desk.project, env)
            segment.launch(environment(os.environ, desk.settings))
        except OSError as error:
            desk.tell("note", {"text": f"the agent could not be started: {error}"})
            desk.say(f"The agent could not be started: {error}", "ERROR")
            if error.errno in _PASSING:
                self._try_later(step, f"the agent could not be started: {error.strerror}")

    def _try_later(self, step: Next, reason: str) -> None:
        """What the machine lacks at this moment is waited for; that is no crash of anybody's."""
        state, rules = self._desk.state, self._desk.settings.recovery
        self._deliveries.segment_over(resumes=True)
        state.attempt -= 1
        pause = backoff.delay(state.overloads, rules, self._draw)
        state.overloads += 1
        due = self._desk.elapsed() + pause
        self._schedule(Pending("crash", state.overloads, step, due, counts=False), pause, reason)

    def _first_words(self) -> str:
        """The uuid of a segment's first message: the same however often it has to be written."""
        return str(
            uuid.uuid5(uuid.NAMESPACE_OID, str(self._desk.folder.segment(self._desk.state.segment)))
        )

    def remind(self) -> None:
        """The state was lost: an agent that was told nothing yet is told its goal."""
        if self._desk.state.next is None and not self._eyes.end_of_stream():
            self._deliveries.put(self.first().prompt, id=self._first_words())

    def _close_line(self) -> None:
        try:
            self._eyes.close_line()
        except OSError as error:
            self._desk.say(f"The stream cannot be written: {error}", "ERROR")

    def began(self, look: Look) -> None:
        """The agent of the present segment runs: says so, once."""
        desk, state, step = self._desk, self._desk.state, self._desk.state.next
        if state.begun >= state.segment or look.agent is None:
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
        desk.tell("segment_started", facts)
        desk.keep()
        what = "Session resumed" if resumed else "Claude Code started"
        desk.say(f"{what} (PID: {look.agent.pid}), attempt {state.attempt}, {why}")
        if state.attempt > 1 and why in ("crash", "continue"):
            desk.notify("restart", f"the session was taken up again ({why})")

    # --- the end of a turn ---

    def turn_over(self) -> None:
        """Judges the last turn, once, when it is over and the agent has nothing more to do."""
        turns, state = self._eyes.turns, self._desk.state
        if turns.turns == self._judged or state.intent is not None or state.held:
            return
        self._judged = turns.turns
        self.note_session()
        self.follow(of_turn(turns), alive=True)

    def note_session(self) -> None:
        """Remembers a session as soon as it is known to exist."""
        turns, state = self._eyes.turns, self._desk.state
        if turns.started and turns.session and state.resumable != turns.session:
            state.resumable = state.session = turns.session
            self._desk.keep()

    def follow(self, outcome: Outcome, alive: bool) -> None:
        """Does what this outcome asks for; `alive` says that the agent's process still lives."""
        match outcome.meaning:
            case "done" | "turns used up":
                self._go_on_or_finish(outcome, alive)
            case "needs you":
                self._finish(f"needs you: {outcome.reason}", alive, "needs you")
            case "budget used up":
                self._finish(f"limit: {outcome.reason}", alive)
            case "person":
                self._finish(f"stopped by person: {outcome.reason}", alive)
            case "interrupted":
                self._interrupted(outcome, alive)
            case "limit" | "overload":
                self._wait(outcome, alive)
            case "crash" | "resume refused":
                self._restart(outcome, alive)

    def _interrupted(self, outcome: Outcome, alive: bool) -> None:
        if alive:
            self._desk.state.held = True
            self._desk.tell("note", {"text": "the turn was interrupted; it waits for words"})
            self._desk.keep()
        else:
            self._finish(f"stopped by person: {outcome.reason}", alive)

    def _go_on_or_finish(self, outcome: Outcome, alive: bool) -> None:
        desk, state = self._desk, self._desk.state
        state.overloads, state.limited_since = 0, None
        progress, rules = self._eyes.tasks(), desk.settings.enforcement
        if state.next is not None and state.next.initializer:
            self._planned(alive)
        elif progress is None:
            self._finish("the turn ended; the progress file counts no tasks", alive)
        elif is_complete(progress, rules):
            self._finish("all tasks done", alive)
        elif state.handover_asked and outcome.meaning == "done":
            self.hand_over("its context was filling up", alive)
        elif not rules.continuous_mode:
            self._finish(f"the turn ended with {progress.open} tasks open", alive)
        elif is_stuck(progress):
            reason = f"needs you: all {progress.open} open tasks are blocked"
            self._finish(reason, alive, "needs you")
        else:
            self._continue(alive)

    def _planned(self, alive: bool) -> None:
        """The initializer is done: the coding session follows, if the baseline holds."""
        desk = self._desk
        trouble = self.baseline.trouble()
        if trouble is None:
            self._judged = 0  # the turn is judged again until they are over
            return
        if trouble:
            self._finish(f"needs you: the baseline tests fail: {trouble}", alive, "needs you")
            return
        if desk.settings.session.baseline_tests:
            desk.tell("note", {"text": "the baseline tests pass"})
        self.hand_over("the plan is made", alive)

    def _continue(self, alive: bool) -> None:
        desk, state = self._desk, self._desk.state
        progress = self._eyes.tasks()
        if progress is None:
            return
        if progress.done > state.best_done:
            state.best_done, state.continuations = progress.done, 0
        state.continuations += 1
        allowed = desk.settings.session.max_continuation_attempts
        if state.continuations > allowed:
            reason = f"gave up: {allowed} continuations without a task done"
            self._finish(reason, alive, "needs you")
            return
        prompt = prompts.go_on(progress, state.continuations, allowed)
        titles = prompts.open_titles(progress)[:20]
        desk.tell(
            "continuation",
            {"open": titles, "attempt": state.continuations, "text": f"{progress.open} tasks open"},
        )
        desk.say(f"Continuing: {progress.open} tasks open (attempt {state.continuations})")
        if alive:
            self._deliveries.put(prompt)
        else:
            self.launch(Next("continue", prompt, resume=state.resumable))

    def hand_over(self, why: str, alive: bool) -> None:
        """A fresh session takes over, with the progress file and the notes."""
        self._desk.tell("note", {"text": f"hand-over: {why}"})
        if alive:
            self.intend(Intent("handover", why))
        else:
            self._relay(why)

    def _relay(self, why: str) -> None:
        desk, state = self._desk, self._desk.state
        before, share = state.session, state.handover_share
        self.launch(Next("handover", prompts.fresh(desk.facts.goal, desk.settings, why)))
        facts = {"share": round(share, 3), "from_session": before, "to_session": state.session}
        desk.tell("handover", facts)
        desk.notify("restart", f"a fresh session took over: {why}")

    def _finish(self, reason: str, alive: bool, kind: str = "finish") -> None:
        if not alive:
            self.end_run(reason, 0)
        elif kind == "needs you":
            self.intend(Intent("needs you", reason))
        else:
            self.intend(Intent("finish", reason))

    def intend(self, intent: Intent) -> None:
        """Wants the agent ended; a stronger wish replaces a weaker one. The ladder follows."""
        self._desk.state.intent = intent
        self._desk.keep()

    # --- waits ---

    def _wait(self, outcome: Outcome, alive: bool) -> None:
        """An overload or a usage limit: waits without counting it as a restart."""
        desk, state, now = self._desk, self._desk.state, self._desk.clock.wall()
        if state.limited_since is None:
            state.limited_since = state.elapsed
        longest = desk.settings.recovery.max_limit_wait_hours
        waited = state.elapsed - state.limited_since
        resets = outcome.resets_at if outcome.meaning == "limit" else None
        pause = backoff.delay(state.overloads, desk.settings.recovery, self._draw)
        if resets is not None and resets > now:
            pause = resets - now + _RESET_MARGIN
        if longest is not None and waited + pause > longest * 3600:
            self._finish(f"needs you: {outcome.reason}", alive, "needs you")
            return
        state.overloads += 1
        kind: Class = "limit" if outcome.meaning == "limit" else "overload"
        words = prompts.after_wait(desk.settings, outcome.reason)
        step = None if alive else self._again(words)
        pending = Pending(kind, state.overloads, step, counts=False)
        due = {"due_wall": now + pause} if resets is not None else {}
        if not due:
            due = {"due_elapsed": self._desk.elapsed() + pause}
        self._schedule(replace(pending, **due), pause, outcome.reason)

    def _restart(self, outcome: Outcome, alive: bool) -> None:
        """A crash: resumes after a growing wait, until that is given up."""
        desk, state, rules = self._desk, self._desk.state, self._desk.settings.recovery
        if not rules.auto_resume:
            self._finish(f"crashed: {outcome.reason}", alive, "needs you")
            return
        state.restarts = backoff.counted(state.restarts, state.elapsed, rules)
        if backoff.exhausted(state.restarts, state.elapsed, rules):
            desk.say(f"Maximum restart attempts ({rules.max_restarts}) exceeded", "ERROR")
            reason = f"gave up: {rules.max_restarts} restarts within {rules.window_minutes:g} min"
            self._finish(f"{reason}; the last: {outcome.reason}", alive, "needs you")
            return
        refused = outcome.meaning == "resume refused"
        if refused:
            state.resumable = ""
        pause = backoff.delay(len(state.restarts), rules, self._draw)
        kind: Class = "resume refused" if refused else "crash"
        step = None if alive else self._again(prompts.resume(desk.settings, outcome.reason))
        pending = Pending(kind, len(state.restarts) + 1, step, self._desk.elapsed() + pause)
        self._schedule(pending, pause, outcome.reason)

    def _again(self, words: str) -> Next:
        """The step that takes the run up again: resumed if that can be, else fresh with the notes."""
        desk, state = self._desk, self._desk.state
        before = state.next
        if before is not None and not state.resumable and state.attempt <= 1:
            return replace(before, why="crash", resume="", fork=False, resume_at="")
        if not state.resumable:
            text = prompts.fresh(desk.facts.goal, desk.settings, "it broke off")
            return Next("crash", text)
        planning = before is not None and before.initializer
        return Next("crash", words, resume=state.resumable, initializer=planning)

    def _schedule(self, pending: Pending, pause: float, reason: str) -> None:
        desk = self._desk
        desk.state.pending = pending
        desk.keep()
        facts = {
            "attempt": pending.attempt,
            "delay_s": round(pause, 3),
            "due": desk.clock.wall() + pause,
            "class": pending.kind,
            "reason": reason,
        }
        desk.tell("restart_scheduled", facts)
        desk.say(f"{reason}. Waiting {pause:.0f}s before restart ({pending.kind})", "WARNING")
        desk.notify("stall" if not pending.counts else "restart", reason, **facts)

    def wait_over(self) -> None:
        """Takes the run up again when a wait is over, if one was pending."""
        desk, state, pending = self._desk, self._desk.state, self._desk.state.pending
        if pending is None:
            return
        if pending.next is None and self._eyes.turns.open and not self._deliveries.waiting:
            self.cancel("the session goes on by itself")
            return
        by_clock = pending.due_wall is not None and desk.clock.wall() >= pending.due_wall
        by_run = pending.due_elapsed is not None and state.elapsed >= pending.due_elapsed
        if not by_clock and not by_run:
            return
        if pending.counts:
            state.restarts.append(state.elapsed)
        if pending.next is not None:
            self.launch(pending.next)
            return
        self.cancel("the wait is over")
        self._deliveries.put(prompts.after_wait(desk.settings, pending.kind))

    def cancel(self, reason: str) -> None:
        """Drops a pending wait."""
        if self._desk.state.pending is not None:
            self._desk.state.pending = None
            self._desk.tell("restart_cancelled", {"reason": reason})
            self._desk.keep()

    def healthy(self) -> None:
        """Forgets earlier restarts once a segment has worked long enough."""
        state, rules = self._desk.state, self._desk.settings.recovery
        if state.restarts and self._eyes.turns.started:
            lasted = state.elapsed - state.segment_elapsed
            if lasted >= rules.reset_after_minutes * 60:
                state.restarts = []
                self._desk.keep()

    # --- the end of a process ---

    def agent_gone(self, look: Look) -> None:
        """The agent's process ended, its tree is cleared: what follows."""
        state, intent = self._desk.state, self._desk.state.intent
        if intent is None:
            words = self._desk.last_words()
            resumed = state.next is not None and bool(state.next.resume)
            if state.pending is not None and state.pending.next is None:
                self.cancel("the agent ended while it waited")
            self.follow(of_exit(look, self._eyes.turns, resumed, words), alive=False)
            return
        reasons = {"stop": "stopped by person", "kill": "killed by person"}
        if intent.kind == "handover":
            self._relay(intent.reason)
        elif intent.kind == "limit":
            self.end_run(f"limit: {intent.reason}", look.code)
        else:
            by_person = intent.by == "person" and intent.kind in reasons
            reason = reasons[intent.kind] if by_person else intent.reason
            self.end_run(reason, look.code)

    def end_run(self, reason: str, code: int | None) -> None:
        """The run is over."""
        self.cancel(reason)
        self.over = RunEnd(reason, code, self._desk.clock.wall())
