"""Writing the journal: append-only, one JSON object a line, each line one `write`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from tui import paths
from tui.system.credentials import hide_credentials

_FREE_TEXT = frozenset(
    {
        *("goal", "text", "reason", "why", "detail", "doing"),
        *("label", "evidence", "open", "arguments"),
    }
)
"""The keys of an entry whose words come from people, the agent or a program."""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Journal:
    """Appends entries to one journal file; safe for several writers, as each line is one append.

    A predecessor that was killed in the middle of a line leaves no newline; the next entry begins
    with one, so a torn tail never swallows what follows.
    """

    def __init__(self, path: str | os.PathLike[str], wall: Callable[[], float] = time.time) -> None:
        self.path = os.fspath(path)
        self._wall = wall

    @staticmethod
    def of_session(project: Path, run_dir: str, session: str) -> Journal:
        """The journal of deeds on a session that is no run of ours, its folder made if missing."""
        root = paths.run_root(project, run_dir)
        paths.private_dir(root / paths.DEEDS)
        return Journal(paths.deeds_file(root, session))

    def write(
        self,
        kind: str,
        data: Mapping[str, object] | None = None,
        *,
        id: str = "",
        sync: bool = False,
    ) -> None:
        """Appends one entry, credentials in its words hidden; with `sync` it is on the disk then.

        Raises OSError.
        """
        entry: dict[str, object] = {"at": self._wall(), "kind": kind}
        if id:
            entry["id"] = id
        for key, value in (data or {}).items():
            entry[key] = _hidden(value) if key in _FREE_TEXT else value
        line = msgspec.json.encode(entry) + b"\n"
        descriptor = os.open(self.path, _FLAGS, 0o600)
        try:
            if _is_torn(descriptor, self.path):
                line = b"\n" + line
            os.write(descriptor, line)
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _hidden(value: object) -> object:
    if isinstance(value, str):
        return hide_credentials(value)
    if isinstance(value, Mapping):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    return value


def _is_torn(descriptor: int, path: str) -> bool:
    size = os.fstat(descriptor).st_size
    if size == 0:
        return False
    reader = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(reader, 1, size - 1) != b"\n"
    finally:
        os.close(reader)
