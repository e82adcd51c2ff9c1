"""Puts what was given together, each layer over the one before.

They are the defaults, the person's own file, the project's file, the environment, and flags. What the project's
file may set is decided in `project_policy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from tui.settings.convert import convert
from tui.settings.describe import all_fields, near_key, nearest_word, plain_number
from tui.settings.original_sections import ACCEPTED_AND_UNUSED, DISCORD, NO_LONGER_USED, SLACK
from tui.settings.project_policy import judge, trusted_value
from tui.settings.settings import LoadedSettings, Origin, ProjectAsk, Settings
from tui.settings.sources import PREFIX, SourceFile, digest_of
from tui.settings.yaml_file import (
    LocatedValue,
    expand_variables,
    from_plain_value,
    parse,
    quoted,
)
from tui.system.errors import SettingsError
from tui.system.lazy_pattern import lazy

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

_LATER: Final = frozenset({"environment", "flag"})

_Layer = Iterable[tuple[str, LocatedValue]]


def settings_given(
    user: SourceFile,
    file: SourceFile,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    is_trusted: Callable[[str], bool],
) -> LoadedSettings:
    """The settings that these sources give together; see `load`."""
    given = _Given()
    for key, located in _from_file(user.data, user.shown):
        given.take("user", key, expand_variables(located, environ))
    digest = digest_of(file.data)
    given.take_project(file, environ, lambda: is_trusted(digest))
    if file.notice:
        given.notices.append(file.notice)
    for key, located in _from_environment(environ, given.notices):
        given.take("environment", key, located)
    for key, located in _from_other_variables(environ, given.values, given.notices):
        given.take("environment", key, located)
    line = "the command line"
    for key, value in flags.items():
        if value is not None:
            given.take("flag", _check_key(key, line), from_plain_value(value, line))
    settings = given.settings()
    _check_order(settings, given.where)
    origin: dict[str, Origin] = dict.fromkeys(settings.dotted_keys(), "default")
    held = {
        key: ask.power for key, ask in given.held.items() if given.origin.get(key) not in _LATER
    }
    return LoadedSettings(
        settings=settings,
        origin=MappingProxyType(origin | given.origin),
        where=MappingProxyType(given.where),
        path=None if file.data is None else file.path,
        digest=digest,
        notices=(
            *given.notices,
            *(NO_LONGER_USED[key] for key in given.unused if key in NO_LONGER_USED),
        ),
        unused=tuple(key for key in given.unused if key not in NO_LONGER_USED),
        user_path=None if user.data is None else user.path,
        asks=tuple(given.asks),
        ignored=MappingProxyType(held),
        trusted_file=(file.data or b"") if given.trusted else b"",
    )


class _Given:
    """What the layers gave so far, each over those before."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origin: dict[str, Origin] = {}
        self.where: dict[str, str] = {}
        self.notices: list[str] = []
        self.unused: dict[str, None] = {}
        self.asks: list[ProjectAsk] = []
        self.held: dict[str, ProjectAsk] = {}
        self.trusted = False

    def take(self, source: Origin, key: str, located: LocatedValue) -> None:
        if key in ACCEPTED_AND_UNUSED:
            self.unused[key] = None
        else:
            self._set(source, key, located, convert(all_fields()[key], located))

    def take_project(
        self, file: SourceFile, environ: Mapping[str, str], is_trusted: Callable[[], bool]
    ) -> None:
        """The project's file: what it may set freely, and the rest where the person trusts it."""
        if file.data is None:
            return
        trusted: bool | None = None
        below = self.settings()
        for key, located in _from_file(file.data, file.shown):
            if key in ACCEPTED_AND_UNUSED:
                self.unused[key] = None
                continue
            field = all_fields()[key]
            value, ask = judge(field, located, below.value(key))
            if ask is not None:
                self.asks.append(ask)
                if ask.needs == "trust" and trusted is None:
                    trusted = self.trusted = is_trusted()
                if ask.needs != "trust" or not trusted:
                    self.held[key] = ask
                    continue
                value = trusted_value(field, located, environ)
            self._set("file", key, located, value)

    def _set(self, source: Origin, key: str, located: LocatedValue, value: Any) -> None:
        self.values[key] = value
        self.origin[key] = source
        self.where[key] = located.key_where or located.where

    def settings(self) -> Settings:
        # `msgspec.convert` would evaluate every annotation at start-up.
        settings = Settings()
        changes: dict[str, Any] = {}
        for key, value in self.values.items():
            section, dot, name = key.partition(".")
            before = changes.get(section, getattr(settings, section))
            changes[section] = replace(before, **{name: value}) if dot else value
        return replace(settings, **changes)


def _check_order(settings: Settings, where: Mapping[str, str]) -> None:
    for keys in _ORDERED:
        low, high = map(settings.value, keys)
        if low > high:
            blame = where.get(keys[0]) or where[keys[1]]
            lower, upper = (f"{key} ({plain_number(settings.value(key))})" for key in keys)
            raise SettingsError(f"{blame}: {lower} must not be above {upper}.")


# --- the file ---


def _from_file(data: bytes | None, shown: str) -> _Layer:
    """The keys of a file with their values as they are written."""
    if data is None:
        return
    for section, found in parse(data, shown).items():
        fields = all_fields()
        if section in fields:
            yield section, found
        elif section not in Settings.__struct_fields__:
            raise _unknown_key(found.key_where, section)
        elif isinstance(found.value, dict):
            for name, inside in found.value.items():
                key = f"{section}.{name}"
                variable = fields[key].variable if key in fields else ""
                # A file that only repeats that a field comes from its own variable leaves it there.
                if not variable or inside.text != f"${{{variable}}}":
                    yield _check_key(key, inside.key_where), inside
        elif found.value is not None:
            said = quoted(found.value)
            raise SettingsError(f"{found.key_where}: {section} is {said}; it takes its own keys.")


def _check_key(key: str, where: str) -> str:
    if key in all_fields() or key in ACCEPTED_AND_UNUSED:
        return key
    raise _unknown_key(where, key)


def _unknown_key(where: str, key: str) -> SettingsError:
    shown = key if _PLAIN_KEY.fullmatch(key) else quoted(key)
    near = near_key(key)
    hint = f"did you mean {near}?" if near else _LISTED
    return SettingsError(f"{where}: there is no setting {shown}; {hint}")


# --- the environment ---


def variable_of(key: str) -> str:
    """The environment variable of a dotted key: `OVERNIGHT_BUDGET_MAX_COST_USD`."""
    return PREFIX + key.upper().replace(".", "_")


def _from_environment(environ: Mapping[str, str], notices: list[str]) -> _Layer:
    given = sorted(name for name in environ if name.startswith(PREFIX) and environ[name])
    if not given:
        return
    known = {variable_of(key): key for key in (*all_fields(), *ACCEPTED_AND_UNUSED)}
    for name in given:
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


def _from_other_variables(
    environ: Mapping[str, str], values: Mapping[str, Any], notices: list[str]
) -> _Layer:
    """Defaults that come from variables of another name, as in the original's file."""
    if not (environ.get(DISCORD) or environ.get(SLACK)):
        return
    for key, field in all_fields().items():
        text = environ.get(field.variable) if field.variable else None
        if text and key not in values:
            located = from_plain_value(text, field.variable)
            try:
                convert(field, located)
            except SettingsError as error:
                # The variable may be meant for another program, so it is no reason to stop.
                notices.append(str(error))
            else:
                yield key, located
