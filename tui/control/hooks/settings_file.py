"""Edits .claude/settings.local.json without touching other bytes."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from tui.system.errors import RefusedError
from tui.system.files import atomic_write_at

FOLDER: Final = ".claude"
NAME: Final = "settings.local.json"
MOST_BYTES: Final = 1 << 20
_SPACE: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()
# O_NONBLOCK: a FIFO in the file's place must not make us wait.
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SettingsFileVersion(NamedTuple):
    """The file as it was read; `data` is None where there is none, `stamp` is its identity then."""

    data: bytes | None
    mode: int = 0o600
    stamp: tuple[int, int, int, int] | None = None


def settings_path(project: Path) -> Path:
    """Where the file stands."""
    return project / FOLDER / NAME


def read(project: Path) -> SettingsFileVersion:
    """The file's bytes; RefusedError for a link, somebody else's file, or one that is too large."""
    folder = _folder(project, make=False)
    if folder is None:
        return SettingsFileVersion(None)
    try:
        return _read(folder, settings_path(project))
    finally:
        os.close(folder)


def replace(project: Path, data: bytes | None, version: SettingsFileVersion) -> None:
    """Puts other bytes there in one step, or removes the file; RefusedError if it changed since."""
    shown = settings_path(project)
    folder = _folder(project, make=data is not None)
    if folder is None:
        return
    try:
        if _read(folder, shown).stamp != version.stamp:
            raise RefusedError(f"{shown} changed meanwhile, so it was left alone; try again")
        if data is None:
            os.unlink(NAME, dir_fd=folder)
        else:
            atomic_write_at(folder, NAME, data, mode=version.mode)
    except OSError as error:
        raise RefusedError(f"{shown} cannot be written: {error.strerror}") from error
    finally:
        os.close(folder)


def remove_empty_folder(project: Path) -> None:
    """Removes `.claude` if nothing is in it."""
    try:
        (project / FOLDER).rmdir()
    except OSError:
        return


def _folder(project: Path, *, make: bool) -> int | None:
    path = project / FOLDER
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        if make:
            path.mkdir(mode=0o755, exist_ok=True)
        folder = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_symlink():
            raise RefusedError(f"{path} is a symbolic link; nothing was changed") from error
        raise RefusedError(f"{path} cannot be used: {error.strerror}") from error
    if os.fstat(folder).st_uid != os.geteuid():
        os.close(folder)
        raise RefusedError(f"{path} belongs to another user; nothing was changed")
    return folder


def _read(folder: int, shown: Path) -> SettingsFileVersion:
    try:
        descriptor = os.open(NAME, _OPEN, dir_fd=folder)
    except FileNotFoundError:
        return SettingsFileVersion(None)
    except OSError as error:
        if shown.is_symlink():
            raise RefusedError(f"{shown} is a symbolic link; nothing was changed") from error
        raise RefusedError(f"{shown} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        _check(facts, shown)
        stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size, facts.st_ctime_ns)
        return SettingsFileVersion(file.read(MOST_BYTES), stat.S_IMODE(facts.st_mode), stamp)


def _check(facts: os.stat_result, shown: Path) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise RefusedError(f"{shown} is no regular file; nothing was changed")
    if facts.st_uid != os.geteuid():
        raise RefusedError(f"{shown} belongs to another user; nothing was changed")
    if facts.st_nlink != 1:
        raise RefusedError(f"{shown} has other names (hard links); nothing was changed")
    if facts.st_size > MOST_BYTES:
        raise RefusedError(f"{shown} is larger than 1 MiB; nothing was changed")


class JsonMember(NamedTuple):
    """One member of an object, or item of an array: where it starts, its value, and where it ends."""

    key: str
    start: int
    value: int
    end: int


def skip_space(text: str, at: int) -> int:
    """The first position from `at` on that is no white space."""
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def list_members(text: str, opening: int) -> list[JsonMember]:
    """The members of the object, or items of the array, that begins there; the text is valid."""
    listed: list[JsonMember] = []
    at = skip_space(text, opening + 1)
    while text[at] not in "}]":
        start, key = at, ""
        if text[opening] == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = skip_space(text, skip_space(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        listed.append(JsonMember(key, start, at, end))
        at = skip_space(text, end)
        if text[at] == ",":
            at = skip_space(text, at + 1)
    return listed


def add_member(text: str, opening: int, key: str, value: object) -> str:
    """The text with a member (of an object) or an item (of an array, `key` empty) put at the end.

    It is laid out as its neighbours are; what stood there keeps every byte.
    """
    present = list_members(text, opening)
    name = f"{json.dumps(key)}: " if key else ""
    if present:
        last = present[-1]
        margin = _indent_before(text, last.start)
        if margin is None:
            return f"{text[: last.end]}, {name}{json.dumps(value)}{text[last.end :]}"
        piece = f",{margin}{name}{_dump_indented(text, value, margin)}"
        return text[: last.end] + piece + text[last.end :]
    closing = skip_space(text, opening + 1)
    outer = _line_indent(text, opening)
    inner = outer + _indent_step(text)
    piece = f"{inner}{name}{_dump_indented(text, value, inner)}{outer}"
    return text[: opening + 1] + piece + text[closing:]


def cut_member(text: str, opening: int, number: int) -> str:
    """The text without the member or item of that number."""
    present = list_members(text, opening)
    removed = present[number]
    if number:
        return text[: present[number - 1].end] + text[removed.end :]
    if len(present) > 1:
        return text[: removed.start] + text[present[1].start :]
    return text[: opening + 1] + text[skip_space(text, removed.end) :]


def _indent_before(text: str, start: int) -> str | None:
    """Line break and indentation before a position, or None where it does not begin a line."""
    at = start
    while at > 0 and text[at - 1] in " \t":
        at -= 1
    if at == 0 or text[at - 1] != "\n":
        return None
    return _line_break(text) + text[at:start]


def _line_indent(text: str, at: int) -> str:
    """Line break and indentation of the line that holds a position."""
    line = text.rfind("\n", 0, at) + 1
    end = line
    while end < at and text[end] in " \t":
        end += 1
    return _line_break(text) + text[line:end]


def _line_break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent_step(text: str) -> str:
    """One step of indentation, as the outermost members have it."""
    present = list_members(text, skip_space(text, 0))
    margin = _indent_before(text, present[0].start) if present else None
    return margin.lstrip("\r\n") if margin and margin.strip("\r\n") else "  "


def _dump_indented(text: str, value: object, margin: str) -> str:
    return json.dumps(value, indent=_indent_step(text)).replace("\n", margin)
