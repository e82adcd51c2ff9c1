"""The records as they stand in a file.

Stream and transcript name the same things differently (`session_id`, `sessionId`); one struct holds
both names, so that one pass over a line decodes either, whatever the order of its keys.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field

STREAM_TYPES = frozenset("system assistant user result stream_event rate_limit_event".split())
TRANSCRIPT_TYPES = frozenset(
    "user assistant system summary progress attachment queue-operation mode file-history-snapshot "
    "last-prompt ai-title custom-title permission-mode".split()
)
INTERRUPTED = "[Request interrupted by user"
"""How the note begins that the CLI puts into a conversation when a person stopped it."""

# `gc=False`: the structs can form no cycles, and tracking thousands of them would slow decoding.


class CacheCreation(Struct, gc=False):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class ServerTools(Struct, gc=False):
    """Tools that ran on the server; fetching a page costs nothing."""

    web_search_requests: int | None = None


class WireUsage(Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerTools | None = None
    service_tier: str | None = None
    speed: str | None = None
    iterations: Raw = Raw()


class WirePass(WireUsage, gc=False):
    """One of the passes that the server made for a response: of the model itself, or an advisor's."""

    type: str = ""
    model: str | None = None


class ResultContent(Struct, gc=False):
    """A piece of a tool result's content; `source` is a picture's or a document's data."""

    type: str = ""
    text: str | None = None
    source: Raw = Raw()


class ContentBlock(Struct, gc=False):
    """A content block of any kind."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = Raw()
    tool_use_id: str | None = None
    content: str | list[ResultContent] | None = None
    is_error: bool | None = None


class WireMessage(Struct, gc=False):
    id: str | None = None
    model: str | None = None
    content: str | list[ContentBlock] | None = None
    stop_reason: str | None = None
    usage: WireUsage | None = None


class WireHunk(Struct, gc=False):
    lines: list[str] | None = None


class EditResult(Struct, gc=False):
    """The structured half of a tool result, as far as edits, subagents and background tasks go.

    Other tools use the same keys for values of any type.
    """

    structuredPatch: list[WireHunk] | None = None
    type: str | None = None
    content: Any = None
    agentId: str | None = None
    status: Any = None
    backgroundTaskId: Any = None
    taskId: Any = None
    task_id: Any = None
    task: Any = None
    shellId: Any = None
    shell_id: Any = None
    resumedAgentId: Any = None
    scheduledFor: Any = None
    humanSchedule: Any = None
    taskType: Any = None
    task_type: Any = None
    timeoutMs: Any = None
    description: Any = None
    workflowName: Any = None
    error: Any = None
    id: Any = None


class MessageOrigin(Struct, gc=False):
    kind: str | None = None


class WireDelta(Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None


class WireStreamStep(Struct, gc=False):
    type: str = ""
    message: WireMessage | None = None
    usage: WireUsage | None = None
    delta: WireDelta | None = None


class LimitInfo(Struct, gc=False):
    status: str | None = None
    resetsAt: float | None = None
    rateLimitType: str | None = None
    utilization: float | None = None
    isUsingOverage: bool | None = None


class RecordLine(Struct, gc=False):
    """The envelope of every record, and the whole of `assistant`, `user` and `stream_event`."""

    type: str = ""
    subtype: str | None = None
    message: WireMessage | str | None = None
    uuid: str | None = None
    timestamp: str | None = None
    session_id: str | None = None
    session: str | None = field(default=None, name="sessionId")
    parent_tool_use_id: str | None = None
    parent: str | None = field(default=None, name="parentUuid")
    version: str | None = None
    sidechain: bool | None = field(default=None, name="isSidechain")
    agent: str | None = field(default=None, name="agentId")
    request_id: str | None = None
    request: str | None = field(default=None, name="requestId")
    result: EditResult | str | list[Any] | None = field(default=None, name="tool_use_result")
    transcript_result: EditResult | str | list[Any] | None = field(
        default=None, name="toolUseResult"
    )
    error: Raw = Raw()
    api_error: bool | None = field(default=None, name="isApiErrorMessage")
    is_api_error_message: bool | None = None
    api_error_status: int | None = None
    api_status: int | None = field(default=None, name="apiErrorStatus")
    meta: bool | None = field(default=None, name="isMeta")
    synthetic: bool | None = field(default=None, name="isSynthetic")
    replay: bool | None = field(default=None, name="isReplay")
    compact_summary: bool | None = field(default=None, name="isCompactSummary")
    origin: MessageOrigin | str | None = None
    event: WireStreamStep | str | None = None
    api_message_id: str | None = None
    quota: LimitInfo | None = field(default=None, name="quotaLimits")


class CheckedLine(Struct, gc=False):
    """A line whose JSON is checked and whose fields are not read."""


class WireModelUse(Struct, gc=False):
    inputTokens: int | None = None
    outputTokens: int | None = None
    cacheReadInputTokens: int | None = None
    cacheCreationInputTokens: int | None = None
    cacheCreationEphemeral5mInputTokens: int | None = None
    cacheCreationEphemeral1hInputTokens: int | None = None
    costUSD: float | None = None
    contextWindow: int | None = None
    webSearchRequests: int | None = None


class ResultLine(Struct, gc=False):
    """A `result` record."""

    subtype: str | None = None
    is_error: bool | None = None
    num_turns: int | None = None
    duration_ms: float | None = None
    total_cost_usd: float | None = None
    usage: WireUsage | None = None
    modelUsage: dict[str, WireModelUse] | None = None
    terminal_reason: str | None = None
    result: str | None = None
    errors: list[Any] | None = None
    permission_denials: list[Any] | None = None
    queued_turn_count: int | None = None
    api_error_status: int | None = None


class CostLine(Struct, gc=False):
    """A `cost-state` record."""

    totalCostUSD: float | None = None
    modelUsage: dict[str, WireModelUse] | None = None
    hasUnknownModelCost: bool | None = None


class CompactMetadata(Struct, gc=False):
    trigger: str | None = None
    pre_tokens: int | None = None
    preTokens: int | None = None
    post_tokens: int | None = None
    postTokens: int | None = None
    duration_ms: float | None = None
    durationMs: float | None = None
    tokensSaved: int | None = None


class SystemPart(Struct, gc=False):
    """The fields of the small objects in a system record: a task's usage or patch, a hook."""

    total_tokens: int | None = None
    status: str | None = None
    command: str | None = None


class SystemLine(Struct, gc=False):
    """The fields of all subtypes of `system`, and of some small record types."""

    # beginnings of turns
    model: str | None = None
    cwd: str | None = None
    claude_code_version: str | None = None
    capabilities: list[str] | None = None
    permissionMode: str | None = None
    # retries
    attempt: int | None = None
    max_retries: int | None = None
    retry_delay_ms: float | None = None
    error_status: int | None = None
    error: Any = None
    cause: Any = None
    retryAttempt: int | None = None
    maxRetries: int | None = None
    retryInMs: float | None = None
    # compaction
    compact_metadata: CompactMetadata | None = None
    compactMetadata: CompactMetadata | None = None
    microcompactMetadata: CompactMetadata | None = None
    compact_result: str | None = None
    compact_error: str | None = None
    # background tasks
    task_id: str | None = None
    tool_use_id: str | None = None
    description: str | None = None
    task_type: str | None = None
    status: str | None = None
    summary: str | None = None
    usage: SystemPart | None = None
    patch: SystemPart | None = None
    last_tool_name: str | None = None
    is_backgrounded: bool | None = None
    # hooks
    hook_name: str | None = None
    hook_event: str | None = None
    output: str | None = None
    stderr: str | None = None
    outcome: str | None = None
    exit_code: int | None = None
    hookInfos: list[SystemPart] | None = None
    hookErrors: list[Any] | None = None
    preventedContinuation: bool | None = None
    stopReason: str | None = None
    # states and texts
    state: str | None = None
    content: Any = None
    level: str | None = None
    key: str | None = None
    text: str | None = None
    priority: str | None = None
    title: str | None = None
    message: Any = None
    tool_name: str | None = None
    cause_text: str | None = field(default=None, name="reason")
    decision_reason: str | None = None
    decision_reason_type: str | None = None
    request_id: str | None = None
    durationMs: float | None = None
    pendingBackgroundAgentCount: int | None = None
    pendingWorkflowCount: int | None = None
    # `tool_progress`
    parent_tool_use_id: str | None = None
    elapsed_time_seconds: float | None = None
    # `command_lifecycle` of the stream, `queue-operation` of the transcript
    command_uuid: str | None = None
    commandUuid: str | None = None
    operation: str | None = None


class LimitLine(Struct, gc=False):
    rate_limit_info: LimitInfo = field(default_factory=LimitInfo)


class ControlAnswer(Struct, gc=False):
    cancelled: bool | None = None


class ControlBody(Struct, gc=False):
    subtype: str | None = None
    request_id: str | None = None
    tool_name: str | None = None
    tool_use_id: str | None = None
    decision_reason: str | None = None
    description: str | None = None
    error: str | None = None
    response: ControlAnswer = field(default_factory=ControlAnswer)


class ControlLine(Struct, gc=False):
    request_id: str | None = None
    request: ControlBody = field(default_factory=ControlBody)
    response: ControlBody = field(default_factory=ControlBody)


class AttachmentBody(Struct, gc=False):
    type: str = ""
    prompt: Any = None
    source_uuid: str | None = None
    commandMode: str | None = None
    hookName: str | None = None
    hookEvent: str | None = None
    content: Any = None
    stdout: str | None = None
    stderr: str | None = None
    blockingError: Any = None
    message: Any = None
    taskId: str | None = None
    taskType: str | None = None
    description: str | None = None
    status: str | None = None
    used: float | None = None
    total: float | None = None
    maxTurns: int | None = None


class AttachmentLine(Struct, gc=False):
    attachment: AttachmentBody = field(default_factory=AttachmentBody)


class ProgressBody(Struct, gc=False):
    """What a `progress` record of the older transcripts relays; `message` is a whole record."""

    type: str = ""
    message: Raw = Raw()
    agentId: str | None = None
    elapsedTimeSeconds: float | None = None
    elapsedTimeMs: float | None = None
    toolName: str | None = None
    hookName: str | None = None
    hookEvent: str | None = None
    command: str | None = None
    taskDescription: str | None = None
    taskType: str | None = None


class ProgressLine(Struct, gc=False):
    data: ProgressBody = field(default_factory=ProgressBody)
    toolUseID: str | None = None
    parentToolUseID: str | None = None


class UnknownLine(Struct, gc=False):
    """Fields that say something in records of types not known here."""

    content: Any = None
    text: Any = None
    message: Any = None
    summary: Any = None
    description: Any = None
    payload: Any = None
    data: Any = None
