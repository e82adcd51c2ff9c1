"""Compact sets and maps of 64-bit digests: what makes "once" cheap for a night of a million records."""

from __future__ import annotations

from array import array

_MIX = 0x9E3779B97F4A7C15
_LOW = (1 << 64) - 1
_SMALLEST = 10


def digest(text: str) -> int:
    """A number between 1 and 2**61 that stands for `text`, the same in every process."""
    return hash(int.from_bytes(text.encode("utf-8", "surrogatepass"), "big")) or 1


class Seen:
    """A set of digests in one flat table of eight bytes a place, never more than 3/5 full."""

    __slots__ = ("_count", "_keys", "_room", "_shift")

    def __init__(self, table: bytes = b"") -> None:
        self._keys = array("Q", table or bytes(8 << _SMALLEST))
        self._measure()
        self._count = len(self._keys) - self._keys.count(0)

    def _measure(self) -> None:
        places = len(self._keys)
        self._shift = 64 - (places.bit_length() - 1)
        self._room = places * 3 // 5

    def __len__(self) -> int:
        return self._count

    def add(self, key: int) -> bool:
        """Put `key` in; True when it was not there."""
        keys = self._keys
        place = (key * _MIX & _LOW) >> self._shift
        found = keys[place]
        while found:
            if found == key:
                return False
            place += 1
            if place == len(keys):
                place = 0
            found = keys[place]
        keys[place] = key
        self._count += 1
        if self._count > self._room:
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._keys
        self._keys = array("Q", bytes(16 * len(old)))
        self._measure()
        self._count = 0
        for key in old:
            if key:
                self.add(key)

    def dump(self) -> bytes:
        """The table as it stands; `Seen(dump)` goes on from there."""
        return self._keys.tobytes()


class Positions:
    """A map from digest to position in a column, in two flat tables."""

    __slots__ = ("_count", "_keys", "_places", "_room", "_shift")

    def __init__(self, keys: bytes = b"", places: bytes = b"") -> None:
        self._keys = array("Q", keys or bytes(8 << _SMALLEST))
        self._places = array("I", places or bytes(4 << _SMALLEST))
        self._measure()
        self._count = len(self._keys) - self._keys.count(0)

    def _measure(self) -> None:
        size = len(self._keys)
        self._shift = 64 - (size.bit_length() - 1)
        self._room = size * 3 // 5

    def find(self, key: int, otherwise: int) -> int:
        """The position kept for `key`; when there is none, `otherwise` is put in and -1 returned."""
        keys = self._keys
        place = (key * _MIX & _LOW) >> self._shift
        found = keys[place]
        while found:
            if found == key:
                return self._places[place]
            place += 1
            if place == len(keys):
                place = 0
            found = keys[place]
        keys[place] = key
        self._places[place] = otherwise
        self._count += 1
        if self._count > self._room:
            self._grow()
        return -1

    def _grow(self) -> None:
        keys, places = self._keys, self._places
        self._keys = array("Q", bytes(16 * len(keys)))
        self._places = array("I", bytes(8 * len(places)))
        self._measure()
        self._count = 0
        for key, position in zip(keys, places, strict=True):
            if key:
                self.find(key, position)

    def dump(self) -> tuple[bytes, bytes]:
        """Both tables as they stand; `Positions(*dump)` goes on from there."""
        return self._keys.tobytes(), self._places.tobytes()
