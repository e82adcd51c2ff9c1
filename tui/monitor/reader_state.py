"""Saves and restores a reader."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tui.feeds.sessions.select import EventFile
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import SAVED_VERSION, FoldRules, SavedReader, SessionReader
from tui.store.cache_file import open_cache, write_cache
from tui.system.errors import FoldCacheError

_KIND = b"ledger"
_KEEP_DAYS = 30
_KEEP_FILES = 40


def saved_path(cache: Path, files: Sequence[EventFile]) -> Path:
    """The file that a ledger over these files is saved in."""
    names = "\n".join(f"{file.kind} {os.path.realpath(file.path)}" for file in files)
    return cache / "folds" / (hashlib.sha256(names.encode()).hexdigest()[:32] + ".msgpack")


def write(path: Path, ledger: SessionReader) -> None:
    """Replaces the saved ledger in one step; what cannot be saved only costs time at the next start."""
    saved = ledger.save(ledger.index)
    if saved is None:
        return
    try:
        head = msgspec.msgpack.encode(saved)
    except ValueError:  # a path that is no text
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        columns = ((column,) for column in ledger.index.columns)
        write_cache(path, _KIND, ((head,), ledger.fold.saving(), *columns))
    except OSError:
        return
    _prune(path.parent)


def read(
    path: Path, files: Sequence[EventFile], rules: FoldRules, level: int
) -> SessionReader | None:
    """The ledger saved at `path`, going on where it stopped; None when anything does not fit."""
    try:
        with open_cache(path, _KIND) as cache:
            saved = msgspec.msgpack.decode(cache.part(), type=SavedReader)
            if saved.version != SAVED_VERSION:
                return None
            if [source.path for source in saved.sources] != [source.path for source in files]:
                return None
            fold = rules.load(cache.part())
            return SessionReader.resume(files, fold, saved, cache.fill, EventIndex(level))
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
