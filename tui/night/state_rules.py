"""The session state at a moment with its StateReason.

What the journal says of the run's end comes first, then the process table, then what the session
waits for, then silence, then loops, and only then what it is busy with.
"""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.session import AgentProcess
from tui.model.snapshot import Stall
from tui.model.state import SessionState as State
from tui.model.state import StallKind
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
)
from tui.night.journal_reducer import InterventionLog
from tui.night.stuck.silence import SilenceFacts, StallThresholds, detect_silence
from tui.system.format import format_count, format_duration, shorten

_SETTLE = 10.0
_GRACE = 120.0
_WATCHDOG_REACH = 900.0
# How the agent itself says that a limit ended a turn.
_AGENTS_LIMIT_WORDS = (
    "usage limit",
    "max_turns",
    "max turns",
    "budget",
    "rate_limit",
    "out of extra usage",
)


class StateInputs(Struct, frozen=True):
    """Everything a ruling may look at."""

    now: float
    activity: ActivityTracker
    interventions: InterventionLog
    limits: StallThresholds
    loop: Stall | None
    last_sign: float | None
    records: int
    version: str
    has_stream: bool
    ref: SourceRef | None
    agents: tuple[AgentProcess, ...] | None
    agents_at: float | None
    watchdog_reason: str
    watchdog_at: float | None

    @property
    def quiet(self) -> float:
        """Seconds since the last sign of life, 0 where no time is known."""
        return 0.0 if self.last_sign is None else max(0.0, self.now - self.last_sign)

    @property
    def alive(self) -> bool | None:
        """Whether an agent lives here; None: nobody looked since the last record."""
        if self.agents is None:
            return None
        if self.agents:
            return True
        late = self.agents_at is not None and (
            self.last_sign is None or self.agents_at >= self.last_sign - 1.0
        )
        return False if late else None

    @property
    def turn_open(self) -> bool:
        """Whether an answer is still owed; a transcript's last word closes its turn after a while."""
        doing = self.activity
        return doing.turn_open and not (doing.may_be_over and self.quiet > _SETTLE)


class StateVerdict(Struct, frozen=True):
    """Why the session is in its state: coded and in one sentence, since and until when, its stall."""

    code: Code
    state: State
    reason: str
    since: float | None = None
    stall: Stall | None = None
    until: float | None = None


def classify_state(scene: StateInputs) -> StateVerdict:
    """The ruling for this moment."""
    for rule in _RULES:
        ruling = rule(scene)
        if ruling is not None:
            return ruling
    return _busy(scene)


def _nothing(scene: StateInputs) -> StateVerdict | None:
    book = scene.interventions
    if scene.records or book.ended_at is not None:
        return None
    if scene.agents:
        return StateVerdict(
            Code.AGENT_STARTING,
            State.STARTING,
            "an agent is here and has not recorded anything yet",
        )
    if book.started_at is not None and not (book.attempt and book.attempt.ended_at):
        return StateVerdict(
            Code.AGENT_STARTING, State.STARTING, "the agent is being started", book.started_at
        )
    return (
        None
        if book.attempts
        else StateVerdict(Code.NO_SESSION, State.NONE, "no session was seen here")
    )


def _ended(scene: StateInputs) -> StateVerdict | None:
    book = scene.interventions
    if book.ended_at is None:
        return None
    reason = book.end_reason.strip() or "the run ended"
    return StateVerdict(Code.RUN_ENDED, book.end.session_state, reason, book.ended_at)


def _between(scene: StateInputs) -> StateVerdict | None:
    """The journal says that the agent's process ended, and the run goes on or should."""
    book = scene.interventions
    segment = book.attempt
    if book.pending is not None:
        due = book.pending.due
        when = (
            f" in {format_duration(due - scene.now)}"
            if due is not None and due > scene.now
            else " now"
        )
        why = f" ({book.pending.why})" if book.pending.why else ""
        reason = f"restart {book.pending.attempt} is due{when}{why}"
        return StateVerdict(
            Code.RESTART_PENDING,
            State.PAUSED,
            reason,
            segment.ended_at if segment else None,
            None,
            due,
        )
    if segment is None or segment.ended_at is None:
        return None
    if book.stopped_by:
        by = {"person": "a person", "limit": "a limit"}.get(book.stopped_by, book.stopped_by)
        return StateVerdict(_ended_by(scene), State.KILLED, f"ended by {by}", segment.ended_at)
    how = f"signal {segment.signal}" if segment.signal else f"exit code {segment.code}"
    if segment.signal or segment.code or scene.turn_open:
        words = f"the agent ended with {how}" + (f": {segment.reason}" if segment.reason else "")
        return StateVerdict(
            Code.PROCESS_EXITED, State.CRASHED, words, segment.ended_at, _gone_stall(scene, words)
        )
    return None


def _ended_by(scene: StateInputs) -> Code:
    limited = scene.interventions.stopped_by == "limit"
    return Code.ENDED_BY_LIMIT if limited else Code.ENDED_BY_PERSON


def _gone(scene: StateInputs) -> StateVerdict | None:
    """The process table shows no agent although an answer is owed."""
    if scene.alive is not False or not (scene.turn_open or scene.activity.phase == STARTING):
        return None
    at = scene.last_sign
    if scene.watchdog_at is not None and (at is None or scene.watchdog_at >= at - _WATCHDOG_REACH):
        return StateVerdict(
            Code.ENDED_BY_WATCHDOG,
            State.KILLED,
            f"ended by the watchdog: {scene.watchdog_reason}",
            scene.watchdog_at,
        )
    if scene.interventions.stopped_by:
        return StateVerdict(_ended_by(scene), State.KILLED, f"ended by {scene.interventions.stopped_by}", at)
    limit = scene.activity.limit
    if limit is not None:
        return StateVerdict(
            Code.USAGE_LIMIT,
            State.FAILED,
            f"a usage limit was reached ({limit.window or 'unnamed'})",
            at,
        )
    words = "no agent lives here, and its last turn has no end"
    return StateVerdict(Code.PROCESS_MISSING, State.CRASHED, words, at, _gone_stall(scene, words))


def _gone_stall(scene: StateInputs, words: str) -> Stall | None:
    if not scene.turn_open:
        return None
    since = scene.last_sign if scene.last_sign is not None else scene.now
    evidence = [words, f"last sign of life {format_duration(scene.quiet)} ago"]
    evidence.extend(
        f"unanswered: {tool.call.name} {shorten(tool.call.target, 60)}".rstrip()
        for tool in list(scene.activity.open_calls.values())[:3]
    )
    return Stall(
        StallKind.PROCESS_GONE, since, tuple(evidence), () if scene.ref is None else (scene.ref,)
    )


def _stopped(scene: StateInputs) -> StateVerdict | None:
    if scene.agents and all(agent.status == "stopped" for agent in scene.agents):
        return StateVerdict(
            Code.PROCESS_SUSPENDED,
            State.PAUSED,
            "the agent's process is stopped (SIGSTOP)",
            scene.last_sign,
        )
    return None


def _asking(scene: StateInputs) -> StateVerdict | None:
    doing = scene.activity
    if doing.question is not None:
        reason = f"it waits for a person: {shorten(doing.question.subject)}"
        return StateVerdict(
            Code.PERMISSION_PROMPT, State.WAITING_PERMISSION, reason, doing.question.since
        )
    for tool in doing.open_calls.values():
        if tool.call.name in ASKING and not tool.thread:
            reason = f"it asks a person: {shorten(tool.call.target)}".rstrip(": ")
            return StateVerdict(Code.QUESTION, State.WAITING_PERMISSION, reason, tool.since)
    for agent in scene.agents or ():
        if agent.status == "waiting" and (scene.agents_at or 0.0) >= (scene.last_sign or 0.0):
            reason = f"it waits for a person: {agent.waiting_for or 'input'}"
            return StateVerdict(
                Code.PERMISSION_PROMPT, State.WAITING_PERMISSION, reason, scene.last_sign
            )
    return None


def _limited(scene: StateInputs) -> StateVerdict | None:
    limit = scene.activity.limit
    if limit is None or scene.activity.phase == TOOL:
        return None
    lifted = limit.resets_at is None or scene.now > limit.resets_at
    if scene.activity.phase == IDLE and (scene.alive is False or lifted):
        return None
    window = limit.window.replace("_", " ") or "usage limit"
    since = limit.since if limit.since is not None else scene.last_sign or scene.now
    resets = limit.resets_at
    if resets is None:
        words = f"{window}: nobody said until when"
    elif scene.now <= resets + _GRACE:
        words = f"{window}: lifted in {format_duration(resets - scene.now)}"
    else:
        words = f"{window}: was to be lifted {format_duration(scene.now - resets)} ago, and nothing came since"
    evidence = (words, f"limited for {format_duration(scene.now - since)}")
    if resets is not None and scene.now > resets + max(_GRACE, scene.limits.api_silence_seconds):
        stall = Stall(
            StallKind.LIMIT_WAIT, since, evidence, () if scene.ref is None else (scene.ref,)
        )
        return StateVerdict(Code.LIMIT_OVERDUE, State.STALLED, words, since, stall)
    stall = Stall(
        StallKind.LIMIT_WAIT,
        since,
        evidence,
        () if scene.ref is None else (scene.ref,),
        waiting=True,
    )
    return StateVerdict(Code.USAGE_LIMIT, State.RATE_LIMITED, words, since, stall, resets)


def _over(scene: StateInputs) -> StateVerdict | None:
    """No answer is owed."""
    doing = scene.activity
    settled = doing.may_be_over and scene.quiet > _SETTLE
    idle = any(agent.status == "idle" for agent in scene.agents or ()) and doing.may_be_over
    if doing.phase != IDLE and not settled and not idle:
        return None
    if doing.background_tasks and scene.quiet <= scene.limits.quiet_tool_seconds and scene.alive is not False:
        first = next(iter(doing.background_tasks.values()))
        reason = f"the turn ended; {format_count(len(doing.background_tasks), 'background task')} still run: {first}"
        return StateVerdict(Code.BACKGROUND_TASK, State.WORKING, reason, doing.since)
    closed = doing.turn_end if doing.phase == IDLE else None
    waits = "; the process waits for the next message" if scene.alive else ""
    if closed is None:
        return StateVerdict(
            Code.TURN_COMPLETED, State.FINISHED, f"the last turn is over{waits}", doing.since
        )
    if closed.interrupted:
        reason = f"the turn was interrupted ({closed.terminal_reason or closed.subtype}){waits}"
        state = State.PAUSED if scene.alive else State.KILLED
        return StateVerdict(Code.TURN_INTERRUPTED, state, reason, doing.since)
    if closed.queued and scene.alive is not False:
        return StateVerdict(
            Code.MESSAGE_QUEUED,
            State.WORKING,
            f"{format_count(closed.queued, 'message')} wait to be taken up",
            closed.at,
        )
    if closed.is_error or closed.subtype.startswith("error"):
        why = closed.terminal_reason or closed.subtype
        words = f"the turn failed ({why}): {closed.text}" if closed.text else f"failed ({why})"
        told = f"{why} {closed.text}".lower()
        limited = any(word in told for word in _AGENTS_LIMIT_WORDS)
        code = Code.USAGE_LIMIT if limited else Code.TURN_FAILED
        return StateVerdict(code, State.FAILED, words + waits, doing.since)
    how = closed.terminal_reason or closed.subtype or "success"
    return StateVerdict(
        Code.TURN_COMPLETED, State.FINISHED, f"the turn ended ({how}){waits}", doing.since
    )


def _silent(scene: StateInputs) -> StateVerdict | None:
    if scene.last_sign is None:
        return None
    sign = scene.last_sign
    if scene.interventions.awake_at is not None:
        sign = max(sign, scene.interventions.awake_at)
    children = None if scene.agents is None else sum(agent.children for agent in scene.agents)
    about = SilenceFacts(sign, scene.version, scene.has_stream, children, scene.ref)
    stall = detect_silence(scene.activity, scene.now, about, scene.limits)
    if stall is None:
        return None
    return StateVerdict(
        Code(stall.kind), State.STALLED, "; ".join(stall.evidence[:2]), stall.since, stall
    )


def _looping(scene: StateInputs) -> StateVerdict | None:
    loop = scene.loop
    if loop is None:
        return None
    return StateVerdict(
        Code.LOOP, State.LOOPING, f"{loop.evidence[0]} ({loop.level})", loop.since or None, loop
    )


def _retrying(scene: StateInputs) -> StateVerdict | None:
    retry = scene.activity.retry
    if retry is None:
        return None
    status = f"HTTP {retry.status}" if retry.status else "no connection"
    left = "now" if retry.due is None else f"in {format_duration(retry.due - scene.now)}"
    words = f"{status} ({retry.error or 'error'}): retry {retry.attempt} of {retry.limit} {left}"
    state = State.RATE_LIMITED if retry.limited else State.WAITING_API
    return StateVerdict(Code.RETRY_PENDING, state, words, retry.since, None, retry.due)


def _busy(scene: StateInputs) -> StateVerdict:
    doing = scene.activity
    if doing.compacting:
        return StateVerdict(
            Code.COMPACTING, State.WORKING, "the conversation is being summarised", doing.since
        )
    if doing.phase == TOOL:
        return _in_tool(scene)
    if doing.phase == STREAMING:
        return StateVerdict(
            Code.MODEL_STREAMING, State.WORKING, "the model is answering", doing.since
        )
    if doing.phase == REQUESTING:
        waited = format_duration(scene.quiet)
        if scene.quiet <= scene.limits.answer_patience_seconds:
            return StateVerdict(
                Code.WAITING_FOR_MODEL,
                State.WORKING,
                f"the model is at it for {waited}",
                doing.since,
            )
        words = f"no answer has begun for {waited}"
        if not doing.has_deltas:
            words += "; this stream shows answers only when they are complete"
        return StateVerdict(Code.WAITING_FOR_MODEL, State.WAITING_API, words, doing.since)
    if doing.phase == NONE:
        return StateVerdict(
            Code.AGENT_STARTING, State.STARTING, "the agent is being started", scene.interventions.started_at
        )
    return StateVerdict(Code.AGENT_STARTING, State.STARTING, "the session begins", doing.since)


def _in_tool(scene: StateInputs) -> StateVerdict:
    tools = list(scene.activity.open_calls.values())
    main = [tool for tool in tools if not tool.thread] or tools
    if not main:
        return StateVerdict(Code.TOOL_RUNNING, State.TOOL, "a tool runs", scene.activity.since)
    first = main[0]
    lasts = f" for {format_duration(scene.now - first.since)}" if first.since is not None else ""
    words = f"{first.call.name} runs{lasts}"
    if first.call.target:
        words += f": {shorten(first.call.target)}"
    if len(main) > 1:
        words += f", and {len(main) - 1} more"
    inner = [tool for tool in tools if tool.thread]
    if inner:
        words += f"; inside it {inner[-1].call.name} {shorten(inner[-1].call.target, 40)}".rstrip()
    return StateVerdict(Code.TOOL_RUNNING, State.TOOL, words, first.since)


_RULES = (
    _nothing,
    _ended,
    _between,
    _gone,
    _stopped,
    _asking,
    _limited,
    _over,
    _silent,
    _looping,
    _retrying,
)
