"""What every detector is: a fold over steps, texts, turns and progress, with at most one finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from msgspec import Struct, structs

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal, StallWaste
from tui.model.state import StallLevel, StallThresholds
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import SpokenText, Step


class Counts(NamedTuple):
    """How many equal rounds make a notice, a suspicion, and the verdict that it is stuck."""

    notice: int
    suspected: int
    stuck: int


COUNTS: Mapping[DetectorName, Counts] = {
    DetectorName.REPEATED_CALLS: Counts(3, 5, 8),
    DetectorName.REPEATED_PHRASES: Counts(6, 12, 24),
    DetectorName.MONOLOGUE: Counts(3, 5, 8),
}
"""How each was chosen stands in docs/stuck.md."""
_CALLS_SUSPECTED, _CALLS_STUCK = 4, 8


class Detector(Struct):
    """Looks for one kind of trouble in one conversation.

    `finding` is what it sees now, by its evidence alone. `factor` raises its counts: a person said that
    it was wrong. Handlers that a detector does not need do nothing.
    """

    name: ClassVar[DetectorName]
    finding: Stall | None = None
    factor: float = 1.0

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        """A call was answered."""

    def on_text(self, said: SpokenText, progress: ProgressTracker, limits: StallThresholds) -> None:
        """The model said something."""

    def on_turn(
        self, at: float | None, ref: SourceRef, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        """A program asked it to go on: a new turn begins, and the last one is over."""

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

    def level(self, count: int, limits: StallThresholds, patience: float = 1.0) -> StallLevel:
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
    if name in (DetectorName.REPEATED_CALLS, DetectorName.MONOLOGUE):
        return Counts(limits.loop_notice, limits.loop_nudge, limits.loop_stop)
    return COUNTS[name]


def judged(finding: Stall, waste: StallWaste) -> Stall:
    """The finding with what it cost so far; what cost little is at most a notice."""
    level = finding.level
    if waste.calls < _CALLS_STUCK:
        level = min(level, StallLevel.SUSPECTED, key=lambda one: one.rank)
    if waste.calls < _CALLS_SUSPECTED:
        level = min(level, StallLevel.NOTICE, key=lambda one: one.rank)
    return structs.replace(finding, level=level, waste=waste)
