"""Bodies of records that are neither message nor system record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.feeds.claude.lenient_values import (
    UNREADABLE,
    integer,
    name,
    plain_text,
    read_struct,
    single_line,
    token_usage,
    uuid,
)
from tui.feeds.claude.message_bodies import assistant_body, user_body
from tui.feeds.claude.system_bodies import system_body, unknown_body
from tui.feeds.claude.wire import (
    AttachmentBody,
    AttachmentLine,
    ControlLine,
    CostLine,
    LifecycleLine,
    LimitLine,
    ProgressBody,
    ProgressLine,
    RecordLine,
    ResultLine,
    SystemLine,
    ToolProgress,
    WireModelUse,
)
from tui.model.events import (
    Body,
    ControlMessage,
    HookRun,
    MessageLifecycle,
    ModelUsage,
    Notice,
    PermissionDenied,
    RateLimit,
    RunningCost,
    SilentRecord,
    TaskUpdate,
    TokenUsage,
    ToolHeartbeat,
    TurnResult,
    UnknownRecord,
    UserMessage,
)
from tui.system.format import format_money_plain

_HOOK_OUTCOMES = {
    "hook_success": "success",
    "hook_blocking_error": "blocked",
    "hook_non_blocking_error": "error",
    "hook_error_during_execution": "error",
    "hook_cancelled": "cancelled",
    "hook_additional_context": "added context",
    "hook_stopped_continuation": "stopped the turn",
    "hook_system_message": "message",
    "hook_permission_decision": "decided",
    "async_hook_response": "answered late",
}
_SILENT_KINDS = (
    "environment model deferred_tools_delta agent_listing_delta mcp_instructions_delta "
    "skill_listing skill_discovery dynamic_skill invoked_skills auto_mode auto_mode_exit "
    "session_context date date_change remote_session_change prompt_snapshot todo todo_reminder "
    "task_reminder nested_memory relevant_memories current_session_memory ultramemory plan_mode "
    "plan_mode_reentry plan_mode_exit plan_file_reference plan_approved file directory "
    "already_read_file compact_file_reference pdf_reference edited_text_file edited_image_file "
    "selected_lines_in_ide opened_file_in_ide diagnostics output_style critical_system_reminder "
    "mcp_resource command_permissions agent_mention token_usage output_token_usage "
    "structured_output teammate_mailbox team_context verify_plan_reminder compaction_reminder "
    "context_efficiency context_usage ultrathink_effort image"
)
_SILENT_ATTACHMENTS = frozenset(_SILENT_KINDS.split())


def attachment_body(line: RecordLine, raw: bytes) -> Body:
    """What an attachment holds; a kind that is not known here becomes an `UnknownRecord`."""
    body = read_struct(AttachmentLine, raw).attachment
    if body.type in _HOOK_OUTCOMES:
        return _attached_hook(body)
    if body.type == "queued_command":
        return _queued_message(body)
    if body.type == "task_status":
        return TaskUpdate(
            "updated",
            name(body.taskId),
            "",
            single_line(body.description),
            name(body.taskType),
            name(body.status),
        )
    if body.type == "budget_usd":
        used, total = format_money_plain(body.used or 0), format_money_plain(body.total or 0)
        return Notice("budget", f"{used} of {total} spent", "warning")
    if body.type == "max_turns_reached":
        return Notice("turns", f"the limit of {body.maxTurns or 0} turns is reached", "warning")
    if body.type in _SILENT_ATTACHMENTS:
        return SilentRecord(f"attachment {body.type}")
    return UnknownRecord(
        "attachment", name(body.type), single_line(body.content or body.message, 200)
    )


def _attached_hook(body: AttachmentBody) -> HookRun:
    text = body.content or body.blockingError or body.message or body.stderr or body.stdout
    return HookRun(
        name(body.hookName), name(body.hookEvent), _HOOK_OUTCOMES[body.type], plain_text(text, 2000)
    )


def _queued_message(body: AttachmentBody) -> UserMessage:
    """A queued message that reached the model in the middle of a turn."""
    if body.commandMode == "task-notification":
        return UserMessage(
            "note", plain_text(body.prompt), (), "task-notification", uuid(body.source_uuid)
        )
    return UserMessage("prompt", plain_text(body.prompt), (), "queued", uuid(body.source_uuid))


_HEARTBEATS = {"bash_progress": "Bash", "powershell_progress": "PowerShell", "mcp_progress": ""}
_SILENT_PROGRESS = {"query_update", "search_results_received", "skill_progress", "repl_tool_call"}


def progress_body(line: RecordLine, raw: bytes) -> Body:
    """What a progress record holds; a relayed message of a subagent becomes a message itself."""
    record = read_struct(ProgressLine, raw)
    data, call = record.data, name(record.parentToolUseID or record.toolUseID)
    if data.type == "agent_progress":
        return _relayed_message(line, data, call)
    if data.type in _HEARTBEATS:
        elapsed = data.elapsedTimeSeconds or (data.elapsedTimeMs or 0) / 1000
        return ToolHeartbeat(call, _HEARTBEATS[data.type] or name(data.toolName), elapsed)
    if data.type == "hook_progress":
        return HookRun(
            name(data.hookName), name(data.hookEvent), "running", single_line(data.command)
        )
    if data.type == "waiting_for_task":
        return TaskUpdate(
            "progress", "", call, single_line(data.taskDescription), name(data.taskType), "waiting"
        )
    if data.type in _SILENT_PROGRESS:
        return SilentRecord(f"progress {data.type}")
    return UnknownRecord("progress", name(data.type))


def _relayed_message(line: RecordLine, data: ProgressBody, call: str) -> Body:
    """The message of a subagent; it sets the thread of `line` to the subagent's."""
    try:
        inner = read_struct(RecordLine, data.message) if data.message else RecordLine()
    except UNREADABLE:
        inner = RecordLine()
    line.agent = data.agentId or line.agent or call
    raw = bytes(data.message)
    if inner.type == "assistant":
        return assistant_body(inner, raw)
    if inner.type == "user":
        return user_body(inner, raw)
    return TaskUpdate("progress", name(data.agentId), call, "", "local_agent")


_QUEUE_STATES = {"enqueue": "queued", "dequeue": "started", "popAll": "cancelled"}


def decode_body(line: RecordLine, raw: bytes) -> Body:
    """What the record holds; a type that is not known here becomes an `UnknownRecord`."""
    return _BUILDERS.get(line.type, unknown_body)(line, raw)


def _result(line: RecordLine, raw: bytes) -> Body:
    result = read_struct(ResultLine, raw)
    models = tuple(_model_use(model, use) for model, use in (result.modelUsage or {}).items())
    return TurnResult(
        name(result.subtype),
        bool(result.is_error),
        result.num_turns or 0,
        integer(result.duration_ms),
        result.total_cost_usd,
        models,
        token_usage(result.usage),
        name(result.terminal_reason),
        plain_text(result.result),
        tuple(found for error in (result.errors or [])[:20] if (found := single_line(error, 500))),
        len(result.permission_denials or ()),
        result.queued_turn_count or 0,
        result.api_error_status or 0,
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
    info = read_struct(LimitLine, raw).rate_limit_info
    return RateLimit(name(info.status), info.resetsAt, name(info.rateLimitType), info.utilization)


def _tool_progress(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(ToolProgress, raw)
    return ToolHeartbeat(
        name(record.parent_tool_use_id or record.tool_use_id),
        name(record.tool_name),
        record.elapsed_time_seconds or 0.0,
    )


def _lifecycle(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(LifecycleLine, raw)
    return MessageLifecycle(name(record.command_uuid), name(record.state))


def _queue(line: RecordLine, raw: bytes) -> Body:
    """A change of a transcript's queue; a message absorbed by a turn has reached the model."""
    record = read_struct(LifecycleLine, raw)
    state = _QUEUE_STATES.get(record.operation or "") or name(record.operation)
    if record.operation == "remove":
        state = "started" if record.reason == "absorbed_mid_turn" else "removed"
    return MessageLifecycle(name(record.commandUuid), state, plain_text(record.content))


def _control_request(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(ControlLine, raw)
    request = record.request
    if request.subtype == "can_use_tool":
        reason = request.decision_reason or request.description
        return PermissionDenied(
            name(request.tool_name), name(request.tool_use_id), single_line(reason), True
        )
    return ControlMessage(name(record.request_id), name(request.subtype), True)


def _control_response(line: RecordLine, raw: bytes) -> Body:
    answer = read_struct(ControlLine, raw).response
    ok = answer.subtype != "error"
    return ControlMessage(
        name(answer.request_id), name(answer.subtype), ok, single_line(answer.error)
    )


def _notice(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(SystemLine, raw)
    first: Any = next(
        filter(None, (record.text, record.content, record.summary, record.message)), None
    )
    text = plain_text(first if first is not None else record.status or record.state or "")
    return Notice(line.type, text or line.type.replace("_", " "))


_NOTICES = "auth_status tool_use_summary conversation_reset active_goal pr-link"
_SILENT_RECORDS = (
    "keep_alive prompt_suggestion transcript_mirror file-history-snapshot file-history-delta "
    "last-prompt ai-title custom-title summary permission-mode mode agent-name agent-color "
    "agent-setting tag tools-used atis-latch api-request api-request-start api-request-end "
    "worktree-state content-replacement attribution-snapshot"
)
_BUILDERS: dict[str, Callable[[RecordLine, bytes], Body]] = {
    **dict.fromkeys(_NOTICES.split(), _notice),
    **dict.fromkeys(_SILENT_RECORDS.split(), lambda line, raw: SilentRecord(line.type)),
    "assistant": assistant_body,
    "user": user_body,
    "system": system_body,
    "result": _result,
    "rate_limit_event": _rate_limit,
    "tool_progress": _tool_progress,
    "command_lifecycle": _lifecycle,
    "queue-operation": _queue,
    "control_request": _control_request,
    "control_response": _control_response,
    "control_cancel_request": lambda line, raw: ControlMessage(
        name(read_struct(ControlLine, raw).request_id), "cancel", True
    ),
    "cost-state": lambda line, raw: RunningCost(read_struct(CostLine, raw).totalCostUSD or 0.0),
    "attachment": attachment_body,
    "progress": progress_body,
}
