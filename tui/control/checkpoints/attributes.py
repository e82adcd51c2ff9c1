"""What a file or folder has beside its bytes: set-id bits, extended attributes, access lists.

Kept are `user.*` and POSIX access lists. What the system itself gives to every file (labels of SELinux,
layers of overlayfs) is none of a checkpoint's business; file capabilities are listed, because putting
them back would give powers to a program.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import Final

from msgspec import Struct

Attributes = tuple[tuple[bytes, bytes], ...]
SET_ID: Final = stat.S_ISUID | stat.S_ISGID
_ACCESS_LIST: Final = b"system.posix_acl_access"
_LISTS: Final = frozenset((_ACCESS_LIST, b"system.posix_acl_default"))
# The mode's group bits are the mask of an access list, so both change together.
_SET_LAST: Final = 0o7070
_MOST_BYTES: Final = 64 << 10


class Extras(Struct, frozen=True, array_like=True):
    """Attributes that are kept, why others are not, and the owner where a set-id bit depends on it."""

    attributes: Attributes = ()
    lost: str = ""
    owner: tuple[int, int] | None = None


def read_extras(file: int, status: os.stat_result) -> Extras | None:
    """The extras of an open file or folder; None for nearly all, which have none."""
    attributes, lost = _read_attributes(file)
    has_owner = stat.S_ISREG(status.st_mode) and status.st_mode & SET_ID
    owner = (status.st_uid, status.st_gid) if has_owner else None
    return Extras(attributes, lost, owner) if attributes or lost or owner else None


def _is_kept(name: bytes) -> bool:
    return name.startswith(b"user.") or name in _LISTS


def _is_missed(name: bytes) -> bool:
    """Whether an attribute that is not kept is more than what the system gives to every file."""
    overlay = name.startswith(b"trusted.overlay.")
    return name == b"security.capability" or (name.startswith(b"trusted.") and not overlay)


def _read_attributes(file: int) -> tuple[Attributes, str]:
    if sys.platform != "linux":
        return (), ""
    try:
        names = os.listxattr(file)
        if not names:
            return (), ""
        raw = sorted(os.fsencode(name) for name in names)
        lost = [name for name in raw if _is_missed(name)]
        kept = tuple((name, os.getxattr(file, name)) for name in raw if _is_kept(name))
    except OSError as error:
        # A file system without attributes says so; then there is nothing to lose.
        unsupported = error.errno in (95, 38)
        return (
            (),
            "" if unsupported else f"its extended attributes cannot be read: {error.strerror}",
        )
    if lost:
        names_of_lost = ", ".join(os.fsdecode(name) for name in lost)
        return kept, f"its attributes {names_of_lost} are not kept"
    if sum(len(name) + len(value) for name, value in kept) > _MOST_BYTES:
        return (), "its extended attributes are too large to be kept"
    return kept, ""


def apply_extras(
    file: int, permissions: int, attributes: Attributes, owner: tuple[int, int] | None
) -> str:
    """Gives an open file or folder exactly these; returns what could not be done, or nothing.

    A set-id bit is set only where the file belongs to the user and group that it belonged to then.
    """
    failed = _apply_attributes(file, attributes)
    now = os.fstat(file)
    if owner is not None and (now.st_uid, now.st_gid) != owner and permissions & SET_ID:
        permissions &= ~SET_ID
        failed.append("its set-id bits are not set: it belongs to somebody else now")
    if stat.S_IMODE(now.st_mode) != permissions:
        try:
            os.fchmod(file, permissions)
        except PermissionError:
            failed.append("its permissions cannot be changed by you")
        else:
            # The kernel drops the set-group bit in silence for who is not in that group.
            if stat.S_IMODE(os.fstat(file).st_mode) != permissions:
                failed.append("not all of its permission bits could be set")
        os.fsync(file)
    return "; ".join(failed)


def _apply_attributes(file: int, wanted: Attributes) -> list[str]:
    present = dict(_read_attributes(file)[0])
    values = dict(wanted)
    failed = []
    for name in sorted(present.keys() | values.keys()):
        if present.get(name) == values.get(name):
            continue
        try:
            if name not in values:
                os.removexattr(file, name)
            elif _is_kept(name):
                os.setxattr(file, name, values[name])
            else:
                failed.append(f"{os.fsdecode(name)} is no attribute that is put back")
        except OSError as error:
            failed.append(f"its attribute {os.fsdecode(name)} cannot be set: {error.strerror}")
    return failed


def has_extras(file: int, permissions: int, attributes: Attributes) -> bool:
    """Whether an open file or folder has exactly these."""
    mode = stat.S_IMODE(os.fstat(file).st_mode)
    return mode == permissions and _read_attributes(file)[0] == attributes


def first_permissions(permissions: int, attributes: Attributes) -> int:
    """The bits that a file may have before its extras are set: none that an access list narrows."""
    return permissions & (0o700 if any(name in _LISTS for name, _ in attributes) else 0o777)


def differ_only_by_extras(mode: int, permissions: int) -> bool:
    """Whether bits set in a second step are all in which a mode differs from these permissions."""
    return (stat.S_IMODE(mode) ^ permissions) & ~_SET_LAST == 0
