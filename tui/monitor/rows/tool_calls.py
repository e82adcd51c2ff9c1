"""The parts of a tool call's page: its input, its answer, what it changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Literal

from tui.model.cli_commands import EDITING, SUBAGENTS
from tui.model.rows import DetailPart
from tui.system.sanitize import clean, clean_line
from tui.system.sgr import clean_coloured

Json = dict[str, Any]
Style = Literal["plain", "diff", "code", "markdown", "json"]
_MOST_LINES = 4_000
_TITLE = 120


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
    return DetailPart(clean_line(title, _TITLE), shown, "ansi", spans=spans)


def text_part(title: str, text: str, style: Style = "markdown") -> DetailPart:
    """A text that has no colours of its own."""
    return DetailPart(clean_line(title, _TITLE), clean(text, whole=True), style)


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
