"""Reads the two settings files: the project's, which anybody may have written, and the person's own.

Each is read once, so that the bytes whose digest was approved are the bytes that are parsed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from tui.settings.settings import FILE, shown_path, user_path
from tui.system.errors import SettingsError

PREFIX: Final = "OVERNIGHT_"
"""What the names of our environment variables begin with."""

MAX_BYTES: Final = 256 * 1024

# Not blocking: a FIFO put there must not hang everybody who opens the project.
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OTHERS_WRITE: Final = 0o002


class SourceFile(Struct, frozen=True):
    """A settings file: how it is shown, its bytes if it was there, why it was left out if so."""

    path: Path
    shown: str
    data: bytes | None
    notice: str = ""


def no_project_file(project: Path) -> SourceFile:
    """The project's file as it is where there is none."""
    return SourceFile(Path(project) / FILE, FILE, None)


def read_project_file(project: Path) -> SourceFile:
    """The project's file; one that a link leads outside the project is named and not read.

    SettingsError when it is there and cannot be read.
    """
    path = Path(project) / FILE
    try:
        data = _read(_open_in_project(os.fspath(project)), FILE)
    except (FileNotFoundError, NotADirectoryError):
        data = None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) != errno.EXDEV:
            raise _unreadable(error, FILE) from error
        return SourceFile(
            path, FILE, None, f"{FILE} is a link out of the project, so it was not read."
        )
    return SourceFile(path, FILE, data)


def _open_in_project(project: str) -> int:
    top = os.open(project, _FOLDER)
    try:
        folder, name = os.path.split(FILE)
        try:
            descriptor = os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=top)
            try:
                return os.open(name, _READ | os.O_NOFOLLOW, dir_fd=descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.EMLINK, errno.ENOTDIR):
                raise
        from tui.system.beneath import open_beneath

        return open_beneath(top, FILE.encode(), _READ, follow=True)
    finally:
        os.close(top)


def read_user_file(environ: Mapping[str, str]) -> SourceFile:
    """The person's own file, which has every power; SettingsError when others may write to it.

    An environment that names neither a home nor `$XDG_CONFIG_HOME` is nobody's, and has no file.
    """
    path = user_path(environ)
    shown = shown_path(path, environ)
    if not any(environ.get(name, "").startswith("/") for name in ("HOME", "XDG_CONFIG_HOME")):
        return SourceFile(path, shown, None)
    try:
        descriptor = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return SourceFile(path, shown, None)
    except (OSError, ValueError) as error:
        raise _unreadable(error, shown) from error
    status = os.fstat(descriptor)
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & _OTHERS_WRITE:
        os.close(descriptor)
        who = "is writable by everybody" if status.st_mode & _OTHERS_WRITE else "is not yours"
        raise SettingsError(f"{shown} {who}, so it cannot be your own settings; chown or chmod it.")
    try:
        return SourceFile(path, shown, _read(descriptor, shown))
    except OSError as error:
        raise _unreadable(error, shown) from error


def _read(descriptor: int, shown: str) -> bytes:
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SettingsError(f"{shown} is not a regular file.")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise SettingsError(f"{shown} is larger than {MAX_BYTES // 1024} KiB; it cannot be meant.")
    return data


def _unreadable(error: Exception, shown: str) -> SettingsError:
    reason = getattr(error, "strerror", None) or str(error)
    return SettingsError(f"{shown} cannot be read: {reason}.")


def digest_of(data: bytes | None) -> str:
    """What a settings file is known by when it is trusted; empty where there is none."""
    if data is None:
        return ""
    import hashlib

    return hashlib.sha256(data).hexdigest()
