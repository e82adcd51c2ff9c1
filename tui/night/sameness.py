"""When two answers of tools are the same answer: what differs by chance is taken out first."""

from __future__ import annotations

import re

from tui.night.seen import digest
from tui.patterns import lazy

_CHANCE = lazy(
    r"""
    [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}      # uuid
    | \d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?   # date, time
    | \b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:\ ?[ap]m)?\b             # clock
    | (?:/private)?/(?:tmp|var/folders|var/tmp|dev/shm)/[^\s'":,;)\]]*       # temporary paths
    | \b0x[0-9a-f]+\b                                                   # addresses
    | \b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b             # hashes
    | \b\d+(?:\.\d+)?\s?(?:[nmuµ]?s|secs?|seconds?|mins?|minutes?|hours?|hrs?|h|m)\b   # durations
    | \b(?:pid|process|thread|port|worker|job|tid|seed|session|run)(?:\s?id)?[\s:=#\[(]*\d+   # ids
    | \[\d+\]\s+\d+                                                   # shell jobs
    | :\d{4,5}\b                                                        # ports
    | \d{5,}                                                            # any long number
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SPACE = lazy(r"\s+")

_INFRASTRUCTURE = lazy(
    r"""\b(?:429|50[0234]|52[0-9])\b | rate.?limit | overloaded | service\ unavailable
    | bad\ gateway | gateway\ time | too\ many\ requests
    | ECONN(?:RESET|REFUSED|ABORTED) | ETIMEDOUT | EAI_AGAIN | ENOTFOUND
    | connection\ (?:refused|reset|timed\ out|aborted) | could\ not\ resolve\ host
    | temporary\ failure\ in\ name | network\ is\ unreachable | TLS\ handshake\ timeout""",
    re.VERBOSE | re.IGNORECASE,
)
_CHANT = 60
_CHANTS = 6


def fingerprint(text: str, exact: bool) -> int:
    """A digest of `text`; unless `exact`, times, ids, hashes and temporary paths do not matter."""
    if not exact:
        text = _CHANCE.sub("·", text)
    return digest(_SPACE.sub(" ", text).strip())


def infrastructure(text: str) -> bool:
    """Whether an error is the network's or a server's, which repeating may well cure."""
    return _INFRASTRUCTURE.search(text) is not None


def chanted(text: str) -> int:
    """How often a long text repeats its own end; 0 where that is not most of it."""
    text = text.rstrip()
    if len(text) < _CHANT * _CHANTS:
        return 0
    end = text[-_CHANT:]
    if len(set(end)) < 8:
        return 0
    step = len(text) - _CHANT - text.rfind(end, 0, len(text) - 1)
    return _rounds(text, step) if step <= len(text) - _CHANT else 0


def _rounds(text: str, step: int) -> int:
    """Rounds of `step` characters in which the end of `text` is the same, 0 if too few to tell."""
    start = len(text) - step
    unit = text[start:]
    rounds = 1
    while start >= step and text[start - step : start] == unit:
        start -= step
        rounds += 1
    return rounds if rounds >= _CHANTS and rounds * step * 2 >= len(text) else 0
