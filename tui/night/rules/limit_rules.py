"""What a usage limit or an API error means at a moment: whether anything goes on by itself, and when."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.failures import ApiFailure
from tui.model.snapshot import Stall
from tui.model.state import SessionState as State
from tui.model.state import StallKind, StallThresholds
from tui.model.state import StateReason as Code
from tui.model.timeline import KnownSpan
from tui.night import timeline_builder
from tui.night.activity import IDLE, TOOL, ActivityTracker
from tui.night.pending import UsageLimit
from tui.system.format import format_clock, format_duration, format_local, shorten

GRACE = 120.0
"""Seconds after a reset in which nothing need have come yet."""
_WINDOWS = {"five_hour": "5 h"}


class LimitVerdict(Struct, frozen=True):
    """The state of a session that a limit or an API error stopped, as `StateVerdict` has it."""

    code: Code
    state: State
    reason: str
    since: float | None = None
    stall: Stall | None = None
    until: float | None = None


class LimitCase(Struct, frozen=True):
    """What a verdict on a limit rests on.

    `alive` is None where nobody looked. `sign` is the last sign of life. `ends_at` is when the night ends
    whatever happens, if that is known.
    """

    activity: ActivityTracker
    now: float
    alive: bool | None
    sign: float | None
    thresholds: StallThresholds
    refs: tuple[SourceRef, ...] = ()
    ends_at: float | None = None

    @property
    def turn_over(self) -> bool:
        """Whether the CLI gave the turn up: only a message or a new process goes on from there."""
        return self.activity.rests

    @property
    def was_interrupted(self) -> bool:
        """Whether a person ended the last turn, and nothing else is asked."""
        end = self.activity.turn_end
        return self.activity.phase == IDLE and end is not None and end.interrupted

    def since(self, limit: UsageLimit) -> float:
        """When the limit was told, as far as that is known."""
        return limit.since if limit.since is not None else self.sign or self.now


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


def judge_wait(case: LimitCase, due: float | None) -> LimitVerdict:
    """The verdict while our supervisor waits for a usage limit to be lifted, until `due`."""
    activity, now = case.activity, case.now
    known = activity.limit or UsageLimit("", due, None)
    limit = known if known.resets_at is not None else replace(known, resets_at=due)
    since = case.since(limit)
    words = describe_limit(limit, now, case.ends_at)
    if due is not None and (case.ends_at is None or due <= case.ends_at):
        words += "; then the run goes on by itself"
    evidence = (words, f"limited for {format_duration(now - since)}")
    stall = Stall(StallKind.LIMIT_WAIT, since, evidence, case.refs, waiting=True)
    return LimitVerdict(Code.USAGE_LIMIT, State.RATE_LIMITED, words, since, stall, due)


def judge_limit(case: LimitCase) -> LimitVerdict | None:
    """The verdict where a usage limit is what the session waits for, or what ended it."""
    activity, now, limit = case.activity, case.now, case.activity.limit
    if limit is None or activity.phase == TOOL or case.was_interrupted:
        return None
    over = limit.is_over(now)
    ended = case.alive is None and activity.phase == IDLE  # as far as anybody knows
    if case.alive is False or ended or (case.turn_over and over):
        return _ended_by_limit(case, limit, over)
    words, since = describe_limit(limit, now, case.ends_at), case.since(limit)
    evidence = (words, f"limited for {format_duration(now - since)}")
    due = _due(activity, limit)
    allowed = max(GRACE, case.thresholds.api_silence_seconds)
    overdue = due is not None and now > due + allowed
    stall = Stall(StallKind.LIMIT_WAIT, since, evidence, case.refs, waiting=not overdue)
    if overdue:
        return LimitVerdict(Code.LIMIT_OVERDUE, State.STALLED, words, since, stall)
    return LimitVerdict(Code.USAGE_LIMIT, State.RATE_LIMITED, words, since, stall, due)


def _ended_by_limit(case: LimitCase, limit: UsageLimit, over: bool) -> LimitVerdict:
    words = _taken_up_by_nobody(case, limit) if over else describe_limit(limit, case.now)
    if case.alive is False and not over:
        words += "; no agent lives here to wait for it"
    until, since = None if over else limit.resets_at, case.since(limit)
    return LimitVerdict(Code.USAGE_LIMIT, State.FAILED, words, since, until=until)


def _due(activity: ActivityTracker, limit: UsageLimit) -> float | None:
    """When something should go on: at the reset, or later where the CLI waits longer."""
    retry = activity.retry.due if activity.retry is not None else None
    moments = [moment for moment in (limit.resets_at, retry) if moment is not None]
    return max(moments, default=None)


def judge_failure(case: LimitCase) -> LimitVerdict | None:
    """The verdict where the last thing that came was an API error, and the turn is over."""
    activity, failure = case.activity, case.activity.failure
    if failure is None or activity.limit is not None or not case.turn_over or activity.main_calls:
        return None
    if case.was_interrupted:
        return None
    words = describe_failure(failure)
    if case.alive:
        words += "; the process waits for the next message"
    return LimitVerdict(Code.TURN_FAILED, State.FAILED, words, activity.since)


def describe_failure(failure: ApiFailure) -> str:
    """An API error in a sentence: its class, its words, and what a person can do."""
    kind, text = failure.kind, shorten(failure.text, 160)
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


def _taken_up_by_nobody(case: LimitCase, limit: UsageLimit) -> str:
    name, resets = limit_name(limit.window), limit.resets_at
    if resets is None:
        words = f"{name} ended it; {limit.words or 'it'} is past, and nobody took it up"
    else:
        ago = format_duration(case.now - resets)
        at = moment(resets, case.now)
        words = f"{name} ended it; the limit was over at {at}, {ago} ago, and nobody took it up"
    return f"{words}; the process waits for the next message" if case.alive else words


def moment(at: float, now: float) -> str:
    """A moment by its clock, with the day where it is not today."""
    today = format_local(at, "%Y-%m-%d") == format_local(now, "%Y-%m-%d")
    if today:
        return format_clock(at, seconds=False)
    return format_local(at, "%a %H:%M" if abs(at - now) < 6 * 86_400 else "%Y-%m-%d %H:%M")
