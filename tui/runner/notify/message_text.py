"""The text of a notification, made safe for every service that may show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tui.system.credentials.hide import drop_invisible, hide_credentials
from tui.system.format import format_local
from tui.system.sanitize import clean_line
from tui.system.sgr import strip_ansi

LIMIT: Final = 1_900
_MOST: Final = 20_000
_TITLE: Final = 160
_REPEAT: Final = "(may repeat) "
TITLES: Final[Mapping[str, str]] = {
    "start": "a run starts",
    "checkpoint": "checkpoint",
    "stall": "stalled",
    "limit": "limit",
    "restart": "restart",
    "finished": "finished",
    "needs_you": "needs you",
}
URGENT: Final = frozenset({"needs_you", "finished"})
_MENTION: Final = re.compile(r"(?i)@(?=everyone|here\b|channel\b|all\b|[0-9]{15,}|&[0-9])")
_TAG: Final = re.compile(r"<(?=[@!#&:/a-z])", re.IGNORECASE)
_MARKUP: Final = {
    "discord": {char: "\\" + char for char in "\\*_~`|[]()<>#"},
    "slack": {"&": "&amp;", "<": "&lt;", ">": "&gt;"},
}


class NotifyMessage(Struct, frozen=True):
    """One message about one or more events of a kind; `id` is that of the first of them."""

    id: str
    kind: str
    title: str
    text: str
    footer: str
    repeat: bool = False


def inert_line(text: str, limit: int = LIMIT) -> str:
    """One clean line that mentions nobody, whatever service shows it."""
    text = _MENTION.sub("@ ", clean_line(text, limit))
    return clean_line(_TAG.sub("< ", text), limit)


def without_credentials(text: str, known: Iterable[str] = ()) -> str:
    """The first 20,000 characters of `text`, sanitised, with credentials as `[hidden]`.

    `known` are secrets to be found literally, longest first.
    """
    known = tuple(known)
    # Twice: an escape sequence may swallow the first letter that a key is recognised by.
    text = strip_ansi(drop_invisible(hide_credentials(text[:_MOST], known)))
    return hide_credentials(text, known)


def compose(
    kind: str,
    events: Sequence[tuple[str, float, str]],
    *,
    project: str,
    run: str,
    repeat: bool = False,
) -> NotifyMessage:
    """The message about these events (id, seconds since the epoch, text), oldest first."""
    first, at, _ = events[0]
    texts = list(dict.fromkeys(text for _, _, text in events))
    body = texts[0] if len(texts) == 1 else " · ".join(texts)
    if len(events) > 1:
        body = f"{len(events)} times: {body}"
    title = inert_line(f"{project}: {TITLES.get(kind, kind)}", _TITLE)
    footer = inert_line(f"run {run}, {format_local(at)}, id {first}", _TITLE)
    return NotifyMessage(first, kind, title, inert_line(body), footer, repeat)


def status_line(message: NotifyMessage, limit: int = 300) -> str:
    """The message in one line, without its id."""
    return clean_line(f"overnight: {message.title}: {message.text}", limit)


def message_text(message: NotifyMessage, service: str = "") -> str:
    """The whole message, at most 1,900 characters; the markup of `service` is escaped."""
    table = _MARKUP.get(service, {})
    title = escape_within((_REPEAT if message.repeat else "") + message.title, 400, table)
    footer = escape_within(message.footer, 400, table)
    limit = LIMIT - len(title) - len(footer) - 2
    return f"{title}\n{escape_within(message.text, limit, table)}\n{footer}"


def escape_within(text: str, limit: int, table: Mapping[str, str]) -> str:
    """`text` escaped and cut so that no escape is torn and the result fits."""
    parts, used = [], 0
    for number, char in enumerate(text):
        shown = table.get(char, char)
        rest = 0 if number == len(text) - 1 else 1
        if used + len(shown) + rest > limit:
            parts.append("…")
            break
        parts.append(shown)
        used += len(shown)
    return "".join(parts)
