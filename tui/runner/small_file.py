"""A small file that others rewrite as a whole: read again only when it changed."""

from __future__ import annotations

import os
from pathlib import Path

from tui.system.files import regular_file

_MOST_BYTES = 4 << 20


class SmallFile:
    """One such file; `mtime` is that of what was read last, None while there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mtime: float | None = None
        self._seen: tuple[int, ...] | None = None

    def changed(self) -> bytes | None:
        """Its bytes (at most 4 MiB) if it changed since the last call, else None. Never blocks."""
        try:
            with regular_file(self.path, follow=True) as (descriptor, facts):
                seen = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
                if seen == self._seen:
                    return None
                data = os.read(descriptor, _MOST_BYTES)
        except OSError:
            self._seen = None
            return None
        self._seen, self.mtime = seen, facts.st_mtime
        return data
