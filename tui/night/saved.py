"""A fold on disk: one versioned message, refused when another version or machine wrote it."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
from msgspec import Struct

from tui.errors import SavedFoldError
from tui.night.cost import SavedAccounts
from tui.night.memory import Memory
from tui.night.seen import Seen

VERSION = 2
_MAGIC = b"night fold "
_MACHINE = f"{sys.byteorder} {sys.hash_info.modulus:x}"


class Saved(Struct):
    """What is written: the parts, and the table of prices they were reckoned by."""

    prices: str
    memory: Memory
    accounts: SavedAccounts


def _encode(value: Any) -> bytes:
    if isinstance(value, Seen):
        return value.dump()
    raise TypeError(f"a fold cannot save {type(value).__name__}")


def _decode(kind: type, value: Any) -> Seen:
    if kind is Seen and isinstance(value, bytes):
        return Seen(value)
    raise TypeError(f"a saved fold holds no {kind.__name__}")


def pack(memory: Memory, accounts: SavedAccounts, prices: str) -> bytearray:
    """The state as bytes, made in one piece: a large one is tens of megabytes."""
    data = bytearray(b"%s%d %s\n" % (_MAGIC, VERSION, _MACHINE.encode()))
    encoder = msgspec.msgpack.Encoder(enc_hook=_encode)
    encoder.encode_into(Saved(prices, memory, accounts), data, -1)
    return data


def unpack(data: bytes | bytearray) -> Saved:
    """The state again; SavedFoldError when it cannot be trusted."""
    end = data.find(b"\n", 0, 200)
    head, body = bytes(data[: max(end, 0)]), memoryview(data)[end + 1 :]
    if end < 0 or not head.startswith(_MAGIC):
        raise SavedFoldError("this is no saved fold; the night is read anew")
    version, _, machine = head[len(_MAGIC) :].partition(b" ")
    if version != str(VERSION).encode():
        raise SavedFoldError(
            f"the saved fold has version {version.decode(errors='replace')[:20]}, "
            f"this program writes version {VERSION}; the night is read anew"
        )
    if machine != _MACHINE.encode():
        raise SavedFoldError("the saved fold comes from another kind of machine; read anew")
    try:
        return msgspec.msgpack.decode(body, type=Saved, dec_hook=_decode)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise SavedFoldError(
            f"the saved fold is damaged ({error}); the night is read anew"
        ) from None
