from __future__ import annotations

import os
from array import array
from pathlib import Path

import pytest

from tui.store.cache_file import CacheError, open_cache, write_cache

PARTS = ((b"head",), (b"in ", b"pieces"), (array("d", [1.0, 2.0]),), (bytearray(b"\1\2\3"),), ())


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    path = tmp_path / "cache"
    write_cache(path, b"kind-1", PARTS)
    return path


def first_part(path: Path, kind: bytes = b"kind-1") -> bytes:
    with open_cache(path, kind) as reader:
        return reader.part()


def test_parts_come_back_in_their_order_and_no_more_than_there_are(cache: Path) -> None:
    numbers, flags = array("d", [0.5]), bytearray(b"\0")
    with open_cache(cache, b"kind-1") as reader:
        assert reader.part() == b"head"
        assert reader.part() == b"in pieces"
        reader.fill(numbers, 2)
        reader.fill(flags, 3)
        assert reader.part() == b""
        with pytest.raises(CacheError):
            reader.part()
    assert numbers.tolist() == [0.5, 1.0, 2.0]
    assert flags == b"\0\1\2\3"


def test_a_column_of_another_length_is_not_filled(cache: Path) -> None:
    numbers = array("d")
    with open_cache(cache, b"kind-1") as reader:
        reader.part()
        reader.part()
        with pytest.raises(CacheError):
            reader.fill(numbers, 3)
    assert not numbers


def test_one_changed_byte_anywhere_makes_it_worthless(cache: Path) -> None:
    whole = cache.read_bytes()
    for place in range(len(whole)):
        cache.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CacheError):
            first_part(cache)
    cache.write_bytes(whole)
    assert first_part(cache) == b"head"


def test_a_file_cut_short_or_grown_is_worthless(cache: Path) -> None:
    whole = cache.read_bytes()
    for size in range(len(whole)):
        cache.write_bytes(whole[:size])
        with pytest.raises(CacheError):
            first_part(cache)
    cache.write_bytes(b"\0" + whole)
    with pytest.raises(CacheError):
        first_part(cache)


def test_another_kind_gets_nothing(cache: Path) -> None:
    for kind in (b"kind-2", b"kind"):
        with pytest.raises(CacheError):
            first_part(cache, kind)


def test_a_link_or_a_fifo_is_no_cache(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(cache)
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "none"):
        with pytest.raises(OSError, match=r"links|regular|No such"):
            first_part(tmp_path / name)


def test_pieces_that_cannot_be_made_leave_the_file_as_it_was(cache: Path) -> None:
    before = cache.read_bytes()

    def pieces() -> list[bytes]:
        raise MemoryError

    with pytest.raises(MemoryError):
        write_cache(cache, b"kind-1", (pieces() for _ in range(1)))
    assert cache.read_bytes() == before
