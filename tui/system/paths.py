"""Home, XDG folders, the agent's own folder, resolving a configured path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tui.system import xdg


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The person's home; a folder of this user in the temporary one where there is none."""
    return Path(xdg.home(environ))


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Our folder in `$XDG_CACHE_HOME`: what can be made again. It may not exist yet."""
    return Path(xdg.own_folder(environ, "XDG_CACHE_HOME", ".cache"))


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Our folder in `$XDG_STATE_HOME`: what must be kept. It may not exist yet."""
    return Path(xdg.state_dir(environ))


def config_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Our folder in `$XDG_CONFIG_HOME`: the person's own settings. It may not exist."""
    return Path(xdg.own_folder(environ, "XDG_CONFIG_HOME", ".config"))


def claude_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Claude's own folder: `$CLAUDE_CONFIG_DIR`, else `~/.claude`."""
    value = environ.get("CLAUDE_CONFIG_DIR", "")
    return Path(value).absolute() if value else home(environ) / ".claude"


def resolve(project: Path, path: str, environ: Mapping[str, str] = os.environ) -> Path:
    """A path of the settings: relative to the project, `~` as the person's home.

    Symbolic links are not resolved.
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
