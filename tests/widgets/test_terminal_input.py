"""Bytes from the terminal: none ends the reading of keys, and a paste stays a paste."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from widgets.terminal_input import PASTE_BEGINS, PASTE_ENDS, TerminalInputDecoder

KEYS = st.text(st.sampled_from(["q", "é", "\x1b", "[", "2", "0", "~", "🛟", "\r"]), max_size=12)
PIECES = st.one_of(
    KEYS.map(lambda text: text.replace(PASTE_BEGINS, "")),
    KEYS.map(lambda text: f"{PASTE_BEGINS}{text.replace(PASTE_ENDS, '')}{PASTE_ENDS}"),
)


def decoded(data: bytes, cuts: list[int]) -> str:
    """As it comes in reads that end at these places."""
    decoder = TerminalInputDecoder()
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    parts = [decoder.decode(data[a:b]) for a, b in pairwise(places)]
    return "".join(parts) + decoder.decode(b"", final=True)


@settings(deadline=None, max_examples=300)
@given(data=st.binary(max_size=80), cuts=st.lists(st.integers(0, 80), max_size=6))
@example(data=b"\xff\xfeq", cuts=[1])
def test_no_bytes_are_too_bad(data: bytes, cuts: list[int]) -> None:
    assert decoded(data, cuts) == decoded(data, [])
    if b"\x1b" not in data:
        assert decoded(data, cuts) == data.decode("utf-8", "replace")


@settings(deadline=None, max_examples=400)
@given(pieces=st.lists(PIECES, max_size=5), cuts=st.lists(st.integers(0, 200), max_size=8))
@example(pieces=[f"{PASTE_BEGINS}a\x1bq{PASTE_ENDS}", "\x1b"], cuts=[3, 7, 8, 10])
def test_only_inside_a_paste_escapes_are_signs(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    wanted = re.sub(
        f"({re.escape(PASTE_BEGINS)})(.*?)({re.escape(PASTE_ENDS)}|$)",
        lambda m: m[1] + m[2].replace("\x1b", "␛") + m[3],
        text,
        flags=re.DOTALL,
    )
    assert decoded(text.encode(), cuts) == wanted


def test_a_paste_with_escapes_is_no_key() -> None:
    data = f"{PASTE_BEGINS}one \x1b\x1bq \x1bPqKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK{PASTE_ENDS}"
    found = list(XTermParser().feed(TerminalInputDecoder().decode(data.encode())))
    assert [type(event) for event in found] == [events.Paste]


def test_what_is_typed_is_told_at_once() -> None:
    decoder = TerminalInputDecoder()
    assert decoder.decode(b"\x1b") == "\x1b"
    assert decoder.decode("ü".encode()[:1]) == ""
    assert decoder.decode("ü".encode()[1:]) == "ü"
