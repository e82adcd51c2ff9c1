"""Bodies of system records by subtype, and of records of unknown types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tui.feeds.claude.lenient_values import (
    UNREADABLE,
    integer,
    name,
    plain_text,
    read_struct,
    single_line,
)
from tui.feeds.claude.wire import InitLine, RecordLine, SystemLine, UnknownLine
from tui.model.events import (
    AgentStateReport,
    ApiRetry,
    Body,
    Compaction,
    ControlMessage,
    HookRun,
    Notice,
    PermissionDenied,
    SilentRecord,
    TaskUpdate,
    TurnStarted,
    UnknownRecord,
)
from tui.system.sgr import strip_ansi

_TEXT_LIMIT = 200
_HOOK_TEXT_LIMIT = 2000


def unknown_body(line: RecordLine, raw: bytes) -> UnknownRecord:
    """An `UnknownRecord` with a text from the record, else the names of its keys."""
    record = read_struct(UnknownLine, raw)
    subtype = line.subtype or _inner_type(record.payload) or _inner_type(record.data)
    candidates: tuple[Any, ...] = (
        record.text,
        record.summary,
        record.description,
        record.message,
        record.content,
        _text_of(record.payload),
        _text_of(record.data),
    )
    text = next((found for value in candidates if (found := _text_line(value))), "")
    return UnknownRecord(name(line.type), name(subtype), text or _key_names(raw))


def _inner_type(value: Any) -> str:
    inner = value.get("type") if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else ""


def _text_of(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    return value.get("text") or value.get("message") or value.get("content")


def _text_line(value: Any) -> str:
    return single_line(value, _TEXT_LIMIT) if isinstance(value, str | list) else ""


def _key_names(raw: bytes) -> str:
    """The names of the keys alone: their values may be private."""
    try:
        value = msgspec.json.decode(raw)
    except UNREADABLE:
        return ""
    if not isinstance(value, dict):
        return ""
    return single_line("keys: " + ", ".join(key for key in value if key != "type"), _TEXT_LIMIT)


def system_body(line: RecordLine, raw: bytes) -> Body:
    """What a `system` record holds; an unknown subtype becomes an `UnknownRecord`."""
    subtype = line.subtype or ""
    if subtype == "init":
        return _init(raw)
    build = _SUBTYPES.get(subtype)
    if build is None:
        return unknown_body(line, raw)
    return build(subtype, read_struct(SystemLine, raw))


def _init(raw: bytes) -> TurnStarted:
    init = read_struct(InitLine, raw)
    return TurnStarted(
        name(init.model), name(init.cwd), name(init.claude_code_version), name(init.permissionMode)
    )


# --- the API ---


def _api_retry(subtype: str, record: SystemLine) -> Body:
    return ApiRetry(
        record.attempt or 0,
        record.max_retries or 0,
        (record.retry_delay_ms or 0) / 1000,
        record.error_status or 0,
        single_line(record.error),
    )


def _api_error(subtype: str, record: SystemLine) -> Body:
    """A retry as transcripts record it; its headers are left out, they can hold credentials."""
    error = record.error if isinstance(record.error, dict) else {}
    status = error.get("status")
    return ApiRetry(
        record.retryAttempt or record.attempt or 0,
        record.maxRetries or record.max_retries or 0,
        (record.retryInMs or record.retry_delay_ms or 0) / 1000,
        status if isinstance(status, int) else 0,
        single_line(_api_error_type(record)),
    )


def _api_error_type(record: SystemLine) -> str:
    """The type of the API's own error, else the code of a failed connection."""
    found: Any = record.error
    if isinstance(found, str):
        return found
    for _ in range(3):  # {"error": {"type": "error", "error": {"type": "overloaded_error"}}}
        inner = found.get("error") if isinstance(found, dict) else None
        if not isinstance(inner, dict):
            break
        found = inner
    if isinstance(found, dict) and isinstance(found.get("type"), str):
        return str(found["type"])
    for cause in (
        record.cause,
        record.error.get("cause") if isinstance(record.error, dict) else None,
    ):
        if isinstance(cause, dict) and isinstance(cause.get("code"), str):
            return str(cause["code"])
    return "unknown"


def _compact_boundary(subtype: str, record: SystemLine) -> Body:
    metadata = record.compact_metadata or record.compactMetadata
    if metadata is None:
        return Compaction("", 0)
    duration = metadata.duration_ms if metadata.duration_ms is not None else metadata.durationMs
    after = metadata.post_tokens if metadata.post_tokens is not None else metadata.postTokens
    return Compaction(
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

_ENDED_STATUSES = {"completed", "failed", "stopped", "killed", "cancelled"}


def _task(subtype: str, record: SystemLine) -> Body:
    status = name(record.status or (record.patch.status if record.patch else None))
    phase = _TASK_PHASES[subtype]
    if phase == "updated" and status in _ENDED_STATUSES:
        phase = "ended"
    description = record.description or record.summary or record.last_tool_name
    return TaskUpdate(
        phase,
        name(record.task_id),
        name(record.tool_use_id),
        single_line(description),
        name(record.task_type),
        status,
        integer(record.usage.total_tokens if record.usage else 0),
    )


_TASK_PHASES: dict[str, Literal["started", "progress", "updated", "ended"]] = {
    "task_started": "started",
    "task_progress": "progress",
    "task_updated": "updated",
    "task_notification": "ended",
}


# --- hooks and permissions ---


def _hook(subtype: str, record: SystemLine) -> Body:
    outcome = {"hook_started": "started", "hook_progress": "running"}.get(subtype)
    text = record.output or record.stderr or ""
    return HookRun(
        name(record.hook_name),
        name(record.hook_event),
        outcome or name(record.outcome) or "ended",
        strip_ansi(text[-_HOOK_TEXT_LIMIT:]),
    )


def _stop_hooks(subtype: str, record: SystemLine) -> Body:
    """A transcript's summary of the Stop hooks of a turn."""
    outcome = "success"
    if record.preventedContinuation:
        outcome = "stopped the turn"
    elif record.hookErrors:
        outcome = "error"
    commands = "; ".join(single_line(hook.command, 120) for hook in record.hookInfos or ())
    return HookRun("Stop", "Stop", outcome, single_line(record.stopReason) or commands)


def _denied(subtype: str, record: SystemLine) -> Body:
    reason = record.message or record.decision_reason
    return PermissionDenied(name(record.tool_name), name(record.tool_use_id), single_line(reason))


# --- the CLI about itself ---


def _status(subtype: str, record: SystemLine) -> Body:
    details = [
        f"permission mode {name(record.permissionMode)}" if record.permissionMode else "",
        f"compaction {name(record.compact_result)}" if record.compact_result else "",
        single_line(record.compact_error),
    ]
    return AgentStateReport(name(record.status), ", ".join(filter(None, details)))


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
    "api_retry": _api_retry,
    "api_error": _api_error,
    "compact_boundary": _compact_boundary,
    "microcompact_boundary": _microcompact,
    "stop_hook_summary": _stop_hooks,
    "permission_denied": _denied,
    "status": _status,
    "session_state_changed": lambda subtype, record: AgentStateReport(name(record.state)),
    "turn_duration": lambda subtype, record: AgentStateReport(
        "idle", f"the turn took {(record.durationMs or 0) / 1000:.0f} s"
    ),
    "control_request_progress": lambda subtype, record: ControlMessage(
        name(record.request_id), "progress", True, name(record.status)
    ),
}
