"""What the journal, the process table and the last records say of an end: the rules that come first."""

from __future__ import annotations

from tui.model.failures import FailureKind
from tui.model.stall import Stall
from tui.model.state import LimitKind, OutcomeKind, StallKind
from tui.model.state import SessionState as State
from tui.model.state import StateReason as Code
from tui.night.activity import STARTING
from tui.night.rules.limit_rules import judge_failure, judge_limit, judge_wait
from tui.night.rules.verdicts import (
    GONE_SECONDS,
    SETTLE_SECONDS,
    StateInputs,
    StateVerdict,
    because,
)
from tui.system.format import format_count, format_duration, shorten

_WATCHDOG_REACH = 900.0
# How long an end may take that somebody asked for: a note, an interrupt, then the kill.
_END_REACH = 1800.0
# How long a supervisor may take to say what follows the end of its agent, and to notice that end.
_DECISION_SECONDS = 60.0


def run_ended(inputs: StateInputs) -> StateVerdict | None:
    """The journal has the run's end."""
    log = inputs.interventions
    if log.ended_at is None:
        return None
    reason = log.end_reason.strip() or "the run ended"
    return because(Code.RUN_ENDED, reason, log.ended_at, state=log.end.session_state)


def rewinding(inputs: StateInputs) -> StateVerdict | None:
    """A person asked for a rewind: the supervisor ends the agent and starts it again afterwards."""
    log = inputs.interventions
    since = log.rewinding_since
    if since is None or not log.has_supervisor or inputs.now - since > _END_REACH:
        return None
    reason = "a rewind was asked for; the agent is started again after it"
    return because(Code.REWINDING, reason, since)


def restart_pending(inputs: StateInputs) -> StateVerdict | None:
    """The supervisor waits before the next attempt."""
    pending, attempt = inputs.interventions.pending, inputs.interventions.attempt
    if pending is None or (inputs.is_abandoned and inputs.alive is False):
        return None
    due = pending.due
    wait = f"in {format_duration(due - inputs.now)}" if due and due > inputs.now else "now"
    why = f" ({pending.why})" if pending.why else ""
    reason = f"restart {pending.attempt} is due {wait}{why}"
    return because(Code.RESTART_PENDING, reason, attempt.ended_at if attempt else None, until=due)


def waits_for_limit(inputs: StateInputs) -> StateVerdict | None:
    """Our supervisor waits for a usage limit: no agent need live for that."""
    pending = inputs.interventions.pending
    if pending is None or pending.why != OutcomeKind.USAGE_LIMIT or inputs.is_abandoned:
        return None
    return judge_wait(inputs, pending.due)


def winding_down(inputs: StateInputs) -> StateVerdict | None:
    """A limit was reached, and the supervisor is ending the agent."""
    log, attempt = inputs.interventions, inputs.interventions.attempt
    is_gone = attempt is not None and attempt.ended_at is not None and log.stopped_by
    if log.limit is None or not log.has_supervisor or is_gone:
        return None
    kind, value, allowed = log.limit.kind, log.limit.value, log.limit.allowed
    reason = f"the limit on {kind} was reached; the agent is being ended"
    if kind == LimitKind.TESTS:
        reason = "too few tests pass; the agent is being ended"
    elif value is not None and allowed is not None and value < allowed:
        used = f"{value / allowed:.0%} of the limit on {kind} is used"
        reason = f"{used}; the rest is for the hand-over note"
    return because(Code.LIMIT_REACHED, reason, log.limit.since)


def supervisor_coming(inputs: StateInputs) -> StateVerdict | None:
    """No agent lives, and the supervisor that died is being started again: it decides what follows."""
    log, attempt = inputs.interventions, inputs.interventions.attempt
    if log.has_supervisor or not log.awaits_supervisor or inputs.alive is not False:
        return None
    reason = "the watchdog is being started again; it takes the session up"
    return because(Code.RESTART_PENDING, reason, attempt.ended_at if attempt else None)


def attempt_ended(inputs: StateInputs) -> StateVerdict | None:
    """The journal says that the agent's process ended, and the run should go on."""
    log, attempt = inputs.interventions, inputs.interventions.attempt
    if attempt is None or attempt.ended_at is None:
        return None
    if log.stopped_by:
        by = {"person": "a person", "limit": "a limit"}.get(log.stopped_by, log.stopped_by)
        return because(_ended_by(inputs), f"ended by {by}", attempt.ended_at)
    if not (attempt.signal or attempt.code or inputs.turn_open):
        return None
    how = f"signal {attempt.signal}" if attempt.signal else f"exit code {attempt.code}"
    reason = f"the agent ended with {how}" + (f": {attempt.reason}" if attempt.reason else "")
    since_end = inputs.now - max(attempt.ended_at, log.supervisor_seen_since or 0.0)
    if log.has_supervisor and since_end < _DECISION_SECONDS:
        # Until its supervisor has said what follows, its end is no crash.
        words = f"{reason}; its supervisor decides what follows"
        short = since_end < SETTLE_SECONDS
        return None if short else because(Code.RESTART_PENDING, words, attempt.ended_at)
    stall = _gone_stall(inputs, reason)
    return because(Code.PROCESS_EXITED, reason, attempt.ended_at, stall=stall)


def _ended_by(inputs: StateInputs) -> Code:
    limited = inputs.interventions.stopped_by == "limit"
    return Code.ENDED_BY_LIMIT if limited else Code.ENDED_BY_PERSON


def process_gone(inputs: StateInputs) -> StateVerdict | None:
    """The process table shows no agent of this session any more."""
    if inputs.alive is True or (inputs.alive is None and not inputs.is_lost):
        return None
    ended = _ended_on_purpose(inputs) if inputs.alive is False else None
    if ended is not None:
        return ended
    if inputs.activity.phase == STARTING:
        words = "it is over, and no turn of a conversation is on record"
        return because(Code.NOTHING_ASKED, words, inputs.state.last_sign) if _lost(inputs) else None
    asks = inputs.activity.question is not None or inputs.activity.asks
    if not inputs.turn_open or (inputs.alive is None and asks):
        return None
    if not _lost(inputs):
        return _decided_by_supervisor(inputs)
    return _broke_off(inputs)


def _decided_by_supervisor(inputs: StateInputs) -> StateVerdict | None:
    """The process is gone, and a supervisor that is seen to live has not said yet what follows."""
    if inputs.interventions.supervisor_seen_since is None or not inputs.is_lost:
        return None
    reason = "no agent lives here; its supervisor decides what follows"
    return because(Code.RESTART_PENDING, reason, inputs.state.last_sign)


def _lost(inputs: StateInputs) -> bool:
    """Whether the process is gone for so long that its supervisor, if it has one, should have said so."""
    log = inputs.interventions
    seconds = _DECISION_SECONDS if log.has_supervisor else GONE_SECONDS
    # One that has just been started could not know of it before.
    times = (inputs.state.agents_gone_at, log.supervisor_seen_since)
    recent = any(at is not None and inputs.now - at < seconds for at in times)
    return inputs.is_lost and not recent


def _ended_on_purpose(inputs: StateInputs) -> StateVerdict | None:
    """A watchdog's log or our journal says that somebody ended it."""
    at, log = inputs.state.last_sign, inputs.interventions
    ended_at = inputs.state.watchdog_at
    if ended_at is not None and (at is None or ended_at >= at - _WATCHDOG_REACH):
        reason = f"ended by the watchdog: {inputs.state.watchdog_reason}"
        return because(Code.ENDED_BY_WATCHDOG, reason, ended_at)
    if not log.stopped_by or (at is not None and at - (log.stopped_at or at) > _END_REACH):
        return None
    by = {"person": "a person", "limit": "a limit"}.get(log.stopped_by, log.stopped_by)
    return because(_ended_by(inputs), f"ended by {by}", at)


def _broke_off(inputs: StateInputs) -> StateVerdict:
    """Its process is gone, and its last turn has no end."""
    at, activity = inputs.state.last_sign, inputs.activity
    stopped = judge_limit(inputs) or judge_failure(inputs)
    if stopped is not None:
        return stopped
    if activity.retry is not None:
        return _unreachable(inputs)
    words = "no agent lives here, and its last turn has no end"
    if inputs.alive is None:
        quiet = format_duration(inputs.quiet)
        words = f"its record breaks off in the middle of a turn; nothing came for {quiet}"
    return because(Code.PROCESS_MISSING, words, at, stall=_gone_stall(inputs, words))


def retries_exhausted(inputs: StateInputs) -> StateVerdict | None:
    """The last attempt to reach the API was announced, and nothing came of it."""
    retry = inputs.activity.retry
    if retry is None or not retry.limit or retry.attempt < retry.limit or inputs.alive:
        return None
    late = inputs.now - max(inputs.state.last_sign or inputs.now, retry.due or 0.0)
    return _unreachable(inputs) if late > inputs.limits.api_silence_seconds else None


def _unreachable(inputs: StateInputs) -> StateVerdict:
    """It was trying to reach the API when it ended."""
    retry, at = inputs.activity.retry, inputs.state.last_sign
    assert retry is not None
    attempts = format_count(retry.attempt, "attempt")
    answer = f"HTTP {retry.status}" if retry.status else retry.error or "no connection"
    kind = FailureKind.of_status(retry.status) if retry.status else FailureKind.CONNECTION
    what = {
        FailureKind.LOGIN: "the API refused the login",
        FailureKind.CREDIT: "the API refused for want of credit",
        FailureKind.RATE_LIMIT: "the API refused for a limit",
    }.get(kind, "the API could not be reached")
    code = Code.USAGE_LIMIT if kind == FailureKind.RATE_LIMIT else Code.API_UNREACHABLE
    return because(code, f"{what}: {attempts}, the last with {answer}", at, state=State.FAILED)


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
