"""The error tree; each error is one sentence for the person and an exit code. Also writes the crash log."""

from __future__ import annotations

import errno
import os
from typing import Final

_ADVICE: Final = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "your quota is used up; make room there",
    errno.EROFS: "use another place, or mount it so that it can be written",
    errno.EACCES: "give yourself the permission, or use another place",
    errno.EPERM: "give yourself the permission, or use another place",
    errno.EFBIG: "it would be larger than the limit for files (ulimit -f) or its file system allows",
    errno.EIO: "the disk reports a fault; look at it before the night",
}


class OvernightError(Exception):
    """A failure with a sentence for the user; `exit_code` is what a command ends with."""

    exit_code = 1


class UsageError(OvernightError):
    """The command line or the settings are wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """A settings file, variable or flag holds something that cannot be used."""


class NoSessionError(OvernightError):
    """There is no session, no such run, or nothing to look at."""

    exit_code = 3


class RefusedError(OvernightError):
    """A precondition does not hold, so nothing was done."""

    exit_code = 4


class GitError(OvernightError):
    """Git could not do what was asked of it."""


class CheckpointError(OvernightError):
    """A checkpoint could not be taken; none was recorded."""


class RewindError(OvernightError):
    """A rewind stopped; its journal says how far it came and the next start finishes or reverts it."""


class FoldCacheError(OvernightError):
    """The saved state of a night cannot be loaded; its files are read again from the beginning."""


def describe_os_error(error: OSError, where: str | os.PathLike[str] = "", did: str = "") -> str:
    """What the system refused, where, and what to do about it: one sentence without an end.

    `where` is the place if the error names none; `did` are words like "cannot be written".
    """
    place = os.fspath(where) or _named(error)
    what = error.strerror or str(error)
    begins = " ".join(filter(None, (place, did)))
    advice = _ADVICE.get(error.errno or 0, "")
    return (f"{begins}: " if begins else "") + what + (f"; {advice}" if advice else "")


def is_storage_error(error: OSError) -> bool:
    """Whether a full or read-only disk, a quota, a limit or a missing permission is the reason."""
    return error.errno in _ADVICE


def _named(error: OSError) -> str:
    name = error.filename2 or error.filename
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else ""
