"""Writing the journal: append-only, one JSON object a line, each line one `write`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from tui.store.layout import session_journal, state_root
from tui.system.files import append_line, private_folder


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
        root = state_root(project, run_dir)
        path = session_journal(root, session)
        private_folder(path.parent)
        return Journal(path)

    def write(
        self,
        kind: str,
        data: Mapping[str, object] | None = None,
        *,
        id: str = "",
        sync: bool = False,
    ) -> None:
        """Appends one entry; with `sync` it is on the disk when this returns. Raises OSError."""
        entry: dict[str, object] = {"at": self._wall(), "kind": kind}
        if id:
            entry["id"] = id
        entry.update(data or {})
        append_line(self.path, msgspec.json.encode(entry) + b"\n", sync=sync)
