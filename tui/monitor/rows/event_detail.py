"""Everything about one record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Literal

from tui.feeds.claude.damaged_lines import split_pieces
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.cli_commands import EDITING, SUBAGENTS
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    SourceRef,
    TokenUsage,
    ToolResult,
    TurnResult,
    UserMessage,
)
from tui.model.rows import DetailPart, EventDetail
from tui.monitor.rows.event_rows import row
from tui.night.stuck.refused.allow_rules import allow_rules
from tui.system.format import format_local, format_money_exact
from tui.system.sanitize import clean, clean_bytes, clean_line
from tui.system.sgr import clean_coloured

_TITLE = 200
_FACT = 300
_BINARY = 2_000
_HIDDEN = "(not shown)"
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
Facts = list[tuple[str, str]]


def detail(line: bytes, part: int, ref: SourceRef, result_line: bytes | None = None) -> EventDetail:
    """The record that stands at `part` of `line`, and with it the answer in `result_line`.

    All text is whole and clean, in as many parts as it has; the raw JSON comes last. Request and
    response headers, which can hold account data, are left out of it.
    """
    events = ClaudeDecoder(ref.source).decode_all(line, ref.offset)
    event = next((event for event in events if event.index_in_line == part), None)
    value = _object(line, part)
    if event is None or value is None:
        return _damaged(line, event, ref)
    answer = (_object(result_line, 0) or {}) if result_line else {}
    result = _result_of(event, answer, result_line, ref)
    shown = row(event, result)
    parts = _parts(value, answer)
    parts.append(json_part("record", _presentable(value)))
    if answer:
        parts.append(json_part("record of the answer", _presentable(answer)))
    title = clean_line(f"{shown.label} {shown.text}".strip(), _TITLE)
    facts = _denial_facts(event, result, value) + _facts(event, value, answer)
    return EventDetail(title, tuple(parts), ref, tuple(facts))


def _damaged(line: bytes, event: AgentEvent | None, ref: SourceRef) -> EventDetail:
    """A line, or a part of one, that is no record."""
    shown = None if event is None else row(event)
    title = f"{shown.label} {shown.text}" if shown else "gone nothing stands here"
    whole = DetailPart("line", clean_bytes(line, limit=1 << 20))
    return EventDetail(clean_line(title, _TITLE), (whole,), ref, (("bytes", f"{len(line):,}"),))


def _object(line: bytes, part: int) -> Json | None:
    """The JSON object of that part of the line."""
    found = split_pieces(line)
    if part >= len(found) or found[part].reason:
        return None
    try:
        value = json.loads(found[part].data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _result_of(
    event: AgentEvent, answer: Json, line: bytes | None, ref: SourceRef
) -> ToolResult | None:
    """The answer's record, to say in the title how the call went."""
    if not line or not answer or not isinstance(event.body, AssistantMessage):
        return None
    calls = {tool.id for tool in event.body.tools}
    messages = (found.body for found in ClaudeDecoder(ref.source).decode_all(line, 0))
    results = (r for body in messages if isinstance(body, UserMessage) for r in body.results)
    return next((result for result in results if result.tool_use_id in calls), None)


# --- parts ---


def _parts(value: Json, answer: Json) -> list[DetailPart]:
    if value.get("type") == "progress":
        value = _inner(_inner(value, "data"), "message") or value
    parts: list[DetailPart] = []
    for block in _blocks(value):
        parts += _block_parts(block, value, answer)
    for key in ("result", "content", "text", "summary", "output", "stdout", "stderr"):
        if isinstance(value.get(key), str) and value[key]:
            parts.append(text_part(key, value[key]))
    errors = value.get("errors")
    if isinstance(errors, list):
        parts.append(output_part("errors", "\n".join(str(error) for error in errors)))
    prompt = _inner(value, "attachment").get("prompt")
    if isinstance(prompt, str):
        parts.append(text_part("message", prompt))
    return [part for part in parts if part.text]


def _block_parts(block: Json, value: Json, answer: Json) -> list[DetailPart]:
    kind = block.get("type")
    if kind in _CALLS:
        text, structured = _answer_to(block.get("id"), answer)
        return call_parts(str(block.get("name")), _inner(block, "input"), structured, text)
    if kind == "tool_result":
        return [output_part("output", _content_text(block.get("content")))]
    texts = [key for key in ("text", "thinking") if isinstance(block.get(key), str)]
    return [text_part(key, block[key]) for key in texts[:1]]


def _blocks(value: Json) -> list[Json]:
    """The content blocks of a message; a bare string is one."""
    message = value.get("message")
    content = message.get("content") if isinstance(message, dict) else message
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        return []
    return [
        block if isinstance(block, dict) else {"type": "text", "text": str(block)}
        for block in content
    ]


def _answer_to(call: Any, answer: Json) -> tuple[str, Any]:
    """What the answer says to a call, and its structured half if it has no other call's."""
    answers = [block for block in _blocks(answer) if block.get("type") == "tool_result"]
    for block in answers:
        if block.get("tool_use_id") == call:
            structured = answer.get("tool_use_result", answer.get("toolUseResult"))
            alone = structured if len(answers) == 1 else None
            return _content_text(block.get("content")), alone
    return "", None


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(
        item["text"] if isinstance(item.get("text"), str) else f"[{item.get('type', 'something')}]"
        for item in content
        if isinstance(item, dict)
    )


def _inner(value: Json, key: str) -> Json:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _presentable(value: Any) -> Any:
    """The record without headers, which can hold account data, and without long binary data."""
    if isinstance(value, dict):
        shown = {}
        for key, item in value.items():
            if key == "headers":
                shown[key] = _HIDDEN
            elif key in ("data", "signature") and isinstance(item, str) and len(item) > _BINARY:
                shown[key] = f"{item[:40]}… ({len(item):,} characters)"
            else:
                shown[key] = _presentable(item)
        return shown
    return [_presentable(item) for item in value] if isinstance(value, list) else value


# --- facts ---


def _denial_facts(event: AgentEvent, result: ToolResult | None, value: Json) -> Facts:
    """Who refused a call, and the rules that would allow it."""
    if result is None or result.denial is None or not isinstance(event.body, AssistantMessage):
        return []
    denial = result.denial
    facts: Facts = [("refused", denial.words)]
    if not denial.can_be_allowed:
        return [*facts, ("what to do", denial.remedy)]
    call = next(tool for tool in event.body.tools if tool.id == result.tool_use_id)
    rules = ", ".join(allow_rules(call.name, call, str(value.get("cwd") or "")))
    return [*facts, ("rule to allow it", clean_line(rules, _FACT) or "none is narrow enough")]


def _facts(event: AgentEvent, value: Json, answer: Json) -> Facts:
    body = event.body
    facts: Facts = []
    if event.at is not None:
        whole, thousandths = divmod(round(event.at * 1000), 1000)
        second = format_local(whole, "%Y-%m-%d %H:%M:%S", "")
        facts.append(("time", f"{second}.{thousandths:03d}" if second else str(event.at)))
    if isinstance(body, AssistantMessage):
        facts += [("model", body.model), ("tokens", _tokens(body.usage)), ("error", body.error)]
        facts += [("message", body.message_id), ("request", body.request_id)]
        facts += [("call", tool.id) for tool in body.tools]
    if isinstance(body, TurnResult):
        cost = "" if body.cost_usd is None else format_money_exact(body.cost_usd)
        facts += [("cost", cost), ("tokens", _tokens(body.usage))]
        facts += [
            (use.model, f"{format_money_exact(use.cost_usd)}, {_tokens(use.usage)}")
            for use in body.models
        ]
    stored = _inner(answer, "tool_use_result") or _inner(answer, "toolUseResult")
    facts.append(("full output", str(stored.get("persistedOutputPath") or "")))
    facts += [("thread", event.thread), ("uuid", event.uuid), ("parent", event.parent)]
    facts += [("session", event.session), ("cwd", str(value.get("cwd") or ""))]
    facts.append(("source", f"{event.source} at byte {event.offset:,}, {event.length:,} bytes"))
    return [(name, clean_line(text, _FACT)) for name, text in facts if text]


def _tokens(usage: TokenUsage | None) -> str:
    if usage is None:
        return ""
    writes = usage.cache_write_5m + usage.cache_write_1h
    return (
        f"{usage.input:,} in, {usage.output:,} out, {writes:,} written to cache, "
        f"{usage.cache_read:,} read from cache"
    )


Json = dict[str, Any]
Style = Literal["plain", "diff", "code", "markdown", "json"]
_MOST_LINES = 4_000
_PART_TITLE = 120


def patch_diff(path: str, hunks: Iterable[Any]) -> str:
    """A unified diff from a `structuredPatch`; "" when it holds no hunk."""
    lines: list[str] = []
    for hunk in hunks:
        body = hunk.get("lines") if isinstance(hunk, dict) else None
        if not isinstance(body, list):
            continue
        starts = [hunk.get(key, 0) for key in ("oldStart", "oldLines", "newStart", "newLines")]
        lines.append("@@ -{},{} +{},{} @@".format(*starts))
        lines += [line for line in body if isinstance(line, str)]
    return _headed(path, lines) if lines else ""


def text_diff(path: str, old: str, new: str) -> str:
    """A unified diff of a replaced text; its line numbers count within the text."""
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > _MOST_LINES:  # a finer comparison would keep a person waiting
        lines = [f"@@ -1,{len(before)} +1,{len(after)} @@"]
        lines += [f"-{line}" for line in before] + [f"+{line}" for line in after]
    else:
        import difflib

        lines = list(difflib.unified_diff(before, after, n=3, lineterm=""))[2:]
    return _headed(path, lines) if lines else ""


def _headed(path: str, lines: list[str]) -> str:
    return "\n".join((f"--- {path}", f"+++ {path}", *lines))


def call_parts(name: str, call: Json, answer: Any, text: str) -> list[DetailPart]:
    """The parts of a call: `call` its input, `answer` its structured result, `text` what it printed."""
    structured = answer if isinstance(answer, dict) else {}
    layout = _LAYOUTS.get(name, _any_tool)
    return [part for part in layout(call, structured, text) if part.text]


def output_part(title: str, text: str) -> DetailPart:
    """Terminal output with its colours."""
    shown, spans = clean_coloured(text, whole=True)
    return DetailPart(clean_line(title, _PART_TITLE), shown, "ansi", spans=spans)


def text_part(title: str, text: str, style: Style = "markdown") -> DetailPart:
    """A text that has no colours of its own."""
    return DetailPart(clean_line(title, _PART_TITLE), clean(text, whole=True), style)


def json_part(title: str, value: Any) -> DetailPart:
    """`value` as indented JSON."""
    return text_part(title, json.dumps(value, ensure_ascii=False, indent=2, default=str), "json")


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _bash(call: Json, answer: Json, text: str) -> list[DetailPart]:
    command = text_part("command", _string(call.get("command")), "code")
    stdout, stderr = _string(answer.get("stdout")), _string(answer.get("stderr"))
    shown = stdout if stdout or stderr else text
    return [command, output_part("output", shown), output_part("errors", stderr)]


def _edit(call: Json, answer: Json, text: str) -> list[DetailPart]:
    path = _path(call, answer)
    diff = patch_diff(path, _list(answer.get("structuredPatch")))
    if not diff:
        edits = _list(call.get("edits")) or [call]
        diffs = (
            text_diff(path, _string(edit.get("old_string")), _string(edit.get("new_string")))
            for edit in edits
            if isinstance(edit, dict)
        )
        diff = "\n".join(filter(None, diffs))
    written = _string(call.get("content")) or _string(call.get("new_source"))
    return [
        text_part("changes", diff, "diff"),
        text_part("written", written, "code"),
        output_part("answer", text),
    ]


def _read(call: Json, answer: Json, text: str) -> list[DetailPart]:
    path, file = _path(call, answer), answer.get("file")
    content = _string(file.get("content")) if isinstance(file, dict) else ""
    return [text_part(path, content, "code") if content else output_part(path or "answer", text)]


def _agent(call: Json, answer: Json, text: str) -> list[DetailPart]:
    return [
        text_part("task", _string(call.get("prompt"))),
        text_part("report", text),
        json_part("figures", {key: answer[key] for key in _AGENT_FIGURES if key in answer}),
    ]


def _todos(call: Json, answer: Json, text: str) -> list[DetailPart]:
    lines = [
        f"{_MARKS.get(_string(todo.get('status')), '○')} {_string(todo.get('content'))}"
        for todo in _list(call.get("todos"))
        if isinstance(todo, dict)
    ]
    return [text_part("tasks", "\n".join(lines), "plain"), output_part("answer", text)]


def _any_tool(call: Json, answer: Json, text: str) -> list[DetailPart]:
    parts = [json_part("input", call)] if call else []
    return [*parts, output_part("answer", text)]


def _path(call: Json, answer: Json) -> str:
    keys = ("file_path", "notebook_path", "path")
    path = next((call[key] for key in keys if isinstance(call.get(key), str)), "")
    return path or _string(answer.get("filePath"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_AGENT_FIGURES = (
    "status agentId agentType resolvedModel totalTokens totalToolUseCount totalDurationMs".split()
)
_MARKS = {"completed": "✓", "in_progress": "▸"}
_LAYOUTS: dict[str, Callable[[Json, Json, str], list[DetailPart]]] = {
    **dict.fromkeys(("Bash", "PowerShell", "BashOutput"), _bash),
    **dict.fromkeys(EDITING, _edit),
    **dict.fromkeys(SUBAGENTS, _agent),
    "Read": _read,
    "TodoWrite": _todos,
}
