"""Writes an export where a person asked for it: whole or not at all, and nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui.errors import RefusedError, UsageError
from tui.system.files import atomic_write


def write_export(word: str, text: str, folder: Path | None = None) -> Path:
    """Writes `text` to the file that `word` names, seen from `folder` (default: here), in one step.

    A file that is there is replaced. UsageError: no such folder, or no file. RefusedError: a link
    stands there or leads out of `folder`, or the disk refuses.
    """
    here = Path.cwd() if folder is None else folder
    path = here / Path(word).expanduser()
    _check(word, path, here)
    try:
        atomic_write(path, text.encode("utf-8", "replace"), mode=_mode(path))
    except OSError as error:
        raise RefusedError(f"{word} cannot be written: {error.strerror or error}") from error
    return path


def _check(word: str, path: Path, here: Path) -> None:
    parent = path.parent
    if not parent.is_dir():
        raise UsageError(f"there is no folder {str(parent)!r}; make it first, or give another file")
    # A folder given in full is the person's own word; one below here may be a planted link.
    if not Path(word).expanduser().is_absolute():
        base = Path(os.path.normpath(path.parent))
        if base.is_relative_to(here) and not parent.resolve().is_relative_to(here.resolve()):
            raise RefusedError(
                f"{word} leads through a link out of this folder; nothing was written"
            )
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if stat.S_ISLNK(kind):
        raise RefusedError(f"{word} is a link; give the file it leads to, nothing was written")
    if stat.S_ISDIR(kind):
        raise UsageError(f"{word} is a folder; give a file, or - for standard output")
    if not stat.S_ISREG(kind):
        raise UsageError(f"{word} is no ordinary file; give one, or - for standard output")


def _mode(path: Path) -> int:
    """The mode of the file that is replaced; of a new one, what the person's mask allows."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0o666
