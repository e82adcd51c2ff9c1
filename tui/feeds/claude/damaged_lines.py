"""Lines that are not exactly one JSON object.

Nothing is dropped: what can be read as an object is read, every other piece is reported.
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean_bytes

_EXCERPT = 200
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_OBJECT_START = lazy(r'\{\s*"')
_GAP = lazy(r"[\s,\ufeff]*")
_SURROGATE = lazy("[\ud800-\udfff]")
_MOST_OBJECTS = 10_000
_SEARCH_EFFORT = 4


class LinePiece(NamedTuple):
    """A part of a line: the bytes of one JSON object, or the reason why it is none."""

    data: bytes
    reason: str = ""


def split_pieces(line: bytes) -> list[LinePiece]:
    """The parts of a line in their order; a blank line has none."""
    line = line.strip(_BLANK)
    zeros = len(line) - len(line.lstrip(b"\0"))
    rest = line[zeros:].removeprefix(_BOM).strip(_BLANK + b"\0")
    parts = [LinePiece(b"\0" * min(zeros, _EXCERPT), f"{zeros:,} zero bytes")] if zeros else []
    if not rest:
        return parts
    if b"{" not in rest:
        return [*parts, LinePiece(rest, "no JSON" if rest[:1] not in b"[]}" else "no JSON object")]
    return parts + _find_objects(rest)


def excerpt(data: bytes) -> str:
    """The beginning of a piece, safe to show."""
    return clean_bytes(data[: 2 * _EXCERPT], limit=_EXCERPT)


def _find_objects(line: bytes) -> list[LinePiece]:
    """The objects of a line that is not just one; each run of anything else is one piece."""
    text = line.decode("utf-8", "replace")
    parts: list[LinePiece] = []
    at = 0
    budget = _SEARCH_EFFORT * len(text) + 10_000
    while at < len(text) and len(parts) < _MOST_OBJECTS:
        value, end, reason = _decode_value(text, at)
        objects = _objects_in(value)
        if objects:
            parts += objects
            at = _skip_gap(text, end)
            continue
        start, spent = _find_next_object(text, at + 1, budget)
        budget -= spent
        junk = text[at:start].encode("utf-8", "replace")
        parts.append(LinePiece(junk, reason or "no JSON object"))
        at = start
    return parts


def _decode_value(text: str, at: int) -> tuple[Any, int, str]:
    """The JSON value that begins at `at` and its end, or why there is none."""
    try:
        value, end = _DECODER.raw_decode(text, at)
        return value, end, ""
    except RecursionError:
        return None, at, "nested too deeply"
    except json.JSONDecodeError:
        return None, at, "damaged JSON" if text[at] in "{[" else "no JSON"
    except ValueError:
        return None, at, "a number too long"


def _objects_in(value: Any) -> list[LinePiece]:
    """The object, or all entries of a list that holds objects."""
    items = value if isinstance(value, list) else [value]
    if not any(isinstance(item, dict) for item in items):
        return []
    return [
        _encode_piece(item)
        if isinstance(item, dict)
        else LinePiece(repr(item)[:_EXCERPT].encode("utf-8", "replace"), "no JSON object")
        for item in items
    ]


def _encode_piece(value: dict[str, Any]) -> LinePiece:
    """The object as JSON that any decoder accepts: no lone surrogates, no infinite numbers."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return LinePiece(b"{", "nested too deeply")
    if not text.isascii():
        text = _SURROGATE.sub(lambda match: f"‹U+{ord(match.group()):04X}›", text)
    return LinePiece(text.encode())


def _find_next_object(text: str, at: int, budget: int) -> tuple[int, int]:
    """Where a whole record begins behind damage, and what the search cost.

    A record is an object with a type that reaches to the end of the line or to the next object;
    anything less belongs to the damaged one. Above its budget the search gives up, because each
    attempt may read the rest of the line.
    """
    spent = 0
    for match in _OBJECT_START.finditer(text, at):
        start = match.start()
        try:
            value, end = _DECODER.raw_decode(text, start)
            spent += end - start
        except json.JSONDecodeError as error:
            # Making the error costs time too: it counts the lines up to its position.
            spent += error.pos - start + error.pos // 64 + 100
        except (ValueError, RecursionError):
            break
        else:
            past = _skip_gap(text, end)
            whole = past == len(text) or text[past] == "{"
            if whole and isinstance(value, dict) and isinstance(value.get("type"), str):
                return start, spent
        if spent > budget:
            break
    return len(text), spent


def _skip_gap(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return match.end() if match else at


# NaN and Infinity become null, because no other JSON decoder accepts them.
_DECODER = json.JSONDecoder(
    strict=False,
    parse_constant=lambda _: None,
    parse_float=lambda text: number if math.isfinite(number := float(text)) else None,
)
