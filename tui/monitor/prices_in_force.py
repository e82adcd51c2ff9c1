"""The table of prices that the settings ask for: built in, of a file, their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tui.night.usage.prices import PricePerMillion, PriceTable
from tui.system.files import regular_file
from tui.system.sanitize import clean_line

if TYPE_CHECKING:
    from tui.night.usage.price_file import PriceFile

_MOST: Final = 64 * 1024 * 1024
_SHOWN: Final = 200


def price_table(prices: Mapping[str, PricePerMillion], path: str | None) -> PriceTable:
    """The table in force; where the file gives no prices, the built-in ones hold and `problem` says why."""
    if not path:
        return PriceTable(prices)
    found = _read(path)
    if isinstance(found, str):
        return PriceTable(prices, problem=f"prices_file {clean_line(path, _SHOWN)} {found}")
    return PriceTable(prices, found)


def _read(path: str) -> PriceFile | str:
    """The prices of a file, or why there are none, in words that fit behind its name."""
    whole = os.path.expanduser(path)
    if not whole.startswith("/"):
        return "does not begin with / or ~"
    try:
        status = os.stat(whole)
    except (OSError, ValueError) as error:
        return _unreadable(error)
    return _read_once(path, whole, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=2)
def _read_once(path: str, whole: str, changed: int, size: int) -> PriceFile | str:
    from tui.night.usage.price_file import PriceFile, PriceFileError, read_prices

    if size > _MOST:
        return f"is larger than {_MOST >> 20} MiB"
    try:
        with (
            regular_file(whole, follow=True) as (descriptor, _),
            os.fdopen(descriptor, "rb", closefd=False) as file,
        ):
            data = file.read(_MOST)
    except (OSError, ValueError) as error:
        return _unreadable(error)
    try:
        entries = read_prices(data)
    except PriceFileError as error:
        return str(error)
    day = datetime.fromtimestamp(changed / 1e9, UTC).date().isoformat()
    return PriceFile(entries, f"{day} ({clean_line(path, _SHOWN)}", f"{whole} {changed} {size}")


def _unreadable(error: Exception) -> str:
    why = getattr(error, "strerror", None) or str(error)
    return f"cannot be read: {clean_line(why, _SHOWN)}"
