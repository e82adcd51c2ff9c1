"""The session state at a moment with its StateReason.

What the journal says of the run's end comes first, then the process table, then what the session
waits for, then silence, then loops, and only then what it is busy with.
"""

from __future__ import annotations

from msgspec import Struct, structs

from tui.model.events import SourceRef
from tui.model.snapshot import Stall
from tui.model.state import OutcomeKind, StallKind, StallThresholds
from tui.model.state import SessionState as State
from tui.model.state import StateReason as Code
from tui.night.activity import (
    ASKING,
    IDLE,
    NONE,
    REQUESTING,
    STARTING,
    STREAMING,
    TOOL,
    ActivityTracker,
    TurnEnd,
)
from tui.night.fold_state import FoldState
from tui.night.journal_reducer import InterventionLog
from tui.night.limit_rules import LimitCase, LimitVerdict, judge_failure, judge_limit, judge_wait
from tui.night.stuck.silence import detect_silence
from tui.system.format import format_count, format_duration, shorten
from tui.system.lazy_pattern import AnyWord

_SETTLE = 10.0
_WATCHDOG_REACH = 900.0
# How the agent itself says that a limit ended a turn.
_AGENTS_LIMIT_WORDS = AnyWord(
    *("usage limit", "max_turns", "max turns", "budget", "rate_limit", "out of extra usage")
)


class StateInputs(Struct, frozen=True):
    """The night at a moment: everything a verdict may look at."""

    now: float
    state: FoldState
    limits: StallThresholds

    @property
    def activity(self) -> ActivityTracker:
        """What the session is at."""
        return self.state.activity

    @property
    def interventions(self) -> InterventionLog:
        """What the journal says."""
        return self.state.interventions

    @property
    def quiet(self) -> float:
        """Seconds since the last sign of life, 0 where no time is known."""
        sign = self.state.last_sign
        return 0.0 if sign is None else max(0.0, self.now - sign)

    @property
    def alive(self) -> bool | None:
        """Whether an agent lives here; None: nobody looked since the last record."""
        agents, at, sign = self.state.agents, self.state.agents_at, self.state.last_sign
        if agents:
            return True
        looked = agents is not None and at is not None and (sign is None or at >= sign - 1.0)
        return False if looked else None

    @property
    def refs(self) -> tuple[SourceRef, ...]:
        """Where the evidence of a stall stands."""
        return () if self.state.last_ref is None else (self.state.last_ref,)

    @property
    def turn_open(self) -> bool:
        """Whether an answer is still owed; a transcript's last word closes its turn after a while."""
        activity = self.activity
        return activity.turn_open and not (activity.may_be_over and self.quiet > _SETTLE)


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
    State.PAUSED: (Code.RESTART_PENDING, Code.PROCESS_SUSPENDED),
    State.KILLED: (Code.ENDED_BY_PERSON, Code.ENDED_BY_LIMIT, Code.ENDED_BY_WATCHDOG),
    State.CRASHED: (Code.PROCESS_EXITED, Code.PROCESS_MISSING),
    State.WAITING_PERMISSION: (Code.PERMISSION_PROMPT, Code.QUESTION),
    State.RATE_LIMITED: (Code.USAGE_LIMIT,),
    State.STALLED: (Code.LIMIT_OVERDUE, Code.SILENT_TOOL, Code.SILENT_API, Code.WEDGED),
    State.FINISHED: (Code.TURN_COMPLETED,),
    State.FAILED: (Code.TURN_FAILED,),
    State.LOOPING: (Code.LOOP,),
    State.WORKING: (
        *(Code.BACKGROUND_TASK, Code.MESSAGE_QUEUED, Code.COMPACTING),
        *(Code.MODEL_STREAMING, Code.WAITING_FOR_MODEL),
    ),
    State.TOOL: (Code.TOOL_RUNNING,),
}
_USUAL_STATES = {code: state for state, codes in _CODES.items() for code in codes}


def _because(
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


def classify_state(inputs: StateInputs) -> StateVerdict:
    """The verdict for this moment."""
    for rule in _RULES:
        verdict = rule(inputs)
        if verdict is not None:
            return verdict
    return _busy(inputs)


def _no_record(inputs: StateInputs) -> StateVerdict | None:
    log = inputs.interventions
    counts = inputs.state.counters
    strange = "" if log.started_at is not None or log.attempts else inputs.state.not_a_stream
    if strange:
        return _because(Code.NOT_A_STREAM, strange)
    if counts.total or counts.malformed or log.ended_at is not None:
        return None
    if inputs.state.agents:
        return _because(Code.AGENT_STARTING, "an agent is here and has not recorded anything yet")
    if log.started_at is not None and not (log.attempt and log.attempt.ended_at):
        return _because(Code.AGENT_STARTING, "the agent is being started", log.started_at)
    return None if log.attempts else _because(Code.NO_SESSION, "no session was seen here")


def _run_ended(inputs: StateInputs) -> StateVerdict | None:
    log = inputs.interventions
    if log.ended_at is None:
        return None
    reason = log.end_reason.strip() or "the run ended"
    return _because(Code.RUN_ENDED, reason, log.ended_at, state=log.end.session_state)


def _restart_pending(inputs: StateInputs) -> StateVerdict | None:
    pending, attempt = inputs.interventions.pending, inputs.interventions.attempt
    if pending is None:
        return None
    due = pending.due
    wait = f"in {format_duration(due - inputs.now)}" if due and due > inputs.now else "now"
    why = f" ({pending.why})" if pending.why else ""
    reason = f"restart {pending.attempt} is due {wait}{why}"
    return _because(Code.RESTART_PENDING, reason, attempt.ended_at if attempt else None, until=due)


def _attempt_ended(inputs: StateInputs) -> StateVerdict | None:
    """The journal says that the agent's process ended, and the run should go on."""
    attempt, stopped_by = inputs.interventions.attempt, inputs.interventions.stopped_by
    if attempt is None or attempt.ended_at is None:
        return None
    if stopped_by:
        by = {"person": "a person", "limit": "a limit"}.get(stopped_by, stopped_by)
        return _because(_ended_by(inputs), f"ended by {by}", attempt.ended_at)
    if not (attempt.signal or attempt.code or inputs.turn_open):
        return None
    how = f"signal {attempt.signal}" if attempt.signal else f"exit code {attempt.code}"
    reason = f"the agent ended with {how}" + (f": {attempt.reason}" if attempt.reason else "")
    stall = _gone_stall(inputs, reason)
    return _because(Code.PROCESS_EXITED, reason, attempt.ended_at, stall=stall)


def _ended_by(inputs: StateInputs) -> Code:
    limited = inputs.interventions.stopped_by == "limit"
    return Code.ENDED_BY_LIMIT if limited else Code.ENDED_BY_PERSON


def _process_gone(inputs: StateInputs) -> StateVerdict | None:
    """The process table shows no agent although an answer is owed."""
    if inputs.alive is not False or not (inputs.turn_open or inputs.activity.phase == STARTING):
        return None
    at = inputs.state.last_sign
    ended_at = inputs.state.watchdog_at
    if ended_at is not None and (at is None or ended_at >= at - _WATCHDOG_REACH):
        reason = f"ended by the watchdog: {inputs.state.watchdog_reason}"
        return _because(Code.ENDED_BY_WATCHDOG, reason, ended_at)
    if inputs.interventions.stopped_by:
        return _because(_ended_by(inputs), f"ended by {inputs.interventions.stopped_by}", at)
    stopped = _usage_limit(inputs) or _api_failed(inputs)
    if stopped is not None:
        return stopped
    words = "no agent lives here, and its last turn has no end"
    return _because(Code.PROCESS_MISSING, words, at, stall=_gone_stall(inputs, words))


def _gone_stall(inputs: StateInputs, words: str) -> Stall | None:
    if not inputs.turn_open:
        return None
    since = inputs.state.last_sign if inputs.state.last_sign is not None else inputs.now
    evidence = [words, f"last sign of life {format_duration(inputs.quiet)} ago"]
    evidence.extend(
        f"unanswered: {tool.call.name} {shorten(tool.call.target, 60)}".rstrip()
        for tool in list(inputs.activity.open_calls.values())[:3]
    )
    return Stall(StallKind.PROCESS_GONE, since, tuple(evidence), inputs.refs)


def _process_suspended(inputs: StateInputs) -> StateVerdict | None:
    if not inputs.state.agents or any(agent.status != "stopped" for agent in inputs.state.agents):
        return None
    reason = "the agent's process is stopped (SIGSTOP)"
    return _because(Code.PROCESS_SUSPENDED, reason, inputs.state.last_sign)


def _person_asked(inputs: StateInputs) -> StateVerdict | None:
    activity = inputs.activity
    if activity.question is not None:
        reason = f"it waits for a person: {shorten(activity.question.subject)}"
        return _because(Code.PERMISSION_PROMPT, reason, activity.question.since)
    for tool in activity.open_calls.values():
        if tool.call.name in ASKING and not tool.thread:
            reason = f"it asks a person: {shorten(tool.call.target)}".rstrip(": ")
            return _because(Code.QUESTION, reason, tool.since)
    for agent in inputs.state.agents or ():
        if agent.status == "waiting" and (inputs.state.agents_at or 0.0) >= (
            inputs.state.last_sign or 0.0
        ):
            reason = f"it waits for a person: {agent.waiting_for or 'input'}"
            return _because(Code.PERMISSION_PROMPT, reason, inputs.state.last_sign)
    return None


def _limit_case(inputs: StateInputs) -> LimitCase:
    state, log = inputs.state, inputs.interventions
    ends_at = None
    if log.started_at is not None and log.limits.max_hours is not None and log.ended_at is None:
        ends_at = log.started_at + log.limits.max_hours * 3600
    return LimitCase(
        *(inputs.activity, inputs.now, inputs.alive, state.last_sign),
        *(inputs.limits, inputs.refs, ends_at),
    )


def _usage_limit(inputs: StateInputs) -> StateVerdict | None:
    return _stopped_by(judge_limit(_limit_case(inputs)) if inputs.activity.limit else None)


def _api_failed(inputs: StateInputs) -> StateVerdict | None:
    return _stopped_by(judge_failure(_limit_case(inputs)) if inputs.activity.failure else None)


def _waits_for_limit(inputs: StateInputs) -> StateVerdict | None:
    """Our supervisor waits: no agent need live for that."""
    pending = inputs.interventions.pending
    if pending is None or pending.why != OutcomeKind.USAGE_LIMIT:
        return None
    return _stopped_by(judge_wait(_limit_case(inputs), pending.due))


def _stopped_by(found: LimitVerdict | None) -> StateVerdict | None:
    return None if found is None else StateVerdict(*structs.astuple(found))


def _turn_over(inputs: StateInputs) -> StateVerdict | None:
    """No answer is owed."""
    activity, alive = inputs.activity, inputs.alive
    quiet_end = activity.may_be_over and inputs.quiet > _SETTLE
    idle_agent = activity.may_be_over and any(a.status == "idle" for a in inputs.state.agents or ())
    if activity.phase != IDLE and not quiet_end and not idle_agent:
        return None
    tasks = activity.background_tasks
    if tasks and inputs.quiet <= inputs.limits.quiet_tool_seconds and alive is not False:
        count = format_count(len(tasks), "background task")
        reason = f"the turn ended; {count} still run: {next(iter(tasks.values()))}"
        return _because(Code.BACKGROUND_TASK, reason, activity.since)
    turn_end = activity.turn_end if activity.phase == IDLE else None
    waits = "; the process waits for the next message" if alive else ""
    if turn_end is None:
        return _because(Code.TURN_COMPLETED, f"the last turn is over{waits}", activity.since)
    return _turn_ended(turn_end, waits, activity.since, alive)


def _turn_ended(
    turn_end: TurnEnd, waits: str, since: float | None, alive: bool | None
) -> StateVerdict:
    """How the last turn ended, as its result says, or that messages wait for the next one."""
    why = turn_end.terminal_reason or turn_end.subtype
    if turn_end.interrupted:
        state = State.PAUSED if alive else State.KILLED
        reason = f"the turn was interrupted ({why}){waits}"
        return _because(Code.TURN_INTERRUPTED, reason, since, state=state)
    if turn_end.queued and alive is not False:
        reason = f"{format_count(turn_end.queued, 'message')} wait to be taken up"
        return _because(Code.MESSAGE_QUEUED, reason, turn_end.at)
    if turn_end.is_error or turn_end.subtype.startswith("error"):
        text = turn_end.text
        reason = f"the turn failed ({why}): {text}" if text else f"failed ({why})"
        limited = _AGENTS_LIMIT_WORDS.is_in(f"{why} {text}".lower())
        code = Code.USAGE_LIMIT if limited else Code.TURN_FAILED
        return _because(code, reason + waits, since, state=State.FAILED)
    return _because(Code.TURN_COMPLETED, f"the turn ended ({why or 'success'}){waits}", since)


def _silent(inputs: StateInputs) -> StateVerdict | None:
    sign = inputs.state.last_sign
    if sign is None:
        return None
    sign = max(sign, inputs.interventions.awake_at or sign)
    stall = detect_silence(inputs.state, inputs.now, sign, inputs.limits)
    if stall is None:
        return None
    return _because(Code(stall.kind), "; ".join(stall.evidence[:2]), stall.since, stall=stall)


def _looping(inputs: StateInputs) -> StateVerdict | None:
    loop = inputs.state.loop_detector.active_loop()
    if loop is None:
        return None
    return _because(Code.LOOP, f"{loop.evidence[0]} ({loop.level})", loop.since or None, stall=loop)


def _retrying(inputs: StateInputs) -> StateVerdict | None:
    retry = inputs.activity.retry
    if retry is None:
        return None
    status = f"HTTP {retry.status}" if retry.status else "no connection"
    left = "now" if retry.due is None else f"in {format_duration(retry.due - inputs.now)}"
    words = f"{status} ({retry.error or 'error'}): retry {retry.attempt} of {retry.limit} {left}"
    state = State.RATE_LIMITED if retry.limited else State.WAITING_API
    return _because(Code.RETRY_PENDING, words, retry.since, until=retry.due, state=state)


def _busy(inputs: StateInputs) -> StateVerdict:
    activity = inputs.activity
    if activity.compacting:
        return _because(Code.COMPACTING, "the conversation is being summarised", activity.since)
    if activity.phase == TOOL:
        return _in_tool(inputs)
    if activity.phase == STREAMING:
        return _because(Code.MODEL_STREAMING, "the model is answering", activity.since)
    if activity.phase == REQUESTING:
        waited = format_duration(inputs.quiet)
        if inputs.quiet <= inputs.limits.answer_patience_seconds:
            reason = f"the model is at it for {waited}"
            return _because(Code.WAITING_FOR_MODEL, reason, activity.since)
        words = f"no answer has begun for {waited}"
        if not activity.has_deltas:
            words += "; this stream shows answers only when they are complete"
        return _because(Code.WAITING_FOR_MODEL, words, activity.since, state=State.WAITING_API)
    if activity.phase == NONE:
        started_at = inputs.interventions.started_at
        return _because(Code.AGENT_STARTING, "the agent is being started", started_at)
    return _because(Code.AGENT_STARTING, "the session begins", activity.since)


def _in_tool(inputs: StateInputs) -> StateVerdict:
    tools = list(inputs.activity.open_calls.values())
    main = [tool for tool in tools if not tool.thread] or tools
    if not main:
        return _because(Code.TOOL_RUNNING, "a tool runs", inputs.activity.since)
    first = main[0]
    lasts = f" for {format_duration(inputs.now - first.since)}" if first.since is not None else ""
    words = f"{first.call.name} runs{lasts}"
    if first.call.target:
        words += f": {shorten(first.call.target)}"
    if len(main) > 1:
        words += f", and {len(main) - 1} more"
    inner = [tool for tool in tools if tool.thread]
    if inner:
        words += f"; inside it {inner[-1].call.name} {shorten(inner[-1].call.target, 40)}".rstrip()
    return _because(Code.TOOL_RUNNING, words, first.since)


_RULES = (
    _no_record,
    _run_ended,
    _waits_for_limit,
    _restart_pending,
    _attempt_ended,
    _process_gone,
    _process_suspended,
    _person_asked,
    _usage_limit,
    _api_failed,
    _turn_over,
    _silent,
    _looping,
    _retrying,
)
