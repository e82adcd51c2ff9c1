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
from tui.runner.decisions import end_of_intent, first_attempt
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
        self.desk = RunContext.of(folder, clock, notifier)
        facts, settings, clock = self.desk.facts, self.desk.settings, self.desk.clock
        self.eyes = RunReader(self.desk)
        self.deliveries = MessageSender(
            self.desk, self.eyes.turns, lambda: self.eyes.snapshot().activity_text
        )
        self.conductor = RunMachine(self.desk, self.eyes, self.deliveries)
        self.ending = Escalation(self.desk, self.eyes.turns, self.deliveries)
        self.limits = LimitChecker(self.desk, self.eyes)
        self.stalls = StallResponse(self.desk, self.deliveries)
        self.relay = ContextHandoff(self.desk, self.eyes, self.deliveries, self.conductor)
        self.papers = RunArtifacts(self.desk)
        engine = checkpointer or CheckpointTaker(self.desk.project, settings, facts.run, clock)
        self._workers = CheckpointWorker(engine)
        self.checkpoints = CheckpointSchedule(self.desk, self.eyes, self._workers)
        rewinder = rewinder or RunRewinder(self.desk.project, settings, folder, clock)
        self.requests = RequestHandler(
            self.desk, self.eyes, self.deliveries, self.conductor, self.checkpoints, rewinder
        )
        self._awake = SleepInhibitor()
        self._stopping = False
        self._gone_since: float | None = None
        self._check_at = self._copy_at = 0.0
        self._climbed: object = None
        self._faults: set[str] = set()

    # --- beginning ---

    def begin(self, gap: float | None) -> None:
        """Takes the run up where it stands; `gap` is how long nobody watched, None at its start."""
        desk, state = self.desk, self.desk.state
        desk.begin_watching()
        facts = {"pid": os.getpid(), "adopted": gap is not None, "gap_s": round(gap or 0.0, 1)}
        desk.journal_entry("supervisor_started", facts)
        desk.log_line(
            "Watchdog started" if gap is None else f"Watchdog started again after {gap:.0f}s"
        )
        if gap is None:
            self._say_limits()
            desk.notify(NotifyEvent.START, f"run {desk.folder.id} starts: {desk.facts.goal[:200]}")
        if desk.settings.session.inhibit_sleep:
            self._awake.hold()
        self._recover_rewind()
        if state.segment == 0:
            self.checkpoints.request("start", "start")
            self.conductor.launch(first_attempt(desk.facts.goal, desk.settings), RunEvent.STARTED)
        else:
            self._adopt()
        self.requests.resume_claimed()

    def _adopt(self) -> None:
        state = self.desk.state
        segment = self.conductor.segment = AttemptProcess(self.desk.folder, state.segment)
        ordered = segment.files.order.exists()
        if state.begun < state.segment and (not ordered or segment.read_status().state == "void"):
            # Nobody had come so far as to start it: that is no crash.
            facts, settings = self.desk.facts, self.desk.settings
            step = state.next or first_attempt(facts.goal, settings)
            self.deliveries.on_attempt_ended(resumes=True)
            state.attempt -= 1
            self.conductor.launch(step, RunEvent.ADOPTED)
        else:
            self.conductor.requeue_goal()

    def _recover_rewind(self) -> None:
        """A rewind that was cut short is finished, or taken back, before anybody works on."""
        from tui.control.rewind import execute

        try:
            recovery = execute.recover_rewind(self.desk.project)
        except (OvernightError, OSError) as error:
            self.desk.journal_entry(
                "note", {"text": f"an interrupted rewind is still open: {error}"}
            )
            return
        if recovery is not None:
            words = f"an interrupted rewind to {recovery.checkpoint} was {recovery.outcome}"
            self.desk.journal_entry("note", {"text": words})

    def _say_limits(self) -> None:
        desk = self.desk
        session, budget = desk.settings.session, desk.settings.budget
        desk.log_line(f"Max runtime: {_or_none(session.max_runtime_hours)} hours")
        desk.log_line(f"Max idle: {_or_none(session.max_idle_minutes)} minutes")
        desk.log_line(f"Max cost: ${_or_none(budget.max_cost_usd)}")
        desk.log_line(f"Check interval: {desk.settings.watchdog.check_interval_seconds:g}s")

    # --- rounds ---

    def run(self) -> None:
        """Rounds until the run is over or this process is asked to leave."""
        while not self._stopping and self.conductor.over is None:
            try:
                busy = self.round()
            except Exception as error:  # whatever goes wrong in a round, the session is watched on
                busy = False
                self._stumbled(error)
            if not busy:
                time.sleep(ROUND)
        if self.conductor.over is None:
            self.desk.journal_entry("supervisor_stopped", {"pid": os.getpid()})
            self.desk.log_line("Watchdog stopped")
            self.eyes.save()
            self.desk.save()
        else:
            self._finish()
        self.close()

    def _stumbled(self, error: Exception) -> None:
        """A fault of our own: told once for each kind, with its trace in our own log."""
        import traceback

        words = f"{type(error).__name__}: {error}"[:300]
        if words not in self._faults:
            self._faults.add(words)
            traceback.print_exception(error, file=sys.stderr)
            self.desk.journal_entry(
                "note", {"text": f"the supervisor stumbled and went on: {words}"}
            )
            self.desk.log_line(f"Watchdog error: {words}", "ERROR")

    def leave(self, number: int, frame: FrameType | None) -> None:
        """Asked to go: the agent stays."""
        self._stopping = True

    def round(self) -> bool:
        """One look at everything; True when there is more to be read at once."""
        desk = self.desk
        asleep = desk.advance_clock()
        if asleep:
            desk.journal_entry("suspended", {"seconds": round(asleep, 1)})
            desk.log_line(f"The machine slept for {asleep:.0f}s")
        desk.flush()
        grew = self.eyes.poll(self._heard)
        if not self.eyes.caught_up:
            return True
        desk.state.handled = max(desk.state.handled, self.eyes.end_of_stream() if grew else 0)
        self.checkpoints.record_results(self.requests.answer)
        self.requests.handle_new()
        if self.conductor.phase == RunPhase.WAITING:
            self.conductor.on_wait_due()
        if self.conductor.over is None and self.conductor.segment is not None:
            self._watch_segment(self.conductor.segment)
        self._now_and_then()
        return grew

    def _watch_segment(self, segment: AttemptProcess) -> None:
        look, phase = segment.read_status(), self.conductor.phase
        if look.over:
            testing = phase == RunPhase.BASELINE and self.conductor.baseline.running
            if not testing and not self._waits_for_restart():
                self._gone(segment, look)
            return
        if look.state == "running":
            self.deliveries.fifo = segment.fifo
            self.conductor.on_agent_running(look)
            self.conductor.note_session()
            self.conductor.reset_restarts()
        self.conductor.message_queued()
        self.deliveries.deliver()
        intent = self.desk.state.intent
        if intent is not None:
            if self._climbed is not intent:
                self._climbed = intent
                wanted = intent.arguments.get("checkpoint", True) is not False
                if intent.kind in _CHECKPOINT_BEFORE and wanted:
                    self.checkpoints.request(f"before {intent.kind}", f"before {intent.kind}")
                self.ending.start(intent)
            self.ending.advance(intent, segment, look)
        elif self.eyes.turns.is_settled and not self.deliveries.waiting:
            self.conductor.on_turn_ended()

    def _waits_for_restart(self) -> bool:
        """Whether the present segment is over and dealt with, and its successor has its time."""
        pending = self.desk.state.pending
        return pending is not None and pending.next is not None

    def _gone(self, segment: AttemptProcess, look: AttemptStatus) -> None:
        """The agent's process is gone: reads its last words, clears its tree, decides."""
        now = time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
        if not self.eyes.is_complete() and now - self._gone_since < _READ_WITHIN:
            return
        if self.checkpoints.busy and now - self._gone_since < _READ_WITHIN:
            return
        self._gone_since = None
        desk = self.desk
        self.conductor.on_agent_running(look)
        self.conductor.note_session()
        survivors = self.ending.kill_tree(segment, look).survivors
        words = exit_text(look)
        facts = {"attempt": desk.state.attempt, "code": look.code, "signal": look.signal}
        desk.journal_entry("segment_ended", {**facts, "reason": words})
        desk.log_line(f"Process ended: {words}")
        self.papers.copy_transcripts()
        self.papers.on_session_end(self.eyes.snapshot())
        self._decide(look, survivors)

    def _decide(self, look: AttemptStatus, survivors: tuple[str, ...]) -> None:
        desk, intent = self.desk, self.desk.state.intent
        if intent is not None and intent.kind in (StopKind.KILL, StopKind.LIMIT):
            by = "limit" if intent.kind == StopKind.LIMIT else intent.by
            facts = {"by": by, "reason": intent.reason, "survivors": list(survivors)}
            desk.journal_entry(
                "kill" if survivors or intent.kind == StopKind.KILL else "stop", facts
            )
        goes_on = intent is None or intent.goes_on
        self.deliveries.on_attempt_ended(resumes=goes_on)
        self.ending.begin_segment()
        if intent is not None and intent.kind == StopKind.REWIND:
            self.requests.rewind_now(intent)
        else:
            self.conductor.on_process_ended(look)
        if self.conductor.over is not None and intent is not None:
            named = f"; these survived: {', '.join(survivors)}" if survivors else ""
            text = self.conductor.over.reason + named
            self.requests.answer(intent.request, not survivors, text, list(survivors))

    def _now_and_then(self) -> None:
        desk, now = self.desk, time.monotonic()
        if now < self._check_at or self.conductor.over is not None:
            return
        self._check_at = now + min(_CHECK, desk.settings.watchdog.check_interval_seconds)
        desk.heartbeat()
        segment = self.conductor.segment
        look = segment.read_status() if segment is not None else None
        night = self.eyes.snapshot()
        self.stalls.update(night)
        if segment is not None and look is not None:
            self.ending.remember_members(segment, look)
        if not self.conductor.phase.is_ending:
            self._keep_limits(segment, look)
            self.relay.update(night)
        self.checkpoints.request_if_due()
        if now >= self._copy_at:
            self._copy_at = now + _COPY_EVERY
            self.papers.copy_transcripts()
            self.eyes.save()
            desk.save()

    def _keep_limits(self, segment: AttemptProcess | None, look: AttemptStatus | None) -> None:
        intent = self.limits.check(self.eyes.snapshot(), segment, look)
        if intent is None:
            return
        if look is not None and not look.over:
            self.conductor.stop_agent(intent, RunEvent.LIMIT_REACHED, "a limit was reached")
        else:
            self.conductor.end_run(end_of_intent(intent), None, RunEvent.LIMIT_REACHED)

    # --- events ---

    def _heard(self, event: AgentEvent) -> None:
        if isinstance(event.body, Compaction) and event.offset >= self.desk.state.handled:
            body = event.body
            self.papers.on_compaction(event, body)
            self.desk.log_line(f"Context compaction: {body.before:,} tokens before")
            self.checkpoints.request("after compaction", "compaction")

    # --- the end ---

    def _finish(self) -> None:
        desk, over = self.desk, self.conductor.over
        if over is None:
            return
        until = time.monotonic() + desk.settings.checkpoints.time_budget_seconds
        self.checkpoints.request("end", "end")
        while self.checkpoints.busy and time.monotonic() < until:
            self.checkpoints.record_results(self.requests.answer)
            time.sleep(0.02)
        self.requests.refuse_remaining(f"the run is over: {over.reason}")
        self.papers.publish_transcripts()
        self.stalls.end_stall()
        desk.notify(over.kind.notify_event or NotifyEvent.FINISHED, over.reason)
        facts = {"reason": over.reason, "code": over.code, "end": over.kind}
        desk.journal_entry(
            "run_ended", facts if over.limit is None else {**facts, "limit": over.limit}
        )
        desk.log_line(f"Run ended: {over.reason}")
        desk.log_line("Watchdog stopped")
        desk.save()
        try:
            record_end(desk.folder, over)
        except OSError as error:
            desk.log_line(f"The end could not be recorded: {error}", "ERROR")

    def close(self) -> None:
        """Lets everything go; the agent is none of it."""
        self.conductor.baseline.stop()
        self._workers.close()
        self.eyes.close()
        self._awake.close()
        if self.desk.notifier is not None:
            self.desk.notifier.close()


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
    supervisor.desk.notifier = notifier_for(supervisor.desk)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.leave)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    supervisor.begin(None if first else gap)
    supervisor.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
