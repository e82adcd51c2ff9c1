"""What the first lines of an event file tell a person: the words the session began with."""

from __future__ import annotations

from tui.feeds.events import ClaudeDecoder
from tui.records import UserMessage
from tui.system.files import read_small

_BYTES = 128 * 1024
_GOAL = 300


def first_words(path: str) -> str:
    """The first prompt among the file's first 128 KiB; empty where none stands there."""
    data = read_small(path, _BYTES, follow=True)
    whole = data[: data.rfind(b"\n") + 1]
    for event in ClaudeDecoder(path).decode(whole, 0).events:
        body = event.body
        if isinstance(body, UserMessage) and body.role == "prompt" and body.text and not event.thread:
            return " ".join(body.text.split())[:_GOAL]
    return ""
