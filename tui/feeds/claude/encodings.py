"""Lines of a UTF-16 file, and what programs that collect output write before each line.

A follower cuts a file at bytes 0A. In UTF-16 the other byte of a line's end stays with this line or begins the
next one, so a line tells by itself how it is written; nothing need be known of the file.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from tui.feeds.claude.lenient_values import UNREADABLE, epoch_seconds
from tui.system.lazy_pattern import lazy
from tui.system.sgr import strip_ansi

_BOM = b"\xef\xbb\xbf"
_LITTLE, _BIG = b"\xff\xfe", b"\xfe\xff"
_LEAST = 4
_LONGEST_PREFIX = 200
_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?Z|\s?[+-]\d\d:?\d\d|\sUTC)?"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_SYSLOG = rf"[A-Z][a-z]{{2}}\s+\d{{1,2}}\s{_CLOCK}(?:\s[\w.-]+(?=\s[\w./-]+(?:\[\d+\])?:))?"
_PREFIX = lazy(
    rf"(?>\s|\ufeff|{_TIME}|{_SYSLOG}|{_CLOCK}|\[[^\[\]{{}}\"]{{1,80}}\]|[\w./@-]{{1,80}}+(?:\[\d+\])?\s*[|:>]|\|"
    r"|(?:stdout|stderr|out|err|info|log|debug)\b:?|[FP]\b|\d\d[OE]\b\+?|[>»•-])++",
    re.IGNORECASE,
)
_STAMP = lazy(_TIME)


class LinePrefix(NamedTuple):
    """What stood before a record on its line; `at` is the time that it names, with its zone or UTC."""

    at: float | None


def utf16_text(line: bytes) -> bytes | None:
    """A line of a UTF-16 file as UTF-8; None for a line of any other."""
    if len(line) < _LEAST or line[:_SAMPLE].count(0) < _FEWEST_ZEROS * len(line[:_SAMPLE]):
        return None
    order = {_LITTLE: "utf-16-le", _BIG: "utf-16-be"}.get(line[:2], "")
    if order:
        return _decoded(line[2:], order)
    shares = [
        (_letters(line[start:_SAMPLE], one), start, one) for start in (0, 1) for one in _ORDERS
    ]
    likely = sorted((one for one in shares if one[0] > _LEAST_LETTERS), reverse=True)
    readings = [_decoded(line[start:], order) for _, start, order in likely]
    # Of letters that are no ASCII the wrong order makes others; only one of the two is a record.
    return next(filter(_is_json, readings), readings[0] if readings else None)


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except UNREADABLE:
        return False
    return True


_ORDERS = ("utf-16-le", "utf-16-be")
_SAMPLE = 400
_FEWEST_ZEROS = 0.2
_LEAST_LETTERS = 0.6


def _letters(sample: bytes, order: str) -> float:
    """The share of ASCII characters in a sample read so."""
    text = sample[: len(sample) // 2 * 2].decode(order, "replace")
    return sum("\t" <= sign <= "~" for sign in text) / max(1, len(text))


def _decoded(data: bytes, order: str) -> bytes:
    text = data[: len(data) // 2 * 2].decode(order, "replace")
    return text.strip("\0\r\n").encode("utf-8", "replace")


def read_prefix(text: bytes) -> LinePrefix | None:
    """What a collector of output wrote before a record; None where it is words of the agent's own.

    GitHub Actions and `docker logs -t` write a time, docker compose a name and a bar, others a tag in brackets.
    """
    if len(text) > _LONGEST_PREFIX:
        return None
    words = strip_ansi(text.decode("utf-8", "replace"))
    if not _PREFIX.fullmatch(words):
        return None
    stamp = _STAMP.search(words)
    return LinePrefix(None if stamp is None else epoch_seconds(_iso(stamp.group())))


def _iso(stamp: str) -> str:
    return stamp.replace(",", ".").replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+")


def plain_record(line: bytes) -> bytes:
    """The JSON object or list of a line, in UTF-8 and without a prefix; empty where it holds none."""
    text = (utf16_text(line) or line).removeprefix(_BOM).strip()
    if text[:1] in (b"{", b"["):
        return text
    begin = text.find(b"{", 0, _LONGEST_PREFIX + 1)
    return text[begin:] if begin > 0 and read_prefix(text[:begin]) is not None else b""
