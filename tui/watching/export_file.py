"""Writes an export where a person asked for it: whole or not at all, and nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui.errors import RefusedError, UsageError


def write_export(word: str, text: str, folder: Path | None = None) -> Path:
    """Writes `text` to the file that `word` names, seen from `folder` (default: here), in one step.

    A file that is there is replaced. UsageError: no such folder, or no file. RefusedError: a link
    stands there or leads out of `folder`, or the disk refuses.
    """
    here = Path.cwd() if folder is None else folder
    path = here / Path(word).expanduser()
    _check(word, path, here)
    mode = _mode(path)
    partial = path.parent / f".{path.name[:80]}.{os.getpid()}.part"
    try:
        partial.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(partial, flags, mode)
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
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
