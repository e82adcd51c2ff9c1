"""The state of a run that survives its supervisor."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tui.model.cli_commands import AgentAbilities
from tui.model.journal import Requester
from tui.model.state import (
    EndKind,
    HelpStep,
    LimitKind,
    OutcomeKind,
    RunPhase,
    StallKind,
    StopKind,
)
from tui.store.journal import read_entries
from tui.store.layout import RunDirectory
from tui.system.files import atomic_write

Why = Literal["start", "initializer", "crash", "fresh", "handover", "rewind", "continue"]


class StopIntent(Struct, frozen=True):
    """Why the agent is being ended, and what follows.

    `request` is the inbox request to be answered, `arguments` are those of that request. `note` asks
    the agent for a handoff note first. `end` is how the run ends by it; None where it goes on, and in
    files of version 0.1.
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
        """Whether the run goes on afterwards."""
        return self.kind in (StopKind.HANDOFF, StopKind.REWIND)

    @property
    def is_for_money(self) -> bool:
        """Whether a limit of money was reached."""
        return self.limit is not None and self.limit.is_money

    @property
    def declines_checkpoint(self) -> bool:
        """Whether the person wants none taken for this end."""
        return self.arguments.get("checkpoint", True) is False


class NextAttempt(Struct, frozen=True):
    """An attempt to be launched: why, which session it resumes, and its first prompt.

    `session` is the id of the conversation that it makes; empty: any.
    `asked_by` is who wrote the prompt to step back, where a person did: then it is journalled as a message.
    """

    why: Why
    prompt: str
    resume: str = ""
    resume_at: str = ""
    fork: bool = False
    initializer: bool = False
    asked_by: Requester | None = None
    session: str = ""


class UnprovenRewind(Struct, frozen=True):
    """A rewind of the conversation that the agent has not shown yet; then its `request` is answered.

    The next attempt is to go on as `session`: with what `old` held up to the event `cut`; where that is empty,
    with all of it or, without `old`, with nothing. `since` is in seconds of the run.
    """

    request: str
    text: str
    session: str
    old: str
    cut: str
    since: float
    entry: dict[str, object] = {}


class ScheduledWait(Struct, frozen=True):
    """A restart or continuation, due at `due_wall` or after `due_elapsed` seconds of the run.

    `next` is the attempt to be launched; None where the agent lives and needs a prompt only. `reason` is
    the end that it follows, in words; empty in files of earlier versions.
    """

    kind: OutcomeKind
    attempt: int
    next: NextAttempt | None
    due_elapsed: float | None = None
    due_wall: float | None = None
    counts: bool = True
    reason: str = ""

    def is_due(self, wall: float, elapsed: float) -> bool:
        if self.due_wall is not None and wall >= self.due_wall:
            return True
        return self.due_elapsed is not None and elapsed >= self.due_elapsed


class OutgoingMessage(Struct):
    """A message on its way to the agent; `id` is its uuid for the agent and in the journal.

    `inject` says that a person or a rule sent it, so that its receipts are journalled.
    """

    id: str
    text: str
    mode: Literal["soft", "hard"] = "soft"
    inject: bool = False
    step: Literal["waiting", "sent", "queued", "delivered"] = "waiting"
    interrupted: bool = False
    withdrawn: bool = False


class TroubleHelp(Struct):
    """What was done by itself about one trouble, which is known again by its `patterns`.

    `steps` were taken, `planned` was decided on and may not be done yet. `reached` says whether the agent
    has taken in the message of the last step: at `at`, when there were `count` rounds. `notified` is the
    rank of the highest level that people were notified of.
    """

    name: str
    patterns: list[str]
    steps: list[HelpStep] = []
    planned: HelpStep | None = None
    reached: bool = True
    at: float = 0.0
    count: int = 0
    notified: int = 0


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


class ConversationTries(Struct):
    """How often the conversation failed, and how many conversations were given up for that.

    `failed` counts turns since one went well, `given_up` conversations in a row without progress; `done`
    is how many tasks were done when the last was given up, `why` its reason until the fresh one begins.
    """

    failed: int = 0
    given_up: int = 0
    done: int = 0
    why: str = ""


class RunState(Struct, rename=_DISK_NAMES):
    """Everything durable about a run under way; only the run machine sets `phase`.

    `step` is what the current attempt was launched for. `wait` is set in the phase WAITING only,
    `intent` from the request to stop the agent until its process has ended.
    """

    phase: RunPhase = RunPhase.LAUNCHING
    # Attempts that never started an agent have a number, but do not count.
    attempt_number: int = 0
    attempts_counted: int = 0
    session: str = ""
    # The last session that is known to exist.
    resumable_session: str = ""
    step: NextAttempt | None = None
    # The last attempt with a `segment_started` in the journal.
    journalled_attempt: int = 0
    attempt_stream_offset: int = 0
    intent: StopIntent | None = None
    wait: ScheduledWait | None = None
    outgoing: list[OutgoingMessage] = []
    restarts: list[float] = []
    waits_in_a_row: int = 0
    limited_since: float | None = None
    conversation: ConversationTries = msgspec.field(default_factory=ConversationTries)
    # Since when nothing has failed, in seconds of the run: an attempt's start, or the end of a wait.
    healthy_since: float = 0.0
    # The turn of the current attempt that was to be interrupted; 0: none.
    interrupted_turn: int = 0
    # Until when the fallback model works in place of the first; None while the first does.
    fallback_until: float | None = None
    attempt_stderr_offset: int = 0
    # Seconds since the start, asleep or not; a change of the wall clock does not matter.
    elapsed: float = 0.0
    boottime: float = 0.0
    boot: str = ""
    wall: float = 0.0
    attempt_elapsed: float = 0.0
    attempt_head: str = ""
    # Events before this offset of the stream had their effects, such as a checkpoint.
    effects_applied_to: int = 0
    warned_shares: list[str] = []
    continuations: int = 0
    best_done: int = 0
    limits_paused_until: float | None = None
    checkpoint_elapsed: float | None = None
    handoff_message: str = ""
    handoff_since: float = 0.0
    handoff_share: float = 0.0
    # The request for the last hand-over note, and when it was made: it is made once.
    note_message: str = ""
    note_since: float = 0.0
    # Whose limit the budget is that the current process of the agent was given.
    budget_limit: LimitKind | None = None
    # Continuations and hand-overs of the whole run; those for the floor of the tests.
    continuations_in_all: int = 0
    floor_continuations: int = 0
    stall: str = ""
    stall_kind: StallKind | None = None
    # For a supervisor of version 0.1, which answers each level of a stall once.
    stall_level_answered: float = 0.0
    troubles: list[TroubleHelp] = []
    # When a person asked for something last, in seconds of the run.
    person_acted: float | None = None
    session_before_rewind: str = ""
    # How often a supervisor that died was started again by the restarter.
    supervisor_restarts: int = 0
    unproven_rewind: UnprovenRewind | None = None
    abilities: AgentAbilities = AgentAbilities()
    baseline_pid: int = 0
    baseline_start: int = 0
    transcripts: dict[str, int] = {}
    # Files of the project that were refused, which is noted once.
    refused_files: list[str] = []

    def forget_failures(self) -> bool:
        """Begins all counts of failures anew; False where there were none."""
        before = self.restarts, self.waits_in_a_row, self.limited_since, self.conversation
        self.restarts, self.waits_in_a_row, self.limited_since = [], 0, None
        self.conversation = ConversationTries(why=self.conversation.why)
        after = self.restarts, self.waits_in_a_row, self.limited_since, self.conversation
        return before != after

    @property
    def waits_for_launch(self) -> bool:
        """Whether the agent is gone and its successor has its time."""
        return self.wait is not None and self.wait.next is not None

    @property
    def is_planning(self) -> bool:
        """Whether the current attempt only plans."""
        return self.step is not None and self.step.initializer


def load_state(folder: RunDirectory) -> RunState:
    """The state as it was saved last, or rebuilt from attempts and journal where it is unreadable.

    For runs without an end record only: an end that was not recorded is decided once more.
    """
    try:
        data = folder.state.read_bytes()
        state, keys = msgspec.json.decode(data, type=RunState), msgspec.json.decode(data)
    except (OSError, msgspec.MsgspecError):
        state, keys = _rebuild_state(folder), {}
    if state.stall and state.stall_kind is None:
        # Version 0.1 kept the kind and the beginning of a stall in one string.
        with suppress(ValueError):
            state.stall_kind = StallKind(state.stall.partition(" ")[0])
    needed = {
        RunPhase.WAITING: state.wait,
        RunPhase.STOPPING: state.intent,
        RunPhase.REWINDING: state.intent,
    }
    # Version 0.1 wrote no phase, but whether the run was held.
    if keys.get("phase") in (None, "ended") or needed.get(state.phase, state) is None:
        state.phase = _derived_phase(state, bool(keys.get("held")))
    return state


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
    # An agent of the last attempt may live: the run must not begin anew.
    state = RunState(attempt_number=max(numbers), attempts_counted=len(numbers))
    if folder.attempt(state.attempt_number).agent.exists():
        state.journalled_attempt = state.attempt_number
    for entry in read_entries(folder.journal):
        if entry.kind == "segment_started":
            session = entry.data.get("session")
            state.session = state.resumable_session = session if isinstance(session, str) else ""
    return state


def save_state(path: Path, state: RunState) -> None:
    """Raises OSError."""
    atomic_write(path, msgspec.json.encode(state), sync=False)
