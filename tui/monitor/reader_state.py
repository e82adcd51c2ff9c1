"""Saves and restores a reader: the viewer's in the cache, the supervisor's in its run directory."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tui.feeds.sessions.select import EventFile
from tui.monitor.session_reader import SAVED_VERSION, FoldRules, SavedReader, SessionReader
from tui.night.fold import NightFold
from tui.store.cache_file import open_cache, write_cache
from tui.system.errors import FoldCacheError
from tui.system.files import make_folder

_KIND = b"ledger"
_KEEP_DAYS = 30
_KEEP_FILES = 40


def saved_path(cache: Path, files: Sequence[EventFile]) -> Path:
    """The file that a reader of these files is saved in."""
    names = "\n".join(
        f"{file.kind} {os.path.realpath(file.path)} {file.since} {file.until}" for file in files
    )
    return cache / "folds" / (hashlib.sha256(os.fsencode(names)).hexdigest()[:32] + ".msgpack")


def write(path: Path, reader: SessionReader) -> None:
    """Saves a reader of the viewer; what cannot be saved only costs time at the next start."""
    try:
        make_folder(path.parent)
    except OSError:
        return
    if save(path, _KIND, reader):
        _prune(path.parent)


def read(
    path: Path, files: Sequence[EventFile], rules: FoldRules, level: int
) -> SessionReader | None:
    """The reader saved at `path`, going on where it stopped; None when anything does not fit."""
    # Late, because the supervisor saves its reader too and never needs rows.
    from tui.monitor.rows.event_index import EventIndex

    restored = restore(
        path, _KIND, files, rules, lambda fold: SessionReader((), fold, EventIndex(level))
    )
    return restored[0] if restored is not None else None


def save(path: Path, kind: bytes, reader: SessionReader, owner: bytes = b"") -> bool:
    """Replaces the file in one step; False when the reader or the disk does not allow it now."""
    saved = reader.save(owner)
    if saved is None:
        return False
    columns = ((column,) for column in reader.index.columns) if reader.has_rows else ()
    try:
        head = msgspec.msgpack.encode(saved)
        write_cache(path, kind, ((head,), reader.fold.save_pieces(), *columns))
    except (OSError, ValueError):  # ValueError: a path that is no text
        return False
    return True


def restore(
    path: Path,
    kind: bytes,
    files: Sequence[EventFile],
    rules: FoldRules,
    build_reader: Callable[[NightFold], SessionReader],
) -> tuple[SessionReader, bytes] | None:
    """The reader saved at `path` and what its owner saved with it; None when anything does not fit.

    `build_reader` makes a reader without files over the restored fold.
    """
    try:
        with open_cache(path, kind) as cache:
            saved = msgspec.msgpack.decode(cache.part(), type=SavedReader)
            if saved.version != SAVED_VERSION:
                return None
            reader = build_reader(rules.load(cache.part()))
            return (reader, saved.owner) if reader.resume(files, saved, cache.fill) else None
    except (OSError, ValueError, EOFError, msgspec.MsgspecError, FoldCacheError):
        return None


def _prune(folder: Path) -> None:
    """Removes what has not been used for a month, and all but the newest few."""
    try:
        kept = sorted(folder.glob("*.msgpack"), key=lambda file: -file.stat().st_mtime)
        oldest = time.time() - _KEEP_DAYS * 86_400
        for number, file in enumerate(kept):
            if number >= _KEEP_FILES or file.stat().st_mtime < oldest:
                file.unlink()
    except OSError:
        return
