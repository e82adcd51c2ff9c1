"""Tool calls: what one is about in a line, a key that is equal for calls that do the same, what it changes.

What an edit takes out of a file and puts in is a digest each: the sum over the lines, indentation aside. So
what one puts in and a later one takes out again leaves the sum as it was, whatever lines around it they name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Raw, structs

from tui.feeds.claude.lenient_values import UNREADABLE
from tui.model.cli_commands import (
    EDITING,
    MASK,
    NO_CHANGE,
    SHELLS,
    SUBAGENTS,
    TICKING,
    ToolChange,
    exact_digest,
    line_digest,
)
from tui.model.events import ToolCall
from tui.system.format import shorten
from tui.system.sanitize import clean, clean_line, is_plain

# hashlib loads OpenSSL too, which is a twentieth of the time of a short command.
try:
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b
_TARGET_LIMIT = 200
_PATH_LIMIT = 4096
# Of longer inputs, such as whole files, only the parts that a summary needs are decoded.
_SMALL_INPUT = 1024
_COMMAND_LIMIT = 4_000


_LONG_KEYS = (
    "file_path notebook_path command cmd description subagent_type prompt todos plan".split()
)
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
        target = clean_line(target, _TARGET_LIMITS.get(name, _TARGET_LIMIT))
    path = inputs.get("file_path") or inputs.get("notebook_path")
    command = _long_command(inputs) if name in SHELLS else ""
    digest = blake2b(b"%b\0%b" % (name.encode("utf-8", "replace"), raw), digest_size=8).digest()
    key = int.from_bytes(digest, "big") >> 1 or 1
    change, changed = read_change(name, raw, inputs if len(data) <= _SMALL_INPUT else None)
    return ToolCall(id, name, target, key, _clean_path(path or changed), command, change=change)


def _long_command(inputs: Inputs) -> str:
    """A shell command, unless it fits into its one line of summary."""
    command = _command(inputs)
    if len(command) <= _TARGET_LIMIT and "\n" not in command:
        return ""
    return clean(command, limit=_COMMAND_LIMIT)


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


def _command(inputs: Inputs) -> str:
    """A shell command; some agents give it as a list of words."""
    words = inputs.get("command") or inputs.get("cmd")
    return " ".join(map(_text, words)) if isinstance(words, list) else _text(words)


_about = _first_of("description")
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


# Targets that end with the name of a file, which must not be cut off.
_TARGET_LIMITS = dict.fromkeys(
    "Read Edit Write MultiEdit NotebookEdit NotebookRead LS Grep Glob".split(), _PATH_LIMIT
)
_SUMMARIES: dict[str, Callable[[Inputs], str]] = {
    **dict.fromkeys((*SHELLS, "Monitor"), lambda inputs: _command(inputs) or _about(inputs)),
    **dict.fromkeys(("Edit", "Write", "MultiEdit", "NotebookEdit", "NotebookRead", "LS"), _path),
    **dict.fromkeys(("Grep", "Glob"), _search),
    **dict.fromkeys(("WebSearch", "ToolSearch"), _first_of("query")),
    **dict.fromkeys(SUBAGENTS, _agent),
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


_REMOVED = ("old_string", "old_str", "oldText", "old_text")
_WRITTEN = ("new_string", "new_str", "newText", "new_text", "insert_text")
_WHOLE = ("content", "file_text", "contents", "new_source")
_PATHS = ("file_path", "path", "notebook_path", "filename")
_EDITORS = EDITING | frozenset(
    "str_replace_editor str_replace_based_edit_tool str_replace edit_file replace write_file create_file"
    " write_to_file save_file".split()
)
_KEYS = (*_REMOVED, *_WRITTEN, *_WHOLE, *_PATHS, "edits", "cell_id", "insert_line")
_Changing = msgspec.defstruct(
    "_Changing", [(key, Any, None) for key in (*_KEYS, "todos", "taskId", "status")], gc=False
)
_decode = msgspec.json.Decoder(_Changing)


def read_change(name: str, raw: bytes, inputs: Mapping[str, Any] | None) -> tuple[ToolChange, str]:
    """What a call of the tool `name` changes, and the file that an editing tool names.

    `inputs` are those decoded from `raw`, None where they were too many.
    """
    edits, ticks = is_editor(name), name in TICKING
    if not edits and not ticks:
        return NO_CHANGE, ""
    if inputs is None:
        try:
            inputs = structs.asdict(_decode.decode(raw))
        except UNREADABLE:
            return NO_CHANGE, ""
    if ticks:
        return ToolChange(ticked=_ticked(inputs)), ""
    return _edit(inputs), _first(inputs, _PATHS) or ""


def is_editor(name: str) -> bool:
    """Whether a tool of this name changes one file by texts in its input."""
    return name in _EDITORS or (name[:5] == "mcp__" and name.rpartition("__")[2] in _EDITORS)


def _edit(inputs: Mapping[str, Any]) -> ToolChange:
    """What an edit takes out and puts in; a whole content takes nothing out."""
    pairs = list(_pairs(inputs))
    if pairs and (pairs[0][0] or len(pairs) > 1):
        return _replaced(pairs)
    whole = pairs[0][1] if pairs else _first(inputs, _WHOLE)
    if whole is not None:
        cell = _first(inputs, ("cell_id",))
        number = line_digest(whole) + (exact_digest(cell) if cell else 0)
        return ToolChange(0, number & MASK or 1)
    added = _first(inputs, _WRITTEN)
    if added is not None and inputs.get("insert_line") is not None:
        return ToolChange(1, (line_digest(added) + 1) & MASK)
    return NO_CHANGE


def _replaced(pairs: list[tuple[str, str]]) -> ToolChange:
    """Texts that are replaced by others."""
    removed = sum(line_digest(old) for old, _ in pairs)
    written = sum(line_digest(new) for _, new in pairs)
    if removed == written and any(old != new for old, new in pairs):
        removed += sum(exact_digest(old) for old, _ in pairs)  # the same lines in another order
        written += sum(exact_digest(new) for _, new in pairs)
    return ToolChange(removed & MASK or 1, written & MASK or 1)


def _ticked(inputs: Mapping[str, Any]) -> tuple[int, ...]:
    """A number for each task that a call of TodoWrite or TaskUpdate says is completed."""
    todos = inputs.get("todos")
    if isinstance(todos, list):
        return tuple(
            exact_digest(str(todo.get("content")))
            for todo in todos
            if isinstance(todo, dict) and todo.get("status") == "completed"
        )
    if inputs.get("status") == "completed":
        return (exact_digest(f"task {inputs.get('taskId')}"),)
    return ()


def _pairs(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    edits = inputs.get("edits")
    for edit in edits if isinstance(edits, list) else (inputs,):
        if isinstance(edit, dict) and (old := _first(edit, _REMOVED)) is not None:
            yield old, _first(edit, _WRITTEN) or ""


def _first(inputs: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((text for key in keys if isinstance(text := inputs.get(key), str)), None)
