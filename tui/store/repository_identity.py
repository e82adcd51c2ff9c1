"""Which repository a folder belongs to, told from files alone: nothing of it is run or believed.

A repository is named by the physical path of its common git directory with device, inode and time of birth, so
that another one that lies at the same path later is another one. A `.git` file counts as a linked work tree
only where the repository itself names that work tree; an archive can hold a `.git` file that names any path.
"""

from __future__ import annotations

import os
import stat
from itertools import islice
from typing import Final, NamedTuple

from tui.system.files import read_small

_MOST_BYTES: Final = 4096
_MOST_WORK_TREES: Final = 100
_GITDIR: Final = b"gitdir:"
_EMPTY_PATH: Final = 0x1000
_BIRTH: Final = 0x800
_STATX_BYTES: Final = 256


class RepositoryIdentity(NamedTuple):
    """`path` is the common git directory, or a folder without one; `below` the project within its work tree."""

    path: bytes
    device: int
    inode: int
    born: int
    below: bytes


def identity_of(project: str | os.PathLike[str]) -> RepositoryIdentity:
    """The repository of a folder, and the folder's place in it. Raises OSError where there is none."""
    physical = os.fsencode(os.path.realpath(project))
    top, place = _place_of(physical)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        born = _birth_of(descriptor, status)
    finally:
        os.close(descriptor)
    below = os.path.relpath(physical, top)
    return RepositoryIdentity(
        place, status.st_dev, status.st_ino, born, b"" if below == b"." else below
    )


def other_work_trees(project: str | os.PathLike[str]) -> tuple[str, ...]:
    """The project's folder in each other work tree of its repository; at most a hundred, never failing.

    A work tree counts where it and the repository name each other: neither can claim what is not its own.
    """
    try:
        physical = os.fsencode(os.path.realpath(project))
        top, common = _place_of(physical)
        if os.path.basename(common) != b".git":
            return ()
        below = os.path.relpath(physical, top)
        with os.scandir(os.path.join(common, b"worktrees")) as entries:
            names = sorted(entry.name for entry in islice(entries, _MOST_WORK_TREES))
    except (OSError, ValueError):
        return ()
    marks = (_mark_of(os.path.join(common, b"worktrees", name)) for name in names)
    linked = [os.path.dirname(mark) for mark in marks if mark and _common_of(mark) == common]
    others = [tree for tree in (os.path.dirname(common), *linked) if tree != top]
    return tuple(os.fsdecode(os.path.normpath(os.path.join(tree, below))) for tree in others)


def work_tree_root(folder: str | os.PathLike[str]) -> str:
    """The top of the git work tree that holds a folder; empty where there is none."""
    try:
        top, common = _place_of(os.fsencode(os.path.realpath(folder)))
    except (OSError, ValueError):
        return ""
    is_repository = os.path.isfile(os.path.join(common, b"HEAD")) or common == top
    return os.fsdecode(top) if top != common and is_repository else ""


def is_outside(folder: str | os.PathLike[str], top: str | os.PathLike[str]) -> bool:
    """Whether a folder lies in another work tree than the one with that top, be it below that or not."""
    root = work_tree_root(folder)
    return bool(root) and root != os.path.realpath(top)


def is_in_other_work_tree(folder: str | os.PathLike[str], top: str | os.PathLike[str]) -> bool:
    """Whether a folder lies in another work tree of the same repository: other files, whatever holds them."""
    try:
        own, other = (_place_of(os.fsencode(os.path.realpath(one))) for one in (top, folder))
    except (OSError, ValueError):
        return False
    return own[1] == other[1] and own[0] != other[0]


def _mark_of(own: bytes) -> bytes:
    """The physical path of the `.git` file of the linked work tree whose own git directory this is."""
    named = read_small(os.path.join(own, b"gitdir"), _MOST_BYTES).strip()
    if not named or b"\0" in named:
        return b""
    return os.path.realpath(os.path.join(own, named))


def _place_of(physical: bytes) -> tuple[bytes, bytes]:
    """The work tree that holds the folder, and the directory that stands for its repository."""
    folder = physical
    while True:
        mark = os.path.join(folder, b".git")
        try:
            mode = os.lstat(mark).st_mode
        except OSError:
            above = os.path.dirname(folder)
            if above == folder:
                return physical, physical
            folder = above
            continue
        if stat.S_ISDIR(mode):
            return folder, mark
        return folder, (_common_of(mark) if stat.S_ISREG(mode) else b"") or folder


def _common_of(mark: bytes) -> bytes:
    """The common git directory of the linked work tree whose `.git` file this is; empty if it is none."""
    words = read_small(mark, _MOST_BYTES)
    if not words.startswith(_GITDIR) or b"\0" in words:
        return b""
    named = words.removeprefix(_GITDIR).strip()
    own = os.path.realpath(os.path.join(os.path.dirname(mark), named))
    above = os.path.dirname(own)
    if os.path.basename(above) != b"worktrees":
        return b""
    if _mark_of(own) != mark:
        return b""
    return os.path.dirname(above)


def _birth_of(descriptor: int, status: os.stat_result) -> int:
    """When an open file was made, in nanoseconds; 0 where the system does not tell.

    An inode's number is given away again, often at once; the time of its birth is not.
    """
    seconds = getattr(status, "st_birthtime", None)
    if seconds is not None:
        return int(seconds * 1e9)
    import ctypes
    import struct

    buffer = ctypes.create_string_buffer(_STATX_BYTES)
    try:
        statx = ctypes.CDLL(None).statx
    except (OSError, AttributeError):
        return 0
    if statx(ctypes.c_int(descriptor), b"", _EMPTY_PATH, ctypes.c_uint(_BIRTH), buffer) != 0:
        return 0
    (mask,) = struct.unpack_from("=I", buffer.raw, 0)
    whole, rest = struct.unpack_from("=qI", buffer.raw, 80)
    return whole * 10**9 + rest if mask & _BIRTH else 0
