"""Why a night ended: from the run's own record, else from what its files say."""

from __future__ import annotations

from tui.model.events import SourceRef
from tui.model.review import Ending
from tui.model.snapshot import NightSnapshot
from tui.model.state import EndKind, SessionState, StallKind, StateReason
from tui.night.evidence.wasted_work import RetryStreak
from tui.system.format import format_count, format_duration, shorten


def classify_ending(
    night: NightSnapshot,
    broke_off: bool,
    ref: SourceRef | None,
    spoke_last: bool = False,
    retrying: RetryStreak | None = None,
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
        return Ending(exit.kind.review_word, _sentence(night, reason, exit.kind), ref)
    if broke_off and spoke_last and night.state != SessionState.RATE_LIMITED:
        return Ending(
            EndKind.TURN_ENDED, "Its last word is an answer, and nothing came after it", ref
        )
    if broke_off and retrying is not None:
        return _unreachable_api(retrying)
    return _ending_of_state(night, broke_off, ref)


def _sentence(night: NightSnapshot, reason: str, kind: EndKind) -> str:
    """The record's words, with who did it and what was left where they do not say so."""
    words = shorten(reason, 300) or "the run ended"
    by = next((deed.by for deed in reversed(night.interventions.others) if deed.kind == "kill"), "")
    if kind == EndKind.KILLED and by and by not in words:
        words = f"{words} (by {by})"
    return _capitalised(words)


def _ending_of_state(night: NightSnapshot, broke_off: bool, ref: SourceRef | None) -> Ending:
    state, reason = night.state, night.activity.reason
    words = _capitalised(shorten(reason, 300))
    if state == SessionState.FINISHED:
        progress = night.progress
        if progress is not None and progress.basis != "unknown" and progress.done:
            if not progress.open:
                return Ending(EndKind.TASKS_DONE, f"{words}; no task is open", ref)
            return Ending(EndKind.TURN_ENDED, f"{words}; {progress.open} tasks are open", ref)
        return Ending(EndKind.TURN_ENDED, words, ref)
    if state == SessionState.KILLED:
        return Ending(EndKind.KILLED, words, ref)
    if night.activity.state_reason == StateReason.USAGE_LIMIT and state == SessionState.FAILED:
        return Ending(EndKind.LIMIT, words, ref)
    if state == SessionState.FAILED:
        return Ending(EndKind.FAILED, words, ref)
    if state == SessionState.CRASHED:
        return Ending(EndKind.CRASH, words, ref)
    if state == SessionState.RATE_LIMITED and broke_off:
        return Ending(EndKind.LIMIT, f"It waited for a limit and did not go on: {reason}", ref)
    if broke_off:
        return Ending(EndKind.CRASH, _broken_off(night), ref)
    if state == SessionState.WAITING_PERMISSION:
        return Ending(EndKind.NEEDS_PERSON, words, ref)
    stall = night.stall
    if state == SessionState.STALLED and stall is not None and not stall.waiting:
        kind = EndKind.CRASH if stall.kind == StallKind.PROCESS_GONE else EndKind.HUNG
        return Ending(kind, words, stall.refs[0] if stall.refs else ref)
    return Ending(EndKind.OPEN, f"It goes on: {reason}", ref)


def _unreachable_api(retrying: RetryStreak) -> Ending:
    """The last that was heard of it are attempts to reach the API."""
    tried = format_count(retrying.attempts, "attempt")
    status = f"HTTP {retrying.status}" if retrying.status else "no connection"
    words = f"The API could not be reached: {tried}, the last with {status}"
    if retrying.status in (401, 403):
        words = f"The API refused the login (HTTP {retrying.status}): {tried}"
    elif retrying.status == 429:
        return Ending(
            EndKind.LIMIT, f"The API refused for a limit (HTTP 429): {tried}", retrying.ref
        )
    return Ending(EndKind.FAILED, words, retrying.ref)


def _broken_off(night: NightSnapshot) -> str:
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


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
