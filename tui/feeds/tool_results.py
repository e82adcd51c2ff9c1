"""A tool's answer: the end of its text, its size, and what it changed."""

from __future__ import annotations

from collections.abc import Iterable

from tui.feeds.plain_values import name
from tui.feeds.wire import ContentBlock, EditResult, ResultContent, RecordLine
from tui.records import ToolResult
from tui.system.sgr import strip_ansi

_OF_ERRORS = 2000
_OF_OTHERS = 1000


def tool_result(block: ContentBlock, line: RecordLine, alone: bool) -> ToolResult:
    """The record of one `tool_result` block of `line`.

    The structured answer stands once per line: it is this block's when the block is `alone`.
    """
    text = content_text(block.content)
    failed = bool(block.is_error)
    added = removed = 0
    agent = ""
    answer = line.result or line.transcript_result
    if alone and isinstance(answer, EditResult):
        added, removed = changed_lines(answer)
        agent = name(answer.agentId)
    excerpt = end_of(text, _OF_ERRORS if failed else _OF_OTHERS)
    return ToolResult(name(block.tool_use_id), failed, excerpt, len(text), added, removed, agent)


def content_text(content: str | list[ResultContent] | None) -> str:
    """The text of a tool result; what is no text is named in brackets."""
    if isinstance(content, str):
        return content
    if not content:
        return ""
    return "\n".join(
        part.text if part.text is not None else f"[{part.type or 'something'}]" for part in content
    )


def end_of(text: str, limit: int) -> str:
    """The end of a terminal output without its escape sequences, at most `limit` characters."""
    if len(text) > limit:
        text = text[-limit:]
        start = text.find("\n", 0, 300) + 1  # a sequence or word cut in two is no good beginning
        text = text[start:]
    text = strip_ansi(text)
    return text if len(text) <= limit else text[-limit:]


def changed_lines(answer: EditResult) -> tuple[int, int]:
    """Lines added and removed; a file newly written has all its lines added."""
    added = removed = 0
    for hunk in answer.structuredPatch or ():
        plus, minus = _count(hunk.lines or ())
        added += plus
        removed += minus
    if not added and not removed and answer.type == "create" and isinstance(answer.content, str):
        added = len(answer.content.splitlines())
    return added, removed


def _count(lines: Iterable[str]) -> tuple[int, int]:
    plus = minus = 0
    for each in lines:
        if each.startswith("+"):
            plus += 1
        elif each.startswith("-"):
            minus += 1
    return plus, minus
