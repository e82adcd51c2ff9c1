"""Turns that a program begins and that bring nothing: the same calls, the same answers, the same files.

A turn lasts from one prompt to the next, or from one process to the next, in whichever session.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from msgspec import Struct, field, structs

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal, StallStep
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.calls.answers import compare
from tui.night.stuck.calls.waiting import polls, proves
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import NewContent, ProgressTracker
from tui.night.stuck.similarity import is_infrastructure_error
from tui.night.stuck.step import SpokenText, Step, shown_text
from tui.night.stuck.turns.prompts import PAUSE, Prompt
from tui.night.stuck.turns.wording import ALIKE, Equality, say_the_same, shared_words, words_of
from tui.system.format import format_count, format_duration, shorten

_MOST_STEPS = 64
_MOST_TURNS = 3
_TEXT = 2000
_ODD = 4
_UNSURE = 2.0
_SCHEDULED = 300.0
"""A prompt after so long a pause is a clock's: a watch over something that may well stay as it is all night."""
_RELATED = 0.3
"""Less of their words have two texts in common that are about different things."""


class Turn(Struct):
    """What was done between two prompts; `tasks` are those open at its end, None where nobody counts."""

    at: float | None
    ref: SourceRef | None
    pause: float = 0.0
    steps: list[Step] = []
    calls: int = 0
    text: str = ""
    words: frozenset[str] = frozenset()
    tree: int = 0
    tasks: int | None = None
    advanced: bool = False
    noted: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.calls and not self.text

    @property
    def is_long(self) -> bool:
        """Whether it has more calls than are kept; such a turn is never called the same."""
        return self.calls > _MOST_STEPS

    def shown(self, ref: SourceRef) -> StallStep:
        """The turn as evidence."""
        calls = " → ".join(step.words for step in self.steps[:3])
        more = f" and {self.calls - 3} more" if self.calls > 3 else ""
        failed = bool(self.steps) and self.steps[-1].is_error
        words = shorten(f"{calls}{more}" if calls else "words, and no call")
        return StallStep(self.at, words, shown_text(self.text), self.ref or ref, None, failed)


class RepeatedTurns(Detector):
    """The turn that goes on, the last few before it, and how many of them brought nothing."""

    name: ClassVar[DetectorName] = DetectorName.REPEATED_TURNS
    current: Turn | None = None
    turns: list[Turn] = field(default_factory=list)
    rounds: int = 0
    alike: bool = True
    exact: bool = True
    literal: bool = True
    wording: Equality = Equality.LETTERS
    known: bool = True
    same_files: bool = True
    first_at: float | None = None
    first_ref: SourceRef | None = None
    news: int = 0
    content: NewContent = field(default_factory=NewContent)

    def on_prompt(self, prompt: Prompt, progress: ProgressTracker, limits: StallThresholds) -> None:
        if prompt.is_again:
            self._begin(prompt.at, prompt.ref, prompt.pause, progress, limits)
        else:
            self.reset()
            self.current = Turn(prompt.at, prompt.ref)

    def on_turn_started(
        self,
        at: float | None,
        ref: SourceRef,
        pause: float,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        if self.current is None or not self.current.is_empty:
            self._begin(at, ref, pause, progress, limits)

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        turn = self.current
        if turn is None:
            return
        turn.calls += 1
        if turn.is_long:
            turn.steps, self.finding = [], None
            return
        turn.steps.append(step)
        turn.text = ""
        if self.content.waits:
            self._on_content(turn, self.content.was_work(step, progress))
        if self.finding is not None and self._match(step) is None:
            self.news += 1
            if self.news > max(1, turn.calls // _ODD):
                self.finding, self.rounds = None, 0

    def _on_content(self, turn: Turn, is_work: bool) -> None:
        if is_work:
            turn.advanced, self.finding = True, None
        else:
            turn.noted = True

    def on_text(
        self, spoken: SpokenText, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        if self.current is not None and not spoken.thinking:
            self.current.text = spoken.text[-_TEXT:]

    def on_progress(self, kind: ProgressKind) -> None:
        if self.content.is_progress(kind) and self.current is not None:
            self._on_content(self.current, True)

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        return self.near(self.rounds, "equal turns", limits)

    def reset(self) -> None:
        self.current, self.turns, self.rounds, self.finding = None, [], 0, None

    def _begin(
        self,
        at: float | None,
        ref: SourceRef | None,
        pause: float,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        turn = self.current
        if turn is not None and turn.is_empty:
            turn.pause = max(turn.pause, pause)
            return
        if turn is not None:
            self._end(turn, progress, limits)
        self.current = Turn(at, ref, pause)
        self.news = 0

    def _end(self, turn: Turn, progress: ProgressTracker, limits: StallThresholds) -> None:
        """The turn is over: what it brought."""
        turn.tree, turn.tasks = progress.tree, progress.open_tasks
        if self.content.is_left():
            self._on_content(turn, True)
        if self.turns and self._brings_nothing(turn):
            self.rounds += 1
        else:
            self.rounds, self.alike, self.exact, self.literal = 1, True, True, True
            self.known, self.same_files, self.wording = True, True, Equality.LETTERS
            self.first_at, self.first_ref = turn.at, turn.ref
        if turn.advanced:
            self.turns = []
        self.turns.append(turn)
        del self.turns[:-_MOST_TURNS]
        self._judge(turn, limits)

    def _brings_nothing(self, turn: Turn) -> bool:
        """Whether all of a turn was there before, in one of the last few; notes how much is equal."""
        last = self.turns[-1]
        counted = turn.tasks is not None and last.tasks is not None
        if turn.noted and not counted:
            turn.advanced = True  # a note may be where a task is ticked
        if turn.advanced or turn.is_long or (counted and turn.tasks != last.tasks):
            return False
        if turn.calls:
            return self._calls_again(turn, last, counted)
        self.wording = max(self.wording, Equality.of(turn.text, last.text))
        was_there = any(
            say_the_same(turn.text, _words(turn), one.text, _words(one)) for one in self.turns
        )
        return was_there and not last.calls

    def _calls_again(self, turn: Turn, last: Turn, counted: bool) -> bool:
        """Whether the calls of a turn were all there before.

        Of many, a few new ones do not matter where the turn ends in the same words; where the tasks are counted
        and none was done, none of them does.
        """
        allowed = turn.calls if counted else turn.calls // _ODD
        if self._new_calls(turn) > allowed:
            return False
        matches = [self._match(step) for step in turn.steps]
        unknown, alike = matches.count(None), self._alike(turn, last)
        if unknown > allowed or (unknown and alike < ALIKE):
            return False
        self.alike = self.alike and alike >= _RELATED
        self.exact = self.exact and not unknown and _calls_of(turn) == _calls_of(last)
        self.known = self.known and not unknown
        self.same_files = self.same_files and turn.tree == last.tree
        self.literal = self.literal and all(matches)
        return True

    def _new_calls(self, turn: Turn) -> int:
        """How many calls none of the last turns has, whatever their answers."""
        known = {step.call for one in self.turns for step in one.steps}
        return sum(step.call not in known for step in turn.steps)

    def _alike(self, turn: Turn, last: Turn) -> float:
        """How far the last words of a turn are those of an earlier one."""
        if turn.text == last.text:
            return 1.0
        return max(shared_words(_words(turn), _words(one)) for one in self.turns)

    def _match(self, step: Step) -> bool | None:
        """Whether the last turns have the step to the letter; None where they do not have it at all."""
        found = None
        for turn in self.turns:
            for one in turn.steps:
                if one.call == step.call and _same_answer(one, step):
                    if one.excerpt == step.excerpt:
                        return True
                    found = False
        return found

    def _judge(self, turn: Turn, limits: StallThresholds) -> None:
        if self.rounds < counts_of(self.name, limits).notice:
            self.finding = None
            return
        patience = _patience(turn, limits) * (1.0 if self.alike else _UNSURE)
        level = self.level(self.rounds, limits, patience)
        if turn.pause >= _SCHEDULED:
            level = min(level, StallLevel.NOTICE, key=lambda one: one.rank)
        self.finding = self._stall(turn, level, limits) if level else None

    def _stall(self, turn: Turn, level: StallLevel, limits: StallThresholds) -> Stall | None:
        ref = turn.ref or self.first_ref
        if ref is None:
            return None
        last_at = turn.steps[-1].at if turn.steps else turn.at
        evidence = [self._words(turn)]
        if turn.text:
            evidence.append(f"the last ends: “{shown_text(turn.text.strip())}”")
        if self.first_at is not None and last_at is not None and last_at >= self.first_at + 1.0:
            evidence.append(f"for {format_duration(last_at - self.first_at)}")
        needed = counts_of(self.name, limits).notice
        return Stall(
            StallKind.NO_PROGRESS,
            self.first_at or 0.0,
            tuple(evidence),
            tuple(dict.fromkeys((self.first_ref or ref, *(one.ref or ref for one in self.turns)))),
            level,
            self.rounds,
            last_at=last_at,
            pattern=" → ".join(step.words for step in turn.steps[:7]) or shown_text(turn.text),
            detector=self.name,
            steps=tuple(one.shown(ref) for one in self.turns),
            signals=(StallSignal("equal turns", self.rounds, needed, "turns"),),
        )

    def _words(self, turn: Turn) -> str:
        """What the turns have in common; "same" only where nothing differs."""
        if not turn.calls:
            text = f"{self.rounds} turns without a call {self.wording.words}"
        elif self.exact:
            answers = "same answers" if self.literal else "same answers but for times and ids"
            text = f"{self.rounds} turns: same calls, {answers}"
        elif self.known:
            text = f"{self.rounds} turns brought nothing new: calls and answers of the turns before"
        else:
            text = f"{self.rounds} turns end in the same words, and no task was done"
        if turn.calls:
            text += ", same files" if self.same_files else ", nothing new in the files but notes"
        if turn.tasks:
            text += f", {format_count(turn.tasks, 'task')} still open"
        return text


def _words(turn: Turn) -> frozenset[str]:
    turn.words = turn.words or words_of(turn.text)
    return turn.words


def _calls_of(turn: Turn) -> Counter[int]:
    return Counter(step.call for step in turn.steps)


def _same_answer(one: Step, other: Step) -> bool:
    """Whether a call of two turns had the same answer, whatever notes were written between."""
    if one.tree != other.tree:
        one = structs.replace(one, tree=other.tree)
    return compare(one, other).is_same


def _patience(turn: Turn, limits: StallThresholds) -> float:
    """What waits is given time: turns after a pause, that mostly poll, or that find a server away."""
    asked = sum(polls(step, limits) for step in turn.steps)
    away = any(step.is_error and is_infrastructure_error(step.excerpt) for step in turn.steps)
    if turn.pause >= PAUSE or away or (asked and 2 * asked >= turn.calls):
        return limits.poller_factor
    return _UNSURE if any(map(proves, turn.steps)) else 1.0
