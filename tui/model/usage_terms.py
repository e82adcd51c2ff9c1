"""Terms of a response that change its price, and which versions of the CLI know them."""

from __future__ import annotations

from functools import lru_cache

FAST, BATCH, HOUR_AS_FIVE = "fast", "batch", "hour as five"
"""Fast mode; the batch tier; one-hour cache writes that the CLI prices like five-minute ones."""
_HOUR_PRICED = (2, 1, 81)
"""2.1.80 is the newest version seen to price them so, 2.1.197 the oldest seen not to."""


@lru_cache(maxsize=64)
def prices_hour_as_five(version: str) -> bool:
    """Whether this version of the CLI counts one-hour cache writes at the five-minute price."""
    try:
        numbers = tuple(map(int, version.split(".")[:3]))
    except ValueError:
        return False
    return len(numbers) == 3 and numbers < _HOUR_PRICED
