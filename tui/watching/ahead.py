"""Decoding in a second process, a few batches ahead of the fold.

Decoding is more than half of reading a large file, and the two share nothing but the records; they
travel packed, which costs a seventh of what making them does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct

import msgspec
from msgspec import Struct

from tui.feeds.events import Decoded, EventDecoder
from tui.records import Event

_ASK = struct.Struct("<QQ")
_SIZE = struct.Struct("<Q")


class _Packed(Struct, frozen=True, array_like=True):
    events: list[Event]
    deltas: int


class Ahead:
    """A forked process that decodes ranges of one file; answers come in the order of the questions.

    Made before any thread is started. OSError when no process or pipe is to be had.
    """

    def __init__(self, path: str) -> None:
        asked, self._ask = os.pipe()
        self._answers, answered = os.pipe()
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(answered, fcntl.F_SETPIPE_SZ, 1 << 20)
        self._decoder = msgspec.msgpack.Decoder(_Packed)
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._ask)
                os.close(self._answers)
                _serve(path, asked, answered)
            finally:
                os._exit(0)
        os.close(asked)
        os.close(answered)

    def ask(self, offset: int, length: int) -> None:
        """Has these whole lines decoded."""
        os.write(self._ask, _ASK.pack(offset, length))

    def answer(self) -> Decoded:
        """The next answer; EOFError when the other process is gone."""
        size = _SIZE.unpack(_read(self._answers, _SIZE.size))[0]
        packed = self._decoder.decode(_read(self._answers, size))
        return Decoded(packed.events, packed.deltas)

    def close(self) -> None:
        """Ends the other process."""
        os.close(self._ask)
        os.close(self._answers)
        os.waitpid(self._pid, 0)


def _serve(path: str, asked: int, answered: int) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    decoder = EventDecoder(path)
    encode = msgspec.msgpack.Encoder().encode
    while True:
        try:
            offset, length = _ASK.unpack(_read(asked, _ASK.size))
        except EOFError:
            return
        decoded = decoder.decode(os.pread(file, length, offset), offset)
        data = encode(_Packed(decoded.events, decoded.deltas))
        _write(answered, _SIZE.pack(len(data)) + data)


def _read(descriptor: int, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    done = 0
    while done < size:
        count = os.readv(descriptor, [view[done:]])
        if not count:
            raise EOFError
        done += count
    return data


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
