"""Locks between processes: each is a `flock` on a file that names its holder.

A process that is killed while it starts another leaves its lock to that child until the child calls exec.
So a lock whose holder is dead counts as free in `is_locked`, and `acquire_lock` waits for it. `is_locked`
itself shares the lock for an instant, which `acquire_lock` waits for too.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from tui.system.files import open_private
from tui.system.processes import ProcessIdentity, is_alive, read_process

_DEAD_HOLDER_SECONDS = 2.0
_UNSIGNED_SECONDS = 2.0
_POLL_SECONDS = 0.01


def acquire_lock(path: Path, patience: float = 0.0) -> int | None:
    """Acquires the lock for this process; None if a living process holds it for longer than `patience`
    seconds. The lock is released with the last copy of the descriptor. Raises OSError.
    """
    descriptor = open_private(path, os.O_RDWR)
    since = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _read_holder(descriptor)
            other = _UNSIGNED_SECONDS if holder is None else _DEAD_HOLDER_SECONDS
            if holder is not None and is_alive(holder):
                other = 0.0
            if time.monotonic() - since >= max(patience, other):
                os.close(descriptor)
                return None
            time.sleep(_POLL_SECONDS)
            continue
        me = read_process(os.getpid())
        os.ftruncate(descriptor, 0)
        with suppress(OSError):  # a full disk: it is held all the same, by somebody without a name
            os.pwrite(descriptor, f"{me.pid} {me.start}\n".encode() if me is not None else b"", 0)
        return descriptor


def try_lock_file(descriptor: int) -> bool:
    """Locks an open file that names no holder, if it is free; never waits. Raises OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_file(descriptor: int) -> None:
    """Locks an open file that names no holder; waits until it is free. Raises OSError."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def is_locked(path: Path) -> bool:
    """Whether a living process holds that lock; asking keeps nobody from acquiring it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        # A shared lock, so that two askers do not count each other as the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        holder = _read_holder(descriptor)
        return holder is None or is_alive(holder)  # one without a name counts as held
    finally:
        os.close(descriptor)
    return False


def is_held(path: Path) -> bool:
    """Whether anybody holds that lock, also a process that cannot be seen from here."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _read_holder(descriptor: int) -> ProcessIdentity | None:
    """The process that the lock file names; None where it names none."""
    words = os.pread(descriptor, 64, 0).split()
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return None
    return ProcessIdentity(int(words[0]), int(words[1]))
