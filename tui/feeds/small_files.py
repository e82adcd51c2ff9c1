"""Small files of our own: read without trust, replaced in one step."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_BYTES = 256 * 1024
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_small(path: Path | str) -> bytes:
    """The file's bytes, at most 256 KiB; empty for what is missing, no plain file, or a link."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, MOST_BYTES) if _plain(descriptor) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _plain(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def replace_small(path: Path, data: bytes) -> None:
    """Writes a private file so that nobody ever reads half of it. Raises OSError."""
    import tempfile

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
