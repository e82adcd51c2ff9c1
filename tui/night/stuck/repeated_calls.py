"""The same calls with the same answers, in cycles that come again and again.

Steps are equal when tool, arguments, answer and work tree are equal. A cycle of up to
`loop_longest_cycle` steps that comes again and again is a loop, also with a text in between. What
waits by repeating (pollers) and errors of the network get more patience.
"""

from __future__ import annotations

import re
from typing import ClassVar

from msgspec import field

from tui.model.cli_commands import POLLING, SHELLS
from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.similarity import differ_early, fingerprint, is_infrastructure_error
from tui.night.stuck.step import Step
from tui.system.format import format_duration
from tui.system.lazy_pattern import lazy

_START = r"(?:^|[;\n⏎(]|&&|\|\||\bdo\b)\s*(?:sudo\s+|timeout\s+\S+\s+)?"
_POLLING = lazy(
    _START
    + r"""(?: sleep | wait | watch | until | while | pgrep | ps | squeue | qstat | nc\s+-z
    | tail\s+(?:-\S+\s+)*-[a-zA-Z]*[fF] | gh\s+(?:run|pr)\s+(?:watch|view|checks|list)
    | kubectl\s+(?:get|rollout|wait|logs) | docker\s+(?:ps|inspect|logs|compose\s+ps)
    | systemctl\s+(?:is-active|status) | curl\b.*(?:health|status|ready) )\b""",
    re.VERBOSE,
)
_KEPT = 64
_SIZE_SLACK = 64


class RepeatedCalls(Detector):
    """The newest steps and, for each length of cycle, how far it has repeated."""

    name: ClassVar[DetectorName] = DetectorName.REPEATED_CALLS
    steps: list[Step] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    repeating: bool = False

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        again = step.key in self.keys and self._compare(step, limits)
        if self.repeating and not again:
            self.runs = []
        self.repeating = again
        self.keys.append(step.key)
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
        again = False
        for length in range(1, longest + 1):
            before = self.steps[-length] if length <= len(self.steps) else None
            if before is not None and before.key == step.key and _same(before, step, limits):
                self.runs[length - 1] += 1
                again = True
            else:
                self.runs[length - 1] = 0
        return again

    def _judge(self, limits: StallThresholds) -> None:
        """Find the shortest cycle that has come round often enough."""
        for length, run in enumerate(self.runs, 1):
            rounds = run // length + 1
            if rounds < limits.loop_notice:
                continue
            cycle = self.steps[-length:]
            patience = max(_patience(step, limits) for step in cycle)
            level = self.level(rounds, limits, patience)
            if level:
                self.finding = self._stall(cycle, rounds, level, limits)
                return
        self.finding = None

    def _stall(
        self, cycle: list[Step], rounds: int, level: StallLevel, limits: StallThresholds
    ) -> Stall:
        """A loop in words: what repeats, how often, since when, with what answer."""
        first = self.steps[max(0, len(self.steps) - rounds * len(cycle))]
        since = first.at
        if self.finding is not None and self.finding.count:
            since = min(self.finding.since, since) if since is not None else self.finding.since
        pattern = " → ".join(step.words for step in cycle)
        if len(cycle) == 1:
            what = f"{pattern}: {rounds} times with the same answer"
        else:
            what = f"{len(cycle)} calls in turn, {rounds} rounds with the same answers: {pattern}"
        evidence = [what]
        last = cycle[-1]
        if last.last_line:
            evidence.append(f"{'error' if last.is_error else 'answer'}: {last.last_line}")
        if since is not None and last.at is not None and last.at > since:
            lasted = format_duration(last.at - since)
            evidence.append(f"for {lasted} without a change of files or answers")
        return Stall(
            StallKind.LOOP,
            since or 0.0,
            tuple(evidence),
            (first.ref, *(step.ref for step in cycle)),
            level,
            rounds,
            last_at=last.at,
            pattern=pattern,
            detector=self.name,
            steps=tuple(step.shown() for step in self.steps[-2 * len(cycle) :]),
            signals=(
                StallSignal("equal rounds", rounds, counts_of(self.name, limits).notice, "rounds"),
            ),
        )


def _same(one: Step, other: Step, limits: StallThresholds) -> bool:
    """Whether two steps with equal arguments are the same step."""
    if (
        one.tool != other.tool
        or one.tree != other.tree
        or one.is_error != other.is_error
        or abs(one.size - other.size) > _SIZE_SLACK
    ):
        return False
    if one.excerpt == other.excerpt:
        return True
    if differ_early(one.excerpt, other.excerpt):
        return False
    exact = _polls(other, limits)
    for step in (one, other):
        step.fingerprint = step.fingerprint or fingerprint(step.excerpt, exact)
    return one.fingerprint == other.fingerprint


def _polls(step: Step, limits: StallThresholds) -> bool:
    """Whether a step waits by repeating."""
    if step.tool in POLLING:
        return True
    if step.tool not in SHELLS:
        return False
    return _POLLING.search(step.target) is not None or any(
        re.search(_START + re.escape(name) + r"\b", step.target) for name in limits.pollers
    )


def _patience(step: Step, limits: StallThresholds) -> float:
    if not step.patience:
        proves = step.run is not None and step.run.verdict == "green"
        offline = step.is_error and is_infrastructure_error(step.excerpt)
        patient = proves or offline or _polls(step, limits)
        step.patience = limits.poller_factor if patient else 1.0
    return step.patience
