"""The same calls with the same answers, in cycles that come again and again.

Steps are equal when what they ask, answer and work tree are equal. A cycle of up to
`loop_longest_cycle` steps that comes again and again is a loop, also with a text in between. What
waits, proves or measures by repeating gets patience (`waiting`).
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import field

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.calls.answers import Sameness, compare
from tui.night.stuck.calls.waiting import Patience, patience_of
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import Step
from tui.system.format import format_duration

_KEPT = 64


class RepeatedCalls(Detector):
    """The newest steps and, for each length of cycle, how far it has repeated."""

    name: ClassVar[DetectorName] = DetectorName.REPEATED_CALLS
    steps: list[Step] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    starts: list[float | None] = field(default_factory=list)
    repeating: bool = False

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        again = step.call in self.keys and self._compare(step, limits)
        if self.repeating and not again:
            self.runs = []
        self.repeating = again
        self.keys.append(step.call)
        del self.keys[: -limits.loop_longest_cycle]
        self.steps.append(step)
        if len(self.steps) > _KEPT:
            del self.steps[: _KEPT // 2]
        if again:
            self._judge(limits)
        else:
            self.finding = None

    def on_compaction(
        self, at: float | None, ref: SourceRef, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        self.reset()

    def on_progress(self, kind: ProgressKind) -> None:
        if kind not in (ProgressKind.CONTENT, ProgressKind.VERDICT):  # they show in the steps
            self.reset()

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        rounds = max((run // length + 1 for length, run in enumerate(self.runs, 1)), default=0)
        return self.near(rounds, "equal rounds", limits)

    def reset(self) -> None:
        self.steps, self.keys, self.runs, self.repeating = [], [], [], False
        self.finding = None

    def _compare(self, step: Step, limits: StallThresholds) -> bool:
        """Whether `step` repeats one of those before it; how far each length of cycle goes on."""
        longest = limits.loop_longest_cycle
        if len(self.runs) != longest:
            self.runs = [0] * longest
            self.starts = [None] * longest
        again = False
        for length in range(1, longest + 1):
            before = self.steps[-length] if length <= len(self.steps) else None
            same = Sameness.DIFFERENT
            if before is not None and before.call == step.call:
                same = compare(before, step)
            if before is not None and same.is_same:
                if not self.runs[length - 1]:
                    self.starts[length - 1] = before.at
                self.runs[length - 1] += 1
                step.varies = step.varies or same is Sameness.SAME_BUT_FIGURES
                again = True
            else:
                self.runs[length - 1] = 0
        return again

    def _judge(self, limits: StallThresholds) -> None:
        """Find the shortest cycle that has come round often enough."""
        notice = counts_of(self.name, limits).notice
        for length, run in enumerate(self.runs, 1):
            rounds = run // length + 1
            if rounds < notice or self._is_shorter(length):
                continue
            start = len(self.steps) - (run + length)
            before = self.steps[: max(0, start)]
            patience = patience_of(self.steps[-(run + length) :], length, limits, before)
            level = self.level(rounds, limits, patience.factor)
            long = self._lasted(length, run) >= patience.seconds * self.factor
            if level and (long or rounds >= patience.rounds * self.factor):
                level = min(level, patience.most, key=lambda one: one.rank)
                self.finding = self._stall(length, rounds, level, patience, limits)
                return
        self.finding = None

    def _is_shorter(self, length: int) -> bool:
        """Whether a cycle of this length is only a shorter one, taken several times."""
        run = self.runs[length - 1]
        return any(
            length % part == 0 and self.runs[part - 1] >= run for part in range(1, length // 2 + 1)
        )

    def _lasted(self, length: int, run: int) -> float:
        """Seconds since the first of the steps that repeat."""
        start, last = self.starts[length - 1], self.steps[-1].at
        if start is None or last is None:
            return 20.0 * (run + length)
        return max(0.0, last - start)

    def _stall(
        self,
        length: int,
        rounds: int,
        level: StallLevel,
        patience: Patience,
        limits: StallThresholds,
    ) -> Stall:
        """A loop in words: what repeats, how often, since when, with what answer."""
        newest = self.steps[-length:]
        late = self.runs[length - 1] % length  # steps of the round that goes on
        cycle = newest[length - late :] + newest[: length - late]  # in the order in which it began
        first = self.steps[max(0, len(self.steps) - rounds * length)]
        since = self.starts[length - 1]
        if self.finding is not None and self.finding.count:
            since = min(self.finding.since, since) if since is not None else self.finding.since
        words = [step.words for step in cycle]
        last = newest[-1]
        needed = counts_of(self.name, limits).notice * patience.factor * self.factor
        return Stall(
            StallKind.LOOP,
            since or 0.0,
            _evidence(cycle, rounds, since, last.at),
            (first.ref, *(step.ref for step in newest)),
            level,
            rounds,
            waiting=patience.waits,
            last_at=last.at,
            pattern=" → ".join(min(words[turn:] + words[:turn] for turn in range(length))),
            detector=self.name,
            steps=tuple(step.shown() for step in self.steps[-2 * length - late :][: 2 * length]),
            signals=(StallSignal("equal rounds", rounds, needed, "rounds"),),
        )


def _evidence(
    cycle: list[Step], rounds: int, since: float | None, until: float | None
) -> tuple[str, ...]:
    """What repeats and how often, an answer of it, an error if there is one, and for how long."""
    shown = " → ".join(step.words for step in cycle)
    if len(cycle) == 1:
        evidence = [f"{shown}: {rounds} times with the same answer"]
    else:
        evidence = [f"{len(cycle)} calls in turn, {rounds} rounds with the same answers: {shown}"]
    telling = next((step for step in reversed(cycle) if step.is_error), cycle[-1])
    if telling.last_line:
        evidence.append(f"{'error' if telling.is_error else 'answer'}: {telling.last_line}")
    if since is not None and until is not None and until > since:
        lasted = format_duration(until - since)
        evidence.append(f"for {lasted} without a change of files or answers")
    return tuple(evidence)
