"""Small values of the wire made safe: names, numbers, times, token counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tui.feeds.wire import WireUsage
from tui.patterns import lazy
from tui.records import TokenUsage
from tui.system.sanitize import clean, clean_line, cut_middle, is_plain

TEXT_LIMIT = 8192
LINE = 300
_NIL = lazy(r"0{8}-0{4}-[0-9]?0{3}-[89abAB0]?0{3}-0{12}")


def name(text: str | None) -> str:
    """An identifier or short name: one clean line."""
    if not text:
        return ""
    if len(text) <= LINE and is_plain(text):
        return text
    return clean_line(text, LINE)


class _InternedNames(dict[str, str]):
    """Names that come again on every line; each is made safe once."""

    def __missing__(self, text: str) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        safe = self[text] = name(text)
        return safe


_MOST_KNOWN = 500
_KNOWN = _InternedNames()


def interned(text: str | None) -> str:
    """As `name`, for values of which there are few: sessions, models, tools."""
    return _KNOWN[text] if text else ""


def uuid(text: str | None) -> str:
    """A uuid; "" for none and for one whose digits are all zero, which identifies nothing."""
    if not text:
        return ""
    if len(text) == 36 and is_plain(text):
        return "" if text[:14] == "00000000-0000-" and _NIL.fullmatch(text) else text
    return name(text)


def plain_text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A text of any shape the wire has for it, cleaned; the middle of a long one is left out."""
    if not isinstance(value, str):
        value = _joined(value)
    return clean(value if len(value) <= limit else cut_middle(value, limit))


def single_line(value: Any, limit: int = LINE) -> str:
    """A text of any shape as one clean line."""
    return clean_line(value if isinstance(value, str) else _joined(value), limit)


def _joined(value: Any) -> str:
    """The strings inside a list of strings or of content blocks."""
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return "" if value is None or isinstance(value, bool) else str(value)
    pieces: list[str] = []
    for item in value[:200]:
        if isinstance(item, dict):
            item = next((item[key] for key in _TEXT_KEYS if isinstance(item.get(key), str)), None)
        if isinstance(item, str):
            pieces.append(item)
    return "\n".join(pieces)


_TEXT_KEYS = ("text", "content", "message", "blockingError", "error")


def seconds(timestamp: str | None) -> float | None:
    """An ISO 8601 time as seconds since the epoch; one without a zone is taken as UTC."""
    if not timestamp:
        return None
    try:
        moment = datetime.fromisoformat(timestamp)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None


def usage(wire: WireUsage | None) -> TokenUsage | None:
    """Token counts; cache writes whose kind is not told are 5-minute ones."""
    if wire is None:
        return None
    five, hour = wire.cache_creation_input_tokens or 0, 0
    kinds = wire.cache_creation
    if kinds is not None:
        five_told, hour_told = kinds.ephemeral_5m_input_tokens, kinds.ephemeral_1h_input_tokens
        if five_told is not None or hour_told is not None:
            hour = hour_told or 0
            five = max(five - hour, 0) if five_told is None else five_told
    return TokenUsage(
        wire.input_tokens or 0,
        wire.output_tokens or 0,
        five,
        hour,
        wire.cache_read_input_tokens or 0,
    )


def integer(number: float | None) -> int:
    """A count; what is missing is 0."""
    return int(number) if number else 0
