"""Adds to a JSON text, and takes away from it; all else keeps every byte."""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

JsonPath = tuple[str | int, ...]
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


class JsonMember(NamedTuple):
    """A member of an object, or item of an array: where it starts, its value, and where it ends."""

    key: str | int
    start: int
    value: int
    end: int


def _skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _list_members(text: str, opening: int) -> list[JsonMember]:
    """The members of the object, or items of the array, that begins there; the text is valid."""
    listed: list[JsonMember] = []
    at = _skip_space(text, opening + 1)
    while text[at] not in "}]":
        start: int = at
        key: str | int = len(listed)
        if text[opening] == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = _skip_space(text, _skip_space(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        listed.append(JsonMember(key, start, at, end))
        at = _skip_space(text, end)
        if text[at] == ",":
            at = _skip_space(text, at + 1)
    return listed


def _find(text: str, path: JsonPath) -> int | None:
    """Where the value at `path` begins; None if there is none."""
    at: int | None = _skip_space(text, 0)
    for key in path:
        if at is not None:
            at = next((m.value for m in _list_members(text, at) if m.key == key), None)
    return at


def append_item(text: str, path: JsonPath, item: object) -> str:
    """The text with `item` at the end of the list at `path`, which is made where it is missing."""
    opening = _find(text, path)
    return _put(text, path, [item]) if opening is None else _add_member(text, opening, "", item)


def _put(text: str, path: JsonPath, value: object) -> str:
    """The text with a new value at `path`, and with what is missing above it."""
    *above, key = path
    opening = _find(text, tuple(above))
    if opening is None:
        return _put(text, tuple(above), {key: value})
    return _add_member(text, opening, str(key), value)


def _add_member(text: str, opening: int, key: str, value: object) -> str:
    """The text with a member (of an object) or an item (of an array, `key` empty) put at the end.

    It is laid out as its neighbours are; what stood there keeps every byte.
    """
    present = _list_members(text, opening)
    name = f"{json.dumps(key)}: " if key else ""
    if present:
        last = present[-1]
        margin = _indent_before(text, last.start)
        if margin is None:
            piece = f", {name}{json.dumps(value)}"
        else:
            piece = f",{margin}{name}{_dump_indented(text, value, margin)}"
        return text[: last.end] + piece + text[last.end :]
    line = text[text.rfind("\n", 0, opening) + 1 : opening]
    outer = _line_break(text) + line[: len(line) - len(line.lstrip(" \t"))]
    inner = outer + _indent_step(text)
    piece = f"{inner}{name}{_dump_indented(text, value, inner)}{outer}"
    return text[: opening + 1] + piece + text[_skip_space(text, opening + 1) :]


def cut(text: str, path: JsonPath, kept: int = 0) -> str:
    """The text without what is at `path`, and without what is empty only because of that.

    The outermost `kept` members of the path stay, empty or not.
    """
    while len(path) > kept and (opening := _find(text, path[:-1])) is not None:
        present = _list_members(text, opening)
        number = [member.key for member in present].index(path[-1])
        start, end = opening + 1, _skip_space(text, present[number].end)
        if number:
            start, end = present[number - 1].end, present[number].end
        elif len(present) > 1:
            start, end = present[0].start, present[1].start
        text = text[:start] + text[end:]
        if len(present) > 1:
            break
        path = path[:-1]
    return text


def _indent_before(text: str, start: int) -> str | None:
    """Line break and indentation before a position, or None where it does not begin a line."""
    line = text.rfind("\n", 0, start) + 1
    margin = text[line:start]
    return _line_break(text) + margin if line and not margin.strip(" \t") else None


def _line_break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent_step(text: str) -> str:
    """One step of indentation, as the outermost members have it."""
    present = _list_members(text, _skip_space(text, 0))
    margin = _indent_before(text, present[0].start) if present else None
    return margin.lstrip("\r\n") if margin and margin.strip("\r\n") else "  "


def _dump_indented(text: str, value: object, margin: str) -> str:
    return json.dumps(value, indent=_indent_step(text)).replace("\n", margin)
