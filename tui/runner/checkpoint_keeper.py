"""When the supervisor takes checkpoints, what they remember, and how they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.model.state import RunPhase
from tui.runner.checkpointing import Checkpoints, Taken, Wanted
from tui.runner.desk import Desk
from tui.runner.eyes import Eyes

Answer = Callable[[str, bool, str, object], None]


def checkpoint_facts(eyes: Eyes) -> dict[str, Any]:
    """What a checkpoint is to remember of the moment: above all where the conversation stood."""
    night, turns = eyes.night(), eyes.turns
    facts: dict[str, Any] = {
        "session": turns.session,
        "uuid": turns.safe_uuid,
        "tests": night.tests.last,
    }
    if eyes.progress is not None:
        facts["done"], facts["open"] = eyes.progress.done, eyes.progress.open
    return facts


class CheckpointKeeper:
    """Asks for checkpoints and journals how they went."""

    def __init__(self, desk: Desk, eyes: Eyes, checkpoints: Checkpoints) -> None:
        self._desk = desk
        self._eyes = eyes
        self._checkpoints = checkpoints

    @property
    def busy(self) -> bool:
        return self._checkpoints.busy

    def take(self, label: str, why: str, request: str = "") -> None:
        """Has a checkpoint taken in the background; `request` is answered when it is there."""
        self._checkpoints.ask(Wanted(label, why, checkpoint_facts(self._eyes), request))
        self._desk.state.checkpoint_elapsed = self._desk.state.elapsed

    def when_due(self) -> None:
        """Takes one if the last is older than the settings like."""
        minutes, state = self._desk.settings.session.checkpoint_interval_minutes, self._desk.state
        if minutes is None or self.busy or state.phase == RunPhase.WAITING:
            return
        if state.elapsed - (state.checkpoint_elapsed or 0.0) >= minutes * 60:
            self.take("", "timer")

    def tell(self, answer: Answer) -> None:
        """Journals what was taken since the last call, and answers who asked."""
        for taken in self._checkpoints.results():
            self._tell_one(taken, answer)

    def _tell_one(self, taken: Taken, answer: Answer) -> None:
        desk, wanted = self._desk, taken.wanted
        if taken.entry is None:
            desk.tell("checkpoint_failed", {"reason": taken.reason, "why": wanted.why})
            desk.say(f"Checkpoint failed: {taken.reason}", "WARNING")
            answer(wanted.request, False, taken.reason, None)
            return
        desk.tell("checkpoint", taken.entry)
        name = str(taken.entry.get("checkpoint") or "")
        desk.say(f"Checkpoint triggered successfully ({name}, {wanted.why})")
        desk.notify("checkpoint", f"checkpoint {name}: {wanted.label or wanted.why}")
        answer(wanted.request, True, f"checkpoint {name}", taken.entry)
