"""How a turn ended, as one typed outcome of everything that tells of it.

`read_result` is the only reading of a `result` line: the fold and the supervisor both use it.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from tui.model.events import AssistantMessage, TurnResult
from tui.model.failures import ApiFailure, FailureKind

_SAYS_WHY = (2, 1, 62)


@lru_cache(64)
def writes_stop_reason(version: str | None) -> bool:
    """Whether that version of the CLI writes in a transcript why an answer stopped; False where unknown."""
    try:
        return tuple(map(int, (version or "").split(".")[:3])) >= _SAYS_WHY
    except ValueError:
        return False


class TurnOutcome(StrEnum):
    """How a turn ended.

    `ANSWERED`: its last word is an answer without an open call, and nothing says that the turn is over, as in
    versions that wrote no `stop_reason`. `CUT`: that answer was cut off at the output limit.
    """

    COMPLETED = "completed"
    HOOK_STOPPED = "hook_stopped"
    ANSWERED = "answered"
    CUT = "cut"
    INTERRUPTED = "interrupted"
    TURNS_USED_UP = "turns_used_up"
    BUDGET_USED_UP = "budget_used_up"
    FAILED = "failed"

    @property
    def is_certain(self) -> bool:
        """Whether a record says that the turn is over."""
        return self not in (TurnOutcome.ANSWERED, TurnOutcome.CUT)

    @property
    def is_trouble(self) -> bool:
        """Whether it did not end by itself or by a person, but for an error or a bound."""
        return self in _TROUBLE


_TROUBLE = frozenset(map(TurnOutcome, ("failed", "turns_used_up", "budget_used_up")))
_SAID_OVER = frozenset(("end_turn", "stop_sequence", "refusal", "model_context_window_exceeded"))
_CUT_OFF = frozenset(("max_tokens",))


class TurnEnd(Struct, frozen=True):
    """How the last turn ended; `word` is the record's own word for it, `text` its error in words.

    `queued` messages wait for the next turn. `failure` is the API's error behind it, where there was one.
    """

    outcome: TurnOutcome
    at: float | None = None
    word: str = ""
    text: str = ""
    failure: ApiFailure | None = None
    status: int = 0
    queued: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether a person stopped it."""
        return self.outcome == TurnOutcome.INTERRUPTED


def read_answer(body: AssistantMessage, at: float | None) -> TurnEnd | None:
    """What an answer without tool calls says of its turn's end; None while more of it must come."""
    stop = body.stop_reason
    if stop in _SAID_OVER:
        return TurnEnd(TurnOutcome.COMPLETED, at, stop)
    if stop in _CUT_OFF:
        return TurnEnd(TurnOutcome.CUT, at, stop)
    if stop or body.goes_on or body.thinking or not body.text:
        return None
    return TurnEnd(TurnOutcome.ANSWERED, at)


def read_result(result: TurnResult, failure: ApiFailure | None, at: float | None) -> TurnEnd:
    """What a `result` says; `failure` is the API error that stood last in the model's place.

    Both its subtype and `is_error` count: versions set one without the other.
    """
    outcome, subtype, reason = TurnOutcome.COMPLETED, result.subtype, result.terminal_reason
    is_error = result.is_error or subtype.startswith("error")
    if result.was_interrupted:
        outcome = TurnOutcome.INTERRUPTED
    elif "max_turns" in (subtype.removeprefix("error_"), reason):
        outcome = TurnOutcome.TURNS_USED_UP
    elif "budget" in subtype or reason == "budget_exhausted":
        outcome = TurnOutcome.BUDGET_USED_UP
    elif is_error:
        outcome = TurnOutcome.FAILED
    elif reason == "hook_stopped":
        outcome = TurnOutcome.HOOK_STOPPED
    text = ("; ".join(result.errors) or result.text) if outcome.is_trouble else ""
    failed = outcome == TurnOutcome.FAILED
    behind = failure or _failure_of(result, text) if failed else None
    word, status = reason or subtype, result.api_error_status
    return TurnEnd(outcome, at, word, text, behind, status, result.queued)


def _failure_of(result: TurnResult, text: str) -> ApiFailure | None:
    """The API's error behind a failed result, as far as the result itself tells of it."""
    status = result.api_error_status
    if result.failure is not None or not status:
        return result.failure
    return ApiFailure(FailureKind.of_status(status), text, status)
