"""The agent's own reading of `claude-progress.txt`: which tasks are open, and how to tick one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

PROGRESS = "claude-progress.txt"
NOTES = "claude-session-notes.md"
_TASK = re.compile(r"^\s*- \[(?P<mark>.)\] (?:\*\*(?P<id>[\d.]+)\*\* )?(?P<title>.+)$")


class Item(NamedTuple):
    """A task line of the progress file; `key` is its number, or its title without one."""

    line: str
    key: str
    title: str
    done: bool


def tasks(folder: Path) -> list[Item]:
    """All tasks in the file's order; none when there is no file."""
    try:
        lines = (folder / PROGRESS).read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = [(line, _TASK.match(line)) for line in lines]
    return [
        Item(
            line,
            match["id"] or match["title"].strip(),
            match["title"].strip(),
            match["mark"] != " ",
        )
        for line, match in found
        if match is not None
    ]


def open_tasks(folder: Path) -> list[Item]:
    return [item for item in tasks(folder) if not item.done]


def ticked(line: str) -> str:
    return line.replace("- [ ]", "- [x]", 1)


def in_progress_line(folder: Path) -> str:
    """The line under `## In Progress`, empty if the file has no such section."""
    try:
        lines = (folder / PROGRESS).read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for index, line in enumerate(lines[:-1]):
        if line.strip() == "## In Progress":
            return lines[index + 1]
    return ""
