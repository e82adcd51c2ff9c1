"""Loads settings in layers, each over the one before: defaults, the project's file, environment, flags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from msgspec import structs

from tui.settings.conversion import convert, expand_variables, from_plain_value, nearest_word
from tui.settings.describe import all_fields, plain_number
from tui.settings.original_sections import ACCEPTED_AND_UNUSED, DISCORD, SLACK
from tui.settings.settings import FILE, LoadedSettings, Origin, Settings
from tui.settings.yaml_file import LocatedValue, parse, quoted, read_bytes
from tui.system.errors import SettingsError
from tui.system.lazy_pattern import lazy

PREFIX: Final = "OVERNIGHT_"
AGENT: Final = "OVERNIGHT_AGENT"

# Variables of that prefix that are no settings but mean something to the program or its tests.
_OTHER_VARIABLES: Final = lazy(r"OVERNIGHT_(AGENT|SHARED|(RUN|DEMO|TEST|HOOK)(_[A-Z0-9_]*)?)")
_PLAIN_KEY: Final = lazy(r"[A-Za-z0-9_.-]{1,60}")
_LISTED: Final = "`overnight-tui config --defaults` lists all."

# Each must not be above the next.
_ORDERED: Final = (
    ("stalls.loop_notice", "stalls.loop_nudge"),
    ("stalls.loop_nudge", "stalls.loop_stop"),
    ("screen.paint_ms", "screen.slow_paint_ms"),
)

_Layer = Iterable[tuple[str, LocatedValue]]


class _LayerMerge:
    """The layers so far, later ones over earlier ones."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origin: dict[str, Origin] = {}
        self.where: dict[str, str] = {}
        self.notices: list[str] = []
        self.unused: list[str] = []

    def add(self, origin: Origin, layer: _Layer) -> None:
        for key, located in layer:
            if key in ACCEPTED_AND_UNUSED:
                self.unused.append(key)
                continue
            self.values[key] = convert(all_fields()[key], located)
            self.origin[key] = origin
            self.where[key] = located.key_where or located.where


def load(
    project: Path, *, flags: Mapping[str, object] = {}, environ: Mapping[str, str] = os.environ
) -> LoadedSettings:
    """The project's settings; SettingsError, in one sentence, for anything that does not fit.

    `flags` is keyed by dotted key; `None` means not given. A missing file is no error.
    """
    merge = _LayerMerge()
    path = Path(project) / FILE
    data = read_bytes(path, FILE)
    if data is not None:
        merge.add("file", _from_file(parse(data, FILE), environ))
    if any(name.startswith(PREFIX) for name in environ):
        merge.add("environment", _from_environment(environ, merge.notices))
    _add_other_variables(merge, environ)
    merge.add("flag", _from_flags(flags))
    settings = _build_settings(merge.values)
    _check_order(settings, merge.where)
    return LoadedSettings(
        settings=settings,
        origin=MappingProxyType(
            {key: merge.origin.get(key, "default") for key in settings.dotted_keys()}
        ),
        where=MappingProxyType(merge.where),
        path=None if data is None else path,
        digest="" if data is None else _digest(data),
        notices=tuple(merge.notices),
        unused=tuple(dict.fromkeys(merge.unused)),
    )


def _build_settings(values: Mapping[str, Any]) -> Settings:
    """Converted values over the defaults; `msgspec.convert` would evaluate every annotation at start-up."""
    settings = Settings()
    changes: dict[str, Any] = {}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        if dot:
            before = changes.get(section, getattr(settings, section))
            changes[section] = structs.replace(before, **{name: value})
        else:
            changes[section] = value
    return structs.replace(settings, **changes)


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _check_order(settings: Settings, where: Mapping[str, str]) -> None:
    for lower, upper in _ORDERED:
        low, high = settings.value(lower), settings.value(upper)
        if low > high:
            blame = where.get(lower) or where[upper]
            raise SettingsError(
                f"{blame}: {lower} ({plain_number(low)}) must not be above {upper} ({plain_number(high)})."
            )


# --- the file ---


def _from_file(root: Mapping[str, LocatedValue], environ: Mapping[str, str]) -> _Layer:
    fields = all_fields()
    for section, found in root.items():
        if section in fields:
            yield section, expand_variables(found, environ)
        elif section not in Settings.__struct_fields__:
            raise _unknown_key(found.key_where, section)
        elif isinstance(found.value, dict):
            for name, inside in found.value.items():
                key = f"{section}.{name}"
                variable = fields[key].variable if key in fields else ""
                # A file that only repeats that a field comes from its own variable leaves it there.
                if not variable or inside.text != f"${{{variable}}}":
                    yield _check_key(key, inside.key_where), expand_variables(inside, environ)
        elif found.value is not None:
            shown = quoted(found.value)
            raise SettingsError(f"{found.key_where}: {section} is {shown}; it takes its own keys.")


def _check_key(key: str, where: str) -> str:
    if key in all_fields() or key in ACCEPTED_AND_UNUSED:
        return key
    raise _unknown_key(where, key)


def _unknown_key(where: str, key: str) -> SettingsError:
    shown = key if _PLAIN_KEY.fullmatch(key) else quoted(key)
    near = _near_key(key)
    hint = f"did you mean {near}?" if near else _LISTED
    return SettingsError(f"{where}: there is no setting {shown}; {hint}")


def _near_key(key: str) -> str:
    """The key that is probably meant: one of the same name, else one spelt like it."""
    section, dot, name = key.partition(".")
    by_name = {field.name: field.key for field in all_fields().values()}
    if dot:
        own = {field.name: field.key for field in all_fields().values() if field.section == section}
    else:
        own = {known: known for known in Settings.__struct_fields__}
    word = (name if dot else section).lower().replace("-", "_")
    for names, cutoff in ((own, 1), (by_name, 1), (own, 0.6), (by_name, 0.75)):
        near = nearest_word(word, names, cutoff)
        if near:
            return names[near]
    return ""


# --- the environment ---


def variable_of(key: str) -> str:
    """The environment variable of a dotted key: `OVERNIGHT_BUDGET_MAX_COST_USD`."""
    return PREFIX + key.upper().replace(".", "_")


def _from_environment(environ: Mapping[str, str], notices: list[str]) -> _Layer:
    known = {variable_of(key): key for key in (*all_fields(), *ACCEPTED_AND_UNUSED)}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or not environ[name]:
            continue
        if name in known:
            yield known[name], from_plain_value(environ[name], name)
        elif _OTHER_VARIABLES.fullmatch(name) is None:
            notices.append(_unknown_variable(name, known))
    if environ.get(AGENT):
        yield "agent.command", _agent_command(environ[AGENT])


def _agent_command(text: str) -> LocatedValue:
    """The agent's command line; a text that is the name of a file is one word."""
    try:
        is_file = Path(text).is_file()
    except (OSError, ValueError):
        is_file = False
    return from_plain_value([text] if is_file else text, AGENT)


def _unknown_variable(name: str, known: Iterable[str]) -> str:
    """A notice; SettingsError when the variable is clearly meant to be a setting."""
    shown = name if _PLAIN_KEY.fullmatch(name) else quoted(name)
    rest = name.removeprefix(PREFIX)
    ours = rest.startswith(tuple(f"{section.upper()}_" for section in Settings.__struct_fields__))
    names = [variable.removeprefix(PREFIX) for variable in known]
    near = nearest_word(rest, names, 0.6 if ours else 0.8)
    if near or ours:
        hint = f"did you mean {PREFIX}{near}?" if near else _LISTED
        raise SettingsError(f"{shown}: there is no such setting; {hint}")
    return f"{shown} names no setting and was ignored."


def _add_other_variables(merge: _LayerMerge, environ: Mapping[str, str]) -> None:
    """Defaults that come from variables of another name, as in the original's file."""
    if not (environ.get(DISCORD) or environ.get(SLACK)):
        return
    for key, field in all_fields().items():
        text = environ.get(field.variable) if field.variable else None
        if not text or key in merge.values:
            continue
        try:
            merge.add("environment", [(key, from_plain_value(text, field.variable))])
        except SettingsError as error:
            # The variable may be meant for another program, so it is no reason to stop.
            merge.notices.append(str(error))


# --- flags ---


def _from_flags(flags: Mapping[str, object]) -> _Layer:
    for key, value in flags.items():
        if value is not None:
            yield _check_key(key, "the command line"), from_plain_value(value, "the command line")
