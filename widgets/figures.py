"""Numbers as a tired person reads them: durations, clocks, money, sizes, counts."""

from __future__ import annotations

import time


def clock(at: float | None, seconds: bool = True) -> str:
    """Local time of day, blank of the same width when unknown."""
    width = 8 if seconds else 5
    if at is None:
        return " " * width
    try:
        return time.strftime("%H:%M:%S" if seconds else "%H:%M", time.localtime(at))
    except (ValueError, OverflowError, OSError):
        return "?" * width


def duration(seconds: float) -> str:
    """How long something took, in at most six columns: 0.4s, 18.2s, 4m12s, 3h12m, 2d4h."""
    seconds = max(0.0, seconds)
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 100:
        return f"{hours}h{minutes:02}m"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours}h" if days < 1000 else ">999d"


def running(seconds: float) -> str:
    """How long something has been going on, without fractions: 0s, 47s, 4m12s, 3h12m."""
    return f"{int(max(0.0, seconds))}s" if seconds < 100 else duration(seconds)


def idle(seconds: float) -> str:
    """Minutes and seconds since the last sign of life: 0:04, 12:30, 1h04m."""
    whole = int(max(0.0, seconds))
    return f"{whole // 60}:{whole % 60:02}" if whole < 3600 else duration(whole)


def age(seconds: float) -> str:
    """A rough age: now, 40s, 9m, 3h, 2d."""
    whole = int(max(0.0, seconds))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if whole >= length:
            return f"{whole // length}{unit}"
    return f"{whole}s" if whole >= 5 else "now"


def money(usd: float) -> str:
    """Dollars: cents below a thousand, none above; what is less than a cent says so."""
    if 0 < usd < 0.005:
        return "<$0.01"
    return f"${usd:,.2f}" if usd < 1000 else f"${usd:,.0f}"


def count(number: float) -> str:
    """A count in at most five columns: 940, 12.4k, 3.1M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            share = number / size
            return f"{share:.1f}{unit}" if share < 100 else f"{share:.0f}{unit}"
    return f"{number:.0f}"


def size(octets: float) -> str:
    """Bytes: 812 B, 4.1 kB, 412 MB."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= length:
            share = octets / length
            return f"{share:.1f} {unit}" if share < 10 else f"{share:,.0f} {unit}"
    return f"{octets:.0f} B"
