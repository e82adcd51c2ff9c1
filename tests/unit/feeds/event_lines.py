"""Small records of our own making, in the shapes the CLI writes."""

from __future__ import annotations

import json
from typing import Any

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import AgentEvent, Body

SESSION = "5e551011-0000-4000-8000-00000000000a"
UUID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SOURCE = "night.jsonl"
USAGE = {
    "input_tokens": 12,
    "output_tokens": 7,
    "cache_creation_input_tokens": 300,
    "cache_read_input_tokens": 9_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
}


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def stream(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields, "session_id": SESSION, "uuid": UUID}


def entry(kind: str, **fields: Any) -> dict[str, Any]:
    """A transcript record; its type stands late, as the CLI writes it."""
    return {
        "parentUuid": None,
        "isSidechain": False,
        "sessionId": SESSION,
        **fields,
        "type": kind,
        "uuid": UUID,
        "timestamp": "2026-11-20T17:41:54.938Z",
    }


def said(*blocks: dict[str, Any], **message: Any) -> dict[str, Any]:
    return stream(
        "assistant",
        message={"id": "msg_1", "model": "claude-x", "content": list(blocks), "stop_reason": None}
        | message,
        parent_tool_use_id=None,
    )


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(name: str, given: Any, id: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def answered(content: Any, *, error: bool = False, structured: Any = None) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": "toolu_1", "content": content, "is_error": error}
    record = stream("user", message={"role": "user", "content": [block]}, parent_tool_use_id=None)
    if structured is not None:
        record["tool_use_result"] = structured
    return record


def told(content: Any, **fields: Any) -> dict[str, Any]:
    return stream("user", message={"role": "user", "content": content}, **fields)


def delta(words: str, **fields: Any) -> dict[str, Any]:
    event = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": words},
    }
    return stream("stream_event", event=event, parent_tool_use_id=None) | fields


def step(kind: str, **fields: Any) -> dict[str, Any]:
    return stream("stream_event", event={"type": kind, **fields}, parent_tool_use_id=None)


def decode(data: bytes) -> list[AgentEvent]:
    return ClaudeDecoder(SOURCE).decode(data, 0).events


def body(value: Any) -> Body:
    """The body of the only event in a line."""
    (event,) = decode(value if isinstance(value, bytes) else line(value))
    return event.body
