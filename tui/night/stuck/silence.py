"""How long silence may last in each situation.

While a tool runs, the CLI sends a heartbeat every 30 s, but only since some version and only on
its stream. Without them a quiet tool is normal for long, and so it is while its process lives.
Waiting for leave, for a limit's end or for a retry is no stall.
"""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.snapshot import Stall
from tui.model.state import StallKind
from tui.night.activity import (
    ASKING,
    REQUESTING,
    STARTING,
    STREAMING,
    SUBAGENTS,
    TOOL,
    ActivityTracker,
    OpenToolCall,
)
from tui.system.format import format_duration, shorten
from tui.system.lazy_pattern import lazy


class StallThresholds(Struct, frozen=True):
    """Seconds of silence and counts of equal rounds.

    The CLI sends a heartbeat every 30 s of a running tool, so three missed ones mean a frozen
    process. It cuts a dead API connection by itself after three to five minutes. A CLI without
    heartbeats may rightly be quiet in a tool for `quiet_tool_seconds`.
    """

    tool_heartbeat_seconds: float = 90.0
    quiet_tool_seconds: float = 3600.0
    api_silence_seconds: float = 360.0
    wedge_seconds: float = 360.0
    answer_patience_seconds: float = 20.0
    loop_notice: int = 3
    loop_nudge: int = 5
    loop_stop: int = 8
    loop_longest_cycle: int = 5
    pollers: tuple[str, ...] = ("sleep", "wait", "gh run watch", "tail")
    poller_factor: float = 4.0


_WITHOUT_BEATS = (2, 1, 143)
"""The newest version whose recorded streams have no heartbeats; the ones after it are taken to."""
_VERSION = lazy(r"(\d+)\.(\d+)\.(\d+)")
_LATE_RETRY = 30.0


class SilenceFacts(Struct, frozen=True):
    """What judging a silence needs besides the facts of the moment."""

    last_sign: float
    version: str
    has_stream: bool
    children: int | None
    ref: SourceRef | None


def expects_heartbeats(activity: ActivityTracker, version: str, streams: bool) -> bool:
    """Whether a running tool of this session would send heartbeats."""
    if activity.has_heartbeats:
        return True
    if not streams:
        return False
    match = _VERSION.match(version)
    return match is None or tuple(map(int, match.groups())) > _WITHOUT_BEATS


def allowed_silence(activity: ActivityTracker, limits: StallThresholds, beats: bool) -> float:
    """Seconds without any sign of life that are normal in this moment."""
    if activity.phase != TOOL:
        return limits.api_silence_seconds
    names = {tool.call.name for tool in activity.open_calls.values()}
    if names and names <= SUBAGENTS:
        return limits.api_silence_seconds
    return limits.tool_heartbeat_seconds if beats else limits.quiet_tool_seconds


def detect_silence(
    activity: ActivityTracker, now: float, about: SilenceFacts, limits: StallThresholds
) -> Stall | None:
    """The stall that a silence since `about.last_sign` is by now, or None."""
    if activity.question is not None or activity.limit is not None:
        return None
    quiet = now - about.last_sign
    if activity.retry is not None:
        return _late_retry(activity, now, about, limits)
    if activity.phase == TOOL:
        return _in_tool(activity, quiet, about, limits)
    if activity.phase not in (STARTING, REQUESTING, STREAMING):
        return None
    wedged = activity.phase == REQUESTING and activity.after_tool and not activity.request_reported
    if wedged and quiet > limits.wedge_seconds:
        waited = (
            f"a tool's answer came {format_duration(quiet)} ago, and nothing since",
            f"allowed: {format_duration(limits.wedge_seconds)}; no request to the API was announced",
        )
        return _stall(StallKind.WEDGED, about, waited)
    if quiet <= limits.api_silence_seconds:
        return None
    where = {
        STARTING: "the session has not begun its first turn",
        REQUESTING: "a request is out, and no answer has begun",
        STREAMING: "an answer had begun and did not go on",
    }[activity.phase]
    evidence = (
        where,
        f"no sign of life for {format_duration(quiet)}; allowed: {format_duration(limits.api_silence_seconds)}",
        "no tool runs, and no retry is announced",
    )
    return _stall(StallKind.SILENT_API, about, evidence)


def _late_retry(
    activity: ActivityTracker, now: float, about: SilenceFacts, limits: StallThresholds
) -> Stall | None:
    retry = activity.retry
    if retry is None:
        return None
    due = max(about.last_sign, retry.due if retry.due is not None else about.last_sign)
    if now - due <= limits.api_silence_seconds:
        return None
    evidence = (
        f"retry {retry.attempt} of {retry.limit} was due {format_duration(now - due)} ago and did not come",
        f"allowed: {format_duration(limits.api_silence_seconds)}",
    )
    return _stall(StallKind.SILENT_API, about, evidence)


def _in_tool(
    activity: ActivityTracker, quiet: float, about: SilenceFacts, limits: StallThresholds
) -> Stall | None:
    tools = list(activity.open_calls.values())
    if any(tool.call.name in ASKING for tool in tools):
        return None
    beats = expects_heartbeats(activity, about.version, about.has_stream)
    allowed = allowed_silence(activity, limits, beats)
    if quiet <= allowed:
        return None
    if not beats and about.children:
        return None
    heartbeat = f"no heartbeat for {format_duration(quiet)} (one comes every 30 s)"
    evidence = (
        f"{_named(tools)} has not answered",
        heartbeat
        if beats
        else f"no sign of life for {format_duration(quiet)}; allowed: {format_duration(allowed)}",
        *(() if about.children is None else (f"processes under the agent: {about.children}",)),
    )
    refs = tuple(tool.ref for tool in tools[:5])
    return Stall(StallKind.SILENT_TOOL, about.last_sign, evidence, refs)


def _named(tools: list[OpenToolCall]) -> str:
    if not tools:
        return "a tool"
    first = f"{tools[0].call.name} {shorten(tools[0].call.target, 60)}".strip()
    return first if len(tools) == 1 else f"{first} and {len(tools) - 1} more"


def _stall(kind: StallKind, about: SilenceFacts, evidence: tuple[str, ...]) -> Stall:
    refs = () if about.ref is None else (about.ref,)
    return Stall(kind, about.last_sign, evidence, refs)
