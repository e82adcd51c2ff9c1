"""How long silence may last in each situation.

While a tool runs, the CLI sends a heartbeat every 30 s, but only since some version and only on
its stream. Without them a quiet tool is normal for long, and so it is while its process lives.
Waiting for leave, for a limit's end or for a retry is no stall.
"""

from __future__ import annotations

from tui.model.cli_commands import ASKING, SUBAGENTS
from tui.model.events import Body, MessageLifecycle, SourceRef, TaskUpdate, UserMessage
from tui.model.stall import Stall
from tui.model.state import StallKind, StallThresholds
from tui.model.timeline import BUCKET_SECONDS
from tui.night import timeline_builder
from tui.night.activity import REQUESTING, STARTING, STREAMING, TOOL
from tui.night.fold_state import FoldState
from tui.night.rules.background_rules import running_hook
from tui.night.stuck.step import shown_text
from tui.system.format import format_duration
from tui.system.lazy_pattern import lazy

_WITHOUT_BEATS = (2, 1, 143)
"""The newest version whose recorded streams have no heartbeats; the ones after it are taken to."""
_VERSION = lazy(r"(\d+)\.(\d+)\.(\d+)")


def _expects_heartbeats(state: FoldState) -> bool:
    """Whether a running tool of this session would send heartbeats."""
    if state.activity.has_heartbeats or not state.has_stream:
        return state.activity.has_heartbeats
    match = _VERSION.match(state.agent_version)
    return match is None or tuple(map(int, match.groups())) > _WITHOUT_BEATS


def allowed_silence(state: FoldState, limits: StallThresholds) -> float:
    """Seconds without any sign of life that are normal in this moment."""
    calls = state.activity.open_calls.values()
    waits_for_answer = calls and all(tool.call.name in SUBAGENTS for tool in calls)
    if state.activity.phase != TOOL or waits_for_answer:
        return limits.api_silence_seconds
    beats = _expects_heartbeats(state)
    return limits.tool_heartbeat_seconds if beats else limits.quiet_tool_seconds


# A shell command may take ten minutes; one that took as long and came back was at work.
_LONGEST_COMMAND = 630.0
# The CLI gives up on a dead connection, and ends a command, long before this: it did not run meanwhile.
_TIMERS_STOOD = 3600.0
_LONGEST_COMPACTION = 900.0
_REFUSED = ("The user doesn't want to ", "The user wants to ")
_STUCK_KINDS = (timeline_builder.WORKING, timeline_builder.TOOL, timeline_builder.API)


# complexity: the order of these cases is the rule, and the first that fits wins
def past_silence(
    state: FoldState, since: float, at: float, body: Body | None, limits: StallThresholds
) -> int:
    """What a silence from `since` to `at` was, which `body` ends: a kind of time.

    Waiting for a person is idle. So is what nothing but a machine that slept explains: a session that we did
    not supervise goes on by itself after longer than the CLI's own timers allow.
    """
    activity, passed = state.activity, at - since
    kind, limit = activity.time_kind(), activity.ended_limit
    if limit is not None and since < (limit.resets_at or 0.0) <= at + BUCKET_SECONDS:
        return timeline_builder.LIMITED
    if kind not in _STUCK_KINDS:
        return kind
    if activity.rests:
        return kind if _ends_task(state, body) else timeline_builder.IDLE
    user = body if isinstance(body, UserMessage) else UserMessage("note")
    asked = state.asked_at
    if (asked is not None and since <= asked <= at) or _was_refused(user):
        return timeline_builder.IDLE
    if activity.retry is not None or passed <= allowed_silence(state, limits):
        return kind
    if kind == timeline_builder.TOOL and _was_at_work(state, user, passed):
        return kind
    watched = user.role == "interrupted" or bool(state.interventions.attempts)
    return timeline_builder.STALLED if watched or passed < _TIMERS_STOOD else timeline_builder.IDLE


def _ends_task(state: FoldState, body: Body | None) -> bool:
    """Whether a background task is told to be over, which so ran all the while."""
    tasks: tuple[TaskUpdate, ...] = ()
    if isinstance(body, UserMessage | MessageLifecycle):
        tasks = body.tasks
    elif isinstance(body, TaskUpdate):
        tasks = (body,)
    return any(task.is_over and task.task_id in state.activity.background.tasks for task in tasks)


def _was_at_work(state: FoldState, user: UserMessage, passed: float) -> bool:
    """Whether the answer that ends a silence shows that its tool worked so long; a subagent may for hours."""
    calls = state.activity.open_calls
    answered = [calls.get(one.tool_use_id) for one in user.results if not one.is_error]
    from_agent = any(tool is not None and tool.call.name in SUBAGENTS for tool in answered)
    return bool(answered) and (from_agent or passed <= _LONGEST_COMMAND)


def _was_refused(user: UserMessage) -> bool:
    """Whether a person said no to a call: until then it had waited for them."""
    return any(one.is_error and one.excerpt.startswith(_REFUSED) for one in user.results)


def _is_excused(state: FoldState, now: float, quiet: float) -> bool:
    """Whether it waits for a person or a limit, or is at what is known to be silent."""
    activity = state.activity
    if activity.question is not None or activity.limit is not None:
        return True
    summarises = activity.compacting and quiet <= _LONGEST_COMPACTION
    return summarises or running_hook(state, now) is not None


def detect_silence(
    state: FoldState, now: float, last_sign: float, limits: StallThresholds
) -> Stall | None:
    """The stall that a silence since `last_sign` is by now, or None."""
    activity = state.activity
    quiet = now - last_sign
    kind = StallKind.SILENT_API
    refs: tuple[SourceRef, ...] = () if state.last_ref is None else (state.last_ref,)
    evidence: tuple[str, ...] = ()
    if _is_excused(state, now, quiet):
        return None
    if activity.retry is not None:
        evidence = _late_retry(state, now, last_sign, limits)
    elif activity.phase == TOOL:
        kind, refs = StallKind.SILENT_TOOL, tuple(t.ref for t in activity.open_calls.values())[:5]
        evidence = _quiet_tool(state, quiet, limits)
    elif (
        activity.phase == REQUESTING
        and activity.after_tool
        and not activity.request_reported
        and quiet > limits.wedge_seconds
    ):
        kind = StallKind.WEDGED
        evidence = (
            f"a tool's answer came {format_duration(quiet)} ago, and nothing since",
            f"allowed: {format_duration(limits.wedge_seconds)}; no request to the API was announced",
        )
    elif activity.phase in _WAITS and quiet > limits.api_silence_seconds:
        evidence = (
            _WAITS[activity.phase],
            _nothing_for(quiet, limits.api_silence_seconds),
            "no tool runs, and no retry is announced",
        )
    return Stall(kind, last_sign, evidence, refs) if evidence else None


_WAITS = {
    STARTING: "the session has not begun its first turn",
    REQUESTING: "a request is out, and no answer has begun",
    STREAMING: "an answer had begun and did not go on",
}


def _nothing_for(quiet: float, allowed: float) -> str:
    quiet_for, most = format_duration(quiet), format_duration(allowed)
    return f"no sign of life for {quiet_for}; allowed: {most}"


def _late_retry(
    state: FoldState, now: float, last_sign: float, limits: StallThresholds
) -> tuple[str, ...]:
    retry, allowed = state.activity.retry, limits.api_silence_seconds
    if retry is None:
        return ()
    late = now - max(last_sign, last_sign if retry.due is None else retry.due)
    if late <= allowed:
        return ()
    what = f"retry {retry.attempt} of {retry.limit}"
    return (
        f"{what} was due {format_duration(late)} ago and did not come",
        f"allowed: {format_duration(allowed)}",
    )


def _quiet_tool(state: FoldState, quiet: float, limits: StallThresholds) -> tuple[str, ...]:
    tools = list(state.activity.open_calls.values())
    beats = _expects_heartbeats(state)
    allowed = allowed_silence(state, limits)
    children = None if state.agents is None else sum(agent.children for agent in state.agents)
    if quiet <= allowed or (children and not beats):
        return ()
    if any(tool.call.name in ASKING for tool in tools):
        return ()
    named = "a tool"
    if tools:
        named = f"{tools[0].call.name} {shown_text(tools[0].call.target, 60)}".strip()
    if len(tools) > 1:
        named += f" and {len(tools) - 1} more"
    heartbeat = f"no heartbeat for {format_duration(quiet)} (one comes every 30 s)"
    return (
        f"{named} has not answered",
        heartbeat if beats else _nothing_for(quiet, allowed),
        *(() if children is None else (f"processes under the agent: {children}",)),
    )
