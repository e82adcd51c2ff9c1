"""The state of a work tree in a few characters, to see whether anything in it changed between two calls."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from msgspec import Struct

from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.store.state_names import short_digest
from tui.system.errors import OvernightError
from tui.system.git import Git

_SECONDS = 8.0
_MOST_BYTES = 16 << 20
_STATUS = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")


class WorkState(Struct, frozen=True):
    """HEAD, and a digest of the files that differ from it; empty where none does."""

    head: str
    changes: str


def work_state(project: Path, own: Collection[str]) -> WorkState | None:
    """Equal as long as HEAD and the changed files are the same; None where that cannot be found out in time.

    `own` are files and folders that are none of the agent's: they do not count.
    """
    try:
        git = Git(project)
        found = run_bounded(git, _STATUS, ReadBudget(_SECONDS, _MOST_BYTES))
        head = git.head() or ""
    except (OvernightError, OSError):
        return None
    if not found.is_whole:
        return None
    below = os.path.relpath(os.path.realpath(project), git.work_tree)
    spared = [os.fsencode(os.path.normpath(os.path.join(below, name))) for name in own]
    lines = []
    for entry in found.data.split(b"\0"):
        path = entry[3:]
        if path and not any(path == one or path.startswith(one + b"/") for one in spared):
            lines.append(entry + _stamp(os.path.join(os.fsencode(git.work_tree), path)))
    return WorkState(head, short_digest(b"\0".join(lines)) if lines else "")


def _stamp(path: bytes) -> bytes:
    try:
        facts = os.lstat(path)
    except OSError:
        return b" gone"
    return b" %d %d" % (facts.st_size, facts.st_mtime_ns)
