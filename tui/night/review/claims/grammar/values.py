"""What something was set to: "set X = 45", "changed the port from 80 to 8080", "bumped it to 1.2.0"."""

from __future__ import annotations

import re

from tui.system.lazy_pattern import lazy

_I = re.IGNORECASE
_VALUE = lazy(
    r"(?P<name>[^=]{1,80}?)(?:\s+(?:from|of)\s+(?P<old>\S+(?:\s+(?:ms|s|MB|kB|seconds?|minutes?))?))?"
    r"\s+(?:(?:is\s+now\s+set\s+|is\s+now\s+|now\s+|is\s+)?(?:to|at)|is\s+now|now\s+is"
    r"|now\s+defaults?\s+to|={1,3}|→|->)\s+(?P<value>.+)"
    r"|(?P<name2>[\w.◇\[\]\"'-]{1,60})\s*(?:={1,3}|:)\s*(?P<value2>\S.*)"
)
_VALUE_END = lazy(
    r"\s(?:in|for|so|because|as|via|on|across|and|which|to|since|within|inside|by|with|throughout)\s"
    r"|[,;]\s|\s\(|\.?\s*\Z"
)
_IS_VALUE = lazy(
    r"[vV]?\d[\w.%:+-]*|[\"'`].*|true|false|none|null|yes|no|on|off|[A-Z][A-Z0-9_]+|[\w.-]*\d[\w.-]*"
    r"|[\w@/.:-]+",
    _I,
)
_FROM_TO = lazy(
    r"\bfrom\s+(?P<old>[^,;]{1,60}?)\s+to\s+(?P<value>[^,;]{1,60}?)(?=\s+(?:in|for|so|because|across"
    r"|by|via|and|on|to|with)\s|[,;(]|\.?\s*\Z)"
)
_TO_VERSION = lazy(
    r"\bto\s+(?:version\s+)?(?P<value>[\"']?v?\d[\w.%-]*[\"']?(?:\s?(?:ms|s|MB|GB|kB|KB|seconds?"
    r"|minutes?|hours?|days?|px|%))?|true|false|none|null)(?=\s+(?:in|for|on|across|via|so|and|because|by"
    r"|with|as)\b|\s*[,;(]|[.]?\s*\Z)",
    _I,
)
_CONSTANTS = frozenset("true false none null True False None".split())
_YOURS = lazy(r"\byour\b", _I)


def find_value(words: str, *, strict: bool) -> tuple[str, str] | None:
    """The name and the value in the words behind the verb; `strict`: only what has a value's form."""
    if _YOURS.search(words):
        return None
    match = _FROM_TO.search(words) or _TO_VERSION.search(words)
    if match is not None:
        name, value = words[: match.start()], match.group("value")
    else:
        name, value = ("", "") if strict else _set_to(words)
    value = value.strip(" .,;\"'")
    if not value or (not _IS_VALUE.fullmatch(value) and len(value.split()) > 2):
        return None
    has_both = match is not None and "old" in match.groupdict() and len(value.split()) == 1
    has_form = value in _CONSTANTS or any(character.isdigit() for character in value)
    return (name, value) if has_form or has_both or not strict else None


def _set_to(words: str) -> tuple[str, str]:
    """What stands before and behind "to" or "="; "" where there is none."""
    found = _VALUE.match(words)
    if found is None:
        return "", ""
    value = found.group("value") or found.group("value2")
    end = _VALUE_END.search(value)
    name = found.group("name") or found.group("name2")
    return name, value if end is None else value[: end.start()]
