"""Records nobody here knows: counted, and shown with whatever words they carry."""

from __future__ import annotations

from typing import Any

import msgspec

from tui.feeds.plain_values import single_line as one_line
from tui.feeds.plain_values import name
from tui.feeds.tolerant import UNREADABLE, read
from tui.feeds.wire import RecordLine
from tui.feeds.wire_rare import (
    UnknownLine,
)
from tui.records import UnknownRecord

_SHOWN = 200


def unknown(line: RecordLine, raw: bytes) -> UnknownRecord:
    """An `Unknown` with a text found in the record, else the names of its keys."""
    loose = read(UnknownLine, raw)
    subtype = line.subtype or _inner_type(loose.payload) or _inner_type(loose.data)
    candidates: tuple[Any, ...] = (
        loose.text,
        loose.summary,
        loose.description,
        loose.message,
        loose.content,
        _text_of(loose.payload),
        _text_of(loose.data),
    )
    text = next((found for value in candidates if (found := _line_of(value))), "")
    return UnknownRecord(name(line.type), name(subtype), text or _keys(raw))


def _inner_type(value: Any) -> str:
    inner = value.get("type") if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else ""


def _text_of(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    return value.get("text") or value.get("message") or value.get("content")


def _line_of(value: Any) -> str:
    return one_line(value, _SHOWN) if isinstance(value, str | list) else ""


def _keys(raw: bytes) -> str:
    """The names of the keys alone: their values may be nobody's business."""
    try:
        value = msgspec.json.decode(raw)
    except UNREADABLE:
        return ""
    if not isinstance(value, dict):
        return ""
    return one_line("keys: " + ", ".join(key for key in value if key != "type"), _SHOWN)
