"""What each kind of record says in one row."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from tui.model import events
from tui.model.cli_commands import STOP_HOOK_FEEDBACK
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    ToolCall,
    ToolResult,
    UserMessage,
)
from tui.model.rows import EventRow, Mark, RowKind
from tui.monitor.rows.tool_outcomes import answer_words, outcome
from tui.system.format import (
    format_count,
    format_count_plain,
    format_duration_row,
    format_money_plain,
    format_weekday_clock,
    shorten_line,
)

_TEXT = 400
_URGENT = frozenset(("warning", "error", "immediate", "notice"))
_TROUBLE = frozenset(("blocked", "error", "failed", "stopped the turn", "cancelled"))


class RowText(NamedTuple):
    """What a row says before it is placed in time and beside its result."""

    kind: RowKind
    label: str
    text: str
    outcome: str = ""
    mark: Mark = ""
    seconds: float | None = None
    tool: str = ""
    file: str = ""


def line_of(body: events.Body) -> RowText:
    """What the row of a record says."""
    match body:
        case events.AssistantMessage():
            return _assistant(body)
        case events.UserMessage():
            return _user(body)
        case events.TurnResult():
            return _result(body)
    return _of_trouble(body) or _of_machinery(body)


def _one_line(text: str) -> str:
    return shorten_line(text[: 2 * _TEXT], _TEXT)


def _join(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _assistant(body: events.AssistantMessage) -> RowText:
    said = _one_line(body.text)
    if body.error:
        return RowText("text", "error", said, body.error, "error")
    if body.tools:
        tool = body.tools[0]
        server, label = _tool_label(tool.name)
        more = f"and {len(body.tools) - 1} more" if len(body.tools) > 1 else ""
        text = _join(server, tool.target, more, said)
        return RowText("tool", label, text, tool=tool.name, file=_file_in(tool))
    if body.thinking:
        return RowText("thinking", "thinking", said, mark="quiet")
    return RowText("text", "text", said)


def _file_in(tool: ToolCall) -> str:
    """The part of a call's line that names a file or folder; empty for none."""
    if tool.path and tool.path in tool.target:
        return tool.path
    return tool.target.rpartition(" in ")[2] if tool.name in ("Grep", "Glob") else ""


def _tool_label(name: str) -> tuple[str, str]:
    """The server, if any, and the short name of a tool."""
    if name.startswith("mcp__"):
        server, _, tool = name[5:].partition("__")
        if tool:
            return server, tool
    return "", name or "tool"


def _user(body: events.UserMessage) -> RowText:
    if body.role == "results" and body.results:
        first, others = body.results[0], len(body.results) - 1
        text = _join(_one_line(answer_words(first.excerpt)), f"and {others} more" if others else "")
        failed = any(result.is_error for result in body.results)
        size = format_count(first.size, "character")
        return RowText("tool_result", "output", text, size, "error" if failed else "quiet")
    label, mark = _ROLES[body.role]
    return RowText("user", label, _one_line(answer_words(body.text)), body.origin, mark)


_ROLES: dict[str, tuple[str, Mark]] = {
    "results": ("output", "quiet"),
    "prompt": ("prompt", ""),
    "replay": ("prompt", ""),
    "interrupted": ("interrupted", "warning"),
    "summary": ("summary", ""),
    "synthetic": ("told", "quiet"),
    "note": ("note", "quiet"),
}


def _result(body: events.TurnResult) -> RowText:
    bad = body.is_error or body.subtype not in ("success", "")
    reason = body.terminal_reason if body.terminal_reason != "completed" else ""
    seconds = body.duration_ms / 1000
    text = _join(
        f"{body.subtype or 'result'}{' with an error' if body.is_error else ''}",
        f"{body.duration_ms} ms ({format_duration_row(seconds)})",
        format_count_plain(body.turns, "turn"),
        reason.replace("_", " "),
        f"API status {body.api_error_status}" if body.api_error_status else "",
        f"{len(body.denied)} refused" if body.denied else "",
        f"{body.queued} queued" if body.queued else "",
        body.errors[0] if body.errors else _one_line(body.text),
    )
    cost = "" if body.cost_usd is None else format_money_plain(body.cost_usd)
    return RowText("result", "result", text, cost, "error" if bad else "ok", seconds)


def _of_trouble(body: events.Body) -> RowText | None:
    match body:
        case events.ApiRetry():
            of = f" of {body.limit}" if body.limit else ""
            text = f"attempt {body.attempt}{of}, next in {format_duration_row(body.delay_s)}"
            status = _join(str(body.status or ""), body.error)
            return RowText("retry", "retry", text, status, "warning", body.delay_s)
        case events.RateLimit():
            used = "" if body.used is None else f"{body.used:.0%} used"
            at = body.resets_at
            resets = "" if at is None else f"resets {format_weekday_clock(at, f'at {at:.0f}')}"
            text = _join(body.window.replace("_", " "), used, resets)
            mark = _LIMIT_MARKS.get(body.status, "warning")
            return RowText("limit", "limit", text, body.status.replace("_", " "), mark)
        case events.Compaction():
            after = "" if body.after is None else f" → {body.after:,}"
            text = _join(body.trigger, f"{body.before:,}{after} tokens")
            return RowText("compaction", "compact", text, "", "warning", body.duration_s)
        case events.PermissionDenied():
            text = _join(body.tool, body.reason)
            if body.waiting:
                return RowText("notice", "permission", text, "waits for leave", "warning")
            return RowText("notice", "denied", text, "refused", "error")
        case events.UnknownRecord():
            text = _join(
                "/".join(filter(None, (body.type or "no type", body.subtype))), _one_line(body.text)
            )
            return RowText("unknown", "unknown", text, "", "warning")
        case events.MalformedLine():
            text = _join(body.reason, _one_line(body.excerpt))
            return RowText("malformed", "malformed", text, f"{body.size:,} bytes", "warning")
    return None


_LIMIT_MARKS: dict[str, Mark] = {"allowed": "quiet", "rejected": "error"}


# complexity: a table in code, one case for each kind of record
def _of_machinery(body: events.Body) -> RowText:
    mark: Mark = "quiet"
    match body:
        case events.StreamDelta():
            return RowText("partial", "delta", _join(body.step, _one_line(body.text)), mark=mark)
        case events.TurnStarted():
            text = _join(body.model, body.permission_mode, body.version, body.cwd)
            return RowText("init", "turn", text, mark=mark)
        case events.TaskUpdate():
            tokens = f"{body.tokens:,} tokens" if body.tokens else ""
            kind = body.task_type.removeprefix("local_")
            text = _join(body.description or body.task_id, kind, tokens)
            mark = "error" if body.status == "failed" else mark
            return RowText("task", "task", text, body.status or body.phase, mark)
        case events.ToolHeartbeat():
            lasts = format_duration_row(body.elapsed_s)
            text = f"{body.name or 'a tool'} has been running for {lasts}"
            return RowText("task", "running", text, mark="running", seconds=body.elapsed_s)
        case events.MessageLifecycle():
            return RowText(
                "user",
                "message",
                _one_line(answer_words(body.text)) or body.command_uuid,
                body.state,
                mark,
            )
        case events.AgentStateReport():
            text = _join(body.state.replace("_", " "), body.detail)
            mark = "warning" if body.state == "requires_action" else mark
            return RowText("notice", "state", text, "", mark)
        case events.HookRun():
            name = body.name if body.event in body.name else _join(body.event, body.name)
            mark = "warning" if body.outcome in _TROUBLE else mark
            return RowText("hook", "hook", _join(name, _one_line(body.text)), body.outcome, mark)
        case events.RunningCost():
            cost = format_money_plain(body.cost_usd)
            return RowText("notice", "cost", "the transcript's running total", cost, mark)
        case events.ControlMessage():
            text = _join(body.subtype, body.text, body.request_id)
            bad: Mark = "" if body.ok else "error"
            return RowText("notice", "control", text, bad, bad or mark)
        case events.Notice():
            text = _join(body.topic.replace("_", " "), _one_line(answer_words(body.text)))
            mark = (
                "error" if body.level == "error" else "warning" if body.level in _URGENT else mark
            )
            return RowText("notice", "notice", text, "", mark)
        case events.SilentRecord():
            return RowText("notice", "cli", body.topic.replace("_", " "), mark=mark)
    raise TypeError(f"no row for {type(body).__name__}")


def row(
    event: AgentEvent, result: ToolResult | None = None, seconds: float | None = None
) -> EventRow:
    """The row of one record; a tool call's outcome and duration come from its `result`, if known."""
    line = line_of(event.body)
    if isinstance(event.body, AssistantMessage) and event.body.tools and result is not None:
        tools = event.body.tools
        tool = next((tool for tool in tools if tool.id == result.tool_use_id), tools[0])
        text, mark = outcome(tool, result)
        line = line._replace(outcome=text, mark=mark, seconds=seconds)
    return EventRow(
        line.kind,
        event.at,
        line.label,
        line.text,
        line.outcome,
        line.mark,
        line.seconds,
        1 if event.thread else 0,
        event.ref,
        line.tool,
        line.file,
    )


def visibility(event: AgentEvent) -> int:
    """The verbosity from which on an event has a row: 1 always, 2 with the machinery, 3 everything."""
    body = event.body
    if isinstance(body, AssistantMessage):
        if body.tools or body.error:
            return 1
        return 2 if body.thinking else 1 if body.text else 3
    if isinstance(body, UserMessage):
        if body.role == "results":
            return 2
        aside = body.role in ("synthetic", "note")
        return 2 if aside and not body.text.startswith(STOP_HOOK_FEEDBACK) else 1
    return _FIXED.get(type(body)) or _by_content(body)


_FIXED: dict[type[Any], int] = {
    **dict.fromkeys((events.TurnResult, events.ApiRetry, events.Compaction), 1),
    **dict.fromkeys((events.PermissionDenied, events.UnknownRecord, events.MalformedLine), 1),
    **dict.fromkeys((events.TurnStarted, events.TaskUpdate, events.MessageLifecycle), 2),
    **dict.fromkeys((events.ToolHeartbeat, events.StreamDelta, events.RunningCost), 3),
    events.SilentRecord: 3,
}


def _by_content(body: events.Body) -> int:
    match body:
        case events.RateLimit():
            return 3 if body.status == "allowed" else 1
        case events.Notice():
            return 1 if body.level in _URGENT else 2
        case events.HookRun():
            return 1 if body.outcome in _TROUBLE else 2
        case events.AgentStateReport():
            return 1 if body.state == "requires_action" else 3
        case events.ControlMessage():
            return 3 if body.ok else 2
    return 1


def with_note(row: EventRow, note: str) -> EventRow:
    """The row with a word behind its outcome."""
    return replace(row, outcome=f"{row.outcome}, {note}" if row.outcome else note)
