"""When the supervisor takes checkpoints, and the thread that takes them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.model.state import RunPhase
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.settings.settings import Settings
from tui.system.clock import Clock
from tui.system.errors import OvernightError

_RETIRE_EVERY_S = 600.0


class CheckpointTaker:
    """Takes checkpoints of one run as the settings want them."""

    def __init__(self, project: Path, settings: Settings, session: str, clock: Clock) -> None:
        self._project = project
        self._settings = settings
        self._session = session
        self._clock = clock
        self._retire_at = float("-inf")

    def take(self, label: str, why: str, facts: Mapping[str, Any]) -> dict[str, object]:
        from tui.control.retention import checkpoint_entry, take_checkpoint

        taken = take_checkpoint(
            self._project,
            self._settings.checkpoints,
            label=label,
            session=self._session,
            facts={**facts, "why": why},
            clock=self._clock,
        )
        self._retire()
        return checkpoint_entry(taken)

    def _retire(self) -> None:
        """Retires checkpoints past their time; what fails is tried again in ten minutes."""
        from tui.control.retention import retire_by_settings

        now = self._clock.monotonic()
        if now < self._retire_at:
            return
        self._retire_at = now + _RETIRE_EVERY_S
        try:
            retire_by_settings(self._project, self._settings.checkpoints, self._clock.wall())
        except OvernightError:
            return  # the checkpoint that was asked for is there


@dataclass(frozen=True)
class CheckpointRequest:
    """A checkpoint to be taken; `request_id` is the inbox request that it answers."""

    label: str
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""


@dataclass(frozen=True)
class CheckpointOutcome:
    """The journal entry of a checkpoint, or the reason why there is none."""

    request: CheckpointRequest
    entry: dict[str, object] | None
    reason: str = ""


class CheckpointWorker:
    """Takes checkpoints one after the other in a thread."""

    def __init__(self, taker: CheckpointTaker) -> None:
        self._taker = taker
        self._requests: queue.SimpleQueue[CheckpointRequest | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[CheckpointOutcome] = queue.SimpleQueue()
        self._open = 0
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        return self._open > 0

    def enqueue(self, request: CheckpointRequest) -> None:
        """Has a checkpoint taken; `results` returns its outcome later."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
            self._thread.start()
        self._open += 1
        self._requests.put(request)

    def results(self) -> list[CheckpointOutcome]:
        """The outcomes since the last call."""
        outcomes = []
        while not self._outcomes.empty():
            outcomes.append(self._outcomes.get())
            self._open -= 1
        return outcomes

    def close(self) -> None:
        """No more are taken; one under way is finished."""
        self._requests.put(None)

    def _run(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                entry = self._taker.take(request.label, request.why, request.facts)
                self._outcomes.put(CheckpointOutcome(request, entry))
            except (OvernightError, OSError) as error:
                self._outcomes.put(CheckpointOutcome(request, None, str(error)))
            except Exception as error:  # a thread that died would leave all later requests open
                reason = f"no checkpoint was taken: {type(error).__name__}: {error}"
                self._outcomes.put(CheckpointOutcome(request, None, reason))


Answer = Callable[[str, bool, str, object], None]


def checkpoint_facts(reader: RunReader) -> dict[str, Any]:
    """What a checkpoint records of its moment: above all where the conversation stood."""
    turns = reader.turns
    facts: dict[str, Any] = {
        "session": turns.session,
        "uuid": turns.safe_uuid,
        "tests": reader.snapshot().tests.last,
    }
    if reader.progress is not None:
        facts["done"], facts["open"] = reader.progress.done, reader.progress.open
    return facts


class CheckpointSchedule:
    """Requests checkpoints and journals their outcomes."""

    def __init__(self, context: RunContext, reader: RunReader, worker: CheckpointWorker) -> None:
        self._context = context
        self._reader = reader
        self._worker = worker

    @property
    def is_busy(self) -> bool:
        return self._worker.is_busy

    def request(self, label: str, why: str, request_id: str = "") -> None:
        """Has a checkpoint taken in the background; `request_id` is answered when it is there."""
        self._worker.enqueue(
            CheckpointRequest(label, why, checkpoint_facts(self._reader), request_id)
        )
        self._context.state.checkpoint_elapsed = self._context.state.elapsed

    def request_if_due(self) -> None:
        """Requests one if the last is older than the configured interval."""
        state = self._context.state
        minutes = self._context.settings.session.checkpoint_interval_minutes
        if minutes is None or self.is_busy or state.phase == RunPhase.WAITING:
            return
        if state.elapsed - (state.checkpoint_elapsed or 0.0) >= minutes * 60:
            self.request("", "timer")

    def record_results(self, answer: Answer) -> None:
        """Journals the outcomes since the last call, and answers the requests."""
        for outcome in self._worker.results():
            self._record_result(outcome, answer)

    def _record_result(self, outcome: CheckpointOutcome, answer: Answer) -> None:
        context, request = self._context, outcome.request
        if outcome.entry is None:
            context.journal_entry(
                "checkpoint_failed", {"reason": outcome.reason, "why": request.why}
            )
            context.log_line(f"Checkpoint failed: {outcome.reason}", "WARNING")
            answer(request.request_id, False, outcome.reason, None)
            return
        context.journal_entry("checkpoint", outcome.entry)
        name = str(outcome.entry.get("checkpoint") or "")
        context.log_line(f"Checkpoint triggered successfully ({name}, {request.why})")
        context.notify("checkpoint", f"checkpoint {name}: {request.label or request.why}")
        answer(request.request_id, True, f"checkpoint {name}", outcome.entry)
