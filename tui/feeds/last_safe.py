"""Where a conversation can be cut cleanly now: its last event after which nothing hangs open."""

from __future__ import annotations

import os

from tui.feeds.events import ClaudeDecoder
from tui.records import AssistantMessage, AgentEvent, UserMessage

_TAIL = 4 << 20


def last_safe_cut(path: str) -> tuple[str, str]:
    """Session and uuid of the last clean cut of an event file; empty where there is none.

    Clean is after the last result of a batch of tool calls and after a text without calls. Reads the
    newest 4 MiB at most.
    """
    decoder = ClaudeDecoder(path)
    session, uuid = "", ""
    waiting: set[str] = set()
    for event in _events(path, decoder):
        if event.thread:
            continue
        session = event.session or session
        body = event.body
        if isinstance(body, AssistantMessage) and not body.error:
            waiting.update(tool.id for tool in body.tools)
            if body.text and not body.tools and not waiting and event.uuid:
                uuid = event.uuid
        elif isinstance(body, UserMessage) and body.role == "results":
            waiting.difference_update(result.tool_use_id for result in body.results)
            if not waiting and event.uuid:
                uuid = event.uuid
    return session, uuid


def _events(path: str, decoder: ClaudeDecoder) -> list[AgentEvent]:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = max(0, size - _TAIL)
            file.seek(start)
            data = file.read(_TAIL)
    except OSError:
        return []
    if start:
        cut = data.find(b"\n") + 1
        data, start = data[cut:], start + cut
    data = data[: data.rfind(b"\n") + 1]
    return list(decoder.decode(data, start).events)
