"""A file goes back and forth between contents that it had before.

Every return counts, by whatever tool, until content comes that was never there: who tries ever new changes and
takes each back explores, and who changes another place each time tests the tests.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import field, structs

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal, StallStep
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.calls.waiting import measures
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.file_contents import ContentChange
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import Step
from tui.system.format import format_duration

_RETURNS = "returns to earlier content"
_MOST_FILES = 16
_MOST_STEPS = 8
_MOST_CONTENTS = 64
_LEFT = 40
"""After so many calls without a return the session goes on with something else."""
_COMPARING = 2.0
"""Two variants that are measured in turn are measured several times."""


class RevertedEdits(Detector):
    """How often each file returned to a content of before since the last new content of any code."""

    name: ClassVar[DetectorName] = DetectorName.REVERTED_EDITS
    beside: ClassVar[frozenset[ProgressKind]] = frozenset({ProgressKind.OUTPUT})
    returns: dict[str, int] = field(default_factory=dict)
    shown: list[StallStep] = field(default_factory=list)
    contents: dict[int, int] = field(default_factory=dict)
    sources: int = 0
    calls: int = 0
    measured: bool = False
    first_at: float | None = None
    first_ref: SourceRef | None = None

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        if self.returns and progress.calls - self.calls > _LEFT:
            self.reset()
        if not step.content:
            self.measured = self.measured or (bool(self.returns) and measures(step))
            return
        if progress.sources != self.sources:
            self.reset()
            self.sources = progress.sources
            self.first_at, self.first_ref = step.at, step.ref
            self._show(step)
        if step.content != ContentChange.RETURNED:
            return
        self.calls = progress.calls
        if not self.shown:
            self.first_at, self.first_ref = step.at, step.ref
        self._show(step)
        for path in progress.files.touched:
            name = path.removeprefix(f"{progress.cwd}/") if progress.cwd else path
            self.returns[name] = self.returns.pop(name, 0) + 1
        while len(self.returns) > _MOST_FILES:
            del self.returns[next(iter(self.returns))]
        name = max(self.returns, key=self.returns.__getitem__, default="")
        count = self.returns.get(name, 0)
        level = self.level(count, limits, _COMPARING if self.measured else 1.0)
        if level:
            self.finding = self._stall(name, count, level, limits)

    def on_progress(self, kind: ProgressKind) -> None:
        if kind in (
            ProgressKind.PERSON,
            ProgressKind.COMMIT,
            ProgressKind.TASK,
            ProgressKind.VERDICT,
        ):
            self.reset()

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        return self.near(max(self.returns.values(), default=0), _RETURNS, limits)

    def reset(self) -> None:
        self.returns, self.shown, self.contents, self.measured = {}, [], {}, False
        self.first_at = self.first_ref = None
        self.finding = None

    def _show(self, step: Step) -> None:
        """Keep a change as evidence; equal contents of the files have equal numbers."""
        number = self.contents.setdefault(step.tree, max(self.contents.values(), default=0) + 1)
        if len(self.contents) > _MOST_CONTENTS:
            del self.contents[next(iter(self.contents))]
        shown = step.shown()
        self.shown.append(structs.replace(shown, words=f"{shown.words} (content {number})"))
        del self.shown[:-_MOST_STEPS]

    def _stall(self, name: str, count: int, level: StallLevel, limits: StallThresholds) -> Stall:
        last = self.shown[-1]
        file = name or "the files"
        evidence = [
            f"{file}: changed {count} times to what it had been before, and nothing new since"
        ]
        if self.first_at is not None and last.at is not None and last.at > self.first_at:
            evidence.append(f"for {format_duration(last.at - self.first_at)}")
        first = () if self.first_ref is None else (self.first_ref,)
        return Stall(
            StallKind.LOOP,
            self.first_at or 0.0,
            tuple(evidence),
            tuple(dict.fromkeys((*first, *(step.ref for step in self.shown)))),
            level,
            count,
            last_at=last.at,
            pattern=file,
            detector=self.name,
            steps=tuple(self.shown),
            signals=(
                StallSignal(
                    _RETURNS,
                    count,
                    counts_of(self.name, limits).notice * self.factor,
                    "returns",
                ),
            ),
        )
