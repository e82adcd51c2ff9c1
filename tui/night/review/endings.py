"""Why a night ended: from the run's own record, else from what its files say."""

from __future__ import annotations

from tui.night.losses import Retried
from tui.night.model import Night
from tui.night.review.model import Ending, EndKind
from tui.records import Ref
from tui.system.format import format_count, format_duration, shorten

_STARTS: tuple[tuple[tuple[str, ...], EndKind], ...] = (
    (("all tasks done",), "tasks_done"),
    (("limit", "usage limit"), "limit"),
    (("crash", "gave up"), "crash"),
    (("killed", "stopped", "interrupted"), "killed"),
    (("needs you",), "needs_you"),
    (("fail", "error"), "failed"),
)
_LIMITS = ("usage limit", "max_turns", "max turns", "budget", "rate_limit", "out of extra usage")


def ending(
    night: Night,
    broke_off: bool,
    ref: Ref | None,
    spoke_last: bool = False,
    retrying: Retried | None = None,
) -> Ending:
    """The type of the end and one sentence; `ref` is the last thing the session recorded.

    `broke_off` says that its files end in the middle and no process of it is there any more: then
    nothing tells why. `spoke_last` says that a transcript's last word is the agent's own: not all
    versions write down that the turn is over; `retrying` are attempts to reach the API that nothing
    came after. The record of a run of ours comes before everything else.
    """
    exit = night.run.exit
    if night.run.owned and exit is not None and night.run.ended_at is not None:
        reason = exit.reason.strip()
        return Ending(_of_record(reason, exit.code), _sentence(night, reason), ref)
    if broke_off and spoke_last and night.state != "rate_limited":
        return Ending("turn_ended", "Its last word is an answer, and nothing came after it", ref)
    if broke_off and retrying is not None:
        return _gave_up(retrying)
    return _of_state(night, broke_off, ref)


def _of_record(reason: str, code: int | None) -> EndKind:
    words = reason.lower()
    for starts, kind in _STARTS:
        if words.startswith(starts):
            return kind
    return "turn_ended" if words or code in (0, None) else "crash"


def _sentence(night: Night, reason: str) -> str:
    """The record's words, with who did it and what was left where they do not say so."""
    words = shorten(reason, 300) or "the run ended"
    by = next((deed.by for deed in reversed(night.deeds.others) if deed.kind == "kill"), "")
    if words.lower().startswith("killed") and by and by not in words:
        words = f"{words} (by {by})"
    return _capital(words)


def _of_state(night: Night, broke_off: bool, ref: Ref | None) -> Ending:
    state, reason = night.state, night.activity.reason
    words = _capital(shorten(reason, 300))
    if state == "finished":
        progress = night.progress
        if progress is not None and progress.basis != "unknown" and progress.done:
            if not progress.open:
                return Ending("tasks_done", f"{words}; no task is open", ref)
            return Ending("turn_ended", f"{words}; {progress.open} tasks are open", ref)
        return Ending("turn_ended", words, ref)
    if state == "killed":
        return Ending("killed", words, ref)
    if state in ("crashed", "failed"):
        limited = any(word in reason.lower() for word in _LIMITS)
        return Ending(
            "limit" if limited else "crash" if state == "crashed" else "failed", words, ref
        )
    if state == "rate_limited" and broke_off:
        return Ending("limit", f"It waited for a limit and did not go on: {reason}", ref)
    if broke_off:
        return Ending("crash", _broken(night), ref)
    if state == "waiting_permission":
        return Ending("needs_you", words, ref)
    stall = night.stall
    if state == "stalled" and stall is not None and not stall.waiting:
        kind: EndKind = "crash" if stall.kind == "process_gone" else "hung"
        return Ending(kind, words, stall.refs[0] if stall.refs else ref)
    return Ending("open", f"It goes on: {reason}", ref)


def _gave_up(retrying: Retried) -> Ending:
    """The last that was heard of it are attempts to reach the API."""
    tried = format_count(retrying.attempts, "attempt")
    status = f"HTTP {retrying.status}" if retrying.status else "no connection"
    words = f"The API could not be reached: {tried}, the last with {status}"
    if retrying.status in (401, 403):
        words = f"The API refused the login (HTTP {retrying.status}): {tried}"
    elif retrying.status == 429:
        return Ending("limit", f"The API refused for a limit (HTTP 429): {tried}", retrying.ref)
    return Ending("failed", words, retrying.ref)


def _broken(night: Night) -> str:
    """What it was at when its files end; nothing there says why."""
    tools = night.activity.tools
    if tools:
        what = f"{tools[0].name} {shorten(tools[0].target, 60)}".strip() + " has no answer"
    elif night.counts.turns or night.counts.tool_calls:
        what = "the model owed an answer"
    else:
        what = "its first turn was never answered"
    quiet = format_duration(night.activity.idle_seconds)
    return f"Its record breaks off in the middle of a turn: {what}; nothing came for {quiet}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
