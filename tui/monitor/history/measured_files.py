"""Sizes and digests of the files that a review rests on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final

from tui.model.session import NamedSources
from tui.night.review.export.redacted import ExportSource
from tui.settings.settings import Settings
from tui.system.errors import OvernightError
from tui.system.files import regular_file

_PIECE: Final = 1 << 20


def measure_all(
    paths: Iterable[str], base_of: Callable[[str], str] = lambda path: ""
) -> tuple[ExportSource, ...]:
    """Files with their sizes and digests as they are now; one that cannot be read has neither.

    `base_of` gives the folder that a file must not leave.
    """
    return tuple(measure(path, base=base_of(path)) for path in sorted(paths))


_LARGE: Final = 32 << 20
_MEASURED: Final[dict[tuple[str, int | None, int, int, int], ExportSource]] = {}
"""Large files that this process measured, by what tells whether they changed since."""


def measure_meanwhile(project: Path, settings: Settings, named: NamedSources) -> Thread:
    """Measures the large files of events while the caller reads them: that takes as long as all the rest."""
    from tui.feeds.sessions.select import select_session

    def work() -> None:
        with suppress(OSError, OvernightError):
            for file in select_session(project, settings, named).events:
                if os.path.getsize(file.path) >= _LARGE:
                    measure(file.path)

    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def measure(path: str, most: int | None = None, base: str = "") -> ExportSource:
    """A file's size and SHA-256, of its first `most` bytes if given."""
    name = os.path.basename(path)
    digest, size = hashlib.sha256(), 0
    try:
        with regular_file(path, follow=True, inside=base) as (file, status):
            key = (path, most, status.st_ino, status.st_size, status.st_mtime_ns)
            if key in _MEASURED:
                return _MEASURED[key]
            while piece := os.read(file, _PIECE if most is None else min(_PIECE, most - size)):
                digest.update(piece)
                size += len(piece)
    except (OSError, ValueError):
        return ExportSource(name, path, 0, "")
    found = ExportSource(name, path, size, digest.hexdigest())
    if size >= _LARGE:
        _MEASURED[key] = found
    return found
