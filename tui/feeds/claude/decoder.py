"""Bytes of a stream or transcript to events.

Streamed deltas are most of the lines of a stream and hold nothing that is counted: a line that begins
like one is only checked to be one whole JSON object. Every other line is read, and what cannot be
read becomes a `MalformedLine`. No byte sequence makes a decoder raise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from tui.feeds.claude import lenient_values, message_bodies, record_bodies, wire
from tui.feeds.claude.api_failures import failure_of_result
from tui.feeds.claude.damaged_lines import excerpt, split_pieces
from tui.feeds.claude.encodings import read_prefix, utf16_text
from tui.feeds.claude.lenient_values import epoch_seconds, interned, name, read_struct, uuid
from tui.feeds.claude.limit_texts import window_of
from tui.feeds.claude.task_notes import NOTIFICATION, tasks_of_note
from tui.feeds.claude.wire import RecordLine, SystemLine
from tui.model import events
from tui.model.events import AgentEvent, Body, StreamDelta

# A line that begins so is a streamed delta, whatever follows: its type is known.
_DELTA_PREFIX = b'{"type":"stream_event","event":{"type":"content_block_'
_check_line = msgspec.json.Decoder(wire.CheckedLine).decode
_decode_line = msgspec.json.Decoder(RecordLine).decode


_QUIET_STEPS = set(
    "content_block_start content_block_delta content_block_stop message_stop ping".split()
)
_STEPS = _QUIET_STEPS | {"message_start", "message_delta"}


class DecodedBatch(NamedTuple):
    """The events of a batch, how many deltas it held beside them, and its number of whole lines."""

    events: list[AgentEvent]
    deltas: int
    lines: int


class ClaudeDecoder:
    """Turns the lines of one source, from anywhere in it onwards, into events.

    How a file is cut into batches of whole lines changes neither the events nor the sum of the
    deltas. `open_messages` are the ids of the unfinished messages by thread; a decoder that continues
    in the middle of a file needs them.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.open_messages: dict[str, str] = {}

    def decode(self, data: bytes, offset: int) -> DecodedBatch:
        """The events of `data`, whole lines that begin at byte `offset` of the source."""
        found: list[AgentEvent] = []
        deltas = 0
        lines = data.split(b"\n")
        check, prefix, quiet = _check_line, _DELTA_PREFIX, _QUIET_STEPS
        for line in lines:
            # Checking such a line takes 0.6 µs, building its event 6.8.
            if line.startswith(prefix):
                try:
                    check(line)
                except lenient_values.UNREADABLE:
                    pass
                else:
                    deltas += 1
                    offset += len(line) + 1
                    continue
            for event in self._line_events(line, offset):
                body = event.body
                if type(body) is StreamDelta and body.step in quiet:
                    deltas += 1
                else:
                    found.append(event)
            offset += len(line) + 1
        return DecodedBatch(found, deltas, len(lines) - 1)

    def decode_all(self, data: bytes, offset: int) -> list[AgentEvent]:
        """As `decode`, but every delta is an event too; for single lines that are shown in full."""
        found: list[AgentEvent] = []
        for line in data.split(b"\n"):
            found += self._line_events(line, offset)
            offset += len(line) + 1
        return found

    def _line_events(self, line: bytes, offset: int) -> Sequence[AgentEvent]:
        """All events of one line; none for a blank one."""
        try:
            return (self._build_event(_decode_line(line), line, offset, len(line), 0),)
        except lenient_values.UNREADABLE:
            if not line or line.isspace():
                return ()
        try:
            return (self._build_event(read_struct(RecordLine, line), line, offset, len(line), 0),)
        except lenient_values.UNREADABLE:
            return self._piece_events(line, offset)

    def _piece_events(self, line: bytes, offset: int) -> list[AgentEvent]:
        """The events of a line that is not one readable object."""
        length = len(line)
        found: list[AgentEvent] = []
        pieces = split_pieces(utf16_text(line) or line)
        prefix = read_prefix(pieces[0].data) if len(pieces) > 1 and pieces[0].reason else None
        if prefix is not None:
            del pieces[0]
        for part, (data, reason) in enumerate(pieces):
            if not reason:
                try:
                    record = read_struct(RecordLine, data)
                    event = self._build_event(record, data, offset, length, part)
                    if prefix is not None and event.at is None:
                        event = replace(event, at=prefix.at)
                    found.append(event)
                    continue
                except lenient_values.UNREADABLE:
                    reason = "an object that cannot be read"
            body = events.MalformedLine(reason, excerpt(data), len(data))
            found.append(AgentEvent(self.source, offset, length, body, index_in_line=part))
        return found

    def _build_event(
        self, line: RecordLine, raw: bytes, offset: int, length: int, part: int
    ) -> AgentEvent:
        """The event of a record; one whose type is not known here has an `UnknownRecord`."""
        if line.type == "stream_event":
            body = self._stream_step(line)
        else:
            body = _BUILDERS.get(line.type, record_bodies.unknown_body)(line, raw)
        if line.type == "tool_progress":  # its parent is the tool call itself
            line.parent_tool_use_id = None
        thread = line.parent_tool_use_id or line.agent or ("sidechain" if line.sidechain else "")
        return AgentEvent(
            self.source,
            offset,
            length,
            body,
            uuid(line.uuid),
            interned(line.session or line.session_id),
            epoch_seconds(line.timestamp),
            interned(thread),
            uuid(line.parent),
            part,
        )

    def _stream_step(self, line: RecordLine) -> Body:
        """A step of a response; only `message_start` has the message's id, which holds until the next."""
        thread = line.parent_tool_use_id or ""
        body = _stream_body(line, self.open_messages.get(thread, ""))
        if type(body) is StreamDelta and body.step == "message_start":
            self.open_messages[thread] = body.message_id
        return body


def _stream_body(line: RecordLine, open_message: str) -> events.Body:
    """A streamed step; `open_message` is the message begun last in the same thread."""
    step = line.event
    if not isinstance(step, wire.WireStreamStep):
        return events.UnknownRecord("stream_event", name(step))
    if step.type not in _STEPS:
        return events.UnknownRecord("stream_event", name(step.type))
    if step.type == "message_start":
        message = step.message or wire.WireMessage()
        return events.StreamDelta(
            step.type, name(message.id), "", lenient_values.token_usage(message.usage)
        )
    text = ""
    if step.delta is not None:
        text = lenient_values.plain_text(step.delta.text or step.delta.thinking or "")
    message_id = name(line.api_message_id) or open_message
    return events.StreamDelta(step.type, message_id, text, lenient_values.token_usage(step.usage))


_QUEUE_STATES = {"enqueue": "queued", "dequeue": "started", "popAll": "cancelled"}


def _result(line: RecordLine, raw: bytes) -> Body:
    result = read_struct(wire.ResultLine, raw)
    errors = (lenient_values.single_line(error, 500) for error in (result.errors or [])[:20])
    return events.TurnResult(
        name(result.subtype),
        bool(result.is_error),
        result.num_turns or 0,
        int(result.duration_ms or 0),
        result.total_cost_usd,
        tuple(_model_use(model, use) for model, use in (result.modelUsage or {}).items()),
        lenient_values.token_usage(result.usage),
        name(result.terminal_reason),
        lenient_values.plain_text(result.result),
        tuple(filter(None, errors)),
        tuple(_denied_call(one) for one in (result.permission_denials or ())[:_MOST_DENIED]),
        result.queued_turn_count or 0,
        result.api_error_status or 0,
        failure_of_result(result) if result.is_error else None,
    )


_MOST_DENIED = 1_000


def _denied_call(denial: object) -> str:
    """The id of a call that a result says was refused."""
    return name(denial.get("tool_use_id")) if isinstance(denial, dict) else ""


_MOST_TOKENS = 10**15


def _bounded(number: int | None) -> int:
    """A count that fits everywhere; nothing that a person could pay for is larger."""
    return min(max(number or 0, 0), _MOST_TOKENS)


def _model_use(model: str, use: wire.WireModelUse) -> events.ModelUsage:
    hour = _bounded(use.cacheCreationEphemeral1hInputTokens)
    five = use.cacheCreationEphemeral5mInputTokens
    if five is None:
        five = _bounded(use.cacheCreationInputTokens) - hour
    tokens = events.TokenUsage(
        _bounded(use.inputTokens),
        _bounded(use.outputTokens),
        _bounded(five),
        hour,
        _bounded(use.cacheReadInputTokens),
    )
    window, searches = _bounded(use.contextWindow), _bounded(use.webSearchRequests)
    return events.ModelUsage(name(model), tokens, use.costUSD or 0.0, window, searches)


def _cost_state(line: RecordLine, raw: bytes) -> Body:
    state = read_struct(wire.CostLine, raw)
    models = tuple(_model_use(model, use) for model, use in (state.modelUsage or {}).items())
    return events.RunningCost(state.totalCostUSD or 0.0, models, bool(state.hasUnknownModelCost))


def _rate_limit(line: RecordLine, raw: bytes) -> Body:
    info = read_struct(wire.LimitLine, raw).rate_limit_info
    window = window_of(name(info.rateLimitType))
    status = name(info.status)
    if status == "rejected" and info.isUsingOverage:
        status = "overage"
    return events.RateLimit(status, info.resetsAt, window, info.utilization)


def _tool_progress(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(SystemLine, raw)
    call = name(record.parent_tool_use_id or record.tool_use_id)
    return events.ToolHeartbeat(call, name(record.tool_name), record.elapsed_time_seconds or 0.0)


def _lifecycle(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(SystemLine, raw)
    return events.MessageLifecycle(name(record.command_uuid), name(record.state))


def _queue(line: RecordLine, raw: bytes) -> Body:
    """A change of a transcript's queue; a message absorbed by a turn has reached the model."""
    record = read_struct(SystemLine, raw)
    state = _QUEUE_STATES.get(record.operation or "") or name(record.operation)
    if record.operation == "remove":
        state = "started" if record.cause_text == "absorbed_mid_turn" else "removed"
    text = lenient_values.plain_text(record.content)
    tasks = tasks_of_note(text) if text.startswith(f"<{NOTIFICATION}>") else ()
    return events.MessageLifecycle(name(record.commandUuid), state, text, tasks)


def _control_request(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(wire.ControlLine, raw)
    request = record.request
    if request.subtype == "can_use_tool":
        reason = lenient_values.single_line(request.decision_reason or request.description)
        tool = name(request.tool_name)
        return events.PermissionDenied(tool, name(request.tool_use_id), reason, True)
    return events.ControlMessage(name(record.request_id), name(request.subtype), True)


def _control_response(line: RecordLine, raw: bytes) -> Body:
    answer = read_struct(wire.ControlLine, raw).response
    error = lenient_values.single_line(answer.error)
    subtype, ok = name(answer.subtype), answer.subtype != "error"
    cancelled = answer.response.cancelled is True
    return events.ControlMessage(name(answer.request_id), subtype, ok, error, cancelled)


def _notice(line: RecordLine, raw: bytes) -> Body:
    record = read_struct(SystemLine, raw)
    texts = (record.text, record.content, record.summary, record.message)
    first: Any = next(filter(None, texts), None)
    text = lenient_values.plain_text(
        first if first is not None else record.status or record.state or ""
    )
    return events.Notice(line.type, text or line.type.replace("_", " "))


_NOTICES = "auth_status tool_use_summary conversation_reset active_goal pr-link"
_SILENT_RECORDS = (
    "keep_alive prompt_suggestion transcript_mirror file-history-snapshot file-history-delta "
    "last-prompt ai-title custom-title summary permission-mode mode agent-name agent-color "
    "agent-setting tag tools-used atis-latch api-request api-request-start api-request-end "
    "worktree-state content-replacement attribution-snapshot"
)
_BUILDERS: dict[str, Callable[[RecordLine, bytes], Body]] = {
    **dict.fromkeys(_NOTICES.split(), _notice),
    **dict.fromkeys(_SILENT_RECORDS.split(), lambda line, raw: events.SilentRecord(line.type)),
    "assistant": message_bodies.assistant_body,
    "user": message_bodies.user_body,
    "system": record_bodies.system_body,
    "result": _result,
    "rate_limit_event": _rate_limit,
    "tool_progress": _tool_progress,
    "command_lifecycle": _lifecycle,
    "queue-operation": _queue,
    "control_request": _control_request,
    "control_response": _control_response,
    "control_cancel_request": lambda line, raw: events.ControlMessage(
        name(read_struct(wire.ControlLine, raw).request_id), "cancel", True
    ),
    "cost-state": _cost_state,
    "attachment": record_bodies.attachment_body,
    "progress": record_bodies.progress_body,
}
