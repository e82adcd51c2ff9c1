"""What the end of a turn or of a process means for what comes next."""

from __future__ import annotations

import signal
from typing import Literal

from msgspec import Struct

from tui.runner.segment import Look
from tui.runner.turns import Turns, login_trouble

Meaning = Literal[
    "done",
    "crash",
    "overload",
    "limit",
    "resume refused",
    "needs you",
    "person",
    "turns used up",
    "budget used up",
    "interrupted",
]

_RATE = ("rate_limit", "usage_limit")
_BUSY = (408, 425, 500, 502, 503, 504, 529)


class Outcome(Struct, frozen=True):
    """The meaning, in words too; `resets_at` is when a limit ends, in seconds since the epoch."""

    meaning: Meaning
    reason: str
    resets_at: float | None = None


def of_turn(turns: Turns) -> Outcome:
    """What the turn that just ended means. There must be a result."""
    result = turns.result
    if result is None:
        return Outcome("crash", "the turn has no end")
    if not result.is_error and result.subtype == "success":
        return Outcome("done", "the turn ended")
    words = "; ".join(result.errors) or result.text or result.terminal_reason or result.subtype
    trouble = login_trouble(turns)
    if trouble:
        return Outcome("needs you", trouble)
    if result.subtype == "error_max_turns" or result.terminal_reason == "max_turns":
        return Outcome("turns used up", "the agent used up its turns")
    if "budget" in result.subtype or result.terminal_reason == "budget_exhausted":
        return Outcome("budget used up", "the agent used up its own budget")
    if result.terminal_reason.startswith("aborted"):
        return Outcome("interrupted", "the turn was interrupted")
    return _api(turns, result.api_error_status, words[:300])


def _api(turns: Turns, status: int, words: str) -> Outcome:
    error = turns.error.lower()
    if turns.limited or status == 429 or any(word in error for word in _RATE):
        return Outcome("limit", words or "a usage limit was reached", turns.resets_at)
    if status in _BUSY or "overload" in error or "server" in error:
        return Outcome("overload", words or f"HTTP {status}")
    return Outcome("crash", words)


def of_exit(look: Look, turns: Turns, resumed: bool, last_words: str) -> Outcome:
    """What the end of the agent's process means, none of our doing.

    `resumed` says that it was started to resume a session; `last_words` are the end of its stderr.
    """
    refused = _refusal(turns, resumed, last_words)
    if refused:
        return Outcome("resume refused", refused)
    if look.state == "void":
        return Outcome("crash", "the agent was never started")
    if look.error:
        return Outcome("crash", f"the agent could not be started: {look.error}")
    if look.signal:
        return Outcome("crash", f"the agent was ended by {name_of(look.signal)}")
    if look.state == "lost":
        return Outcome("crash", "the agent is gone, and nothing recorded how")
    result = turns.result
    if result is not None and not turns.open:
        turn = of_turn(turns)
        if turn.meaning == "interrupted" and look.code == 0:
            return Outcome("person", "the agent was asked to end (SIGINT)")
        return turn
    if look.code in (0, None):
        return Outcome("crash", "the agent ended in the middle of a turn")
    return Outcome("crash", f"the agent ended with exit code {look.code}")


def _refusal(turns: Turns, resumed: bool, last_words: str) -> str:
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


def how_it_ended(look: Look) -> str:
    """Words for a segment's end."""
    if look.error:
        return look.error
    if look.state in ("lost", "void"):
        return "gone without a record" if look.state == "lost" else "never started"
    return name_of(look.signal) if look.signal else f"exit code {look.code}"


def name_of(number: int) -> str:
    """SIGKILL and the like; the number where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
