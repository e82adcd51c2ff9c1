"""What the words of a usage limit say: which window is used up, and when it resets.

Every version words it differently, and none tells the whole moment: a clock with or without a date, a zone
or a year. What is left open is taken from when the words were written; what stays ambiguous is no moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from tui.model.failures import LimitNotice
from tui.system.lazy_pattern import lazy

# The text names full minutes: one that has just begun is now, not tomorrow.
_PRESENT = 60.0
_FIVE_HOURS = 5 * 3600 + 600.0
_DAY = timedelta(days=1)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

_EPOCH = lazy(r"limit reached\s*\|\s*(\d{9,11}|\d{13})\b", re.I)
_RESET = lazy(r"\b(?:reset(?:s|ting)?|regain access)\b:?(?:\s+(?:at|on))?\s+(?=\S)", re.I)
_SPAN = lazy(
    r"in\s+((?:~?\d+\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])[\s,]*"
    r"(?:and\s+)?)+)",
    re.I,
)
_SPAN_PART = lazy(r"(\d+)\s*([dhms])", re.I)
_ISO = lazy(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ]| at )(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z\b|UTC\b|[+-]\d\d:?\d\d)?"
)
_DATE = lazy(
    r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?P<day>\d{1,2})"
    r"(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>\d{4})\b)?(?:\s*,|\s+at\b)?\s*",
    re.I,
)
_WEEKDAYS = "mon tue wed thu fri sat sun".split()
_WEEKDAY = lazy(
    r"(mon|tue|wed|thu|fri|sat|sun)(?:s|r|rs|nes|ur)?(?:day)?\b\.?(?:\s*,|\s+at\b)?\s*", re.I
)
_CLOCK = lazy(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?::\d\d)?(?!\d)(?:[\s\u202f\xa0]*(?P<half>[ap])\.?m\b\.?)?",
    re.I,
)
_ZONE = lazy(r"[\s\u202f\xa0]*(?:\(([^()]{1,60})\)|((?-i:[A-Z]{1,4}T|UTC|GMT|Z))\b)")
_OFFSET = lazy(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?\Z", re.I)
_ZONE_NAME = lazy(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}\Z")

_MODEL = lazy(r"\b(opus|sonnet|haiku|fable)\b", re.I)
_OWN_MODEL = lazy(r"\byour ([A-Z][a-z]+)(?: [\d.]+)? limit\b")
_FIVE = lazy(r"\b(?:session|5[- ]?h(?:ou)?rs?|five[- ]hour)\b", re.I)
_EXTRA = lazy(r"\b(?:extra usage|usage credits?)\b", re.I)

_WINDOWS = {"five_hour": "five_hour", "seven_day": "weekly", "overage": "extra usage"}


def window_of(code: str) -> str:
    """The window that the CLI calls `code` in its events (`rateLimitType`)."""
    known = _WINDOWS.get(code)
    if known is not None:
        return known
    model = code.removeprefix("seven_day_")
    if model == code:
        return code
    return f"{model.capitalize()} weekly" if model.isalpha() else "weekly"


def read_limit(text: str, at: float | None, zone: tzinfo | None = None) -> LimitNotice:
    """The limit that a text tells of.

    `at` is when it was written; without it only a whole moment is read. `zone` holds for clocks without
    a zone of their own; None is the machine's.
    """
    told = _EPOCH.search(text)
    if told is not None:
        epoch = int(told[1]) / (1000 if len(told[1]) == 13 else 1)
        return LimitNotice(_window(text), epoch)
    reset = _read_reset(text, at, zone)
    window = _window(text if reset.start is None else text[: reset.start] + reset.words)
    if window != "five_hour" or reset.whole or at is None:
        return LimitNotice(window, reset.at, reset.words, reset.latest)
    moment = reset.at
    if moment is not None and moment - at > _FIVE_HOURS:
        moment = None  # said too late, or by the clock of another zone
    return LimitNotice(window, moment, reset.words, at + _FIVE_HOURS if moment is None else None)


def _window(text: str) -> str:
    """Which limit it is; the last one named counts, as a reset stands behind its limit."""
    lowered = text.lower()
    model = _MODEL.search(text) or _OWN_MODEL.search(text)
    if _FIVE.search(text):
        return "five_hour"
    if model is not None and model[1].lower() not in ("claude", "usage"):
        return f"{model[1].capitalize()} weekly"
    for word in ("weekly", "monthly"):
        if word in lowered:
            return word
    return "extra usage" if _EXTRA.search(text) else ""


class _Reset(NamedTuple):
    """What a text says of a reset: the moment, the words for it, and where they begin."""

    at: float | None = None
    words: str = ""
    latest: float | None = None
    start: int | None = None
    whole: bool = False


def _read_reset(text: str, at: float | None, zone: tzinfo | None) -> _Reset:
    """The first reset that can be read, else the words of the first one."""
    first: _Reset | None = None
    for match in _RESET.finditer(text):
        found = _read_moment(text, match.end(), at, zone)
        if found is None:
            continue
        end, moment = found
        words = f"resets {text[match.end() : end].strip()}"
        read = _Reset(moment.at, words, moment.latest, match.start(), moment.whole)
        if read.at is not None:
            return read
        first = first or read
    return first or _Reset()


class _Moment(NamedTuple):
    at: float | None = None
    latest: float | None = None
    whole: bool = False


def _read_moment(
    text: str, start: int, at: float | None, zone: tzinfo | None
) -> tuple[int, _Moment] | None:
    """The moment written from `start` on, and where its words end; None where none is written."""
    if (span := _SPAN.match(text, start)) is not None:
        return span.end(), _Moment(None if at is None else at + _seconds(span[1]), None, True)
    if (iso := _ISO.match(text, start)) is not None:
        return iso.end(), _Moment(_iso_moment(iso), None, True)
    day = _DATE.match(text, start) or _WEEKDAY.match(text, start)
    clock = _CLOCK.match(text, day.end() if day is not None else start)
    if day is None and clock is None:
        return None
    end = max(found.end() for found in (day, clock) if found is not None)
    named = _ZONE.match(text, end)
    if named is not None:
        end = named.end()
        zone = _zone(named[1] or named[2])
    if at is None or (named is not None and zone is None):
        return end, _Moment()
    return end, _dated(day, clock, at, zone)


def _dated(
    day: re.Match[str] | None, clock: re.Match[str] | None, at: float, zone: tzinfo | None
) -> _Moment:
    hour = _time(clock) if clock is not None else None
    if day is not None and day.re.groups == 1:
        weekday = _WEEKDAYS.index(day[1].lower())
        if clock is None:
            return _Moment(latest=_next(time(23, 59), at, zone, weekday))
        return _Moment(None if hour is None else _next(hour, at, zone, weekday))
    if day is not None:
        return _on_day(day, clock is not None, hour, at, zone)
    return _Moment(None if hour is None else _next(hour, at, zone))


def _seconds(span: str) -> float:
    units = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
    return sum(int(number) * units[unit.lower()] for number, unit in _SPAN_PART.findall(span))


def _iso_moment(match: re.Match[str]) -> float | None:
    """None without a zone: it is the clock of a server that nobody knows."""
    if match[7] is None:
        return None
    zone = UTC if match[7] in ("Z", "UTC") else _zone(match[7])
    try:
        year, month, day, hour, minute = (int(match[part]) for part in range(1, 6))
        moment = datetime(year, month, day, hour, minute, int(match[6] or 0), tzinfo=zone)
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None


def _time(match: re.Match[str]) -> time | None:
    """A time of day; None for an hour that may be in either half of the day."""
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    elif match["minute"] is None:
        return None
    try:
        return time(hour, minute)
    except ValueError:
        return None


def _zone(name: str) -> tzinfo | None:
    """A zone by its name or its distance from UTC; None for one that nobody here knows."""
    name = name.strip()
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    if (offset := _OFFSET.match(name)) is not None:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes >= 24 * 60:
            return None
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    if _ZONE_NAME.match(name) is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _moments(day: date, clock: time, zone: tzinfo | None) -> Iterator[float]:
    """When a clock shows this time on this day: once, twice where it is set back, never where forward."""
    for fold in (0, 1):
        naive = datetime.combine(day, clock).replace(fold=fold)
        try:
            moment = naive.replace(tzinfo=zone).timestamp()
            shown = datetime.fromtimestamp(moment, zone).replace(tzinfo=None, fold=0)
        except (ValueError, OverflowError, OSError):
            continue
        if shown == naive.replace(fold=0):
            yield moment


def _next(clock: time, at: float, zone: tzinfo | None, weekday: int | None = None) -> float | None:
    """The next moment at which the clock shows this time; None where it may be one of two."""
    try:
        today = datetime.fromtimestamp(at, zone).date()
        for day in (today + number * _DAY for number in range(9)):
            if weekday not in (None, day.weekday()):
                continue
            ahead = {moment for moment in _moments(day, clock, zone) if moment >= at - _PRESENT}
            if ahead:
                return ahead.pop() if len(ahead) == 1 else None
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _on_day(
    match: re.Match[str], has_clock: bool, clock: time | None, at: float, zone: tzinfo | None
) -> _Moment:
    """The moment on a day whose year is the one that lies nearest, unless it is written."""
    month, number = _MONTHS.index(match["month"].lower()) + 1, int(match["day"])
    try:
        this_year = datetime.fromtimestamp(at, zone).year
    except (ValueError, OverflowError, OSError):
        return _Moment()
    years = (int(match["year"]),) if match["year"] else (this_year - 1, this_year, this_year + 1)
    days = []
    for year in years:
        try:
            days.append(date(year, month, number))
        except ValueError:
            continue
    if has_clock:
        if clock is None:
            return _Moment()
        near = sorted(
            {moment for day in days for moment in _moments(day, clock, zone)},
            key=lambda m: abs(m - at),
        )
        if len(near) > 1 and abs(near[0] - near[1]) < 86_400:
            return _Moment()  # this hour comes twice
        return _Moment(near[0] if near else None)
    ends = [moment for day in days for moment in _moments(day, time(23, 59), zone)]
    return _Moment(latest=min(ends, key=lambda moment: abs(moment - at), default=None))
