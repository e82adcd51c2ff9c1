"""Attachments of a transcript: what the CLI laid before the model beside the messages."""

from __future__ import annotations

from tui.feeds.plain_values import single_line as one_line
from tui.feeds.plain_values import name, uuid, plain_text
from tui.feeds.tolerant import read
from tui.feeds.wire import RecordLine
from tui.feeds.wire_rare import (
    AttachmentBody,
    AttachmentLine,
)
from tui.records import Body, HookRun, SilentRecord, Notice, TaskUpdate, UnknownRecord, UserMessage
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
_QUIET_KINDS = (
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
_QUIET_ATTACHMENTS = frozenset(_QUIET_KINDS.split())


def attachment(line: RecordLine, raw: bytes) -> Body:
    """What an attachment says; a kind not known here becomes `Unknown`."""
    a = read(AttachmentLine, raw).attachment
    if a.type in _HOOK_OUTCOMES:
        return _hook(a)
    if a.type == "queued_command":
        return _queued(a)
    if a.type == "task_status":
        return TaskUpdate(
            "updated", name(a.taskId), "", one_line(a.description), name(a.taskType), name(a.status)
        )
    if a.type == "budget_usd":
        used, total = format_money_plain(a.used or 0), format_money_plain(a.total or 0)
        return Notice("budget", f"{used} of {total} spent", "warning")
    if a.type == "max_turns_reached":
        return Notice("turns", f"the limit of {a.maxTurns or 0} turns is reached", "warning")
    if a.type in _QUIET_ATTACHMENTS:
        return SilentRecord(f"attachment {a.type}")
    return UnknownRecord("attachment", name(a.type), one_line(a.content or a.message, 200))


def _hook(a: AttachmentBody) -> HookRun:
    text = a.content or a.blockingError or a.message or a.stderr or a.stdout
    return HookRun(name(a.hookName), name(a.hookEvent), _HOOK_OUTCOMES[a.type], plain_text(text, 2000))


def _queued(a: AttachmentBody) -> UserMessage:
    """A message that waited and then reached the model in the middle of a turn."""
    if a.commandMode == "task-notification":
        return UserMessage("note", plain_text(a.prompt), (), "task-notification", uuid(a.source_uuid))
    return UserMessage("prompt", plain_text(a.prompt), (), "queued", uuid(a.source_uuid))
