"""Whether Python imports a project's packages from the copy, where an editable install leads to the project."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tui.runner.copies.commands import run_command
from tui.runner.copies.throwaway import Throwaway
from tui.runner.proof.night_commands import ProofCommand
from tui.system.files import read_small
from tui.system.paths import lies_in

_SECONDS: Final = 60.0
_MOST_NAMES: Final = 40
_ASK: Final = """
import importlib.util, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        continue
    places = [spec.origin or "", *(spec.submodule_search_locations or [])] if spec else []
    found[name] = [str(place) for place in places]
print("\\n" + json.dumps(found))
"""
_NO_PACKAGES: Final = frozenset({"conftest", "setup", "noxfile", "tasks", "tests", "test"})


def foreign_import(
    command: ProofCommand,
    folder: Path,
    holder: Throwaway,
    variables: Mapping[str, str],
    searched: Sequence[Path],
    project: Path,
    own: Sequence[str],
) -> str:
    """A package that would be imported from the project instead of from the copy; empty for none.

    `searched` are the folders of the copy that stand for those an install put on the path; `own` are the
    environments in the project, whose packages are meant to be used.
    """
    names = [name for place in searched for name in _packages(place)][:_MOST_NAMES]
    python = _python(command, folder, variables)
    if not names or not python:
        return ""
    done = run_command([python, "-c", _ASK, *names], folder, holder, variables, _SECONDS)
    lines = done.output.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except (ValueError, RecursionError):
        return ""
    top = os.path.realpath(project)
    kept = [os.path.realpath(project / name) for name in own]
    for name, places in found.items() if isinstance(found, dict) else ():
        real = [os.path.realpath(place) for place in places if str(place).startswith("/")]
        if any(lies_in(one, top) and not any(lies_in(one, env) for env in kept) for one in real):
            return str(name)
    return ""


def _packages(place: Path) -> list[str]:
    """Names that can be imported from a folder."""
    try:
        entries = sorted(os.scandir(place), key=lambda one: one.name)
    except OSError:
        return []
    names = [
        one.name.removesuffix(".py")
        for one in entries
        if one.name.endswith(".py") or (one.is_dir() and os.path.exists(f"{one.path}/__init__.py"))
    ]
    return [name for name in names if name.isidentifier() and name not in _NO_PACKAGES]


def _python(command: ProofCommand, folder: Path, variables: Mapping[str, str]) -> str:
    """The interpreter that a command uses, as far as its words or its program's first line tell."""
    for word in command.words[:3]:
        path = (
            os.path.join(folder, word)
            if "/" in word
            else shutil.which(word, path=variables["PATH"])
        )
        if path is None or not os.access(path, os.X_OK):
            continue
        if os.path.basename(path).startswith("python"):
            return path
        first = os.fsdecode(read_small(path, 300, follow=True)).partition("\n")[0]
        if first.startswith("#!/") and "python" in first and "env " not in first:
            return first[2:].split()[0]
    return shutil.which("python3", path=variables["PATH"]) or ""
