"""A fold on disk: one versioned message, refused when another version or machine wrote it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from tui.errors import FoldCacheError
from tui.night.cost import SavedAccounts
from tui.night.memory import FoldState
from tui.night.seen import DigestSet

VERSION = 5
_MAGIC = b"night fold "
_MACHINE = f"{sys.byteorder} {sys.hash_info.modulus:x}"


class SavedFold(Struct):
    """What is written: the parts, and the table of prices they were reckoned by."""

    prices: str
    memory: FoldState
    accounts: SavedAccounts


def _encode(value: Any) -> bytes:
    if isinstance(value, DigestSet):
        return value.dump()
    raise TypeError(f"a fold cannot save {type(value).__name__}")


def _decode(kind: type, value: Any) -> DigestSet:
    if kind is DigestSet and isinstance(value, bytes):
        return DigestSet(value)
    raise TypeError(f"a saved fold holds no {kind.__name__}")


def pack(memory: FoldState, accounts: SavedAccounts, prices: str) -> Iterator[bytes]:
    """The state as bytes, piece by piece: all of it together is tens of megabytes."""
    yield b"%s%d %s\n" % (_MAGIC, VERSION, _MACHINE.encode())
    encode = msgspec.msgpack.Encoder(enc_hook=_encode).encode
    yield from _pieces(SavedFold(prices, memory, accounts), encode, 2)


def _pieces(value: Any, encode: Callable[[Any], bytes], depth: int) -> Iterator[bytes]:
    """What `encode` makes of a value; structs so deep are told field by field."""
    if not depth or not isinstance(value, Struct):
        yield encode(value)
        return
    fields = value.__struct_fields__
    yield b"\xde" + len(fields).to_bytes(2, "big")  # MessagePack's head of a map
    for name in fields:
        yield encode(name)
        yield from _pieces(getattr(value, name), encode, depth - 1)


def unpack(data: bytes | bytearray) -> SavedFold:
    """The state again; SavedFoldError when it cannot be trusted."""
    end = data.find(b"\n", 0, 200)
    head, body = bytes(data[: max(end, 0)]), memoryview(data)[end + 1 :]
    if end < 0 or not head.startswith(_MAGIC):
        raise FoldCacheError("this is no saved fold; the night is read anew")
    version, _, machine = head[len(_MAGIC) :].partition(b" ")
    if version != str(VERSION).encode():
        raise FoldCacheError(
            f"the saved fold has version {version.decode(errors='replace')[:20]}, "
            f"this program writes version {VERSION}; the night is read anew"
        )
    if machine != _MACHINE.encode():
        raise FoldCacheError("the saved fold comes from another kind of machine; read anew")
    try:
        return msgspec.msgpack.decode(body, type=SavedFold, dec_hook=_decode)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise FoldCacheError(
            f"the saved fold is damaged ({error}); the night is read anew"
        ) from None
