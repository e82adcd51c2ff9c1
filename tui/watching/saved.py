"""Where folded ledgers are kept between starts, and when one may be taken up again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tui.errors import SavedFoldError
from tui.feeds.discovery import Source
from tui.watching.ledger import SAVED_VERSION, Ledger, SavedLedger
from tui.watching.rules import Rules

_KEEP_DAYS = 30
_KEEP_FILES = 40


def place(cache: Path, files: Sequence[Source]) -> Path:
    """The file that a ledger over these files is saved in."""
    names = "\n".join(f"{file.kind} {os.path.realpath(file.path)}" for file in files)
    return cache / "folds" / (hashlib.sha256(names.encode()).hexdigest()[:32] + ".msgpack")


def write(path: Path, data: bytes) -> None:
    """Replaces the saved ledger in one step; a full disk only means that nothing is saved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".fold-")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
    _prune(path.parent)


def read(path: Path, files: Sequence[Source], rules: Rules, level: int) -> Ledger | None:
    """The ledger saved at `path`, going on where it stopped; None when anything does not fit."""
    try:
        saved = msgspec.msgpack.decode(path.read_bytes(), type=SavedLedger)
        if saved.version != SAVED_VERSION:
            return None
        if [file.path for file in saved.sources] != [file.path for file in files]:
            return None
        fold = rules.load(saved.fold)
    except (OSError, ValueError, msgspec.MsgspecError, SavedFoldError):
        return None
    return Ledger.resume(files, fold, saved, level=level)


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
