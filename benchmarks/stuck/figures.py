"""What the benchmark says, in the form of its JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

from benchmarks.stuck.baselines import BASELINES
from benchmarks.stuck.episode import Episode
from benchmarks.stuck.watching import LEVELS, Seen


class LevelFigures(Struct, frozen=True):
    """Of one level or rule: a stuck episode with it is a hit, a healthy one a false alarm.

    `early` are hits before the trouble began. `precision` is 0 where nothing was found.
    """

    hits: int
    early: int
    recall: float
    false_alarms: int
    false_alarm_rate: float
    per_100_hours: float
    precision: float
    median_steps: float | None


class SetFigures(Struct, frozen=True):
    """Of the episodes of one `set`."""

    stuck: int
    healthy: int
    hours_healthy: float
    levels: dict[str, LevelFigures]
    baselines: dict[str, LevelFigures]


class EachFigures(Struct, frozen=True):
    """Of one episode: the first step of each level, and the detector that fired first."""

    id: str
    label: str
    notice: int | None
    nudge: int | None
    stop: int | None
    detector: str | None
    set: str = ""
    detectors: dict[str, int] = {}


class Figures(Struct, frozen=True):
    """All of it. `unread_episodes` says of each episode that could not be measured why."""

    schema: int
    episodes: int
    stuck: int
    healthy: int
    unread: int
    hours_healthy: float
    levels: dict[str, LevelFigures]
    detectors: dict[str, LevelFigures]
    baselines: dict[str, LevelFigures]
    sets: dict[str, SetFigures]
    each: list[EachFigures]
    unread_episodes: list[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """An episode with what was seen of it, and the first step of each baseline."""

    episode: Episode
    seen: Seen
    baselines: Mapping[str, int | None]


def figures(measured: Sequence[Measured], unread: Sequence[str]) -> Figures:
    """The figures of all episodes."""
    whole = _of_set(measured)
    names = sorted({name for one in measured for name in one.seen.detectors})
    sets = sorted({one.episode.set for one in measured if one.episode.set})
    return Figures(
        1,
        len(measured),
        whole.stuck,
        whole.healthy,
        len(unread),
        whole.hours_healthy,
        whole.levels,
        {
            name: _level(
                ((one.episode, one.seen.detectors.get(name)) for one in measured),
                whole.hours_healthy,
            )
            for name in names
        },
        whole.baselines,
        {name: _of_set([one for one in measured if one.episode.set == name]) for name in sets},
        [_each(one) for one in measured],
        list(unread),
    )


def _of_set(measured: Sequence[Measured]) -> SetFigures:
    stuck = sum(one.episode.is_stuck for one in measured)
    hours = _hours(measured)
    return SetFigures(
        stuck,
        len(measured) - stuck,
        round(hours, 4),
        {
            name: _level(((one.episode, one.seen.levels.get(level)) for one in measured), hours)
            for level, name in LEVELS.items()
        },
        {
            name: _level(((one.episode, one.baselines.get(name)) for one in measured), hours)
            for name in BASELINES
        },
    )


def _hours(measured: Sequence[Measured]) -> float:
    """Active hours of the healthy episodes."""
    healthy = (one for one in measured if not one.episode.is_stuck)
    return sum(one.seen.active_seconds for one in healthy) / 3600


def _level(firsts: Iterable[tuple[Episode, int | None]], hours: float) -> LevelFigures:
    """The figures of one level, from its first step in each episode."""
    rows = list(firsts)
    stuck = [(one, first) for one, first in rows if one.is_stuck]
    hits = [(one, first) for one, first in stuck if first is not None]
    false_alarms = sum(first is not None for one, first in rows if not one.is_stuck)
    steps = [first - one.from_step for one, first in hits if one.from_step is not None]
    return LevelFigures(
        len(hits),
        sum(one < 0 for one in steps),
        _share(len(hits), len(stuck)),
        false_alarms,
        _share(false_alarms, len(rows) - len(stuck)),
        round(100 * false_alarms / hours, 4) if hours else 0.0,
        _share(len(hits), len(hits) + false_alarms),
        statistics.median(steps) if steps else None,
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _each(one: Measured) -> EachFigures:
    seen, episode = one.seen, one.episode
    notice, nudge, stop = (seen.levels.get(level) for level in LEVELS)
    return EachFigures(
        episode.id,
        episode.label,
        notice,
        nudge,
        stop,
        seen.first_detector,
        episode.set,
        {name.value: step for name, step in seen.detectors.items()},
    )
