"""The state of a work tree in a few characters: whether anything in it changed between two calls of a hook."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.store.state_names import short_digest
from tui.system.errors import OvernightError
from tui.system.git import Git

_SECONDS = 8.0
_MOST_BYTES = 16 << 20
_STATUS = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")


def work_state(project: Path, own: Collection[str]) -> str:
    """Equal as long as HEAD and the changed files are the same; empty where that cannot be told in time.

    `own` are files, and folders with a slash at the end, that are none of the agent's: they do not count.
    """
    try:
        git = Git(project)
        found = run_bounded(git, _STATUS, ReadBudget(_SECONDS, _MOST_BYTES))
        head = git.head() or "none"
    except (OvernightError, OSError):
        return ""
    if not found.is_whole:
        return ""
    below = os.path.relpath(os.path.realpath(project), git.work_tree)
    prefixes = tuple(os.fsencode(os.path.normpath(os.path.join(below, name))) for name in own)
    lines = []
    for entry in found.data.split(b"\0"):
        path = entry[3:]
        if not path or path.startswith(tuple(one + b"/" for one in prefixes)) or path in prefixes:
            continue
        lines.append(entry + b" " + _stamp(os.path.join(os.fsencode(git.work_tree), path)))
    changes = short_digest(b"\0".join(lines)) if lines else "clean"
    return f"{head[:12]} {changes}"


def is_clean(state: str) -> bool:
    """Whether the work tree held nothing but what HEAD has."""
    return state.endswith(" clean")


def _stamp(path: bytes) -> bytes:
    try:
        facts = os.lstat(path)
    except OSError:
        return b"gone"
    return b"%d %d" % (facts.st_size, facts.st_mtime_ns)
