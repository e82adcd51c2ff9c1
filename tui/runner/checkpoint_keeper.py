"""When the supervisor takes checkpoints, what they remember, and how they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.model.state import RunPhase
from tui.runner.checkpointing import CheckpointWorker, CheckpointOutcome, CheckpointRequest
from tui.runner.desk import RunContext
from tui.runner.eyes import RunReader

Answer = Callable[[str, bool, str, object], None]


def checkpoint_facts(eyes: RunReader) -> dict[str, Any]:
    """What a checkpoint is to remember of the moment: above all where the conversation stood."""
    night, turns = eyes.snapshot(), eyes.turns
    facts: dict[str, Any] = {
        "session": turns.session,
        "uuid": turns.safe_uuid,
        "tests": night.tests.last,
    }
    if eyes.progress is not None:
        facts["done"], facts["open"] = eyes.progress.done, eyes.progress.open
    return facts


class CheckpointSchedule:
    """Asks for checkpoints and journals how they went."""

    def __init__(self, desk: RunContext, eyes: RunReader, checkpoints: CheckpointWorker) -> None:
        self._desk = desk
        self._eyes = eyes
        self._checkpoints = checkpoints

    @property
    def busy(self) -> bool:
        return self._checkpoints.busy

    def request(self, label: str, why: str, request: str = "") -> None:
        """Has a checkpoint taken in the background; `request` is answered when it is there."""
        self._checkpoints.ask(CheckpointRequest(label, why, checkpoint_facts(self._eyes), request))
        self._desk.state.checkpoint_elapsed = self._desk.state.elapsed

    def request_if_due(self) -> None:
        """Takes one if the last is older than the settings like."""
        minutes, state = self._desk.settings.session.checkpoint_interval_minutes, self._desk.state
        if minutes is None or self.busy or state.phase == RunPhase.WAITING:
            return
        if state.elapsed - (state.checkpoint_elapsed or 0.0) >= minutes * 60:
            self.request("", "timer")

    def record_results(self, answer: Answer) -> None:
        """Journals what was taken since the last call, and answers who asked."""
        for taken in self._checkpoints.results():
            self._tell_one(taken, answer)

    def _tell_one(self, taken: CheckpointOutcome, answer: Answer) -> None:
        desk, wanted = self._desk, taken.wanted
        if taken.entry is None:
            desk.journal_entry("checkpoint_failed", {"reason": taken.reason, "why": wanted.why})
            desk.log_line(f"Checkpoint failed: {taken.reason}", "WARNING")
            answer(wanted.request, False, taken.reason, None)
            return
        desk.journal_entry("checkpoint", taken.entry)
        name = str(taken.entry.get("checkpoint") or "")
        desk.log_line(f"Checkpoint triggered successfully ({name}, {wanted.why})")
        desk.notify("checkpoint", f"checkpoint {name}: {wanted.label or wanted.why}")
        answer(wanted.request, True, f"checkpoint {name}", taken.entry)
