"""What differs in two texts by chance: masked here, and nothing else is.

Chance are durations, ids, hashes, addresses, ports, temporary paths and times of day. A number, a
count, a size, a job's id and a date are data. Whether a time of day is chance depends on the clock:
`mask_timed` keeps the times that it masked, so that who knows when the texts were written can tell.
"""

from __future__ import annotations

import re
from calendar import timegm
from enum import IntEnum
from typing import NamedTuple

from tui.system.lazy_pattern import lazy

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?"
_UNIT = (
    r"(?:[nmuµμ]?s|[nmuµ]sec|secs?|seconds?|milliseconds?|microseconds?|mins?|minutes?|hrs?|hours?)"
)
# Alternatives stand under what they begin with, and all under what any can begin with: most signs of
# a text begin none, and are passed with one look.
_CHANCE = lazy(
    rf"""
    (?=[0-9a-fA-FprtPRT/\[:\u2800-\u28ff◐-◓])
    (?:
        (?=[0-9])(?<![\w.])
        (?: (?i:{_UUID})(?!\w)
        | (?P<day>[0-9]{{4}}-[01][0-9]-[0-3][0-9])[T\ ](?P<moment>{_CLOCK})(?:Z|\ ?[+-]\d\d:?\d\d)?(?![\w:])
        | (?<![:-])(?P<time>{_CLOCK})(?:\ ?[aApP][mM])?(?![\w:])
        | (?<![:-])(?P<short>(?:[01]?\d|2[0-3]):[0-5]\d)(?![\w:.])
        | (?P<epoch>1[5-9]\d{{8}}(?:\d{{3}})?)(?![\w.])
        | 0[xX][0-9a-fA-F]+(?!\w)                                         # addresses
        | (?=[0-9]+[a-fA-F])(?:[0-9a-f]{{7,64}}|[0-9A-F]{{7,64}})(?!\w)     # hashes
        | (?P<span>
            (?:\d+h\ ?)?(?:\d+m\ ?)?\d[\d,]*(?:\.\d+)?\ ?{_UNIT}(?:/(?:op|iter|loop))?(?!\w)
          | \d+h\ ?\d+m(?!\w)
          | \d[\d,]*(?:\.\d+)?\ ?[kKMGT]?i?B/s(?:ec)?(?!\w) )
        )
    | (?=[a-fA-F])(?<![\w.])
        (?: (?i:{_UUID})(?!\w)
        | (?=[a-fA-F]+[0-9])(?:[0-9a-f]{{7,64}}|[0-9A-F]{{7,64}})(?!\w)     # hashes
        )
    | \b(?:pid|PID|Pid|tid|TID|[Pp]rocess\ id|[Tt]hread\ id)[\s:=\#\[(]*\d+\b
    | \b[Tt]hread[-\ \#:]*\d{{6,}}\b
    | \b[Pp]ort[\s:=]*\d{{2,5}}\b
    | (?:(?<=localhost)|(?<=\])|(?<=\.\d)|(?<=\.\d\d)|(?<=\.\d\d\d)):\d{{4,5}}\b
    | \b(?i:random(?:ized|ly)?(?:\ with)?[-\ ]seed)[\s:=]*\d+\b
    | (?:/private)?/(?:tmp|var/folders|var/tmp|dev/shm)/[^\s'":,;)\]]+
    | \[\d+\]\s+\d{{3,}}\b                                                # shell jobs
    | \[\d{{3,}}\](?=:)                                                  # syslog
    | [\u2800-\u28ff◐-◓]                                                 # spinners
    )
    """,
    re.VERBOSE,
)
PARTS_OF_CHANCE = frozenset(
    "pid tid process thread port random randomized randomly with seed id am pm"
    " ns ms us s nsec msec usec sec secs second seconds millisecond milliseconds microsecond"
    " microseconds min mins minute minutes h hr hrs hour hours".split()
)
"""Plain words, in lower case, that may be part of what is masked."""
_COUNTDOWN = lazy(r"\b(?:eta|remaining|left|to go)\b", re.IGNORECASE)
_MOST_CLOCKS = 64
_MASK = "·"


class ClockKind(IntEnum):
    """How a time was written: with its date, without it, without seconds, as seconds since 1970."""

    MOMENT = 0
    TIME = 1
    SHORT = 2
    EPOCH = 3


class Clock(NamedTuple):
    """A time in a text, in seconds of its day or since 1970."""

    kind: ClockKind
    value: float


class Masked(NamedTuple):
    """A text without what is chance; the times and the durations that were masked in it."""

    text: str
    clocks: tuple[Clock, ...] = ()
    spans: tuple[str, ...] = ()


def mask(text: str) -> str:
    """`text` without chance, where no time is known: times of day are chance, dates stay."""
    return mask_part(text, counts_down(text))


def counts_down(text: str) -> bool:
    """Whether a text says how long something still takes: its durations are data then."""
    return _COUNTDOWN.search(text) is not None


def mask_part(part: str, keeps_spans: bool) -> str:
    """What `mask` makes of a part of a text; `keeps_spans` where the whole one counts down."""

    def replaced(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind is None or kind == "time":
            return _MASK
        if kind == "moment":
            return f"{found['day']} {_MASK}"
        if kind == "span" and not keeps_spans:
            return _MASK
        return found[0]

    return _CHANCE.sub(replaced, " ".join(part.split()))


def mask_timed(text: str) -> Masked:
    """`text` without chance and without any time; the times are for the caller to compare."""
    keeps_spans = counts_down(text)
    clocks: list[Clock] = []
    spans: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind is None:
            return _MASK
        if kind == "span":
            if keeps_spans:
                return found[0]
            spans.append(found[0])
            return _MASK
        clock = _clock(kind, found)
        if clock is None or len(clocks) >= _MOST_CLOCKS:
            return found[0]
        clocks.append(clock)
        return _MASK

    masked = _CHANCE.sub(replaced, " ".join(text.split()))
    return Masked(masked, tuple(clocks), tuple(spans))


def _clock(kind: str, found: re.Match[str]) -> Clock | None:
    """The time that a match holds; None where its date does not exist."""
    if kind == "epoch":
        value = float(found["epoch"])
        return Clock(ClockKind.EPOCH, value / 1000 if value > 1e11 else value)
    hours, minutes, *seconds = found[kind].replace(",", ".").split(":")
    value = int(hours) * 3600 + int(minutes) * 60 + (float(seconds[0]) if seconds else 0.0)
    if kind == "short":
        return Clock(ClockKind.SHORT, value)
    if kind == "time":
        return Clock(ClockKind.TIME, value)
    year, month, day = map(int, found["day"].split("-"))
    if not (1970 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return Clock(ClockKind.MOMENT, timegm((year, month, day, 0, 0, 0)) + value)
