"""What a session, a run and a supervisor can be in, and how they end: one enum for each question.

Sentences for people travel beside a kind and are never read back by the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct, field


class SessionState(StrEnum):
    """What a session does, in one word: the contract of `status --json`."""

    STARTING = "starting"
    WORKING = "working"
    TOOL = "tool"
    WAITING_API = "waiting_api"
    RATE_LIMITED = "rate_limited"
    WAITING_PERMISSION = "waiting_permission"
    STALLED = "stalled"
    LOOPING = "looping"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    CRASHED = "crashed"
    NONE = "none"


OVER = frozenset(
    {
        SessionState.FINISHED,
        SessionState.FAILED,
        SessionState.KILLED,
        SessionState.CRASHED,
        SessionState.NONE,
    }
)
"""States in which nothing more comes unless somebody starts it."""


class StateReason(StrEnum):
    """Why a session is in its state; the sentence for people is beside it."""

    NO_SESSION = "no_session"
    AGENT_STARTING = "agent_starting"
    RUN_ENDED = "run_ended"
    RESTART_PENDING = "restart_pending"
    ENDED_BY_PERSON = "ended_by_person"
    ENDED_BY_LIMIT = "ended_by_limit"
    ENDED_BY_WATCHDOG = "ended_by_watchdog"
    PROCESS_EXITED = "process_exited"
    PROCESS_MISSING = "process_missing"
    PROCESS_SUSPENDED = "process_suspended"
    PERMISSION_PROMPT = "permission_prompt"
    QUESTION = "question"
    USAGE_LIMIT = "usage_limit"
    LIMIT_OVERDUE = "limit_overdue"
    TURN_COMPLETED = "turn_completed"
    TURN_FAILED = "turn_failed"
    TURN_INTERRUPTED = "turn_interrupted"
    BACKGROUND_TASK = "background_task"
    MESSAGE_QUEUED = "message_queued"
    SILENT_TOOL = "silent_tool"
    SILENT_API = "silent_api"
    WEDGED = "wedged"
    LOOP = "loop"
    RETRY_PENDING = "retry_pending"
    COMPACTING = "compacting"
    MODEL_STREAMING = "model_streaming"
    WAITING_FOR_MODEL = "waiting_for_model"
    TOOL_RUNNING = "tool_running"


class StallKind(StrEnum):
    """Why nothing useful happens though it should."""

    SILENT_TOOL = "silent_tool"
    SILENT_API = "silent_api"
    WEDGED = "wedged"
    LOOP = "loop"
    LIMIT_WAIT = "limit_wait"
    PROCESS_GONE = "process_gone"


class StallLevel(StrEnum):
    """How far a loop has gone; the levels rise in this order."""

    NONE = ""
    NOTICE = "notice"
    NUDGE = "nudge"
    STOP = "stop"

    @property
    def rank(self) -> int:
        """0 for NONE, rising by one."""
        return tuple(StallLevel).index(self)


class RunPhase(StrEnum):
    """What the supervisor is doing; kept on disk, changed by the run machine only."""

    LAUNCHING = "launching"
    WORKING = "working"
    HELD = "held"
    WAITING = "waiting"
    BASELINE = "baseline"
    STOPPING = "stopping"
    REWINDING = "rewinding"
    ENDED = "ended"

    @property
    def is_ending(self) -> bool:
        """Whether the agent is being ended or has been, so that it takes no more orders."""
        return self in (RunPhase.STOPPING, RunPhase.REWINDING, RunPhase.ENDED)


class StopKind(StrEnum):
    """Why an agent is being ended; selects the steps of its escalation."""

    FINISH = "finish"
    NEEDS_PERSON = "needs you"
    LIMIT = "limit"
    STOP = "stop"
    KILL = "kill"
    HANDOFF = "handover"
    REWIND = "rewind"


class OutcomeKind(StrEnum):
    """What the end of a turn or of a process means for what comes next."""

    COMPLETED = "done"
    MAX_TURNS = "turns used up"
    BUDGET_EXHAUSTED = "budget used up"
    INTERRUPTED = "interrupted"
    STOPPED_BY_PERSON = "person"
    USAGE_LIMIT = "limit"
    OVERLOADED = "overload"
    LOGIN_REQUIRED = "login required"
    BILLING_REQUIRED = "billing required"
    RESUME_REFUSED = "resume refused"
    CRASH = "crash"


class LimitKind(StrEnum):
    """A bound that the supervisor keeps or warns of."""

    RUNTIME = "runtime"
    IDLE = "idle"
    COST = "cost"
    MEMORY = "memory"
    MACHINE_MEMORY = "machine memory"
    PROCESSORS = "processors"
    DISK = "disk"
    CONTEXT = "context"
    AGENT_BUDGET = "agent budget"


class NotifyEvent(StrEnum):
    """What notifications are about."""

    START = "start"
    CHECKPOINT = "checkpoint"
    FINISHED = "finished"
    STALL = "stall"
    LIMIT = "limit"
    RESTART = "restart"
    NEEDS_YOU = "needs_you"


class EndKind(StrEnum):
    """Why a night is over; `_ENDS` holds what follows for state, review and notification."""

    TASKS_DONE = "tasks_done"
    TURN_ENDED = "turn_ended"
    LIMIT = "limit"
    STOPPED = "stopped"
    KILLED = "killed"
    NEEDS_PERSON = "needs_you"
    GAVE_UP = "gave_up"
    CRASH = "crash"
    FAILED = "failed"
    HUNG = "hung"
    OPEN = "open"

    @classmethod
    def of_entry(cls, entry: Mapping[str, object]) -> EndKind:
        """The kind of end that a `run_ended` entry or an `ended.json` records.

        Version 0.1 wrote no `end`: there the beginning of its sentence decides, else the exit code.
        """
        try:
            return cls(str(entry.get("end")))
        except ValueError:
            reason = entry.get("reason")
            return _end_of_old_reason(reason if isinstance(reason, str) else "", entry.get("code"))

    @property
    def session_state(self) -> SessionState:
        """The state of the session afterwards; NONE while nothing has ended."""
        return _ENDS[self].state

    @property
    def review_word(self) -> EndKind:
        """What the review calls it: one of its nine words."""
        return _ENDS[self].review_word

    @property
    def notify_event(self) -> NotifyEvent | None:
        """The notification when a run ends so; None where no run of ours does."""
        return _ENDS[self].event


class _End(NamedTuple):
    state: SessionState
    review_word: EndKind
    event: NotifyEvent | None = None
    starts: tuple[str, ...] = ()


_ENDS = {
    EndKind.TASKS_DONE: _End(
        SessionState.FINISHED, EndKind.TASKS_DONE, NotifyEvent.FINISHED, ("all tasks done",)
    ),
    EndKind.TURN_ENDED: _End(
        SessionState.FINISHED, EndKind.TURN_ENDED, NotifyEvent.FINISHED, ("the turn ended",)
    ),
    EndKind.LIMIT: _End(
        SessionState.KILLED, EndKind.LIMIT, NotifyEvent.FINISHED, ("limit", "usage limit")
    ),
    EndKind.STOPPED: _End(
        SessionState.KILLED, EndKind.KILLED, NotifyEvent.FINISHED, ("stopped", "interrupted")
    ),
    EndKind.KILLED: _End(SessionState.KILLED, EndKind.KILLED, NotifyEvent.FINISHED, ("killed",)),
    EndKind.NEEDS_PERSON: _End(
        SessionState.FAILED, EndKind.NEEDS_PERSON, NotifyEvent.NEEDS_YOU, ("needs you",)
    ),
    EndKind.GAVE_UP: _End(SessionState.CRASHED, EndKind.CRASH, NotifyEvent.NEEDS_YOU, ("gave up",)),
    EndKind.CRASH: _End(SessionState.CRASHED, EndKind.CRASH, NotifyEvent.NEEDS_YOU, ("crash",)),
    EndKind.FAILED: _End(SessionState.FAILED, EndKind.FAILED, None, ("fail", "error")),
    EndKind.HUNG: _End(SessionState.STALLED, EndKind.HUNG),
    EndKind.OPEN: _End(SessionState.NONE, EndKind.OPEN),
}


def _end_of_old_reason(reason: str, code: object) -> EndKind:
    words = reason.strip().lower()
    failed = isinstance(code, int) and code != 0
    for kind, end in _ENDS.items():
        if words.startswith(end.starts):
            return kind
    return EndKind.TURN_ENDED if words or not failed else EndKind.CRASH


class ExitStatus(Struct, frozen=True):
    """How a process ended; `error` is why it could not be started."""

    code: int | None = None
    signal: int = 0
    error: str = ""


class Outcome(Struct, frozen=True):
    """What an end means, with its sentence; `resets_at` is when a limit ends (s since the epoch).

    `exit` is None at the end of a turn.
    """

    kind: OutcomeKind
    text: str
    resets_at: float | None = None
    exit: ExitStatus | None = None


class RunEnd(Struct, frozen=True, omit_defaults=True):
    """How a run ended: `ended.json` and the journal's `run_ended`."""

    reason: str
    code: int | None
    at: float
    kind: EndKind = field(name="end", default=EndKind.OPEN)
    limit: LimitKind | None = None


class StallThresholds(Struct, frozen=True):
    """Seconds of silence and counts of equal rounds.

    The CLI sends a heartbeat every 30 s of a running tool, so three missed ones mean a frozen
    process. It cuts a dead API connection by itself after three to five minutes. A CLI without
    heartbeats may rightly be quiet in a tool for `quiet_tool_seconds`.
    """

    tool_heartbeat_seconds: float = 90.0
    quiet_tool_seconds: float = 3600.0
    api_silence_seconds: float = 360.0
    wedge_seconds: float = 360.0
    answer_patience_seconds: float = 20.0
    loop_notice: int = 3
    loop_nudge: int = 5
    loop_stop: int = 8
    loop_longest_cycle: int = 5
    pollers: tuple[str, ...] = ("sleep", "wait", "gh run watch", "tail")
    poller_factor: float = 4.0
