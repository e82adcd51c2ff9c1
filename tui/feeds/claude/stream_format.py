"""Tells from the first bytes of a file whether it is a stream of Claude Code, and else what it looks like.

Other agents are known by the records that their programs wrote in 2025 and 2026. One record of Claude Code is
enough to call it Claude's, unless another agent's own record is there too: some write its records as well.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tui.feeds.claude.damaged_lines import split_pieces
from tui.feeds.claude.encodings import utf16_text
from tui.feeds.claude.lenient_values import UNREADABLE
from tui.feeds.claude.wire import STREAM_TYPES, TRANSCRIPT_TYPES
from tui.model.records import SourceFormat, StreamFormat
from tui.system.sanitize import clean_bytes, clean_line

HEAD_BYTES = 64 << 10
_MOST_LINES = 200
_EXCERPT = 80
_MOST_CONTROLS = 0.05
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_CLAUDE_TYPES = (
    STREAM_TYPES
    | TRANSCRIPT_TYPES
    | set("control_request control_response tool_progress command_lifecycle cost-state".split())
)
_CODEX_TYPES = frozenset("session_meta response_item event_msg turn_context".split())
_CODEX_EXEC = ("thread.", "turn.", "item.")


def recognise_format(source: str, head: bytes) -> SourceFormat:
    """What the file `source` looks like by `head`, its first bytes; UNKNOWN where they tell nothing yet."""
    found = _by_signature(head) or _by_lines(head)
    excerpt = ""
    if found in (StreamFormat.TEXT, StreamFormat.AIDER):
        lines = (clean_bytes(line, limit=4 * _EXCERPT) for line in head.split(b"\n", 50)[:50])
        excerpt = clean_line(next((line for line in lines if line.strip()), ""), _EXCERPT)
    return SourceFormat(source, found, excerpt)


def _by_signature(head: bytes) -> StreamFormat | None:
    if head.startswith(b"SQLite format 3\0"):
        return StreamFormat.SQLITE
    if head.startswith(_UTF_32) or head[:4] == b"{\0\0\0":
        return StreamFormat.UTF_32
    if head.startswith(_UTF_16) or utf16_text(head[: head.find(b"\n") + 1]) is not None:
        return StreamFormat.UTF_16
    return None


def _by_lines(head: bytes) -> StreamFormat:
    whole = head if len(head) < HEAD_BYTES else head[: head.rfind(b"\n") + 1] or head
    lines = [line for line in whole.split(b"\n") if line.strip(b" \t\r\0")][:_MOST_LINES]
    records = [record for line in lines for record in _records(line)]
    other = next(filter(None, map(_agent_of, records)), None)
    if other is not None:
        return other
    if any(_is_claude(record) for record in records):
        return StreamFormat.CLAUDE
    return _of_unread(lines, records)


def _of_unread(lines: list[bytes], records: list[dict[str, Any]]) -> StreamFormat:
    """What a file is whose first lines hold no record of any agent."""
    first = lines[0].lstrip(b"\xef\xbb\xbf \t\r") if lines else b""
    text = b"\n".join(lines)
    if first.strip() == b"[" or (first[:1] == b"[" and first.rstrip()[-1:] in (b"{", b"[")):
        return StreamFormat.JSON_ARRAY
    if first.strip() == b"{" and len(lines) > 1 and lines[1].lstrip()[:1] in b'"}':
        return StreamFormat.PRETTY_JSON
    if records:
        return StreamFormat.OTHER_JSON
    if not first or first[:1] == b"{":
        return StreamFormat.UNKNOWN
    if _is_not_text(text[:4096]):
        return StreamFormat.BINARY
    return StreamFormat.AIDER if b"aider chat started" in text.lower() else StreamFormat.TEXT


def _is_not_text(data: bytes) -> bool:
    """Whether it holds control characters, or bytes that are letters of no usual encoding."""
    controls = sum(byte < 9 or 13 < byte < 27 or byte == 0x7F for byte in data)
    wrong = data.decode("utf-8", "replace").count("�")
    return controls > _MOST_CONTROLS * len(data) or wrong > 0.3 * max(1, len(data))


def _records(line: bytes) -> list[dict[str, Any]]:
    """The JSON objects of a line."""
    try:
        one = msgspec.json.decode(line)
        return [one] if isinstance(one, dict) else [x for x in _items(one) if isinstance(x, dict)]
    except UNREADABLE:
        pass
    found = []
    for data, reason in split_pieces(line) if b"{" in line else ():
        if not reason:
            try:
                found.append(msgspec.json.decode(data))
            except UNREADABLE:
                continue
    return [record for record in found if isinstance(record, dict)]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# complexity: a table in code, one test for each agent
def _agent_of(record: dict[str, Any]) -> StreamFormat | None:
    """The other agent that wrote this record, if it is one that nobody else writes."""
    kind = record.get("type")
    kind = kind if isinstance(kind, str) else ""
    session = record.get("session_id")
    if kind in _CODEX_TYPES and isinstance(record.get("payload"), dict):
        return StreamFormat.CODEX
    if kind.startswith(_CODEX_EXEC) and ("thread_id" in record or kind in _EXEC_TYPES):
        return StreamFormat.CODEX
    if isinstance(record.get("msg"), dict) and "id" in record and "type" in record["msg"]:
        return StreamFormat.CODEX
    opencode = record.get("sessionID")
    if isinstance(opencode, str) and opencode.startswith("ses_"):
        return StreamFormat.OPENCODE
    if isinstance(record.get("sessionId"), str) and "projectHash" in record:
        return StreamFormat.GEMINI
    if kind == "init" and isinstance(session, str) and "subtype" not in record:
        return StreamFormat.GEMINI
    if kind == "gemini" and "content" in record:
        return StreamFormat.GEMINI
    if kind == "tool_call" and record.get("subtype") in ("started", "completed"):
        return StreamFormat.CURSOR
    return None


_EXEC_TYPES = frozenset(
    "turn.started turn.completed turn.failed item.started item.updated item.completed".split()
)


def _is_claude(record: dict[str, Any]) -> bool:
    return record.get("type") in _CLAUDE_TYPES and isinstance(record["type"], str)
