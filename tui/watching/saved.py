"""Where folded ledgers are kept between starts, and when one may be taken up again."""

from __future__ import annotations

import hashlib
import os
import struct
import time
import zlib
from array import array
from collections.abc import Iterable, Sequence
from functools import partial
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Any

import msgspec

from tui.errors import SavedFoldError
from tui.feeds.discovery import Source
from tui.system.files import replacing
from tui.watching.event_log import EventLog
from tui.watching.ledger import SAVED_VERSION, Ledger, SavedLedger
from tui.watching.rules import Rules

_SIZE = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
_PIECE = 1 << 20
_KEEP_DAYS = 30
_KEEP_FILES = 40


def place(cache: Path, files: Sequence[Source]) -> Path:
    """The file that a ledger over these files is saved in."""
    names = "\n".join(f"{file.kind} {os.path.realpath(file.path)}" for file in files)
    return cache / "folds" / (hashlib.sha256(names.encode()).hexdigest()[:32] + ".msgpack")


def write(path: Path, ledger: Ledger) -> None:
    """Replaces the saved ledger in one step; what cannot be saved only costs time at the next start."""
    saved = ledger.save(ledger.log)
    if saved is None:
        return
    try:
        head = msgspec.msgpack.encode(saved)
    except ValueError:  # a path that is no text
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(path, sync=False) as file:
            _put(file, (head,))
            _put(file, ledger.fold.saving())
            for column in ledger.log.columns:
                file.write(column)
            end = file.tell()
            file.seek(0)
            file.write(_CHECK.pack(_checked(file, end)))
    except OSError:
        return
    _prune(path.parent)


def read(path: Path, files: Sequence[Source], rules: Rules, level: int) -> Ledger | None:
    """The ledger saved at `path`, going on where it stopped; None when anything does not fit."""
    try:
        with path.open("rb") as file:
            if not _whole(file):
                return None
            saved = msgspec.msgpack.decode(_part(file), type=SavedLedger)
            if saved.version != SAVED_VERSION:
                return None
            if [source.path for source in saved.sources] != [source.path for source in files]:
                return None
            fold = rules.load(_part(file))
            return Ledger.resume(files, fold, saved, partial(_fill, file), EventLog(level))
    except (OSError, ValueError, EOFError, struct.error, msgspec.MsgspecError, SavedFoldError):
        return None


def _whole(file: BufferedReader) -> bool:
    """Whether the file is what was once written; leaves it at its beginning."""
    size = os.fstat(file.fileno()).st_size - _CHECK.size
    check = _checked(file, size)
    same = file.tell() == size and file.read() == _CHECK.pack(check)
    file.seek(0)
    return same


def _checked(file: BufferedReader | BufferedRandom, left: int) -> int:
    """A check over so many bytes from here on, or over what there is."""
    check = 0
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        check = zlib.crc32(piece, check)
        left -= len(piece)
    return check


def _put(file: BufferedRandom, pieces: Iterable[bytes]) -> None:
    """Writes the pieces with the size of all before them."""
    start = file.tell()
    file.write(_SIZE.pack(0))
    for piece in pieces:
        file.write(piece)
    end = file.tell()
    file.seek(start)
    file.write(_SIZE.pack(end - start - _SIZE.size))
    file.seek(end)


def _part(file: BufferedReader) -> bytes:
    return file.read(_SIZE.unpack(file.read(_SIZE.size))[0])


def _fill(file: BufferedReader, column: array[Any] | bytearray, items: int) -> None:
    if isinstance(column, bytearray):
        data = file.read(items)
        if len(data) != items:
            raise EOFError
        column += data
    else:
        column.fromfile(file, items)


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
