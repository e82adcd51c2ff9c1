"""The key sets of stream lines, in the order the real CLI writes them.

A shape here is checked by the tests against recordings of the real program, where they are at hand.
"""

from __future__ import annotations

import uuid as uuids
from typing import Any

Json = dict[str, Any]

VERSION = "2.1.329"
TOOLS = (
    "Task Bash CronCreate CronDelete CronList Edit EnterWorktree ExitWorktree ListAgents Monitor"
    " NotebookEdit Read ReportFindings ScheduleWakeup SendMessage Skill TaskStop ToolSearch WebFetch"
    " WebSearch Workflow Write"
).split()
COMMANDS = ["clear", "compact", "config", "context", "cost", "init", "model", "review", "usage"]
CAPABILITIES = ["interrupt_receipt_v1", "interrupt_cancel_queued_v1", "msg_lifecycle_v1"]
FAST_OFF: Json = {"fast_mode_state": "off", "fast_mode_disabled_reason": "sdk_opt_in_required"}
SUBAGENT_STATS: Json = {
    "spawned": 0,
    "requested": {"background": 0, "foreground": 0, "unset": 0},
    "started_in_background": 0,
    "max_depth": 0,
    "spawned_by_subagents": 0,
    "completed": 0,
    "failed": 0,
    "killed": {"parent": 0, "user": 0, "system": 0},
    "refused": {"depth_limit": 0, "concurrency_limit": 0, "budget": 0},
    "by_type": {},
}
REJECTED = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was"
    " a file edit, the new_string was NOT written to the file). STOP what you are doing and wait"
    " for the user to tell you how to proceed."
)
ACCEPTED: Json = {"decision": "accept", "source": "config", "reason_type": "mode"}


def fresh() -> str:
    return str(uuids.uuid4())


def short(prefix: str) -> str:
    """An id that says of itself that it comes from no API."""
    return f"{prefix}_demo_{uuids.uuid4().hex[:16]}"


def system(session: str, subtype: str, **fields: Any) -> Json:
    return {"type": "system", "subtype": subtype, **fields, "session_id": session, "uuid": fresh()}


def init(session: str, cwd: str, model: str, mode: str, memory: str, socket: str) -> Json:
    return {
        "type": "system",
        "subtype": "init",
        "cwd": cwd,
        "session_id": session,
        "tools": TOOLS,
        "mcp_servers": [],
        "model": model,
        "permissionMode": mode,
        "slash_commands": COMMANDS,
        "terminal_slash_commands": ["doctor"],
        "apiKeySource": "none",
        "claude_code_version": VERSION,
        "output_style": "default",
        "agents": ["claude", "Explore", "general-purpose", "Plan"],
        "skills": [],
        "plugins": [],
        "capabilities": CAPABILITIES,
        "analytics_disabled": True,
        "product_feedback_disabled": True,
        "served_by_anthropic": False,
        "uuid": fresh(),
        "memory_paths": {"auto": memory},
        "original_cwd": cwd,
        "additional_directories": [],
        "messaging_socket_path": socket,
        **FAST_OFF,
        "per_turn_effort_active": True,
        "ultrathink_available": False,
        "ultrathink_typed_raises": False,
        "view_mode": "default",
    }


def assistant(
    session: str, uuid: str, stamp: str, message: Json, request: str, parent: str | None = None
) -> Json:
    return {
        "type": "assistant",
        "message": message,
        "parent_tool_use_id": parent,
        "session_id": session,
        "uuid": uuid,
        "timestamp": stamp,
        "request_id": request,
    }


def message(identity: str, model: str, block: Json, usage: Json) -> Json:
    return {
        "id": identity,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [block],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
        "context_management": None,
    }


def api_error_message(text: str) -> Json:
    """The assistant message by which the CLI reports a failed API call."""
    return {
        "diagnostics": None,
        "id": fresh(),
        "container": None,
        "model": "<synthetic>",
        "role": "assistant",
        "stop_details": None,
        "stop_reason": "stop_sequence",
        "stop_sequence": "",
        "type": "message",
        "usage": {
            "output_tokens_details": None,
            "input_tokens": 0,
            "output_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "service_tier": None,
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
            "inference_geo": None,
            "iterations": None,
            "speed": None,
            "fallback_credit": None,
        },
        "content": [{"type": "text", "text": text}],
        "context_management": None,
    }


def user(session: str, uuid: str, stamp: str, content: Any, parent: str | None = None) -> Json:
    return {
        "type": "user",
        "message": {"role": "user", "content": content},
        "parent_tool_use_id": parent,
        "session_id": session,
        "uuid": uuid,
        "timestamp": stamp,
    }


def result_block(tool_use: str, content: Any, failed: bool, command: bool) -> Json:
    """A tool_result; only commands say `is_error` when all went well."""
    if failed:
        return {
            "type": "tool_result",
            "content": content,
            "is_error": True,
            "tool_use_id": tool_use,
        }
    block: Json = {"tool_use_id": tool_use, "type": "tool_result", "content": content}
    if command:
        block["is_error"] = False
    return block


def lifecycle(session: str, command: str, state: str) -> Json:
    return {
        "type": "command_lifecycle",
        "command_uuid": command,
        "state": state,
        "uuid": fresh(),
        "session_id": session,
    }


def stream_event(session: str, event: Json, identity: str, **more: Any) -> Json:
    return {
        "type": "stream_event",
        "event": event,
        "session_id": session,
        "parent_tool_use_id": None,
        "uuid": fresh(),
        **more,
        "api_message_id": identity,
    }


def heartbeat(session: str, tool_use: str, name: str, number: int, elapsed: float) -> Json:
    return {
        "type": "tool_progress",
        "tool_use_id": f"{tool_use}-heartbeat-{number}",
        "tool_name": name,
        "parent_tool_use_id": tool_use,
        "elapsed_time_seconds": round(elapsed),
        "heartbeat": True,
        "session_id": session,
        "uuid": fresh(),
    }


def rate_limit(session: str, status: str, resets_at: float, used: float) -> Json:
    """Known from subscription users' streams only; no recording of ours has it."""
    return {
        "type": "rate_limit_event",
        "rate_limit_info": {
            "status": status,
            "resetsAt": int(resets_at),
            "rateLimitType": "five_hour",
            "utilization": used,
            "overageStatus": "rejected",
            "overageDisabledReason": "org_level_disabled",
            "isUsingOverage": False,
        },
        "uuid": fresh(),
        "session_id": session,
    }


def refusal(session: str, text: str, usage: Json) -> Json:
    """The only line of a process that could not resume: a result of zeros."""
    return {
        "type": "result",
        "subtype": "error_during_execution",
        "duration_ms": 0,
        "duration_api_ms": 0,
        "is_error": True,
        "num_turns": 0,
        "stop_reason": None,
        "session_id": session,
        "total_cost_usd": 0,
        "usage": usage,
        "modelUsage": {},
        "permission_denials": [],
        "uuid": fresh(),
        "errors": [text],
        "result_index": 0,
    }
