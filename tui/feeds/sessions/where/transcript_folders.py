"""The folders in which Claude keeps transcripts: their names, links among them, and what lies in one.

A folder is named by the slug of the folder that a session was started in. A slug cannot be turned back
into a path, and two paths can have the same, so it is only where a search begins.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tui.system.files import regular_file
from tui.system.lazy_pattern import lazy
from tui.system.paths import lies_in

MOST_FOLDERS = 2_000
# Where Claude cuts a longer slug, to put a digest behind it.
LONGEST_SLUG = 200
_NOT_WORD = lazy(r"[^A-Za-z0-9]")
_BEYOND_BMP = lazy("[\U00010000-\U0010ffff]")


def slugs(folder: str) -> list[str]:
    """The names under which Claude may keep the transcripts of `folder`, in each of its spellings."""
    spelt = [folder, os.path.realpath(folder)]
    # JavaScript counts a character beyond the basic plane as two.
    spelt += [_BEYOND_BMP.sub("--", name) for name in spelt]
    return list(dict.fromkeys(_NOT_WORD.sub("-", name) for name in spelt))


def is_named_after(name: str, slug: str) -> bool:
    """Whether a folder's name is that slug, or one that was cut and given a digest."""
    return name == slug or (len(slug) > LONGEST_SLUG and name.startswith(slug[:LONGEST_SLUG] + "-"))


def list_folders(projects: Path) -> list[tuple[int, str]]:
    """When each folder of transcripts changed, and its name; the one that changed last first."""
    dated = []
    try:
        with os.scandir(projects) as entries:
            for entry in entries:
                if entry.is_symlink():
                    if (real := linked_folder(entry.path)) is not None:
                        dated.append((os.stat(real).st_mtime_ns, entry.name))
                elif entry.is_dir(follow_symlinks=False):
                    dated.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
    except OSError:
        return []
    return sorted(dated, reverse=True)[:MOST_FOLDERS]


def linked_folder(path: str) -> str | None:
    """Where a link among the folders of transcripts leads, if only this user can have meant it to.

    A development container keeps transcripts elsewhere so. The link has the name of a slug, it and the folder
    are this user's, and nobody else may write into the folder.
    """
    if not os.path.basename(path).startswith("-"):
        return None
    try:
        link, real = os.lstat(path), os.path.realpath(path, strict=True)
        facts = os.stat(real)
    except (OSError, ValueError):
        return None
    mine = link.st_uid == facts.st_uid == os.geteuid()
    closed = not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return real if stat.S_ISDIR(facts.st_mode) and mine and closed else None


def base_of(path: str, projects: Path) -> str:
    """The folder that a transcript must not leave: Claude's own, or the one that a link of it names."""
    try:
        top = os.path.realpath(projects)
        folder = os.path.dirname(os.path.realpath(path))
    except (OSError, ValueError):
        return str(projects)
    if lies_in(folder, top):
        return str(projects)
    for real in _linked_folders(projects):
        if lies_in(folder, real):
            return real
    return str(projects)


def _linked_folders(projects: Path) -> list[str]:
    try:
        with os.scandir(projects) as entries:
            links = [entry.path for entry in entries if entry.is_symlink()]
    except OSError:
        return []
    return [real for real in map(linked_folder, links) if real is not None]


def safe_transcript(path: str, projects: Path) -> str | None:
    """The resolved path if it may be read: a regular `.jsonl` of this user among Claude's transcripts.

    For paths that come from outside (a hook, a stream). The file itself is checked, through every
    link; opening it, the caller must refuse a link at its end.
    """
    if "\0" in path or not path.endswith(".jsonl") or not os.path.isabs(path):
        return None
    try:
        real = os.path.realpath(path, strict=True)
        folder = os.path.dirname(path)
        linked = linked_folder(folder) if os.path.dirname(folder) == str(projects) else None
        base = os.path.realpath(linked or projects, strict=True)
        if not lies_in(real, base) or not real.endswith(".jsonl"):
            return None
        with regular_file(real) as (_, facts):
            return real if facts.st_uid == os.geteuid() and facts.st_nlink == 1 else None
    except (OSError, ValueError):
        return None


def dated_files(projects: Path, name: str) -> list[tuple[float, str]]:
    """When each transcript of one folder was last written to, and its path."""
    folder = os.path.join(projects, name)
    if os.path.islink(folder) and linked_folder(folder) is None:
        return []
    return list(_dated(folder))


def _dated(folder: str) -> Iterator[tuple[float, str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".jsonl") and not is_subagent_name(entry.name):
                    try:
                        facts = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if stat.S_ISREG(facts.st_mode):
                        yield min(facts.st_mtime, facts.st_ctime + 60.0), entry.path
    except OSError:
        return


def session_of_file(path: str) -> str:
    """The session that a transcript is named after."""
    return os.path.basename(path).removesuffix(".jsonl")


def is_subagent_name(name: str) -> bool:
    """Whether a file is a subagent's, by its name."""
    return name.startswith("agent-") and name.endswith(".jsonl")
