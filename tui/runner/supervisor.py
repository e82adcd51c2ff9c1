"""The supervisor of one run: `python -m tui.runner.supervisor RUN_DIR [BY COUNT]`, a process of its own.

It starts the agent under a shim, follows it, keeps the limits, restarts it when it breaks off, and
executes what the inbox asks for. It may be killed at any moment: the agent does not notice, and the
next supervisor goes on from the run directory. A lock keeps a run from having two. BY is who started it
again for the COUNTth time, after an earlier one had died.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from tui.control.rewind.execute import recover_rewind
from tui.model.events import AgentEvent, Compaction
from tui.model.labels import describe_survivors
from tui.model.state import NotifyKind, RunEnd, RunPhase, StopKind
from tui.runner.agent.abilities import learn_abilities
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.escalation import Escalation
from tui.runner.agent.launch import SleepInhibitor
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.outcomes import exit_text
from tui.runner.artifacts import RunArtifacts
from tui.runner.checkpoints import CheckpointSchedule
from tui.runner.decisions import end_for_intent, first_attempt
from tui.runner.machine import RunMachine
from tui.runner.notify.outbox import notifier_for
from tui.runner.policy.auto_commits import AutoCommits
from tui.runner.policy.limits import LimitChecker, see_to_handoff
from tui.runner.policy.money import MoneyLimits
from tui.runner.policy.stall_response import StallResponse
from tui.runner.requests import RequestHandler
from tui.runner.rewinds import RunRewinder
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import StopIntent
from tui.runner.transitions import RunEvent
from tui.runner.watchers.restarting import (
    WatchedRestarter,
    clear_left,
    mark_left,
    record_supervisor_start,
)
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_end, record_end
from tui.system.children.programs import keep_out
from tui.system.errors import OvernightError
from tui.system.locks import acquire_lock

_ROUND_SECONDS = 0.1
_QUICK_SECONDS = 0.02
_CHECK_SECONDS = 0.5
_COPY_SECONDS = 30.0
_READ_SECONDS = 10.0
_CHECKPOINT_BEFORE = (StopKind.KILL, StopKind.LIMIT, StopKind.STOP, StopKind.REWIND)


class Supervisor:
    """Everything that happens to a run, in rounds; `run` lasts until the run is over."""

    def __init__(self, folder: RunDirectory) -> None:
        context = self.context = RunContext.load(folder)
        self._notifier = notifier_for(context)
        context.notify = self._notifier.notify
        reader = self.reader = RunReader(context)
        messages = self.messages = MessageSender(
            context, reader.turns, lambda: reader.snapshot().activity_text
        )
        machine = self.machine = RunMachine(context, reader, messages)
        self.escalation = Escalation(context, reader.turns, messages, reader.silence)
        self.money = machine.money = MoneyLimits(context, reader)
        self.limits = LimitChecker(context, reader, self.money)
        self.artifacts = RunArtifacts(context)
        self.checkpoints, self.commits = CheckpointSchedule(context, reader), AutoCommits(context)
        self.stalls = StallResponse(context, messages, machine, self.checkpoints)
        self.requests = RequestHandler(
            context, reader, messages, machine, self.checkpoints, RunRewinder(context)
        )
        self._sleep_inhibitor, self._is_asked_to_leave = SleepInhibitor(), False
        self._gone_since: float | None = None
        self._check_at = self._copy_at = 0.0
        self._restarter = WatchedRestarter(context.folder, context.settings)
        self._escalated_intent: StopIntent | None = None
        self._known_faults: set[str] = set()

    # --- beginning ---

    def begin(self, gap: float | None, restarted_by: str = "") -> None:
        """Starts or adopts the run, as `record_supervisor_start` has it."""
        context = self.context
        context.start_clock()
        clear_left(context.folder)
        self._restarter.ensure()
        record_supervisor_start(context, gap, restarted_by)
        if gap is None:
            self._log_limits()
            goal = context.facts.goal[:200]
            context.notify(NotifyKind.START, f"run {context.folder.id} starts: {goal}")
        if context.settings.session.inhibit_sleep:
            self._sleep_inhibitor.acquire()
        self._recover_rewind()
        if context.state.attempt_number == 0:
            self.checkpoints.request("start", "start")
            self.machine.begin()
        else:
            self._adopt()
        self.requests.resume_claimed()

    def _adopt(self) -> None:
        context, state = self.context, self.context.state
        attempt = self.machine.attempt = AttemptProcess(context.folder, state.attempt_number)
        is_ordered = attempt.files.order.exists()
        if state.journalled_attempt < state.attempt_number and (
            not is_ordered or attempt.read_status().state == "void"
        ):
            # The earlier supervisor was killed before the agent was started: that is no crash.
            step = state.step or first_attempt(context.facts.goal, context.settings)
            self.messages.on_attempt_ended(resumes=True)
            state.attempts_counted -= 1
            self.machine.launch(step, RunEvent.ADOPTED)
        else:
            self.machine.requeue_goal()

    def _recover_rewind(self) -> None:
        # A rewind that was cut short is finished or taken back before anything else works here.
        try:
            recovery = recover_rewind(self.context.project, may_act=True)
        except (OvernightError, OSError) as error:
            text = f"an interrupted rewind is still open: {error}"
        else:
            if recovery is None:
                return
            text = recovery.sentence
        self.context.journal_entry("note", {"text": text})

    def _log_limits(self) -> None:
        log, settings = self.context.log_line, self.context.settings
        log(f"Max runtime: {_or_none(settings.session.max_runtime_hours)} hours")
        log(f"Max idle: {_or_none(settings.session.max_idle_minutes)} minutes")
        log(f"Max cost: ${_or_none(settings.budget.max_cost_usd)}")
        log(f"Check interval: {settings.watchdog.check_interval_seconds:g}s")

    # --- rounds ---

    def run(self) -> None:
        """Rounds until the run is over or this process is asked to leave."""
        while not self._is_asked_to_leave and self.machine.end is None:
            try:
                busy = self.round()
            except Exception as error:  # a fault of one round must not leave the agent unwatched
                busy = False
                self._record_fault(error)
            if not busy:
                time.sleep(_QUICK_SECONDS if self.money.is_near else _ROUND_SECONDS)
        if self.machine.end is None:
            mark_left(self.context.folder)
            self.context.journal_entry("supervisor_stopped", {"pid": os.getpid()})
            self.context.log_line("Watchdog stopped")
            self.reader.save()
            self.context.save()
        else:
            self._finish(self.machine.end)
        self.close()

    def _record_fault(self, error: Exception) -> None:
        """Reports a fault of this program, once for each kind; its trace goes to our own log."""
        import traceback

        text = f"{type(error).__name__}: {error}"[:300]
        if text not in self._known_faults:
            self._known_faults.add(text)
            traceback.print_exception(error, file=sys.stderr)
            note = f"the supervisor stumbled and went on: {text}"
            self.context.journal_entry("note", {"text": note})
            self.context.log_line(f"Watchdog error: {text}", "ERROR")

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Leaves after this round; the agent stays."""
        self._is_asked_to_leave = True

    def round(self) -> bool:
        """Reads and does what is due; True when there is more to be read at once."""
        context, machine = self.context, self.machine
        asleep = context.advance_clock()
        if asleep:
            context.journal_entry("suspended", {"seconds": round(asleep, 1)})
            context.log_line(f"The machine slept for {asleep:.0f}s")
        context.flush()
        grew = self.reader.poll(self._on_event)
        if not self.reader.caught_up:
            return True
        if grew:
            end = self.reader.end_of_stream()
            context.state.effects_applied_to = max(context.state.effects_applied_to, end)
            self._keep_money_limits()
        self.checkpoints.record_results(self.requests.answer)
        self.requests.follow_up()
        self.requests.handle_new()
        machine.on_baseline()
        if machine.phase == RunPhase.WAITING:
            machine.on_wait_due()
        if machine.end is None and machine.attempt is not None:
            self._watch_attempt(machine.attempt)
        self._check_periodically()
        return grew

    def _on_event(self, event: AgentEvent) -> None:
        body, state = event.body, self.context.state
        if isinstance(body, Compaction) and event.offset >= state.effects_applied_to:
            self.artifacts.on_compaction(event, body)
            self.context.log_line(f"Context compaction: {body.before:,} tokens before")
            self.checkpoints.request("after compaction", "compaction")

    def _watch_attempt(self, attempt: AttemptProcess) -> None:
        machine, status = self.machine, attempt.read_status()
        if status.is_over:
            testing = machine.phase == RunPhase.BASELINE and machine.baseline.is_running
            if not testing and not self.context.state.waits_for_launch:
                self._on_process_gone(attempt, status)
            return
        if status.state == "running":
            self.messages.fifo = attempt.fifo
            machine.on_agent_running(status)
            machine.record_session()
            learn_abilities(self.context, self.reader.turns)
            machine.reset_restarts()
            machine.return_to_first_model()
        machine.on_message_queued()
        intent = self.context.state.intent
        if intent is None or self.escalation.takes_messages:
            self.messages.deliver()
        if intent is not None:
            self._escalate(intent, attempt, status)
        elif self.reader.turns.is_idle and not self.messages.has_waiting:
            machine.on_turn_ended()

    def _escalate(self, intent: StopIntent, attempt: AttemptProcess, status: AttemptStatus) -> None:
        if self._escalated_intent is not intent:
            self._escalated_intent = intent
            if (
                intent.kind in _CHECKPOINT_BEFORE or intent.note
            ) and not intent.declines_checkpoint:
                self.checkpoints.request(f"before {intent.kind}", f"before {intent.kind}")
            self.escalation.start(intent)
        self.escalation.advance(intent, attempt, status)

    def _on_process_gone(self, attempt: AttemptProcess, status: AttemptStatus) -> None:
        """Records the end of the attempt, once its stream is read and its checkpoint taken."""
        context, now = self.context, time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
        unfinished = not self.reader.is_complete() or self.checkpoints.is_busy
        if unfinished and now - self._gone_since < _READ_SECONDS:
            return
        self._gone_since = None
        self.machine.on_agent_running(status)
        self.machine.record_session()
        survivors = self.escalation.kill_tree(attempt, status)
        self.artifacts.copy_transcripts()
        snapshot, number = self.reader.snapshot(), context.state.attempts_counted
        known = snapshot.interventions.attempts[-1:]
        # A supervisor that was killed after this entry leaves the rest to the next.
        if not known or known[0].ended_at is None or known[0].attempt != number:
            reason, data = exit_text(status), {"code": status.code, "signal": status.signal}
            context.journal_entry("segment_ended", {"attempt": number, **data, "reason": reason})
            context.log_line(f"Process ended: {reason}")
            self.artifacts.on_session_end(snapshot)
        self._on_attempt_ended(status, survivors)

    def _on_attempt_ended(self, status: AttemptStatus, survivors: list[str] | None) -> None:
        context, machine, intent = self.context, self.machine, self.context.state.intent
        if intent is not None and intent.kind in (StopKind.KILL, StopKind.LIMIT):
            kind = "kill" if survivors or intent.kind == StopKind.KILL else "stop"
            by = "limit" if intent.kind == StopKind.LIMIT else intent.by
            data = {"by": by, "reason": intent.reason, "survivors": survivors}
            context.journal_entry(kind, data)
        self.messages.on_attempt_ended(resumes=intent is None or intent.goes_on)
        self.escalation.reset()
        if intent is not None and intent.kind == StopKind.REWIND:
            self.requests.execute_rewind(intent)
        else:
            machine.on_process_ended(status)
        if machine.end is not None and intent is not None:
            parts = (machine.end.reason, describe_survivors(survivors))
            text = "; ".join(filter(None, parts))
            self.requests.answer(intent.request, not survivors, text, survivors)

    def _check_periodically(self) -> None:
        context, now = self.context, time.monotonic()
        if now < self._check_at or self.machine.end is not None:
            return
        self._check_at = now + min(_CHECK_SECONDS, context.settings.watchdog.check_interval_seconds)
        context.heartbeat()
        self._restarter.ensure()
        attempt = self.machine.attempt
        status = attempt.read_status() if attempt is not None else None
        snapshot = self.reader.snapshot()
        self.stalls.update(snapshot)
        if attempt is not None and status is not None:
            self.escalation.remember_members(attempt, status)
        if not self.machine.phase.is_ending:
            self._end_at_limit(self.limits.check(snapshot, attempt, status))
            self.machine.end_long_retry(snapshot.activity)
            see_to_handoff(context, self.reader, self.messages, self.machine, snapshot)
        self.checkpoints.request_if_due()
        self.commits.commit_if_due()
        if now >= self._copy_at:
            self._copy_at = now + _COPY_SECONDS
            self.artifacts.copy_transcripts()
            self.reader.save()
            context.save()

    def _keep_money_limits(self) -> None:
        """Ends the agent as soon as the stream tells of an answer that passes a limit of money."""
        intent = self.context.state.intent
        if not self.machine.phase.is_ending:
            self._end_at_limit(self.limits.check_money())
        elif intent is not None and (shorter := self.limits.cut_short(intent)) is not None:
            self.context.state.intent = shorter
            self.context.save()

    def _end_at_limit(self, intent: StopIntent | None) -> None:
        gone = self.machine.attempt is None or self.context.state.waits_for_launch
        if intent is not None and gone:
            self.machine.end_run(end_for_intent(intent), None, RunEvent.LIMIT_REACHED)
        elif intent is not None:  # also one that ended just now, for what it left behind
            self.machine.stop_agent(intent, RunEvent.LIMIT_REACHED, "a limit was reached")

    # --- the end ---

    def _finish(self, end: RunEnd) -> None:
        context = self.context
        until = time.monotonic() + context.settings.checkpoints.time_budget_seconds
        if context.state.intent is None or not context.state.intent.declines_checkpoint:
            self.checkpoints.request("end", "end")
        while self.checkpoints.is_busy and time.monotonic() < until:
            self.checkpoints.record_results(self.requests.answer)
            time.sleep(0.02)
        self.requests.refuse_remaining(f"the run is over: {end.reason}")
        self.artifacts.publish_transcripts()
        self.stalls.end_stall()
        self.money.record()
        context.notify(end.kind.notify_event or NotifyKind.FINISHED, end.reason)
        data = {"reason": end.reason, "code": end.code, "end": end.kind}
        context.journal_entry("run_ended", {**data, **({"limit": end.limit} if end.limit else {})})
        context.log_line(f"Run ended: {end.reason}")
        context.log_line("Watchdog stopped")
        context.save()
        try:
            record_end(context.folder, end)
        except OSError as error:
            context.log_line(f"The end could not be recorded: {error}", "ERROR")

    def close(self) -> None:
        """Releases everything; the agent is not part of it."""
        self.machine.baseline.stop()
        self.checkpoints.close()
        self.reader.close()
        self._sleep_inhibitor.close()
        self._notifier.close()
        self._restarter.forget()


def _or_none(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def main(arguments: list[str] | None = None) -> int:
    """Supervises the run until it is over; 0 at once where it has ended or is supervised already."""
    words = sys.argv[1:] if arguments is None else arguments
    folder = RunDirectory(Path(words[0]).absolute())
    gap = None
    with suppress(OSError):  # there is no lock file at the start
        # Seconds since the last heartbeat; before the lock, which sets the time of its file.
        gap = max(0.0, time.time() - folder.lock.stat().st_mtime)
    lock = acquire_lock(folder.lock)
    if lock is None or read_run_end(folder) is not None:
        return 0
    os.chdir(folder.path)
    supervisor = Supervisor(folder)
    keep_out(supervisor.context.project)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    supervisor.begin(gap, "".join(words[1:2]))
    supervisor.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
