"""What came after each intervention: calls that differ, the end of a trouble and its return, progress."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tui.model.evidence import TestRun
from tui.model.interventions import Colour, Effect
from tui.model.journal import JournalEntry
from tui.model.stall import DetectorName, ProgressKind, Stall
from tui.model.state import StallKind

News = Mapping[ProgressKind, int]
"""How often there was progress of each kind."""
_WATCH_SECONDS = 1_800.0
_REMEMBERED = 64
_MOST_OPEN = 4
_MOST_DONE = 200
_MOST_KEYS = 512


class WatchedEffect(Struct):
    """The effect of one intervention while it is watched.

    `before` are keys of calls made before it, `seen` of those since; `new_at` are the times of the new
    ones among them. `news` is how much progress there was of each kind when it began.
    """

    since: float
    before: frozenset[int] = frozenset()
    news: dict[ProgressKind, int] = {}
    kind: StallKind | None = None
    detector: DetectorName | None = None
    pattern: str = ""
    calls: int = 0
    seen: set[int] = set()
    new_at: list[float] = []
    ended_at: float | None = None
    again_at: float | None = None
    tests: Colour = ""
    tests_at: float | None = None

    def on_step(self, key: int, at: float, episode: Stall | None) -> None:
        """A call was answered; `episode` is the trouble that goes on now."""
        self.calls += 1
        is_new = key not in self.before and key not in self.seen and len(self.seen) < _MOST_KEYS
        if is_new:
            self.seen.add(key)
        if episode is not None:
            self._on_trouble(episode)
        elif is_new:
            self.new_at.append(at)
            self._on_different(at)

    def _on_trouble(self, episode: Stall) -> None:
        """What repeats is not different, from its first round on."""
        began = episode.since
        self.new_at = [at for at in self.new_at if at < began]
        if self.kind is None:
            return
        if began <= self.since:
            return  # the one that went on when it came
        if episode.pattern != self.pattern or episode.detector != self.detector:
            self._on_different(began)
        elif self.ended_at is not None and self.again_at is None:
            self.again_at = max(began, self.ended_at)

    def _on_different(self, at: float) -> None:
        if self.kind is not None and (self.ended_at is None or self.again_at is not None):
            self.ended_at, self.again_at = at, None

    def on_verdict(self, run: TestRun, at: float) -> None:
        if run.verdict != "unknown" and run.verdict != self.tests:
            self.tests, self.tests_at = run.verdict, at

    def freeze(self, news: News, until: float | None = None) -> Effect:
        """The effect as it stands."""

        def since(kind: ProgressKind) -> int:
            return news.get(kind, 0) - self.news.get(kind, 0)

        return Effect(
            self.since,
            until,
            self.calls,
            len(self.new_at),
            self.kind,
            self.detector,
            self.pattern,
            self.ended_at,
            self.again_at,
            since(ProgressKind.CONTENT),
            since(ProgressKind.COMMIT),
            since(ProgressKind.TASK),
            self.tests,
            self.tests_at,
        )


class EffectLog(Struct):
    """The effects of a night's interventions, by the names that `intervention_name` gives.

    An intervention is due from the moment at which it reached the session. It is watched from the first
    call that is answered after that, so it does not matter whether the journal or the stream is read first.
    """

    troubles: dict[str, Stall] = {}
    due: dict[str, float] = {}
    open: dict[str, WatchedEffect] = {}
    done: dict[str, Effect] = {}
    recent: list[int] = []
    version: int = 0

    def on_journal(self, entry: JournalEntry, trouble: Stall | None) -> None:
        """An intervention was asked for or made while `trouble` went on."""
        if entry.kind not in ("inject", "interrupt", "rewind", "undo"):
            return
        is_message = entry.kind == "inject"
        name = entry.id if is_message else intervention_name(entry.kind, entry.at)
        if trouble is not None:
            self.troubles[name] = trouble
            if len(self.troubles) > _MOST_OPEN:
                del self.troubles[next(iter(self.troubles))]
        if not is_message:
            self.reach(name, entry.at)

    def reach(self, name: str, at: float) -> None:
        """An intervention reached the session at `at`; the first time counts."""
        if name in self.due or name in self.open or name in self.done:
            return
        self.due[name] = at
        self.version += 1
        if len(self.due) > _MOST_DONE:
            del self.due[next(iter(self.due))]

    @property
    def is_watching(self) -> bool:
        return bool(self.due or self.open)

    def before_step(self, at: float | None, trouble: Stall | None, news: News) -> None:
        """A call is about to be taken in; what is due by then is watched from now on."""
        names = [name for name, due in self.due.items() if at is None or due < at]
        for name in names:
            since = self.due.pop(name)
            for other, effect in list(self.open.items()):
                if effect.calls:
                    self._close(other, max(since, effect.since), news)
            before = frozenset(self.recent[-_REMEMBERED:])
            found = self.troubles.pop(name, trouble)
            self.open[name] = WatchedEffect(since, before, dict(news), *_trouble(found))
            if len(self.open) > _MOST_OPEN:
                self._close(next(iter(self.open)), since, news)
        for name, effect in list(self.open.items()):
            if at is not None and at > effect.since + _WATCH_SECONDS:
                self._close(name, effect.since + _WATCH_SECONDS, news)

    def on_step(
        self, key: int, at: float | None, run: TestRun | None, episode: Stall | None
    ) -> None:
        """A call was answered, and the detectors have seen it."""
        self.recent.append(key)
        if len(self.recent) > 2 * _REMEMBERED:
            del self.recent[:_REMEMBERED]
        for effect in self.open.values():
            moment = effect.since if at is None else at
            effect.on_step(key, moment, episode)
            if run is not None:
                effect.on_verdict(run, moment)
        self.version += bool(self.open)

    def _close(self, name: str, until: float, news: News) -> None:
        self.done[name] = self.open.pop(name).freeze(news, until)
        if len(self.done) > _MOST_DONE:
            del self.done[next(iter(self.done))]

    def effect_of(self, name: str, news: News) -> Effect | None:
        """The effect of an intervention; None where it has not reached the session."""
        if name in self.done:
            return self.done[name]
        if name in self.open:
            return self.open[name].freeze(news)
        if name not in self.due:
            return None
        found = self.troubles.get(name)
        return WatchedEffect(self.due[name], frozenset(), {}, *_trouble(found)).freeze({})


def _trouble(found: Stall | None) -> tuple[StallKind | None, DetectorName | None, str]:
    """How a trouble is known again."""
    return (None, None, "") if found is None else (found.kind, found.detector, found.pattern)


def intervention_name(kind: str, at: float) -> str:
    """The name of an intervention that has no id: an interrupt, a rewind, an undo."""
    return f"{kind} {at}"
