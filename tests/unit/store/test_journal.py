"""Reading a journal, whatever stands in it."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.store.journal import JournalDecoder


def test_entries_with_their_places() -> None:
    data = b'{"at":1.5,"kind":"note","text":"one"}\n{"at":2,"kind":"inject","id":"i-1","mode":"soft"}\n'
    one, two = JournalDecoder("j").decode(data, 100)

    assert (one.at, one.kind, one.id, one.data, one.source, one.offset) == (
        1.5,
        "note",
        "",
        {"text": "one"},
        "j",
        100,
    )
    assert (two.at, two.kind, two.id, two.data) == (2.0, "inject", "i-1", {"mode": "soft"})
    assert two.offset == 100 + data.index(b'{"at":2')


def test_bad_lines_are_counted_and_a_torn_tail_is_not() -> None:
    decoder = JournalDecoder("j")
    bad = b'noise\n[]\n{"at":"x","kind":"a"}\n{"at":1}\n{"at":true,"kind":"a"}\n'
    data = b'{"at":1,"kind":"a"}\n' + bad + b'\n\0\0\0\n{"at":2,"ki'
    entries = decoder.decode(data, 0)

    assert [entry.kind for entry in entries] == ["a"]
    assert decoder.malformed == 5
    assert decoder.torn
    assert decoder.decode(b'{"at":3,"kind":"b"}', 0)[0].kind == "b"
    assert not decoder.torn


def test_an_entry_glued_to_a_torn_one_is_found() -> None:
    decoder = JournalDecoder("j")
    (entry,) = decoder.decode(b'{"at":1,"kind":"a","te{"at":2,"kind":"b"}\n', 0)

    assert (entry.kind, entry.offset, decoder.malformed) == ("b", 22, 1)


def test_everything_in_an_entry_is_clean() -> None:
    evil = "x\x1b]52;c;aGk=\x07\u202e"
    record = {
        "at": 1,
        "kind": "k" + evil,
        "id": evil,
        "a": {evil: [evil, {"b": evil}]},
        "n": None,
        "f": 1.5,
        "t": True,
    }
    (entry,) = JournalDecoder("j").decode(msgspec.json.encode(record) + b"\n", 0)

    shown = repr(msgspec.json.encode((entry.kind, entry.id, entry.data)))
    assert "\\x1b" not in shown
    assert "\\u001b" not in shown
    assert (entry.data["n"], entry.data["f"], entry.data["t"]) == (None, 1.5, True)


plain_values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
json_values: st.SearchStrategy[Any] = st.recursive(
    plain_values,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["at", "kind", "id", "x", "y"]), json_values))
def test_any_object_is_an_entry_or_counted(record: dict[str, Any]) -> None:
    decoder = JournalDecoder("j")
    entries = decoder.decode(msgspec.json.encode(record) + b"\n", 0)

    assert len(entries) + decoder.malformed == 1


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    JournalDecoder("j").decode(data, 0)


def test_deep_nesting_ends_somewhere() -> None:
    deep = b'{"at":1,"kind":"a","x":' + b"[" * 500 + b"]" * 500 + b"}\n"
    entries = JournalDecoder("j").decode(deep, 0)

    assert len(entries) == 1
    assert "…" in repr(entries[0].data)
