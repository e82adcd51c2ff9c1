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

from tui.clock import Clock
from tui.errors import OvernightError
from tui.model.state import NotifyEvent, RunPhase, StopKind
from tui.night.doing import doing
from tui.records import Compaction, Event
from tui.runner.awake import Awake
from tui.runner.checkpoint_keeper import CheckpointKeeper
from tui.runner.checkpointing import Checkpointer, Checkpoints, GitCheckpointer
from tui.runner.conduct import Conductor
from tui.runner.decisions import end_of_intent, first_attempt
from tui.runner.deliveries import Deliveries
from tui.runner.desk import Desk, Notifier
from tui.runner.ending import Ending
from tui.runner.eyes import Eyes
from tui.runner.limits import Limits
from tui.runner.notify import notifier_for
from tui.runner.outcomes import how_it_ended
from tui.runner.papers import Papers
from tui.runner.relay import Relay
from tui.runner.requests import Requests
from tui.runner.rewinding import GitRewinder, Rewinder
from tui.runner.segment import Look, Segment
from tui.runner.stall_watch import StallWatch
from tui.runner.transitions import RunEvent
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_end, record_end
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
        self.desk = Desk.of(folder, clock, notifier)
        facts, settings, clock = self.desk.facts, self.desk.settings, self.desk.clock
        self.eyes = Eyes(self.desk)
        self.deliveries = Deliveries(self.desk, self.eyes.turns, lambda: doing(self.eyes.night()))
        self.conductor = Conductor(self.desk, self.eyes, self.deliveries)
        self.ending = Ending(self.desk, self.eyes.turns, self.deliveries)
        self.limits = Limits(self.desk, self.eyes)
        self.stalls = StallWatch(self.desk, self.deliveries)
        self.relay = Relay(self.desk, self.eyes, self.deliveries, self.conductor)
        self.papers = Papers(self.desk)
        engine = checkpointer or GitCheckpointer(self.desk.project, settings, facts.run, clock)
        self._workers = Checkpoints(engine)
        self.checkpoints = CheckpointKeeper(self.desk, self.eyes, self._workers)
        rewinder = rewinder or GitRewinder(self.desk.project, settings, folder, clock)
        self.requests = Requests(
            self.desk, self.eyes, self.deliveries, self.conductor, self.checkpoints, rewinder
        )
        self._awake = Awake()
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
        desk.tell("supervisor_started", facts)
        desk.say("Watchdog started" if gap is None else f"Watchdog started again after {gap:.0f}s")
        if gap is None:
            self._say_limits()
            desk.notify(NotifyEvent.START, f"run {desk.folder.id} starts: {desk.facts.goal[:200]}")
        if desk.settings.session.inhibit_sleep:
            self._awake.hold()
        self._recover_rewind()
        if state.segment == 0:
            self.checkpoints.take("start", "start")
            self.conductor.launch(first_attempt(desk.facts.goal, desk.settings), RunEvent.STARTED)
        else:
            self._adopt()
        self.requests.take_up()

    def _adopt(self) -> None:
        state = self.desk.state
        segment = self.conductor.segment = Segment(self.desk.folder, state.segment)
        ordered = segment.files.order.exists()
        if state.begun < state.segment and (not ordered or segment.look().state == "void"):
            # Nobody had come so far as to start it: that is no crash.
            facts, settings = self.desk.facts, self.desk.settings
            step = state.next or first_attempt(facts.goal, settings)
            self.deliveries.segment_over(resumes=True)
            state.attempt -= 1
            self.conductor.launch(step, RunEvent.ADOPTED)
        else:
            self.conductor.remind()

    def _recover_rewind(self) -> None:
        """A rewind that was cut short is finished, or taken back, before anybody works on."""
        from tui.control import restore

        try:
            recovery = restore.recover(self.desk.project)
        except (OvernightError, OSError) as error:
            self.desk.tell("note", {"text": f"an interrupted rewind is still open: {error}"})
            return
        if recovery is not None:
            words = f"an interrupted rewind to {recovery.checkpoint} was {recovery.outcome}"
            self.desk.tell("note", {"text": words})

    def _say_limits(self) -> None:
        desk = self.desk
        session, budget = desk.settings.session, desk.settings.budget
        desk.say(f"Max runtime: {_or_none(session.max_runtime_hours)} hours")
        desk.say(f"Max idle: {_or_none(session.max_idle_minutes)} minutes")
        desk.say(f"Max cost: ${_or_none(budget.max_cost_usd)}")
        desk.say(f"Check interval: {desk.settings.watchdog.check_interval_seconds:g}s")

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
            self.desk.tell("supervisor_stopped", {"pid": os.getpid()})
            self.desk.say("Watchdog stopped")
            self.eyes.keep()
            self.desk.keep()
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
            self.desk.tell("note", {"text": f"the supervisor stumbled and went on: {words}"})
            self.desk.say(f"Watchdog error: {words}", "ERROR")

    def leave(self, number: int, frame: FrameType | None) -> None:
        """Asked to go: the agent stays."""
        self._stopping = True

    def round(self) -> bool:
        """One look at everything; True when there is more to be read at once."""
        desk = self.desk
        asleep = desk.pass_time()
        if asleep:
            desk.tell("suspended", {"seconds": round(asleep, 1)})
            desk.say(f"The machine slept for {asleep:.0f}s")
        desk.flush()
        grew = self.eyes.look(self._heard)
        if not self.eyes.caught_up:
            return True
        desk.state.handled = max(desk.state.handled, self.eyes.end_of_stream() if grew else 0)
        self.checkpoints.tell(self.requests.answer)
        self.requests.work()
        if self.conductor.phase == RunPhase.WAITING:
            self.conductor.wait_over()
        if self.conductor.over is None and self.conductor.segment is not None:
            self._watch_segment(self.conductor.segment)
        self._now_and_then()
        return grew

    def _watch_segment(self, segment: Segment) -> None:
        look, phase = segment.look(), self.conductor.phase
        if look.over:
            testing = phase == RunPhase.BASELINE and self.conductor.baseline.running
            if not testing and not self._waits_for_restart():
                self._gone(segment, look)
            return
        if look.state == "running":
            self.deliveries.fifo = segment.fifo
            self.conductor.began(look)
            self.conductor.note_session()
            self.conductor.healthy()
        self.conductor.message_queued()
        self.deliveries.work()
        intent = self.desk.state.intent
        if intent is not None:
            if self._climbed is not intent:
                self._climbed = intent
                wanted = intent.arguments.get("checkpoint", True) is not False
                if intent.kind in _CHECKPOINT_BEFORE and wanted:
                    self.checkpoints.take(f"before {intent.kind}", f"before {intent.kind}")
                self.ending.begin(intent)
            self.ending.step(intent, segment, look)
        elif self.eyes.turns.settled and not self.deliveries.waiting:
            self.conductor.turn_over()

    def _waits_for_restart(self) -> bool:
        """Whether the present segment is over and dealt with, and its successor has its time."""
        pending = self.desk.state.pending
        return pending is not None and pending.next is not None

    def _gone(self, segment: Segment, look: Look) -> None:
        """The agent's process is gone: reads its last words, clears its tree, decides."""
        now = time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
        if not self.eyes.read_all() and now - self._gone_since < _READ_WITHIN:
            return
        if self.checkpoints.busy and now - self._gone_since < _READ_WITHIN:
            return
        self._gone_since = None
        desk = self.desk
        self.conductor.began(look)
        self.conductor.note_session()
        survivors = self.ending.clear(segment, look).survivors
        words = how_it_ended(look)
        facts = {"attempt": desk.state.attempt, "code": look.code, "signal": look.signal}
        desk.tell("segment_ended", {**facts, "reason": words})
        desk.say(f"Process ended: {words}")
        self.papers.copy_transcripts()
        self.papers.session_over(self.eyes.night())
        self._decide(look, survivors)

    def _decide(self, look: Look, survivors: tuple[str, ...]) -> None:
        desk, intent = self.desk, self.desk.state.intent
        if intent is not None and intent.kind in (StopKind.KILL, StopKind.LIMIT):
            by = "limit" if intent.kind == StopKind.LIMIT else intent.by
            facts = {"by": by, "reason": intent.reason, "survivors": list(survivors)}
            desk.tell("kill" if survivors or intent.kind == StopKind.KILL else "stop", facts)
        goes_on = intent is None or intent.goes_on
        self.deliveries.segment_over(resumes=goes_on)
        self.ending.begin_segment()
        if intent is not None and intent.kind == StopKind.REWIND:
            self.requests.rewind_now(intent)
        else:
            self.conductor.agent_gone(look)
        if self.conductor.over is not None and intent is not None:
            named = f"; these survived: {', '.join(survivors)}" if survivors else ""
            text = self.conductor.over.reason + named
            self.requests.answer(intent.request, not survivors, text, list(survivors))

    def _now_and_then(self) -> None:
        desk, now = self.desk, time.monotonic()
        if now < self._check_at or self.conductor.over is not None:
            return
        self._check_at = now + min(_CHECK, desk.settings.watchdog.check_interval_seconds)
        desk.beat()
        segment = self.conductor.segment
        look = segment.look() if segment is not None else None
        night = self.eyes.night()
        self.stalls.look(night)
        if segment is not None and look is not None:
            self.ending.remember(segment, look)
        if not self.conductor.phase.is_ending:
            self._keep_limits(segment, look)
            self.relay.look(night)
        self.checkpoints.when_due()
        if now >= self._copy_at:
            self._copy_at = now + _COPY_EVERY
            self.papers.copy_transcripts()
            self.eyes.keep()
            desk.keep()

    def _keep_limits(self, segment: Segment | None, look: Look | None) -> None:
        intent = self.limits.check(self.eyes.night(), segment, look)
        if intent is None:
            return
        if look is not None and not look.over:
            self.conductor.stop_agent(intent, RunEvent.LIMIT_REACHED, "a limit was reached")
        else:
            self.conductor.end_run(end_of_intent(intent), None, RunEvent.LIMIT_REACHED)

    # --- events ---

    def _heard(self, event: Event) -> None:
        if isinstance(event.body, Compaction) and event.offset >= self.desk.state.handled:
            body = event.body
            self.papers.compacted(event, body)
            self.desk.say(f"Context compaction: {body.before:,} tokens before")
            self.checkpoints.take("after compaction", "compaction")

    # --- the end ---

    def _finish(self) -> None:
        desk, over = self.desk, self.conductor.over
        if over is None:
            return
        until = time.monotonic() + desk.settings.checkpoints.time_budget_seconds
        self.checkpoints.take("end", "end")
        while self.checkpoints.busy and time.monotonic() < until:
            self.checkpoints.tell(self.requests.answer)
            time.sleep(0.02)
        self.requests.refuse_rest(f"the run is over: {over.reason}")
        self.papers.publish_transcripts()
        self.stalls.over()
        desk.notify(over.kind.notify_event or NotifyEvent.FINISHED, over.reason)
        facts = {"reason": over.reason, "code": over.code, "end": over.kind}
        desk.tell("run_ended", facts if over.limit is None else {**facts, "limit": over.limit})
        desk.say(f"Run ended: {over.reason}")
        desk.say("Watchdog stopped")
        desk.keep()
        try:
            record_end(desk.folder, over)
        except OSError as error:
            desk.say(f"The end could not be recorded: {error}", "ERROR")

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
