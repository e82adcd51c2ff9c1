"""What differs in two texts by chance: masked here, and nothing else is.

Chance are durations, ids, hashes, addresses, ports, temporary paths and times of day. A number, a
count, a size, a job's id, a date and the id of a commit just made are data. Whether a time of day is
chance depends on the clock: `mask_timed` keeps the times that it masked, so that who knows when the
texts were written can tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from enum import IntEnum
from typing import NamedTuple

from tui.system.lazy_pattern import lazy

# The first sign is taken first, so that the search leaps over all others, and is looked back at.
_CLOCK = r"(?:(?<=[01])\d|(?<=2)[0-3])?:[0-5]\d:[0-5]\d(?:[.,]\d+)?"
_UNIT = (
    r"(?:[nmuµμ]?s|[nmuµ]sec|secs?|seconds?|milliseconds?|microseconds?|mins?|minutes?|hrs?|hours?)"
    r"(?:/(?:op|iter|loop))?(?!\w)"
)
_FIGURE = r"[\d,]{0,60}(?:\.\d+)?\ ?"
_CHANCE = lazy(
    rf"""
    [0-9a-fA-FprtPRT/\[:\u2800-\u28ff◐-◓]
    (?: (?<!\w\w)
      (?:
        (?<![\w.].)
        (?: (?<=[0-9])
            (?: (?i:[0-9a-f]{{7}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})(?!\w)              # uuid
            | (?P<moment>[0-9]{{3}}-[01][0-9]-[0-3][0-9][T\ ]
                (?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|\ ?[+-]\d\d:?\d\d)?(?![\w:]))
            | (?<![:-].)(?P<time>{_CLOCK}(?:\ ?[aApP][mM])?(?![\w:]))
            | (?<![:-].)(?P<short>(?:(?<=[01])\d|(?<=2)[0-3])?:[0-5]\d(?![\w:.]))
            | (?P<epoch>(?<=1)[5-9]\d{{8}}(?:\d{{3}})?(?![\w.]))
            | (?<=0)[xX][0-9a-fA-F]+(?!\w)                                         # addresses
            | (?=[0-9]*[a-fA-F])(?:[0-9a-f]{{6,63}}|[0-9A-F]{{6,63}})(?!\w)          # hashes
            | (?P<span>
                (?:\d*h\ ?(?:\d+m\ ?)?\d|\d*m\ ?\d)?{_FIGURE}{_UNIT}
              | \d*h\ ?\d+m(?!\w)
              | {_FIGURE}[kKMGT]?i?B/s(?:ec)?(?!\w) )
            )
        | (?<=[a-fA-F])
            (?: (?i:[0-9a-f]{{7}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})(?!\w)
            | (?=[a-fA-F]*[0-9])(?:(?<![A-F])[0-9a-f]{{6,63}}|(?<![a-f])[0-9A-F]{{6,63}})(?!\w)
            )
        )
    | (?<!\w.)
        (?: (?<=[pP])(?:(?:id|(?<=P)ID|rocess\ id)[\s:=\#\[(]*\d+\b | ort[\s:=]*\d{{2,5}}\b)
        | (?<=[tT])(?:(?:(?<=t)id|(?<=T)ID|hread\ id)[\s:=\#\[(]*\d+\b | hread[-\ \#:]*\d{{6,}}\b)
        | (?<=[rR])(?i:andom(?:ized|ly)?(?:\ with)?[-\ ]seed)[\s:=]*\d+\b
        )
      )
    | (?<=/)(?:private/)?(?:tmp|var/folders|var/tmp|dev/shm)/[^\s'":,;)\]]+
    | (?<=\[)(?:\d+\]\s+\d{{3,}}\b | \d{{3,}}\](?=:))                            # jobs, syslog
    | (?<=:)(?:(?<=localhost:)|(?<=\]:)|(?<=\.\d:)|(?<=\.\d\d:)|(?<=\.\d\d\d:))\d{{4,5}}\b
    | (?<=[\u2800-\u28ff◐-◓])                                                   # spinners
    )
    """,
    re.VERBOSE,
)
_TIME = lazy(r"(\d+):(\d\d)(?::(\d\d(?:[.,]\d+)?))?")
PARTS_OF_CHANCE = frozenset(
    "pid tid process thread port random randomized randomly with seed id am pm"
    " ns ms us s nsec msec usec sec secs second seconds millisecond milliseconds microsecond"
    " microseconds min mins minute minutes h hr hrs hour hours".split()
)
"""Plain words, in lower case, that may be part of what is masked."""
_COMMITTED = lazy(r"\[[\w/.@+-]+ (?:\(root-commit\) )?\Z")
_COUNTDOWN = lazy(r"\b(?:eta|remaining|left|to go)\b", re.IGNORECASE)
_MOST_CLOCKS = 64
_EPOCH = date(1970, 1, 1).toordinal()
_MASK = "·"
_SIGNS = ".,;:!?()<>{}'\"*=-|"


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
        if kind is None:
            return found[0] if _is_commit(found) else _MASK
        if kind == "time":
            return _MASK
        if kind == "moment":
            return f"{found[0][:10]} {_MASK}"
        if kind == "span" and not keeps_spans:
            return _MASK
        return found[0]

    return _substitute(replaced, part)


def mask_timed(text: str) -> Masked:
    """`text` without chance and without any time; the times are for the caller to compare."""
    keeps_spans = counts_down(text)
    clocks: list[Clock] = []
    spans: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind is None:
            return found[0] if _is_commit(found) else _MASK
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

    masked = _substitute(replaced, text)
    return Masked(masked, tuple(clocks), tuple(spans))


def _substitute(replaced: Callable[[re.Match[str]], str], text: str) -> str:
    """`text` with single blanks, and with what is `replaced`; plain words cost next to nothing."""
    parts: list[str] = []
    others: list[str] = []
    for word in text.split():
        bare = word if word.isalpha() else word.strip(_SIGNS)
        if bare.isalpha() and bare.isascii() and bare.lower() not in PARTS_OF_CHANCE:
            if others:
                parts.append(_CHANCE.sub(replaced, " ".join(others)))
                others = []
            parts.append(word)
        else:
            others.append(word)
    if others:
        parts.append(_CHANCE.sub(replaced, " ".join(others)))
    return " ".join(parts)


def _is_commit(found: re.Match[str]) -> bool:
    """Whether a hash is the id that git prints of a new commit: "[main 1a2b3c4] words"."""
    start, end = found.span()
    if not 7 <= end - start <= 12 or found.string[end : end + 1] != "]":
        return False
    return _COMMITTED.search(found.string[max(0, start - 80) : start]) is not None


def _clock(kind: str, found: re.Match[str]) -> Clock | None:
    """The time that a match holds; None where its date does not exist."""
    text = found[0]
    if kind == "epoch":
        value = float(text)
        return Clock(ClockKind.EPOCH, value / 1000 if value > 1e11 else value)
    parts = _TIME.search(text, 11 if kind == "moment" else 0)
    if parts is None:
        return None
    hours, minutes, seconds = parts.groups()
    value = int(hours) * 3600 + int(minutes) * 60 + float((seconds or "0").replace(",", "."))
    if kind != "moment":
        return Clock(ClockKind.SHORT if kind == "short" else ClockKind.TIME, value)
    year, month, day = map(int, text[:10].split("-"))
    if not (1970 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    days = date(year, month, 1).toordinal() + day - 1 - _EPOCH
    return Clock(ClockKind.MOMENT, 86_400 * days + value)
