"""Home, XDG folders, the agent's own folder, resolving a configured path.

What ends in `_text` loads next to nothing: a hook is called after each tool.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME: Final = "overnight-tui"


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The person's home; a folder of this user in the temporary one where there is none."""
    return _path(_home_text(environ))


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Our folder in `$XDG_CACHE_HOME`: what can be made again. It may not exist yet."""
    return _path(_own_folder(environ, "XDG_CACHE_HOME", ".cache"))


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Our folder in `$XDG_STATE_HOME`: what must be kept. It may not exist yet."""
    return _path(state_dir_text(environ))


def config_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Our folder in `$XDG_CONFIG_HOME`: the person's own settings. It may not exist."""
    return _path(_own_folder(environ, "XDG_CONFIG_HOME", ".config"))


def state_dir_text(environ: Mapping[str, str] = os.environ) -> str:
    """Our folder in `$XDG_STATE_HOME` as text."""
    return _own_folder(environ, "XDG_STATE_HOME", ".local/state")


def _own_folder(environ: Mapping[str, str], variable: str, otherwise: str) -> str:
    # The XDG specification says that relative values are ignored.
    value = environ.get(variable, "")
    base = value if value.startswith("/") else os.path.join(_home_text(environ), otherwise)
    return os.path.join(base, _NAME)


def _home_text(environ: Mapping[str, str]) -> str:
    value = environ.get("HOME", "")
    if value.startswith("/"):
        return value
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        import tempfile

        return os.path.join(tempfile.gettempdir(), f"{_NAME}-{os.getuid()}")


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def claude_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Claude's own folder: `$CLAUDE_CONFIG_DIR`, else `~/.claude`."""
    value = environ.get("CLAUDE_CONFIG_DIR", "")
    return _path(value).absolute() if value else home(environ) / ".claude"


def resolve(project: Path, path: str, environ: Mapping[str, str] = os.environ) -> Path:
    """A path of the settings: relative to the project, `~` as the person's home.

    Symbolic links are not resolved.
    """
    if path == "~" or path.startswith("~/"):
        path = str(home(environ)) + path[1:]
    return _path(os.path.normpath(project / path))


def path_text(path: str | os.PathLike[str]) -> str:
    """A path as text that any reader of JSON takes, even where a name is none."""
    return os.fsencode(path).decode("utf-8", "replace")


def lies_in(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it, by their names alone."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_within(project: Path, path: Path) -> bool:
    """Whether the path, every symbolic link followed, lies inside the project."""
    try:
        return path.resolve().is_relative_to(project.resolve())
    except (OSError, RuntimeError, ValueError):
        return False
