"""What every detector is: a fold over steps, texts, turns and progress, with at most one finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.journal import JournalEntry
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallLevel, StallThresholds
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import SpokenText, Step
from tui.night.stuck.turns.prompts import Prompt


class Counts(NamedTuple):
    """How many equal rounds make a notice, a suspicion, and the verdict that it is stuck."""

    notice: int
    suspected: int
    stuck: int


COUNTS: Mapping[DetectorName, Counts] = {
    DetectorName.REFUSED_CALLS: Counts(3, 5, 8),
    DetectorName.SAME_ERROR: Counts(4, 7, 12),
    DetectorName.SAME_TEST: Counts(7, 10, 15),
    DetectorName.REVERTED_EDITS: Counts(5, 8, 12),
    DetectorName.REPEATED_CALLS: Counts(3, 5, 8),
    DetectorName.GROWING_COMMANDS: Counts(4, 7, 12),
    DetectorName.RECURRING_CALLS: Counts(3, 6, 12),
    DetectorName.REPEATED_PHRASES: Counts(6, 12, 24),
    DetectorName.REPEATED_TURNS: Counts(4, 6, 10),
    DetectorName.CONTINUATIONS: Counts(4, 8, 12),
    DetectorName.HANDOFFS: Counts(3, 4, 6),
    DetectorName.COMPACTIONS: Counts(3, 4, 6),
    DetectorName.MONOLOGUE: Counts(4, 6, 10),
    DetectorName.SIMILAR_MESSAGES: Counts(3, 6, 12),
}
"""How each was chosen stands in docs/stuck.md."""


class Detector(Struct):
    """Looks for one kind of trouble in one conversation.

    `finding` is what it sees now, by its evidence alone. `factor` raises its counts: a person said that
    it was wrong. Handlers that a detector does not need do nothing.
    """

    name: ClassVar[DetectorName]
    beside: ClassVar[frozenset[ProgressKind]] = frozenset()
    """The kinds of progress that do not end what this detector sees: its waste goes back beyond them."""
    finding: Stall | None = None
    factor: float = 1.0

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        """A call was answered."""

    def on_text(
        self, spoken: SpokenText, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        """The model said something."""

    def on_prompt(self, prompt: Prompt, progress: ProgressTracker, limits: StallThresholds) -> None:
        """A new turn begins, and the last one is over; what a person begins is a new beginning."""
        if prompt.by_program:
            self.on_turn(prompt.at, prompt.ref, progress, limits)
        else:
            self.reset()

    def on_turn(
        self,
        at: float | None,
        ref: SourceRef | None,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        """A program asked it to go on."""

    def on_turn_started(
        self,
        at: float | None,
        ref: SourceRef,
        pause: float,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        """A turn or a process began after a `pause`; its prompt may follow, or never be seen."""

    def on_journal(self, entry: JournalEntry, limits: StallThresholds) -> None:
        """A person or the supervisor did something."""

    def on_compaction(
        self, at: float | None, ref: SourceRef, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        """The conversation was summarised."""

    def on_progress(self, kind: ProgressKind) -> None:
        """Something new came; what a detector does not take for progress leaves it as it is."""

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        """Its count beside the one of a notice, while that is not reached; None where nothing repeats."""
        return None

    def reset(self) -> None:
        """A person spoke: whatever comes is a new beginning."""

    def near(self, count: int, words: str, limits: StallThresholds) -> StallSignal | None:
        """The signal for a count that is more than one."""
        notice = counts_of(self.name, limits).notice * self.factor
        return StallSignal(words, count, notice, "rounds") if count > 1 else None

    def level(self, count: float, limits: StallThresholds, patience: float = 1.0) -> StallLevel:
        """The level of `count` equal rounds; `patience` times as many are needed for each."""
        counts = counts_of(self.name, limits)
        rounds = count / (patience * self.factor)
        if rounds >= counts.stuck:
            return StallLevel.STUCK
        if rounds >= counts.suspected:
            return StallLevel.SUSPECTED
        return StallLevel.NOTICE if rounds >= counts.notice else StallLevel.NONE


def counts_of(name: DetectorName, limits: StallThresholds) -> Counts:
    """The counts in force: those of the settings, or the detector's own."""
    if name in limits.detector_counts:
        return Counts(*limits.detector_counts[name])
    if name == DetectorName.REPEATED_CALLS:
        return Counts(limits.loop_notice, limits.loop_nudge, limits.loop_stop)
    return COUNTS[name]
