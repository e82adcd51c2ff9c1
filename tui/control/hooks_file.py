"""`.claude/settings.local.json` of a project: read with suspicion, replaced in one step."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from tui.errors import RefusedError
from tui.system.files import atomic_write_at

FOLDER: Final = ".claude"
NAME: Final = "settings.local.json"
MOST_BYTES: Final = 1 << 20

_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SettingsFileVersion(NamedTuple):
    """The file as it was read; `data` is None where there is none, `stamp` is its identity then."""

    data: bytes | None
    mode: int = 0o600
    stamp: tuple[int, int, int, int] | None = None


def path_of(project: Path) -> Path:
    """Where the file stands."""
    return project / FOLDER / NAME


def read(project: Path) -> SettingsFileVersion:
    """The file's bytes; RefusedError for a link, somebody else's file, or one that is too large."""
    folder = _folder(project, make=False)
    if folder is None:
        return SettingsFileVersion(None)
    try:
        return _read(folder, path_of(project))
    finally:
        os.close(folder)


def replace(project: Path, data: bytes | None, seen: SettingsFileVersion) -> None:
    """Puts other bytes there in one step, or removes the file; RefusedError if it changed since."""
    shown = path_of(project)
    folder = _folder(project, make=data is not None)
    if folder is None:
        return
    try:
        if _read(folder, shown).stamp != seen.stamp:
            raise RefusedError(f"{shown} changed meanwhile, so it was left alone; try again")
        if data is None:
            os.unlink(NAME, dir_fd=folder)
        else:
            atomic_write_at(folder, NAME, data, mode=seen.mode)
    except OSError as error:
        raise RefusedError(f"{shown} cannot be written: {error.strerror}") from error
    finally:
        os.close(folder)


def remove_empty_folder(project: Path) -> None:
    """Removes `.claude` if nothing is in it."""
    try:
        (project / FOLDER).rmdir()
    except OSError:
        return


def _folder(project: Path, *, make: bool) -> int | None:
    path = project / FOLDER
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        if make:
            path.mkdir(mode=0o755, exist_ok=True)
        folder = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_symlink():
            raise RefusedError(f"{path} is a symbolic link; nothing was changed") from error
        raise RefusedError(f"{path} cannot be used: {error.strerror}") from error
    if os.fstat(folder).st_uid != os.geteuid():
        os.close(folder)
        raise RefusedError(f"{path} belongs to another user; nothing was changed")
    return folder


def _read(folder: int, shown: Path) -> SettingsFileVersion:
    try:
        descriptor = os.open(NAME, _OPEN, dir_fd=folder)
    except FileNotFoundError:
        return SettingsFileVersion(None)
    except OSError as error:
        if shown.is_symlink():
            raise RefusedError(f"{shown} is a symbolic link; nothing was changed") from error
        raise RefusedError(f"{shown} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        _check(facts, shown)
        stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size, facts.st_ctime_ns)
        return SettingsFileVersion(file.read(MOST_BYTES), stat.S_IMODE(facts.st_mode), stamp)


def _check(facts: os.stat_result, shown: Path) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise RefusedError(f"{shown} is no regular file; nothing was changed")
    if facts.st_uid != os.geteuid():
        raise RefusedError(f"{shown} belongs to another user; nothing was changed")
    if facts.st_nlink != 1:
        raise RefusedError(f"{shown} has other names (hard links); nothing was changed")
    if facts.st_size > MOST_BYTES:
        raise RefusedError(f"{shown} is larger than 1 MiB; nothing was changed")
