"""One cause behind different calls: a full disk, a stale lock, a server that is gone, a missing module.

Errors are equal by the line that states their cause, whatever the arguments were. A success of a program that
had failed ends it, and so does going on with other work. What a person or a change of the files cures is
ended by those; what time cures gets much patience and never counts as stuck.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct, field

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.errors.causes import Cause, CauseKind, program
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import Step, shown_text
from tui.system.format import shorten

_LONGEST_CAUSE = 240
_ERRORS = "equal errors"
_MOST_GROUPS = 8
_MOST_STEPS = 12
_LEFT = 10
"""After so many calls without the error the session goes on with something else."""
_PATIENCE = {
    CauseKind.PLAIN: 1.5,
    CauseKind.SERVICE: 1.5,
    CauseKind.FILE: 1.5,
    CauseKind.PASSING: 4.0,
}
_CURED_BY_EDITS = (CauseKind.NAMED, CauseKind.PLAIN, CauseKind.FILE)
_WAITING = (CauseKind.NETWORK, CauseKind.SERVICE, CauseKind.PASSING)
_PAUSED = 0.25
"""What an error after a pause counts: who waits between two attempts does the right thing."""


class ErrorGroup(Struct):
    """The errors of one cause, and the programs that failed with it."""

    key: int
    kind: CauseKind
    words: str
    count: int = 0
    weight: float = 0.0
    others: int = 0
    programs: list[str] = []
    calls: list[int] = []
    steps: list[Step] = []
    first_at: float | None = None
    first_ref: SourceRef | None = None


class SameError(Detector):
    """The newest causes of errors, and how often each came without a success between."""

    name: ClassVar[DetectorName] = DetectorName.SAME_ERROR
    beside: ClassVar[frozenset[ProgressKind]] = frozenset(
        {ProgressKind.CONTENT, ProgressKind.OUTPUT, ProgressKind.TASK}
    )
    groups: list[ErrorGroup] = field(default_factory=list)
    found: int = 0

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        if not step.is_error:
            if self.groups:
                self._succeeded(step)
            return
        if step.cause is None:
            self._pass_by(None)
            return
        group = self._group(step.cause, step)
        self._pass_by(group)
        self._count(group, step)
        self._judge(group, limits)

    def on_progress(self, kind: ProgressKind) -> None:
        if kind in (ProgressKind.PERSON, ProgressKind.COMMIT):
            self.reset()
        elif kind == ProgressKind.CONTENT and self.groups:
            self._keep(lambda group: group.kind not in _CURED_BY_EDITS)

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        counts = (group.count for group in self.groups if len(group.calls) > 1)
        return self.near(max(counts, default=0), _ERRORS, limits)

    def reset(self) -> None:
        self.groups = []
        self.finding = None

    def _group(self, cause: Cause, step: Step) -> ErrorGroup:
        for group in self.groups:
            if group.key == cause.key:
                return group
        group = ErrorGroup(cause.key, cause.kind, cause.words)
        group.first_at, group.first_ref = step.at, step.ref
        self.groups.append(group)
        if len(self.groups) > _MOST_GROUPS:
            oldest = self.groups[0]
            self._keep(lambda group: group is not oldest)
        return group

    def _count(self, group: ErrorGroup, step: Step) -> None:
        group.others = 0
        last = group.steps[-1] if group.steps else None
        if last is not None and _is_beside(step, last):
            return
        group.count += 1
        group.weight += _PAUSED if "sleep " in step.shell_text else 1.0
        name = program(step.tool, step.shell_text)
        if name not in group.programs:
            group.programs.append(name)
            del group.programs[:-_MOST_STEPS]
        if step.key not in group.calls:
            group.calls.append(step.key)
            del group.calls[:-_MOST_STEPS]
        group.steps.append(step.kept())
        del group.steps[:-_MOST_STEPS]

    def _succeeded(self, step: Step) -> None:
        """A call went well: what its program failed with before is over."""
        name = program(step.tool, step.shell_text)
        self._pass_by(None)
        self._keep(lambda group: name not in group.programs)

    def _pass_by(self, group: ErrorGroup | None) -> None:
        """A call that says nothing of the other groups; too many of them, and those are left behind."""
        left = False
        for other in self.groups:
            if other is not group:
                other.others += 1
                left = left or other.others > _LEFT
        if left:
            self._keep(lambda other: other.others <= _LEFT)

    def _keep(self, stays: Callable[[ErrorGroup], bool]) -> None:
        kept = [group for group in self.groups if stays(group)]
        if len(kept) < len(self.groups):
            self.groups = kept
            if not any(group.key == self.found for group in kept):
                self.finding = None

    def _judge(self, group: ErrorGroup, limits: StallThresholds) -> None:
        if len(group.calls) < 2:  # the same call again and again is another detector's
            return
        level = self.level(group.weight, limits, _PATIENCE.get(group.kind, 1.0))
        if not level:
            return
        waiting = group.kind in _WAITING
        if waiting:
            level = StallLevel.NOTICE
        self.found = group.key
        self.finding = self._stall(group, level, waiting, limits)

    def _stall(
        self, group: ErrorGroup, level: StallLevel, waiting: bool, limits: StallThresholds
    ) -> Stall:
        last = group.steps[-1]
        calls, cause = len(group.calls), shown_text(group.words, _LONGEST_CAUSE)
        evidence = [f"the same error {group.count} times, from {calls} different calls: {cause}"]
        tried = ", ".join(dict.fromkeys(step.words for step in group.steps[-5:]))
        evidence.append(f"tried: {shorten(tried, 160)}")
        if waiting:
            evidence.append(
                "an error of the network or a server: trying again at once does not cure it"
            )
        elif group.programs[0]:
            evidence.append(f"no success since of {shown_text(', '.join(group.programs), 80)}")
        refs = [group.first_ref] if group.first_ref is not None else []
        needed = counts_of(self.name, limits).notice * _PATIENCE.get(group.kind, 1.0) * self.factor
        return Stall(
            StallKind.SAME_ERROR,
            group.first_at or 0.0,
            tuple(evidence),
            tuple(dict.fromkeys((*refs, *(step.ref for step in group.steps)))),
            level,
            group.count,
            waiting,
            last.at,
            pattern=cause,
            detector=self.name,
            steps=tuple(step.shown() for step in group.steps[-6:]),
            signals=(
                StallSignal(_ERRORS, group.count, needed, "errors"),
                StallSignal("different calls", calls, 2, "calls"),
            ),
        )


def _is_beside(step: Step, last: Step) -> bool:
    """Whether a call was made before the answer to `last` was known: both are one attempt."""
    return step.called_at is not None and last.at is not None and step.called_at < last.at
