"""Compact sets and maps of 64-bit digests: what makes "once" cheap for a night of a million records."""

from __future__ import annotations

from array import array

_SMALLEST = (1 << 10) - 1
_SPREAD = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_LEAPS_TO = 1 << 18


def digest(text: str) -> int:
    """A number between 1 and 2**64 that stands for `text`, the same in every process.

    The remainder that `hash` of an int takes leaves texts alike close together; the multiplication
    spreads them, or ids that only count up would crowd one corner of a table.
    """
    number = hash(int.from_bytes(text.encode("utf-8", "surrogatepass"), "big"))
    number = number * _SPREAD & _MASK
    return (number ^ number >> 32) or 1


def _larger(places: int) -> int:
    """The next size of a table: small ones leap, so that little is put in twice."""
    return (places + 1) * (4 if places < _LEAPS_TO else 2) - 1


class DigestSet:
    """A set of digests in one flat table of eight bytes a place, at most 3/5 full."""

    __slots__ = ("_count", "_keys", "_places", "_room")

    def __init__(self, table: bytes = b"") -> None:
        self._keys = array("Q", table or bytes(8 * _SMALLEST))
        self._measure()
        self._count = self._places - self._keys.count(0)

    def _measure(self) -> None:
        self._places = len(self._keys)
        self._room = self._places * 3 // 5

    def __len__(self) -> int:
        return self._count

    def new(self, text: str) -> bool:
        """Put the digest of `text` in; True when it was not there."""
        key = hash(int.from_bytes(text.encode("utf-8", "surrogatepass"), "big")) * _SPREAD & _MASK
        key = (key ^ key >> 32) or 1
        keys = self._keys
        place = key % self._places
        found = keys[place]
        while found:
            if found == key:
                return False
            place += 1
            if place == self._places:
                place = 0
            found = keys[place]
        keys[place] = key
        self._count += 1
        if self._count > self._room:
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._keys
        keys = self._keys = array("Q", bytes(8 * _larger(len(old))))
        self._measure()
        places = self._places
        for key in old:
            if key:
                place = key % places
                while keys[place]:
                    place = (place + 1) % places
                keys[place] = key

    def dump(self) -> bytes:
        """The table as it stands; `Seen(dump)` goes on from there."""
        return self._keys.tobytes()


class DigestMap:
    """A map from digest to position in a column, in two flat tables."""

    __slots__ = ("_count", "_keys", "_positions", "_room")

    def __init__(self, keys: bytes = b"", positions: bytes = b"") -> None:
        self._keys = array("Q", keys or bytes(8 * _SMALLEST))
        self._positions = array("I", positions or bytes(4 * _SMALLEST))
        self._room = len(self._keys) * 3 // 5
        self._count = len(self._keys) - self._keys.count(0)

    def find(self, key: int, otherwise: int) -> int:
        """The position kept for `key`; when there is none, `otherwise` is put in and -1 returned."""
        keys = self._keys
        place = key % len(keys)
        found = keys[place]
        while found:
            if found == key:
                return self._positions[place]
            place += 1
            if place == len(keys):
                place = 0
            found = keys[place]
        keys[place] = key
        self._positions[place] = otherwise
        self._count += 1
        if self._count > self._room:
            self._grow()
        return -1

    def _grow(self) -> None:
        old, positions = self._keys, self._positions
        places = _larger(len(old))
        keys = self._keys = array("Q", bytes(8 * places))
        moved = self._positions = array("I", bytes(4 * places))
        self._room = places * 3 // 5
        for key, position in zip(old, positions, strict=True):
            if key:
                place = key % places
                while keys[place]:
                    place = (place + 1) % places
                keys[place] = key
                moved[place] = position

    def dump(self) -> tuple[bytes, bytes]:
        """Both tables as they stand; `Positions(*dump)` goes on from there."""
        return self._keys.tobytes(), self._positions.tobytes()
