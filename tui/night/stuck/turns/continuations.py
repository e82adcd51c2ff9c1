"""A session that is made to go on, and nothing comes of it: continuations, hand-overs, compactions."""

from __future__ import annotations

from typing import ClassVar

from msgspec import field

from tui.model.events import SourceRef
from tui.model.journal import JournalEntry
from tui.model.stall import DetectorName, ProgressKind, Stall, StallSignal
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.detector import Detector, counts_of
from tui.night.stuck.progress import NewContent, ProgressTracker
from tui.night.stuck.step import Step, shown_text
from tui.system.format import format_count, format_duration

_FEW_CALLS = 4
_MOST_REFS = 8
_TITLES = 3
_MOST_TITLES = 20
"""The journal has no more; of so many nobody knows whether they are all."""


class Continuations(Detector):
    """Our supervisor's prompts to go on, in a row without a task done; `idle` ones brought nothing at all."""

    name: ClassVar[DetectorName] = DetectorName.CONTINUATIONS
    beside: ClassVar[frozenset[ProgressKind]] = frozenset(
        {ProgressKind.CONTENT, ProgressKind.VERDICT, ProgressKind.OUTPUT}
    )
    number: int = 0
    idle: int = 0
    half_used: bool = False
    content: NewContent = field(default_factory=NewContent)
    first_at: float | None = None
    refs: list[SourceRef] = field(default_factory=list)

    def on_journal(self, entry: JournalEntry, limits: StallThresholds) -> None:
        if entry.kind != "continuation":
            return
        if self.content.is_left():
            self._advance(ProgressKind.CONTENT)
        number, allowed, at = _count(entry, "attempt"), _count(entry, "allowed"), entry.at
        titles = entry.data.get("open")
        titles = tuple(map(str, titles)) if isinstance(titles, list) else ()
        number = number or self.number + 1
        if number <= 1 or not self.refs:
            self.reset()
            self.first_at = at
        self.number = number
        self.idle += 1
        self.refs.append(SourceRef(entry.source, entry.offset))
        del self.refs[1:-_MOST_REFS]
        level = self.level(self.idle, limits)
        self.half_used = allowed is not None and number >= self.factor * allowed / 2
        if not level and self.half_used:
            level = StallLevel.NOTICE
        self.finding = self._stall(allowed, titles, at, level, limits) if level else None

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        if self.content.waits and self.content.was_work(step, progress):
            self._advance(ProgressKind.CONTENT)

    def on_progress(self, kind: ProgressKind) -> None:
        if self.content.is_progress(kind):
            self._advance(kind)

    def _advance(self, kind: ProgressKind) -> None:
        # A note is none: a task that it ticks makes the supervisor count anew.
        self.idle = 0
        if kind in (ProgressKind.TASK, ProgressKind.COMMIT, ProgressKind.PERSON):
            self.reset()
        elif not self.half_used:
            self.finding = None

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        return self.near(self.idle, "continuations without anything new", limits)

    def reset(self) -> None:
        self.number, self.idle, self.half_used = 0, 0, False
        self.finding, self.first_at, self.refs = None, None, []

    def _stall(
        self,
        allowed: int | None,
        titles: tuple[str, ...],
        at: float,
        level: StallLevel,
        limits: StallThresholds,
    ) -> Stall:
        of = "" if allowed is None else f" of {allowed}"
        evidence = [f"continuation {self.number}{of}, no task done"]
        if titles:
            named = ", ".join(f"“{shown_text(title, 40)}”" for title in titles[:_TITLES])
            if len(titles) < _MOST_TITLES:
                evidence[0] += f", {format_count(len(titles), 'task')} still open"
            evidence.append(f"open: {named}{', …' if len(titles) > _TITLES else ''}")
        notice = counts_of(self.name, limits).notice
        signals = [StallSignal("continuations without anything new", self.idle, notice)]
        if allowed is not None:
            signals.append(
                StallSignal("continuations without a task done", self.number, allowed / 2)
            )
        if self.idle >= notice:
            words = "the last continuations brought no task, no commit and no new content"
            evidence.append(f"{words}: {self.idle}")
        return Stall(
            StallKind.NO_PROGRESS,
            self.first_at or at,
            tuple(evidence),
            tuple(self.refs),
            level,
            self.number,
            last_at=at,
            pattern="continuations",
            detector=self.name,
            signals=tuple(signals),
        )


def _count(entry: JournalEntry, key: str) -> int | None:
    value = entry.data.get(key)
    return value if isinstance(value, int) and value > 0 else None


class Handoffs(Detector):
    """A fresh session takes over again and again, and none of them brings anything."""

    name: ClassVar[DetectorName] = DetectorName.HANDOFFS
    count: int = 0
    content: NewContent = field(default_factory=NewContent)
    first_at: float | None = None
    refs: list[SourceRef] = field(default_factory=list)

    def on_journal(self, entry: JournalEntry, limits: StallThresholds) -> None:
        if entry.kind != "handover":
            return
        if self.content.is_left():
            self.reset()
        at = entry.at
        if not self.count:
            self.first_at = at
        self.count += 1
        self.refs.append(SourceRef(entry.source, entry.offset))
        del self.refs[1:-_MOST_REFS]
        level = self.level(self.count, limits)
        if not level:
            return
        lasted = format_duration(at - self.first_at) if self.first_at is not None else ""
        self.finding = Stall(
            StallKind.NO_PROGRESS,
            self.first_at or at,
            (
                f"{self.count} hand-overs in {lasted}, and no task, commit or new content between them",
            ),
            tuple(self.refs),
            level,
            self.count,
            last_at=at,
            pattern="hand-overs",
            detector=self.name,
            signals=(StallSignal("hand-overs", self.count, counts_of(self.name, limits).notice),),
        )

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        if self.content.waits and self.content.was_work(step, progress):
            self.reset()

    def on_progress(self, kind: ProgressKind) -> None:
        # The note that each session leaves is new content, and no progress.
        if self.content.is_progress(kind):
            self.reset()

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        return self.near(self.count, "hand-overs without progress", limits)

    def reset(self) -> None:
        self.count, self.finding, self.first_at, self.refs = 0, None, None, []


class Compactions(Detector):
    """The conversation is summarised again and again, and little is done between."""

    name: ClassVar[DetectorName] = DetectorName.COMPACTIONS
    count: int = 0
    calls: int = 0
    between: int = 0
    advanced: bool = False
    first_at: float | None = None
    refs: list[SourceRef] = field(default_factory=list)

    def on_step(self, step: Step, progress: ProgressTracker, limits: StallThresholds) -> None:
        self.calls += 1
        if self.calls > _FEW_CALLS:
            self.finding = None

    def on_progress(self, kind: ProgressKind) -> None:
        self.advanced, self.finding = True, None

    def on_compaction(
        self, at: float | None, ref: SourceRef, progress: ProgressTracker, limits: StallThresholds
    ) -> None:
        if not self.count or self.advanced or self.calls > _FEW_CALLS:
            self.count, self.between, self.refs = 0, 0, []
            self.first_at = at
        else:
            self.between += self.calls
        self.count += 1
        self.calls, self.advanced = 0, False
        self.refs.append(ref)
        del self.refs[1:-_MOST_REFS]
        level = self.level(self.count, limits)
        if not level:
            self.finding = None
            return
        lasted = ""
        if at is not None and self.first_at is not None:
            lasted = f" in {format_duration(at - self.first_at)}"
        calls = format_count(self.between, "call")
        self.finding = Stall(
            StallKind.NO_PROGRESS,
            self.first_at or 0.0,
            (f"the conversation was summarised {self.count} times{lasted}, with {calls} between",),
            tuple(self.refs),
            level,
            self.count,
            last_at=at,
            pattern="compactions",
            detector=self.name,
            signals=(StallSignal("compactions", self.count, counts_of(self.name, limits).notice),),
        )

    def nearness(self, limits: StallThresholds) -> StallSignal | None:
        return self.near(self.count, "compactions without progress", limits)

    def reset(self) -> None:
        self.count, self.calls, self.between, self.advanced = 0, 0, 0, False
        self.finding, self.first_at, self.refs = None, None, []
