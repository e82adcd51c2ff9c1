"""The session state at a moment with its StateReason.

What the journal says of the run's end comes first, then the process table, then what the session
waits for, then silence, then loops, and only then what it is busy with.
"""

from __future__ import annotations

from msgspec import structs

from tui.model.cli_commands import ASKING
from tui.model.failures import FailureKind
from tui.model.state import SessionState as State
from tui.model.state import StallLevel
from tui.model.state import StateReason as Code
from tui.model.turn_end import TurnEnd, TurnOutcome
from tui.night.activity import IDLE, NONE, REQUESTING, STREAMING, TOOL
from tui.night.rules import run_rules
from tui.night.rules.background_rules import background_work, running_hook
from tui.night.rules.limit_rules import describe_failure, judge_failure, judge_limit
from tui.night.rules.verdicts import (
    ANSWER_SECONDS,
    SETTLE_SECONDS,
    StateInputs,
    StateVerdict,
    because,
)
from tui.night.stuck.silence import detect_silence
from tui.system.format import format_count, format_duration, shorten

_AT_WORK = frozenset(
    (State.STARTING, State.WORKING, State.TOOL, State.WAITING_API, State.RATE_LIMITED)
)
"""States in which it circles, or may."""


def classify_state(inputs: StateInputs) -> StateVerdict:
    """The verdict for this moment."""
    for rule in _RULES:
        verdict = rule(inputs)
        if verdict is not None:
            break
    else:
        verdict = _busy(inputs)
    noticed = inputs.circling if verdict.state in _AT_WORK else None
    if noticed is not None and verdict.stall is None:
        return structs.replace(verdict, stall=noticed)
    return verdict


def _no_record(inputs: StateInputs) -> StateVerdict | None:
    log = inputs.interventions
    counts = inputs.state.counters
    strange = "" if log.started_at is not None or log.attempts else inputs.state.not_a_stream
    if strange:
        return because(Code.NOT_A_STREAM, strange)
    if counts.total or counts.malformed or log.ended_at is not None or log.baseline:
        return None
    if inputs.agents:
        return _opened(inputs)
    if log.started_at is not None and not (log.attempt and log.attempt.ended_at):
        return because(Code.AGENT_STARTING, "the agent is being started", log.started_at)
    return None if log.attempts else because(Code.NO_SESSION, "no session was seen here")


def _baseline_runs(inputs: StateInputs) -> StateVerdict | None:
    log = inputs.interventions
    return because(Code.AGENT_STARTING, log.baseline, log.baseline_since) if log.baseline else None


def _opened(inputs: StateInputs) -> StateVerdict:
    """A process is here that has recorded nothing: it begins, or waits for a person's first words."""
    ours = inputs.interventions.started_at is not None
    if not ours and all(agent.status == "idle" for agent in inputs.agents):
        return because(Code.MESSAGE_AWAITED, "its process waits for the first message")
    return because(Code.AGENT_STARTING, "an agent is here and has not recorded anything yet")


def _process_suspended(inputs: StateInputs) -> StateVerdict | None:
    agents = inputs.agents
    if not agents or any(agent.status != "stopped" for agent in agents):
        return None
    reason = "its process is stopped (Ctrl-Z or SIGSTOP); `fg` in its terminal lets it go on"
    return because(Code.PROCESS_SUSPENDED, reason, inputs.state.last_sign)


def _person_asked(inputs: StateInputs) -> StateVerdict | None:
    activity = inputs.activity
    if activity.question is not None:
        reason = f"it waits for a person: {shorten(activity.question.subject)}"
        return because(Code.PERMISSION_PROMPT, reason, activity.question.since)
    for tool in activity.open_calls.values():
        if tool.call.name in ASKING and not tool.thread:
            reason = f"it asks a person: {shorten(tool.call.target)}".rstrip(": ")
            return because(Code.QUESTION, reason, tool.since)
    for agent in inputs.agents:
        if agent.status == "waiting" and (inputs.state.agents_at or 0.0) >= (
            inputs.state.last_sign or 0.0
        ):
            reason = f"it waits for a person: {agent.waiting_for or 'input'}"
            return because(Code.PERMISSION_PROMPT, reason, inputs.state.last_sign)
    return None


def _says_idle(inputs: StateInputs) -> StateVerdict | None:
    """Claude's own register says that it is at nothing, though its records leave a turn open.

    So it is where a session was taken up again after its process had died.
    """
    if not inputs.agents or not inputs.turn_open or inputs.quiet <= SETTLE_SECONDS:
        return None
    is_old = (inputs.state.agents_at or 0.0) < (inputs.state.last_sign or 0.0)
    if is_old or inputs.interventions.has_supervisor:
        return None
    if any(agent.status != "idle" for agent in inputs.agents):
        return None
    reason = "its last turn has no end; the process waits for the next message"
    return because(Code.MESSAGE_AWAITED, reason, inputs.state.last_sign)


def _turn_over(inputs: StateInputs) -> StateVerdict | None:
    """No answer is owed."""
    activity, alive, end = inputs.activity, inputs.alive, inputs.turn_end
    if activity.phase != IDLE and end is None:
        return None
    work = background_work(inputs.state, inputs.limits, inputs.now, alive)
    if work is not None and (end is None or not (end.outcome.is_trouble or end.interrupted)):
        reason = f"its turn ended; {work.words}"
        return because(Code.BACKGROUND_TASK, reason, work.since, until=work.until)
    if end is None and not inputs.state.model and not alive:
        return because(Code.NOTHING_ASKED, "no model was asked anything", activity.since)
    return _turn_ended(inputs, end or TurnEnd(TurnOutcome.COMPLETED))


def _turn_ended(inputs: StateInputs, end: TurnEnd) -> StateVerdict:
    """How the last turn ended, or that messages wait for the next one."""
    alive, since = inputs.alive, inputs.activity.since if end.at is None else end.at
    waits = "; the process waits for the next message" if alive else ""
    word = f" ({end.word})" if end.word else ""
    if end.outcome == TurnOutcome.INTERRUPTED:
        is_over = alive is False or inputs.is_lost
        state = State.ENDED if is_over else State.PAUSED
        over = "; its process is gone" if alive is False else waits
        words = f"a person interrupted its last turn{word}{over}"
        return because(Code.TURN_INTERRUPTED, words, since, state=state)
    if end.queued and alive is not False and inputs.quiet <= ANSWER_SECONDS:
        reason = f"{format_count(end.queued, 'message')} wait to be taken up"
        return because(Code.MESSAGE_QUEUED, reason, since)
    if end.outcome.is_trouble:
        return _failed(end, waits, since)
    return _ended_well(inputs, end, _ENDINGS[end.outcome].format(word=word) + waits, since)


def _ended_well(inputs: StateInputs, end: TurnEnd, words: str, since: float | None) -> StateVerdict:
    """The turn ended without trouble: over, or a living process waits."""
    if not inputs.alive:
        code = Code.TURN_COMPLETED if end.outcome.is_certain else Code.TURN_ANSWERED
        return because(code, words, since)
    if inputs.interventions.has_supervisor and inputs.quiet <= SETTLE_SECONDS:
        reason = "its turn is over; its supervisor decides what follows"
        return because(Code.TURN_COMPLETED, reason, since, state=State.WORKING)
    return because(Code.MESSAGE_AWAITED, words, since)


_ENDINGS = {
    TurnOutcome.COMPLETED: "its turn is over{word}",
    TurnOutcome.HOOK_STOPPED: "a hook ended its turn{word}",
    TurnOutcome.ANSWERED: "its last word is an answer, and nothing came after it",
    TurnOutcome.CUT: "its last answer was cut off{word}, and nothing came after it",
}
_TROUBLES = {
    TurnOutcome.TURNS_USED_UP: "its last turn used up the turns that it may take",
    TurnOutcome.BUDGET_USED_UP: "its last turn used up the budget that it was given",
}


def _failed(end: TurnEnd, waits: str, since: float | None) -> StateVerdict:
    """An error or a bound of the agent's own ended the turn; API errors in its place came before."""
    failure, text = end.failure, shorten(end.text, 160)
    if failure is not None:
        words = describe_failure(failure)
    else:
        what = _TROUBLES.get(end.outcome, "its last turn failed")
        words = f"{what} ({end.word or 'error'})" + (f": {text}" if text else "")
    limited = end.outcome != TurnOutcome.FAILED or (
        failure is not None and failure.kind == FailureKind.USAGE_LIMIT
    )
    code = Code.USAGE_LIMIT if limited else Code.TURN_FAILED
    return because(code, words + waits, since, state=State.FAILED)


def _silent(inputs: StateInputs) -> StateVerdict | None:
    sign = inputs.state.last_sign
    if sign is None:
        return None
    sign = max(sign, inputs.interventions.awake_at or sign)
    stall = detect_silence(inputs.state, inputs.now, sign, inputs.limits)
    if stall is None:
        return None
    return because(Code(stall.kind), "; ".join(stall.evidence[:2]), stall.since, stall=stall)


def _circling(inputs: StateInputs) -> StateVerdict | None:
    """Much comes and nothing new; what is only noticed does not change the state."""
    stall = inputs.circling
    if stall is None or stall.level == StallLevel.NOTICE:
        return None
    words = f"{stall.evidence[0]} ({stall.level})"
    return because(Code(stall.kind), words, stall.since or None, stall=stall)


def _retrying(inputs: StateInputs) -> StateVerdict | None:
    retry = inputs.activity.retry
    if retry is None:
        return None
    status = f"HTTP {retry.status}" if retry.status else "no connection"
    left = "now" if retry.due is None else f"in {format_duration(retry.due - inputs.now)}"
    words = f"{status} ({retry.error or 'error'}): retry {retry.attempt} of {retry.limit} {left}"
    state = State.RATE_LIMITED if retry.limited else State.WAITING_API
    return because(Code.RETRY_PENDING, words, retry.since, until=retry.due, state=state)


def _busy(inputs: StateInputs) -> StateVerdict:
    activity = inputs.activity
    if activity.compacting:
        return because(Code.COMPACTING, "the conversation is being summarised", activity.since)
    hook = running_hook(inputs.state, inputs.now)
    if hook is not None:
        return because(Code.HOOK_RUNNING, hook.words, hook.since)
    if activity.phase == TOOL:
        return _in_tool(inputs)
    if activity.phase == STREAMING:
        return because(Code.MODEL_STREAMING, "the model is answering", activity.since)
    if activity.phase == REQUESTING:
        waited = format_duration(inputs.quiet)
        if inputs.quiet <= inputs.limits.answer_patience_seconds:
            reason = f"the model is at it for {waited}"
            return because(Code.WAITING_FOR_MODEL, reason, activity.since)
        words = f"no answer has begun for {waited}"
        if not activity.has_deltas:
            words += "; this stream shows answers only when they are complete"
        return because(Code.WAITING_FOR_MODEL, words, activity.since, state=State.WAITING_API)
    if activity.phase == NONE:
        started_at = inputs.interventions.started_at
        return because(Code.AGENT_STARTING, "the agent is being started", started_at)
    return because(Code.AGENT_STARTING, "the session begins", activity.since)


def _in_tool(inputs: StateInputs) -> StateVerdict:
    tools = list(inputs.activity.open_calls.values())
    main = [tool for tool in tools if not tool.thread] or tools
    if not main:
        return because(Code.TOOL_RUNNING, "a tool runs", inputs.activity.since)
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
    return because(Code.TOOL_RUNNING, words, first.since)


_RULES = (
    _no_record,
    run_rules.run_ended,
    run_rules.rewinding,
    run_rules.waits_for_limit,
    run_rules.restart_pending,
    run_rules.winding_down,
    _baseline_runs,
    run_rules.supervisor_coming,
    run_rules.attempt_ended,
    run_rules.process_gone,
    _process_suspended,
    _person_asked,
    judge_limit,
    judge_failure,
    _says_idle,
    _turn_over,
    run_rules.retries_exhausted,
    _silent,
    _circling,
    _retrying,
)
