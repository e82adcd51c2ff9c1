"""What runner and people did: the run itself, its processes, and every deed."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.model.state import EndKind
from tui.night.timeline import KnownSpan

InjectionState = Literal["queued", "delivered", "seen", "failed", "withdrawn"]

MOST = 1_000
_ORDER = ("queued", "delivered", "seen")


class CheckpointTaken(Struct, frozen=True):
    """A checkpoint that was taken."""

    id: str
    at: float
    label: str
    commit: str
    files: int
    why: str
    tests: str = ""
    not_captured: int = 0


class Injection(Struct, frozen=True):
    """Words put to the agent, and how far they came."""

    id: str
    at: float
    text: str
    mode: str
    state: InjectionState
    detail: str = ""
    moved_at: float | None = None


class RewindRecord(Struct, frozen=True):
    """A rewind, or the undoing of one."""

    at: float
    checkpoint: str
    mode: str
    undo: bool
    written: int
    deleted: int
    safety: str = ""


class Attempt(Struct, frozen=True):
    """One process of the agent: `ended_at` is None while it lives."""

    attempt: int
    started_at: float
    why: str
    pid: int | None = None
    session: str = ""
    resume_of: str = ""
    stream: str = ""
    ended_at: float | None = None
    code: int | None = None
    signal: int | None = None
    reason: str = ""


class Intervention(Struct, frozen=True):
    """Anything else the journal tells that a person wants to know of: limits, stalls, kills."""

    at: float
    kind: str
    text: str
    by: str = ""


class PendingRestart(Struct, frozen=True):
    """A restart that waits for its time."""

    attempt: int
    due: float | None
    why: str


class Interventions(Struct, frozen=True):
    """Everything runner and people did."""

    checkpoints: tuple[CheckpointTaken, ...] = ()
    injections: tuple[Injection, ...] = ()
    rewinds: tuple[RewindRecord, ...] = ()
    segments: tuple[Attempt, ...] = ()
    others: tuple[Intervention, ...] = ()
    restarts: int = 0
    handovers: int = 0
    pending: PendingRestart | None = None
    unwatched_seconds: float = 0.0
    unwatched_since: float | None = None
    suspended_seconds: float = 0.0
    limits_paused_until: float | None = None

    @property
    def interventions(self) -> int:
        """How often a person stepped in: words, rewinds, interruptions and ends.

        The end of a session is told twice, when it is asked for and when it is there.
        """
        mine = [deed for deed in self.others if deed.by == "person"]
        interrupts = sum(1 for deed in mine if deed.kind == "interrupt")
        ends = {deed.text for deed in mine if deed.kind in ("stop", "kill")}
        return len(self.injections) + len(self.rewinds) + interrupts + len(ends)


class InterventionLog(Struct):
    """The journal as it is read."""

    run: str = ""
    goal: str = ""
    model: str = ""
    command: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    reason: str = ""
    code: int | None = None
    end: EndKind = EndKind.OPEN
    stopped_by: str = ""
    killed: bool = False
    checkpoints: list[CheckpointTaken] = []
    injections: dict[str, Injection] = {}
    rewinds: list[RewindRecord] = []
    segments: list[Attempt] = []
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
    version: int = 0

    @property
    def segment(self) -> Attempt | None:
        """The newest process of the agent."""
        return self.segments[-1] if self.segments else None

    def injection(
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
        self.injections[key] = Injection(
            found.id, found.at, found.text, found.mode, state, detail, at
        )
        self.version += 1

    def heard(self, at: float | None) -> None:
        """The model answered after words were delivered: it has seen them."""
        for key, injection in self.injections.items():
            if injection.state == "delivered":
                self.injection(key, "seen", at)

    def deeds(self) -> Interventions:
        """All deeds, frozen."""
        return Interventions(
            tuple(self.checkpoints),
            tuple(self.injections.values()),
            tuple(self.rewinds),
            tuple(self.segments),
            tuple(self.others),
            self.restarts,
            self.handovers,
            self.pending,
            self.unwatched_seconds,
            self.unwatched_since,
            self.suspended_seconds,
            self.limits_paused_until,
        )
