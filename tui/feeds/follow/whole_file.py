"""A small file that others rewrite: read again when it changed."""

from __future__ import annotations

import errno
import os
import stat
from typing import Literal

from tui.model.records import SourceStatus
from tui.model.session import SidecarPath
from tui.system.files import regular_file

_MOST_BYTES = 4 << 20


class WholeFile:
    """Reads a small file when its size, times or identity changed; never blocks on a FIFO.

    Of a file beyond 4 MiB the beginning is read, or the end with `from_end`. `size` and `mtime` are those
    of what was read last; `mtime` is None before.
    """

    def __init__(self, name: str, sidecar: SidecarPath, *, from_end: bool = False) -> None:
        self.name = name
        self._from_end = from_end
        self.path = sidecar.path
        self._sidecar = sidecar
        self.state: Literal["following", "missing", "unreadable"] = "missing"
        self.why = ""
        self.size = 0
        self.mtime: float | None = None
        self._last_stat: tuple[int, int, int, int] | None = None

    def read_changed(self) -> bytes | None:
        """The file's bytes if they changed since the last call (at most 4 MiB), else None."""
        try:
            facts = os.stat(self.path)
        except OSError as error:
            return self._not_readable(error)
        if not stat.S_ISREG(facts.st_mode):
            self.state, self.why = "unreadable", f"{self.path} is not a regular file"
            return None
        seen = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        if seen == self._last_stat:
            return None
        try:
            base = self._sidecar.base
            with regular_file(self.path, follow=True, inside=base) as (descriptor, _):
                begin = max(0, facts.st_size - _MOST_BYTES) if self._from_end else 0
                data = os.pread(descriptor, _MOST_BYTES, begin)
        except OSError as error:
            return self._not_readable(error)
        self._last_stat = seen
        self.state, self.why = "following", ""
        self.size, self.mtime = facts.st_size, facts.st_mtime
        if facts.st_size > _MOST_BYTES:
            which = "last" if self._from_end else "first"
            self.why = f"only the {which} {_MOST_BYTES >> 20} MiB are read"
        return data

    def _not_readable(self, error: OSError) -> bytes | None:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        self.state = "missing" if missing else "unreadable"
        self.why = self._sidecar.missing if missing else f"{self.path}: {error.strerror}"
        if error.errno == errno.EXDEV and self._sidecar.base:
            from tui.store.project_files import describe_link

            self.why = describe_link(self._sidecar.base, self.path)
        self._last_stat = None
        return None

    def source_status(self) -> SourceStatus:
        return SourceStatus(
            self.name, self.path, self.state, self.why, self._sidecar.chosen, self.size, self.mtime
        )
