"""The same test, or build, fails the same way after ever new edits.

A round is a run that fails as the one before it did, with content in between that was never there. Another
verdict, other failures, other counts or another message are something new; so are a new verdict of other
tests and a commit: a failure that was there before is none that the work is about.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, field

from tui.model.cli_commands import SHELLS
from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.errors.causes import (
    cause_of,
    failure_digest,
    failure_lines,
    program,
    runs_script,
)
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import Step, shown_text
from tui.system.format import format_duration

_ROUNDS = "edits with the same failure"
_MOST_GROUPS = 8
_MOST_STEPS = 6
_UNNAMED = 1.5
"""Patience where an output shows counts alone: other tests may fail each time."""
_SCRIPT = 5 / 7
"""A script is run to see one thing; tests and builds often fail alike while the work goes on elsewhere."""
_LEFT = 40
"""After so many calls without such a run the session goes on with something else."""


class FailingRun(Struct):
    """A test run or build that fails the same way, round after round."""

    name: str
    rounds: int = 1
    sources: int = 0
    calls: int = 0
    first_at: float | None = None
    first_ref: SourceRef | None = None
    steps: list[Step] = []


class SameTest(Detector):
    """The newest test runs and builds that failed, and how many rounds each did not change."""

    name: ClassVar[DetectorName] = DetectorName.SAME_TEST
    beside: ClassVar[frozenset[ProgressKind]] = frozenset(
        {ProgressKind.CONTENT, ProgressKind.OUTPUT}
    )
    failing: list[FailingRun] = field(default_factory=list)
    found: str = ""

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        if self.failing and progress.calls - self.failing[-1].calls > _LEFT:
            self.reset()
        run = step.run
        if self.failing and not step.is_error:
            self._ended_well(step)
        if run is not None:
            if run.verdict != "unknown":
                self._ran(
                    step, f"{run.framework}\0{run.part}", run.verdict == "red", progress, limits
                )
        elif step.tool in SHELLS and (step.is_error or self.failing):
            self._ran(step, program(step.tool, step.shell_text), step.is_error, progress, limits)

    def _ended_well(self, step: Step) -> None:
        """A command that failed before may end well in words that no test runner uses."""
        if step.run is None or step.run.verdict == "unknown":
            for known in [one for one in self.failing if one.steps[-1].key == step.key]:
                self._forget(known)

    def on_progress(self, kind: ProgressKind) -> None:
        if kind not in self.beside:
            self.reset()

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        rounds = max((one.rounds for one in self.failing), default=0)
        return self.near(rounds, _ROUNDS, limits)

    def reset(self) -> None:
        self.failing = []
        self.finding = None

    def _ran(
        self,
        step: Step,
        name: str,
        failed: bool,
        progress: ProgressTracker,
        limits: StallThresholds,
    ) -> None:
        """A run of `name` ended; one that failed otherwise than before is a new beginning."""
        known = self._known(step, name, failed)
        if not failed:
            if known is not None:
                self._forget(known)
            return
        edited = known is None or progress.sources != known.sources
        if step.run is None:
            if known is not None and not edited:
                known.calls = progress.calls
                return  # without an edit between it is no round, and most likely the same call again
            if cause_of(step.tool, step.excerpt, step.path) is None:
                return
        if known is None or _outcome(known.steps[-1]) != _outcome(step):
            self._begin(
                FailingRun(name, 1, progress.sources, progress.calls, step.at, step.ref, [step])
            )
            return
        known.calls = progress.calls
        self.failing.remove(known)
        self.failing.append(known)
        if not edited:
            return
        known.sources = progress.sources
        known.rounds += 1
        known.steps[-1] = known.steps[-1].kept()
        known.steps.append(step)
        del known.steps[:-_MOST_STEPS]
        _, names = failure_lines(step.excerpt)
        patience = 1.0 if names else _UNNAMED
        if step.run is None and runs_script(known.name):
            patience = _SCRIPT
        level = self.level(known.rounds, limits, patience)
        if level:
            self.found = known.name
            self.finding = self._stall(known, level, patience, limits)

    def _known(self, step: Step, name: str, failed: bool) -> FailingRun | None:
        """The run of this name; else of another choice of the tests, of which the same failed."""
        for one in self.failing:
            if one.name == name:
                return one
        if not failed or step.run is None:
            return None
        kind = f"{step.run.framework}\0"
        alike = (one for one in self.failing if one.name.startswith(kind))
        return next((one for one in alike if _outcome(one.steps[-1]) == _outcome(step)), None)

    def _begin(self, run: FailingRun) -> None:
        """A run fails for the first time, or otherwise than before."""
        for known in [one for one in self.failing if one.name == run.name]:
            self._forget(known)
        self.failing.append(run)
        if len(self.failing) > _MOST_GROUPS:
            self._forget(self.failing[0])

    def _forget(self, known: FailingRun) -> None:
        self.failing.remove(known)
        if known.name == self.found:
            self.finding = None

    def _stall(
        self, known: FailingRun, level: StallLevel, patience: float, limits: StallThresholds
    ) -> Stall:
        last = known.steps[-1]
        lines, names = failure_lines(last.excerpt)
        same = "it fails the same way" if names else "as many tests fail"
        evidence = [
            f"{last.words}: {known.rounds} rounds of edits, and {same}",
            f"failure: {shown_text(lines[0], 160)}",
        ]
        if known.first_at is not None and last.at is not None and last.at > known.first_at:
            evidence.append(
                f"for {format_duration(last.at - known.first_at)} without another verdict"
            )
        first = () if known.first_ref is None else (known.first_ref,)
        return Stall(
            StallKind.LOOP,
            known.first_at or 0.0,
            tuple(evidence),
            tuple(dict.fromkeys((*first, *(step.ref for step in known.steps)))),
            level,
            known.rounds,
            last_at=last.at,
            pattern=last.words,
            detector=self.name,
            steps=tuple(step.shown() for step in known.steps),
            signals=(
                StallSignal(
                    _ROUNDS,
                    known.rounds,
                    counts_of(self.name, limits).notice * patience * self.factor,
                    "rounds",
                ),
            ),
        )


def _outcome(step: Step) -> int:
    """A number that is equal when the same failed in the same way."""
    if step.run is not None:
        return hash((step.failures, step.run.passed or 0, step.run.failed or 0))
    if not step.failures:
        step.failures = failure_digest(step.excerpt)
    return step.failures
