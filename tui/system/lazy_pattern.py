"""Regular expressions that are compiled at first use.

The program has many and a short command needs few: compiling all of them was a fifth of its time.
A pattern of many alternatives is tried at every character: 10 to 90 µs for a shell command. Searching
first for what every match must contain takes 1 µs.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")


class _LazyPattern:
    """A pattern whose methods, from the first use on, are those of the compiled one."""

    def __init__(self, pattern: str | bytes, flags: int | re.RegexFlag) -> None:
        self._source = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._source, self._flags)
        for method in _METHODS:
            self.__dict__[method] = getattr(compiled, method)
        return getattr(compiled, name)


def contains_any(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words is anywhere in the text."""
    for word in words:  # noqa: SIM110 - a generator would take four times as long
        if word in text:
            return True
    return False


class HintedPattern:
    """A pattern that can match only where the text contains one of its hints, short plain texts."""

    def __init__(self, hints: str, pattern: str, flags: int = 0) -> None:
        self.hints = tuple(hints.split("|"))
        self.pattern = lazy(pattern, flags)

    def search(self, text: str) -> re.Match[str] | None:
        return self.pattern.search(text) if contains_any(text, self.hints) else None


def lazy(pattern: AnyStr, flags: int | re.RegexFlag = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, for module constants; a faulty pattern fails at its first use."""
    return cast("re.Pattern[AnyStr]", _LazyPattern(pattern, flags))
