"""From what was found to what a field holds: `${VAR}` expansion, conversion, ranges."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, Final

from tui.errors import SettingsError
from tui.settings_fields import Field
from tui.settings_types import Secret
from tui.settings_yaml import Found, quoted

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_NOTHING: Final = frozenset({"", "null", "none", "~"})
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_CONTROL_IN_BLOCK: Final = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_MAX_TEXT: Final = 20_000
_MAX_DIGITS: Final = 30


class _Unfit(Exception):
    """The value does not fit; the message, if any, says why better than the range would."""


def expand(found: Found, environ: Mapping[str, str]) -> Found:
    """Replaces `${VAR}` and `${VAR:-default}` in every text; a missing variable becomes empty."""
    value = found.value
    if isinstance(value, dict):
        inside = {key: expand(item, environ) for key, item in value.items()}
        return Found(inside, found.where, key_where=found.key_where)
    if isinstance(value, list):
        items = [expand(item, environ) for item in value]
        return Found(items, found.where, key_where=found.key_where)
    if not isinstance(value, str) or "${" not in value or len(value) > _MAX_TEXT:
        return found
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        text = environ.get(name) or default or ""
        if not text:
            missing.append(name)
        return text

    filled = _VARIABLE.sub(fill, value)
    if filled == value:
        return found
    unset = missing[0] if missing else ""
    return Found(filled, found.where, filled, True, unset, found.key_where)


def wrapped(value: object, where: str, *, loose: bool = True) -> Found:
    """A plain Python value as `Found`, as flags and variables bring it."""
    if isinstance(value, Mapping):
        inside = {str(key): wrapped(item, where, loose=loose) for key, item in value.items()}
        return Found(inside, where)
    if isinstance(value, list | tuple):
        return Found([wrapped(item, where, loose=loose) for item in value], where)
    if isinstance(value, Secret):
        value = value.reveal()
    elif isinstance(value, PurePath):
        value = str(value)
    return Found(value, where, text=value if isinstance(value, str) else None, loose=loose)


def convert(field: Field, found: Found) -> Any:
    """The field's value; SettingsError with where, key, what was found and what is allowed."""
    try:
        return _convert(field, found)
    except _Unfit as unfit:
        raise SettingsError(_sentence(field, found, str(unfit))) from None


def _sentence(field: Field, found: Found, why: str) -> str:
    where = found.key_where or found.where
    if why:
        return f"{where}: {field.key} {why}" + ("" if why.endswith("?") else ".")
    if found.unset and found.value == "":
        shown = f"empty because ${found.unset} is not set"
    elif field.secret and found.value not in (None, ""):
        shown = "something else"
    else:
        shown = quoted(found.value if found.value != "" else None)
    return f"{where}: {field.key} is {shown}; it takes {field.allowed}."


def _convert(field: Field, found: Found) -> Any:
    empty = found.value is None or (
        isinstance(found.value, str)
        and (not found.value.strip() or (found.loose and found.value.lower() in _NOTHING))
    )
    if empty and field.kind == "table":
        return {}
    if empty and field.kind == "list" and not field.required:
        return ()
    if empty:
        if field.optional:
            return None
        raise _Unfit
    if field.kind == "list":
        return _list(field, found)
    if field.kind == "table":
        return _table(field, found)
    if isinstance(found.value, dict | list):
        raise _Unfit
    return _SCALARS[field.kind](field, found)


def _switch(field: Field, found: Found) -> bool:
    if isinstance(found.value, bool):
        return found.value
    word = str(found.value).strip().lower() if found.loose else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise _Unfit


def _number(field: Field, found: Found) -> float | int:
    value = found.value
    if isinstance(value, str) and found.loose:
        value = _parsed(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Unfit
    if isinstance(value, float) and not math.isfinite(value):
        raise _Unfit
    low, high = field.low, field.high
    if (low is not None and value < low) or (high is not None and value > high):
        raise _Unfit
    if field.kind == "number":
        return float(value)
    if isinstance(value, float) and not value.is_integer():
        raise _Unfit
    return int(value)


def _parsed(text: str) -> float | int:
    text = text.strip()
    if len(text) > _MAX_DIGITS or "_" in text or not text.isascii():
        raise _Unfit
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            raise _Unfit from None


def _text(field: Field, found: Found) -> str:
    if not isinstance(found.value, str):
        raise _Unfit("" if found.text is None else _quote_it(field, found.text))
    return _checked(field, found.value)


def _quote_it(field: Field, text: str) -> str:
    return f"takes {field.allowed}; if {quoted(text)} is meant, put it in quotes"


def _checked(field: Field, text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise _Unfit(f"is longer than {_MAX_TEXT} characters")
    control = (_CONTROL_IN_BLOCK if field.block else _CONTROL).search(text)
    if control is not None:
        code = ord(control.group())
        raise _Unfit(f"holds the character U+{code:04X}, which has no place there")
    if field.pattern and re.search(field.pattern, text) is None:
        raise _Unfit
    if field.urls and _URL.fullmatch(text.strip()) is None:
        raise _Unfit
    return text.strip() if field.urls else text


def _choice(field: Field, found: Found) -> str:
    # YAML reads a bare on, off, yes or no as a switch; as a choice the word is meant.
    words = [found.text if found.text is not None else str(found.value)]
    if isinstance(found.value, bool):
        words += sorted(_TRUE if found.value else _FALSE)
    for word in words:
        for choice in field.choices:
            if word.strip().lower() == choice.lower():
                return choice
    near = _nearest(words[0], field.choices)
    raise _Unfit(f"is {quoted(found.value)}; it takes {field.allowed}{near}" if near else "")


def _nearest(word: str, choices: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    by_lower = {choice.lower(): choice for choice in choices}
    close = get_close_matches(word[:200].lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


def _secret(field: Field, found: Found) -> Secret:
    text = found.text if isinstance(found.value, int | float) else found.value
    if not isinstance(text, str):
        raise _Unfit
    return Secret(_checked(field, text))


_SCALARS: Final[Mapping[str, Callable[[Field, Found], Any]]] = {
    "switch": _switch,
    "integer": _number,
    "number": _number,
    "text": _text,
    "choice": _choice,
    "secret": _secret,
}


def _list(field: Field, found: Found) -> tuple[Any, ...]:
    value = found.value
    if isinstance(value, str) and (field.words or found.loose or field.urls):
        value = [wrapped(word, found.where) for word in _split(field, value)]
    if not isinstance(value, list) or (field.required and not value):
        raise _Unfit
    return tuple(_member(field, item) for item in value if not (item.unset and item.value == ""))


def _member(field: Field, found: Found) -> Any:
    item = field.item
    if item is None or found.value is None or isinstance(found.value, dict | list):
        raise _Unfit
    if item.kind in ("text", "secret"):
        # Arguments and names may look like numbers, switches or nothing; the word is meant.
        text = found.text if found.text is not None else str(found.value)
        if text or field.words:
            return Secret(_checked(item, text)) if item.secret else _checked(item, text)
    try:
        return _convert(item, found)
    except _Unfit as unfit:
        if str(unfit) or item.secret:
            raise
        raise _Unfit(f"holds {quoted(found.value)}; it takes {field.allowed}") from None


def _split(field: Field, text: str) -> list[str]:
    if len(text) > _MAX_TEXT:
        raise _Unfit(f"is longer than {_MAX_TEXT} characters")
    if text.lstrip().startswith("["):
        words = _from_json(text)
        if not isinstance(words, list) or not all(isinstance(w, str | int | float) for w in words):
            raise _Unfit
        return [str(word) for word in words]
    if field.words:
        import shlex

        try:
            return shlex.split(text)
        except ValueError as error:
            raise _Unfit(f"cannot be split into words: {str(error).lower()}") from None
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


def _from_json(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _Unfit("cannot be read as JSON") from None


def _table(field: Field, found: Found) -> dict[str, Any]:
    value = found.value
    if isinstance(value, str) and found.loose:
        try:
            value = wrapped(_from_json(value), found.where).value
        except RecursionError:
            raise _Unfit from None
    if not isinstance(value, dict):
        raise _Unfit
    member = _variable if field.make is None else _structure
    return {name: member(field, name, item) for name, item in value.items()}


def _variable(field: Field, name: str, found: Found) -> Any:
    if _NAME.fullmatch(name) is None:
        raise _Unfit(f"holds the name {quoted(name)}, which no environment variable can have")
    if found.value is None or isinstance(found.value, dict | list):
        raise _Unfit(f"gives {quoted(name)} no text")
    text = found.text if found.text is not None else str(found.value)
    return Secret(_checked(field, text)) if field.secret else _checked(field, text)


def _structure(field: Field, name: str, found: Found) -> Any:
    names = ", ".join(part.name for part in field.parts)
    label = f"for {quoted(name)}"
    if not isinstance(found.value, dict) or field.make is None:
        raise _Unfit(f"{label} takes {names}")
    values: dict[str, Any] = {}
    for part in field.parts:
        given = found.value.get(part.name)
        if given is None:
            raise _Unfit(f"{label} lacks {part.name}; it takes {names}")
        try:
            values[part.name] = _convert(part, given)
        except _Unfit:
            shown = f"{part.name} is {quoted(given.value)}"
            raise _Unfit(f"{label}: {shown}; it takes {part.allowed}") from None
    for extra in found.value:
        if extra not in values:
            near = _nearest(extra, tuple(values))
            hint = near or f"; it takes {names}"
            raise _Unfit(f"{label} has the unknown key {quoted(extra)}{hint}")
    return field.make(**values)
