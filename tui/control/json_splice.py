"""Changing one place of a JSON text and no other byte of it."""

from __future__ import annotations

import json
from typing import NamedTuple

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


class JsonMember(NamedTuple):
    """One member of an object, or item of an array: where it starts, its value, and where it ends."""

    key: str
    start: int
    value: int
    end: int


def skip(text: str, place: int) -> int:
    """The first place at or after this one that is no white space."""
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def members(text: str, opening: int) -> list[JsonMember]:
    """The members of the object, or items of the array, that begins there; the text is valid."""
    found: list[JsonMember] = []
    place = skip(text, opening + 1)
    while text[place] not in "}]":
        start, key = place, ""
        if text[opening] == "{":
            key, place = _DECODER.raw_decode(text, place)
            place = skip(text, skip(text, place) + 1)
        _, end = _DECODER.raw_decode(text, place)
        found.append(JsonMember(key, start, place, end))
        place = skip(text, end)
        if text[place] == ",":
            place = skip(text, place + 1)
    return found


def add(text: str, opening: int, key: str, value: object) -> str:
    """The text with a member (of an object) or an item (of an array, `key` empty) put at the end.

    It is laid out as its neighbours are; what stood there keeps every byte.
    """
    there = members(text, opening)
    name = f"{json.dumps(key)}: " if key else ""
    if there:
        last = there[-1]
        margin = _margin(text, last.start)
        if margin is None:
            return f"{text[: last.end]}, {name}{json.dumps(value)}{text[last.end :]}"
        piece = f",{margin}{name}{_laid_out(text, value, margin)}"
        return text[: last.end] + piece + text[last.end :]
    closing = skip(text, opening + 1)
    outer = _line_margin(text, opening)
    inner = outer + _unit(text)
    piece = f"{inner}{name}{_laid_out(text, value, inner)}{outer}"
    return text[: opening + 1] + piece + text[closing:]


def cut(text: str, opening: int, number: int) -> str:
    """The text without the member or item of that number."""
    there = members(text, opening)
    gone = there[number]
    if number:
        return text[: there[number - 1].end] + text[gone.end :]
    if len(there) > 1:
        return text[: gone.start] + text[there[1].start :]
    return text[: opening + 1] + text[skip(text, gone.end) :]


def _margin(text: str, start: int) -> str | None:
    """Line break and indentation before a place, or None where it does not begin a line."""
    place = start
    while place > 0 and text[place - 1] in " \t":
        place -= 1
    if place == 0 or text[place - 1] != "\n":
        return None
    return _break(text) + text[place:start]


def _line_margin(text: str, place: int) -> str:
    """Line break and indentation of the line that a place stands in."""
    line = text.rfind("\n", 0, place) + 1
    end = line
    while end < place and text[end] in " \t":
        end += 1
    return _break(text) + text[line:end]


def _break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _unit(text: str) -> str:
    """One step of indentation, as the outermost members have it."""
    there = members(text, skip(text, 0))
    margin = _margin(text, there[0].start) if there else None
    return margin.lstrip("\r\n") if margin and margin.strip("\r\n") else "  "


def _laid_out(text: str, value: object, margin: str) -> str:
    return json.dumps(value, indent=_unit(text)).replace("\n", margin)
