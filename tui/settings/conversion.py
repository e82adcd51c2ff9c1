"""From a value in a layer to what a field holds: `${VAR}`, texts as people write them, types, ranges.

`msgspec.convert` checks types, ranges and patterns. Here values are brought into the form that it takes,
and an error gets its place, its key and what is allowed.
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


def expand_variables(located: LocatedValue, environ: Mapping[str, str]) -> LocatedValue:
    """Replaces `${VAR}` and `${VAR:-default}` in every text; a missing variable becomes empty."""
    value = located.value
    if isinstance(value, dict):
        return replace(
            located, value={key: expand_variables(item, environ) for key, item in value.items()}
        )
    if isinstance(value, list):
        return replace(located, value=[expand_variables(item, environ) for item in value])
    if not isinstance(value, str) or "${" not in value or len(value) > _MAX_TEXT:
        return located
    missing = [""]

    def fill(match: re.Match[str]) -> str:
        text = environ.get(match[1]) or match[2] or ""
        if not text:
            missing.append(match[1])
        return text

    filled = _VARIABLE.sub(fill, value)
    if filled == value:
        return located
    return replace(located, value=filled, text=filled, loose=True, unset="".join(missing[:2]))


def from_plain_value(value: object, where: str) -> LocatedValue:
    """A value of a flag or variable; its texts may be read as numbers and switches."""
    if isinstance(value, Mapping):
        value = {str(key): from_plain_value(item, where) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        value = [from_plain_value(item, where) for item in value]
    elif isinstance(value, PurePath):
        value = str(value)
    text = value if isinstance(value, str) else None
    return LocatedValue(value, where, text=text, loose=True)


def nearest_word(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str:
    """The candidate that is spelt most like this word; empty if none is close."""
    from difflib import get_close_matches

    close = get_close_matches(word[:200], candidates, n=1, cutoff=cutoff)
    return close[0] if close else ""


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
    if field.member and _is_word(field, located):
        return _check_text(field, located, located.text if located.text is not None else str(value))
    if value is None or (
        isinstance(value, str)
        and (not value.strip() or (located.loose and value.strip().lower() in _NOTHING))
    ):
        return {"list": [], "table": {}}.get(field.kind)
    if field.item is not None:
        return (_convert_list if field.kind == "list" else _convert_table)(
            field, field.item, located
        )
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
    return value.strip() if located.loose and isinstance(value, str) else value


def _is_word(field: SettingField, located: LocatedValue) -> bool:
    """Whether the text itself is meant, though it looks like a number, a switch or nothing."""
    if field.kind not in ("text", "secret") or isinstance(located.value, dict | list | None):
        return False
    return field.words or located.value != ""


def _check_text(field: SettingField, located: LocatedValue, text: object) -> Any:
    if not isinstance(text, str):
        if field.secret or located.text is None:
            raise _error(field, located)
        meant = f"if {quoted(located.text)} is meant, put it in quotes"
        raise _error(field, located, f"takes {field.allowed}; {meant}")
    if len(text) > _MAX_TEXT:
        raise _error(field, located, f"is longer than {_MAX_TEXT} characters")
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
    words = [located.text if located.text is not None else str(located.value)]
    if isinstance(located.value, bool):
        words += [word for word, meaning in _SWITCHES.items() if meaning is located.value]
    choices = {choice.lower(): choice for choice in field.choices}
    for word in words:
        if word.strip().lower() in choices:
            return choices[word.strip().lower()]
    near = nearest_word(words[0].lower(), choices)
    raise _error(field, located, hint=f"; did you mean {choices[near]}?" if near else "")


def _convert_list(field: SettingField, item: SettingField, located: LocatedValue) -> list[Any]:
    value = located.value
    if isinstance(value, str) and (field.words or field.urls or located.loose):
        is_json = value.lstrip().startswith("[")
        words = _from_json(field, located) if is_json else _split_words(field, located, value)
        value = from_plain_value(words, located.where).value
    if not isinstance(value, list):
        raise _error(field, located)
    return [
        convert(replace(item, key=f"{field.key}, member {number},"), member)
        for number, member in enumerate(value, 1)
        if not (member.unset and member.value == "")
    ]


def _split_words(field: SettingField, located: LocatedValue, text: str) -> list[str]:
    if len(text) > _MAX_TEXT:
        raise _error(field, located, f"is longer than {_MAX_TEXT} characters")
    if field.words:
        import shlex

        try:
            return shlex.split(text)
        except ValueError as error:
            why = f"cannot be split into words: {str(error).lower()}"
            raise _error(field, located, why) from None
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


def _from_json(field: SettingField, located: LocatedValue) -> Any:
    try:
        return msgspec.json.decode(located.value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise _error(field, located, "cannot be read as JSON") from None


def _convert_table(
    field: SettingField, item: SettingField, located: LocatedValue
) -> dict[str, Any]:
    value = located.value
    if isinstance(value, str) and located.loose:
        value = from_plain_value(_from_json(field, located), located.where).value
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
    return {
        part.name: convert(
            replace(part, key=f"{field.key}: {part.name}"), located.value.get(part.name, nothing)
        )
        for part in field.parts
    }
