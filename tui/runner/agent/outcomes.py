"""What the end of a turn or of a process means: its Outcome."""

from __future__ import annotations

import signal

from msgspec.structs import replace

from tui.model.state import ExitStatus, Outcome, OutcomeKind
from tui.runner.agent.attempt import AttemptStatus
from tui.runner.agent.turn_tracker import TurnTracker

_RATE = ("rate_limit", "usage_limit")
_LOGIN = ("authentication", "oauth", "invalid_api_key", "permission_error")
_BILLING = ("billing",)
_BUSY = (408, 425, 500, 502, 503, 504, 529)


def turn_outcome(turns: TurnTracker) -> Outcome:
    """The outcome of the turn that ended last."""
    result = turns.result
    if result is None:
        return Outcome(OutcomeKind.CRASH, "the turn has no end")
    if not result.is_error and result.subtype == "success":
        return Outcome(OutcomeKind.COMPLETED, "the turn ended")
    text = "; ".join(result.errors) or result.text or result.terminal_reason or result.subtype
    account = _account_trouble(turns, result.api_error_status)
    if account is not None:
        return account
    if result.subtype == "error_max_turns" or result.terminal_reason == "max_turns":
        return Outcome(OutcomeKind.MAX_TURNS, "the agent used up its turns")
    if "budget" in result.subtype or result.terminal_reason == "budget_exhausted":
        return Outcome(OutcomeKind.BUDGET_EXHAUSTED, "the agent used up its own budget")
    if result.was_interrupted:
        return Outcome(OutcomeKind.INTERRUPTED, "the turn was interrupted")
    return _api_outcome(turns, result.api_error_status, text[:300])


def _account_trouble(turns: TurnTracker, status: int) -> Outcome | None:
    """The outcome where a person must log in or pay first."""
    error = turns.error.lower()
    if any(word in error for word in _BILLING):
        return Outcome(OutcomeKind.BILLING_REQUIRED, f"billing: {turns.error_text or turns.error}")
    if any(word in error for word in _LOGIN) or status in (401, 403):
        text = turns.error_text or turns.error or f"HTTP {status}"
        return Outcome(OutcomeKind.LOGIN_REQUIRED, f"login: {text}")
    return None


def _api_outcome(turns: TurnTracker, status: int, text: str) -> Outcome:
    error = turns.error.lower()
    if turns.limited or status == 429 or any(word in error for word in _RATE):
        return Outcome(
            OutcomeKind.USAGE_LIMIT, text or "a usage limit was reached", turns.resets_at
        )
    if status in _BUSY or "overload" in error or "server" in error:
        return Outcome(OutcomeKind.OVERLOADED, text or f"HTTP {status}")
    return Outcome(OutcomeKind.CRASH, text)


def exit_outcome(status: AttemptStatus, turns: TurnTracker, resumed: bool, stderr: str) -> Outcome:
    """The outcome of a process that this program did not end.

    `resumed` says that it was started to resume a session; `stderr` is the end of its output there.
    """
    record = ExitStatus(status.code, status.signal, status.error)
    return replace(_process_outcome(status, turns, resumed, stderr), exit=record)


def _process_outcome(
    status: AttemptStatus, turns: TurnTracker, resumed: bool, stderr: str
) -> Outcome:
    refusal = _resume_refusal(turns, resumed, stderr)
    if refusal:
        return Outcome(OutcomeKind.RESUME_REFUSED, refusal)
    if status.state == "void":
        return Outcome(OutcomeKind.CRASH, "the agent was never started")
    if status.error:
        return Outcome(OutcomeKind.CRASH, f"the agent could not be started: {status.error}")
    if status.signal:
        return Outcome(OutcomeKind.CRASH, f"the agent was ended by {signal_name(status.signal)}")
    if status.state == "lost":
        return Outcome(OutcomeKind.CRASH, "the agent is gone, and nothing recorded how")
    result = turns.result
    if result is not None and not turns.open:
        turn = turn_outcome(turns)
        if turn.kind == OutcomeKind.INTERRUPTED and status.code == 0:
            return Outcome(OutcomeKind.STOPPED_BY_PERSON, "the agent was asked to end (SIGINT)")
        return turn
    if status.code in (0, None):
        return Outcome(OutcomeKind.CRASH, "the agent ended in the middle of a turn")
    return Outcome(OutcomeKind.CRASH, f"the agent ended with exit code {status.code}")


def _resume_refusal(turns: TurnTracker, resumed: bool, stderr: str) -> str:
    """Why the session could not be resumed; empty where that is not what happened."""
    if not resumed or turns.started:
        return ""
    result = turns.result
    output = " ".join(result.errors if result is not None else ()) + stderr
    if "No conversation found" in output or "No message found" in output:
        return "the conversation was not found"
    if result is not None and result.is_error and not result.duration_ms and not result.turns:
        return "the conversation could not be read"
    return ""


def exit_text(status: AttemptStatus) -> str:
    """How an attempt ended, for people."""
    if status.error:
        return status.error
    if status.state in ("lost", "void"):
        return "gone without a record" if status.state == "lost" else "never started"
    return signal_name(status.signal) if status.signal else f"exit code {status.code}"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
