"""Event files and journal into one fold and one row sink. The supervisor uses it too."""

from __future__ import annotations

import heapq
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tui.feeds.claude.decoder import DecodedBatch
from tui.feeds.follow.position import FilePosition, LineBatch
from tui.feeds.sessions.select import EventFile
from tui.model.events import AgentEvent, MalformedLine
from tui.model.journal import JournalEntry
from tui.model.records import Arrival, Record, SourceStatus
from tui.monitor.followed_file import READ, FollowedFile
from tui.monitor.rows.row_source import NullRowSink, RowSink, SavedIndex
from tui.night.fold import NightFold
from tui.night.stuck.silence import StallThresholds
from tui.night.usage.prices import PriceTable
from tui.settings.own_sections import ModelPrice
from tui.settings.settings import Settings
from tui.store.attempt_files import read_arrivals
from tui.store.journal import JournalDecoder

if TYPE_CHECKING:
    from tui.monitor.rows.event_index import EventIndex


_MERGED = 512
_SLICE = 4096
_NAN = math.nan
_LONG_AGO = -math.inf
_MOST_ARRIVALS = 16 << 20
_BELL_FADES = 60.0


class SavedReader(Struct, frozen=True):
    """A ledger written down: how far each file was read, the fold and the index."""

    version: int
    sources: tuple[EventFile, ...]
    positions: tuple[FilePosition | None, ...]
    lines: tuple[int, ...]
    malformed: tuple[int, ...]
    latest: tuple[float, ...]
    messages: tuple[dict[str, str], ...]
    log: SavedIndex


SAVED_VERSION = 4


class SessionReader:
    """Reads event files into one fold and one row index.

    `poll` takes in what is new and says whether anything was; it never blocks on a file. Lines are
    applied in the order of their times as far as one call sees them, so stream and transcript of one
    session interleave as they happened.
    """

    def __init__(
        self,
        files: Sequence[EventFile],
        fold: NightFold,
        rows: RowSink | None = None,
        *,
        tail_bytes: int | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.fold = fold
        self._rows = rows if rows is not None else NullRowSink()
        self.bells = 0
        self._wall = wall
        self._tail_bytes = tail_bytes
        self._first = True
        self._merge: Iterator[_Timed] | None = None
        self._sources: list[FollowedFile] = []
        self.caught_up = False
        for file in files:
            self.add(file)

    # --- sources -------------------------------------------------------------------------------

    def add(self, file: EventFile, start: FilePosition | None = None) -> None:
        """Begins to follow one more file."""
        source = FollowedFile(file, start, self._tail_bytes)
        self._sources.append(source)
        self._new_generation(source, start.generation if start is not None else 0)
        if file.kind == "stream":
            self._read_arrivals(file.path)

    def _read_arrivals(self, stream: str) -> None:
        """Beside the stream of a run of ours stands when its bytes came."""
        try:
            with open(os.path.join(os.path.dirname(stream), "arrivals"), "rb") as file:
                self.fold.apply(read_arrivals(file.read(_MOST_ARRIVALS), stream))
        except OSError:
            return

    @property
    def files(self) -> tuple[EventFile, ...]:
        return tuple(source.file for source in self._sources)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(s.file.path for s in self._sources if s.file.kind != "journal")

    def size(self) -> int:
        """Bytes of all event files now."""
        return sum(source.follower.state.size for source in self._sources)

    def read_bytes(self) -> int:
        """Bytes taken in so far."""
        return sum(source.offset for source in self._sources)

    def states(self) -> tuple[SourceStatus, ...]:
        return tuple(source.state() for source in self._sources)

    # --- reading -------------------------------------------------------------------------------

    def poll(self, limit: int = 1 << 20) -> bool:
        """Takes in at most about `limit` bytes; True when there was anything."""
        alone = len(self._sources) == 1
        busy = self._poll_one(self._sources[0], limit) if alone else self._poll_merged()
        self.caught_up = not busy
        if self.caught_up and self._first:
            self._first = False
            self._date_the_undated()
        return busy

    def read_last_lines(self) -> None:
        """Takes in the last line of each file that is whole but for its newline.

        Only for a ledger that will read nothing more: the newline may still come.
        """
        for source in self._sources:
            data = source.last_line()
            if not data or isinstance(source.decoder, JournalDecoder):
                continue
            pending = source.follower.partial()
            if source.number < 0:
                self._new_generation(source, pending.generation)
            source.lines += 1
            decoded = source.decoder.decode(data + b"\n", pending.offset)
            self._add(source, self._decoded(source, decoded))

    def _date_the_undated(self) -> None:
        """A file without times was at least written to when its own time says."""
        for source in self._sources:
            state = source.follower.state
            if source.latest == -math.inf and state.mtime is not None and state.size:
                self.fold.apply([Arrival(source.file.path, state.size, state.mtime)])

    def _poll_one(self, source: FollowedFile, limit: int) -> bool:
        taken = 0
        while taken < limit and (batches := source.read()):
            for batch in batches:
                taken += len(batch.data) or 1
                self._add(source, self._decode(source, batch))
        return taken > 0

    def _poll_merged(self) -> bool:
        """Goes on with one merge over all files until each is at its end; a slice at a time."""
        if self._merge is None:
            self._merge = heapq.merge(*map(self._timed, self._sources), key=_by_time)
        held = list(islice(self._merge, _SLICE))
        for start in range(0, len(held), _MERGED):
            self._add_merged(held[start : start + _MERGED])
        if len(held) < _SLICE:
            self._merge = None
        return bool(held)

    def _timed(self, source: FollowedFile) -> Iterator[_Timed]:
        order = self._sources.index(source)
        while batches := source.read():
            for batch in batches:
                for record in self._decode(source, batch):
                    if record.at is not None and record.at > source.latest:
                        source.latest = record.at
                    yield source.latest, order, source, source.number, record

    def _decode(
        self, source: FollowedFile, batch: LineBatch
    ) -> Sequence[AgentEvent | JournalEntry]:
        if batch.generation in source.numbers:
            source.number = source.numbers[batch.generation]
        else:
            self._new_generation(source, batch.generation, batch.note)
        if isinstance(source.decoder, JournalDecoder):
            source.lines += batch.data.count(b"\n")
            entries = source.decoder.decode(batch.data, batch.offset)
            self.bells += sum(_rings(entry, self._wall()) for entry in entries)
            return entries
        if not self._first:
            end = batch.offset + len(batch.data)
            self.fold.apply([Arrival(source.file.path, end, self._wall())])
        decoded = source.decoder.decode(batch.data, batch.offset)
        source.lines += decoded.lines
        return self._decoded(source, decoded)

    def _decoded(self, source: FollowedFile, decoded: DecodedBatch) -> list[AgentEvent]:
        if decoded.deltas:
            at = None if self._first else self._wall()
            self.fold.apply_deltas(decoded.deltas, at, source.file.path)
        return decoded.events

    def _new_generation(self, source: FollowedFile, generation: int, note: str = "") -> None:
        if source.number >= 0:
            self._rows.close_source(source.number)
        reader = partial(source.follower.read, generation)
        source.number = self._rows.open_source(source.file.path, reader)
        source.numbers[generation] = source.number
        if note:
            words = f"{source.file.path} was {note}; it is read from its beginning"
            self._rows.add_notice(source.number, self._wall(), words)

    def _add(self, source: FollowedFile, records: Sequence[AgentEvent | JournalEntry]) -> None:
        number, latest = source.number, source.latest
        add = self._rows.add
        now = _NAN if self._first else self._wall()
        for record, fresh in zip(records, self.fold.apply(records), strict=True):
            at = record.at
            if at is None:
                at = now if now == now else (latest if latest > _LONG_AGO else _NAN)
            elif at > latest:
                latest = at
            if fresh:
                add(number, record, at)
                if type(record) is AgentEvent and type(record.body) is MalformedLine:
                    source.malformed += 1
        source.latest = latest

    def _add_merged(self, held: list[_Timed]) -> None:
        records: list[Record] = [item[4] for item in held]
        now = _NAN if self._first else self._wall()
        for item, fresh in zip(held, self.fold.apply(records), strict=True):
            latest, _, source, number, record = item
            at = record.at
            if not fresh:
                if at is not None and type(record) is AgentEvent:
                    self._rows.set_time(record.uuid, at)
                continue
            if at is None:
                at = now if now == now else (latest if latest > _LONG_AGO else _NAN)
            self._rows.add(number, record, at)
            if type(record) is AgentEvent and type(record.body) is MalformedLine:
                source.malformed += 1

    # --- saving --------------------------------------------------------------------------------

    @property
    def has_rows(self) -> bool:
        """Whether it was given an index of rows."""
        return not isinstance(self._rows, NullRowSink)

    @property
    def index(self) -> EventIndex:
        """The index of rows; only for a ledger that was given one."""
        from tui.monitor.rows.event_index import EventIndex

        if not isinstance(self._rows, EventIndex):
            raise TypeError("this ledger keeps no rows")
        return self._rows

    def save(self, log: EventIndex) -> SavedReader | None:
        """All but fold and columns; None once a file was rewritten: old rows are lost then.

        None also while there is something that was read and not taken in.
        """
        if self._merge is not None or any(source.waiting for source in self._sources):
            return None
        if any(source.number != place for place, source in enumerate(self._sources)):
            return None
        return SavedReader(
            SAVED_VERSION,
            self.files,
            tuple(source.follower.position for source in self._sources),
            tuple(source.lines for source in self._sources),
            tuple(source.malformed for source in self._sources),
            tuple(source.latest for source in self._sources),
            tuple(source.messages for source in self._sources),
            log.save(),
        )

    @classmethod
    def resume(
        cls,
        files: Sequence[EventFile],
        fold: NightFold,
        saved: SavedReader,
        fill: Callable[[Any, int], None],
        log: EventIndex,
    ) -> SessionReader | None:
        """The saved ledger over the same files; None when one no longer goes on where it stopped."""
        ledger = cls((), fold, log)
        try:
            for place, file in enumerate(files):
                ledger.add(file, saved.positions[place])
                if not ledger._goes_on(ledger._sources[place], saved, place):
                    ledger.close()
                    return None
            log.load(saved.log, fill)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _goes_on(self, source: FollowedFile, saved: SavedReader, place: int) -> bool:
        """Whether the file still begins with what was taken in; if so, goes on from there."""
        position = saved.positions[place]
        source.waiting = source.follower.poll(READ)
        now = source.follower.position
        if position is not None and (now is None or now.generation != position.generation):
            return False
        source.lines = saved.lines[place]
        source.malformed = saved.malformed[place]
        source.latest = saved.latest[place]
        source.messages.update(saved.messages[place])
        return True

    def close(self) -> None:
        for source in self._sources:
            source.follower.close()


_Timed = tuple[float, int, FollowedFile, int, AgentEvent | JournalEntry]


def _by_time(item: _Timed) -> tuple[float, int]:
    return item[0], item[1]


def _rings(entry: JournalEntry, now: float) -> bool:
    """Whether the runner wants the bell of an open screen to ring, now and not in the past."""
    wanted = entry.kind == "notified" and entry.data.get("channel") == "bell"
    return wanted and entry.at is not None and now - entry.at < _BELL_FADES


class FoldRules(Struct, frozen=True):
    """Prices and thresholds as the settings give them; travels to the child that folds."""

    prices: dict[str, ModelPrice]
    thresholds: StallThresholds

    def fold(self) -> NightFold:
        """An empty fold under these rules."""
        return NightFold(PriceTable(self.prices), self.thresholds)

    def load(self, data: bytes | bytearray) -> NightFold:
        """A saved fold under these rules; SavedFoldError when it does not fit."""
        return NightFold.load(data, PriceTable(self.prices), self.thresholds)


def fold_rules(settings: Settings) -> FoldRules:
    """The rules that the settings give; what they do not name keeps the package's default."""
    given = {
        name: getattr(settings.stalls, name)
        for name in StallThresholds.__struct_fields__
        if hasattr(settings.stalls, name)
    }
    return FoldRules(dict(settings.prices), StallThresholds(**given))
