"""Whether user units that start nights here would find the agent: a unit has not the PATH of a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tui.runner.doctor.checks import Finding, Surroundings, fail, ok
from tui.system import paths
from tui.system.children.programs import find_program
from tui.system.files import read_small

# What a user manager gives where nothing else is set.
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_BYTES: Final = 64 << 10
_MOST_UNITS: Final = 500


def unit_finding(place: Surroundings) -> Finding | None:
    """Whether the units that are installed for the project find its agent; None where there are none."""
    units = dict(_units(place.project, place.environ))
    name = place.settings.agent.command[0]
    for unit, path in units.items():
        if find_program(name, {"PATH": path}, place.project) is None:
            text = f"{unit} would not find {name}: its PATH is {path}"
            return fail(text, "write it anew: overnight-tui unit … --install")
    if not units:
        return None
    return ok(f"{', '.join(units)} finds {name}")


def _units(project: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The names of the project's units, each with its PATH."""
    given = environ.get("XDG_CONFIG_HOME", "")
    base = Path(given) if given.startswith("/") else paths.home(environ) / ".config"
    folder = base / "systemd/user"
    try:
        names = sorted(os.listdir(folder))[:_MOST_UNITS]
    except OSError:
        return
    for name in names:
        if name.endswith(".service"):
            text = read_small(folder / name, _MOST_BYTES, follow=True).decode("utf-8", "replace")
            if "overnight" in text and _works_in(text, project):
                yield name, _path_of(text)


def _works_in(unit: str, project: Path) -> bool:
    values = [value.replace("%%", "%") for value in _values(unit, "WorkingDirectory")]
    return os.fspath(project) in values


def _path_of(unit: str) -> str:
    found = _PATH
    for value in _values(unit, "Environment"):
        try:
            words = shlex.split(value)
        except ValueError:
            continue
        for word in words:
            key, _, text = word.partition("=")
            if key == "PATH":
                found = text.replace("%%", "%")
    return found


def _values(unit: str, key: str) -> Iterator[str]:
    lines = unit.replace("\\\n", " ").splitlines()
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and name.strip() == key:
            yield value.strip()
