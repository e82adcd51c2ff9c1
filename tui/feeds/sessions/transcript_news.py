"""What came into a transcript since it was last read: whose words, how calls went, whether the API failed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import AssistantMessage, UserMessage
from tui.model.failures import ApiFailure, DenialKind
from tui.system.files import regular_file

_MOST_BYTES = 8 << 20


@dataclass
class TranscriptNews:
    """`prompt` is the id of a person's newest prompt, `denials` how each call since then went: who refused it.

    `failure` is the error that stands in the place of the last answer. `read_to` is where the next reading
    begins, `size` the size of the file.
    """

    prompt: str = ""
    denials: list[DenialKind | None] = field(default_factory=list)
    failure: ApiFailure | None = None
    read_to: int = 0
    size: int = 0


def read_news(path: str, start: int) -> TranscriptNews:
    """What stands from byte `start` of a transcript on, at most its last 8 MiB. Raises OSError."""
    news = TranscriptNews()
    with regular_file(path) as (descriptor, facts):
        news.size = facts.st_size
        begin = start if 0 <= start <= news.size else 0
        at = max(begin, news.size - _MOST_BYTES)
        data = os.pread(descriptor, news.size - at, at)
    skipped = data.find(b"\n") + 1 if at > begin else 0
    end = data.rfind(b"\n") + 1
    news.read_to = at + end
    _read(news, ClaudeDecoder(path), data[skipped:end], at + skipped)
    return news


def _read(news: TranscriptNews, decoder: ClaudeDecoder, data: bytes, offset: int) -> None:
    for event in decoder.decode(data, offset).events:
        if event.thread:
            continue
        body = event.body
        if isinstance(body, UserMessage):
            if body.role == "prompt":
                news.prompt = event.uuid
                news.denials.clear()
            news.denials += [result.denial for result in body.results]
        elif isinstance(body, AssistantMessage):
            news.failure = body.failure
