"""What a project's own file may set by itself, and what needs the person's trust.

Anybody may have written that file. Each field's `power` and `free` in the table of settings decide; a value
is always compared with what the person's own file or the built-in defaults give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from tui.settings.convert import convert
from tui.settings.describe import SettingField, shown_value
from tui.settings.settings import ProjectAsk
from tui.settings.units import (
    ADDS,
    FEWER,
    HIGHER,
    INSIDE,
    LOWER,
    OFF,
    ON,
    STRICTER,
    Secret,
)
from tui.settings.yaml_file import LocatedValue, expand_variables, variables_in

VARIABLES: Final = "takes its value from your environment"
UNDECIDED: Final = "is not decided about"


def judge(field: SettingField, located: LocatedValue, below: Any) -> tuple[Any, ProjectAsk | None]:
    """The value that the project's file gives a field over `below`, and what it needs trust for, if it does.

    Variables are left out of the value: nothing of the environment goes into it before it is trusted.
    SettingsError when the value does not fit.
    """
    names = variables_in(located)
    if names and not field.secret:
        return None, _ask(field, located, VARIABLES, "variables")
    value = convert(field, expand_variables(located, {}))
    if field.free == ADDS and _all_words(value):
        return (*below, *(entry for entry in value if entry not in below)), None
    if not names and (field.power == "" or value == below or _is_free(field, value, below)):
        return value, None
    power = UNDECIDED if field.power is None else field.power
    return value, _ask(field, located, power, "own" if field.own else "trust")


def trusted_value(field: SettingField, located: LocatedValue, environ: Mapping[str, str]) -> Any:
    """The value of a field in a file that is trusted: variables are filled in where secrets are meant to be."""
    value = convert(field, expand_variables(located, environ))
    if isinstance(value, Secret):
        return _of_project(value)
    if field.secret and isinstance(value, tuple):
        return tuple(map(_of_project, value))
    return value


def _of_project(secret: Secret) -> Secret:
    return msgspec.structs.replace(secret, of_project=True)


def _ask(field: SettingField, located: LocatedValue, power: str, why: Any) -> ProjectAsk:
    where = located.key_where or located.where
    return ProjectAsk(field.key, power, why, where, shown_value(field, located), _mark(located))


def _mark(located: LocatedValue) -> str:
    """A digest of the value as it is written, to tell later whether it changed."""
    import hashlib

    return hashlib.sha256(repr(_plain(located)).encode("utf-8", "replace")).hexdigest()[:16]


def _plain(located: LocatedValue) -> object:
    value = located.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else located.written


def _is_free(field: SettingField, value: Any, below: Any) -> bool:
    check = _FREE.get(field.free)
    return check is not None and check(field, value, below)


def _height(number: float | None) -> float:
    """A number to compare; no limit is the highest."""
    return math.inf if number is None else number


def _stays_inside(path: str) -> bool:
    """Whether a path names something below the project, none of it hidden: no `.git`, no `.claude`, no `..`."""
    parts = PurePosixPath(path).parts
    is_relative = bool(parts) and not path.startswith(("/", "~"))
    return is_relative and path.isprintable() and not any(part.startswith(".") for part in parts)


def _all_words(entries: Any) -> bool:
    """Whether no entry could be read as an option of the agent."""
    return not any(entry.startswith("-") for entry in entries)


_FREE: Final[Mapping[str, Callable[[SettingField, Any, Any], bool]]] = {
    LOWER: lambda field, value, below: _height(value) <= _height(below),
    HIGHER: lambda field, value, below: _height(value) >= _height(below),
    ON: lambda field, value, below: value is True,
    OFF: lambda field, value, below: value is False,
    FEWER: lambda field, value, below: set(value) <= set(below),
    STRICTER: lambda field, value, below: field.order.index(value) <= field.order.index(below),
    INSIDE: lambda field, value, below: value is None or _stays_inside(value),
}
