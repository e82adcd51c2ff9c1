"""The one place that says how a Python child of ours is started.

Such a child imports what this process imports, whatever folder it stands in and whatever PYTHONPATH and
the other PYTHON* variables say: a repository or an agent may choose both. So it starts in isolated mode
and is told the folders by name.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = "/"
"""Where such a child stands: nothing is looked up there, and no file system is kept busy."""

_ROOT: Final = Path(os.path.abspath(__file__)).parents[3]
_START: Final = Path(__file__).with_name("isolated.py")
_PROGRAM: Final = "overnight-tui"
# What the children need and may lie in a folder of its own: PYTHONPATH, `pip install --user`, Nix.
_NEEDED: Final = (
    *("msgspec", "psutil", "yaml", "watchfiles", "markdown_it", "mdurl", "rich", "textual"),
    *("pygments", "platformdirs", "typing_extensions", "linkify_it", "uc_micro"),
    *("mdit_py_plugins", "apprise", "claude_agent_sdk"),
)


def module_command(module: str, *words: str) -> list[str]:
    """The words that run `main` of one of our modules; it finds `words` in `sys.argv`."""
    return [*_interpreter(), *_paths(), module, *words]


def script_command(script: str | os.PathLike[str], *words: str) -> list[str]:
    """The words that run one file, which may import the standard library only."""
    return [sys.executable, "-I", os.fspath(script), *words]


def program_command(*words: str) -> list[str]:
    """The words that run this program from anywhere, now or next month.

    Where it is installed they name its script, which keeps its place when a new version comes.
    """
    script = program_script()
    return script_command(script, *words) if script else module_command("tui.cli", *words)


def program_file() -> str:
    """The file without which `program_command` can do nothing."""
    return program_script() or str(_START)


def program_script() -> str:
    """The installed script of this program beside its interpreter; empty where there is none."""
    script = Path(sys.executable).with_name(_PROGRAM)
    try:
        with open(script, "rb") as file:
            return str(script) if b"tui.cli" in file.read(4096) else ""
    except OSError:
        return ""


def _interpreter() -> list[str]:
    if _START.is_file():
        return [sys.executable, "-I", str(_START)]
    import pkgutil

    source = pkgutil.get_data(__package__, _START.name)  # this package lies in an archive
    assert source is not None
    return [sys.executable, "-I", "-c", source.decode()]


@lru_cache(maxsize=1)
def _paths() -> tuple[str, ...]:
    found = [str(_ROOT), *filter(None, map(_folder_of, _NEEDED))]
    return tuple(f"--path={folder}" for folder in dict.fromkeys(found))


def _folder_of(module: str) -> str:
    """The folder from which this process imports a module; empty where it is not installed."""
    loaded = sys.modules.get(module)
    spec = loaded.__spec__ if loaded is not None else _find(module)
    if spec is None or not spec.origin or not spec.origin.startswith("/"):
        return ""
    folder = os.path.dirname(spec.origin)
    return os.path.dirname(folder) if spec.submodule_search_locations else folder


def _find(module: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
