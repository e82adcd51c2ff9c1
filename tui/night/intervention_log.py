"""Everything that the journal said so far of people and of the supervisor."""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from tui.model.interventions import (
    Attempt,
    CheckpointTaken,
    Effect,
    Injection,
    InjectionState,
    Intervention,
    Interventions,
    PendingRestart,
    RewindRecord,
)
from tui.model.snapshot import LimitReached, RunLimits
from tui.model.state import EndKind
from tui.model.timeline import KnownSpan
from tui.night.stuck.effects import EffectLog, News, intervention_name

_ORDER = ("queued", "delivered", "seen")


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
    checkpoints: list[CheckpointTaken] = []
    injections: dict[str, Injection] = {}
    rewinds: list[RewindRecord] = []
    attempts: list[Attempt] = []
    others: list[Intervention] = []
    spans: list[KnownSpan] = []
    restarts: int = 0
    handovers: int = 0
    pending: PendingRestart | None = None
    unwatched_seconds: float = 0.0
    unwatched_since: float | None = None
    suspended_seconds: float = 0.0
    awake_at: float | None = None
    limits_paused_until: float | None = None
    has_supervisor: bool | None = None
    continuations: int = 0
    limits: RunLimits = RunLimits()
    limit: LimitReached | None = None
    effects: EffectLog = field(default_factory=EffectLog)
    version: int = 0

    @property
    def attempt(self) -> Attempt | None:
        """The newest process of the agent."""
        return self.attempts[-1] if self.attempts else None

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
