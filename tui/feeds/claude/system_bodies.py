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
    loose = read_struct(UnknownLine, raw)
    subtype = line.subtype or _inner_type(loose.payload) or _inner_type(loose.data)
    candidates: tuple[Any, ...] = (
        loose.text,
        loose.summary,
        loose.description,
        loose.message,
        loose.content,
        _text_of(loose.payload),
        _text_of(loose.data),
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
    i = read_struct(InitLine, raw)
    return TurnStarted(
        name(i.model),
        name(i.cwd),
        name(i.claude_code_version),
        name(i.permissionMode),
    )


# --- the API ---


def _api_retry(subtype: str, s: SystemLine) -> Body:
    return ApiRetry(
        s.attempt or 0,
        s.max_retries or 0,
        (s.retry_delay_ms or 0) / 1000,
        s.error_status or 0,
        single_line(s.error),
    )


def _api_error(subtype: str, s: SystemLine) -> Body:
    """A retry as transcripts record it; its headers are left out, they can hold credentials."""
    error = s.error if isinstance(s.error, dict) else {}
    status = error.get("status")
    return ApiRetry(
        s.retryAttempt or s.attempt or 0,
        s.maxRetries or s.max_retries or 0,
        (s.retryInMs or s.retry_delay_ms or 0) / 1000,
        status if isinstance(status, int) else 0,
        single_line(_api_error_type(s)),
    )


def _api_error_type(s: SystemLine) -> str:
    """The type of the API's own error, else the code of a failed connection."""
    found: Any = s.error
    if isinstance(found, str):
        return found
    for _ in range(3):  # {"error": {"type": "error", "error": {"type": "overloaded_error"}}}
        inner = found.get("error") if isinstance(found, dict) else None
        if not isinstance(inner, dict):
            break
        found = inner
    if isinstance(found, dict) and isinstance(found.get("type"), str):
        return str(found["type"])
    for cause in (s.cause, s.error.get("cause") if isinstance(s.error, dict) else None):
        if isinstance(cause, dict) and isinstance(cause.get("code"), str):
            return str(cause["code"])
    return "unknown"


def _compact_boundary(subtype: str, s: SystemLine) -> Body:
    m = s.compact_metadata or s.compactMetadata
    if m is None:
        return Compaction("", 0)
    duration = m.duration_ms if m.duration_ms is not None else m.durationMs
    after = m.post_tokens if m.post_tokens is not None else m.postTokens
    return Compaction(
        name(m.trigger),
        m.pre_tokens or m.preTokens or 0,
        after,
        None if duration is None else duration / 1000,
    )


def _microcompact(subtype: str, s: SystemLine) -> Body:
    saved = s.microcompactMetadata.tokensSaved if s.microcompactMetadata else None
    text = f"{saved:,} tokens of old tool results dropped" if saved else "old tool results dropped"
    return Notice("microcompaction", text)


# --- background tasks ---

_ENDED_STATUSES = {"completed", "failed", "stopped", "killed", "cancelled"}


def _task(subtype: str, s: SystemLine) -> Body:
    status = name(s.status or (s.patch.status if s.patch else None))
    phase = _TASK_PHASES[subtype]
    if phase == "updated" and status in _ENDED_STATUSES:
        phase = "ended"
    description = s.description or s.summary or s.last_tool_name
    return TaskUpdate(
        phase,
        name(s.task_id),
        name(s.tool_use_id),
        single_line(description),
        name(s.task_type),
        status,
        integer(s.usage.total_tokens if s.usage else 0),
    )


_TASK_PHASES: dict[str, Literal["started", "progress", "updated", "ended"]] = {
    "task_started": "started",
    "task_progress": "progress",
    "task_updated": "updated",
    "task_notification": "ended",
}


# --- hooks and permissions ---


def _hook(subtype: str, s: SystemLine) -> Body:
    outcome = {"hook_started": "started", "hook_progress": "running"}.get(subtype)
    text = s.output or s.stderr or ""
    return HookRun(
        name(s.hook_name),
        name(s.hook_event),
        outcome or name(s.outcome) or "ended",
        strip_ansi(text[-_HOOK_TEXT_LIMIT:]),
    )


def _stop_hooks(subtype: str, s: SystemLine) -> Body:
    """A transcript's summary of the Stop hooks of a turn."""
    outcome = "success"
    if s.preventedContinuation:
        outcome = "stopped the turn"
    elif s.hookErrors:
        outcome = "error"
    commands = "; ".join(single_line(hook.command, 120) for hook in s.hookInfos or ())
    return HookRun("Stop", "Stop", outcome, single_line(s.stopReason) or commands)


def _denied(subtype: str, s: SystemLine) -> Body:
    reason = s.message or s.decision_reason
    return PermissionDenied(name(s.tool_name), name(s.tool_use_id), single_line(reason))


# --- the CLI about itself ---


def _status(subtype: str, s: SystemLine) -> Body:
    details = [
        f"permission mode {name(s.permissionMode)}" if s.permissionMode else "",
        f"compaction {name(s.compact_result)}" if s.compact_result else "",
        single_line(s.compact_error),
    ]
    return AgentStateReport(name(s.status), ", ".join(filter(None, details)))


def _state(subtype: str, s: SystemLine) -> Body:
    return AgentStateReport(name(s.state))


def _turn_duration(subtype: str, s: SystemLine) -> Body:
    return AgentStateReport("idle", f"the turn took {(s.durationMs or 0) / 1000:.0f} s")


def _control_progress(subtype: str, s: SystemLine) -> Body:
    return ControlMessage(name(s.request_id), "progress", True, name(s.status))


def _notice(subtype: str, s: SystemLine) -> Body:
    found = next(filter(None, (s.text, s.content, s.summary, s.message, s.title)), None)
    text = plain_text(found) if found is not None else _state_text(s)
    level = name(s.level or s.priority) or _LEVELS.get(subtype, "")
    return Notice(name(s.key) or subtype, text, level)


def _state_text(s: SystemLine) -> str:
    return single_line(", ".join(filter(None, (s.state, s.status, s.outcome, s.cause_text))))


def _silent(subtype: str, s: SystemLine) -> Body:
    return SilentRecord(subtype)


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
    **dict.fromkeys(_SILENT.split(), _silent),
    **dict.fromkeys(_TASK_PHASES, _task),
    **dict.fromkeys(("hook_started", "hook_response", "hook_progress"), _hook),
    "api_retry": _api_retry,
    "api_error": _api_error,
    "compact_boundary": _compact_boundary,
    "microcompact_boundary": _microcompact,
    "stop_hook_summary": _stop_hooks,
    "permission_denied": _denied,
    "status": _status,
    "session_state_changed": _state,
    "turn_duration": _turn_duration,
    "control_request_progress": _control_progress,
}
