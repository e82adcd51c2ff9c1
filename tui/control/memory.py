"""What the last checkpoint of a work tree saw, kept so that the next reads only what changed."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from tui.control.folders import FolderStat, FolderIndex
from tui.control.quarantine import private_area
from tui.control.seen import PackedFileTable, FileTable
from tui.git import Git
from tui.store.cache_file import open_cache, write_cache

_KIND = b"seen-1"
_NAME = "seen"


class _StatCacheFile(Struct, frozen=True, array_like=True):
    ref: str
    commit: str
    tree: str
    rows: PackedFileTable
    folders: dict[bytes, FolderStat]


class StatCache:
    """Rows and folders as last seen, and the checkpoint that holds them; empty if there is none.

    It saves time and nothing else: lost or damaged, the next checkpoint reads everything again.
    """

    def __init__(self, ref: str, commit: str, tree: str, rows: FileTable, folders: FolderIndex) -> None:
        self.ref, self.commit, self.tree = ref, commit, tree
        self.rows, self.folders = rows, folders

    @staticmethod
    def empty() -> StatCache:
        return StatCache("", "", "", FileTable(), FolderIndex())

    @staticmethod
    def recall(git: Git) -> StatCache:
        """What was stored last."""
        try:
            with open_cache(_path(git), _KIND) as cache:
                stored = msgspec.msgpack.decode(cache.part(), type=_StatCacheFile)
            rows = FileTable.unpacked(stored.rows, len(git.zero) // 2)
        except (OSError, ValueError, msgspec.MsgspecError):
            return StatCache.empty()
        return StatCache(stored.ref, stored.commit, stored.tree, rows, FolderIndex(stored.folders))

    def store(self, git: Git, seen_ns: int) -> None:
        """Keeps this for the next time; what changed shortly before `seen_ns` is not believed."""
        packed, folders = self.rows.packed(seen_ns), self.folders.to_store(seen_ns)
        body = msgspec.msgpack.encode(_StatCacheFile(self.ref, self.commit, self.tree, packed, folders))
        write_cache(_path(git), _KIND, ((body,),))


def _path(git: Git) -> Path:
    return private_area(git) / _NAME
