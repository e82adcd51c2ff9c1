"""`progress` records of older transcripts: news of tools, hooks and subagents at work."""

from __future__ import annotations

from tui.feeds.message_bodies import assistant, user
from tui.feeds.plain_values import single_line as one_line
from tui.feeds.plain_values import name
from tui.feeds.tolerant import UNREADABLE, read
from tui.feeds.wire import RecordLine
from tui.feeds.wire_rare import (
    ProgressBody,
    ProgressLine,
)
from tui.records import Body, ToolHeartbeat, HookRun, SilentRecord, TaskUpdate, UnknownRecord

_HEARTBEATS = {"bash_progress": "Bash", "powershell_progress": "PowerShell", "mcp_progress": ""}
_QUIET_RELAYED = {"query_update", "search_results_received", "skill_progress", "repl_tool_call"}


def progress(line: RecordLine, raw: bytes) -> Body:
    """What a progress record tells; a subagent's relayed message is its own `Assistant` or `User`."""
    p = read(ProgressLine, raw)
    data, call = p.data, name(p.parentToolUseID or p.toolUseID)
    if data.type == "agent_progress":
        return _relayed(line, data, call)
    if data.type in _HEARTBEATS:
        elapsed = data.elapsedTimeSeconds or (data.elapsedTimeMs or 0) / 1000
        return ToolHeartbeat(call, _HEARTBEATS[data.type] or name(data.toolName), elapsed)
    if data.type == "hook_progress":
        return HookRun(name(data.hookName), name(data.hookEvent), "running", one_line(data.command))
    if data.type == "waiting_for_task":
        return TaskUpdate(
            "progress", "", call, one_line(data.taskDescription), name(data.taskType), "waiting"
        )
    if data.type in _QUIET_RELAYED:
        return SilentRecord(f"progress {data.type}")
    return UnknownRecord("progress", name(data.type))


def _relayed(line: RecordLine, data: ProgressBody, call: str) -> Body:
    """The message of a subagent; the event then belongs to the subagent's thread."""
    try:
        inner = read(RecordLine, data.message) if data.message else RecordLine()
    except UNREADABLE:
        inner = RecordLine()
    line.agent = data.agentId or line.agent or call
    raw = bytes(data.message)
    if inner.type == "assistant":
        return assistant(inner, raw)
    if inner.type == "user":
        return user(inner, raw)
    return TaskUpdate("progress", name(data.agentId), call, "", "local_agent")
