"""Why a night ended: from the run's own record, else from what its files say."""

from __future__ import annotations

from tui.model.events import SourceRef
from tui.model.review import Ending
from tui.model.snapshot import NightSnapshot
from tui.model.state import EndKind, SessionState, StallKind, StateReason
from tui.night.evidence.wasted_work import RetryStreak
from tui.system.format import format_count, format_duration, shorten


def classify_ending(
    snapshot: NightSnapshot,
    broke_off: bool,
    ref: SourceRef | None,
    spoke_last: bool = False,
    retrying: RetryStreak | None = None,
) -> Ending:
    """The kind of the end and one sentence; `ref` is the last thing the session recorded.

    `broke_off` says that its files end in the middle and no process of it is there any more: then
    nothing tells why. `spoke_last` says that a transcript's last word is the agent's own: not all
    versions write down that the turn is over; `retrying` are attempts to reach the API that nothing
    came after. The record of a run of ours comes before everything else.
    """
    exit = snapshot.run.exit
    if snapshot.run.owned and exit is not None and snapshot.run.ended_at is not None:
        kind = exit.kind.review_word
        return Ending(kind, _recorded_reason(snapshot, exit.reason.strip(), exit.kind), ref)
    if broke_off and spoke_last and snapshot.state != SessionState.RATE_LIMITED:
        return Ending(
            EndKind.TURN_ENDED, "Its last word is an answer, and nothing came after it", ref
        )
    if broke_off and retrying is not None:
        return _unreachable_api(retrying)
    return _ending_of_state(snapshot, broke_off, ref)


def _recorded_reason(snapshot: NightSnapshot, reason: str, kind: EndKind) -> str:
    """The record's sentence, with who killed it where it does not say so."""
    sentence = shorten(reason, 300) or "the run ended"
    kills = (action for action in reversed(snapshot.interventions.others) if action.kind == "kill")
    by = next((action.by for action in kills), "")
    if kind == EndKind.KILLED and by and by not in sentence:
        sentence = f"{sentence} (by {by})"
    return _capitalised(sentence)


# The order of these cases is the rule: the first match wins.
def _ending_of_state(snapshot: NightSnapshot, broke_off: bool, ref: SourceRef | None) -> Ending:
    state, reason, stall = snapshot.state, snapshot.activity.reason, snapshot.stall
    sentence = _capitalised(shorten(reason, 300))
    if state == SessionState.FINISHED:
        return _finished(snapshot, sentence, ref)
    if state == SessionState.KILLED:
        return Ending(EndKind.KILLED, sentence, ref)
    if state == SessionState.FAILED:
        is_limit = snapshot.activity.state_reason == StateReason.USAGE_LIMIT
        return Ending(EndKind.LIMIT if is_limit else EndKind.FAILED, sentence, ref)
    if state == SessionState.CRASHED:
        return Ending(EndKind.CRASH, sentence, ref)
    if state == SessionState.RATE_LIMITED and broke_off:
        return Ending(EndKind.LIMIT, f"It waited for a limit and did not go on: {reason}", ref)
    if broke_off:
        return Ending(EndKind.CRASH, _broken_off(snapshot), ref)
    if state == SessionState.WAITING_PERMISSION:
        return Ending(EndKind.NEEDS_PERSON, sentence, ref)
    if state == SessionState.STALLED and stall is not None and not stall.waiting:
        kind = EndKind.CRASH if stall.kind == StallKind.PROCESS_GONE else EndKind.HUNG
        return Ending(kind, sentence, stall.refs[0] if stall.refs else ref)
    return Ending(EndKind.OPEN, f"It goes on: {reason}", ref)


def _finished(snapshot: NightSnapshot, sentence: str, ref: SourceRef | None) -> Ending:
    progress = snapshot.progress
    if progress is None or progress.basis == "unknown" or not progress.done:
        return Ending(EndKind.TURN_ENDED, sentence, ref)
    if progress.open:
        return Ending(EndKind.TURN_ENDED, f"{sentence}; {progress.open} tasks are open", ref)
    return Ending(EndKind.TASKS_DONE, f"{sentence}; no task is open", ref)


def _unreachable_api(retrying: RetryStreak) -> Ending:
    """The last records are attempts to reach the API."""
    attempts, status = format_count(retrying.attempts, "attempt"), retrying.status
    if status == 429:
        sentence = f"The API refused for a limit (HTTP 429): {attempts}"
        return Ending(EndKind.LIMIT, sentence, retrying.ref)
    if status in (401, 403):
        sentence = f"The API refused the login (HTTP {status}): {attempts}"
    else:
        answer = f"HTTP {status}" if status else "no connection"
        sentence = f"The API could not be reached: {attempts}, the last with {answer}"
    return Ending(EndKind.FAILED, sentence, retrying.ref)


def _broken_off(snapshot: NightSnapshot) -> str:
    """What it was doing when its files end; nothing there says why."""
    tools = snapshot.activity.tools
    if tools:
        what = f"{tools[0].name} {shorten(tools[0].target, 60)}".strip() + " has no answer"
    elif snapshot.counts.turns or snapshot.counts.tool_calls:
        what = "the model owed an answer"
    else:
        what = "its first turn was never answered"
    quiet = format_duration(snapshot.activity.idle_seconds)
    return f"Its record breaks off in the middle of a turn: {what}; nothing came for {quiet}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
