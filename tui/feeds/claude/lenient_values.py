"""Reads structs and scalars whose types are not what they should be.

A field of the wrong type costs that field, never the record.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache, lru_cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Raw, Struct, structs

from tui.feeds.claude.wire import WirePass, WireUsage
from tui.model.events import (
    BATCH,
    FAST,
    HOUR_AS_FIVE,
    ModelCall,
    TokenUsage,
    UsageDetails,
)
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean, clean_line, cut_middle, is_plain

T = TypeVar("T", bound=Struct)
UNREADABLE = (ValueError, RecursionError)
"""What a decoder may raise over bytes that are not what they should be."""
TEXT_LIMIT = 8192
NAME_LIMIT = 300
# The names come from the file: a hostile one must not fill the memory.
_MOST_INTERNED = 500
_TEXT_KEYS = ("text", "content", "message", "blockingError", "error")
_MISSING = object()
_EARLIEST = 1_672_531_200.0  # 2023
_NIL_UUID = lazy(r"0{8}-0{4}-[0-9]?0{3}-[89abAB0]?0{3}-0{12}")


def name(text: str | None) -> str:
    """An identifier or short name: one clean line."""
    if not text:
        return ""
    if len(text) <= NAME_LIMIT and is_plain(text):
        return text
    return clean_line(text, NAME_LIMIT)


class _InternedNames(dict[str, str]):
    """Names that recur on every line; each is cleaned once."""

    def __missing__(self, text: str) -> str:
        if len(self) >= _MOST_INTERNED:
            self.clear()
        safe = self[text] = name(text)
        return safe


_INTERNED = _InternedNames()


def interned(text: str | None) -> str:
    """As `name`, for values of which there are few: sessions, models, tools."""
    return _INTERNED[text] if text else ""


def uuid(text: str | None) -> str:
    """A uuid; "" for none and for one whose digits are all zero, which identifies nothing."""
    if not text:
        return ""
    if len(text) == 36 and is_plain(text):
        return "" if text[:14] == "00000000-0000-" and _NIL_UUID.fullmatch(text) else text
    return name(text)


def plain_text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A text in any shape that the wire has for it, cleaned; the middle of a long one is cut."""
    if not isinstance(value, str):
        value = _joined_texts(value)
    return clean(value if len(value) <= limit else cut_middle(value, limit))


def single_line(value: Any, limit: int = NAME_LIMIT) -> str:
    """A text of any shape as one clean line."""
    return clean_line(value if isinstance(value, str) else _joined_texts(value), limit)


def _joined_texts(value: Any) -> str:
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


def epoch_seconds(timestamp: str | None) -> float | None:
    """An ISO 8601 time as seconds since the epoch; one without a zone is taken as UTC.

    None for a time before the program that writes such records: its machine had no clock yet.
    """
    if not timestamp:
        return None
    try:
        moment = datetime.fromisoformat(timestamp)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = moment.timestamp()
        return seconds if seconds >= _EARLIEST else None
    except (ValueError, OverflowError):
        return None


_HOUR_PRICED = (2, 1, 81)
"""2.1.80 is the newest version seen to price them so, 2.1.197 the oldest seen not to."""


@lru_cache(maxsize=64)
def prices_hour_as_five(version: str) -> bool:
    """Whether this version of the CLI counts one-hour cache writes at the five-minute price."""
    try:
        numbers = tuple(map(int, version.split(".")[:3]))
    except ValueError:
        return False
    return len(numbers) == 3 and numbers < _HOUR_PRICED


# complexity: runs for each answer; every field may be missing
def token_usage(wire: WireUsage | None, version: str | None = None) -> TokenUsage | None:
    """Token counts; cache writes of unknown kind count as 5-minute ones, the cheaper kind.

    `version` is that of the CLI that wrote them, where the record names it.
    """
    if wire is None:
        return None
    five, hour = wire.cache_creation_input_tokens or 0, 0
    kinds = wire.cache_creation
    if kinds is not None:
        short, long = kinds.ephemeral_5m_input_tokens, kinds.ephemeral_1h_input_tokens
        if short is not None or long is not None:
            hour = long or 0
            five = max(five - hour, 0) if short is None else short
    details = None
    tools = wire.server_tool_use
    as_five = bool(hour and version and prices_hour_as_five(version))
    if (
        as_five
        or (tools is not None and tools.web_search_requests)
        or wire.speed == FAST
        or wire.service_tier == BATCH
        or (len(wire.iterations) > _LONE_PASS and _tells_passes(bytes(wire.iterations)))
    ):
        details = _details(wire, as_five)
    return TokenUsage(
        wire.input_tokens or 0,
        wire.output_tokens or 0,
        five,
        hour,
        wire.cache_read_input_tokens or 0,
        details,
    )


_LONE_PASS = 4
_MOST_PASSES = 1_000


def _details(wire: WireUsage, hour_as_five: bool) -> UsageDetails | None:
    """What changes the price of a response beside its tokens; None where nothing does."""
    searches = (wire.server_tool_use and wire.server_tool_use.web_search_requests) or 0
    holds = ((FAST, wire.speed == FAST), (BATCH, wire.service_tier == BATCH))
    terms = tuple(term for term, is_so in (*holds, (HOUR_AS_FIVE, hour_as_five)) if is_so)
    billed = [(one, token_usage(one)) for one in _passes(wire.iterations)]
    calls = [
        ModelCall(interned(one.model), usage)
        for one, usage in billed
        if usage is not None and one.model and one.type == "advisor_message"
    ]
    passes = [usage for one, usage in billed if usage is not None and one.type == "message"]
    several = tuple(passes) if len(passes) > 1 else ()
    if not (searches or terms or calls or several):
        return None
    return UsageDetails(terms, min(max(searches, 0), _MOST_PASSES), tuple(calls), several)


def _tells_passes(text: bytes) -> bool:
    return text.count(b'"type"') > 1 or b"advisor" in text


def _passes(raw: Raw) -> list[WirePass]:
    """The passes of a response; none where there is only the one that its usage tells anyway."""
    text = bytes(raw)
    if not _tells_passes(text):
        return []
    try:
        value = msgspec.json.decode(text)
    except UNREADABLE:
        return []
    passes = _fit_value(list[WirePass], value)
    return [] if passes is _MISSING else passes[:_MOST_PASSES]


@cache
def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(kind)


def read_struct(kind: type[T], data: bytes | Raw) -> T:
    """The struct that `data`, one JSON object, holds; what does not fit is left at its default.

    Raises one of `UNREADABLE` when `data` is no JSON at all, or no object.
    """
    try:
        decoded: T = _decoder(kind).decode(data)
        return decoded
    except UNREADABLE:
        value = msgspec.json.decode(data)
        if not isinstance(value, dict):
            raise ValueError(f"no object where a {kind.__name__} was expected") from None
        return _salvage_struct(kind, value)


def _salvage_struct(kind: type[T], value: dict[str, Any]) -> T:
    """A `kind` made of those entries of `value` that can be what its fields need."""
    arguments: dict[str, Any] = {}
    for field, wire_name, hint in _fields(kind):
        if wire_name in value:
            fitted = _fit_value(hint, value[wire_name])
            if fitted is not _MISSING:
                arguments[field] = fitted
    return kind(**arguments)


@cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((each.name, each.encode_name, hints[each.name]) for each in structs.fields(kind))


def _fit_value(hint: Any, value: Any) -> Any:
    """`value` as something of the type `hint`, or `_MISSING`."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        choices = (_fit_value(choice, value) for choice in inner)
        return next((fitted for fitted in choices if fitted is not _MISSING), _MISSING)
    if hint is Any:
        return value
    if hint is Raw:
        try:
            return Raw(msgspec.json.encode(value))
        except (ValueError, OverflowError, RecursionError):
            return _MISSING
    if origin is list:
        return _fit_list(inner[0], value)
    if origin is None and not issubclass(hint, Struct):
        return _fit_scalar(hint, value)
    if not isinstance(value, dict):
        return _MISSING
    if origin is None:
        return _salvage_struct(hint, value)
    entries = ((key, _fit_value(inner[1], item)) for key, item in value.items())
    return {key: fitted for key, fitted in entries if fitted is not _MISSING}


def _fit_list(hint: Any, value: Any) -> Any:
    if not isinstance(value, list):
        return _MISSING
    if isinstance(hint, type) and issubclass(hint, Struct):  # a bare string among blocks is a text
        value = [{"type": "text", "text": v} if isinstance(v, str) else v for v in value]
    fitted = (_fit_value(hint, item) for item in value)
    return [item for item in fitted if item is not _MISSING]


def _fit_scalar(hint: Any, value: Any) -> Any:
    if isinstance(value, hint) and isinstance(value, bool) is (hint is bool):
        return value
    if hint is str and isinstance(value, int | float):
        return str(value)
    if hint is bool and value in (0, 1, "true", "false"):
        return value in (1, "true")
    if hint is float or (hint is int and not isinstance(value, bool)):
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            return _MISSING
        if math.isfinite(number):
            return int(number) if hint is int else number
    return _MISSING
