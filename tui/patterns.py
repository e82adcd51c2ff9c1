"""Regular expressions that are compiled when they are first used, not when they are written down.

The house has many, and a short command needs few: compiling all of them was a fifth of its time.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")


class _Waiting:
    """Stands for a pattern; from the first use on its methods are the compiled pattern's own."""

    def __init__(self, pattern: str | bytes, flags: int | re.RegexFlag) -> None:
        self._source = pattern
        self._wanted = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._source, self._wanted)
        for method in _METHODS:
            self.__dict__[method] = getattr(compiled, method)
        return getattr(compiled, name)


def lazy(pattern: AnyStr, flags: int | re.RegexFlag = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, for module constants; a faulty pattern fails at its first use."""
    return cast("re.Pattern[AnyStr]", _Waiting(pattern, flags))
