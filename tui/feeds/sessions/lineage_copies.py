"""Which transcripts begin with history that was copied from another one, and how far it reaches."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence

from msgspec import Struct

from tui.feeds.sessions.lineage_facts import (
    TranscriptFacts,
    latest_time,
    message_id,
    read_lineage_line,
    time_of,
)
from tui.system.files import regular_file
from tui.system.lazy_pattern import lazy

_MOST_FAMILY = 64
_PIECE = 1 << 20
_SEARCH = 256 << 10
_IDS = lazy(rb'"(?:uuid|id)"\s*:\s*"([^"\\]{6,80})"')
_ids: dict[str, tuple[tuple[int, int, int, int], frozenset[bytes]]] = {}


class CopiedHistory(Struct, frozen=True):
    """Where the copied beginning of a transcript ends, and the transcripts that it stands in too."""

    until: int
    sources: tuple[TranscriptFacts, ...]


def find_copies(
    known: Sequence[TranscriptFacts], first: Container[str] = ()
) -> dict[str, CopiedHistory]:
    """What each of these transcripts, by its path, repeats of others; `known` is ordered by oldest record.

    Of transcripts that share records one has them first: that of a session in `first`; those that say that
    they are copies come after those that do not; else what went on first is the original. So each
    record belongs to one of them.
    """
    related = {one.path: _relatives(one, known) for one in known}
    for one in known:
        for other in related[one.path]:
            if one not in related[other.path]:
                related[other.path].append(one)
    sharing = [one for one in known if related[one.path]]
    ids = {one.path: _ids_of(one) for one in sharing}
    ranks = {one.path: (one.session not in first, *_rank(one, related, ids)) for one in sharing}
    found = {}
    for one in sharing:
        before = [other for other in related[one.path] if ranks[other.path] < ranks[one.path]]
        ends = {other.path: _shared(one, ids[other.path])[0] for other in before}
        until = max(ends.values(), default=0)
        if until:
            sources = tuple(other for other in before if ends[other.path])
            found[one.path] = CopiedHistory(until, sources)
    return found


_Rank = tuple[bool, int, float, str]


def _rank(
    one: TranscriptFacts,
    related: dict[str, list[TranscriptFacts]],
    ids: dict[str, frozenset[bytes]],
) -> _Rank:
    """The place of a transcript among those that share records with it; the original has the lowest."""
    by_session = {other.session: other for other in related[one.path]}
    depth, origin = 0, by_session.get(one.forked_from)
    while origin is not None and depth < _MOST_FAMILY:
        depth += 1
        origin = by_session.get(origin.forked_from)
    shared = frozenset().union(*(ids[other.path] for other in related[one.path]))
    return bool(one.forked_from) or one.is_late, depth, _shared(one, shared)[1], one.session


def _relatives(one: TranscriptFacts, known: Sequence[TranscriptFacts]) -> list[TranscriptFacts]:
    """The transcripts that hold the first record of this one too, or that it names as its origin.

    Of those that were written to when that record was, a few places are read.
    """
    if not one.first_uuid:
        return []
    found = []
    begun = bisect_right(known, one.first_at + 1.0, key=lambda facts: facts.oldest)
    for other in known[:begun]:
        if other.path == one.path:
            continue
        twin = other.first_uuid == one.first_uuid or (
            one.first_message != "" and other.first_message == one.first_message
        )
        if (
            twin
            or other.session == one.forked_from
            or (other.ended >= one.first_at - 1.0 and _holds(other, one))
        ):
            found.append(other)
    return found[:_MOST_FAMILY]


def _holds(other: TranscriptFacts, one: TranscriptFacts) -> bool:
    """Whether a transcript has the first record of another, at the time when that was written."""
    if other.oldest >= one.first_at:
        return False
    needle = f'"{one.first_uuid}"'.encode()
    try:
        with regular_file(other.path) as (descriptor, status):
            low, high, latest = 0, status.st_size, latest_time(status)
            while high - low > _SEARCH:
                middle = (low + high) // 2
                at = _time_after(descriptor, middle, high, latest)
                if at and at < one.first_at - 1.0:
                    low = middle
                else:
                    high = middle
            start = max(0, low - _SEARCH)
            data = os.pread(descriptor, high + _SEARCH - start, start)
    except (OSError, ValueError):
        return False
    return needle in data and re.search(rb'"uuid"\s*:\s*' + re.escape(needle), data) is not None


def _time_after(descriptor: int, start: int, end: int, latest: float) -> float:
    """The time of the first dated record after a place; 0 where there is none near."""
    data = os.pread(descriptor, min(end - start, _SEARCH), start)
    begins = data.find(b"\n") + 1
    while begins and (ends := data.find(b"\n", begins)) >= 0:
        line = read_lineage_line(data[begins:ends])
        if line is not None and (at := time_of(line, latest)):
            return at
        begins = ends + 1
    return 0.0


def _shared(one: TranscriptFacts, ids: frozenset[bytes]) -> tuple[int, float]:
    """Where the beginning that another transcript has too ends, and when what follows was written.

    The time is 0 where nothing follows.
    """
    until = 0
    by_uuid = one.first_uuid.encode() in ids
    for start, raw in _lines(one.path):
        line = read_lineage_line(raw)
        if line is None or (not isinstance(line.uuid, str) and not line.forked):
            continue
        if isinstance(line.forked, dict):
            known = True
        elif by_uuid:
            known = line.uuid.encode("utf-8", "replace") in ids
        elif message := message_id(line):
            known = message.encode("utf-8", "replace") in ids
        else:  # ids of records were made anew: only the model's messages keep theirs
            continue
        if not known:
            return until, time_of(line, float("inf")) or 1.0
        until = start + len(raw) + 1
    return until, 0.0


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
    """The whole lines of a file, each with where it begins."""
    try:
        with regular_file(path) as (descriptor, _):
            position, rest = 0, b""
            while data := os.pread(descriptor, _PIECE, position + len(rest)):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    yield position, line
                    position += len(line) + 1
    except (OSError, ValueError):
        return


def _ids_of(one: TranscriptFacts) -> frozenset[bytes]:
    """All ids of records and messages in a transcript."""
    known = _ids.get(one.path)
    if known is not None and known[0] == one.stamp:
        return known[1]
    found: set[bytes] = set()
    for _, line in _lines(one.path):
        found.update(_IDS.findall(line))
    if len(_ids) >= _MOST_FAMILY:
        _ids.clear()
    _ids[one.path] = one.stamp, frozenset(found)
    return _ids[one.path][1]
