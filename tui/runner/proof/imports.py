"""From where Python imports a project's packages in a copy.

An editable install leads to the project itself; a shell with the project's folder on Python's path is gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tui.runner.copies.commands import run_command
from tui.runner.copies.throwaway import Throwaway
from tui.runner.proof.night_commands import ProofCommand
from tui.system.children.programs import find_program
from tui.system.files import read_small
from tui.system.lazy_pattern import lazy
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
_MISSING = lazy(r"ModuleNotFoundError: No module named ['\"]([\w.]+)['\"]")
_PYTHON = lazy(r"python[\d.]*")
_FIRST_LINE = lazy(rb"#!\s*(/\S*/python[\d.]*)\s")
_LINE: Final = 300
_NO_PACKAGES: Final = frozenset({"conftest", "setup", "noxfile", "tasks", "tests", "test"})


def foreign_import(
    command: ProofCommand,
    folder: Path,
    holder: Throwaway,
    variables: Mapping[str, str],
    searched: Sequence[Path],
    programs: Sequence[Path],
    project: Path,
    own: Sequence[str],
) -> str:
    """A package that would be imported from the project instead of from the copy; empty for none.

    `searched` are the folders of the copy that stand for those an install put on the path, `programs` those of
    the project's own environments; `own` are these, from its top: their packages are meant to be used.
    """
    names = [name for place in searched for name in _packages(place)][:_MOST_NAMES]
    python = _python(command, folder, variables, programs)
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


def folder_of_missing(output: str, folders: Sequence[Path]) -> Path | None:
    """The folder, of these, that has a module which an output says was not found."""
    names = {name.partition(".")[0] for name in _MISSING.findall(output)}
    for folder in folders:
        for name in names:
            if (folder / f"{name}.py").is_file() or (folder / name).is_dir():
                return folder
    return None


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


def _python(
    command: ProofCommand, folder: Path, variables: Mapping[str, str], programs: Sequence[Path]
) -> str:
    """The interpreter that a command uses, as far as its words or its program's first line tell."""
    for word in command.words[:3]:
        path = _program(word, folder, variables, programs)
        if not path:
            continue
        if _PYTHON.fullmatch(os.path.basename(path)):
            return path
        found = _FIRST_LINE.match(read_small(path, _LINE, follow=True))
        if found is not None:
            return os.fsdecode(found[1])
    return _program("python3", folder, variables, programs)


def _program(
    word: str, folder: Path, variables: Mapping[str, str], programs: Sequence[Path]
) -> str:
    """Where a program is: in the project's own environment before all else; empty for nowhere."""
    if "/" in word:
        path = os.path.join(folder, word)
        return path if os.access(path, os.X_OK) else ""
    own = next((one / word for one in programs if os.access(one / word, os.X_OK)), None)
    return str(own) if own is not None else find_program(word, variables) or ""
