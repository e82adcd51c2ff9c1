"""Chance is masked as plain patterns would do it, and the quick test of beginnings agrees with it."""

from __future__ import annotations

import re

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tui.night.stuck.chance import mask
from tui.night.stuck.similarity import differ_early

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?"
_UNIT = (
    "(?:[nmuµμ]?s|[nmuµ]sec|secs?|seconds?|milliseconds?|microseconds?|mins?|minutes?|hrs?|hours?)"
)
_SPANS = [
    rf"(?<![\w.])(?=[0-9])(?:\d+h ?)?(?:\d+m ?)?\d[\d,]*(?:\.\d+)? ?{_UNIT}(?:/(?:op|iter|loop))?(?!\w)",
    r"(?<![\w.])(?=[0-9])\d+h ?\d+m(?!\w)",
    r"(?<![\w.])(?=[0-9])\d[\d,]*(?:\.\d+)? ?[kKMGT]?i?B/s(?:ec)?(?!\w)",
]
_KEPT = [
    r"(?<![:-])(?<![\w.])(?=[0-9])(?:[01]?\d|2[0-3]):[0-5]\d(?![\w:.])",
    r"(?<![\w.])1[5-9]\d{8}(?:\d{3})?(?![\w.])",
]
_PLAIN = [
    rf"(?<![\w.])(?i:{_UUID})(?!\w)",
    rf"(?<![\w.])(?P<day>[0-9]{{4}}-[01][0-9]-[0-3][0-9])[T ]{_CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?(?![\w:])",
    rf"(?<![:-])(?<![\w.])(?=[0-9]){_CLOCK}(?: ?[aApP][mM])?(?![\w:])",
    *(f"(?P<kept{number}>{each})" for number, each in enumerate(_KEPT)),
    r"(?<![\w.])0[xX][0-9a-fA-F]+(?!\w)",
    r"(?<![\w.])(?=[0-9]+[a-fA-F])(?:[0-9a-f]{7,64}|[0-9A-F]{7,64})(?!\w)",
    *(f"(?P<span{number}>{each})" for number, each in enumerate(_SPANS)),
    r"(?<![\w.])(?=[a-fA-F]+[0-9])(?:[0-9a-f]{7,64}|[0-9A-F]{7,64})(?!\w)",
    r"\b(?:pid|PID|Pid|tid|TID|[Pp]rocess id|[Tt]hread id)[\s:=#\[(]*\d+\b",
    r"\b[Tt]hread[- #:]*\d{6,}\b",
    r"\b[Pp]ort[\s:=]*\d{2,5}\b",
    r"(?:(?<=localhost)|(?<=\])|(?<=\.\d)|(?<=\.\d\d)|(?<=\.\d\d\d)):\d{4,5}\b",
    r"\b(?i:random(?:ized|ly)?(?: with)?[- ]seed)[\s:=]*\d+\b",
    r"(?:/private)?/(?:tmp|var/folders|var/tmp|dev/shm)/[^\s'\":,;)\]]+",
    r"\[\d+\]\s+\d{3,}\b",
    r"\[\d{3,}\](?=:)",
]
PLAINLY = re.compile("|".join(_PLAIN))
_COUNTDOWN = re.compile(r"\b(?:eta|remaining|left|to go)\b", re.IGNORECASE)
_UNITS = [
    "12",
    "7",
    "12345",
    "5s",
    "s",
    "S",
    "ſ",
    "m",
    "µs",
    "pm",
    "PM",
    "12:30",
    "12:30:01.5",
    "1.2",
]
_DATES = [
    "2026-05-28",
    "2026-05-28T20:26:50Z",
    "20:26",
    "run",
    "Run",
    "pid",
    "id",
    "session",
    "0x1f",
]
_IDS = [
    "1f3a9cd2",
    "deadbeef",
    "8d1c3a5e-0000-4000-8000-aaaaaaaaaaaa",
    "x1f3a9cd2",
    "/tmp/x",
    "a/tmp/b",
]
_MORE = [
    "abcdefab-abcd-abcd-abcd-abcdefabcdef",
    "/private/var/folders/ab",
    ":8080",
    ":80",
    "[1]",
    "[2]",
]
_SIGNS = [
    "[",
    "(",
    "#",
    "=",
    "-",
    ".",
    "foo",
    "bar",
    "run-5",
    "5-run",
    "é",
    "٣٤",
    "·",
    "a",
    "K",
    "port:",
    "ETA",
    "pid:",
    "(foo),",
    "[thread",
    "random-seed=",
    "Process",
    "left",
    "1m30s",
    "12.5 MB/s",
    "1790000000",
    "localhost:54321",
    "app[123]:",
]
PIECES = st.sampled_from([*_UNITS, *_DATES, *_IDS, *_MORE, *_SIGNS, "took", ",", "'", ")"])
SPACES = st.sampled_from([" ", " ", " ", "  ", "\n", "\t", "", "\u2003", "\x1c"])
TEXTS = st.lists(st.tuples(PIECES, SPACES), max_size=14).map(
    lambda parts: "".join(f"{piece}{space}" for piece, space in parts)
)
WORDS = st.lists(st.sampled_from(["foo", "bar", "5", "s", "5s", "7", "run", "1.2 s"]), max_size=9)


def plainly(text: str) -> str:
    counts_down = _COUNTDOWN.search(text) is not None

    def replaced(found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        if kind == "day":
            return f"{found['day']} ·"
        if kind.startswith("kept") or (kind.startswith("span") and counts_down):
            return found[0]
        return "·"

    return PLAINLY.sub(replaced, " ".join(text.split()))


@settings(deadline=None, max_examples=400)
@given(text=TEXTS)
def test_the_ordered_pattern_finds_what_the_plain_one_finds(text: str) -> None:
    assert mask(text) == plainly(text)


@settings(deadline=None, max_examples=400)
@given(one=TEXTS, other=TEXTS)
def test_what_plainly_begins_differently_is_different(one: str, other: str) -> None:
    same = plainly(one) == plainly(other)
    assert (mask(one) == mask(other)) is same
    if differ_early(one, other):
        assert not same


@settings(deadline=None, max_examples=400)
@given(one=WORDS, other=WORDS)
@example(one=["foo", "5", "s", "bar", "bar", "7s"], other=["foo", "5s", "bar", "bar", "7", "s"])
def test_numbers_that_come_and_go_are_the_same(one: list[str], other: list[str]) -> None:
    left, right = " ".join(one), " ".join(other)
    assert (mask(left) == mask(right)) is (plainly(left) == plainly(right))


@settings(deadline=None, max_examples=150)
@given(head=TEXTS, middle=PIECES, changed=PIECES, tail=TEXTS)
def test_one_change_in_a_long_text(head: str, middle: str, changed: str, tail: str) -> None:
    assume(middle != changed)
    one, other = (f"{'words before ' * 20}{head}{part} {tail}" for part in (middle, changed))
    assert (mask(one) == mask(other)) is (plainly(one) == plainly(other))


@settings(deadline=None, max_examples=400)
@given(text=TEXTS)
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@settings(deadline=None, max_examples=400)
@given(
    words=st.lists(st.sampled_from(["done", "rows", "of", "job", "run", "bytes", "line", "M"])),
    one=st.integers(0, 10**12),
    other=st.integers(0, 10**12),
    place=st.integers(0, 8),
)
def test_a_changed_number_is_never_the_same(
    words: list[str], one: int, other: int, place: int
) -> None:
    assume(one != other)
    left, right = (
        " ".join([*words[:place], str(number), *words[place:]]) for number in (one, other)
    )
    assert mask(left) != mask(right)
