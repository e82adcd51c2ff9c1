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


# From the least frequent character to the most, in words and outputs; all others are rarer.
_FREQUENT = "xkvwb\nygfpmucdhlrsnioate "


class AnyWord:
    """Finds out whether one of some short plain texts stands in a text.

    The rarest character of each is looked for first: a search for one character takes a tenth of
    the time of a search for a word, and most outputs hold few capitals and signs.
    """

    def __init__(self, *words: str) -> None:
        self.words = words
        groups: dict[str, tuple[str, ...]] = {}
        for word in words:
            rarest = min(word, key=_FREQUENT.rfind)
            groups[rarest] = (*groups.get(rarest, ()), word)
        self._groups = tuple(groups.items())

    def is_in(self, text: str) -> bool:
        for character, words in self._groups:
            if character in text:
                for word in words:
                    if word in text:
                        return True
        return False


class HintedPattern:
    """A pattern that can match only where the text contains one of its hints, short plain texts."""

    def __init__(self, signs: str, pattern: str, flags: int = 0) -> None:
        self.hints = AnyWord(*signs.split("|"))
        self.pattern = lazy(pattern, flags)

    def search(self, text: str) -> re.Match[str] | None:
        """What the pattern's own `search` gives."""
        return self.pattern.search(text) if self.hints.is_in(text) else None


def lazy(pattern: AnyStr, flags: int | re.RegexFlag = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, for module constants; a faulty pattern fails at its first use."""
    return cast("re.Pattern[AnyStr]", _LazyPattern(pattern, flags))
