"""Folds an episode as the live screen does and notes at which step which level first stood."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from benchmarks.stuck.episode import SECONDS_A_STEP, Line
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.records import Arrival, Record
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallLevel, StallThresholds
from tui.monitor.session_reader import fold_rules
from tui.night.fold import NightFold
from tui.night.usage.prices import PriceTable
from tui.settings.settings import Settings

LEVELS = {
    StallLevel.NOTICE: "notice",
    StallLevel.SUSPECTED: "nudge",
    StallLevel.STUCK: "stop",
}
LONGEST_PAUSE = 300.0
"""Seconds between two records above which a session was not active."""


@dataclass(slots=True)
class Seen:
    """The first step at which each level stood, for all detectors together and for each one's notice."""

    steps: int = 0
    active_seconds: float = 0.0
    levels: dict[StallLevel, int] = field(default_factory=dict)
    detectors: dict[DetectorName, int] = field(default_factory=dict)
    shown: Stall | None = None

    @property
    def first_detector(self) -> DetectorName | None:
        """The detector that fired first; of two at one step the one that was shown."""
        return None if self.shown is None else self.shown.detector


class Watcher:
    """Watches one episode; `look` is called after each record, as the screen would."""

    def __init__(self, fold: NightFold) -> None:
        self._fold = fold
        self._decoder = ClaudeDecoder("episode")
        self._offset = 0
        self.seen = Seen()

    def add(self, line: Line) -> None:
        """Folds one line, with the clock at its time."""
        end = self._offset + len(line.data)
        records: list[Record] = []
        if not line.is_timed:
            records.append(Arrival("episode", end, line.at))
        decoded = self._decoder.decode(line.data, self._offset)
        self._offset = end
        self.seen.steps += line.steps
        self._fold.apply([*records, *decoded.events])

    def look(self, now: float) -> None:
        """Notes what the screen says at `now`. What is only silence does not count."""
        if not self._fold.circles():
            return
        stall = self._fold.stall(now)
        if stall is None or stall.detector is None:
            return
        seen, step = self.seen, max(1, self.seen.steps)
        for level in LEVELS:
            if level.rank <= stall.level.rank:
                seen.levels.setdefault(level, step)
        seen.shown = seen.shown or stall
        for finding in self._fold.findings():
            if finding.detector is not None:
                seen.detectors.setdefault(finding.detector, step)


@dataclass(frozen=True, slots=True)
class Rules:
    """Prices and thresholds in force: those of the settings that nobody changed."""

    prices: PriceTable
    limits: StallThresholds

    def fold(self) -> NightFold:
        """An empty fold under these rules."""
        return NightFold(self.prices, self.limits)


def default_rules() -> Rules:
    """The rules of a person who changed nothing."""
    return Rules(PriceTable(), fold_rules(Settings()).thresholds)


def all_rules() -> Rules:
    """The same with every detector switched on."""
    rules = default_rules()
    return Rules(rules.prices, replace(rules.limits, disabled_detectors=()))


def watch(lines: Sequence[Line], rules: Rules) -> Seen:
    """The whole episode, record by record."""
    watcher = Watcher(rules.fold())
    for line in lines:
        watcher.add(line)
        watcher.look(line.at)
    watcher.seen.active_seconds = active_seconds(lines)
    return watcher.seen


def active_seconds(lines: Sequence[Line]) -> float:
    """The time between records that follow each other within `LONGEST_PAUSE`; a longer pause counts nothing."""
    times = sorted(line.at for line in lines if line.record)
    if not any(line.is_timed for line in lines):
        return SECONDS_A_STEP * sum(line.steps for line in lines)
    pauses = (later - earlier for earlier, later in itertools.pairwise(times))
    return sum(pause for pause in pauses if pause <= LONGEST_PAUSE)
