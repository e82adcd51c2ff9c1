"""Words instead of work: one answer that chants, and statements without a call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct, field

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal, StallStep
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.similarity import repeated_phrase
from tui.night.stuck.step import SpokenText, Step, shown_text
from tui.night.stuck.turns.prompts import PAUSE, Prompt
from tui.night.stuck.turns.wording import (
    Equality,
    say_the_same,
    words_of,
)

_LONG = 400
_KEPT = 2000
_ONLY_TEXT = 8
_SHOWN = 6
_TALK = 3
_ONE_IN = 3
_ABOUT = 0.4


class RepeatedPhrases(Detector):
    """One answer repeats its own words."""

    name: ClassVar[DetectorName] = DetectorName.REPEATED_PHRASES

    def on_text(
        self, spoken: SpokenText, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        times = repeated_phrase(spoken.text) if len(spoken.text) > _LONG else 0
        if not times:
            return
        words = shown_text(spoken.text[-60:])
        self.finding = Stall(
            StallKind.LOOP,
            spoken.at or 0.0,
            (f"one answer repeats the same words {times} times: “{words}”",),
            (spoken.ref,),
            StallLevel.NOTICE,
            times,
            last_at=spoken.at,
            pattern=words,
            detector=self.name,
        )

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        self.finding = None

    def reset(self) -> None:
        self.finding = None


class Statement(Struct):
    """A message without a call; its words are made out once another one follows."""

    text: str
    message: str
    at: float | None
    ref: SourceRef
    words: frozenset[str] = frozenset()


class Monologue(Detector):
    """The same statement again and again, or nothing but statements, and no tool call.

    Where several statements in a row were part of the work (a talk of roles, written down), many are no sign.
    """

    name: ClassVar[DetectorName] = DetectorName.MONOLOGUE
    recent: list[Statement] = field(default_factory=list)
    first: Statement | None = None
    count: int = 0
    others: int = 0
    unprompted: int = 0
    equal: Equality = Equality.LETTERS
    has_worked: bool = False
    is_talk: bool = False

    def on_text(
        self, spoken: SpokenText, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        if spoken.has_calls or spoken.thinking:
            return
        last = self.recent[-1] if self.recent else None
        if last is not None and spoken.message and last.message == spoken.message:
            # One message in several records; nobody repeats himself in it.
            last.text = f"{last.text}\n{spoken.text}"[:_KEPT]
            last.words = words_of(last.text)
            return
        one = Statement(spoken.text[:_KEPT], spoken.message, spoken.at, spoken.ref)
        self.unprompted += 1
        if last is None:
            self.count, self.others, self.first, self.equal = 1, 0, one, Equality.LETTERS
        else:
            self._compare(one)
        self.recent.append(one)
        del self.recent[:-_SHOWN]
        self._judge(one, limits)

    def _compare(self, one: Statement) -> None:
        """Count on where `one` says what one of the last few said, and names nothing new."""
        for other in self.recent:
            if not _ABOUT * len(one.text) <= len(other.text) <= len(one.text) / _ABOUT:
                continue
            one.words = one.words or words_of(one.text)
            other.words = other.words or words_of(other.text)
            if say_the_same(one.text, one.words, other.text, other.words):
                self.count += 1
                self.equal = max(self.equal, Equality.of(one.text, other.text))
                return
        self.others += 1
        if self.others > self.count // _ONE_IN:  # one in a few may say something else
            self.count, self.others, self.first, self.equal = 1, 0, one, Equality.LETTERS

    def _judge(self, one: Statement, limits: StallThresholds) -> None:
        level, count = self.level(self.count, limits), self.count
        first, words = self.first, self.equal.words
        talks = self.has_worked and not self.is_talk
        if not level and talks and self.unprompted >= self.factor * _ONLY_TEXT:
            level, count, first = StallLevel.NOTICE, self.unprompted, self.recent[0]
            words = "follow each other"
        if not level or first is None:
            self.finding = None
            return
        text = shown_text(one.text)
        self.finding = Stall(
            StallKind.LOOP,
            first.at or 0.0,
            (f"{count} messages {words}, and no tool call between: “{text}”",),
            (first.ref, one.ref),
            level,
            count,
            last_at=one.at,
            pattern=text,
            detector=self.name,
            steps=tuple(
                StallStep(spoken.at, "words, and no call", shown_text(spoken.text), spoken.ref)
                for spoken in self.recent
            ),
            signals=(
                StallSignal("similar messages", self.count, counts_of(self.name, limits).notice),
                StallSignal("messages without a call", self.unprompted, _ONLY_TEXT),
            ),
        )

    def on_prompt(self, prompt: Prompt, progress: ProgressTracker, limits: StallThresholds) -> None:
        self.unprompted = 0
        if not (prompt.by_program and prompt.is_again) or prompt.pause >= PAUSE:
            self.reset()

    def on_turn_started(
        self,
        at: float | None,
        ref: SourceRef,
        pause: float,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        self.unprompted = 0
        if pause >= PAUSE:
            self.reset()

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        self.has_worked = True
        if self.recent:
            self.is_talk = self.is_talk or self.unprompted >= _TALK
            self.reset()

    def on_progress(self, kind: ProgressKind) -> None:
        self.reset()

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        return self.near(self.count, "equal words", limits)

    def reset(self) -> None:
        self.recent, self.first, self.count, self.unprompted, self.finding = [], None, 0, 0, None


class SimilarMessages(Detector):
    """The last three messages are nearly the same letter by letter; costs much and is off by default."""

    name: ClassVar[DetectorName] = DetectorName.SIMILAR_MESSAGES
    texts: list[str] = field(default_factory=list)
    message: str = ""
    count: int = 0
    first_at: float | None = None
    first_ref: SourceRef | None = None

    def on_text(
        self, spoken: SpokenText, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        if spoken.thinking or (spoken.message and spoken.message == self.message):
            return  # of a message in parts the first stands for all
        text, self.message = spoken.text[:_COMPARED], spoken.message
        others = self.texts[-max(1, min(self.count, 2)) :]
        if others and _nearly_equal(text, others):
            self.count += 1
        else:
            self.count, self.first_at, self.first_ref = 1, spoken.at, spoken.ref
        self.texts.append(text)
        del self.texts[:-2]
        level = self.level(self.count, limits)
        if not level or self.first_ref is None:
            self.finding = None
            return
        self.finding = Stall(
            StallKind.LOOP,
            self.first_at or 0.0,
            (f"{self.count} messages are nearly the same: “{shown_text(text)}”",),
            (self.first_ref, spoken.ref),
            level,
            self.count,
            last_at=spoken.at,
            pattern=shown_text(text),
            detector=self.name,
            signals=(
                StallSignal("similar messages", self.count, counts_of(self.name, limits).notice),
            ),
        )

    def reset(self) -> None:
        self.texts, self.count, self.finding = [], 0, None


_COMPARED = 1000
_NEARLY = 0.85


def _nearly_equal(text: str, others: Iterable[str]) -> bool:
    """The seed's rule; two quick bounds spare most of its cost."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, "", text)
    for other in others:
        matcher.set_seq1(other)
        if other != text and not (
            matcher.real_quick_ratio() > _NEARLY
            and matcher.quick_ratio() > _NEARLY
            and matcher.ratio() > _NEARLY
        ):
            return False
    return True
