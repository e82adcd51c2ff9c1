"""Looking at a path and opening it, when it is a regular file and only then."""

from __future__ import annotations

import os
import stat
from typing import Final, NamedTuple

from tui.feeds.position import Status

OPEN_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

Ident = tuple[int, int]

_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class OpenRefusal(NamedTuple):
    """Why a path cannot be followed now, with a sentence for a person."""

    status: Status
    reason: str


def stat_path(path: str, follow: bool) -> os.stat_result | OpenRefusal:
    """The status of the regular file at `path`; `follow` says whether through symbolic links."""
    try:
        status = os.stat(path, follow_symlinks=follow)
    except OSError as error:
        return refusal_of(path, error)
    if stat.S_ISREG(status.st_mode):
        return status
    return _no_file(path, status.st_mode)


def open_regular(path: str, follow: bool, seen: os.stat_result) -> tuple[int, Ident] | OpenRefusal:
    """A descriptor and the identity of the regular file at `path`, last seen as `seen`; never waits."""
    flags = OPEN_FLAGS if follow else OPEN_FLAGS | os.O_NOFOLLOW
    try:
        fd = os.open(path, flags)
    except OSError as error:
        return refusal_of(path, error)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        return _no_file(path, status.st_mode)
    return fd, _identity(path, follow, seen, status)


def refusal_of(path: str, error: OSError) -> OpenRefusal:
    """The state an error of the system means, in words."""
    if isinstance(error, FileNotFoundError):
        folder = os.path.dirname(path) or "."
        if os.path.isdir(folder):
            return OpenRefusal("missing", f"There is no {path} yet.")
        return OpenRefusal("missing", f"There is no {path} yet, nor its folder.")
    if isinstance(error, NotADirectoryError):
        return OpenRefusal("missing", f"There is no {path}: a part of that path is no folder.")
    return OpenRefusal("unreadable", f"{path} cannot be read: {error.strerror or error}.")


def _identity(path: str, follow: bool, seen: os.stat_result, opened: os.stat_result) -> Ident:
    """The device and inode that the path shows for the file just opened.

    Some file systems show others for a path than for a descriptor: the path then shows the same before
    and after. If it does not, the path has just changed hands and the descriptor is right.
    """
    held = (opened.st_dev, opened.st_ino)
    shown = (seen.st_dev, seen.st_ino)
    if shown == held:
        return held
    again = stat_path(path, follow)
    if isinstance(again, OpenRefusal) or (again.st_dev, again.st_ino) != shown:
        return held
    return shown


def _no_file(path: str, mode: int) -> OpenRefusal:
    kind = next((name for test, name in _KINDS if test(mode)), "something else")
    return OpenRefusal("not a file", f"{path} is {kind}, not a file.")
