"""Where things stand: the project, its run directory, our own folders, and Claude's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tui.errors import RefusedError, UsageError

RUN_DIR: Final = ".overnight"
DEEDS: Final = "deeds"

_NAME: Final = "overnight-tui"
_IGNORE_ALL: Final = b"*\n"
_ROOT_MARKS: Final = (RUN_DIR, "config/overnight.yaml", ".git")


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The person's home; a folder of their own under the temporary one where there is none."""
    given = environ.get("HOME", "")
    if given.startswith("/"):
        return Path(given)
    import pwd

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        import tempfile

        return Path(tempfile.gettempdir()) / f"{_NAME}-{os.getuid()}"


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Ours under `$XDG_CACHE_HOME`: what can be made again. It need not exist yet."""
    return _xdg(environ, "XDG_CACHE_HOME", ".cache")


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Ours under `$XDG_STATE_HOME`: what is worth keeping. It need not exist yet."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state")


def _xdg(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    # The specification has relative values ignored.
    given = environ.get(variable, "")
    return (Path(given) if given.startswith("/") else home(environ) / otherwise) / _NAME


def claude_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Claude's own folder: `$CLAUDE_CONFIG_DIR`, else `~/.claude`."""
    given = environ.get("CLAUDE_CONFIG_DIR", "")
    return Path(given).absolute() if given else home(environ) / ".claude"


def project_root(start: Path) -> Path:
    """The project that `start` lies in: the nearest folder, from there up, that has a run
    directory, our settings file or `.git`; else `start` itself. UsageError if it is no folder.
    """
    try:
        folder = start.resolve(strict=True)
        is_folder = folder.is_dir()
    except (OSError, RuntimeError, ValueError):
        is_folder = False
    if not is_folder:
        raise UsageError(f"{str(start)!r} is not a folder; give the project's folder")
    for candidate in (folder, *folder.parents):
        if any(_exists(candidate / mark) for mark in _ROOT_MARKS):
            return candidate
    return folder


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def resolve(project: Path, path: str, environ: Mapping[str, str] = os.environ) -> Path:
    """A path of the settings: relative to the project, `~` as the person's home.

    Symbolic links are left for whoever opens it.
    """
    if path == "~" or path.startswith("~/"):
        path = str(home(environ)) + path[1:]
    return Path(os.path.normpath(project / path))


def is_within(project: Path, path: Path) -> bool:
    """Whether the path, every symbolic link followed, lies inside the project."""
    try:
        return path.resolve().is_relative_to(project.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def run_root(project: Path, name: str = RUN_DIR) -> Path:
    """The project's run directory, made if missing: 0700, ours alone, ignored by git.

    RefusedError when something else stands there, or it belongs to somebody else.
    """
    from tui.system import files

    root = files.private_folder(resolve(project, name))
    ignore = root / ".gitignore"
    if files.read_small(ignore) != _IGNORE_ALL:
        try:
            files.atomic_write(ignore, _IGNORE_ALL, sync=False)
        except OSError as error:
            raise RefusedError(f"{str(ignore)!r} cannot be written: {error.strerror}") from error
    return root


def deeds_file(root: Path, session: str) -> Path:
    """The journal, under the run directory `root`, of deeds on a session that is no run of ours."""
    plain = session.replace("-", "").replace("_", "")
    named = plain.isascii() and plain.isalnum() and len(session) <= 128 and session[0] != "-"
    return root / DEEDS / f"{session if named else 'unnamed'}.journal.jsonl"
