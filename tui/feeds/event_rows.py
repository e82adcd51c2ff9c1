"""Events as rows of the events pane, and which of them are shown at which verbosity."""

from __future__ import annotations

from typing import Any

from tui.feeds.row_lines import TROUBLE, URGENT, line_of
from tui.feeds.tool_outcome import outcome
from tui.records import (
    AssistantMessage,
    Body,
    Compaction,
    ControlMessage,
    RunningCost,
    PermissionDenied,
    AgentEvent,
    EventRow,
    ToolHeartbeat,
    HookRun,
    SilentRecord,
    TurnStarted,
    MessageLifecycle,
    MalformedLine,
    Notice,
    StreamDelta,
    RateLimit,
    TurnResult,
    ApiRetry,
    AgentStateReport,
    TaskUpdate,
    ToolResult,
    UnknownRecord,
    UserMessage,
)

_LABEL = 16


def row(event: AgentEvent, result: ToolResult | None = None, seconds: float | None = None) -> EventRow:
    """The row of one record; a tool call's outcome and duration come from its `result`, if known."""
    made = line_of(event.body)
    if isinstance(event.body, AssistantMessage) and event.body.tools and result is not None:
        tools = event.body.tools
        tool = next((tool for tool in tools if tool.id == result.tool_use_id), tools[0])
        told = outcome(tool, result)
        made = made._replace(outcome=told.text, mark=told.mark, seconds=seconds)
    return EventRow(
        made.kind,
        event.at,
        made.label[:_LABEL],
        made.text,
        made.outcome,
        made.mark,
        made.seconds,
        1 if event.thread else 0,
        event.ref,
    )


def visibility(event: AgentEvent) -> int:
    """The verbosity from which on an event has a row: 1 always, 2 with the machinery, 3 everything."""
    body = event.body
    kind = type(body)
    if kind is AssistantMessage:
        return _of_assistant(body)  # type: ignore[arg-type]
    if kind is UserMessage:
        return _of_user(body)  # type: ignore[arg-type]
    fixed = _FIXED.get(kind)
    return fixed if fixed is not None else _by_content(body)


_FIXED: dict[type[Any], int] = {
    TurnResult: 1,
    ApiRetry: 1,
    Compaction: 1,
    PermissionDenied: 1,
    UnknownRecord: 1,
    MalformedLine: 1,
    TurnStarted: 2,
    TaskUpdate: 2,
    MessageLifecycle: 2,
    ToolHeartbeat: 3,
    StreamDelta: 3,
    RunningCost: 3,
    SilentRecord: 3,
}


def _of_assistant(body: AssistantMessage) -> int:
    if body.tools or body.error:
        return 1
    if body.thinking:
        return 2
    return 1 if body.text else 3


def _of_user(body: UserMessage) -> int:
    if body.role == "results":
        return 2
    if body.role in ("synthetic", "note"):
        return 1 if body.text.startswith("Stop hook feedback") else 2
    return 1


def _by_content(body: Body) -> int:
    if isinstance(body, RateLimit):
        return 3 if body.status == "allowed" else 1
    if isinstance(body, Notice):
        return 1 if body.level in URGENT else 2
    if isinstance(body, HookRun):
        return 1 if body.outcome in TROUBLE else 2
    if isinstance(body, AgentStateReport):
        return 1 if body.state == "requires_action" else 3
    if isinstance(body, ControlMessage):
        return 3 if body.ok else 2
    return 1
