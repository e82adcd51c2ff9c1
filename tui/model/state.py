"""What a session, a run and a supervisor can be in, and how they end: one enum for each question.

Sentences for people travel beside a kind and are never read back by the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field


class SessionState(StrEnum):
    """What a session does, in one word: the contract of `status --json`."""

    STARTING = "starting"
    WORKING = "working"
    TOOL = "tool"
    WAITING_API = "waiting_api"
    RATE_LIMITED = "rate_limited"
    WAITING_PERMISSION = "waiting_permission"
    WAITING_INPUT = "waiting_input"
    STALLED = "stalled"
    LOOPING = "looping"
    REFUSED = "refused"
    WINDING_DOWN = "winding_down"
    RESTARTING = "restarting"
    PAUSED = "paused"
    FINISHED = "finished"
    ENDED = "ended"
    FAILED = "failed"
    KILLED = "killed"
    CRASHED = "crashed"
    GAVE_UP = "gave_up"
    NONE = "none"


OVER = frozenset(
    map(SessionState, ("finished", "ended", "failed", "killed", "crashed", "gave_up", "none"))
)
"""States in which nothing more comes unless somebody starts it."""


class StateReason(StrEnum):
    """Why a session is in its state; the sentence for people is beside it."""

    NO_SESSION = "no_session"
    NOT_A_STREAM = "not_a_stream"
    AGENT_STARTING = "agent_starting"
    RUN_ENDED = "run_ended"
    RESTART_PENDING = "restart_pending"
    REWINDING = "rewinding"
    LIMIT_REACHED = "limit_reached"
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
    MESSAGE_AWAITED = "message_awaited"
    TURN_COMPLETED = "turn_completed"
    TURN_ANSWERED = "turn_answered"
    NOTHING_ASKED = "nothing_asked"
    TURN_FAILED = "turn_failed"
    TURN_INTERRUPTED = "turn_interrupted"
    API_UNREACHABLE = "api_unreachable"
    BACKGROUND_TASK = "background_task"
    HOOK_RUNNING = "hook_running"
    MESSAGE_QUEUED = "message_queued"
    SILENT_TOOL = "silent_tool"
    SILENT_API = "silent_api"
    WEDGED = "wedged"
    LOOP = "loop"
    SAME_ERROR = "same_error"
    REFUSED = "refused"
    NO_PROGRESS = "no_progress"
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
    SAME_ERROR = "same_error"
    REFUSED = "refused"
    NO_PROGRESS = "no_progress"
    LIMIT_WAIT = "limit_wait"
    PROCESS_GONE = "process_gone"


CIRCLING = frozenset(map(StallKind, ("loop", "same_error", "refused", "no_progress")))
"""Kinds in which much comes and nothing new; in the others nothing comes."""


class StallLevel(StrEnum):
    """How sure it is that a session circles; the levels rise in this order."""

    NONE = ""
    NOTICE = "notice"
    SUSPECTED = "suspected"
    STUCK = "stuck"

    @property
    def rank(self) -> int:
        """0 for NONE, rising by one."""
        return _RANKS[self]


_RANKS = {level: number for number, level in enumerate(StallLevel)}


class HelpStep(StrEnum):
    """What the supervisor does by itself about a session that is stuck, in this order."""

    STEP_BACK = "step-back"
    INTERRUPT = "interrupt"
    END = "end"
    NEEDS_PERSON = "needs you"


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
    """What the end of a turn or of a process means for what comes next.

    `OVERLOADED` passes by itself: network, overload, server, time-out. `TURN_FAILED` may be chance the
    first time; `CONVERSATION_DEAD` is no chance, each further try sends the same. `CRASH` is a process that
    ended.
    """

    COMPLETED = "done"
    MAX_TURNS = "turns used up"
    BUDGET_EXHAUSTED = "budget used up"
    INTERRUPTED = "interrupted"
    STOPPED_BY_PERSON = "person"
    USAGE_LIMIT = "limit"
    OVERLOADED = "overload"
    LOGIN_REQUIRED = "login required"
    BILLING_REQUIRED = "billing required"
    PERSON_REQUIRED = "person required"
    RESUME_REFUSED = "resume refused"
    TURN_FAILED = "turn failed"
    CONVERSATION_DEAD = "conversation dead"
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
    COST_PER_DAY = "cost per day"
    COST_PER_WEEK = "cost per week"
    CONTINUATIONS = "continuations"
    TESTS = "tests"
    USAGE = "usage"

    @property
    def is_money(self) -> bool:
        """Whether each further answer of the agent passes it by more."""
        return self in (LimitKind.COST, LimitKind.COST_PER_DAY, LimitKind.COST_PER_WEEK)


class NotifyKind(StrEnum):
    """What notifications are about."""

    START = "start"
    CHECKPOINT = "checkpoint"
    FINISHED = "finished"
    STALL = "stall"
    LIMIT = "limit"
    RESTART = "restart"
    NEEDS_YOU = "needs_you"


_S = SessionState


class EndKind(StrEnum):
    """Why a night is over, and what follows for state, review and notification.

    `exit_word` is the word of `exit.kind` in JSON, `session_state` the session's state afterwards.
    `notify_event` is None where no run of ours ends so. `old_words` begin the sentences of version 0.1.
    """

    exit_word: str
    session_state: SessionState
    notify_event: NotifyKind | None
    old_words: tuple[str, ...]

    def __new__(
        cls,
        value: str,
        exit_word: str = "unknown",
        state: SessionState = SessionState.ENDED,
        event: NotifyKind | None = None,
        *old_words: str,
    ) -> EndKind:
        member = str.__new__(cls, value)
        member._value_ = value
        member.exit_word, member.session_state = exit_word, state
        member.notify_event, member.old_words = event, old_words
        return member

    TASKS_DONE = "tasks_done", "completed", _S.FINISHED, NotifyKind.FINISHED, "all tasks done"
    TURN_ENDED = "turn_ended", "completed", _S.FINISHED, NotifyKind.FINISHED, "the turn ended"
    LIMIT = "limit", "limit", _S.KILLED, NotifyKind.FINISHED, "limit", "usage limit"
    STOPPED = "stopped", "stopped", _S.KILLED, NotifyKind.FINISHED, "stopped", "interrupted"
    KILLED = "killed", "killed", _S.KILLED, NotifyKind.FINISHED, "killed"
    NEEDS_PERSON = "needs_you", "needs_person", _S.FAILED, NotifyKind.NEEDS_YOU, "needs you"
    GAVE_UP = "gave_up", "gave_up", _S.GAVE_UP, NotifyKind.NEEDS_YOU, "gave up"
    CRASH = "crash", "crashed", _S.CRASHED, NotifyKind.NEEDS_YOU, "crash"
    FAILED = "failed", "failed", _S.FAILED, None, "fail", "error"
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
            reason, code = entry.get("reason"), entry.get("code")
            words = reason.strip().lower() if isinstance(reason, str) else ""
            failed = isinstance(code, int) and code != 0 and not words
            told = (kind for kind in cls if words.startswith(kind.old_words))
            return next(told, cls.CRASH if failed else cls.TURN_ENDED)

    @property
    def review_word(self) -> EndKind:
        """What the review calls it: one of its nine words."""
        return {EndKind.STOPPED: EndKind.KILLED, EndKind.GAVE_UP: EndKind.CRASH}.get(self, self)


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
    loop_longest_cycle: int = 7
    disabled_detectors: tuple[str, ...] = ("similar_messages",)
    detector_counts: dict[str, tuple[int, int, int]] = {}
    pollers: tuple[str, ...] = ("sleep", "wait", "gh run watch", "tail")
    poller_factor: float = 4.0
