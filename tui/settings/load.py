"""Loads settings in layers, each over the one before: defaults, the project's file, environment, flags.

`msgspec.convert` checks types, ranges and patterns. Here values are brought into the form that it takes,
and an error gets its place, its key and what is allowed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tui.settings.describe import SettingField, all_fields, near_key, nearest_word, plain_number
from tui.settings.original_sections import ACCEPTED_AND_UNUSED, DISCORD, NO_LONGER_USED, SLACK
from tui.settings.settings import FILE, LoadedSettings, Origin, Settings
from tui.settings.units import Secret
from tui.settings.yaml_file import (
    MAX_TEXT,
    LocatedValue,
    expand_variables,
    from_plain_value,
    parse,
    quoted,
    read_bytes,
)
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

_SWITCHES: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_NOTHING: Final = frozenset({"", "null", "none", "~"})
_URL: Final = lazy(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+")
_NAME: Final = lazy(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL: Final = lazy("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_CONTROL_IN_BLOCK: Final = lazy("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")

_Layer = Iterable[tuple[str, LocatedValue]]


def load(
    project: Path, *, flags: Mapping[str, object] = {}, environ: Mapping[str, str] = os.environ
) -> LoadedSettings:
    """The project's settings; SettingsError, in one sentence, for anything that does not fit.

    `flags` is keyed by dotted key; `None` means not given. A missing file is no error.
    """
    path = Path(project) / FILE
    data = read_bytes(path, FILE)
    values: dict[str, Any] = {}
    origin: dict[str, Origin] = dict.fromkeys(Settings().dotted_keys(), "default")
    where: dict[str, str] = {}
    notices: list[str] = []
    unused: dict[str, None] = {}
    line = "the command line"
    given = (
        (_check_key(key, line), from_plain_value(value, line))
        for key, value in flags.items()
        if value is not None
    )
    layers: tuple[tuple[Origin, _Layer], ...] = (
        ("file", _from_file({} if data is None else parse(data, FILE), environ)),
        ("environment", _from_environment(environ, notices)),
        ("environment", _from_other_variables(environ, values, notices)),
        ("flag", given),
    )
    for source, layer in layers:
        for key, located in layer:
            if key in ACCEPTED_AND_UNUSED:
                unused[key] = None
                continue
            values[key] = convert(all_fields()[key], located)
            origin[key] = source
            where[key] = located.key_where or located.where
    # `msgspec.convert` would evaluate every annotation at start-up.
    settings = Settings()
    changes: dict[str, Any] = {}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        before = changes.get(section, getattr(settings, section))
        changes[section] = replace(before, **{name: value}) if dot else value
    settings = replace(settings, **changes)
    _check_order(settings, where)
    digest = ""
    if data is not None:
        import hashlib

        digest = hashlib.sha256(data).hexdigest()
    return LoadedSettings(
        settings=settings,
        origin=MappingProxyType(origin),
        where=MappingProxyType(where),
        path=None if data is None else path,
        digest=digest,
        notices=(*notices, *(NO_LONGER_USED[key] for key in unused if key in NO_LONGER_USED)),
        unused=tuple(key for key in unused if key not in NO_LONGER_USED),
    )


def _check_order(settings: Settings, where: Mapping[str, str]) -> None:
    for keys in _ORDERED:
        low, high = map(settings.value, keys)
        if low > high:
            blame = where.get(keys[0]) or where[keys[1]]
            lower, upper = (f"{key} ({plain_number(settings.value(key))})" for key in keys)
            raise SettingsError(f"{blame}: {lower} must not be above {upper}.")


# --- the file ---


def _from_file(root: Mapping[str, LocatedValue], environ: Mapping[str, str]) -> _Layer:
    for section, found in root.items():
        fields = all_fields()
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


# --- one value ---


def convert(field: SettingField, located: LocatedValue) -> Any:
    """The field's value; SettingsError with where, key, what was found and what is allowed."""
    plain = _prepare(field, located)
    try:
        return msgspec.convert(plain, field.type, strict=not located.loose)
    except (msgspec.ValidationError, ValueError):
        raise _error(field, located) from None


def _error(field: SettingField, located: LocatedValue, why: str = "", hint: str = "") -> Exception:
    if not why:
        if located.unset and located.value == "":
            shown = f"empty because ${located.unset} is not set"
        elif field.secret and located.value not in (None, ""):
            shown = "something else"
        else:
            shown = quoted(located.value if located.value != "" else None)
        why = f"is {shown}; it takes {field.allowed}{hint}"
    where = located.key_where or located.where
    return SettingsError(f"{where}: {field.key} {why}" + ("" if why.endswith("?") else "."))


# complexity: one case for each kind of field
def _prepare(field: SettingField, located: LocatedValue) -> Any:
    """The value as `msgspec.convert` takes it; what that cannot check is checked here."""
    value = located.value
    is_text = field.member and field.kind in ("text", "secret") and (field.words or value != "")
    if is_text and not isinstance(value, dict | list | None):
        # The text itself is meant, though it may look like a number, a switch or nothing.
        return _check_text(field, located, located.written)
    bare = value.strip() if isinstance(value, str) else value
    if bare in (None, "") or (located.loose and isinstance(bare, str) and bare.lower() in _NOTHING):
        return {"list": [], "table": {}}.get(field.kind)
    if field.item is not None:
        take_in = _convert_list if field.kind == "list" else _convert_table
        return take_in(field, field.item, located)
    match field.kind:
        case "structure":
            return _prepare_structure(field, located)
        case "choice":
            return _find_choice(field, located)
        case "text" | "secret":
            return _check_text(field, located, value)
        case "switch" if located.loose:
            return _SWITCHES.get(str(value).strip().lower(), value)
        case "integer" if isinstance(value, float) and value.is_integer():
            return int(value)
    return bare if located.loose else value


def _check_text(field: SettingField, located: LocatedValue, text: object) -> Any:
    if not isinstance(text, str):
        if field.secret or located.text is None:
            raise _error(field, located)
        meant = f"if {quoted(located.text)} is meant, put it in quotes"
        raise _error(field, located, f"takes {field.allowed}; {meant}")
    if len(text) > MAX_TEXT:
        raise _error(field, located, f"is longer than {MAX_TEXT} characters")
    control = (_CONTROL_IN_BLOCK if field.block else _CONTROL).search(text)
    if control is not None:
        shown = f"U+{ord(control[0]):04X}"
        raise _error(field, located, f"holds the character {shown}, which has no place there")
    if field.urls:
        text = text.strip()
        if _URL.fullmatch(text) is None:
            raise _error(field, located)
    return Secret(text) if field.secret else text


def _find_choice(field: SettingField, located: LocatedValue) -> object:
    # YAML reads a bare on, off, yes or no as a switch; as a choice the word is meant.
    words = [located.written]
    if isinstance(located.value, bool):
        words += [word for word, meaning in _SWITCHES.items() if meaning is located.value]
    choices = {choice.lower(): choice for choice in field.choices}
    for word in words:
        if choice := choices.get(word.strip().lower()):
            return choice
    near = nearest_word(words[0].lower(), choices)
    raise _error(field, located, hint=f"; did you mean {choices[near]}?" if near else "")


def _convert_list(field: SettingField, item: SettingField, located: LocatedValue) -> list[Any]:
    value = located.value
    if isinstance(value, str) and (field.words or field.urls or located.loose):
        is_json = value.lstrip().startswith("[")
        value = (_from_json if is_json else _split_words)(field, located)
    if not isinstance(value, list):
        raise _error(field, located)
    return [
        convert(replace(item, key=f"{field.key}, member {number},"), member)
        for number, member in enumerate(value, 1)
        if not (member.unset and member.value == "")
    ]


def _split_words(field: SettingField, located: LocatedValue) -> Any:
    text = located.value
    if len(text) > MAX_TEXT:
        raise _error(field, located, f"is longer than {MAX_TEXT} characters")
    if field.words:
        import shlex

        try:
            words = shlex.split(text)
        except ValueError as error:
            why = f"cannot be split into words: {str(error).lower()}"
            raise _error(field, located, why) from None
    elif field.urls:  # a comma may be part of a URL
        words = re.split(r",?\s+|,(?=[A-Za-z][A-Za-z0-9+.-]{0,30}://)", text.strip())
    else:
        words = _between_commas(text)
    return from_plain_value(words, located.where).value


def _between_commas(text: str) -> list[str]:
    """Parts between commas; a tool rule such as `Bash(git add, git commit)` keeps its own."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "\n" or (character == "," and depth <= 0):
            parts.append("")
            depth = 0
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _from_json(field: SettingField, located: LocatedValue) -> Any:
    try:
        return from_plain_value(msgspec.json.decode(located.value), located.where).value
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise _error(field, located, "cannot be read as JSON") from None


def _convert_table(
    field: SettingField, item: SettingField, located: LocatedValue
) -> dict[str, Any]:
    value = located.value
    if isinstance(value, str) and located.loose:
        value = _from_json(field, located)
    if not isinstance(value, dict):
        raise _error(field, located)
    for name in value:
        if not item.parts and _NAME.fullmatch(name) is None:
            why = f"holds the name {quoted(name)}, which no environment variable can have"
            raise _error(field, located, why)
    return {
        name: convert(replace(item, key=f"{field.key} for {quoted(name)}"), member)
        for name, member in value.items()
    }


def _prepare_structure(field: SettingField, located: LocatedValue) -> Any:
    if not isinstance(located.value, dict):
        return located.value
    names = [part.name for part in field.parts]
    for name in located.value:
        if name not in names:
            near = nearest_word(name, names)
            hint = f"did you mean {near}?" if near else f"it takes {field.allowed}"
            raise _error(field, located, f"has the unknown key {quoted(name)}; {hint}")
    nothing = LocatedValue(None, located.key_where or located.where)
    found = {}
    for part in field.parts:
        named = replace(part, key=f"{field.key}: {part.name}")
        found[part.name] = convert(named, located.value.get(part.name, nothing))
    return found
