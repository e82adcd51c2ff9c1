"""Names compared with globs, and fields of a command line expanded on the disk; both with bounds."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tui.control.protect.expansion import ANY, FROM_MARKS, SET, STAR, TO_MARKS, has_pattern

_MOST_NAMES: Final = 4_000
_MOST_PATHS: Final = 400
_MOST_FOLDERS: Final = 300


def fold(text: str) -> str:
    """A name as a file system that heeds neither case nor composition compares it."""
    if text.isascii():
        return text.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def folded_parts(path: str) -> tuple[str, ...]:
    """The components of an absolute path, folded."""
    return tuple([fold(name) for name in path.split("/") if name])


def glob_parts(glob: str) -> tuple[str, ...]:
    """The components of a glob of the settings, ready to be compared; `**` at the end is left out."""
    parts = [part for part in fold(glob).split("/") if part not in ("", ".")]
    while len(parts) > 1 and parts[-1] == "**":
        parts.pop()  # who may not touch what lies in a folder may not touch the folder
    return tuple([part if part == "**" else part.translate(TO_MARKS) for part in parts])


def fixed_parts(parts: Sequence[str]) -> int:
    """How many components at the beginning are names and no patterns."""
    patterns = (n for n, part in enumerate(parts) if part == "**" or has_pattern(part))
    return next(patterns, len(parts))


def covers(glob: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a glob names this path or a folder above it; `path` is folded."""
    length, states = len(glob), _with_next(glob, {0})
    for part in path:
        if length in states:
            return True
        after = {state for state in states if glob[state] == "**"}
        after |= {n + 1 for n in states if glob[n] != "**" and name_matches(glob[n], part)}
        states = _with_next(glob, after)
        if not states:
            return False
    return length in states


def _with_next(glob: Sequence[str], states: set[int]) -> set[int]:
    """The same with every state that `**` reaches by standing for nothing."""
    for state in sorted(states):
        while state < len(glob) and glob[state] == "**":
            state += 1
            states.add(state)
    return states


def name_matches(pattern: str, name: str) -> bool:
    """Whether a component with marks matches a name; in time of their product at most."""
    if not has_pattern(pattern):
        return pattern == name
    at = place = kept = 0
    star = -1
    while place < len(name):
        if pattern[at : at + 1] == STAR:
            star, kept, at = at, place, at + 1
            continue
        after, fits = _next_sign(pattern, at, name[place])
        if fits:
            at, place = after, place + 1
        elif star >= 0:
            kept += 1
            at, place = star + 1, kept
        else:
            return False
    return not pattern[at:].strip(STAR)


def _next_sign(pattern: str, at: int, char: str) -> tuple[int, bool]:
    """The place after one sign of a pattern, and whether it stands for the character."""
    sign = pattern[at : at + 1]
    end = pattern.find("]", at + 2) if sign == SET else -1
    if end < 0:
        return at + 1, sign == ANY or sign == (SET if char == "[" else char)
    inside = pattern[at + 1 : end].translate(FROM_MARKS)
    is_not = inside[:1] in ("!", "^")
    return end + 1, _is_in(inside[is_not:], char) != is_not


def _is_in(members: str, char: str) -> bool:
    at = 0
    while at < len(members):
        if members[at + 1 : at + 2] == "-" and at + 2 < len(members):
            if members[at] <= char <= members[at + 2]:
                return True
            at += 3
        else:
            if members[at] == char:
                return True
            at += 1
    return False


def expand(field: str, base: str) -> list[str]:
    """The absolute paths that a field with patterns stands for now.

    Where they are too many it is the last folder of the field that has a plain name.
    """
    parts = [part for part in field.split("/") if part]
    found = start = ["/" if field.startswith("/") else base]
    for number, part in enumerate(parts):
        if not has_pattern(part):
            found = [os.path.join(one, part) for one in found]
            if number > fixed_parts(parts):
                found = [one for one in found if os.path.lexists(one)]
            continue
        after: list[str] = []
        for folder in found:
            if part == STAR + STAR:
                after += _folders_below(folder)
            else:
                after += [os.path.join(folder, name) for name in _names(folder, part)]
            if len(after) > _MOST_PATHS:
                return [os.path.join(*start, *parts[: fixed_parts(parts[:number])])]
        found = after
    return found


def _names(folder: str, pattern: str) -> list[str]:
    shows_hidden = pattern[0] in (".", SET)
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one, _ in zip(entries, range(_MOST_NAMES), strict=False)]
    except (OSError, ValueError):
        return []
    return [
        name for name in names if (shows_hidden or name[0] != ".") and name_matches(pattern, name)
    ]


def _folders_below(folder: str) -> list[str]:
    found = [folder]
    for one in walk(folder):
        if one.is_folder:
            found.append(one.path)
        if len(found) >= _MOST_FOLDERS:
            break
    return found


class Found(NamedTuple):
    """A name below a folder."""

    path: str
    inode: int
    is_folder: bool


def walk(folder: str) -> Iterator[Found]:
    """What lies below a folder, the nearest first, some thousands at most. No link is followed."""
    waiting, seen = deque([folder]), 0
    while waiting:
        try:
            with os.scandir(waiting.popleft()) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _MOST_NAMES:
                        return
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if is_folder:
                        waiting.append(entry.path)
                    yield Found(entry.path, entry.inode(), is_folder)
        except (OSError, ValueError):
            continue
