"""What people and the supervisor did, as the journal tells it, and what came after each of it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from tui.model.evidence.log import TestRun
from tui.model.interventions import (
    Attempt,
    CheckpointTaken,
    Colour,
    Effect,
    Injection,
    InjectionState,
    Intervention,
    Interventions,
    PendingRestart,
    RewindRecord,
)
from tui.model.journal import JournalEntry
from tui.model.records import SupervisorSeen
from tui.model.snapshot import LimitReached, RunLimits
from tui.model.stall import DetectorName, ProgressKind, Stall
from tui.model.state import EndKind, StallKind
from tui.model.timeline import KnownSpan

_ORDER = ("queued", "delivered", "seen")
News = Mapping[ProgressKind, int]
"""How often there was progress of each kind."""
_WATCH_SECONDS = 1_800.0
_SEEN_SECONDS = 30.0
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


class InterventionLog(Struct):
    """The journal as it is read."""

    run: str = ""
    goal: str = ""
    model: str = ""
    command: str = ""
    host: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    end_reason: str = ""
    code: int | None = None
    end: EndKind = EndKind.OPEN
    stopped_by: str = ""
    stopped_at: float | None = None
    rewinding_since: float | None = None
    rewind_request: str = ""
    killed: bool = False
    # While the project's tests run before the agent is told anything.
    baseline: str = ""
    baseline_since: float | None = None
    checkpoints: list[CheckpointTaken] = []
    injections: dict[str, Injection] = {}
    rewinds: list[RewindRecord] = []
    attempts: list[Attempt] = []
    others: list[Intervention] = []
    spans: list[KnownSpan] = []
    restarts: int = 0
    handovers: int = 0
    own_commits: list[str] = []
    pending: PendingRestart | None = None
    unwatched_seconds: float = 0.0
    unwatched_since: float | None = None
    suspended_seconds: float = 0.0
    awake_at: float | None = None
    limits_paused_until: float | None = None
    has_supervisor: bool | None = None
    # Since when this reader has seen one live, by its lock and not by the journal.
    supervisor_seen_since: float | None = None
    supervisor_seen_at: float = 0.0
    supervisor_is_coming: bool = False
    has_given_up_supervising: bool = False
    continuations: int = 0
    limits: RunLimits = RunLimits()
    limit: LimitReached | None = None
    effects: EffectLog = field(default_factory=EffectLog)
    version: int = 0

    @property
    def attempt(self) -> Attempt | None:
        """The newest process of the agent."""
        return self.attempts[-1] if self.attempts else None

    def see_supervisor(self, seen: SupervisorSeen) -> None:
        """Its lock was looked at: that says more than a journal, which a kill ends in silence."""
        since, before = self.supervisor_seen_since, self.supervisor_seen_at
        if not seen.lives:
            self.supervisor_seen_since = None
        elif since is None or not 0 <= seen.at - before <= _SEEN_SECONDS:
            self.supervisor_seen_since = seen.at
        self.supervisor_seen_at = seen.at
        self.has_supervisor = seen.lives
        self.supervisor_is_coming = seen.is_coming and not seen.lives

    @property
    def awaits_supervisor(self) -> bool:
        """Whether a supervisor that died is being started again."""
        return self.supervisor_is_coming and not self.has_given_up_supervising

    def advance_injection(
        self, key: str, state: InjectionState, at: float | None, detail: str = ""
    ) -> None:
        """Words came further on their way; they never go back, and an end is an end."""
        found = self.injections.get(key)
        if found is None or found.state not in _ORDER:
            return
        if state == "withdrawn" and found.state != "queued":
            return
        if state in _ORDER and _ORDER.index(state) <= _ORDER.index(found.state):
            return
        self.injections[key] = replace(found, state=state, detail=detail, moved_at=at)
        if state in ("delivered", "seen"):
            self.effects.reach(key, found.at if at is None else at)
        self.version += 1

    def mark_seen(self, at: float | None) -> None:
        """The model answered after words were delivered: it has seen them."""
        for key, injection in self.injections.items():
            if injection.state == "delivered":
                self.advance_injection(key, "seen", at)

    def freeze(self, news: News) -> Interventions:
        """All interventions with their effects, frozen; `news` counts the progress of the night."""

        def effect(name: str) -> Effect | None:
            return self.effects.effect_of(name, news)

        return Interventions(
            tuple(self.checkpoints),
            tuple(
                replace(one, effect=found) if (found := effect(name)) is not None else one
                for name, one in self.injections.items()
            ),
            tuple(replace(one, effect=effect(_name_of_rewind(one))) for one in self.rewinds),
            tuple(self.attempts),
            tuple(
                replace(one, effect=effect(intervention_name(one.kind, one.at)))
                if one.kind == "interrupt"
                else one
                for one in self.others
            ),
            self.restarts,
            self.handovers,
            self.pending,
            self.unwatched_seconds,
            self.unwatched_since,
            self.suspended_seconds,
            self.limits_paused_until,
        )


def _name_of_rewind(rewind: RewindRecord) -> str:
    return intervention_name("undo" if rewind.undo else "rewind", rewind.at)
