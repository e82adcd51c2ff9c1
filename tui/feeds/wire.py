"""The records of Claude Code as they stand in a file, as far as this program reads them.

Stream and transcript name the same things differently (`session_id`, `sessionId`); one struct holds
both names, so that one pass over a line decodes either, whatever the order of its keys.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field


class CacheCreation(Struct, gc=False):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class WireUsage(Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None


class ResultContent(Struct, gc=False):
    """A piece of a tool result's content."""

    type: str = ""
    text: str | None = None


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
    """The structured half of a tool result, as far as edits and subagents go."""

    structuredPatch: list[WireHunk] | None = None
    type: str | None = None
    content: Any = None
    agentId: str | None = None


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
    meta: bool | None = field(default=None, name="isMeta")
    synthetic: bool | None = field(default=None, name="isSynthetic")
    replay: bool | None = field(default=None, name="isReplay")
    compact_summary: bool | None = field(default=None, name="isCompactSummary")
    origin: MessageOrigin | str | None = None
    event: WireStreamStep | str | None = None
    api_message_id: str | None = None


class CheckedLine(Struct, gc=False):
    """A line whose JSON is checked and whose fields nobody wants."""
