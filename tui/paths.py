"""Where things stand: the project, its run directory, our own folders, and Claude's."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tui.errors import RefusedError

RUN_DIR: Final = ".overnight"
DEEDS: Final = "deeds"

_NAME: Final = "overnight-tui"
_IGNORE_ALL: Final = b"*\n"


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
    root = private_dir(resolve(project, name))
    ignore = root / ".gitignore"
    if _content(ignore) != _IGNORE_ALL:
        _replace(ignore, _IGNORE_ALL)
    return root


def private_dir(path: Path) -> Path:
    """A folder only its owner, this user, can enter; made with its parents if missing.

    RefusedError when it is a symbolic link, no folder, somebody else's, or cannot be made.
    """
    shown = repr(str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            pass
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise RefusedError(f"{shown} is a symbolic link; remove it or set paths") from error
        raise RefusedError(f"{shown} cannot be used as a folder: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise RefusedError(f"{shown} belongs to another user; remove it or run as its owner")
        if stat.S_IMODE(status.st_mode) != 0o700:
            os.fchmod(descriptor, 0o700)
    except OSError as error:
        raise RefusedError(f"{shown} cannot be made private: {error.strerror}") from error
    finally:
        os.close(descriptor)
    return path


def deeds_file(root: Path, session: str) -> Path:
    """The journal, under the run directory `root`, of deeds on a session that is no run of ours."""
    plain = session.replace("-", "").replace("_", "")
    named = plain.isascii() and plain.isalnum() and len(session) <= 128 and session[0] != "-"
    return root / DEEDS / f"{session if named else 'unnamed'}.journal.jsonl"


def _content(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        try:
            return file.read(len(_IGNORE_ALL) + 1)
        except OSError:
            return b""


def _replace(path: Path, data: bytes) -> None:
    import tempfile

    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".gitignore-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError as error:
        raise RefusedError(f"{str(path)!r} cannot be written: {error.strerror}") from error
