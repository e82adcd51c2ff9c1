"""A call that grows by the same piece again and again, and still gets the same answer."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, field

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.calls.answers import compare
from tui.night.stuck.chance import mask
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import Step, shown_text
from tui.system.format import format_duration

_CANDIDATES = 3
_EDGE = 6
_CUT = 190
_LONGEST_PIECE = 400
_SHORTEST_PIECE = 2
"""A zero more, or a letter more, is another size to try."""


class Growth(Struct):
    """The newest step of a call that grows: by which piece, how often, since when."""

    step: Step
    piece: str = ""
    times: int = 0
    first_at: float | None = None
    first_ref: SourceRef | None = None


class GrowingCommands(Detector):
    """The newest calls, each with how it grew out of an earlier one."""

    name: ClassVar[DetectorName] = DetectorName.GROWING_COMMANDS
    growths: list[Growth] = field(default_factory=list)

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        text = step.shell_text
        grown = None
        for earlier in reversed(self.growths):
            before = earlier.step
            if before.tool == step.tool and _may_grow(before.shell_text, text):
                grown = _grown(earlier, step)
                if grown is not None:
                    break
        if grown is None:
            grown = Growth(step, "", 0, step.at, step.ref)
        self.growths.append(grown)
        del self.growths[:-_CANDIDATES]
        if grown.times:
            self._judge(grown, limits)
        elif self.finding is not None and not any(each.times for each in self.growths):
            self.finding = None

    def on_compaction(
        self, at: float | None, ref: SourceRef, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        self.reset()

    def on_progress(self, kind: ProgressKind) -> None:
        if kind != ProgressKind.OUTPUT:  # here the answers are compared anyway
            self.reset()

    def reset(self) -> None:
        self.growths, self.finding = [], None

    def _judge(self, grown: Growth, limits: StallThresholds) -> None:
        level = self.level(grown.times, limits)
        self.finding = self._stall(grown, level, limits) if level else None

    def _stall(self, grown: Growth, level: StallLevel, limits: StallThresholds) -> Stall:
        step = grown.step
        evidence = [
            f"{step.words}: grew {grown.times} times by “{shown_text(grown.piece, 40)}” with the same answer"
        ]
        if step.last_line:
            evidence.append(f"{'error' if step.is_error else 'answer'}: {step.last_line}")
        if grown.first_at is not None and step.at is not None and step.at > grown.first_at:
            evidence.append(f"for {format_duration(step.at - grown.first_at)}")
        needed = counts_of(self.name, limits).notice * self.factor
        return Stall(
            StallKind.LOOP,
            grown.first_at or 0.0,
            tuple(evidence),
            (*(() if grown.first_ref is None else (grown.first_ref,)), step.ref),
            level,
            grown.times,
            last_at=step.at,
            pattern=f"{step.tool} … {shown_text(grown.piece, 40)}",
            detector=self.name,
            steps=tuple(each.step.shown() for each in self.growths),
            signals=(StallSignal("times that it grew", grown.times, needed, "times"),),
        )


def _may_grow(before: str, text: str) -> bool:
    """A cheap look: `text` is longer, and begins or ends as `before` does."""
    if len(text) <= len(before):
        return len(text) == len(before) >= _CUT and text == before
    return text[:_EDGE] == before[:_EDGE] or text[-_EDGE:] == before[-_EDGE:]


def _grown(earlier: Growth, step: Step) -> Growth | None:
    """The growth that goes on with `step`, None where it is another call or has another answer."""
    before = earlier.step
    if (
        before.shell_text == step.shell_text
    ):  # both were cut off: only what is behind can have grown
        if not earlier.times or before.key == step.key:
            return None
        piece = earlier.piece
    else:
        piece = _piece(before.shell_text, step.shell_text)
    if not piece:
        return None
    goes_on = bool(earlier.piece) and _are_turned(piece, earlier.piece)
    if not _same_answer(before, step, piece):
        return None
    if not goes_on:
        return Growth(step, piece, 1, before.at, before.ref)
    return Growth(
        step,
        earlier.piece,
        earlier.times + 1,
        earlier.first_at,
        earlier.first_ref,
    )


def _piece(before: str, text: str) -> str:
    """What was put into `before` at one place to make `text`, shortened to what it repeats; or ""."""
    longer = len(text) - len(before)
    if not 0 < longer <= _LONGEST_PIECE:
        return ""
    start = _common_start(before, text)
    end = len(before) - start
    if end and not text.endswith(before[start:]):
        return ""
    piece = text[start : start + longer]
    return _unit(piece) if len(piece.strip()) >= _SHORTEST_PIECE else ""


def _common_start(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if other.startswith(one[:middle]):
            low = middle
        else:
            high = middle - 1
    return low


def _unit(piece: str) -> str:
    """The shortest text that `piece` repeats."""
    period = (piece + piece).find(piece, 1)
    return piece[:period]


def _are_turned(one: str, other: str) -> bool:
    """Whether two pieces are the same but for where they begin: a place in a repeated text is not sure."""
    return len(one) == len(other) and one in other + other


def _same_answer(before: Step, step: Step, piece: str) -> bool:
    """Whether the answers are the same, but for the piece where they quote the call."""
    if before.is_error != step.is_error or before.tree != step.tree:
        return False
    if compare(before, step).is_same:
        return True
    if abs(before.size - step.size) > _LONGEST_PIECE:
        return False
    return mask(_without(before.excerpt, piece)) == mask(_without(step.excerpt, piece))


def _without(text: str, piece: str) -> str:
    """`text` without repetitions of `piece`, wherever in it the piece is taken to begin."""
    turned = [piece[start:] + piece[:start] for start in range(min(len(piece), 16))]
    for each in turned:
        text = text.replace(each, "")
    return text
