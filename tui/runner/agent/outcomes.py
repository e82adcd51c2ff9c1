"""What the end of a turn or of a process means for the run: one class for each error.

Waiting helps against some errors, another try against others, a fresh conversation against those that its
content causes, and against the rest only a person. `decisions` says what follows each class.
"""

from __future__ import annotations

import signal

from msgspec.structs import replace

from tui.feeds.claude.api_failures import read_unmarked
from tui.model.failures import ApiFailure, FailureKind
from tui.model.state import ExitStatus, Outcome, OutcomeKind
from tui.model.turn_end import TurnOutcome, read_result
from tui.runner.agent.attempt import AttemptStatus
from tui.runner.agent.turns import TurnTracker

_API_OUTCOMES = {
    FailureKind.LOGIN: OutcomeKind.LOGIN_REQUIRED,
    FailureKind.FORBIDDEN: OutcomeKind.PERSON_REQUIRED,
    FailureKind.CREDIT: OutcomeKind.BILLING_REQUIRED,
    FailureKind.EXTRA_USAGE: OutcomeKind.BILLING_REQUIRED,
    FailureKind.MODEL_NOT_FOUND: OutcomeKind.PERSON_REQUIRED,
    FailureKind.USAGE_LIMIT: OutcomeKind.USAGE_LIMIT,
    FailureKind.RATE_LIMIT: OutcomeKind.OVERLOADED,
    FailureKind.OVERLOADED: OutcomeKind.OVERLOADED,
    FailureKind.SERVER_ERROR: OutcomeKind.OVERLOADED,
    FailureKind.CONNECTION: OutcomeKind.OVERLOADED,
    # Both are of the conversation as a whole, which every further request sends again. The CLI has compacted
    # or tried to before it says so, thus no /compact is asked for.
    FailureKind.PROMPT_TOO_LONG: OutcomeKind.CONVERSATION_DEAD,
    FailureKind.REQUEST_TOO_LARGE: OutcomeKind.CONVERSATION_DEAD,
    # May be chance once.
    FailureKind.INVALID_REQUEST: OutcomeKind.TURN_FAILED,
    FailureKind.POLICY: OutcomeKind.TURN_FAILED,
    FailureKind.OUTPUT_LIMIT: OutcomeKind.TURN_FAILED,
    FailureKind.UNKNOWN: OutcomeKind.TURN_FAILED,
}
_FOR_A_PERSON = frozenset(
    (OutcomeKind.LOGIN_REQUIRED, OutcomeKind.BILLING_REQUIRED, OutcomeKind.PERSON_REQUIRED)
)
_PASSING = frozenset((OutcomeKind.USAGE_LIMIT, OutcomeKind.OVERLOADED))
# What the CLI calls the end of a turn whose conversation cannot go on.
_DEAD_REASONS = frozenset(
    ("prompt_too_long", "image_error", "blocking_limit", "rapid_refill_breaker")
)


# As the CLI's command line says it: the same arguments are refused each time.
_REFUSED_ARGUMENTS = ("error: unknown option '", "error: option '")


def turn_outcome(turns: TurnTracker, asked_to_stop: bool = False) -> Outcome:
    """The outcome of the turn that ended last.

    `asked_to_stop` says that somebody had it interrupted through us; versions 2.0.x do not say so themselves.
    """
    result = turns.result
    if result is None:
        return Outcome(OutcomeKind.TURN_FAILED, "the turn has no end")
    end = read_result(result, turns.failure, None)
    stopped = asked_to_stop or turns.interrupted or end.interrupted
    if stopped:
        return Outcome(OutcomeKind.INTERRUPTED, "the turn was interrupted")
    if not end.outcome.is_trouble:
        return Outcome(OutcomeKind.COMPLETED, "the turn ended")
    text = end.text or result.text or end.word
    outcome = _api_outcome(turns, end.status, text[:300])
    if outcome.kind in (OutcomeKind.LOGIN_REQUIRED, OutcomeKind.BILLING_REQUIRED):
        return outcome
    match end.outcome:
        case TurnOutcome.TURNS_USED_UP:
            return Outcome(OutcomeKind.MAX_TURNS, "the agent used up its turns")
        case TurnOutcome.BUDGET_USED_UP:
            return Outcome(OutcomeKind.BUDGET_EXHAUSTED, "the agent used up its own budget")
        case _ if result.terminal_reason in _DEAD_REASONS and outcome.kind not in _PASSING:
            return replace(outcome, kind=OutcomeKind.CONVERSATION_DEAD)
        case _:
            return outcome


def _api_outcome(turns: TurnTracker, status: int, text: str) -> Outcome:
    """What the API error of a failed turn means; without one it is a failed turn and nothing more."""
    failure = turns.failure
    if failure is None and (turns.limited or status):
        kind = FailureKind.USAGE_LIMIT if turns.limited else FailureKind.of_status(status)
        failure = ApiFailure(kind, text or f"HTTP {status}", status)
    if failure is None:
        return Outcome(OutcomeKind.TURN_FAILED, text)
    if turns.limited and not failure.kind.needs_person:
        failure = replace(failure, kind=FailureKind.USAGE_LIMIT)
    resets_at = turns.resets_at if failure.kind == FailureKind.USAGE_LIMIT else None
    return _outcome_of(failure, failure.text or text, resets_at)


def _outcome_of(failure: ApiFailure, words: str, resets_at: float | None) -> Outcome:
    kind = failure.kind
    outcome = _API_OUTCOMES[kind]
    text = f"{kind.words}: {words}" if words else kind.words
    if outcome in _FOR_A_PERSON:
        text += f"; to do: {kind.remedy}"
    return Outcome(outcome, text, resets_at)


def exit_outcome(
    status: AttemptStatus,
    turns: TurnTracker,
    resumed: bool,
    stderr: str,
    asked_to_stop: bool = False,
) -> Outcome:
    """The outcome of a process that this program did not end.

    `resumed` says that it was started to resume a session; `stderr` is the end of its output there.
    """
    record = ExitStatus(status.code, status.signal, status.error)
    refusal = _resume_refusal(turns, resumed, stderr)
    if refusal:
        return Outcome(OutcomeKind.RESUME_REFUSED, refusal, exit=record)
    outcome = _process_outcome(status, turns, asked_to_stop)
    if outcome.kind == OutcomeKind.CRASH and not status.signal and status.state == "ended":
        outcome = _printed_outcome(f"{turns.words}\n{stderr}") or outcome
    if outcome.kind == OutcomeKind.CRASH and resumed and status.code and not turns.replies:
        # It fell over what it was to take up, and may do so again.
        outcome = replace(outcome, kind=OutcomeKind.TURN_FAILED)
    return replace(outcome, exit=record)


def _printed_outcome(text: str) -> Outcome | None:
    """What the last error in words that a process printed means; None where none is known."""
    for line in reversed(text.splitlines()):
        if line.startswith(_REFUSED_ARGUMENTS):
            words = line.removeprefix("error: ")
            return Outcome(OutcomeKind.PERSON_REQUIRED, f"the agent refuses its arguments: {words}")
        failure = read_unmarked(line.removeprefix("Error: ").strip(), None)
        if failure is not None:
            limit = failure.limit
            return _outcome_of(failure, failure.text, None if limit is None else limit.resets_at)
    return None


def _process_outcome(status: AttemptStatus, turns: TurnTracker, asked_to_stop: bool) -> Outcome:
    crashes = {
        "the agent was never started": status.state == "void",
        f"the agent could not be started: {status.error}": status.error,
        f"the agent was ended by {signal_name(status.signal)}": status.signal,
        "the agent is gone, and nothing recorded how": status.state == "lost",
    }
    for text, applies in crashes.items():
        if applies:
            return Outcome(OutcomeKind.CRASH, text)
    result = turns.result
    if result is not None and not turns.open:
        turn = turn_outcome(turns, asked_to_stop)
        if turn.kind == OutcomeKind.INTERRUPTED and status.code == 0 and not asked_to_stop:
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
