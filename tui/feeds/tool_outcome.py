"""How a tool call went, in a few words taken from its answer."""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.patterns import lazy
from tui.records import Mark, ToolResult, ToolCall
from tui.system.format import clip_text, format_count_plain, format_text_size

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
_BAD = frozenset(("failed", "error", "errors"))
_STOPPED = "this call was stopped while running"
_PROCEED = "doesn't want to proceed with this tool use"


class ToolOutcome(NamedTuple):
    text: str
    mark: Mark


def outcome(tool: ToolCall, result: ToolResult) -> ToolOutcome:
    """What to say of a call beside its line: lines changed, tests passed, the error, the last word."""
    if result.is_error:
        return ToolOutcome(_error(result.excerpt), "error")
    if result.added or result.removed:
        return ToolOutcome(f"+{result.added} −{result.removed}", "ok")
    summary = test_summary(result.excerpt)
    if summary is not None:
        return summary
    if tool.name in _AGENTS:
        background = result.agent_id and "output_file:" in result.excerpt
        told = "in the background" if background else first_meaningful_line(result.excerpt)
        return ToolOutcome(_cut(told), "ok")
    if tool.name in _BULKY:
        return ToolOutcome(_size(result), "ok")
    if tool.name in _CHANGING:
        return ToolOutcome("", "ok")
    return ToolOutcome(_cut(last_meaningful_line(result.excerpt)), "ok")


_BULKY = frozenset(("Read", "Grep", "Glob", "LS", "NotebookRead", "WebFetch", "ToolSearch"))
_AGENTS = frozenset(("Agent", "Task"))
_CHANGING = frozenset(("Edit", "Write", "MultiEdit", "NotebookEdit", "TodoWrite"))


def test_summary(text: str) -> ToolOutcome | None:
    """The counts of the last summary line of a test run or checker near the end of `text`."""
    for line in reversed(text.rstrip().split("\n")[-_LOOKED_AT:]):
        line = line.strip("= \t-")
        counts = _COUNT.findall(line)
        if counts and (len(counts) > 1 or _whole_summary(line)):
            return _counted(counts)
        if named := _NAMED_COUNTS.findall(line):
            return _counted([(count, word.replace("failures", "failed")) for word, count in named])
        if _VERDICTS.match(line):
            bad = line.startswith(("Found", "FAILED", "test result: FAILED")) or "problem" in line
            return ToolOutcome(_cut(line), "warning" if bad else "ok")
    return None


def _whole_summary(line: str) -> bool:
    """Whether a line with one count is a runner's last line, not a sentence about tests."""
    return (
        re.match(r"(?:Tests?:?\s+)?\d+ \w+(?: in [\d.]+ ?m?s.*| \(\d+\)|,.*|\s*)\Z", line)
        is not None
    )


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
    told = summary.text if summary else first_meaningful_line(text[code.end() :] if code else text)
    return _cut(" · ".join(filter(None, (head, told))))


def first_meaningful_line(text: str) -> str:
    """The first line with a letter or digit in it."""
    return next((line.strip() for line in text.split("\n") if not _RULER.match(line)), "")


def last_meaningful_line(text: str) -> str:
    """The last line with a letter or digit in it."""
    lines = reversed(text.rstrip().split("\n"))
    return next((line.strip() for line in lines if not _RULER.match(line)), "")


def _size(result: ToolResult) -> str:
    if not result.size:
        return "nothing"
    if result.size <= len(result.excerpt) + 2:
        lines = len(result.excerpt.splitlines())
        return format_count_plain(lines, "line")
    return format_text_size(result.size)


def _cut(text: str) -> str:
    return clip_text(text.replace("\t", " "), _LIMIT)
