"""What people and the supervisor did: checkpoint, message, rewind, attempt."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.model.journal import Requester
from tui.model.stall import DetectorName
from tui.model.state import StallKind

InjectionState = Literal["queued", "delivered", "seen", "failed", "withdrawn"]


Colour = Literal["", "green", "red"]


class Effect(Struct, frozen=True):
    """What came after a message, a step back, an interrupt or a rewind, as far as it is known.

    It is watched from `since`, when it reached the session, to `until`, when the next of them came or half
    an hour was over; None while it is watched. `calls` were answered in that time; `different` of them are
    distinct and are none of those that it repeated before. `kind`, `detector` and `pattern` are those of
    the trouble that went on at `since`, if one did: it ended at `ended_at` and came again at `again_at`.
    New content of files, commits and tasks done are counted. `tests` is the newest verdict, which the
    tests have had since `tests_at`.
    """

    since: float
    until: float | None = None
    calls: int = 0
    different: int = 0
    kind: StallKind | None = None
    detector: DetectorName | None = None
    pattern: str = ""
    ended_at: float | None = None
    again_at: float | None = None
    contents: int = 0
    commits: int = 0
    tasks: int = 0
    tests: Colour = ""
    tests_at: float | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the trouble goes on, or has come again."""
        return self.kind is not None and (self.ended_at is None or self.again_at is not None)

    @property
    def has_progress(self) -> bool:
        """Whether anything new came that a loop would not bring."""
        return bool(self.contents or self.commits or self.tasks or self.tests == "green")


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
    """A message put to the agent, and how far it came; `by` is who asked for it, as the journal has it."""

    id: str
    at: float
    text: str
    mode: str
    state: InjectionState
    detail: str = ""
    moved_at: float | None = None
    by: str = ""
    effect: Effect | None = None


class RewindRecord(Struct, frozen=True):
    """A rewind, or the undoing of one."""

    at: float
    checkpoint: str
    mode: str
    undo: bool
    written: int
    deleted: int
    safety: str = ""
    effect: Effect | None = None


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

    `outcome` says of an end what survived it, empty where nothing did; only an interrupt has an `effect`.
    """

    at: float
    kind: str
    text: str
    by: str = ""
    outcome: str = ""
    effect: Effect | None = None


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
        messages = sum(1 for one in self.injections if one.by != Requester.SUPERVISOR)
        return messages + len(self.rewinds) + interrupts + len(ends)
