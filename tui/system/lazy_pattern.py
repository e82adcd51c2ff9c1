"""Regular expressions that are compiled at first use.

The house has many, and a short command needs few: compiling all of them was a fifth of its time.
A pattern of many alternatives is tried at every character: 10 to 90 µs for a shell command. What
must stand in every match is looked for first, which is 1 µs where it does not.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")


class _LazyPattern:
    """Stands for a pattern; from the first use on its methods are the compiled pattern's own."""

    def __init__(self, pattern: str | bytes, flags: int | re.RegexFlag) -> None:
        self._source = pattern
        self._wanted = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._source, self._wanted)
        for method in _METHODS:
            self.__dict__[method] = getattr(compiled, method)
        return getattr(compiled, name)


def contains_any(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands anywhere in the text."""
    for word in words:  # noqa: SIM110 - a generator would be four times as dear
        if word in text:
            return True
    return False


class HintedPattern:
    """A pattern that matches nowhere but where one of its signs, short plain texts, stands as well."""

    def __init__(self, signs: str, pattern: str, flags: int = 0) -> None:
        self.hints = tuple(signs.split("|"))
        self.pattern = lazy(pattern, flags)

    def search(self, text: str) -> re.Match[str] | None:
        """What the pattern's own `search` gives."""
        return self.pattern.search(text) if contains_any(text, self.hints) else None


def lazy(pattern: AnyStr, flags: int | re.RegexFlag = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, for module constants; a faulty pattern fails at its first use."""
    return cast("re.Pattern[AnyStr]", _LazyPattern(pattern, flags))
