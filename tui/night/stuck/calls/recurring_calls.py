"""The same call with the same answer again and again, not next to each other, without progress between.

Whoever works asks again now and then: a look at the state of things, a file that was forgotten. So a
look needs more rounds than an error, and fewer where most of what came between was asked before too.
"""

from __future__ import annotations

from itertools import islice
from typing import ClassVar, NamedTuple

from msgspec import Struct, field

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.calls.answers import compare
from tui.night.stuck.calls.waiting import PAUSE, acts, fails, glances, is_exempt, polls
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import Step
from tui.system.format import format_duration

_WINDOW = 60
_NEW_STEPS = 8
_MOST_CALLS = 96
_MOST_ANSWERS = 3
_TRIED = 2
"""So many attempts more at a failure, where something new was done between."""
_WHOLE_STEPS = 16
"""So many steps are kept as they are: most are forgotten soon, at the next progress."""
_LISTS = frozenset({"TodoWrite", "TodoRead", "TaskList", "TaskGet", "TaskUpdate", "TaskCreate"})


class Place(NamedTuple):
    """One of the steps that were the same: its number, its time, where it stands."""

    number: int
    at: float | None
    ref: SourceRef


class Recurrence(Struct):
    """One call with one answer: the newest step, its number, and the places of all that were the same.

    There are no `places` while it was made once.
    """

    step: Step
    number: int
    paused: bool
    places: list[Place] = []
    waits: bool | None = None

    def take(self, step: Step, number: int, oldest: int) -> None:
        """It came again; places up to `oldest` are forgotten, and those next to each other are one."""
        places = self.places or [Place(self.number, self.step.at, self.step.ref)]
        self.places = [place for place in places if oldest < place.number != number - 1]
        self.places.append(Place(number, step.at, step.ref))
        self.step, self.number = step.kept(), number


class RecurringCalls(Detector):
    """What was asked and answered in the newest steps."""

    name: ClassVar[DetectorName] = DetectorName.RECURRING_CALLS
    seen: dict[int, list[Recurrence]] = field(default_factory=dict)
    number: int = 0
    moved: int = 0
    acted: int = 0
    distance: int = 0
    followed: int = 0
    again: list[int] = field(default_factory=list)
    last_at: float | None = None

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        self.number += 1
        at, before = step.at, self.last_at
        paused = at is not None and before is not None and at - before >= PAUSE
        self.last_at = at
        known = self.seen.get(step.call)
        one = None
        if known is not None:
            one = next((each for each in known if compare(each.step, step).is_same), None)
        if one is None:
            self.distance = self.followed = 0
            if known is not None:
                self.moved = self.number  # the same call has a new answer: something changed
            elif acts(step):
                self.acted = self.number
            self._add(step, paused, known)
            if self.finding is not None and self.number - self.again[-1] >= _NEW_STEPS:
                self.finding = None
            return
        self.again.append(self.number)
        del self.again[:-_WINDOW]
        if self._is_in_turn(one, limits):
            one.take(step, self.number, self.number)
            self.finding = None
            return
        one.paused = one.paused and paused
        # What was done for the first time since may have been to change this answer: it is asked anew.
        since = self.moved if fails(step) else max(self.moved, self.acted)
        one.take(step, self.number, max(self.number - _WINDOW, since))
        if len(one.places) >= counts_of(self.name, limits).notice:
            self._judge(one, limits)

    def on_compaction(
        self, at: float | None, ref: SourceRef, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        self.reset()

    def on_turn(
        self,
        at: float | None,
        ref: SourceRef | None,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        # Each turn begins with the same looks; turns that bring nothing else have a detector of their own.
        self.reset()

    def on_turn_started(
        self,
        at: float | None,
        ref: SourceRef,
        pause: float,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        self.reset()

    def on_progress(self, kind: ProgressKind) -> None:
        self.reset()

    def reset(self) -> None:
        if self.number:
            self.seen, self.again, self.finding = {}, [], None
            self.number = self.moved = self.acted = self.distance = self.followed = 0

    def _add(self, step: Step, paused: bool, known: list[Recurrence] | None) -> None:
        """A call or an answer that was not seen before; the oldest of too many are forgotten."""
        new = Recurrence(step, self.number, paused)
        if known is None:
            self.seen[step.call] = [new]
        else:
            known.append(new)
            del known[:-_MOST_ANSWERS]
        if self.number % _WHOLE_STEPS == 0:
            for answers in islice(reversed(self.seen.values()), _WHOLE_STEPS):
                for each in answers:
                    each.step = each.step.kept()
        if len(self.seen) > _MOST_CALLS:
            old = self.number - _WINDOW
            self.seen = {
                call: kept
                for call, kept in self.seen.items()
                if any(each.number > old for each in kept)
            }

    def _is_in_turn(self, one: Recurrence, limits: StallThresholds) -> bool:
        """Whether the newest calls repeat others in their order: a cycle, which has its own detector."""
        distance = self.number - one.number
        self.followed = self.followed + 1 if distance == self.distance else 1
        self.distance = distance
        return distance <= limits.loop_longest_cycle and self.followed >= max(2, distance)

    def _judge(self, one: Recurrence, limits: StallThresholds) -> None:
        """Whether one call has come again often enough."""
        step = one.step
        if step.tool in _LISTS or (one.paused and not step.is_error) or is_exempt(step, limits):
            return
        if self._is_part_of_waiting(one, limits):
            return
        if glances(step) and not self._is_mostly_old(one):
            return
        needed = self._needed(one, counts_of(self.name, limits).notice)
        times = len(one.places)
        level = self.level(times, limits, needed / counts_of(self.name, limits).notice)
        if not level:
            return
        if glances(step):
            level = StallLevel.NOTICE
        self.finding = self._stall(one, times, level, needed * self.factor)

    def _is_part_of_waiting(self, one: Recurrence, limits: StallThresholds) -> bool:
        """Whether something that waits came again as well since the first of these rounds."""
        for answers in self.seen.values():
            for each in answers:
                if len(each.places) < 2 or each.number < one.places[0].number:
                    continue
                if each.waits is None:
                    each.waits = polls(each.step, limits)
                if each.waits:
                    return True
        return False

    def _needed(self, one: Recurrence, notice: int) -> int:
        """How many rounds are needed, by what the call is."""
        step = one.step
        if fails(step):
            tried = self.acted > one.places[0].number
            return notice + _TRIED if tried else notice
        if glances(step):
            return notice + 2
        return notice if self._is_mostly_old(one) else notice + 1

    def _is_mostly_old(self, one: Recurrence) -> bool:
        """Whether most of what came since the first of these rounds was asked before, too."""
        span = self.number - one.places[0].number + 1
        return 2 * sum(place >= one.places[0].number for place in self.again) >= span

    def _stall(self, one: Recurrence, times: int, level: StallLevel, needed: float) -> Stall:
        step = one.step
        span = self.number - one.places[0].number + 1
        evidence = [f"{step.words}: {times} times with the same answer in {span} calls"]
        if step.last_line:
            evidence.append(f"{'error' if step.is_error else 'answer'}: {step.last_line}")
        since = one.places[0].at
        if since is not None and step.at is not None and step.at > since:
            evidence.append(f"for {format_duration(step.at - since)} without progress")
        return Stall(
            StallKind.LOOP,
            since or 0.0,
            tuple(evidence),
            (one.places[0].ref, step.ref),
            level,
            times,
            last_at=step.at,
            pattern=step.words,
            detector=self.name,
            steps=(step.shown(),),
            signals=(StallSignal("equal answers", times, needed, "times"),),
        )
