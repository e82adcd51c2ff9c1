"""A checked file of parts, for what can be made again: replaced in one step, used only when undamaged.

The parts are followed by their sizes, a checksum over everything and the kind of the file. So it is written
in one pass, and a file that was cut short has no end.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, TypeAlias

from tui.system.files import regular_file, replacing

Column: TypeAlias = "bytes | bytearray | array[Any]"

_SIZE: Final = struct.Struct("<Q")
_END: Final = struct.Struct("<II8s")
_PIECE: Final = 1 << 20
_MOST_PARTS: Final = 1_000


class CacheError(ValueError):
    """There is no undamaged file of that kind; its content must be made again."""


class CacheReader:
    """The parts of a cache file, to be read in their order."""

    def __init__(self, file: BufferedReader, sizes: Sequence[int]) -> None:
        self._file = file
        self._sizes = iter(sizes)

    def part(self) -> bytes:
        """The next part; CacheError when there is none."""
        return self._file.read(self._next())

    def fill(self, column: array[Any] | bytearray, items: int) -> None:
        """Appends the next part to a column; CacheError unless it is that many items."""
        width = 1 if isinstance(column, bytearray) else column.itemsize
        if self._next() != items * width:
            raise CacheError("a column has another length")
        if isinstance(column, bytearray):
            column += self._file.read(items)
        else:
            column.fromfile(self._file, items)

    def _next(self) -> int:
        size = next(self._sizes, None)
        if size is None:
            raise CacheError("there are no more parts")
        return size


def write_cache(path: Path, kind: bytes, parts: Iterable[Iterable[Column]]) -> None:
    """Replaces the file; each part is given in pieces. Raises OSError.

    `kind`, at most eight bytes, names content and version: a reader of another kind gets nothing.
    """
    check, sizes = 0, []
    with replacing(path, sync=False) as file:
        for pieces in parts:
            before = file.tell()
            for piece in pieces:
                check = zlib.crc32(piece, check)
                file.write(piece)
            sizes.append(file.tell() - before)
        table = b"".join(map(_SIZE.pack, sizes))
        file.write(table + _END.pack(len(sizes), zlib.crc32(table, check), kind))


@contextmanager
def open_cache(path: Path, kind: bytes) -> Iterator[CacheReader]:
    """The parts of a whole file of that kind; CacheError or OSError for anything else."""
    with regular_file(path) as (descriptor, status), open(descriptor, "rb", closefd=False) as file:
        yield CacheReader(file, _checked(file, status.st_size, kind))


def _checked(file: BufferedReader, size: int, kind: bytes) -> list[int]:
    """The sizes of the parts; leaves the file at its beginning."""
    if size < _END.size:
        raise CacheError("it has no end")
    file.seek(size - _END.size)
    count, check, found = _END.unpack(file.read(_END.size))
    before_end = size - _END.size
    table_at = before_end - count * _SIZE.size
    if found.rstrip(b"\0") != kind or count > _MOST_PARTS or table_at < 0:
        raise CacheError("it is of another kind")
    file.seek(0)
    left = before_end
    seen = 0
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        seen = zlib.crc32(piece, seen)
        left -= len(piece)
    file.seek(table_at)
    table = file.read(count * _SIZE.size)
    sizes = [one for (one,) in _SIZE.iter_unpack(table)]
    if left or seen != check or sum(sizes) != table_at:
        raise CacheError("it is damaged")
    file.seek(0)
    return sizes
