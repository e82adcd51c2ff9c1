"""The body of every record that is no message and no `system` record, by its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.feeds.attachments import attachment
from tui.feeds.loose_bodies import unknown
from tui.feeds.message_bodies import assistant, user
from tui.feeds.plain_values import single_line as one_line
from tui.feeds.plain_values import name, usage, integer, plain_text
from tui.feeds.relayed import progress
from tui.feeds.system_bodies import system
from tui.feeds.tolerant import read
from tui.feeds.wire import RecordLine
from tui.feeds.wire_rare import (
    ControlLine,
    CostLine,
    LifecycleLine,
    LimitLine,
    ResultLine,
    SystemLine,
    ToolProgress,
    WireModelUse,
)
from tui.records import (
    Body,
    ControlMessage,
    RunningCost,
    PermissionDenied,
    ToolHeartbeat,
    SilentRecord,
    MessageLifecycle,
    ModelUsage,
    Notice,
    RateLimit,
    TurnResult,
    TokenUsage,
)

_QUEUE_STATES = {"enqueue": "queued", "dequeue": "started", "popAll": "cancelled"}


def body_of(line: RecordLine, raw: bytes) -> Body:
    """What the record says; a type not known here becomes `Unknown`."""
    return BUILDERS.get(line.type, unknown)(line, raw)


def _result(line: RecordLine, raw: bytes) -> Body:
    o = read(ResultLine, raw)
    models = tuple(_model_use(model, use) for model, use in (o.modelUsage or {}).items())
    return TurnResult(
        name(o.subtype),
        bool(o.is_error),
        o.num_turns or 0,
        integer(o.duration_ms),
        o.total_cost_usd,
        models,
        usage(o.usage),
        name(o.terminal_reason),
        plain_text(o.result),
        tuple(found for error in (o.errors or [])[:20] if (found := one_line(error, 500))),
        len(o.permission_denials or ()),
        o.queued_turn_count or 0,
        o.api_error_status or 0,
    )


def _model_use(model: str, use: WireModelUse) -> ModelUsage:
    hour = use.cacheCreationEphemeral1hInputTokens or 0
    five = use.cacheCreationEphemeral5mInputTokens
    if five is None:
        five = max((use.cacheCreationInputTokens or 0) - hour, 0)
    tokens = TokenUsage(
        use.inputTokens or 0, use.outputTokens or 0, five, hour, use.cacheReadInputTokens or 0
    )
    return ModelUsage(name(model), tokens, use.costUSD or 0.0, use.contextWindow or 0)


def _rate_limit(line: RecordLine, raw: bytes) -> Body:
    info = read(LimitLine, raw).rate_limit_info
    return RateLimit(name(info.status), info.resetsAt, name(info.rateLimitType), info.utilization)


def _tool_progress(line: RecordLine, raw: bytes) -> Body:
    p = read(ToolProgress, raw)
    return ToolHeartbeat(
        name(p.parent_tool_use_id or p.tool_use_id),
        name(p.tool_name),
        p.elapsed_time_seconds or 0.0,
    )


def _lifecycle(line: RecordLine, raw: bytes) -> Body:
    c = read(LifecycleLine, raw)
    return MessageLifecycle(name(c.command_uuid), name(c.state))


def _queue(line: RecordLine, raw: bytes) -> Body:
    """A transcript's queue; what is removed because a turn took it in has reached the model."""
    q = read(LifecycleLine, raw)
    state = _QUEUE_STATES.get(q.operation or "") or name(q.operation)
    if q.operation == "remove":
        state = "started" if q.reason == "absorbed_mid_turn" else "removed"
    return MessageLifecycle(name(q.commandUuid), state, plain_text(q.content))


def _control_request(line: RecordLine, raw: bytes) -> Body:
    c = read(ControlLine, raw)
    request = c.request
    if request.subtype == "can_use_tool":
        reason = request.decision_reason or request.description
        return PermissionDenied(name(request.tool_name), name(request.tool_use_id), one_line(reason), True)
    return ControlMessage(name(c.request_id), name(request.subtype), True)


def _control_response(line: RecordLine, raw: bytes) -> Body:
    answer = read(ControlLine, raw).response
    ok = answer.subtype != "error"
    return ControlMessage(name(answer.request_id), name(answer.subtype), ok, one_line(answer.error))


def _control_cancel(line: RecordLine, raw: bytes) -> Body:
    return ControlMessage(name(read(ControlLine, raw).request_id), "cancel", True)


def _cost(line: RecordLine, raw: bytes) -> Body:
    return RunningCost(read(CostLine, raw).totalCostUSD or 0.0)


def _notice(line: RecordLine, raw: bytes) -> Body:
    s = read(SystemLine, raw)
    found: Any = next(filter(None, (s.text, s.content, s.summary, s.message)), None)
    told = plain_text(found if found is not None else s.status or s.state or "")
    return Notice(line.type, told or line.type.replace("_", " "))


def _quiet(line: RecordLine, raw: bytes) -> Body:
    return SilentRecord(line.type)


_NOTICES = "auth_status tool_use_summary conversation_reset active_goal pr-link"
_QUIET_RECORDS = (
    "keep_alive prompt_suggestion transcript_mirror file-history-snapshot file-history-delta "
    "last-prompt ai-title custom-title summary permission-mode mode agent-name agent-color "
    "agent-setting tag tools-used atis-latch api-request api-request-start api-request-end "
    "worktree-state content-replacement attribution-snapshot"
)
BUILDERS: dict[str, Callable[[RecordLine, bytes], Body]] = {
    **dict.fromkeys(_NOTICES.split(), _notice),
    **dict.fromkeys(_QUIET_RECORDS.split(), _quiet),
    "assistant": assistant,
    "user": user,
    "system": system,
    "result": _result,
    "rate_limit_event": _rate_limit,
    "tool_progress": _tool_progress,
    "command_lifecycle": _lifecycle,
    "queue-operation": _queue,
    "control_request": _control_request,
    "control_response": _control_response,
    "control_cancel_request": _control_cancel,
    "cost-state": _cost,
    "attachment": attachment,
    "progress": progress,
}
