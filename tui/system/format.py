"""Numbers and times as text: every format of the screen, the commands and the journal.

Formats for columns say how wide they are; all others are for sentences.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

_BARS: Final = "▁▂▃▄▅▆▇█"


# --- durations ---


def format_duration(seconds: float) -> str:
    """A duration in a sentence: "0 s", "4 min 12 s", "3 h 5 min", "2 days 4 h"."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def format_duration_short(seconds: float) -> str:
    """How long something took, in at most six columns: 0.4s, 18.2s, 4m12s, 3h12m, 2d4h."""
    seconds = max(0.0, seconds)
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 100:
        return f"{hours}h{minutes:02}m"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours}h" if days < 1000 else ">999d"


def format_duration_row(seconds: float) -> str:
    """A duration in a row of the events pane: "0.4s", "59.3s", "3m05s", "8h00m", "50h10m"."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"


def format_duration_rough(seconds: float) -> str:
    """A duration with no more figures than a person needs: 40s, 12m, 5h02m."""
    whole = round(max(0.0, seconds))
    if whole < 100:
        return f"{whole}s"
    minutes = round(whole / 60)
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"


def format_duration_clock(seconds: float) -> str:
    """Hours, minutes and seconds as the original's log writes them: "10:04:07"."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def format_running(seconds: float) -> str:
    """How long something has been going on, without fractions: 0s, 47s, 4m12s, 3h12m."""
    return f"{int(max(0.0, seconds))}s" if seconds < 100 else format_duration_short(seconds)


def format_idle(seconds: float) -> str:
    """Minutes and seconds since the last sign of life: 0:04, 12:30, 1h04m."""
    whole = int(max(0.0, seconds))
    return f"{whole // 60}:{whole % 60:02}" if whole < 3600 else format_duration_short(whole)


def format_age(seconds: float) -> str:
    """A rough age: now, 40s, 9m, 3h, 2d."""
    whole = int(max(0.0, seconds))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if whole >= length:
            return f"{whole // length}{unit}"
    return f"{whole}s" if whole >= 5 else "now"


# --- moments, local ---


def format_local(at: float, pattern: str = "%H:%M", unknown: str = "?") -> str:
    """Local time in a pattern of `strftime`; `unknown` for what no calendar holds."""
    try:
        return time.strftime(pattern, time.localtime(at))
    except (ValueError, OverflowError, OSError):
        return unknown


def format_clock(at: float | None, seconds: bool = True) -> str:
    """Local time of day in eight columns, or five; a blank of the same width when unknown."""
    width = 8 if seconds else 5
    if at is None:
        return " " * width
    return format_local(at, "%H:%M:%S" if seconds else "%H:%M", "?" * width)


def iso(at: float | None) -> str | None:
    """A moment as ISO 8601 with milliseconds, UTC; None stays None."""
    if at is None:
        return None
    from datetime import UTC, datetime

    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_weekday_clock(at: float, unknown: str = "?") -> str:
    """ "Tue 05:00", for what may not be today."""
    return format_local(at, "%a %H:%M", unknown)


# --- money ---


def format_money(usd: float) -> str:
    """Dollars in eight columns: "$812.30", "$1,219", "<$0.01"."""
    if 0 < usd < 0.005:
        return "<$0.01"
    return f"${usd:,.2f}" if usd < 1000 else f"${usd:,.0f}"


def format_signed(sign: str, usd: float) -> str:
    """Money with a sign before it; less than a cent has none."""
    return format_money(usd) if 0 < usd < 0.005 else sign + format_money(usd)


def format_money_long(usd: float | None) -> str:
    """Dollars in a document: "$1,219.15", "under $0.01"; a dash when unknown."""
    if usd is None:
        return "–"
    return "under $0.01" if 0 < usd < 0.005 else f"${usd:,.2f}"


def format_money_plain(usd: float) -> str:
    """Dollars and cents without separators, as logs and commands write them: "$1219.15"."""
    return f"${usd:.2f}"


def format_money_exact(usd: float) -> str:
    """Dollars to the millionth, as the CLI has them: "$0.012345"."""
    return f"${usd:.6f}"


# --- sizes ---


def format_size(octets: float) -> str:
    """Bytes in seven columns: 812 B, 4.1 kB, 412 MB."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= length:
            share = octets / length
            return f"{share:.1f} {unit}" if share < 10 else f"{share:,.0f} {unit}"
    return f"{octets:.0f} B"


def format_size_long(octets: int) -> str:
    """Bytes in a document, always with a decimal: 812 B, 4.1 kB, 412.0 MB."""
    amount, unit = _scaled(octets, 1000, "B kB MB GB")
    return f"{amount:.1f} {unit}" if unit != "B" and amount < 1000 else f"{amount:,.0f} {unit}"


def format_size_binary(octets: float) -> str:
    """Bytes in two figures: 812 B, 4.1 KiB, 25 MiB."""
    amount, unit = _scaled(octets, 1024, "B KiB MiB GiB")
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"


def format_size_limit(octets: int) -> str:
    """Bytes as limits are set, a decimal only where it is needed: "512 bytes", "1.5 KiB", "25 MiB"."""
    amount, unit = _scaled(octets, 1024, "bytes KiB MiB GiB TiB")
    return f"{amount:.0f} {unit}" if amount == int(amount) else f"{amount:.1f} {unit}"


def format_size_counted(octets: int) -> str:
    """The size of a file in a sentence: "1 byte", "812 bytes", "4.1 KiB", "25.0 MiB"."""
    amount, unit = _scaled(octets, 1024, "bytes KiB MiB GiB")
    return f"{amount:.1f} {unit}" if unit != "bytes" else format_count(octets, "byte")


def _scaled(number: float, step: int, units: str) -> tuple[float, str]:
    """A number of the first unit in the unit that leaves it below `step`, or in the last."""
    *smaller, last = units.split()
    for unit in smaller:
        if number < step:
            return number, unit
        number /= step
    return number, last


def format_text_size(characters: int) -> str:
    """How much text there is: "812 characters", "4.1 kB"."""
    return f"{characters / 1000:.1f} kB" if characters >= 1000 else f"{characters} characters"


# --- counts ---


def format_number(number: float) -> str:
    """A count in at most five columns: 940, 12.4k, 3.1M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            share = number / size
            return f"{share:.1f}{unit}" if share < 100 else f"{share:.0f}{unit}"
    return f"{number:.0f}"


def format_count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 task", "3 tasks", "1,204 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def format_count_plain(number: int, one: str) -> str:
    """As `format_count`, without separators: "1 line", "1204 lines"."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def sparkline(values: Sequence[float | None]) -> str:
    """Values as bars, oldest first; a blank where nothing is known."""
    top = max((value for value in values if value is not None), default=0.0)
    if not top:
        return ""
    last = len(_BARS) - 1
    return "".join(
        " " if value is None else _BARS[min(last, int(value / top * last))] for value in values
    )


# --- shortening ---


def clip_text(text: str, limit: int) -> str:
    """The text in at most `limit` characters; an ellipsis stands for what is left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shorten(text: str, limit: int = 80) -> str:
    """The first line of `text`, at most `limit` characters."""
    return clip_text(text.strip().split("\n", 1)[0], limit)


def shorten_line(text: str, limit: int) -> str:
    """All of `text` as one line, at most `limit` characters."""
    return clip_text(" ".join(text.split()), limit)


def fit_cells(text: str, cells: int) -> str:
    """The beginning of a line that fits into so many cells of a terminal; wide characters take two."""
    from unicodedata import combining, east_asian_width

    used = 0
    for place, character in enumerate(text):
        if not combining(character):
            used += 2 if east_asian_width(character) in "WF" else 1
        if used > cells:
            return text[:place].rstrip()
    return text.rstrip()
