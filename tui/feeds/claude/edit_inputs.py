"""What a call of an editing tool takes out of a file and puts in, and which tasks a call ticks, as digests.

The digest of a text is the sum over its lines, indentation aside. So what an edit puts in and a later
one takes out again leaves the sum as it was, whatever lines around it each of them names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import structs

from tui.feeds.claude.lenient_values import UNREADABLE
from tui.model.calls.tool_change import MASK, NO_CHANGE, ToolChange, exact_digest, line_digest
from tui.model.cli_commands import EDITING, TICKING

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
