"""Gathers settings from file, environment and flags, and says what a project's file may not do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from tui.errors import SettingsError
from tui.settings import FILE, Loaded, Origin, Settings
from tui.settings_fields import Field, fields_of, plain
from tui.settings_original import DISCORD, SLACK
from tui.settings_types import LIMIT, OUTSIDE
from tui.settings_values import convert, expand, wrapped
from tui.settings_yaml import Found, parse, quoted, read_bytes

PREFIX: Final = "OVERNIGHT_"
AGENT: Final = "OVERNIGHT_AGENT"

# Variables of that prefix that other parts of the program, or its tests, give a meaning.
_OTHERS: Final = re.compile(r"OVERNIGHT_(AGENT|SHARED|(RUN|DEMO|TEST|HOOK)(_[A-Z0-9_]*)?)")
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")

# Each must not be above the next.
_ORDERED: Final = (
    ("stalls.loop_notice", "stalls.loop_nudge"),
    ("stalls.loop_nudge", "stalls.loop_stop"),
    ("screen.paint_ms", "screen.slow_paint_ms"),
)

_Given = tuple[str, Found]


class _Gathering:
    """What has been given so far, later layers over earlier ones."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origin: dict[str, Origin] = {}
        self.where: dict[str, str] = {}
        self.notices: list[str] = []

    def add(self, origin: Origin, layer: Iterable[_Given]) -> None:
        for key, found in layer:
            self.values[key] = convert(fields_of(Settings)[key], found)
            self.origin[key] = origin
            self.where[key] = found.key_where or found.where


def gather(project: Path, flags: Mapping[str, object], environ: Mapping[str, str]) -> Loaded:
    """Settings with their origins; SettingsError for the first thing that does not fit."""
    gathering = _Gathering()
    path = project / FILE
    data = read_bytes(path, FILE)
    if data is not None:
        gathering.add("file", _from_file(parse(data, FILE), environ))
    if any(name.startswith(PREFIX) for name in environ):
        gathering.add("environment", _from_environment(environ, gathering.notices))
    _from_other_variables(gathering, environ)
    gathering.add("flag", _from_flags(flags))
    settings = _build(gathering.values)
    _check_order(settings, gathering.where)
    keys = {key: gathering.origin.get(key, "default") for key in _keys(settings)}
    return Loaded(
        settings=settings,
        origin=MappingProxyType(keys),
        where=MappingProxyType(gathering.where),
        path=None if data is None else path,
        digest="" if data is None else _digest(data),
        notices=tuple(gathering.notices),
    )


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _keys(settings: Settings) -> Iterator[str]:
    for name in settings.__struct_fields__:
        section = getattr(settings, name)
        if isinstance(section, msgspec.Struct):
            for key in section.__struct_fields__:
                yield f"{name}.{key}"
        else:
            yield name


def _build(values: Mapping[str, Any]) -> Settings:
    settings = Settings()
    changed: dict[str, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        if dot:
            changed.setdefault(section, {})[name] = value
        else:
            whole[section] = value
    for section, inside in changed.items():
        whole[section] = msgspec.structs.replace(getattr(settings, section), **inside)
    return msgspec.structs.replace(settings, **whole) if whole else settings


def _check_order(settings: Settings, where: Mapping[str, str]) -> None:
    for lower, upper in _ORDERED:
        if lower not in where and upper not in where:
            continue
        low, high = value_of(settings, lower), value_of(settings, upper)
        if low > high:
            blame = where.get(lower) or where[upper]
            raise SettingsError(
                f"{blame}: {lower} ({plain(low)}) must not be above {upper} ({plain(high)})."
            )


def value_of(settings: Settings, key: str) -> Any:
    """The value that a dotted key stands for."""
    section, dot, name = key.partition(".")
    return getattr(getattr(settings, section), name) if dot else getattr(settings, section)


# --- the file ---


def _from_file(root: Mapping[str, Found], environ: Mapping[str, str]) -> Iterator[_Given]:
    fields = fields_of(Settings)
    for section, found in root.items():
        if section in fields:
            yield section, expand(found, environ)
            continue
        if section not in Settings.__struct_fields__:
            raise SettingsError(_unknown_key(found.key_where, section))
        if found.value is None:
            continue
        if not isinstance(found.value, dict):
            shown = quoted(found.value)
            raise SettingsError(f"{found.key_where}: {section} is {shown}; it takes its own keys.")
        for name, inside in found.value.items():
            key = f"{section}.{name}"
            if key not in fields:
                raise SettingsError(_unknown_key(inside.key_where, key))
            if not _defers(fields[key], inside):
                yield key, expand(inside, environ)


def _defers(field: Field, found: Found) -> bool:
    """Whether the file only repeats that the field comes from its own variable."""
    return bool(field.variable) and found.text == f"${{{field.variable}}}"


def _unknown_key(where: str, key: str) -> str:
    shown = key if _PLAIN_KEY.fullmatch(key) else quoted(key)
    near = _near_key(key)
    hint = f"; did you mean {near}?" if near else "; `overnight-tui config --defaults` lists all."
    return f"{where}: there is no setting {shown}{hint}"


def _near_key(key: str) -> str:
    from difflib import get_close_matches

    keys = list(fields_of(Settings))
    section, dot, name = key[:200].partition(".")
    last = name if dot else section
    for known in keys:
        if known.rpartition(".")[2] == last.lower().replace("-", "_"):
            return known
    names = {known.rpartition(".")[2]: known for known in keys}
    if dot:
        own = {known.partition(".")[2]: known for known in keys if known.startswith(f"{section}.")}
        close = get_close_matches(last, own, n=1, cutoff=0.6)
        if close:
            return own[close[0]]
    else:
        close = get_close_matches(last, Settings.__struct_fields__, n=1, cutoff=0.6)
        if close:
            return close[0]
    close = get_close_matches(last, names, n=1, cutoff=0.75)
    return names[close[0]] if close else ""


# --- the environment ---


def variable_of(key: str) -> str:
    """The environment variable of a dotted key: `OVERNIGHT_BUDGET_MAX_COST_USD`."""
    return PREFIX + key.upper().replace(".", "_")


def _from_environment(environ: Mapping[str, str], notices: list[str]) -> Iterator[_Given]:
    known = {variable_of(key): key for key in fields_of(Settings)}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or not environ[name]:
            continue
        if name in known:
            yield known[name], wrapped(environ[name], name)
        elif _OTHERS.fullmatch(name) is None:
            notices.append(_unknown_variable(name, known))
    if environ.get(AGENT):
        yield "agent.command", _agent(environ[AGENT])


def _agent(text: str) -> Found:
    """The agent's command line; a text that names a file as it stands is one word."""
    try:
        is_file = Path(text).is_file()
    except (OSError, ValueError):
        is_file = False
    return wrapped([text] if is_file else text, AGENT)


def _unknown_variable(name: str, known: Mapping[str, str]) -> str:
    """A notice; SettingsError when the variable is clearly meant to be one of ours."""
    from difflib import get_close_matches

    shown = name if _PLAIN_KEY.fullmatch(name) else quoted(name)
    rest = name.removeprefix(PREFIX)[:200]
    names = {variable.removeprefix(PREFIX): variable for variable in known}
    close = get_close_matches(rest, names, n=1, cutoff=0.8)
    ours = rest.startswith(tuple(f"{section.upper()}_" for section in Settings.__struct_fields__))
    if not close and ours:
        close = get_close_matches(rest, names, n=1, cutoff=0.6)
    if close:
        raise SettingsError(f"{shown}: there is no such setting; did you mean {names[close[0]]}?")
    if ours:
        raise SettingsError(
            f"{shown}: there is no such setting; `overnight-tui config --defaults` lists all."
        )
    return f"{shown} names no setting and was ignored."


def _from_other_variables(gathering: _Gathering, environ: Mapping[str, str]) -> None:
    """Defaults that come from variables of another name, as in the original's file."""
    if not (environ.get(DISCORD) or environ.get(SLACK)):
        return
    for key, field in fields_of(Settings).items():
        text = environ.get(field.variable) if field.variable else None
        if not text or key in gathering.values:
            continue
        try:
            gathering.add("environment", [(key, wrapped(text, field.variable))])
        except SettingsError as error:
            # The variable may be meant for another program, so it is no reason to stop.
            gathering.notices.append(str(error))


# --- flags ---


def _from_flags(flags: Mapping[str, object]) -> Iterator[_Given]:
    for key, value in flags.items():
        if value is None:
            continue
        if key not in fields_of(Settings):
            raise SettingsError(_unknown_key("the command line", key))
        yield key, wrapped(value, "the command line")


# --- powers ---


def powers_of(loaded: Loaded) -> dict[str, str]:
    """Keys set by the file whose field carries a power, and paths that leave the project."""
    found: dict[str, str] = {}
    for key, field in fields_of(Settings).items():
        if loaded.origin[key] != "file":
            continue
        value = value_of(loaded.settings, key)
        if field.section == "paths" and value and _leaves(value):
            found[key] = OUTSIDE
        elif field.power and _exerted(field, value):
            found[key] = field.power
    return found


def _leaves(path: str) -> bool:
    return Path(path).is_absolute() or path.startswith("~") or ".." in Path(path).parts


def _exerted(field: Field, value: Any) -> bool:
    if value == field.default or value in field.harmless:
        return False
    if field.power == LIMIT:
        return value is None or (field.default is not None and value > field.default)
    return True
