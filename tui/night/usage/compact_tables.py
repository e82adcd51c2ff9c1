"""Column tables and digest sets that keep a long night small."""

from __future__ import annotations

from array import array
from math import nan

from msgspec import Struct, field

from tui.model.events import TokenUsage

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

    def __contains__(self, text: str) -> bool:
        key, keys = digest(text), self._keys
        place = key % self._places
        while (found := keys[place]) and found != key:
            place = (place + 1) % self._places
        return bool(found)

    def add(self, text: str) -> bool:
        """Put the digest of `text` in; True when it was not there."""
        # `digest`, without the cost of a call for each event.
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
        """The table as it stands; `DigestSet(dump)` goes on from there."""
        return self._keys.tobytes()


class DigestMap:
    """A map from digest to position in a column, in two flat tables."""

    __slots__ = ("_count", "_keys", "_positions", "_room")

    def __init__(self, keys: bytes = b"", positions: bytes = b"") -> None:
        self._keys = array("Q", keys or bytes(8 * _SMALLEST))
        self._positions = array("I", positions or bytes(4 * _SMALLEST))
        self._room = len(self._keys) * 3 // 5
        self._count = len(self._keys) - self._keys.count(0)

    def find_or_add(self, key: int, otherwise: int) -> int:
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
        """Both tables as they stand; `DigestMap(*dump)` goes on from there."""
        return self._keys.tobytes(), self._positions.tobytes()


FINAL, GUESSED = 1, 2
_MOST = 100_000_000
_NAMES = 65_535
Tokens = tuple[int, int, int, int, int]
"""Input, output, cache writes for 5 minutes and 1 hour, cache reads."""


class NameTable(Struct):
    """A list of names and the number of each; past 65,535 names all are number 0, the unknown."""

    names: list[str] = field(default_factory=lambda: [""])
    numbers: dict[str, int] = field(default_factory=lambda: {"": 0})

    def number(self, name: str) -> int:
        """The number of `name`, a new one if it has none."""
        found = self.numbers.get(name)
        if found is None:
            if len(self.names) >= _NAMES:
                return 0
            found = self.numbers[name] = len(self.names)
            self.names.append(name)
        return found


class SavedResponseTable(Struct, frozen=True):
    """A `ResponseTable` as it is saved."""

    data: tuple[bytes, ...]
    unaccounted: bytes
    keys: bytes
    places: bytes


class ResponseTable:
    """One row per API response, found by message id and request id."""

    def __init__(self) -> None:
        self._rows = DigestMap()
        self._tokens: array[int] = array("I")
        self.request: array[int] = array("Q")
        self.model: array[int] = array("H")
        self.session: array[int] = array("H")
        self.source: array[int] = array("H")
        self.flags: array[int] = array("B")
        self.at: array[float] = array("d")
        self.unaccounted = bytearray()

    def __len__(self) -> int:
        return len(self.flags)

    def find_or_add(self, message: str, request: str = "") -> int:
        """The row of a response; -1 says that the next row to be appended is kept for it.

        A record without request id belongs to its message, whoever asked.
        """
        row = self._rows.find_or_add(digest(message), len(self.flags))
        if row < 0 or not request:
            return row
        asked = digest(request)
        known = self.request[row]
        if not known:
            self.request[row] = asked
        elif known != asked:
            row = self._rows.find_or_add(digest(f"{message}\0{request}"), len(self.flags))
        return row

    def append(
        self,
        request: str,
        tokens: Tokens,
        model: int,
        session: int,
        source: int,
        flags: int,
        at: float | None,
    ) -> int:
        """A new row; its number."""
        self.request.append(digest(request) if request else 0)
        self._tokens.extend(tokens)
        self.model.append(model)
        self.session.append(session)
        self.source.append(source)
        self.flags.append(flags)
        self.at.append(nan if at is None else at)
        self.unaccounted.append(0)
        return len(self.flags) - 1

    def put(self, row: int, usage: TokenUsage) -> Tokens:
        """Set a row's tokens; what they are now."""
        tokens = bounded(usage)
        self._tokens[5 * row : 5 * row + 5] = array("I", tokens)
        return tokens

    def tokens(self, row: int) -> Tokens:
        """Tokens of each kind."""
        first = 5 * row
        one, two, three, four, five = self._tokens[first : first + 5]
        return one, two, three, four, five

    def prompt(self, row: int) -> int:
        """Tokens the model had before it."""
        fresh, _, write_5m, write_1h, read = self.tokens(row)
        return fresh + write_5m + write_1h + read

    def _all(self) -> tuple[array[int] | array[float], ...]:
        numbers = (self._tokens, self.request, self.model, self.session, self.source, self.flags)
        return (*numbers, self.at)

    def dump(self) -> SavedResponseTable:
        """The columns as bytes; `restore` goes on from there."""
        keys, places = self._rows.dump()
        data = tuple(column.tobytes() for column in self._all())
        return SavedResponseTable(data, bytes(self.unaccounted), keys, places)

    @classmethod
    def restore(cls, saved: SavedResponseTable) -> ResponseTable:
        """The columns that were dumped."""
        new = cls()
        for column, data in zip(new._all(), saved.data, strict=True):
            column.frombytes(data)
        new.unaccounted = bytearray(saved.unaccounted)
        new._rows = DigestMap(saved.keys, saved.places)
        return new


def bounded(usage: TokenUsage) -> Tokens:
    """Tokens of each kind; none counts for more than any response can have."""
    fresh, output, read = usage.input, usage.output, usage.cache_read
    tokens = (fresh, output, usage.cache_write_5m, usage.cache_write_1h, read)
    if max(tokens) <= _MOST and min(tokens) >= 0:
        return tokens
    one, two, three, four, five = (min(max(0, number), _MOST) for number in tokens)
    return one, two, three, four, five
