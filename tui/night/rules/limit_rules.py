"""What a usage limit or an API error means at a moment: whether anything goes on by itself, and when."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.model.failures import ApiFailure
from tui.model.stall import Stall
from tui.model.state import SessionState as State
from tui.model.state import StallKind
from tui.model.state import StateReason as Code
from tui.model.timeline import KnownSpan
from tui.night import timeline_builder
from tui.night.activity import IDLE, TOOL, ActivityTracker
from tui.night.pending import UsageLimit
from tui.night.rules.verdicts import StateInputs, StateVerdict, because
from tui.system.format import format_clock, format_duration, format_local, shorten
from tui.system.lazy_pattern import lazy

GRACE = 120.0
"""Seconds after a reset in which nothing need have come yet."""
_WINDOWS = {"five_hour": "5 h"}
# The answer of the API as the CLI quotes it, also one that was cut; its message says what is wrong.
_API_ANSWER = lazy(r'\{\s*"(?:type|error)".*?"message"\s*:\s*"((?:[^"\\]|\\.)*).*', re.S)


def idle_after_limit(activity: ActivityTracker, until: float | None) -> KnownSpan | None:
    """From a limit's reset on nothing kept a turn waiting that the CLI had given up."""
    limit = activity.limit
    if limit is None or limit.resets_at is None or until is None or not activity.rests:
        return None
    if until <= limit.resets_at:
        return None
    return KnownSpan(limit.resets_at, until, timeline_builder.IDLE)


def note_lifted_limit(activity: ActivityTracker, at: float | None, spans: list[KnownSpan]) -> None:
    """What comes at `at` ends a wait; it was none any more since the limit's reset."""
    span = None if activity.limit is None else idle_after_limit(activity, at)
    if span is not None:
        spans.append(span)


def judge_wait(inputs: StateInputs, due: float | None) -> StateVerdict:
    """The verdict while our supervisor waits for a usage limit to be lifted, until `due`."""
    known = inputs.activity.limit or UsageLimit("", due, None)
    limit = known if known.resets_at is not None else replace(known, resets_at=due)
    words, ends_at = describe_limit(limit, inputs.now, inputs.ends_at), inputs.ends_at
    if due is not None and (ends_at is None or due <= ends_at):
        words += "; then the run goes on by itself"
    stall = _limit_stall(inputs, limit, words, waiting=True)
    return because(Code.USAGE_LIMIT, words, stall.since, stall=stall, until=due)


def judge_limit(inputs: StateInputs) -> StateVerdict | None:
    """The verdict where a usage limit is what the session waits for, or what ended it."""
    activity, now, limit = inputs.activity, inputs.now, inputs.activity.limit
    if limit is None or activity.phase == TOOL or _was_interrupted(activity):
        return None
    over = limit.is_over(now)
    ended = inputs.alive is None and activity.phase == IDLE  # as far as anybody knows
    if inputs.alive is False or ended or (activity.rests and over):
        return _ended_by_limit(inputs, limit, over)
    due = _due(activity, limit)
    allowed = max(GRACE, inputs.limits.api_silence_seconds)
    overdue = due is not None and now > due + allowed
    words = describe_limit(limit, now, inputs.ends_at)
    stall = _limit_stall(inputs, limit, words, waiting=not overdue)
    if overdue:
        return because(Code.LIMIT_OVERDUE, words, stall.since, stall=stall)
    return because(Code.USAGE_LIMIT, words, stall.since, stall=stall, until=due)


def _was_interrupted(activity: ActivityTracker) -> bool:
    """Whether a person ended the last turn, and nothing else is asked."""
    end = activity.turn_end
    return activity.phase == IDLE and end is not None and end.interrupted


def _limit_reported_at(inputs: StateInputs, limit: UsageLimit) -> float:
    """When the limit was told, as far as that is known."""
    return limit.since if limit.since is not None else inputs.state.last_sign or inputs.now


def _limit_stall(inputs: StateInputs, limit: UsageLimit, words: str, *, waiting: bool) -> Stall:
    since = _limit_reported_at(inputs, limit)
    evidence = (words, f"limited for {format_duration(inputs.now - since)}")
    return Stall(StallKind.LIMIT_WAIT, since, evidence, inputs.refs, waiting=waiting)


def _ended_by_limit(inputs: StateInputs, limit: UsageLimit, over: bool) -> StateVerdict:
    words = _taken_up_by_nobody(inputs, limit) if over else describe_limit(limit, inputs.now)
    if inputs.alive is False and not over:
        words += "; no agent lives here to wait for it"
    until, since = None if over else limit.resets_at, _limit_reported_at(inputs, limit)
    return because(Code.USAGE_LIMIT, words, since, state=State.FAILED, until=until)


def _due(activity: ActivityTracker, limit: UsageLimit) -> float | None:
    """When something should go on: at the reset, or later where the CLI waits longer."""
    retry = activity.retry.due if activity.retry is not None else None
    moments = [moment for moment in (limit.resets_at, retry) if moment is not None]
    return max(moments, default=None)


def judge_failure(inputs: StateInputs) -> StateVerdict | None:
    """The verdict where the last thing that came was an API error, and the turn is over."""
    activity, failure = inputs.activity, inputs.activity.failure
    if failure is None or activity.limit is not None or activity.main_calls:
        return None
    if not activity.rests or _was_interrupted(activity):
        return None
    words = describe_failure(failure)
    if inputs.alive:
        words += "; the process waits for the next message"
    elif inputs.alive is False and not failure.kind.needs_person:
        words += "; Claude's --resume takes it up again"
    return because(Code.TURN_FAILED, words, activity.since)


def describe_failure(failure: ApiFailure) -> str:
    """An API error in a sentence: its class, its words, and what a person can do."""
    kind, text = failure.kind, shorten(_API_ANSWER.sub(r"\1", failure.text), 160).rstrip(".")
    said = f"{kind.words}: {text}" if text else kind.words
    return f"{said}; to do: {kind.remedy}" if kind.remedy else said


def limit_name(window: str) -> str:
    """ "usage limit (5 h)", "usage limit (Opus weekly)"; without a window "usage limit"."""
    shown = _WINDOWS.get(window, window.replace("_", " "))
    return f"usage limit ({shown})" if shown else "usage limit"


def describe_limit(limit: UsageLimit, now: float, ends_at: float | None = None) -> str:
    """Which limit it is and when it is lifted; also said where that is after the night's end."""
    name, resets = limit_name(limit.window), limit.resets_at
    if resets is None:
        if limit.words:
            return f"{name}: it says: {limit.words}"
        return f"{name}: nobody said until when"
    if now > resets + GRACE:
        ago = format_duration(now - resets)
        return (
            f"{name}: was to be lifted at {moment(resets, now)}, {ago} ago, and nothing came since"
        )
    words = f"{name}: lifted in {format_duration(resets - now)}, at {moment(resets, now)}"
    if ends_at is not None and resets > ends_at:
        words += f", after the run's end at {moment(ends_at, now)}"
    return words


def _taken_up_by_nobody(inputs: StateInputs, limit: UsageLimit) -> str:
    name, resets = limit_name(limit.window), limit.resets_at
    if resets is None:
        words = f"{name} ended it; {limit.words or 'it'} is past, and nobody took it up"
    else:
        ago = format_duration(inputs.now - resets)
        at = moment(resets, inputs.now)
        words = f"{name} ended it; the limit was over at {at}, {ago} ago, and nobody took it up"
    return f"{words}; the process waits for the next message" if inputs.alive else words


def moment(at: float, now: float) -> str:
    """A moment by its clock, with the day where it is not today."""
    today = format_local(at, "%Y-%m-%d") == format_local(now, "%Y-%m-%d")
    if today:
        return format_clock(at, seconds=False)
    return format_local(at, "%a %H:%M" if abs(at - now) < 6 * 86_400 else "%Y-%m-%d %H:%M")
