"""What the rules of the session state look at, and what each of them may say."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.session import AgentProcess
from tui.model.stall import Stall
from tui.model.state import SessionState as State
from tui.model.state import StallThresholds
from tui.model.state import StateReason as Code
from tui.model.turn_end import TurnEnd, writes_stop_reason
from tui.night.activity import ActivityTracker
from tui.night.fold_state import FoldState
from tui.night.intervention_log import InterventionLog

SETTLE_SECONDS = 10.0
"""How long a turn that is said to be over may still be taken up by a hook, or a record be missing."""
HOOK_SECONDS = 2.0
"""The same while its process is seen: what a hook is at, that tells."""
ANSWER_SECONDS = 120.0
"""How long a tool call may take to be written after a text that may be the last one."""
GONE_SECONDS = 5.0
"""How long a process must be gone before that is held against it: its last records may come later."""
LOST_SECONDS = 12 * 3600.0
"""Silence after which no process is expected any more behind a file whose process cannot be looked at."""


class StateInputs(Struct, frozen=True):
    """The night at a moment: everything a verdict may look at; `circling` is the trouble that goes on."""

    now: float
    state: FoldState
    limits: StallThresholds
    circling: Stall | None = None

    @property
    def activity(self) -> ActivityTracker:
        """What the session is at."""
        return self.state.activity

    @property
    def interventions(self) -> InterventionLog:
        """What the journal says."""
        return self.state.interventions

    @property
    def ends_at(self) -> float | None:
        """When the run ends whatever happens, if that is known."""
        log = self.interventions
        if log.started_at is None or log.limits.max_hours is None or log.ended_at is not None:
            return None
        return log.started_at + log.limits.max_hours * 3600

    @property
    def quiet(self) -> float:
        """Seconds since the last sign of life, 0 where no time is known."""
        sign = self.state.last_sign
        return 0.0 if sign is None else max(0.0, self.now - sign)

    @property
    def agents(self) -> tuple[AgentProcess, ...]:
        """The processes that may be this session's, as they were last seen."""
        return self.state.own_agents(self.state.agents or ())

    @property
    def alive(self) -> bool | None:
        """Whether the session's process lives; None: nobody looked since the last record."""
        looked_at, sign = self.state.agents_at, self.state.last_sign
        if self.agents or self._moves_on:
            return True
        looked = looked_at is not None and (sign is None or looked_at >= sign - 1.0)
        return False if looked else None

    @property
    def _moves_on(self) -> bool:
        """Whether its process has just taken another session's name: `/clear` begins one."""
        gone_at, agents = self.state.agents_gone_at, self.state.agents or ()
        if gone_at is None or self.now - gone_at >= GONE_SECONDS:
            return False
        return any(agent.pid == self.state.own_pid for agent in agents)

    @property
    def is_lost(self) -> bool:
        """Whether its process is gone for good: for a while, or nothing came for half a day."""
        if self.alive is not False:
            return self.alive is None and self.quiet > LOST_SECONDS
        gone_at = self.state.agents_gone_at
        return (self.quiet >= GONE_SECONDS or self.state.clock_ahead) and (
            gone_at is None or self.now - gone_at >= GONE_SECONDS
        )

    @property
    def refs(self) -> tuple[SourceRef, ...]:
        """Where the evidence of a stall stands."""
        return () if self.state.last_ref is None else (self.state.last_ref,)

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody supervises the run, and nobody is about to."""
        log = self.interventions
        return log.has_supervisor is False and not log.awaits_supervisor

    @property
    def turn_open(self) -> bool:
        """Whether an answer is still owed."""
        return self.activity.turn_open and self.turn_end is None

    @property
    def turn_end(self) -> TurnEnd | None:
        """How the last turn ended, once that is as sure as it gets; None while it may go on."""
        end = self.activity.turn_end
        if end is None or not self.activity.turn_open:
            return end
        certain, is_stream = end.outcome.is_certain, self.state.has_stream
        if is_stream and not certain and writes_stop_reason(self.state.agent_version):
            return None  # the result is missing, which such a stream writes after its last word
        return end if self._is_turn_over(certain, is_stream) else None

    def _is_turn_over(self, certain: bool, is_stream: bool) -> bool:
        """Whether nothing more is expected of a turn that may be over."""
        words = {agent.status for agent in self.agents}
        if self.alive is False or "idle" in words:
            return True
        if self.state.clock_ahead and (certain or not (self.alive or is_stream)):
            return True
        if certain:
            return self.quiet > (HOOK_SECONDS if self.alive else SETTLE_SECONDS)
        # An older stream tells each end by its result too: without one, only an old file is over.
        if "busy" in words or (is_stream and self.alive):
            return False
        return self.quiet > (self.limits.api_silence_seconds if is_stream else ANSWER_SECONDS)


class StateVerdict(Struct, frozen=True):
    """Why the session is in its state: coded and in one sentence, since and until when, its stall."""

    code: Code
    state: State
    reason: str
    since: float | None = None
    stall: Stall | None = None
    until: float | None = None


_CODES = {
    State.NONE: (Code.NO_SESSION, Code.NOT_A_STREAM),
    State.STARTING: (Code.AGENT_STARTING,),
    State.RESTARTING: (Code.RESTART_PENDING, Code.REWINDING),
    State.WINDING_DOWN: (Code.LIMIT_REACHED,),
    State.PAUSED: (Code.PROCESS_SUSPENDED, Code.TURN_INTERRUPTED),
    State.KILLED: (Code.ENDED_BY_PERSON, Code.ENDED_BY_LIMIT, Code.ENDED_BY_WATCHDOG),
    State.CRASHED: (Code.PROCESS_EXITED, Code.PROCESS_MISSING),
    State.WAITING_PERMISSION: (Code.PERMISSION_PROMPT, Code.QUESTION),
    State.WAITING_INPUT: (Code.MESSAGE_AWAITED,),
    State.RATE_LIMITED: (Code.USAGE_LIMIT,),
    State.STALLED: (Code.LIMIT_OVERDUE, Code.SILENT_TOOL, Code.SILENT_API, Code.WEDGED),
    State.FINISHED: (Code.TURN_COMPLETED,),
    State.ENDED: (Code.TURN_ANSWERED, Code.NOTHING_ASKED),
    State.FAILED: (Code.TURN_FAILED, Code.API_UNREACHABLE),
    State.LOOPING: (Code.LOOP, Code.SAME_ERROR, Code.NO_PROGRESS),
    State.REFUSED: (Code.REFUSED,),
    State.WORKING: (
        *(Code.BACKGROUND_TASK, Code.MESSAGE_QUEUED, Code.COMPACTING, Code.HOOK_RUNNING),
        *(Code.MODEL_STREAMING, Code.WAITING_FOR_MODEL),
    ),
    State.TOOL: (Code.TOOL_RUNNING,),
}
_USUAL_STATES = {code: state for state, codes in _CODES.items() for code in codes}


def because(
    code: Code,
    reason: str,
    since: float | None = None,
    *,
    state: State | None = None,
    stall: Stall | None = None,
    until: float | None = None,
) -> StateVerdict:
    """The verdict for a reason; `state` where it is not the one that the reason usually means."""
    return StateVerdict(code, state or _USUAL_STATES[code], reason, since, stall, until)
