"""Bodies of assistant, user and stream_event records, with the results of tools."""

from __future__ import annotations

import json
import re
from typing import Literal

from msgspec import Raw, structs

from tui.feeds.claude import lenient_values, wire
from tui.feeds.claude.api_failures import failure_of
from tui.feeds.claude.lenient_values import interned, name, plain_text, token_usage
from tui.feeds.claude.task_notes import NOTIFICATION, task_of_result, tasks_of_note
from tui.feeds.claude.tool_inputs import read_tool_call
from tui.feeds.claude.wire import INTERRUPTED, ContentBlock, RecordLine, WireMessage
from tui.model import events
from tui.model.events import AssistantMessage, ToolCall, ToolResult, UserMessage
from tui.model.failures import SYNTHETIC
from tui.model.turn_end import writes_stop_reason
from tui.system.lazy_pattern import lazy
from tui.system.sgr import strip_ansi

_ERROR_EXCERPT = 2000
_RESULT_EXCERPT = 1000
# The CLI's words where a person refuses a call; with the second, nothing goes on before that person speaks.
_REFUSED = ("The user doesn't want to proceed", "The user doesn't want to take this action")
_STOPPED = "STOP what you are doing and wait"
_HEAD = 400


def _read_tool_result(block: ContentBlock, line: RecordLine, only: bool) -> ToolResult:
    """The result in one `tool_result` block of `line`.

    A line has at most one structured answer, which belongs to the block if it is the `only` one.
    """
    text = block.content or ""
    if not isinstance(text, str):
        text = "\n".join(
            part.text if part.text is not None else f"[{part.type or 'something'}]" for part in text
        )
    failed = bool(block.is_error)
    added = removed = 0
    agent, call = "", name(block.tool_use_id)
    answer = line.result or line.transcript_result
    told = None
    if only and isinstance(answer, wire.EditResult):
        added, removed = _count_changed_lines(answer)
        agent = name(answer.agentId)
        told = answer
    task = None if failed else task_of_result(call, told, text)
    limit = _ERROR_EXCERPT if failed else _RESULT_EXCERPT
    excerpt = _output_excerpt(text, limit)
    head = strip_ansi(text[:_HEAD]) if len(text) > limit else ""
    stopped = failed and text.startswith(_REFUSED) and _STOPPED in text
    return ToolResult(
        *(call, failed, excerpt, len(text), added, removed),
        *(agent, task, head, stopped),
    )


def _output_excerpt(text: str, limit: int) -> str:
    """The end of a terminal output without escape sequences, at most `limit` characters."""
    if len(text) > limit:
        text = text[-limit:]
        # From the next line on: the cut may have gone through an escape sequence.
        start = text.find("\n", 0, 300) + 1
        text = text[start:]
    text = strip_ansi(text)
    return text if len(text) <= limit else text[-limit:]


def _count_changed_lines(answer: wire.EditResult) -> tuple[int, int]:
    """Lines added and removed; all lines of a new file count as added."""
    signs = [line[:1] for hunk in answer.structuredPatch or () for line in hunk.lines or ()]
    added, removed = signs.count("+"), signs.count("-")
    if not added and not removed and answer.type == "create" and isinstance(answer.content, str):
        added = len(answer.content.splitlines())
    return added, removed


_Role = Literal["prompt", "results", "synthetic", "replay", "interrupted", "summary", "note"]
_CALL_BLOCKS = {"tool_use", "server_tool_use", "mcp_tool_use"}
_SERVER_BLOCKS = _CALL_BLOCKS - {"tool_use"}
_CONTINUED = "This session is being continued from a previous conversation"
_COMMAND = lazy(r"<command-name>\s*(.*?)\s*</command-name>", re.S)
_ARGUMENTS = lazy(r"<command-args>\s*(.*?)\s*</command-args>", re.S)
_SHELL_INPUT = lazy(r"\A<bash-input>(.*?)</bash-input>", re.S)
_NOTE = lazy(
    r"\A\s*<(task-notification|local-command-stdout|local-command-stderr|local-command-caveat"
    r"|bash-stdout|bash-stderr|system-reminder)>"
)
_TAGS = lazy(r"</?[a-z][a-z-]{2,40}>")


def assistant_body(line: RecordLine, raw: bytes) -> AssistantMessage:
    message = line.message
    if not isinstance(message, WireMessage):
        message = WireMessage(content=message)
    text, thinking, tools = _read_blocks(message.content)
    error = lenient_values.single_line(_error_type(line.error)) if line.error else ""
    if not error and (line.api_error or line.is_api_error_message):
        error = "unknown"
    words = plain_text(text) if text else ""
    failure = None
    if error or message.model == SYNTHETIC:
        failure = failure_of(line, words, error)
        error = error or (failure.kind if failure is not None else "")
    return AssistantMessage(
        name(message.id),
        name(line.request_id or line.request),
        interned(message.model),
        token_usage(message.usage, line.version),
        message.stop_reason is not None,
        words,
        thinking,
        tools,
        error,
        interned(message.stop_reason),
        failure,
        message.stop_reason is None and writes_stop_reason(line.version),
    )


_Blocks = str | list[ContentBlock] | None


def _read_blocks(content: _Blocks) -> tuple[str, bool, tuple[ToolCall, ...]]:
    """The text of a response's blocks, whether it is only thinking, and the tool calls."""
    if isinstance(content, str):
        return content, False, ()
    text, thought, thinking = "", "", False
    tools: tuple[ToolCall, ...] = ()
    for block in content or ():
        kind = block.type
        if kind == "text":
            if block.text:
                text = f"{text}\n{block.text}" if text else block.text
        elif kind in _CALL_BLOCKS:
            tool = read_tool_call(name(block.id), interned(block.name) or kind, block.input)
            if kind in _SERVER_BLOCKS:
                tool = structs.replace(tool, on_server=True)
            tools += (tool,)
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
    if len(content) == 1 and content[0].type == "tool_result":  # as most are
        result = _read_tool_result(content[0], line, True)
        return UserMessage("results", "", (result,), _origin(line))
    answers: list[ContentBlock] = []
    texts: list[str] = []
    for block in content:
        if block.type == "tool_result":
            answers.append(block)
        else:
            shown = f"[{name(block.type) or 'something'}]" if block.text is None else block.text
            texts.append(shown)
    if not answers:
        return _prompt_or_note(line, "\n".join(texts))
    results = tuple([_read_tool_result(block, line, len(answers) == 1) for block in answers])
    text = plain_text("\n".join(texts)) if texts else ""
    return UserMessage("results", text, results, _origin(line))


def _prompt_or_note(line: RecordLine, text: str) -> UserMessage:
    """A user record without tool results."""
    origin = _origin(line)
    command = lenient_values.uuid(line.uuid) if line.replay else ""
    role = _role(line, text)
    tasks: tuple[events.TaskUpdate, ...] = ()
    # Only a text that begins with a tag can be one of these, and few do.
    if text[:1] == "<":
        if (shell := _SHELL_INPUT.match(text)) is not None:
            role, text = "prompt", "! " + shell[1]
        elif (called := _COMMAND.search(text)) is not None:
            arguments = _ARGUMENTS.search(text)
            role, text = "prompt", f"{called[1]} {arguments[1] if arguments else ''}".strip()
        elif (note := _NOTE.match(text)) is not None:
            tasks = tasks_of_note(text) if note[1] == NOTIFICATION else ()
            role, text, origin = "note", _TAGS.sub("", text).strip(), origin or note[1]
    return UserMessage(role, plain_text(text), (), origin, command, tasks)


def _role(line: RecordLine, text: str) -> _Role:
    if line.compact_summary or text.startswith(_CONTINUED):
        return "summary"
    if text.startswith(INTERRUPTED):
        return "interrupted"
    if line.replay:
        return "replay"
    if line.synthetic or line.meta:
        return "synthetic"
    return "prompt"


def _origin(line: RecordLine) -> str:
    origin = line.origin
    return name(origin.kind if isinstance(origin, wire.MessageOrigin) else origin)
