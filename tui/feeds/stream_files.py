"""Event streams lying in a project: files a person's `claude … | tee FILE` or a loop script wrote."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from tui import paths
from tui.feeds.event_heads import EventFileSummary, head_of

ACTIVE_S = 600.0
MOST_LOOKED_AT = 40
MOST_LISTED = 200
FOLDERS = ("logs", ".", ".ralph/logs")

_ENDINGS = (".jsonl", ".ndjson", ".json", ".log", ".stream")
_AT_THE_ROOT = ("session", "events", "stream", "claude", "output", "overnight", "run", "agent")


class StreamFile(NamedTuple):
    """A stream and where it was found, relative to the project."""

    path: str
    folder: str
    head: EventFileSummary


def newest_stream(project: Path) -> StreamFile | None:
    """The stream whose session began last, among those of the project still written to.

    What a file is, its content says: only JSON records of `stream-json` make it a stream.
    """
    found = [stream for folder in FOLDERS for stream in _in_folder(project, folder)]
    if not found:
        return None
    latest = max(stream.head.changed for stream in found)
    active = [stream for stream in found if stream.head.changed >= latest - ACTIVE_S]
    return max(active, key=lambda stream: (stream.head.started, os.path.basename(stream.path)))


def _in_folder(project: Path, folder: str) -> list[StreamFile]:
    dated: list[tuple[float, str]] = []
    try:
        with os.scandir(project / folder) as entries:
            for entry in entries:
                if _may_be(entry.name, folder):
                    facts = entry.stat()
                    if stat.S_ISREG(facts.st_mode) and facts.st_size:
                        dated.append((facts.st_mtime, os.path.join(project, folder, entry.name)))
    except OSError:
        return []
    found = []
    for _, name in sorted(dated, reverse=True)[:MOST_LOOKED_AT]:
        path = os.path.normpath(name)
        head = head_of(path)
        if head is not None and head.kind == "stream" and paths.is_within(project, Path(path)):
            found.append(StreamFile(path, folder, head))
    return found


def _may_be(name: str, folder: str) -> bool:
    if not name.endswith(_ENDINGS):
        return False
    return folder != "." or name.endswith((".jsonl", ".ndjson")) or name.startswith(_AT_THE_ROOT)


def candidates(project: Path) -> list[tuple[str, float]]:
    """Files of the project that may be streams by their names, with when they last changed."""
    found: list[tuple[str, float]] = []
    for folder in FOLDERS:
        try:
            with os.scandir(project / folder) as entries:
                dated = [
                    (entry.stat().st_mtime, os.path.join(project, folder, entry.name))
                    for entry in entries
                    if _may_be(entry.name, folder) and entry.is_file()
                ]
        except OSError:
            continue
        newest = sorted(dated, reverse=True)[:MOST_LISTED]
        found += [(os.path.normpath(path), changed) for changed, path in newest]
    return found
