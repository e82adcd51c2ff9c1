"""From what was given to what a field holds: `${VAR}`, texts as people write them, types and ranges.

Types, ranges and patterns are checked by `msgspec.convert`; here values are brought into the form
that it takes, and what it refuses is said with place, key and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tui.settings.describe import SettingField
from tui.settings.units import Secret
from tui.settings.yaml_file import LocatedValue, quoted
from tui.system.errors import SettingsError
from tui.system.lazy_pattern import lazy

_SWITCHES: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_NOTHING: Final = frozenset({"", "null", "none", "~"})
_VARIABLE: Final = lazy(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_URL: Final = lazy(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+")
_NAME: Final = lazy(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL: Final = lazy("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_CONTROL_IN_BLOCK: Final = lazy("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_MAX_TEXT: Final = 20_000


def expand_variables(given: LocatedValue, environ: Mapping[str, str]) -> LocatedValue:
    """Replaces `${VAR}` and `${VAR:-default}` in every text; a missing variable becomes empty."""
    value = given.value
    if isinstance(value, dict):
        return replace(
            given, value={key: expand_variables(item, environ) for key, item in value.items()}
        )
    if isinstance(value, list):
        return replace(given, value=[expand_variables(item, environ) for item in value])
    if not isinstance(value, str) or "${" not in value or len(value) > _MAX_TEXT:
        return given
    missing = [""]

    def fill(match: re.Match[str]) -> str:
        text = environ.get(match[1]) or match[2] or ""
        if not text:
            missing.append(match[1])
        return text

    filled = _VARIABLE.sub(fill, value)
    if filled == value:
        return given
    return replace(given, value=filled, text=filled, loose=True, unset="".join(missing[:2]))


def from_plain_value(value: object, where: str) -> LocatedValue:
    """A plain Python value as it comes from flags and variables: its texts may be read loosely."""
    if isinstance(value, Mapping):
        value = {str(key): from_plain_value(item, where) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        value = [from_plain_value(item, where) for item in value]
    elif isinstance(value, PurePath):
        value = str(value)
    text = value if isinstance(value, str) else None
    return LocatedValue(value, where, text=text, loose=True)


def nearest_word(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word spelt most like this one, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word[:200], known, n=1, cutoff=cutoff)
    return close[0] if close else ""


def convert(field: SettingField, given: LocatedValue) -> Any:
    """The field's value; SettingsError with where, key, what was found and what is allowed."""
    plain = _prepare(field, given)
    try:
        return msgspec.convert(plain, field.type, strict=not given.loose)
    except (msgspec.ValidationError, ValueError):
        raise _error(field, given) from None


def _error(field: SettingField, given: LocatedValue, why: str = "", hint: str = "") -> Exception:
    if not why:
        if given.unset and given.value == "":
            shown = f"empty because ${given.unset} is not set"
        elif field.secret and given.value not in (None, ""):
            shown = "something else"
        else:
            shown = quoted(given.value if given.value != "" else None)
        why = f"is {shown}; it takes {field.allowed}{hint}"
    where = given.key_where or given.where
    return SettingsError(f"{where}: {field.key} {why}" + ("" if why.endswith("?") else "."))


def _prepare(field: SettingField, given: LocatedValue) -> Any:
    """The value as `msgspec.convert` takes it; what it cannot judge is checked here."""
    value = given.value
    if field.member and _is_word(field, given):
        return _check_text(field, given, given.text if given.text is not None else str(value))
    if value is None or (
        isinstance(value, str)
        and (not value.strip() or (given.loose and value.strip().lower() in _NOTHING))
    ):
        return {"list": [], "table": {}}.get(field.kind)
    if field.item is not None:
        return (_convert_list if field.kind == "list" else _convert_table)(field, field.item, given)
    match field.kind:
        case "structure":
            return _prepare_structure(field, given)
        case "choice":
            return _find_choice(field, given)
        case "text" | "secret":
            return _check_text(field, given, value)
        case "switch" if given.loose:
            return _SWITCHES.get(str(value).strip().lower(), value)
        case "integer" if isinstance(value, float) and value.is_integer():
            return int(value)
    return value.strip() if given.loose and isinstance(value, str) else value


def _is_word(field: SettingField, given: LocatedValue) -> bool:
    """Arguments and names may look like numbers, switches or nothing; the word is meant."""
    if field.kind not in ("text", "secret") or isinstance(given.value, dict | list | None):
        return False
    return field.words or given.value != ""


def _check_text(field: SettingField, given: LocatedValue, text: object) -> Any:
    if not isinstance(text, str):
        if field.secret or given.text is None:
            raise _error(field, given)
        meant = f"if {quoted(given.text)} is meant, put it in quotes"
        raise _error(field, given, f"takes {field.allowed}; {meant}")
    if len(text) > _MAX_TEXT:
        raise _error(field, given, f"is longer than {_MAX_TEXT} characters")
    control = (_CONTROL_IN_BLOCK if field.block else _CONTROL).search(text)
    if control is not None:
        shown = f"U+{ord(control[0]):04X}"
        raise _error(field, given, f"holds the character {shown}, which has no place there")
    if field.urls:
        text = text.strip()
        if _URL.fullmatch(text) is None:
            raise _error(field, given)
    return Secret(text) if field.secret else text


def _find_choice(field: SettingField, given: LocatedValue) -> object:
    # YAML reads a bare on, off, yes or no as a switch; as a choice the word is meant.
    words = [given.text if given.text is not None else str(given.value)]
    if isinstance(given.value, bool):
        words += [word for word, meaning in _SWITCHES.items() if meaning is given.value]
    choices = {choice.lower(): choice for choice in field.choices}
    for word in words:
        if word.strip().lower() in choices:
            return choices[word.strip().lower()]
    near = nearest_word(words[0].lower(), choices)
    raise _error(field, given, hint=f"; did you mean {choices[near]}?" if near else "")


def _convert_list(field: SettingField, item: SettingField, given: LocatedValue) -> list[Any]:
    value = given.value
    if isinstance(value, str) and (field.words or field.urls or given.loose):
        is_json = value.lstrip().startswith("[")
        words = _from_json(field, given) if is_json else _split_words(field, given, value)
        value = from_plain_value(words, given.where).value
    if not isinstance(value, list):
        raise _error(field, given)
    return [
        convert(replace(item, key=f"{field.key}, member {number},"), member)
        for number, member in enumerate(value, 1)
        if not (member.unset and member.value == "")
    ]


def _split_words(field: SettingField, given: LocatedValue, text: str) -> list[str]:
    if len(text) > _MAX_TEXT:
        raise _error(field, given, f"is longer than {_MAX_TEXT} characters")
    if field.words:
        import shlex

        try:
            return shlex.split(text)
        except ValueError as error:
            why = f"cannot be split into words: {str(error).lower()}"
            raise _error(field, given, why) from None
    if field.urls:  # a comma may be part of a URL
        return re.split(r",?\s+|,(?=[A-Za-z][A-Za-z0-9+.-]{0,30}://)", text.strip())
    return _between_commas(text)


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


def _from_json(field: SettingField, given: LocatedValue) -> Any:
    try:
        return msgspec.json.decode(given.value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise _error(field, given, "cannot be read as JSON") from None


def _convert_table(field: SettingField, item: SettingField, given: LocatedValue) -> dict[str, Any]:
    value = given.value
    if isinstance(value, str) and given.loose:
        value = from_plain_value(_from_json(field, given), given.where).value
    if not isinstance(value, dict):
        raise _error(field, given)
    for name in value:
        if not item.parts and _NAME.fullmatch(name) is None:
            why = f"holds the name {quoted(name)}, which no environment variable can have"
            raise _error(field, given, why)
    return {
        name: convert(replace(item, key=f"{field.key} for {quoted(name)}"), member)
        for name, member in value.items()
    }


def _prepare_structure(field: SettingField, given: LocatedValue) -> Any:
    if not isinstance(given.value, dict):
        return given.value
    names = [part.name for part in field.parts]
    for name in given.value:
        if name not in names:
            near = nearest_word(name, names)
            hint = f"did you mean {near}?" if near else f"it takes {field.allowed}"
            raise _error(field, given, f"has the unknown key {quoted(name)}; {hint}")
    nothing = LocatedValue(None, given.key_where or given.where)
    return {
        part.name: convert(
            replace(part, key=f"{field.key}: {part.name}"), given.value.get(part.name, nothing)
        )
        for part in field.parts
    }
