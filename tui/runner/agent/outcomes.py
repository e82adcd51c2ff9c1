"""OutcomeKind of a turn or a process."""

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
    """What the turn that just ended means. There must be a result."""
    result = turns.result
    if result is None:
        return Outcome(OutcomeKind.CRASH, "the turn has no end")
    if not result.is_error and result.subtype == "success":
        return Outcome(OutcomeKind.COMPLETED, "the turn ended")
    words = "; ".join(result.errors) or result.text or result.terminal_reason or result.subtype
    account = _account_trouble(turns, result.api_error_status)
    if account is not None:
        return account
    if result.subtype == "error_max_turns" or result.terminal_reason == "max_turns":
        return Outcome(OutcomeKind.MAX_TURNS, "the agent used up its turns")
    if "budget" in result.subtype or result.terminal_reason == "budget_exhausted":
        return Outcome(OutcomeKind.BUDGET_EXHAUSTED, "the agent used up its own budget")
    if result.terminal_reason.startswith("aborted"):
        return Outcome(OutcomeKind.INTERRUPTED, "the turn was interrupted")
    return _api(turns, result.api_error_status, words[:300])


def _account_trouble(turns: TurnTracker, status: int) -> Outcome | None:
    """A login or a bill, without which nothing goes on."""
    error = turns.error.lower()
    if any(word in error for word in _BILLING):
        words = "billing: " + (turns.error_text or turns.error)
        return Outcome(OutcomeKind.BILLING_REQUIRED, words)
    if any(word in error for word in _LOGIN) or status in (401, 403):
        words = "login: " + (turns.error_text or turns.error or f"HTTP {status}")
        return Outcome(OutcomeKind.LOGIN_REQUIRED, words)
    return None


def _api(turns: TurnTracker, status: int, words: str) -> Outcome:
    error = turns.error.lower()
    if turns.limited or status == 429 or any(word in error for word in _RATE):
        return Outcome(
            OutcomeKind.USAGE_LIMIT, words or "a usage limit was reached", turns.resets_at
        )
    if status in _BUSY or "overload" in error or "server" in error:
        return Outcome(OutcomeKind.OVERLOADED, words or f"HTTP {status}")
    return Outcome(OutcomeKind.CRASH, words)


def exit_outcome(
    status: AttemptStatus, turns: TurnTracker, resumed: bool, last_words: str
) -> Outcome:
    """What the end of the agent's process means, none of our doing.

    `resumed` says that it was started to resume a session; `last_words` are the end of its stderr.
    """
    record = ExitStatus(status.code, status.signal, status.error)
    return replace(_of_exit(status, turns, resumed, last_words), exit=record)


def _of_exit(status: AttemptStatus, turns: TurnTracker, resumed: bool, last_words: str) -> Outcome:
    refused = _refusal(turns, resumed, last_words)
    if refused:
        return Outcome(OutcomeKind.RESUME_REFUSED, refused)
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


def _refusal(turns: TurnTracker, resumed: bool, last_words: str) -> str:
    """Why the session could not be taken up; empty if that is not what happened."""
    if not resumed or turns.started:
        return ""
    result = turns.result
    said = " ".join(result.errors) if result is not None else ""
    for words in (said, last_words):
        if "No conversation found" in words or "No message found" in words:
            return "the conversation was not found"
    if result is not None and result.is_error and not result.duration_ms and not result.turns:
        return "the conversation could not be read"
    return ""


def exit_text(status: AttemptStatus) -> str:
    """Words for a segment's end."""
    if status.error:
        return status.error
    if status.state in ("lost", "void"):
        return "gone without a record" if status.state == "lost" else "never started"
    return signal_name(status.signal) if status.signal else f"exit code {status.code}"


def signal_name(number: int) -> str:
    """SIGKILL and the like; the number where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
