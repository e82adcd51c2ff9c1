"""One path's way from what it is to what it shall be."""

from __future__ import annotations

import os
import stat
from typing import Literal

from msgspec import Struct

What = Literal["create", "replace", "permissions", "delete"]


class FileIdentity(Struct, frozen=True, array_like=True):
    """Stat data by which a file is known not to have been touched since it was captured."""

    inode: int
    size: int
    mtime_ns: int
    mode: int

    def matches(self, status: os.stat_result) -> bool:
        return (
            status.st_ino == self.inode
            and status.st_size == self.size
            and status.st_mtime_ns == self.mtime_ns
            and status.st_mode == self.mode
        )


class FileVersion(Struct, frozen=True, array_like=True):
    """A file or link: mode and blob id as git has them, permission bits, and who it was if seen."""

    mode: int
    blob: str
    permissions: int
    identity: FileIdentity | None = None

    @property
    def is_link(self) -> bool:
        return self.mode == 0o120000

    def fits(self, status: os.stat_result) -> bool:
        """Whether kind and permissions are those; the bytes are another question."""
        if self.is_link:
            return stat.S_ISLNK(status.st_mode)
        return stat.S_ISREG(status.st_mode) and status.st_mode & 0o777 == self.permissions


class FileStep(Struct, frozen=True):
    """A path with what is there before and what shall be there after; None is nothing."""

    path: bytes
    before: FileVersion | None
    after: FileVersion | None

    @property
    def kind(self) -> What:
        """ "create", "delete", "replace", or "permissions" where the bytes stay."""
        if self.before is None:
            return "create"
        if self.after is None:
            return "delete"
        same = (self.before.blob, self.before.is_link) == (self.after.blob, self.after.is_link)
        return "permissions" if same else "replace"

    def reversed(self) -> FileStep:
        """The way back, which may not go by stat data: what is there now was put there since."""
        before = None
        if self.after is not None:
            before = FileVersion(self.after.mode, self.after.blob, self.after.permissions)
        return FileStep(self.path, before, self.before)
