"""Bodies of records of many kinds under one type: system records, attachments, progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from tui.feeds.claude import lenient_values, message_bodies, wire
from tui.feeds.claude.denials import denial_of_record
from tui.feeds.claude.lenient_values import name, plain_text, read_struct, single_line, uuid
from tui.feeds.claude.task_notes import tasks_of_note
from tui.feeds.claude.wire import RecordLine, SystemLine
from tui.model import events
from tui.model.cli_commands import ENDED_TASK_STATUSES
from tui.model.events import (
    Body,
    HookRun,
    Notice,
    SilentRecord,
    TaskUpdate,
    UnknownRecord,
)
from tui.system.format import format_money_plain
from tui.system.sgr import strip_ansi

_TEXT_LIMIT = 200
_MOST_CAPABILITIES = 100
_HOOK_TEXT_LIMIT = 2000


def unknown_body(line: RecordLine, raw: bytes) -> UnknownRecord:
    """An `UnknownRecord` with a text from the record, else the names of its keys."""
    record = read_struct(wire.UnknownLine, raw)
    subtype, texts = line.subtype, [record.text, record.summary, record.description]
    texts += [record.message, record.content]
    for inner in (record.payload, record.data):
        if isinstance(inner, dict):
            kind = inner.get("type")
            subtype = subtype or (kind if isinstance(kind, str) else "")
            texts.append(inner.get("text") or inner.get("message") or inner.get("content"))
    lines = (single_line(text, _TEXT_LIMIT) for text in texts if isinstance(text, str | list))
    text = next(filter(None, lines), "") or _key_names(raw)
    return UnknownRecord(name(line.type), name(subtype), text)


def _key_names(raw: bytes) -> str:
    """The names of the keys alone: their values may be private."""
    try:
        value = msgspec.json.decode(raw)
    except lenient_values.UNREADABLE:
        return ""
    if not isinstance(value, dict):
        return ""
    return single_line("keys: " + ", ".join(key for key in value if key != "type"), _TEXT_LIMIT)


def system_body(line: RecordLine, raw: bytes) -> Body:
    """What a `system` record holds; an unknown subtype becomes an `UnknownRecord`."""
    subtype = line.subtype or ""
    build = _SUBTYPES.get(subtype)
    if build is None:
        return unknown_body(line, raw)
    return build(subtype, read_struct(SystemLine, raw))


def _init(subtype: str, record: SystemLine) -> Body:
    words = (record.model, record.cwd, record.claude_code_version, record.permissionMode)
    model, cwd, version, mode = map(name, words)
    as_five = lenient_values.prices_hour_as_five(version)
    able = tuple(map(name, (record.capabilities or ())[:_MOST_CAPABILITIES]))
    return events.TurnStarted(model, cwd, version, mode, as_five, able)


# --- the API ---


def _api_retry(subtype: str, record: SystemLine) -> Body:
    """A retry; the headers of an error are left out, they can hold credentials."""
    error = record.error if isinstance(record.error, dict) else {}
    status = record.error_status or error.get("status")
    return events.ApiRetry(
        record.retryAttempt or record.attempt or 0,
        record.maxRetries or record.max_retries or 0,
        (record.retryInMs or record.retry_delay_ms or 0) / 1000,
        status if isinstance(status, int) else 0,
        single_line(record.error if subtype == "api_retry" else _api_error_type(record)),
    )


def _api_error_type(record: SystemLine) -> str:
    """The type of the API's own error, else the code of a failed connection."""
    if isinstance(record.error, str):
        return record.error
    outer = found = record.error if isinstance(record.error, dict) else {}
    # {"error": {"type": "error", "error": {"type": "overloaded_error"}}}
    while isinstance(inner := found.get("error"), dict):
        found = inner
    if isinstance(found.get("type"), str):
        return str(found["type"])
    for cause in (record.cause, outer.get("cause")):
        if isinstance(cause, dict) and isinstance(cause.get("code"), str):
            return str(cause["code"])
    return "unknown"


def _compact_boundary(subtype: str, record: SystemLine) -> Body:
    metadata = record.compact_metadata or record.compactMetadata
    if metadata is None:
        return events.Compaction("", 0)
    duration = metadata.duration_ms if metadata.duration_ms is not None else metadata.durationMs
    after = metadata.post_tokens if metadata.post_tokens is not None else metadata.postTokens
    return events.Compaction(
        name(metadata.trigger),
        metadata.pre_tokens or metadata.preTokens or 0,
        after,
        None if duration is None else duration / 1000,
    )


def _microcompact(subtype: str, record: SystemLine) -> Body:
    saved = record.microcompactMetadata.tokensSaved if record.microcompactMetadata else None
    text = f"{saved:,} tokens of old tool results dropped" if saved else "old tool results dropped"
    return Notice("microcompaction", text)


# --- background tasks ---

_Phase = Literal["started", "progress", "updated", "ended"]


def _task(subtype: str, record: SystemLine) -> Body:
    status = name(record.status or (record.patch.status if record.patch else None))
    phase = _TASK_PHASES[subtype]
    if phase == "updated" and status in ENDED_TASK_STATUSES:
        phase = "ended"
    description = record.description or record.summary or record.last_tool_name
    return TaskUpdate(
        phase,
        name(record.task_id),
        name(record.tool_use_id),
        single_line(description),
        name(record.task_type),
        status,
        record.usage.total_tokens or 0 if record.usage else 0,
        foreground=record.is_backgrounded is False,
    )


_TASK_PHASES: dict[str, _Phase] = {
    "task_started": "started",
    "task_progress": "progress",
    "task_updated": "updated",
    "task_notification": "ended",
}


# --- hooks and permissions ---


def _hook(subtype: str, record: SystemLine) -> Body:
    outcome = {"hook_started": "started", "hook_progress": "running"}.get(subtype)
    text = record.output or record.stderr or ""
    # Version 2.0 tells the exit code alone.
    ended = name(record.outcome) or ("error" if record.exit_code else "ended")
    return HookRun(
        name(record.hook_name),
        name(record.hook_event),
        outcome or ended,
        strip_ansi(text[-_HOOK_TEXT_LIMIT:]),
    )


def _stop_hooks(subtype: str, record: SystemLine) -> Body:
    """A transcript's summary of the Stop hooks of a turn."""
    outcome = "success"
    if record.preventedContinuation:
        outcome = events.HOOK_STOPPED
    elif record.hookErrors:
        outcome = "error"
    commands = "; ".join(single_line(hook.command, 120) for hook in record.hookInfos or ())
    return HookRun("Stop", "Stop", outcome, single_line(record.stopReason) or commands)


def _denied(subtype: str, record: SystemLine) -> Body:
    reason, call = record.message or record.decision_reason, name(record.tool_use_id)
    words = single_line(reason)
    kind = denial_of_record(name(record.decision_reason_type), words)
    return events.PermissionDenied(name(record.tool_name), call, words, kind=kind)


# --- the CLI about itself ---


def _status(subtype: str, record: SystemLine) -> Body:
    details = [
        f"permission mode {name(record.permissionMode)}" if record.permissionMode else "",
        f"compaction {name(record.compact_result)}" if record.compact_result else "",
        single_line(record.compact_error),
    ]
    return events.AgentStateReport(name(record.status), ", ".join(filter(None, details)))


def _notice(subtype: str, record: SystemLine) -> Body:
    texts = (record.text, record.content, record.summary, record.message, record.title)
    states = (record.state, record.status, record.outcome, record.cause_text)
    first = next(filter(None, texts), None)
    text = single_line(", ".join(filter(None, states))) if first is None else plain_text(first)
    level = name(record.level or record.priority) or _LEVELS.get(subtype, "")
    return Notice(name(record.key) or subtype, text, level)


_LEVELS = {
    "model_refusal_no_fallback": "warning",
    "model_refusal_fallback": "warning",
    "session_writes_lost": "error",
    "mirror_error": "error",
    "worker_shutting_down": "warning",
    "peer_message_hold": "warning",
}
_NOTICES = (
    "informational notification local_command local_command_output away_summary peer_message_hold "
    "model_refusal_no_fallback model_refusal_fallback plugin_install worker_shutting_down "
    "session_writes_lost mirror_error turn_preempted post_turn_summary scheduled_task_fire "
    "files_persisted"
)
_SILENT = (
    "thinking_tokens background_tasks_changed session_title_changed commands_changed memory_recall "
    "elicitation_complete turn_starting vcs_state_changed"
)
_SUBTYPES: dict[str, Callable[[str, SystemLine], Body]] = {
    **dict.fromkeys(_NOTICES.split(), _notice),
    **dict.fromkeys(_SILENT.split(), lambda subtype, record: SilentRecord(subtype)),
    **dict.fromkeys(_TASK_PHASES, _task),
    **dict.fromkeys(("hook_started", "hook_response", "hook_progress"), _hook),
    "init": _init,
    "api_retry": _api_retry,
    "api_error": _api_retry,
    "compact_boundary": _compact_boundary,
    "microcompact_boundary": _microcompact,
    "stop_hook_summary": _stop_hooks,
    "permission_denied": _denied,
    "status": _status,
    "session_state_changed": lambda subtype, record: events.AgentStateReport(
        # The CLI calls itself idle only when nothing runs in the background either.
        name(record.state),
        background=0 if record.state == "idle" else None,
    ),
    "turn_duration": lambda subtype, record: events.AgentStateReport(
        "idle",
        f"the turn took {(record.durationMs or 0) / 1000:.0f} s",
        (record.pendingBackgroundAgentCount or 0) + (record.pendingWorkflowCount or 0) or None,
    ),
    "control_request_progress": lambda subtype, record: events.ControlMessage(
        name(record.request_id), "progress", True, name(record.status)
    ),
}


_HOOK_OUTCOMES = {
    "hook_success": "success",
    "hook_blocking_error": "blocked",
    "hook_non_blocking_error": "error",
    "hook_error_during_execution": "error",
    "hook_cancelled": "cancelled",
    "hook_additional_context": "added context",
    "hook_stopped_continuation": events.HOOK_STOPPED,
    "hook_system_message": "message",
    "hook_permission_decision": "decided",
    "async_hook_response": "answered late",
}
_SILENT_ATTACHMENTS = frozenset(
    "environment model deferred_tools_delta agent_listing_delta mcp_instructions_delta "
    "skill_listing skill_discovery dynamic_skill invoked_skills auto_mode auto_mode_exit "
    "session_context date date_change remote_session_change prompt_snapshot todo todo_reminder "
    "task_reminder nested_memory relevant_memories current_session_memory ultramemory plan_mode "
    "plan_mode_reentry plan_mode_exit plan_file_reference plan_approved file directory "
    "already_read_file compact_file_reference pdf_reference edited_text_file edited_image_file "
    "selected_lines_in_ide opened_file_in_ide diagnostics output_style critical_system_reminder "
    "mcp_resource command_permissions agent_mention token_usage output_token_usage "
    "structured_output teammate_mailbox team_context verify_plan_reminder compaction_reminder "
    "context_efficiency context_usage ultrathink_effort image".split()
)


def attachment_body(line: RecordLine, raw: bytes) -> Body:
    """What an attachment holds; a kind that is not known here becomes an `UnknownRecord`."""
    body = read_struct(wire.AttachmentLine, raw).attachment
    if body.type in _HOOK_OUTCOMES:
        texts = (body.content, body.blockingError, body.message, body.stderr, body.stdout)
        text = plain_text(next(filter(None, texts), ""), _HOOK_TEXT_LIMIT)
        outcome = _HOOK_OUTCOMES[body.type]
        return HookRun(name(body.hookName), name(body.hookEvent), outcome, text)
    if body.type == "queued_command":  # a queued message that reached the model within a turn
        text, id = plain_text(body.prompt), uuid(body.source_uuid)
        if body.commandMode == "task-notification":
            tasks = tasks_of_note(body.prompt) if isinstance(body.prompt, str) else ()
            return events.UserMessage("note", text, (), body.commandMode, id, tasks)
        return events.UserMessage("prompt", text, (), "queued", id)
    if body.type == "task_status":
        about, kind = single_line(body.description), name(body.taskType)
        phase: _Phase = "ended" if body.status in ENDED_TASK_STATUSES else "updated"
        return TaskUpdate(phase, name(body.taskId), "", about, kind, name(body.status))
    if body.type == "budget_usd":
        used, total = format_money_plain(body.used or 0), format_money_plain(body.total or 0)
        return Notice("budget", f"{used} of {total} spent", "warning")
    if body.type == "max_turns_reached":
        return Notice("turns", f"the limit of {body.maxTurns or 0} turns is reached", "warning")
    if body.type in _SILENT_ATTACHMENTS:
        return SilentRecord(f"attachment {body.type}")
    text = single_line(body.content or body.message, _TEXT_LIMIT)
    return UnknownRecord("attachment", name(body.type), text)


_HEARTBEATS = {"bash_progress": "Bash", "powershell_progress": "PowerShell", "mcp_progress": ""}
_SILENT_PROGRESS = {"query_update", "search_results_received", "skill_progress", "repl_tool_call"}


def progress_body(line: RecordLine, raw: bytes) -> Body:
    """What a progress record holds; a relayed message of a subagent becomes a message itself."""
    record = read_struct(wire.ProgressLine, raw)
    data, call = record.data, name(record.parentToolUseID or record.toolUseID)
    if data.type == "agent_progress":
        return _relayed_message(line, data, call)
    if data.type in _HEARTBEATS:
        elapsed = data.elapsedTimeSeconds or (data.elapsedTimeMs or 0) / 1000
        return events.ToolHeartbeat(call, _HEARTBEATS[data.type] or name(data.toolName), elapsed)
    if data.type == "hook_progress":
        command = single_line(data.command)
        return HookRun(name(data.hookName), name(data.hookEvent), "running", command)
    if data.type == "waiting_for_task":
        about, kind = single_line(data.taskDescription), name(data.taskType)
        return TaskUpdate("progress", "", call, about, kind, "waiting")
    if data.type in _SILENT_PROGRESS:
        return SilentRecord(f"progress {data.type}")
    return UnknownRecord("progress", name(data.type))


def _relayed_message(line: RecordLine, data: wire.ProgressBody, call: str) -> Body:
    """The message of a subagent; it sets the thread of `line` to the subagent's."""
    try:
        inner = read_struct(RecordLine, data.message) if data.message else RecordLine()
    except lenient_values.UNREADABLE:
        inner = RecordLine()
    line.agent = data.agentId or line.agent or call
    raw = bytes(data.message)
    if inner.type == "assistant":
        return message_bodies.assistant_body(inner, raw)
    if inner.type == "user":
        return message_bodies.user_body(inner, raw)
    return TaskUpdate("progress", name(data.agentId), call, "", "local_agent")
