"""Words instead of work: one answer that chants, and the same words again without a call."""

from __future__ import annotations

from typing import ClassVar

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.detector import Detector
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.similarity import are_similar, repeated_phrase
from tui.night.stuck.step import SpokenText, Step
from tui.system.format import shorten

_LONG = 400
_KEPT = 2000
_SIZE_SLACK = 64


class RepeatedPhrases(Detector):
    """One answer repeats its own words."""

    name: ClassVar[DetectorName] = DetectorName.REPEATED_PHRASES

    def on_text(self, said: SpokenText, progress: ProgressTracker, limits: StallThresholds) -> None:
        times = repeated_phrase(said.text) if len(said.text) > _LONG else 0
        if not times:
            return
        words = shorten(said.text[-60:])
        self.finding = Stall(
            StallKind.LOOP,
            said.at or 0.0,
            (f"one answer repeats the same words {times} times: “{words}”",),
            (said.ref,),
            StallLevel.NOTICE,
            times,
            last_at=said.at,
            pattern=words,
            detector=self.name,
        )

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        self.finding = None

    def reset(self) -> None:
        self.finding = None


class Monologue(Detector):
    """The same words again and again, and no tool call."""

    name: ClassVar[DetectorName] = DetectorName.MONOLOGUE
    count: int = 0
    text: str = ""
    first_at: float | None = None
    first_ref: SourceRef | None = None

    def on_text(self, said: SpokenText, progress: ProgressTracker, limits: StallThresholds) -> None:
        if said.has_calls:
            return
        text = said.text[:_KEPT]
        near = self.count and abs(len(self.text) - len(text)) <= _SIZE_SLACK
        if not near or self.first_ref is None or not are_similar(self.text, text):
            self.finding = None
            self.count, self.text, self.first_at, self.first_ref = 1, text, said.at, said.ref
            return
        self.count += 1
        level = self.level(self.count, limits)
        if not level:
            return
        self.finding = Stall(
            StallKind.LOOP,
            self.first_at or 0.0,
            (f"the same words {self.count} times and no tool call: “{shorten(self.text)}”",),
            (self.first_ref, said.ref),
            level,
            self.count,
            last_at=said.at,
            pattern=shorten(self.text),
            detector=self.name,
        )

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        if self.count:
            self.reset()

    def on_progress(self, kind: ProgressKind) -> None:
        self.reset()

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        return self.near(self.count, "equal words", limits)

    def reset(self) -> None:
        self.count, self.text, self.finding = 0, "", None
