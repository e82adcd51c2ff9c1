"""The quick ways to tell answers apart say what the thorough one says."""

from __future__ import annotations

import re

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tui.night.stuck import similarity
from tui.night.stuck.similarity import are_similar, differ_early, fingerprint

PLAINLY = re.compile(
    r"""
    [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
    | \d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?
    | \b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:\ ?[ap]m)?\b
    | (?:/private)?/(?:tmp|var/folders|var/tmp|dev/shm)/[^\s'":,;)\]]*
    | \b0x[0-9a-f]+\b
    | \b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b
    | \b\d+(?:\.\d+)?\s?(?:[nmuµ]?s|secs?|seconds?|mins?|minutes?|hours?|hrs?|h|m)\b
    | \b(?:pid|process|thread|port|worker|job|tid|seed|session|run)(?:\s?id)?[\s:=#\[(]*\d+
    | \[\d+\]\s+\d+
    | :\d{4,5}\b
    | \d{5,}
    """,
    re.VERBOSE | re.IGNORECASE,
)
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
]
PIECES = st.sampled_from([*_UNITS, *_DATES, *_IDS, *_MORE, *_SIGNS, "took", ",", "'", ")"])
SPACES = st.sampled_from([" ", " ", " ", "  ", "\n", "\t", "", "\u2003", "\x1c"])
TEXTS = st.lists(st.tuples(PIECES, SPACES), max_size=14).map(
    lambda parts: "".join(f"{piece}{space}" for piece, space in parts)
)
WORDS = st.lists(st.sampled_from(["foo", "bar", "5", "s", "5s", "7", "run", "1.2 s"]), max_size=9)


def plainly(text: str) -> str:
    return re.sub(r"\s+", " ", PLAINLY.sub("·", text)).strip()


@settings(deadline=None, max_examples=400)
@given(text=TEXTS)
def test_the_ordered_pattern_finds_what_the_plain_one_finds(text: str) -> None:
    assert similarity._normal(text) == plainly(text)


@settings(deadline=None, max_examples=400)
@given(one=TEXTS, other=TEXTS)
def test_the_quick_look_says_what_the_fingerprints_say(one: str, other: str) -> None:
    same = plainly(one) == plainly(other)
    assert are_similar(one, other) is same
    assert (fingerprint(one, exact=False) == fingerprint(other, exact=False)) is same
    if differ_early(one, other):
        assert not same


@settings(deadline=None, max_examples=400)
@given(one=WORDS, other=WORDS)
@example(one=["foo", "5", "s", "bar", "bar", "7s"], other=["foo", "5s", "bar", "bar", "7", "s"])
def test_numbers_that_come_and_go_are_the_same(one: list[str], other: list[str]) -> None:
    left, right = " ".join(one), " ".join(other)
    assert are_similar(left, right) is (plainly(left) == plainly(right))


@settings(deadline=None, max_examples=150)
@given(head=TEXTS, middle=PIECES, changed=PIECES, tail=TEXTS)
def test_one_change_in_a_long_text(head: str, middle: str, changed: str, tail: str) -> None:
    assume(middle != changed)
    one, other = (f"{'words before ' * 20}{head}{part} {tail}" for part in (middle, changed))
    assert are_similar(one, other) is (plainly(one) == plainly(other))
