"""Bodies of assistant, user and stream_event records, with their tool calls and results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec import Raw, structs

from tui.feeds.claude import lenient_values, wire
from tui.feeds.claude.api_failures import read_failure, read_unmarked, with_window
from tui.feeds.claude.lenient_values import UNREADABLE, interned, name, plain_text, token_usage
from tui.feeds.claude.task_notes import NOTIFICATION, task_of_result, tasks_of_note
from tui.feeds.claude.wire import ContentBlock, RecordLine, WireMessage
from tui.model import events
from tui.model.events import AssistantMessage, ToolCall, ToolResult, UserMessage
from tui.model.failures import SYNTHETIC, ApiFailure
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean, clean_line, is_plain
from tui.system.sgr import strip_ansi

# hashlib loads OpenSSL too, which is a twentieth of the time of a short command.
try:
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b
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
_INTERRUPTED = "[Request interrupted by user"
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
        failure = _failure(line, words, error)
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
    )


def _failure(line: RecordLine, words: str, code: str) -> ApiFailure | None:
    """The error that a record of the CLI's own holds, marked by a `code` or only told in words."""
    at = lenient_values.epoch_seconds(line.timestamp) if line.timestamp else None
    text = lenient_values.single_line(words)
    if not code:
        return read_unmarked(text, at)
    failure = read_failure(text, code, line.api_status or line.api_error_status or 0, at)
    quota = line.quota
    if quota is not None and quota.status == "rejected":
        return with_window(failure, name(quota.rateLimitType), quota.resetsAt)
    return failure


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
    if text.startswith(_INTERRUPTED):
        return "interrupted"
    if line.replay:
        return "replay"
    if line.synthetic or line.meta:
        return "synthetic"
    return "prompt"


def _origin(line: RecordLine) -> str:
    origin = line.origin
    return name(origin.kind if isinstance(origin, wire.MessageOrigin) else origin)


_TARGET_LIMIT = 200
_PATH_LIMIT = 4096
# Of longer inputs, such as whole files, only the parts that a summary needs are decoded.
_SMALL_INPUT = 1024
_COMMAND_LIMIT = 4_000
_SHELLS = frozenset({"Bash", "PowerShell"})


_LONG_KEYS = "file_path notebook_path command description subagent_type prompt todos plan".split()
_LongInputs = msgspec.defstruct("_LongInputs", [(key, Any, None) for key in _LONG_KEYS], gc=False)
Inputs = dict[str, Any]
_decode_any = msgspec.json.Decoder()
_decode_long = msgspec.json.Decoder(_LongInputs)
_encode_sorted = msgspec.json.Encoder(order="sorted")


def read_tool_call(id: str, name: str, data: Raw) -> ToolCall:
    """The tool call with the input `data` (JSON).

    Its key is a positive 63-bit number, equal in every process for calls that do the same: up to
    1 KiB of input neither the order of keys matters, nor the description beside a command.
    """
    raw = bytes(data) or b"{}"
    inputs: Inputs = {}
    try:
        if len(raw) <= _SMALL_INPUT:
            decoded = _decode_any.decode(raw)
            if isinstance(decoded, dict):
                inputs = decoded
                same = inputs
                if "command" in inputs and "description" in inputs:
                    same = {key: value for key, value in inputs.items() if key != "description"}
                raw = _encode_sorted.encode(same)
        else:
            inputs = structs.asdict(_decode_long.decode(raw))
    except (*UNREADABLE, OverflowError):
        # An input that cannot be read is still equal to itself.
        pass
    target = _SUMMARIES.get(name, _generic)(inputs)
    if len(target) > _TARGET_LIMIT or not is_plain(target):
        target = clean_line(target, _PATH_LIMIT if name in _PATH_TOOLS else _TARGET_LIMIT)
    path = inputs.get("file_path") or inputs.get("notebook_path")
    command = _text(inputs.get("command")) if name in _SHELLS else ""
    if len(command) <= _TARGET_LIMIT and "\n" not in command:
        command = ""  # it fits into its one line of summary
    else:
        command = clean(command, limit=_COMMAND_LIMIT)
    digest = blake2b(b"%b\0%b" % (name.encode("utf-8", "replace"), raw), digest_size=8).digest()
    key = int.from_bytes(digest, "big") >> 1 or 1
    return ToolCall(id, name, target, key, _clean_path(path), command)


def _clean_path(path: Any) -> str:
    if not isinstance(path, str):
        return ""
    return path if is_plain(path) else clean_line(path, _PATH_LIMIT)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _first_of(*keys: str) -> Callable[[Inputs], str]:
    """A summary that shows the first of these inputs that is present."""
    return lambda inputs: next((text for key in keys if (text := _text(inputs.get(key)))), "")


_path = _first_of("file_path", "notebook_path", "path")
_task_id = _first_of("task_id", "bash_id", "shell_id", "taskId")
_skill_name = _first_of("skill", "command", "name")


def _read(inputs: Inputs) -> str:
    offset = _text(inputs.get("offset"))
    return f"{_path(inputs)}:{offset}" if offset else _path(inputs)


def _search(inputs: Inputs) -> str:
    where = _text(inputs.get("path")) or _text(inputs.get("glob"))
    pattern = shorten(_text(inputs.get("pattern")), _TARGET_LIMIT)
    return f"{pattern} in {where}" if where else pattern


def _agent(inputs: Inputs) -> str:
    kind = _text(inputs.get("subagent_type"))
    about = _text(inputs.get("description")) or _text(inputs.get("prompt"))[:_TARGET_LIMIT]
    return f"{about} ({kind})" if kind else about


def _todos(inputs: Inputs) -> str:
    listed = inputs.get("todos")
    todos = [todo for todo in listed if isinstance(todo, dict)] if isinstance(listed, list) else []
    done = sum(todo.get("status") == "completed" for todo in todos)
    now = next((todo for todo in todos if todo.get("status") == "in_progress"), None)
    about = f" · {_text(now.get('content')) or _text(now.get('activeForm'))}" if now else ""
    return f"{done} of {len(todos)} done{about}"


def _task_update(inputs: Inputs) -> str:
    words = (_text(inputs.get(key)) for key in ("status", "subject"))
    return " ".join(filter(None, (f"#{_text(inputs.get('taskId'))}", *words)))


def _question(inputs: Inputs) -> str:
    asked = inputs.get("questions")
    first = asked[0] if isinstance(asked, list) and asked else None
    return _text(first.get("question")) if isinstance(first, dict) else ""


def _generic(inputs: Inputs) -> str:
    """`key: value` for the plain values of the input of any other tool."""
    shown = [(key, text) for key, value in inputs.items() if (text := _text(value))]
    if len(shown) == 1:
        return shown[0][1][:_TARGET_LIMIT]
    return ", ".join(f"{key}: {text[:_TARGET_LIMIT]}" for key, text in shown[:8])


_PATH_TOOLS = frozenset("Read Edit Write MultiEdit NotebookEdit NotebookRead LS Grep Glob".split())
"""Their targets end with the name of a file, which must not be cut off."""
_SUMMARIES: dict[str, Callable[[Inputs], str]] = {
    **dict.fromkeys(("Bash", "PowerShell", "Monitor"), _first_of("command", "description")),
    **dict.fromkeys(("Edit", "Write", "MultiEdit", "NotebookEdit", "NotebookRead", "LS"), _path),
    **dict.fromkeys(("Grep", "Glob"), _search),
    **dict.fromkeys(("WebSearch", "ToolSearch"), _first_of("query")),
    **dict.fromkeys(("Agent", "Task"), _agent),
    **dict.fromkeys(
        ("Skill", "SlashCommand"),
        lambda inputs: f"{_skill_name(inputs)} {_text(inputs.get('args'))}".strip(),
    ),
    **dict.fromkeys(
        ("TaskOutput", "TaskStop", "BashOutput", "KillShell", "KillBash", "AgentOutput"), _task_id
    ),
    "Read": _read,
    "WebFetch": _first_of("url"),
    "TodoWrite": _todos,
    "TaskCreate": _first_of("subject"),
    "TaskUpdate": _task_update,
    "TaskGet": _task_update,
    "AskUserQuestion": _question,
    "ExitPlanMode": _first_of("plan"),
    "ScheduleWakeup": _first_of("reason", "prompt"),
    "EnterWorktree": _first_of("name"),
}
