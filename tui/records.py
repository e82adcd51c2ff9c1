"""The record types every room speaks in: what feeds read, night folds and screens draw.

Text in a record has been through the sanitising door and is safe to show; bodies that may be
large stay in their file and are fetched by `Ref` when somebody looks. Times are seconds since the
epoch, UTC; `None` means the source did not say. The wire formats are those of Claude Code's
`stream-json` output and of its transcripts; one `Event` stands for one JSON record of either.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from tui.system.sgr import StyledSpan


class SourceRef(Struct, frozen=True, gc=False):
    """Where evidence stands: file, byte offset of the line, and the event's uuid if it has one."""

    source: str
    offset: int
    uuid: str | None = None


class TokenUsage(Struct, frozen=True, gc=False):
    """Tokens of one API response, the two kinds of cache write apart."""

    input: int = 0
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0

    @property
    def context(self) -> int:
        """Tokens the model had before it when it answered."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read

    @property
    def total(self) -> int:
        return self.context + self.output


# --- bodies of events ---


class ToolCall(Struct, frozen=True, gc=False):
    """A tool call: `target` is its one-line summary (command, path); `key` is equal for equal calls.

    `command` is a shell command of several lines, or too long for `target` (up to 4,000 characters).
    """

    id: str
    name: str
    target: str
    key: int
    path: str = ""
    command: str = ""


class ToolResult(Struct, frozen=True, gc=False):
    """A tool's answer: `excerpt` is the end of its text (up to 2,000 characters), `size` its length."""

    tool_use_id: str
    is_error: bool
    excerpt: str
    size: int
    added: int = 0
    removed: int = 0
    agent_id: str = ""


class TurnStarted(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A turn begins (`system/init`)."""

    model: str
    cwd: str
    version: str
    permission_mode: str


class AssistantMessage(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """One block or more of an API response; `final` says its usage is the response's last word."""

    message_id: str
    request_id: str
    model: str
    usage: TokenUsage | None
    final: bool
    text: str = ""
    thinking: bool = False
    tools: tuple[ToolCall, ...] = ()
    error: str = ""


class UserMessage(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """What reached the model: a prompt, tool results, or words put in by the CLI.

    `command_uuid` is the id under which a message that waited in the queue was sent: the stream
    may tell of the same message under that id as its own.
    """

    role: Literal["prompt", "results", "synthetic", "replay", "interrupted", "summary", "note"]
    text: str = ""
    results: tuple[ToolResult, ...] = ()
    origin: str = ""
    command_uuid: str = ""


class ModelUsage(Struct, frozen=True, gc=False):
    """A result's own account of one model."""

    model: str
    usage: TokenUsage
    cost_usd: float
    context_window: int


class TurnResult(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A turn ended; `cost_usd` adds up within a process and is carried over by resume and fork."""

    subtype: str
    is_error: bool
    turns: int
    duration_ms: int
    cost_usd: float | None
    models: tuple[ModelUsage, ...] = ()
    usage: TokenUsage | None = None
    terminal_reason: str = ""
    text: str = ""
    errors: tuple[str, ...] = ()
    denials: int = 0
    queued: int = 0
    api_error_status: int = 0


class StreamDelta(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A streamed piece of a response; `usage` only on `message_start` and `message_delta`."""

    step: str
    message_id: str = ""
    text: str = ""
    usage: TokenUsage | None = None
    model: str = ""


class ApiRetry(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """The CLI will call the API again after `delay_s`."""

    attempt: int
    limit: int
    delay_s: float
    status: int
    error: str


class RateLimit(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A limit's state; `allowed` is no alarm."""

    status: str
    resets_at: float | None
    window: str
    used: float | None = None


class Compaction(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """The conversation was summarised."""

    trigger: str
    before: int
    after: int | None = None
    duration_s: float | None = None


class TaskUpdate(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A background task or subagent began, moved or ended."""

    phase: Literal["started", "progress", "updated", "ended"]
    task_id: str
    tool_use_id: str
    description: str
    task_type: str = ""
    status: str = ""
    tokens: int = 0


class ToolHeartbeat(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A tool is still running after `elapsed_s`."""

    tool_use_id: str
    name: str
    elapsed_s: float


class MessageLifecycle(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A message from outside was queued, started, completed or cancelled."""

    command_uuid: str
    state: str
    text: str = ""


class AgentStateReport(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """What the CLI says of itself: running, idle, requires_action, requesting, compacting."""

    state: str
    detail: str = ""


class HookRun(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A hook of the session started or answered."""

    name: str
    event: str
    outcome: str
    text: str = ""


class RunningCost(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A transcript's own running total, written at the end of a turn or process."""

    cost_usd: float


class PermissionDenied(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A tool call was refused, or waits for a person's leave."""

    tool: str
    tool_use_id: str
    reason: str
    waiting: bool = False


class ControlMessage(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A control request or its answer passed on the wire."""

    request_id: str
    subtype: str
    ok: bool
    text: str = ""


class Notice(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """An understood record that says something to a person and changes nothing that is counted."""

    topic: str
    text: str
    level: str = ""


class SilentRecord(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """An understood record with nothing to show: titles, snapshots, the CLI's own attachments."""

    topic: str


class UnknownRecord(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A JSON object of a type or subtype that this program does not know."""

    type: str
    subtype: str
    text: str = ""


class MalformedLine(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A line, or part of one, that is no JSON object; `excerpt` shows its beginning."""

    reason: str
    excerpt: str
    size: int


Body = (
    TurnStarted
    | AssistantMessage
    | UserMessage
    | TurnResult
    | StreamDelta
    | ApiRetry
    | RateLimit
    | Compaction
    | TaskUpdate
    | ToolHeartbeat
    | MessageLifecycle
    | AgentStateReport
    | HookRun
    | RunningCost
    | PermissionDenied
    | ControlMessage
    | Notice
    | SilentRecord
    | UnknownRecord
    | MalformedLine
)


class AgentEvent(Struct, frozen=True, gc=False):
    """One record of a stream or transcript.

    `offset` and `length` are the bytes of its line in `source`; glued objects share a line and
    differ in `part`. `thread` is empty for the main conversation, else names the subagent (the id
    of the tool call that started it, or its agent id).
    """

    source: str
    offset: int
    length: int
    body: Body
    uuid: str = ""
    session: str = ""
    at: float | None = None
    thread: str = ""
    parent: str = ""
    part: int = 0

    @property
    def ref(self) -> SourceRef:
        return SourceRef(self.source, self.offset, self.uuid or None)


# --- what else is known of a night ---


class Arrival(Struct, frozen=True, gc=False):
    """Bytes of the stream before `offset` had arrived by `at`."""

    source: str
    offset: int
    at: float


TaskState = Literal["done", "open", "in_progress", "blocked"]


class ProgressTask(Struct, frozen=True, gc=False):
    """One task of a progress file; `priority` is "P0", "P1", … or empty."""

    title: str
    state: TaskState
    section: str = ""
    priority: str = ""
    line: int = 0
    depth: int = 0


class ProgressSection(Struct, frozen=True, gc=False):
    """A heading of the progress file with the tasks under it."""

    title: str
    done: int
    open: int
    priority: str = ""


class ProgressFile(Struct, frozen=True, gc=False):
    """What a progress file says; `basis` tells how it was read, "unknown" means no count at all."""

    source: str
    at: float | None
    basis: Literal["checkboxes", "counts", "features", "unknown"]
    done: int
    open: int
    tasks: tuple[ProgressTask, ...] = ()
    sections: tuple[ProgressSection, ...] = ()
    blockers: tuple[str, ...] = ()
    in_progress: tuple[str, ...] = ()
    goal: str = ""
    session: str = ""
    started: str = ""
    text: str = ""

    @property
    def total(self) -> int:
        return self.done + self.open


class SessionNotes(Struct, frozen=True, gc=False):
    """The session notes as they stand, cleaned Markdown."""

    source: str
    at: float | None
    text: str


LogLevel = Literal["debug", "info", "ok", "warning", "error", ""]


class LogEntry(Struct, frozen=True, gc=False):
    """One entry of a watchdog or loop log, continuation lines included; `local`: time had no zone."""

    source: str
    offset: int
    at: float | None
    level: LogLevel
    text: str
    tag: str = ""
    local: bool = False
    clock: str = ""


class SessionHistoryLine(Struct, frozen=True, gc=False):
    """A line of session-history.jsonl."""

    source: str
    offset: int
    ended_at: float | None
    commits: int
    files_changed: int
    tests_passed: int | None
    tests_failed: int | None
    runtime_hours: float | None


class CompactionHistoryLine(Struct, frozen=True, gc=False):
    """A line of compaction-history.jsonl; its token figure is bytes by four, not context."""

    source: str
    offset: int
    at: float | None
    estimated_tokens: int | None
    reason: str
    checkpoint: bool


class Commit(Struct, frozen=True, gc=False):
    """A commit of the watched repository."""

    sha: str
    at: float
    subject: str
    files: int
    insertions: int
    deletions: int
    author: str = ""


class AgentProcess(Struct, frozen=True, gc=False):
    """A Claude process of this project; identity is `pid` together with `created`."""

    pid: int
    created: float
    session: str = ""
    cwd: str = ""
    status: str = ""
    waiting_for: str = ""
    kind: str = ""
    version: str = ""
    tmux: str = ""
    socket: str = ""
    cpu_s: float = 0.0
    rss: int = 0
    children: int = 0


class AgentProcesses(Struct, frozen=True, gc=False):
    """The agents alive in this project at `at`; an empty tuple says none is."""

    at: float
    agents: tuple[AgentProcess, ...]


class JournalEntry(Struct, frozen=True, gc=False):
    """One deed or observation of runner or control; docs/architecture.md lists kinds and keys."""

    at: float
    kind: str
    id: str = ""
    data: dict[str, Any] = {}
    source: str = ""
    offset: int = 0


class SourceStatus(Struct, frozen=True, gc=False):
    """How a source is doing, in words for the sources panel."""

    name: str
    path: str
    state: Literal["following", "missing", "unreadable", "off", "folding"]
    why: str = ""
    chosen: str = ""
    size: int = 0
    changed_at: float | None = None
    lines: int = 0
    malformed: int = 0
    progress: float = 1.0


Record = (
    AgentEvent
    | Arrival
    | ProgressFile
    | SessionNotes
    | LogEntry
    | SessionHistoryLine
    | CompactionHistoryLine
    | Commit
    | AgentProcesses
    | JournalEntry
)


# --- what the screen draws of an event ---

RowKind = Literal[
    "text",
    "thinking",
    "tool",
    "tool_result",
    "user",
    "init",
    "result",
    "retry",
    "limit",
    "compaction",
    "task",
    "hook",
    "deed",
    "commit",
    "notice",
    "unknown",
    "malformed",
    "partial",
]

Mark = Literal["", "ok", "error", "warning", "running", "quiet"]


class EventRow(Struct, frozen=True, gc=False):
    """One line of the events pane: when, what, about what, how it went, how long it took."""

    kind: RowKind
    at: float | None
    label: str
    text: str
    outcome: str = ""
    mark: Mark = ""
    seconds: float | None = None
    depth: int = 0
    ref: SourceRef | None = None


class DetailPart(Struct, frozen=True, gc=False):
    """A titled piece of an event's detail; `style` says how its text is to be drawn.

    `spans` are the colours that a text of style "ansi" brought along. No text holds a control character.
    """

    title: str
    text: str
    style: Literal["plain", "diff", "code", "markdown", "json", "ansi"] = "plain"
    spans: tuple[StyledSpan, ...] = ()


class EventDetail(Struct, frozen=True, gc=False):
    """Everything about one event, cleaned: the call with its input, its result, its facts."""

    title: str
    parts: tuple[DetailPart, ...]
    ref: SourceRef
    facts: tuple[tuple[str, str], ...] = ()
