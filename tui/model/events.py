"""One record of a stream or transcript, independent of the agent that wrote it.

Text in a record is cleaned where it is decoded and safe to show. Bodies that may be large stay in their
file and are fetched by `SourceRef` when they are shown. Times are seconds since the epoch, UTC; `None`
means that the source did not say. An `AgentEvent` is one JSON record of Claude Code's stream or transcript.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.model.cli_commands import ENDED_TASK_STATUSES, NO_CHANGE, ToolChange
from tui.model.failures import ApiFailure, DenialKind


class SourceRef(Struct, frozen=True, gc=False):
    """A place in a source: file, byte offset of the line, and the event's uuid if it has one."""

    source: str
    offset: int
    uuid: str | None = None


FAST, BATCH, HOUR_AS_FIVE = "fast", "batch", "hour as five"


class ModelCall(Struct, frozen=True, gc=False):
    """A call that the server made within a response and bills apart."""

    model: str
    usage: TokenUsage


class UsageDetails(Struct, frozen=True, gc=False):
    """What few responses have beside their tokens: terms that change the price (a CLI may price one-hour cache
    writes like five-minute ones), web searches, an advisor's calls, passes that add up to the response.
    """

    terms: tuple[str, ...] = ()
    searches: int = 0
    calls: tuple[ModelCall, ...] = ()
    passes: tuple[TokenUsage, ...] = ()


class TokenUsage(Struct, frozen=True, gc=False):
    """Tokens of one API response, the two kinds of cache write apart."""

    input: int = 0
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    details: UsageDetails | None = None

    @property
    def context(self) -> int:
        """Tokens of prompt that are billed."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read

    @property
    def window(self) -> int:
        """Tokens the model had before it when it answered: of several passes, those of the last."""
        details = self.details
        return self.context if details is None or not details.passes else details.passes[-1].context

    @property
    def total(self) -> int:
        return self.context + self.output


# --- bodies of events ---


class ToolCall(Struct, frozen=True, gc=False):
    """A tool call: `target` is its one-line summary (command, path); `key` is equal for equal calls.

    `command` is a shell command of several lines, or too long for `target` (up to 4,000 characters).
    A call with `on_server` is run by the API itself: its result stands in the same message.
    """

    id: str
    name: str
    target: str
    key: int
    path: str = ""
    command: str = ""
    on_server: bool = False
    change: ToolChange = NO_CHANGE


class TaskUpdate(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A background task or subagent began, moved or ended; `task_type` is the CLI's word for its kind.

    A wake-up (`wake_up`, which comes when it is `due`) and a schedule (`session_cron`) are tasks too.
    `foreground` tasks are awaited by their call. A `task_id` of "*" means all of the type.
    """

    phase: Literal["started", "progress", "updated", "ended"]
    task_id: str
    tool_use_id: str
    description: str
    task_type: str = ""
    status: str = ""
    tokens: int = 0
    due: float | None = None
    foreground: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the task ended by this update."""
        return self.phase == "ended" or self.status in ENDED_TASK_STATUSES


class ToolResult(Struct, frozen=True, gc=False):
    """A tool's answer: `excerpt` is the end of its text (up to 2,000 characters), `size` its length.

    `task` is what it says of a background task: launched, goes on, over. `head` is its beginning, where the
    excerpt lacks it; `pictures`, a number for them. `denial`: not let run; `stopped`: the turn ends with that.
    """

    tool_use_id: str
    is_error: bool
    excerpt: str
    size: int
    added: int = 0
    removed: int = 0
    agent_id: str = ""
    task: TaskUpdate | None = None
    head: str = ""
    stopped: bool = False
    denial: DenialKind | None = None
    pictures: int = 0


class TurnStarted(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A turn begins; `hour_as_five`: its CLI prices cache writes so (HOUR_AS_FIVE); `capabilities` it names."""

    model: str
    cwd: str
    version: str
    permission_mode: str
    hour_as_five: bool = False
    capabilities: tuple[str, ...] = ()


class AssistantMessage(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """One block or more of an API response; `final`: its usage is the response's last figure.

    `stop_reason` is the API's word, empty where the version did not write it, or, with `goes_on`, where more
    of the answer was to come. `failure` is an error of the API in the model's place; `error` its raw code.
    """

    message_id: str
    request_id: str
    model: str
    usage: TokenUsage | None
    final: bool
    text: str = ""
    thinking: bool = False
    tools: tuple[ToolCall, ...] = ()
    error: str = ""
    stop_reason: str = ""
    failure: ApiFailure | None = None
    goes_on: bool = False


class UserMessage(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """What reached the model: a prompt, tool results, or text that the CLI added.

    `command_uuid` is the id under which a message that waited in the queue was sent; the stream may
    carry the same message with that id as its `uuid`. `tasks` are the background tasks that a
    notification tells of.
    """

    role: Literal["prompt", "results", "synthetic", "replay", "interrupted", "summary", "note"]
    text: str = ""
    results: tuple[ToolResult, ...] = ()
    origin: str = ""
    command_uuid: str = ""
    tasks: tuple[TaskUpdate, ...] = ()


class ModelUsage(Struct, frozen=True, gc=False):
    """A result's own account of one model."""

    model: str
    usage: TokenUsage
    cost_usd: float
    context_window: int
    searches: int = 0


class TurnResult(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A turn ended; `cost_usd` adds up over resume and fork, `denied` are the ids of refused calls."""

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
    denied: tuple[str, ...] = ()
    queued: int = 0
    api_error_status: int = 0
    failure: ApiFailure | None = None

    @property
    def was_interrupted(self) -> bool:
        """Whether somebody stopped the turn: the CLI says `aborted_streaming` or `aborted_tools`."""
        return self.terminal_reason.startswith("aborted_")


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
    """A limit's state; `rejected` makes wait, `overage` means that extra usage pays instead."""

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


class ToolHeartbeat(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A tool is still running after `elapsed_s`."""

    tool_use_id: str
    name: str
    elapsed_s: float


class MessageLifecycle(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A message from outside was queued, started, completed or cancelled; `tasks` as in a `UserMessage`."""

    command_uuid: str
    state: str
    text: str = ""
    tasks: tuple[TaskUpdate, ...] = ()


class AgentStateReport(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """What the CLI reports of itself: running, idle, requires_action, requesting, compacting.

    `background` is how many background tasks still run, None where it did not say.
    """

    state: str
    detail: str = ""
    background: int | None = None


HOOK_STOPPED = "stopped the turn"


class HookRun(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A hook of the session started or answered; with `HOOK_STOPPED` as outcome it ended the turn."""

    name: str
    event: str
    outcome: str
    text: str = ""


class RunningCost(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A transcript's own running total; `incomplete`: the CLI had no price for some model."""

    cost_usd: float
    models: tuple[ModelUsage, ...] = ()
    incomplete: bool = False


class PermissionDenied(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A tool call was refused, or waits for a person's permission."""

    tool: str
    tool_use_id: str
    reason: str
    waiting: bool = False
    kind: DenialKind = DenialKind.NOT_GRANTED


class ControlMessage(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A control request or its answer passed on the wire; `cancelled`: a message was taken back by it."""

    request_id: str
    subtype: str
    ok: bool
    text: str = ""
    cancelled: bool = False


class Notice(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A known record that a person may want to read and that changes nothing that is counted."""

    topic: str
    text: str
    level: str = ""


class SilentRecord(Struct, frozen=True, gc=False, tag=True, tag_field="_"):
    """A known record with nothing to show: titles, snapshots, the CLI's own attachments."""

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
    index_in_line: int = 0

    @property
    def ref(self) -> SourceRef:
        return SourceRef(self.source, self.offset, self.uuid or None)
