"""One value of a file, variable or flag into the form that its field declares.

`msgspec.convert` checks types, ranges and patterns. Here values are brought into the form that it takes,
and an error gets its place, its key and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tui.settings.describe import SettingField, nearest_word
from tui.settings.units import Secret
from tui.settings.yaml_file import MAX_TEXT, LocatedValue, from_plain_value, quoted
from tui.system.errors import SettingsError
from tui.system.lazy_pattern import lazy

_SWITCHES: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_NOTHING: Final = frozenset({"", "null", "none", "~"})
_URL: Final = lazy(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+")
_NAME: Final = lazy(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL: Final = lazy("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_CONTROL_IN_BLOCK: Final = lazy("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


def convert(field: SettingField, located: LocatedValue) -> Any:
    """The field's value; SettingsError with where, key, what was found and what is allowed."""
    plain = _prepare(field, located)
    try:
        value = msgspec.convert(plain, field.type, strict=not located.loose)
    except (msgspec.ValidationError, ValueError):
        raise _error(field, located) from None
    if field.rising and list(value) != sorted(set(value)):
        raise _error(field, located, f"is {list(value)}; it takes {field.allowed}")
    return value


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
    if told := field.hints.get(words[0].strip().lower()):
        raise _error(field, located, hint=f"; {told}")
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
    if field.names:
        _check_names(field, located, value, field.names, ", ".join(field.names))
    for name in value:
        if not field.names and not item.parts and _NAME.fullmatch(name) is None:
            why = f"holds the name {quoted(name)}, which no environment variable can have"
            raise _error(field, located, why)
    return {
        name: convert(replace(item, key=f"{field.key} for {quoted(name)}"), member)
        for name, member in value.items()
    }


def _check_names(
    field: SettingField,
    located: LocatedValue,
    found: Iterable[str],
    names: Collection[str],
    allowed: str,
) -> None:
    """SettingsError for a key that is none of `names`."""
    for name in found:
        if name not in names:
            near = nearest_word(name, names)
            hint = f"did you mean {near}?" if near else f"it takes {allowed}"
            raise _error(field, located, f"has the unknown key {quoted(name)}; {hint}")


def _prepare_structure(field: SettingField, located: LocatedValue) -> Any:
    if not isinstance(located.value, dict):
        return located.value
    names = [part.name for part in field.parts]
    _check_names(field, located, located.value, names, field.allowed)
    nothing = LocatedValue(None, located.key_where or located.where)
    found = {}
    for part in field.parts:
        named = replace(part, key=f"{field.key}: {part.name}")
        found[part.name] = convert(named, located.value.get(part.name, nothing))
    return found
