"""Bodies of assistant, user and stream_event records, with their tool calls and results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Raw

from tui.feeds.claude.lenient_values import (
    interned,
    name,
    plain_text,
    single_line,
    token_usage,
    uuid,
)
from tui.feeds.claude.tool_calls import read_tool_call
from tui.feeds.claude.wire import (
    ContentBlock,
    EditResult,
    MessageOrigin,
    RecordLine,
    ResultContent,
    WireMessage,
    WireStreamStep,
)
from tui.model.events import (
    AssistantMessage,
    Body,
    StreamDelta,
    ToolCall,
    ToolResult,
    UnknownRecord,
    UserMessage,
)
from tui.system.lazy_pattern import lazy
from tui.system.sgr import strip_ansi

_ERROR_EXCERPT = 2000
_RESULT_EXCERPT = 1000


def read_tool_result(block: ContentBlock, line: RecordLine, only: bool) -> ToolResult:
    """The result in one `tool_result` block of `line`.

    A line has at most one structured answer, which belongs to the block if it is the `only` one.
    """
    text = content_text(block.content)
    failed = bool(block.is_error)
    added = removed = 0
    agent = ""
    answer = line.result or line.transcript_result
    if only and isinstance(answer, EditResult):
        added, removed = count_changed_lines(answer)
        agent = name(answer.agentId)
    excerpt = output_excerpt(text, _ERROR_EXCERPT if failed else _RESULT_EXCERPT)
    return ToolResult(name(block.tool_use_id), failed, excerpt, len(text), added, removed, agent)


def content_text(content: str | list[ResultContent] | None) -> str:
    """The text of a tool result; parts of other types appear as their type in brackets."""
    if isinstance(content, str):
        return content
    if not content:
        return ""
    return "\n".join(
        part.text if part.text is not None else f"[{part.type or 'something'}]" for part in content
    )


def output_excerpt(text: str, limit: int) -> str:
    """The end of a terminal output without escape sequences, at most `limit` characters."""
    if len(text) > limit:
        text = text[-limit:]
        # From the next line on: the cut may have gone through an escape sequence.
        start = text.find("\n", 0, 300) + 1
        text = text[start:]
    text = strip_ansi(text)
    return text if len(text) <= limit else text[-limit:]


def count_changed_lines(answer: EditResult) -> tuple[int, int]:
    """Lines added and removed; all lines of a new file count as added."""
    added = removed = 0
    for hunk in answer.structuredPatch or ():
        plus, minus = _count_signs(hunk.lines or ())
        added += plus
        removed += minus
    if not added and not removed and answer.type == "create" and isinstance(answer.content, str):
        added = len(answer.content.splitlines())
    return added, removed


def _count_signs(lines: Iterable[str]) -> tuple[int, int]:
    plus = minus = 0
    for each in lines:
        if each.startswith("+"):
            plus += 1
        elif each.startswith("-"):
            minus += 1
    return plus, minus


_Role = Literal["prompt", "results", "synthetic", "replay", "interrupted", "summary", "note"]
_CALL_BLOCKS = {"tool_use", "server_tool_use", "mcp_tool_use"}
_CONTINUED = "This session is being continued from a previous conversation"
_INTERRUPTED = "[Request interrupted by user"
_COMMAND = lazy(r"<command-name>\s*(.*?)\s*</command-name>", re.S)
_ARGUMENTS = lazy(r"<command-args>\s*(.*?)\s*</command-args>", re.S)
_SHELL_INPUT = lazy(r"\A<bash-input>(.*?)</bash-input>", re.S)
_NOTE = lazy(
    r"\A\s*<(task-notification|local-command-stdout|local-command-stderr|local-command-caveat"
    r"|bash-stdout|bash-stderr|system-reminder)>"
)
_TAGS = lazy(r"</?[a-z][a-z-]{2,40}>")
QUIET_STEPS = {
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_stop",
    "ping",
}
_STEPS = QUIET_STEPS | {"message_start", "message_delta"}


def assistant_body(line: RecordLine, raw: bytes) -> AssistantMessage:
    message = line.message
    if not isinstance(message, WireMessage):
        message = WireMessage(content=message)
    text, thinking, tools = _read_blocks(message.content)
    error = single_line(_error_type(line.error)) if line.error else ""
    if not error and (line.api_error or line.is_api_error_message):
        error = "unknown"
    return AssistantMessage(
        name(message.id),
        name(line.request_id or line.request),
        interned(message.model),
        token_usage(message.usage),
        message.stop_reason is not None,
        plain_text(text) if text else "",
        thinking,
        tools,
        error,
    )


def _read_blocks(
    content: str | list[ContentBlock] | None,
) -> tuple[str, bool, tuple[ToolCall, ...]]:
    """The text of a response's blocks, whether it is only thinking, and the tool calls."""
    if isinstance(content, str):
        return content, False, ()
    text = thought = ""
    thinking = False
    tools: tuple[ToolCall, ...] = ()
    for block in content or ():
        kind = block.type
        if kind == "text":
            if block.text:
                text = f"{text}\n{block.text}" if text else block.text
        elif kind in _CALL_BLOCKS:
            tools += (read_tool_call(name(block.id), interned(block.name) or kind, block.input),)
        elif kind == "thinking" or kind == "redacted_thinking":
            thinking = True
            thought = block.thinking or thought
    if text or tools:
        return text, False, tools
    return thought, thinking, ()


def _error_type(raw: Raw) -> str:
    """The error of a record, which is a string or an object, as one word."""
    try:
        value = json.loads(bytes(raw))
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, dict):
        value = value.get("type") or value.get("message") or "unknown"
    return value if isinstance(value, str) else ""


def user_body(line: RecordLine, raw: bytes) -> UserMessage:
    message = line.message
    content = message.content if isinstance(message, WireMessage) else message
    if content is None:
        return UserMessage(_role(line, ""), "")
    if isinstance(content, str):
        return _prompt_or_note(line, content)
    if len(content) == 1 and content[0].type == "tool_result":
        return UserMessage(
            "results", "", (read_tool_result(content[0], line, True),), _origin(line)
        )
    answers = [block for block in content if block.type == "tool_result"]
    texts = [_block_text(block) for block in content if block.type != "tool_result"]
    if not answers:
        return _prompt_or_note(line, "\n".join(texts))
    only = len(answers) == 1
    results = tuple(read_tool_result(block, line, only) for block in answers)
    return UserMessage(
        "results", plain_text("\n".join(texts)) if texts else "", results, _origin(line)
    )


def _block_text(block: ContentBlock) -> str:
    return block.text if block.text is not None else f"[{name(block.type) or 'something'}]"


def _prompt_or_note(line: RecordLine, text: str) -> UserMessage:
    """A user record without tool results."""
    origin = _origin(line)
    command = uuid(line.uuid) if line.replay else ""
    role = _role(line, text)
    # Only a text that begins with a tag can be one of these, and few do.
    if text[:1] == "<":
        if (shell := _SHELL_INPUT.match(text)) is not None:
            role, text = "prompt", "! " + shell[1]
        elif (called := _COMMAND.search(text)) is not None:
            arguments = _ARGUMENTS.search(text)
            role, text = "prompt", f"{called[1]} {arguments[1] if arguments else ''}".strip()
        elif (note := _NOTE.match(text)) is not None:
            role, text, origin = "note", _TAGS.sub("", text).strip(), origin or note[1]
    return UserMessage(role, plain_text(text), (), origin, command)


def _role(line: RecordLine, text: str) -> _Role:
    if line.compact_summary or text.startswith(_CONTINUED):
        return "summary"
    if text.startswith(_INTERRUPTED):
        return "interrupted"
    if line.replay:
        return "replay"
    if line.synthetic or line.meta:
        return "synthetic"
    return "prompt"


def _origin(line: RecordLine) -> str:
    origin = line.origin
    if origin is None:
        return ""
    return name(origin.kind if isinstance(origin, MessageOrigin) else origin)


def stream_body(line: RecordLine, open_message: str) -> Body:
    """A streamed step; `open_message` is the message begun last in the same thread."""
    event = line.event
    if not isinstance(event, WireStreamStep) or event.type not in _STEPS:
        return UnknownRecord(
            "stream_event", name(event.type if isinstance(event, WireStreamStep) else event)
        )
    if event.type == "message_start":
        message = event.message or WireMessage()
        return StreamDelta("message_start", name(message.id), "", token_usage(message.usage))
    text = ""
    if event.delta is not None:
        text = plain_text(event.delta.text or event.delta.thinking or "")
    message_id = name(line.api_message_id) or open_message
    return StreamDelta(event.type, message_id, text, token_usage(event.usage))
