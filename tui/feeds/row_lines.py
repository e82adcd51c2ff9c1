"""What each kind of record says in one row: label, words, outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tui.records import (
    Assistant,
    Body,
    Compaction,
    Control,
    CostState,
    Denied,
    Heartbeat,
    HookRun,
    Housekeeping,
    Init,
    Lifecycle,
    Malformed,
    Mark,
    Notice,
    Partial,
    RateLimit,
    Result,
    Retry,
    RowKind,
    SessionState,
    TaskNote,
    Unknown,
    User,
)
from tui.system.format import (
    format_count,
    format_count_plain,
    format_duration_told,
    format_money_plain,
    format_weekday_clock,
    shorten_line,
)

_TEXT = 400
URGENT = frozenset(("warning", "error", "immediate", "notice"))
TROUBLE = frozenset(("blocked", "error", "failed", "stopped the turn", "cancelled"))


class RowLine(NamedTuple):
    """What a row says before it is placed in time and beside its result."""

    kind: RowKind
    label: str
    text: str
    outcome: str = ""
    mark: Mark = ""
    seconds: float | None = None


def line_of(body: Body) -> RowLine:
    """What the row of a record says."""
    return _LINES[type(body)](body)


def _one(text: str) -> str:
    """A clean text as one line."""
    return shorten_line(text[: 2 * _TEXT], _TEXT)


def _parted(*parts: str) -> str:
    return " · ".join(filter(None, parts))


# --- conversation ---


def _assistant(body: Assistant) -> RowLine:
    if body.error:
        return RowLine("text", "error", _one(body.text), body.error, "error")
    if body.tools:
        tool = body.tools[0]
        server, label = _tool_label(tool.name)
        more = f"and {len(body.tools) - 1} more" if len(body.tools) > 1 else ""
        text = _parted(_parted(server, tool.target), more, _one(body.text))
        return RowLine("tool", label, text)
    if body.thinking:
        return RowLine("thinking", "thinking", _one(body.text), mark="quiet")
    return RowLine("text", "text", _one(body.text))


def _tool_label(name: str) -> tuple[str, str]:
    """The server, if any, and the short name of a tool."""
    if name.startswith("mcp__"):
        server, _, tool = name[5:].partition("__")
        if tool:
            return server, tool
    return "", name or "tool"


def _user(body: User) -> RowLine:
    if body.role == "results" and body.results:
        first, others = body.results[0], len(body.results) - 1
        text = _parted(_one(first.excerpt), f"and {others} more" if others else "")
        failed = any(result.is_error for result in body.results)
        size = format_count(first.size, "character")
        return RowLine("tool_result", "output", text, size, "error" if failed else "quiet")
    label, mark = _ROLES[body.role]
    return RowLine("user", label, _one(body.text), body.origin, mark)


_ROLES: dict[str, tuple[str, Mark]] = {
    "results": ("output", "quiet"),
    "prompt": ("prompt", ""),
    "replay": ("prompt", ""),
    "interrupted": ("interrupted", "warning"),
    "summary": ("summary", ""),
    "synthetic": ("told", "quiet"),
    "note": ("note", "quiet"),
}


def _result(body: Result) -> RowLine:
    bad = body.is_error or body.subtype not in ("success", "")
    reason = body.terminal_reason if body.terminal_reason != "completed" else ""
    words = body.errors[0] if body.errors else _one(body.text)
    text = _parted(
        f"{body.subtype or 'result'}{' with an error' if body.is_error else ''}",
        f"{body.duration_ms} ms ({format_duration_told(body.duration_ms / 1000)})",
        format_count_plain(body.turns, "turn"),
        reason.replace("_", " "),
        f"API status {body.api_error_status}" if body.api_error_status else "",
        f"{body.denials} denied" if body.denials else "",
        f"{body.queued} queued" if body.queued else "",
        words,
    )
    cost = "" if body.cost_usd is None else format_money_plain(body.cost_usd)
    return RowLine(
        "result", "result", text, cost, "error" if bad else "ok", body.duration_ms / 1000
    )


def _partial(body: Partial) -> RowLine:
    return RowLine("partial", "delta", _parted(body.step, _one(body.text)), mark="quiet")


# --- trouble ---


def _retry(body: Retry) -> RowLine:
    of = f" of {body.limit}" if body.limit else ""
    text = f"attempt {body.attempt}{of}, next in {format_duration_told(body.delay_s)}"
    status = str(body.status) if body.status else ""
    return RowLine("retry", "retry", text, _parted(status, body.error), "warning", body.delay_s)


def _limit(body: RateLimit) -> RowLine:
    used = "" if body.used is None else f"{body.used:.0%} used"
    resets = ""
    if body.resets_at is not None:
        resets = "resets " + format_weekday_clock(body.resets_at, f"at {body.resets_at:.0f}")
    mark: Mark = "quiet" if body.status == "allowed" else "warning"
    if body.status == "rejected":
        mark = "error"
    text = _parted(body.window.replace("_", " "), used, resets)
    return RowLine("limit", "limit", text, body.status.replace("_", " "), mark)


def _compaction(body: Compaction) -> RowLine:
    after = "" if body.after is None else f" → {body.after:,}"
    text = _parted(body.trigger, f"{body.before:,}{after} tokens")
    return RowLine("compaction", "compact", text, "", "warning", body.duration_s)


def _denied(body: Denied) -> RowLine:
    text = _parted(body.tool, body.reason)
    if body.waiting:
        return RowLine("notice", "permission", text, "waits for leave", "warning")
    return RowLine("notice", "denied", text, "refused", "error")


def _unknown(body: Unknown) -> RowLine:
    kind = "/".join(filter(None, (body.type or "no type", body.subtype)))
    return RowLine("unknown", "unknown", _parted(kind, _one(body.text)), "", "warning")


def _malformed(body: Malformed) -> RowLine:
    size = f"{body.size:,} bytes"
    return RowLine(
        "malformed", "malformed", _parted(body.reason, _one(body.excerpt)), size, "warning"
    )


# --- the machinery ---


def _init(body: Init) -> RowLine:
    text = _parted(body.model, body.permission_mode, body.version, body.cwd)
    return RowLine("init", "turn", text, mark="quiet")


def _task(body: TaskNote) -> RowLine:
    tokens = f"{body.tokens:,} tokens" if body.tokens else ""
    kind = body.task_type.removeprefix("local_")
    text = _parted(body.description or body.task_id, kind, tokens)
    mark: Mark = "error" if body.status == "failed" else "quiet"
    return RowLine("task", "task", text, body.status or body.phase, mark)


def _heartbeat(body: Heartbeat) -> RowLine:
    text = f"{body.name or 'a tool'} has been running for {format_duration_told(body.elapsed_s)}"
    return RowLine("task", "running", text, mark="running", seconds=body.elapsed_s)


def _lifecycle(body: Lifecycle) -> RowLine:
    return RowLine("user", "message", _one(body.text) or body.command_uuid, body.state, "quiet")


def _state(body: SessionState) -> RowLine:
    waiting = body.state == "requires_action"
    return RowLine(
        "notice",
        "state",
        _parted(body.state.replace("_", " "), body.detail),
        "",
        "warning" if waiting else "quiet",
    )


def _hook(body: HookRun) -> RowLine:
    name = body.name if body.event in body.name else _parted(body.event, body.name)
    mark: Mark = "warning" if body.outcome in TROUBLE else "quiet"
    return RowLine("hook", "hook", _parted(name, _one(body.text)), body.outcome, mark)


def _cost(body: CostState) -> RowLine:
    return RowLine(
        "notice",
        "cost",
        "the transcript's running total",
        format_money_plain(body.cost_usd),
        "quiet",
    )


def _control(body: Control) -> RowLine:
    text = _parted(body.subtype, body.text, body.request_id)
    return RowLine(
        "notice", "control", text, "" if body.ok else "error", "quiet" if body.ok else "error"
    )


def _notice(body: Notice) -> RowLine:
    mark: Mark = "warning" if body.level in URGENT else "quiet"
    if body.level == "error":
        mark = "error"
    return RowLine(
        "notice", "notice", _parted(body.topic.replace("_", " "), _one(body.text)), "", mark
    )


def _housekeeping(body: Housekeeping) -> RowLine:
    return RowLine("notice", "cli", body.topic.replace("_", " "), mark="quiet")


_LINES: dict[type[Any], Callable[[Any], RowLine]] = {
    Assistant: _assistant,
    User: _user,
    Result: _result,
    Partial: _partial,
    Retry: _retry,
    RateLimit: _limit,
    Compaction: _compaction,
    Denied: _denied,
    Unknown: _unknown,
    Malformed: _malformed,
    Init: _init,
    TaskNote: _task,
    Heartbeat: _heartbeat,
    Lifecycle: _lifecycle,
    SessionState: _state,
    HookRun: _hook,
    CostState: _cost,
    Control: _control,
    Notice: _notice,
    Housekeeping: _housekeeping,
}
