"""What people and the supervisor did: checkpoint, message, rewind, attempt."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

InjectionState = Literal["queued", "delivered", "seen", "failed", "withdrawn"]


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
    """A message put to the agent, and how far it came."""

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
    """Any other entry that a person should see: limits, stalls, kills.

    `outcome` says of an end what survived it, empty where nothing did.
    """

    at: float
    kind: str
    text: str
    by: str = ""
    outcome: str = ""


class PendingRestart(Struct, frozen=True):
    """A restart that waits for its time."""

    attempt: int
    due: float | None
    why: str


class Interventions(Struct, frozen=True):
    """Everything that the supervisor and people did."""

    checkpoints: tuple[CheckpointTaken, ...] = ()
    injections: tuple[Injection, ...] = ()
    rewinds: tuple[RewindRecord, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    others: tuple[Intervention, ...] = ()
    restarts: int = 0
    handoffs: int = 0
    pending: PendingRestart | None = None
    unwatched_seconds: float = 0.0
    unwatched_since: float | None = None
    suspended_seconds: float = 0.0
    limits_paused_until: float | None = None

    @property
    def times_stepped_in(self) -> int:
        """How often a person stepped in: messages, rewinds, interruptions and ends."""
        by_person = [one for one in self.others if one.by == "person"]
        interrupts = sum(1 for one in by_person if one.kind == "interrupt")
        # The journal has the end of a session twice: when it is requested and when it is reached.
        ends = {one.text for one in by_person if one.kind in ("stop", "kill")}
        return len(self.injections) + len(self.rewinds) + interrupts + len(ends)
