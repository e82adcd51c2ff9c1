"""What the last checkpoint of a work tree saw, kept so that the next reads only what changed."""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.control.folders import Folder, Folders
from tui.control.quarantine import private_area
from tui.control.seen import Packed, Rows
from tui.git import Git
from tui.system.files import read_small, replacing

_MAGIC = b"overnight-seen-1\n"
_NAME = "seen"
_MOST_BYTES = 1 << 30


class _Stored(Struct, frozen=True, array_like=True):
    ref: str
    commit: str
    tree: str
    rows: Packed
    folders: dict[bytes, Folder]


class Memory:
    """Rows and folders as last seen, and the checkpoint that holds them; empty if there is none.

    It saves time and nothing else: lost or damaged, the next checkpoint reads everything again.
    """

    def __init__(self, ref: str, commit: str, tree: str, rows: Rows, folders: Folders) -> None:
        self.ref, self.commit, self.tree = ref, commit, tree
        self.rows, self.folders = rows, folders

    @staticmethod
    def empty() -> Memory:
        return Memory("", "", "", Rows(), Folders())

    @staticmethod
    def recall(git: Git) -> Memory:
        """What was stored last."""
        try:
            data = read_small(_path(git), _MOST_BYTES)
            body = memoryview(data)[len(_MAGIC) + 4 :]
            check = data[len(_MAGIC) : len(_MAGIC) + 4]
            if data[: len(_MAGIC)] != _MAGIC or zlib.adler32(body).to_bytes(4, "big") != check:
                return Memory.empty()
            stored = msgspec.msgpack.decode(body, type=_Stored)
            rows = Rows.unpacked(stored.rows, len(git.zero) // 2)
        except (ValueError, msgspec.MsgspecError):
            return Memory.empty()
        return Memory(stored.ref, stored.commit, stored.tree, rows, Folders(stored.folders))

    def store(self, git: Git, seen_ns: int) -> None:
        """Keeps this for the next time; what changed shortly before `seen_ns` is not believed."""
        packed, folders = self.rows.packed(seen_ns), self.folders.to_store(seen_ns)
        body = msgspec.msgpack.encode(_Stored(self.ref, self.commit, self.tree, packed, folders))
        with replacing(_path(git), sync=False) as file:
            file.write(_MAGIC + zlib.adler32(body).to_bytes(4, "big"))
            file.write(body)


def _path(git: Git) -> Path:
    return private_area(git) / _NAME
