"""Installs and removes our hooks.

Nothing else in the file changes a byte. The file before the first install is recorded, so that
uninstalling brings back the very bytes if nobody else wrote in between.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from tui.control.channels.hook_delivery import EVENTS
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks import status
from tui.control.hooks.status import HookRecord, Json, JsonPath, SettingsFileVersion
from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import atomic_write, atomic_write_at

_TIMEOUT_S: Final = 10
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


def install(project: Path) -> bool:
    """Adds our hooks and makes the mailbox; False if all was there. RefusedError changes nothing."""
    current = status.read_settings(project)
    if current.data is not None:
        status.decode_settings(current.data, project)
    record = status.load_record(project)
    untouched = record.installed == _digest(current.data or b"")
    before = record.original if untouched else current.data
    clean = _remove_hooks("{}\n" if before is None else status.decode_settings(before, project))
    installed = _add_hooks(clean, project).encode("utf-8")
    Mailbox(project).create()
    if installed == current.data:
        return False
    made_folder = 0.0 if (project / status.FOLDER).exists() else time.time()
    if untouched:
        made_folder = record.made_folder
    original = None if before is None else clean.encode()
    new = HookRecord(original, _digest(installed), made_folder)
    path = status.record_path(project)
    try:
        atomic_write(path, msgspec.json.encode(new), sync=False)
    except OSError as error:
        raise RefusedError(describe_os_error(error, path, "cannot be written")) from error
    replace_settings(project, installed, current)
    return True


@dataclass(frozen=True)
class HookPlan:
    """What `install` would add: an event and its command each, to `file`, which may be new."""

    file: Path
    adds: tuple[tuple[str, str], ...]
    is_new_file: bool
    is_new_folder: bool
    off: str = ""


def plan_install(project: Path) -> HookPlan:
    """What installing would do now; RefusedError where it could not be done."""
    found = status.hook_status(project)
    missing = [event for event in EVENTS if event not in found.events or event in found.stale]
    adds = tuple((event, status.hook_command(event, project)) for event in missing)
    folder = project / status.FOLDER
    return HookPlan(found.file, adds, not found.file.exists(), not folder.exists(), found.off)


def uninstall(project: Path) -> bool:
    """Takes exactly our hooks away; False if there were none. The mailbox and its messages stay."""
    current = status.read_settings(project)
    if current.data is None:
        return False
    record = status.load_record(project)
    restored = record.original
    if record.installed != _digest(current.data):
        text = status.decode_settings(current.data, project)
        cleaned = _remove_hooks(text)
        if cleaned == text:
            return False
        is_new_and_empty = record.installed and restored is None and not json.loads(cleaned)
        restored = None if is_new_and_empty else cleaned.encode("utf-8")
    replace_settings(project, restored, current)
    if restored is None and record.made_folder:
        with suppress(OSError):  # something else lies in it
            (project / status.FOLDER).rmdir()
    status.record_path(project).unlink(missing_ok=True)
    return True


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def replace_settings(project: Path, data: bytes | None, version: SettingsFileVersion) -> None:
    """Puts other bytes there in one step, or removes the file; RefusedError if it changed since."""
    shown = status.settings_path(project)
    with status.settings_folder(project, make=data is not None) as folder:
        if folder is None:
            return
        try:
            if status.read_version(folder, shown).stamp != version.stamp:
                raise RefusedError(f"{shown} changed meanwhile, so it was left alone; try again")
            if data is None:
                os.unlink(status.NAME, dir_fd=folder)
            else:
                atomic_write_at(folder, status.NAME, data, mode=version.mode)
        except OSError as error:
            raise RefusedError(describe_os_error(error, shown, "cannot be written")) from error


def _add_hooks(text: str, project: Path) -> str:
    for event in EVENTS:
        command = status.hook_command(event, project)
        entry: Json = {"type": "command", "command": command, "timeout": _TIMEOUT_S}
        group: Json = {"hooks": [entry]}
        if event == "PostToolUse":
            group = {"matcher": "*", **group}
        text = _append(text, ("hooks", event), group)
    return text


def _remove_hooks(text: str) -> str:
    """The text with our hooks cut out, and what is empty only because of that."""
    for event in EVENTS:
        while ours := next(status.find_ours(json.loads(text), event), None):
            text = _cut(text, ours[0])
    return text


# --- its text, of which the rest stays byte for byte -------------------------------------------


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


def _append(text: str, path: JsonPath, item: object) -> str:
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


def _cut(text: str, path: JsonPath) -> str:
    """The text without what is at `path`, and without what is empty only because of that."""
    while path and (opening := _find(text, path[:-1])) is not None:
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
