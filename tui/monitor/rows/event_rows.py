"""Events and journal entries as rows; tool outcomes."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from tui.model import events
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    Body,
    SourceRef,
    ToolCall,
    ToolResult,
    UserMessage,
)
from tui.model.journal import JournalEntry
from tui.model.rows import DetailPart, EventDetail, EventRow, Mark
from tui.monitor.rows.row_text import TROUBLE, URGENT, line_of
from tui.system.format import clip_text, format_count_plain, format_text_size
from tui.system.lazy_pattern import lazy

_LIMIT = 80
_LABEL = 16
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
        text = "in the background" if background else first_meaningful_line(result.excerpt)
        return ToolOutcome(_cut(text), "ok")
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
    rest = summary.text if summary else first_meaningful_line(text[code.end() :] if code else text)
    return _cut(" · ".join(filter(None, (head, rest))))


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


def row(
    event: AgentEvent, result: ToolResult | None = None, seconds: float | None = None
) -> EventRow:
    """The row of one record; a tool call's outcome and duration come from its `result`, if known."""
    line = line_of(event.body)
    if isinstance(event.body, AssistantMessage) and event.body.tools and result is not None:
        tools = event.body.tools
        tool = next((tool for tool in tools if tool.id == result.tool_use_id), tools[0])
        text, mark = outcome(tool, result)
        line = line._replace(outcome=text, mark=mark, seconds=seconds)
    return EventRow(
        line.kind,
        event.at,
        line.label[:_LABEL],
        line.text,
        line.outcome,
        line.mark,
        line.seconds,
        1 if event.thread else 0,
        event.ref,
    )


def visibility(event: AgentEvent) -> int:
    """The verbosity from which on an event has a row: 1 always, 2 with the machinery, 3 everything."""
    body = event.body
    kind = type(body)
    if kind is AssistantMessage:
        return _of_assistant(body)  # type: ignore[arg-type]
    if kind is UserMessage:
        return _of_user(body)  # type: ignore[arg-type]
    fixed = _FIXED.get(kind)
    return fixed if fixed is not None else _by_content(body)


_FIXED: dict[type[Any], int] = {
    events.TurnResult: 1,
    events.ApiRetry: 1,
    events.Compaction: 1,
    events.PermissionDenied: 1,
    events.UnknownRecord: 1,
    events.MalformedLine: 1,
    events.TurnStarted: 2,
    events.TaskUpdate: 2,
    events.MessageLifecycle: 2,
    events.ToolHeartbeat: 3,
    events.StreamDelta: 3,
    events.RunningCost: 3,
    events.SilentRecord: 3,
}


def _of_assistant(body: AssistantMessage) -> int:
    if body.tools or body.error:
        return 1
    if body.thinking:
        return 2
    return 1 if body.text else 3


def _of_user(body: UserMessage) -> int:
    if body.role == "results":
        return 2
    if body.role in ("synthetic", "note"):
        return 1 if body.text.startswith("Stop hook feedback") else 2
    return 1


def _by_content(body: Body) -> int:
    if isinstance(body, events.RateLimit):
        return 3 if body.status == "allowed" else 1
    if isinstance(body, events.Notice):
        return 1 if body.level in URGENT else 2
    if isinstance(body, events.HookRun):
        return 1 if body.outcome in TROUBLE else 2
    if isinstance(body, events.AgentStateReport):
        return 1 if body.state == "requires_action" else 3
    if isinstance(body, events.ControlMessage):
        return 3 if body.ok else 2
    return 1


_QUIET = frozenset({"notified", "request", "answer", "note", "injection", "supervisor_stopped"})
_MARKS: dict[str, Mark] = {
    "checkpoint_failed": "error",
    "limit_warning": "warning",
    "limit_hit": "error",
    "stall": "warning",
    "restart_scheduled": "warning",
    "kill": "warning",
    "checkpoint": "ok",
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "run_started": ("goal", "model"),
    "segment_started": ("why", "session"),
    "segment_ended": ("reason", "code", "signal"),
    "run_ended": ("reason",),
    "supervisor_started": ("adopted", "gap_s"),
    "checkpoint": ("checkpoint", "label", "why", "tests"),
    "rewind": ("checkpoint", "mode", "written", "deleted"),
    "undo": ("checkpoint", "mode", "written", "deleted"),
    "inject": ("mode", "transport", "text"),
    "injection": ("state", "text", "doing", "detail"),
    "interrupt": ("by", "reason"),
    "stop": ("by", "reason", "survivors"),
    "kill": ("by", "reason", "survivors"),
    "limit_warning": ("limit", "value", "allowed"),
    "limit_hit": ("limit", "value", "allowed"),
    "stall": ("stall", "evidence"),
    "restart_scheduled": ("class", "attempt", "delay_s"),
    "handover": ("share",),
    "continuation": ("open", "attempt"),
    "notified": ("event", "channel", "state"),
}


def journal_level(entry: JournalEntry) -> int:
    """The verbosity from which on the entry is shown."""
    if entry.kind == "injection" and entry.data.get("state") != "queued":
        return 1
    return 2 if entry.kind in _QUIET else 1


def journal_row(entry: JournalEntry) -> EventRow:
    """What the entry says, in one line."""
    parts = [_text(entry.data.get(key)) for key in _FIELDS.get(entry.kind, ("text", "reason"))]
    if entry.kind in ("stop", "kill") and "survivors" in entry.data:
        survivors = _text(entry.data["survivors"])
        parts = ["it is over; nobody survived"]
        if survivors:
            parts = [f"over, but these survived: {survivors}"]
    return EventRow(
        "deed",
        entry.at,
        entry.kind.replace("_", " "),
        " · ".join(filter(None, parts))[:400],
        mark=_MARKS.get(entry.kind, ""),
        ref=SourceRef(entry.source, entry.offset),
    )


def journal_detail(entry: JournalEntry, ref: SourceRef) -> EventDetail:
    """Everything in the journal entry."""
    text = msgspec.json.format(msgspec.json.encode(entry.data), indent=2).decode()
    return EventDetail(entry.kind.replace("_", " "), (DetailPart("journal", text, "json"),), ref)


def _text(value: object) -> str:
    if value in (None, False, "", 0):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value[:4])
    return f"{value:g}" if isinstance(value, float) else str(value)
