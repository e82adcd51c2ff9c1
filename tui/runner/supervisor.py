"""The supervisor of one run: `python -m tui.runner.supervisor RUN_DIR`, a process of its own.

It starts the agent under a shim, follows it, keeps the limits, takes it up again when it breaks off,
and carries out what the inbox asks for. It may be killed at any moment: the agent does not notice,
and the next supervisor goes on from the run's directory. One run never has two: a lock sees to that.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from tui.model.events import AgentEvent, Compaction
from tui.model.snapshot import activity_text
from tui.model.state import NotifyEvent, RunPhase, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.escalation import Escalation
from tui.runner.agent.launch import SleepInhibitor
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.outcomes import exit_text
from tui.runner.artifacts import RunArtifacts
from tui.runner.checkpoints import (
    Checkpointer,
    CheckpointSchedule,
    CheckpointTaker,
    CheckpointWorker,
)
from tui.runner.decisions import end_for_intent, first_attempt
from tui.runner.machine import RunMachine
from tui.runner.notify.notifier import notifier_for
from tui.runner.policy.automatic_actions import ContextHandoff, StallResponse
from tui.runner.policy.limits import LimitChecker
from tui.runner.requests import RequestHandler
from tui.runner.rewinds import Rewinder, RunRewinder
from tui.runner.run_context import Notifier, RunContext
from tui.runner.run_reader import RunReader
from tui.runner.transitions import RunEvent
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_end, record_end
from tui.system.clock import Clock
from tui.system.errors import OvernightError
from tui.system.locks import acquire_lock

ROUND = 0.1
_CHECKPOINT_BEFORE = (StopKind.KILL, StopKind.LIMIT, StopKind.STOP, StopKind.REWIND)
_CHECK = 0.5
_COPY_EVERY = 30.0
_READ_WITHIN = 10.0


class Supervisor:
    """Everything that happens in one round after the other; `run` lasts until the run is over."""

    def __init__(
        self,
        folder: RunDirectory,
        *,
        clock: Clock | None = None,
        notifier: Notifier | None = None,
        checkpointer: Checkpointer | None = None,
        rewinder: Rewinder | None = None,
    ) -> None:
        self.context = RunContext.load(folder, clock, notifier)
        facts, settings, clock = self.context.facts, self.context.settings, self.context.clock
        self.reader = RunReader(self.context)
        self.messages = MessageSender(
            self.context, self.reader.turns, lambda: activity_text(self.reader.snapshot())
        )
        self.machine = RunMachine(self.context, self.reader, self.messages)
        self.ending = Escalation(self.context, self.reader.turns, self.messages)
        self.limits = LimitChecker(self.context, self.reader)
        self.stalls = StallResponse(self.context, self.messages)
        self.relay = ContextHandoff(self.context, self.reader, self.messages, self.machine)
        self.papers = RunArtifacts(self.context)
        engine = checkpointer or CheckpointTaker(self.context.project, settings, facts.run, clock)
        self._workers = CheckpointWorker(engine)
        self.checkpoints = CheckpointSchedule(self.context, self.reader, self._workers)
        rewinder = rewinder or RunRewinder(self.context.project, settings, folder, clock)
        self.requests = RequestHandler(
            self.context, self.reader, self.messages, self.machine, self.checkpoints, rewinder
        )
        self._sleep_inhibitor = SleepInhibitor()
        self._stopping = False
        self._gone_since: float | None = None
        self._check_at = self._copy_at = 0.0
        self._escalated_intent: object = None
        self._faults: set[str] = set()

    # --- beginning ---

    def begin(self, gap: float | None) -> None:
        """Takes the run up where it stands; `gap` is how long nobody watched, None at its start."""
        context, state = self.context, self.context.state
        context.start_clock()
        facts = {"pid": os.getpid(), "adopted": gap is not None, "gap_s": round(gap or 0.0, 1)}
        context.journal_entry("supervisor_started", facts)
        context.log_line(
            "Watchdog started" if gap is None else f"Watchdog started again after {gap:.0f}s"
        )
        if gap is None:
            self._log_limits()
            context.notify(
                NotifyEvent.START, f"run {context.folder.id} starts: {context.facts.goal[:200]}"
            )
        if context.settings.session.inhibit_sleep:
            self._sleep_inhibitor.acquire()
        self._recover_rewind()
        if state.attempt_number == 0:
            self.checkpoints.request("start", "start")
            self.machine.launch(
                first_attempt(context.facts.goal, context.settings), RunEvent.STARTED
            )
        else:
            self._adopt()
        self.requests.resume_claimed()

    def _adopt(self) -> None:
        state = self.context.state
        segment = self.machine.attempt = AttemptProcess(self.context.folder, state.attempt_number)
        ordered = segment.files.order.exists()
        if state.journalled_attempt < state.attempt_number and (
            not ordered or segment.read_status().state == "void"
        ):
            # Nobody had come so far as to start it: that is no crash.
            facts, settings = self.context.facts, self.context.settings
            step = state.step or first_attempt(facts.goal, settings)
            self.messages.on_attempt_ended(resumes=True)
            state.attempts_counted -= 1
            self.machine.launch(step, RunEvent.ADOPTED)
        else:
            self.machine.requeue_goal()

    def _recover_rewind(self) -> None:
        """A rewind that was cut short is finished, or taken back, before anybody works on."""
        from tui.control.rewind import execute

        try:
            recovery = execute.recover_rewind(self.context.project)
        except (OvernightError, OSError) as error:
            self.context.journal_entry(
                "note", {"text": f"an interrupted rewind is still open: {error}"}
            )
            return
        if recovery is not None:
            words = f"an interrupted rewind to {recovery.checkpoint} was {recovery.outcome}"
            self.context.journal_entry("note", {"text": words})

    def _log_limits(self) -> None:
        context = self.context
        session, budget = context.settings.session, context.settings.budget
        context.log_line(f"Max runtime: {_or_none(session.max_runtime_hours)} hours")
        context.log_line(f"Max idle: {_or_none(session.max_idle_minutes)} minutes")
        context.log_line(f"Max cost: ${_or_none(budget.max_cost_usd)}")
        context.log_line(f"Check interval: {context.settings.watchdog.check_interval_seconds:g}s")

    # --- rounds ---

    def run(self) -> None:
        """Rounds until the run is over or this process is asked to leave."""
        while not self._stopping and self.machine.end is None:
            try:
                busy = self.round()
            except Exception as error:  # whatever goes wrong in a round, the session is watched on
                busy = False
                self._record_fault(error)
            if not busy:
                time.sleep(ROUND)
        if self.machine.end is None:
            self.context.journal_entry("supervisor_stopped", {"pid": os.getpid()})
            self.context.log_line("Watchdog stopped")
            self.reader.save()
            self.context.save()
        else:
            self._finish()
        self.close()

    def _record_fault(self, error: Exception) -> None:
        """A fault of our own: told once for each kind, with its trace in our own log."""
        import traceback

        words = f"{type(error).__name__}: {error}"[:300]
        if words not in self._faults:
            self._faults.add(words)
            traceback.print_exception(error, file=sys.stderr)
            self.context.journal_entry(
                "note", {"text": f"the supervisor stumbled and went on: {words}"}
            )
            self.context.log_line(f"Watchdog error: {words}", "ERROR")

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Asked to go: the agent stays."""
        self._stopping = True

    def round(self) -> bool:
        """One status at everything; True when there is more to be read at once."""
        context = self.context
        asleep = context.advance_clock()
        if asleep:
            context.journal_entry("suspended", {"seconds": round(asleep, 1)})
            context.log_line(f"The machine slept for {asleep:.0f}s")
        context.flush()
        grew = self.reader.poll(self._on_event)
        if not self.reader.caught_up:
            return True
        context.state.effects_applied_to = max(
            context.state.effects_applied_to, self.reader.end_of_stream() if grew else 0
        )
        self.checkpoints.record_results(self.requests.answer)
        self.requests.handle_new()
        if self.machine.phase == RunPhase.WAITING:
            self.machine.on_wait_due()
        if self.machine.end is None and self.machine.attempt is not None:
            self._watch_attempt(self.machine.attempt)
        self._periodic()
        return grew

    def _watch_attempt(self, segment: AttemptProcess) -> None:
        status, phase = segment.read_status(), self.machine.phase
        if status.is_over:
            testing = phase == RunPhase.BASELINE and self.machine.baseline.is_running
            if not testing and not self._waits_for_restart():
                self._on_process_gone(segment, status)
            return
        if status.state == "running":
            self.messages.fifo = segment.fifo
            self.machine.on_agent_running(status)
            self.machine.record_session()
            self.machine.reset_restarts()
        self.machine.on_message_queued()
        self.messages.deliver()
        intent = self.context.state.intent
        if intent is not None:
            if self._escalated_intent is not intent:
                self._escalated_intent = intent
                wanted = intent.arguments.get("checkpoint", True) is not False
                if intent.kind in _CHECKPOINT_BEFORE and wanted:
                    self.checkpoints.request(f"before {intent.kind}", f"before {intent.kind}")
                self.ending.start(intent)
            self.ending.advance(intent, segment, status)
        elif self.reader.turns.is_settled and not self.messages.has_waiting:
            self.machine.on_turn_ended()

    def _waits_for_restart(self) -> bool:
        """Whether the present segment is over and dealt with, and its successor has its time."""
        pending = self.context.state.wait
        return pending is not None and pending.next is not None

    def _on_process_gone(self, segment: AttemptProcess, status: AttemptStatus) -> None:
        """The agent's process is gone: reads its last words, clears its tree, decides."""
        now = time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
        if not self.reader.is_complete() and now - self._gone_since < _READ_WITHIN:
            return
        if self.checkpoints.is_busy and now - self._gone_since < _READ_WITHIN:
            return
        self._gone_since = None
        context = self.context
        self.machine.on_agent_running(status)
        self.machine.record_session()
        survivors = self.ending.kill_tree(segment, status).survivors
        words = exit_text(status)
        facts = {
            "attempt": context.state.attempts_counted,
            "code": status.code,
            "signal": status.signal,
        }
        context.journal_entry("segment_ended", {**facts, "reason": words})
        context.log_line(f"Process ended: {words}")
        self.papers.copy_transcripts()
        self.papers.on_session_end(self.reader.snapshot())
        self._on_attempt_ended(status, survivors)

    def _on_attempt_ended(self, status: AttemptStatus, survivors: tuple[str, ...]) -> None:
        context, intent = self.context, self.context.state.intent
        if intent is not None and intent.kind in (StopKind.KILL, StopKind.LIMIT):
            by = "limit" if intent.kind == StopKind.LIMIT else intent.by
            facts = {"by": by, "reason": intent.reason, "survivors": list(survivors)}
            context.journal_entry(
                "kill" if survivors or intent.kind == StopKind.KILL else "stop", facts
            )
        goes_on = intent is None or intent.goes_on
        self.messages.on_attempt_ended(resumes=goes_on)
        self.ending.reset()
        if intent is not None and intent.kind == StopKind.REWIND:
            self.requests.execute_rewind(intent)
        else:
            self.machine.on_process_ended(status)
        if self.machine.end is not None and intent is not None:
            named = f"; these survived: {', '.join(survivors)}" if survivors else ""
            text = self.machine.end.reason + named
            self.requests.answer(intent.request, not survivors, text, list(survivors))

    def _periodic(self) -> None:
        context, now = self.context, time.monotonic()
        if now < self._check_at or self.machine.end is not None:
            return
        self._check_at = now + min(_CHECK, context.settings.watchdog.check_interval_seconds)
        context.heartbeat()
        segment = self.machine.attempt
        status = segment.read_status() if segment is not None else None
        night = self.reader.snapshot()
        self.stalls.update(night)
        if segment is not None and status is not None:
            self.ending.remember_members(segment, status)
        if not self.machine.phase.is_ending:
            self._check_limits(segment, status)
            self.relay.update(night)
        self.checkpoints.request_if_due()
        if now >= self._copy_at:
            self._copy_at = now + _COPY_EVERY
            self.papers.copy_transcripts()
            self.reader.save()
            context.save()

    def _check_limits(self, segment: AttemptProcess | None, status: AttemptStatus | None) -> None:
        intent = self.limits.check(self.reader.snapshot(), segment, status)
        if intent is None:
            return
        if status is not None and not status.is_over:
            self.machine.stop_agent(intent, RunEvent.LIMIT_REACHED, "a limit was reached")
        else:
            self.machine.end_run(end_for_intent(intent), None, RunEvent.LIMIT_REACHED)

    # --- events ---

    def _on_event(self, event: AgentEvent) -> None:
        if (
            isinstance(event.body, Compaction)
            and event.offset >= self.context.state.effects_applied_to
        ):
            body = event.body
            self.papers.on_compaction(event, body)
            self.context.log_line(f"Context compaction: {body.before:,} tokens before")
            self.checkpoints.request("after compaction", "compaction")

    # --- the end ---

    def _finish(self) -> None:
        context, over = self.context, self.machine.end
        if over is None:
            return
        until = time.monotonic() + context.settings.checkpoints.time_budget_seconds
        self.checkpoints.request("end", "end")
        while self.checkpoints.is_busy and time.monotonic() < until:
            self.checkpoints.record_results(self.requests.answer)
            time.sleep(0.02)
        self.requests.refuse_remaining(f"the run is over: {over.reason}")
        self.papers.publish_transcripts()
        self.stalls.end_stall()
        context.notify(over.kind.notify_event or NotifyEvent.FINISHED, over.reason)
        facts = {"reason": over.reason, "code": over.code, "end": over.kind}
        context.journal_entry(
            "run_ended", facts if over.limit is None else {**facts, "limit": over.limit}
        )
        context.log_line(f"Run ended: {over.reason}")
        context.log_line("Watchdog stopped")
        context.save()
        try:
            record_end(context.folder, over)
        except OSError as error:
            context.log_line(f"The end could not be recorded: {error}", "ERROR")

    def close(self) -> None:
        """Lets everything go; the agent is none of it."""
        self.machine.baseline.stop()
        self._workers.close()
        self.reader.close()
        self._sleep_inhibitor.close()
        if self.context.notifier is not None:
            self.context.notifier.close()


def _or_none(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def unwatched_seconds(folder: RunDirectory, wall: float) -> float:
    """How long ago a supervisor last showed that it watches."""
    try:
        return max(0.0, wall - os.stat(folder.lock).st_mtime)
    except OSError:
        return 0.0


def main(words: list[str] | None = None) -> int:
    """Supervises the run until it is over; 0 at once when somebody else does or it has ended."""
    folder = RunDirectory(Path((sys.argv[1:] if words is None else words)[0]).absolute())
    first = not folder.lock.exists()
    gap = unwatched_seconds(folder, time.time())
    lock = acquire_lock(folder.lock)
    if lock is None or read_run_end(folder) is not None:
        return 0
    os.chdir(folder.path)
    supervisor = Supervisor(folder)
    supervisor.context.notifier = notifier_for(supervisor.context)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    supervisor.begin(None if first else gap)
    supervisor.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
