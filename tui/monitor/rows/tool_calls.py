"""A tool call with its answer: what stands beside its line, and the parts of its page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from tui.model.events import ToolCall, ToolResult
from tui.model.rows import DetailPart, Mark
from tui.system.format import clip_text, format_count_plain, format_text_size
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean, clean_line
from tui.system.sgr import clean_coloured

_LIMIT = 80
_LOOKED_AT = 40
_EXIT = lazy(r"\AExit code (\d+)\b")
_TAGS = lazy(r"</?(?:tool_use_error|error|system-reminder)>")
_RULER = lazy(r"[\W_]*\Z")
_COUNT = lazy(
    r"\b(\d+)[ \xa0](failed|passed|errors?|skipped|xfailed|xpassed|warnings?|deselected)\b"
)
_NAMED_COUNTS = lazy(r"\b(failures|errors|skipped)=(\d+)")
_VERDICTS = lazy(
    r"(?:Found \d+ errors?\b|Success: no issues found|All checks passed|\d+ problems? \("
    r"|test result: |Ran \d+ tests? in |FAILED \(|OK\Z|OK \()"
)
# A line with one count is a runner's last line only in these forms, else a sentence about tests.
_LONE_COUNT = lazy(r"(?:Tests?:?\s+)?\d+ \w+(?: in [\d.]+ ?m?s.*| \(\d+\)|,.*|\s*)\Z")
_BAD = frozenset(("failed", "error", "errors"))
_STOPPED = "this call was stopped while running"
_PROCEED = "doesn't want to proceed with this tool use"


class ToolOutcome(NamedTuple):
    text: str
    mark: Mark


_BULKY = frozenset(("Read", "Grep", "Glob", "LS", "NotebookRead", "WebFetch", "ToolSearch"))
_AGENTS = frozenset(("Agent", "Task"))
_CHANGING = frozenset(("Edit", "Write", "MultiEdit", "NotebookEdit", "TodoWrite"))


def outcome(tool: ToolCall, result: ToolResult) -> ToolOutcome:
    """What stands beside the line of a call: lines changed, tests passed, the error, the last line."""
    if result.is_error:
        return ToolOutcome(_error(result.excerpt), "error")
    if result.added or result.removed:
        return ToolOutcome(f"+{result.added} −{result.removed}", "ok")
    summary = test_summary(result.excerpt)
    if summary is not None:
        return summary
    if tool.name in _AGENTS:
        background = result.agent_id and "output_file:" in result.excerpt
        text = "in the background" if background else _telling_line(result.excerpt)
        return ToolOutcome(_cut(text), "ok")
    if tool.name in _BULKY:
        return ToolOutcome(_size(result), "ok")
    if tool.name in _CHANGING:
        return ToolOutcome("", "ok")
    return ToolOutcome(_cut(_telling_line(result.excerpt, -1)), "ok")


def test_summary(text: str) -> ToolOutcome | None:
    """The counts of the last summary line of a test run or checker near the end of `text`."""
    for line in reversed(text.rstrip().split("\n")[-_LOOKED_AT:]):
        line = line.strip("= \t-")
        counts = _COUNT.findall(line)
        if counts and (len(counts) > 1 or _LONE_COUNT.match(line)):
            return _counted(counts)
        if named := _NAMED_COUNTS.findall(line):
            return _counted([(count, word.replace("failures", "failed")) for word, count in named])
        if _VERDICTS.match(line):
            bad = line.startswith(("Found", "FAILED", "test result: FAILED")) or "problem" in line
            return ToolOutcome(_cut(line), "warning" if bad else "ok")
    return None


def _counted(counts: list[tuple[str, str]]) -> ToolOutcome:
    shown = [(number, word) for number, word in counts if number != "0"] or counts[:1]
    failed = any(word in _BAD for _, word in shown)
    text = ", ".join(f"{number} {word}" for number, word in shown)
    return ToolOutcome(_cut(text), "warning" if failed else "ok")


def _error(text: str) -> str:
    """The exit code with the tests' summary, else the first line that says something."""
    if _PROCEED in text:
        return "stopped by the user" if _STOPPED in text else "refused by the user"
    text = _TAGS.sub("", text)
    code = _EXIT.match(text)
    head = f"exit {code[1]}" if code else ""
    summary = test_summary(text)
    rest = summary.text if summary else _telling_line(text[code.end() :] if code else text)
    return _cut(" · ".join(filter(None, (head, rest))))


def _telling_line(text: str, step: int = 1) -> str:
    """The first line, or with `step` -1 the last, with a letter or digit in it."""
    lines = text.rstrip().split("\n")[::step]
    return next((line.strip() for line in lines if not _RULER.match(line)), "")


def _size(result: ToolResult) -> str:
    if not result.size:
        return "nothing"
    if result.size <= len(result.excerpt) + 2:
        return format_count_plain(len(result.excerpt.splitlines()), "line")
    return format_text_size(result.size)


def _cut(text: str) -> str:
    return clip_text(text.replace("\t", " "), _LIMIT)


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
    **dict.fromkeys(("Edit", "MultiEdit", "Write", "NotebookEdit"), _edit),
    **dict.fromkeys(("Agent", "Task"), _agent),
    "Read": _read,
    "TodoWrite": _todos,
}
