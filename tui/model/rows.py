"""A record as one line of the events pane, and as a page of detail.

All text is safe to show. Times are seconds since the epoch, UTC; `None` means unknown.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.model.events import SourceRef
from tui.system.sgr import StyledSpan

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
    """One line of the events pane: when, what, about what, how it went, how long it took.

    `tool` is a call's whole name. `file` is the part of `text` that names a file or folder; where room
    is short, its folders are left out and its name stays.
    """

    kind: RowKind
    at: float | None
    label: str
    text: str
    outcome: str = ""
    mark: Mark = ""
    seconds: float | None = None
    depth: int = 0
    ref: SourceRef | None = None
    tool: str = ""
    file: str = ""


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
