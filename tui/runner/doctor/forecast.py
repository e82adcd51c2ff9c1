"""What tonight will cost and which limit it meets first, by earlier nights. Pure: no file, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

LEAST_HOURS: Final = 0.1
"""A shorter night tells nothing of an hour's cost."""
_WINDOW_HOURS: Final = {"five_hour": 5.0}
_WEEK_HOURS: Final = 168.0
_FULL: Final = 1.0


class WindowUse(Struct, frozen=True):
    """How much of a plan's window was used (0 to 1) when a night mentioned it last.

    `per_hour` is by how much it grew in an hour of that night, None where that is not known.
    """

    window: str
    used: float
    at: float
    resets_at: float | None = None
    per_hour: float | None = None


class PastNight(Struct, frozen=True):
    """An earlier night: the hours in which the agent was at work, and what it cost where that is known."""

    hours: float
    usd: float | None = None
    windows: tuple[WindowUse, ...] = ()


class WindowForecast(Struct, frozen=True):
    """When a plan's window will be full; None where it resets before that, or nothing tells."""

    window: str
    used: float
    full_at: float | None = None
    resets_at: float | None = None


class Forecast(Struct, frozen=True):
    """When a run that starts now is over at the latest and what it costs at most; and what is likely.

    `nights` is how many earlier ones `usd_per_hour` rests on; `cost_limit_at` is when the cost limit would
    be hit at that rate.
    """

    ends_at: float | None
    usd: float | None
    nights: int = 0
    usd_per_hour: float | None = None
    cost_limit_at: float | None = None
    windows: tuple[WindowForecast, ...] = ()


def forecast_night(
    nights: Sequence[PastNight], *, now: float, hours: float | None, usd: float | None
) -> Forecast:
    """The forecast for a night that starts now with these limits, by nights of which the newest is first."""
    ends = None if hours is None else now + hours * 3600
    priced = [one for one in nights if one.usd is not None and one.hours >= LEAST_HOURS]
    rate = None
    if priced:
        rate = sum(one.usd or 0.0 for one in priced) / sum(one.hours for one in priced)
    hit = now + usd / rate * 3600 if usd is not None and rate else None
    return Forecast(ends, usd, len(priced), rate, hit, tuple(_windows(nights, now)))


def _windows(nights: Sequence[PastNight], now: float) -> list[WindowForecast]:
    uses: dict[str, list[WindowUse]] = {}
    for night in nights:
        for use in night.windows:
            uses.setdefault(use.window, []).append(use)
    return [_window(name, found, now) for name, found in uses.items()]


def _window(name: str, uses: Sequence[WindowUse], now: float) -> WindowForecast:
    newest = max(uses, key=lambda use: use.at)
    resets = newest.resets_at if newest.resets_at is not None and newest.resets_at > now else None
    # A window that has reset since is empty, as far as this machine knows.
    used = min(_FULL, max(0.0, newest.used)) if resets is not None else 0.0
    rates = [use.per_hour for use in uses if use.per_hour is not None and use.per_hour > 0]
    if not rates:
        return WindowForecast(name, used, None, resets)
    rate = sum(rates) / len(rates)
    full = now + (_FULL - used) / rate * 3600
    if resets is not None and full > resets:
        # It is empty again before; from then on a whole one has to be used up within its own length.
        length = _WINDOW_HOURS.get(name, _WEEK_HOURS)
        return WindowForecast(
            name, used, resets + _FULL / rate * 3600 if _FULL / rate < length else None, resets
        )
    if resets is None and _FULL / rate >= _WINDOW_HOURS.get(name, _WEEK_HOURS):
        return WindowForecast(name, used)
    return WindowForecast(name, used, full, resets)
