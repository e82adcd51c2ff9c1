"""What must survive a restart of the supervisor."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tui.model.state import EndKind, LimitKind, OutcomeKind, RunPhase, StallKind, StopKind
from tui.store.journal import read_entries
from tui.store.layout import RunDirectory
from tui.system.files import atomic_write

Why = Literal["start", "initializer", "crash", "handover", "rewind", "continue"]


class StopIntent(Struct, frozen=True):
    """Why the agent is being ended, and what is to follow.

    `request` is the inbox request to be answered, `arguments` are what it was given: those of a
    rewind, or `checkpoint` false to end without one. `note` asks for a hand-over note first.
    `end` is how the run ends by it; None where it goes on, and in files of version 0.1.
    """

    kind: StopKind
    reason: str
    by: Literal["person", "limit", "watchdog"] = "watchdog"
    note: bool = False
    request: str = ""
    arguments: dict[str, object] = {}
    end: EndKind | None = None
    limit: LimitKind | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the run goes on after it."""
        return self.kind in (StopKind.HANDOFF, StopKind.REWIND)


class NextAttempt(Struct, frozen=True):
    """The segment that is to come: why, whom it resumes, and what it is told first."""

    why: Why
    prompt: str
    resume: str = ""
    resume_at: str = ""
    fork: bool = False
    initializer: bool = False


class ScheduledWait(Struct, frozen=True):
    """A restart or continuation that waits: due at `due_wall`, or after `due_elapsed` of the run."""

    kind: OutcomeKind
    attempt: int
    next: NextAttempt | None
    due_elapsed: float | None = None
    due_wall: float | None = None
    counts: bool = True


class OutgoingMessage(Struct):
    """A message on its way to the agent; `id` is its uuid on the wire, and its name in the journal.

    `inject` says that a person or a rule put it in, so that its receipts are journalled.
    """

    id: str
    text: str
    mode: Literal["soft", "hard"] = "soft"
    inject: bool = False
    step: Literal["waiting", "sent", "queued", "delivered"] = "waiting"
    interrupted: bool = False
    withdrawn: bool = False


# The keys that version 0.1 wrote; a run may change its supervisor for a newer one.
_DISK_NAMES = {
    "attempt_number": "segment",
    "attempts_counted": "attempt",
    "resumable_session": "resumable",
    "step": "next",
    "journalled_attempt": "begun",
    "attempt_stream_offset": "announced",
    "wait": "pending",
    "waits_in_a_row": "overloads",
    "attempt_elapsed": "segment_elapsed",
    "attempt_head": "segment_head",
    "effects_applied_to": "handled",
    "warned_shares": "told",
    "limits_paused_until": "paused_until",
    "handoff_message": "handover_asked",
    "handoff_since": "handover_since",
    "handoff_share": "handover_share",
    "stall_level_answered": "nudged",
    "session_before_rewind": "before_rewind",
}


class RunState(Struct, rename=_DISK_NAMES):
    """Everything durable about a run under way; only the run machine sets `phase`.

    Seconds `elapsed` count from the run's start, asleep or not, whatever the wall clock does.
    `begun` is the last segment whose start the journal tells;
    `announced` is where in the stream the present one begins; `handled` up to where events had their
    effects; `resumable` the last session that is known to exist.
    """

    phase: RunPhase = RunPhase.LAUNCHING
    attempt_number: int = 0
    attempts_counted: int = 0
    session: str = ""
    resumable_session: str = ""
    step: NextAttempt | None = None
    journalled_attempt: int = 0
    attempt_stream_offset: int = 0
    intent: StopIntent | None = None
    wait: ScheduledWait | None = None
    outgoing: list[OutgoingMessage] = []
    restarts: list[float] = []
    waits_in_a_row: int = 0
    limited_since: float | None = None
    elapsed: float = 0.0
    boottime: float = 0.0
    boot: str = ""
    wall: float = 0.0
    attempt_elapsed: float = 0.0
    attempt_head: str = ""
    effects_applied_to: int = 0
    warned_shares: list[str] = []
    continuations: int = 0
    best_done: int = 0
    limits_paused_until: float | None = None
    checkpoint_elapsed: float | None = None
    handoff_message: str = ""
    handoff_since: float = 0.0
    handoff_share: float = 0.0
    stall: str = ""
    stall_kind: StallKind | None = None
    stall_level_answered: float = 0.0
    session_before_rewind: str = ""
    baseline_pid: int = 0
    baseline_start: int = 0
    transcripts: dict[str, int] = {}


class _Version01(Struct):
    """What version 0.1 wrote instead of a phase."""

    phase: RunPhase | None = None
    held: bool = False


def load_state(folder: RunDirectory) -> RunState:
    """The state as it was last kept; where it cannot be read, what segments and journal tell.

    A run whose agent may live is never taken for one that has not begun. Who asks knows that the
    run has no end record: an end that was not recorded is come to once more.
    """
    try:
        data = folder.state.read_bytes()
        state = msgspec.json.decode(data, type=RunState)
        old = msgspec.json.decode(data, type=_Version01)
    except (OSError, msgspec.MsgspecError):
        state, old = _rebuild_state(folder), _Version01()
    if state.stall and state.stall_kind is None:
        state.stall_kind = _old_stall_kind(state.stall)
    if old.phase in (None, RunPhase.ENDED) or _is_contradictory(state):
        state.phase = _derived_phase(state, old.held)
    return state


def _old_stall_kind(stall: str) -> StallKind | None:
    """Version 0.1 kept the kind and the beginning of a stall in one string."""
    try:
        return StallKind(stall.partition(" ")[0])
    except ValueError:
        return None


def _is_contradictory(state: RunState) -> bool:
    if state.phase == RunPhase.WAITING:
        return state.wait is None
    return state.phase in (RunPhase.STOPPING, RunPhase.REWINDING) and state.intent is None


def _derived_phase(state: RunState, held: bool) -> RunPhase:
    if state.intent is not None:
        return RunPhase.STOPPING
    if state.wait is not None:
        return RunPhase.WAITING
    if state.journalled_attempt < state.attempt_number or not state.attempt_number:
        return RunPhase.LAUNCHING
    if held:
        return RunPhase.HELD
    return RunPhase.BASELINE if state.baseline_pid else RunPhase.WORKING


def _rebuild_state(folder: RunDirectory) -> RunState:
    numbers = folder.attempt_numbers()
    if not numbers:
        return RunState()
    state = RunState(attempt_number=max(numbers), attempts_counted=len(numbers))
    if folder.attempt(state.attempt_number).agent.exists():
        state.journalled_attempt = state.attempt_number
    for entry in read_entries(folder.journal):
        if entry.kind == "segment_started":
            session = entry.data.get("session")
            state.session = state.resumable_session = session if isinstance(session, str) else ""
    return state


def save_state(path: Path, state: RunState) -> None:
    """Replaces the kept state. Raises OSError."""
    atomic_write(path, msgspec.json.encode(state), sync=False)
