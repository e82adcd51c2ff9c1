"""Calls that are refused again and again, whatever their arguments are.

Refusals of one pattern within the newest steps count together (program and subcommand, folder, host, tool),
and so do refusals in a row, or most of what was tried lately, of whatever patterns. A call that is allowed
ends those of its pattern; a person's word ends all; so do many calls in a row that were let run.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from msgspec import Struct, field, structs

from tui.model.events import SourceRef
from tui.model.failures import DenialKind
from tui.model.stall import DetectorName, Stall, StallSignal, StallStep
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.refused.allow_rules import allow_rules, call_pattern
from tui.night.stuck.step import Step, shown_text

_REFUSED = "refused calls"
_WINDOW = 20
_MOST_SHOWN = 6
_MOSTLY = 6
"""So many refusals within the window, and at least half of all steps since the first of them."""
_GOES_ON, _WORKS_AROUND = 5, 10
_HALF = 0.5
_MOST_RULES = 4
_FOR_A_KIND = (":*)", "/**)")
_NOT_RUN = ("<tool_use_error>", "InputValidationError")


class Refusal(Struct):
    """A refused call: its number among the steps, and whether it was made after the last refusal was known."""

    number: int
    pattern: str
    kind: DenialKind
    shown: StallStep
    ref: SourceRef
    rules: tuple[str, ...]
    answer: str
    anew: bool


class RefusedCalls(Detector):
    """The newest refusals of a conversation."""

    name: ClassVar[DetectorName] = DetectorName.REFUSED_CALLS
    number: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    in_row: int = 0
    let_run: int = 0
    first_at: float | None = None
    first_ref: SourceRef | None = None
    last_at: float | None = None

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        if step.denial is None:
            if self.refusals:
                self._allowed(step)
        elif step.denial == DenialKind.PERSON:
            self.reset()
        else:
            self._refused(step, progress, limits)

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        most = max(self.totals.values(), default=0)
        return self.near(max(most, self.in_row), _REFUSED, limits)

    def reset(self) -> None:
        self.number, self.refusals, self.totals, self.in_row, self.let_run = 0, [], {}, 0, 0
        self.first_at = self.last_at = self.first_ref = self.finding = None

    def _allowed(self, step: Step) -> None:
        """A call was let run while others had been refused."""
        if step.is_error and step.excerpt.startswith(_NOT_RUN):
            return
        self.number += 1
        self.in_row = 0
        self.let_run += 1
        pattern = call_pattern(step.tool, step)
        left = [one for one in self.refusals if one.pattern != pattern]
        if not left or self.let_run >= _WORKS_AROUND:
            self.reset()
        elif len(left) != len(self.refusals):
            self.refusals = left
            self.totals.pop(pattern, None)
            self.finding = None
        elif self.finding is not None and self.let_run == _GOES_ON:
            self.finding = _as_notice(self.finding)

    def _refused(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        kind = step.denial or DenialKind.NOT_GRANTED
        self.number += 1
        anew = step.called_at is None or self.last_at is None or step.called_at >= self.last_at
        if not self.refusals:
            self.first_at, self.first_ref = step.at, step.ref
        self.last_at = step.at if step.at is not None else self.last_at
        self.in_row += anew
        self.let_run = 0
        pattern = call_pattern(step.tool, step)
        rules = allow_rules(step.tool, step, progress.cwd) if kind.can_be_allowed else ()
        answer = shown_text(step.excerpt, 160)
        refusal = Refusal(self.number, pattern, kind, step.shown(), step.ref, rules, answer, anew)
        oldest = self.number - _WINDOW
        kept = [one for one in self.refusals if one.number > oldest]
        self.refusals = [*kept, refusal]
        known = {one.pattern for one in self.refusals}
        self.totals = {name: total for name, total in self.totals.items() if name in known}
        self.totals[pattern] = self.totals.get(pattern, 0) + 1
        self._judge(refusal, limits)

    def _judge(self, last: Refusal, limits: StallThresholds) -> None:
        """Whether the last refusal was one too many: of its pattern, in a row, or of all that was tried."""
        tries = [one for one in self.refusals if one.anew]
        same = [one for one in tries if one.pattern == last.pattern]
        steps = self.number - self.refusals[0].number + 1
        share = len(self.refusals) / steps
        mostly = len(tries) if len(tries) >= _MOSTLY and share >= _HALF else 0
        many = max(self.in_row, mostly)
        patience = 1.0 if share >= _HALF else 2.0
        level = max(
            self.level(len(same), limits, patience),
            min(self.level(len(same), limits), StallLevel.NOTICE, key=_rank),
            self.level(many, limits),
            key=_rank,
        )
        if not level:
            return
        group = self.refusals
        if len(same) >= many:
            group = [one for one in self.refusals if one.pattern == last.pattern]
        self.finding = self._stall(group, level, share, limits)

    def _stall(
        self, group: list[Refusal], level: StallLevel, share: float, limits: StallThresholds
    ) -> Stall:
        last = group[-1]
        patterns = list(dict.fromkeys(one.pattern for one in group))
        count = sum(self.totals.get(name, 0) for name in patterns)
        patterns = [shown_text(name) for name in patterns]
        kinds = Counter(one.kind for one in group).most_common()
        why = f"{kinds[0][0].words}{', or another reason' if kinds[1:] else ''}"
        others = f" and {len(patterns) - 2} more" if patterns[2:] else ""
        what = f"{', '.join(patterns[:2])}{others}"
        evidence = [f"{what} refused {count} times: {why}"]
        evidence.append(f"last: {last.shown.words}")
        if last.answer:
            evidence.append(f"answer: {last.answer}")
        notice = counts_of(self.name, limits).notice
        return Stall(
            StallKind.REFUSED,
            self.first_at or 0.0,
            tuple(evidence),
            tuple(one.ref for one in group[-_MOST_SHOWN:]),
            level,
            count,
            last_at=self.last_at,
            pattern=", ".join(patterns[:3]),
            detector=self.name,
            steps=tuple(one.shown for one in group[-_MOST_SHOWN:]),
            signals=(
                StallSignal(_REFUSED, count, notice, "calls"),
                StallSignal("refused of all calls since", round(100 * share), 50, "%"),
            ),
            rule=", ".join(_best_rules(group)),
            denial=kinds[0][0],
        )


def _best_rules(group: list[Refusal]) -> list[str]:
    """The rules that allow most of a group: those for a kind of call before those for a single one.

    Calls of many parts need all of their rules.
    """
    counts = Counter(one.rules for one in group if one.rules)
    order = sorted(counts, key=lambda rules: (not _is_for_a_kind(rules), -counts[rules]))
    chosen: dict[str, None] = {}
    for rules in order:
        fits = len(chosen | dict.fromkeys(rules)) <= _MOST_RULES
        if not chosen or (fits and _is_for_a_kind(rules)):
            chosen.update(dict.fromkeys(rules))
    return list(chosen)


def _is_for_a_kind(rules: tuple[str, ...]) -> bool:
    return all(rule.endswith(_FOR_A_KIND) or "(" not in rule for rule in rules)


def _rank(level: StallLevel) -> int:
    return level.rank


def _as_notice(finding: Stall) -> Stall:
    """It goes on with other calls: what stood is worth no more than a notice."""
    return structs.replace(finding, level=StallLevel.NOTICE)
