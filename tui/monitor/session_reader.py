"""Event files and journal into one fold and one row sink. The supervisor uses it too."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tui.feeds.claude.decoder import DecodedBatch
from tui.feeds.follow.position import FilePosition, LineBatch
from tui.model.events import AgentEvent, MalformedLine
from tui.model.journal import JournalEntry
from tui.model.records import Arrival, Record, SourceStatus
from tui.model.session import EventFile
from tui.model.session import EventKind as Kind
from tui.model.state import StallThresholds
from tui.monitor import followed_file
from tui.monitor.followed_file import FollowedFile, SavedFile
from tui.monitor.prices_in_force import price_table
from tui.monitor.rows.row_source import SavedIndex
from tui.night.fold import NightFold
from tui.night.timeline_builder import TURNED_BACK
from tui.settings.own_sections import ModelPrice
from tui.settings.settings import Settings
from tui.store.journal import JournalDecoder

if TYPE_CHECKING:
    from tui.monitor.rows.event_index import EventIndex


SAVE_ABOVE = 8 << 20
"""Bytes above which a reader is saved for the next start."""
LARGE = 24 << 20
"""Bytes above which the viewer shows the tail first, while a child process folds all of it."""
_MERGED = 512
_SLICE = 4096
_NAN = math.nan
_LONG_AGO = -math.inf
_MOST_ARRIVALS = 16 << 20


class SavedReader(Struct, frozen=True):
    """How far each file was read, and the index; `owner` is what the reader's owner saves with it."""

    version: int
    files: tuple[SavedFile, ...]
    index: SavedIndex | None
    owner: bytes = b""


SAVED_VERSION = 5


class SessionReader:
    """Reads event files into one fold and one row index.

    `poll` reads what is new and says whether anything was; it never blocks on a file. Lines are
    applied in the order of their times as far as one call sees them, so stream and transcript of one
    session interleave as they happened.

    `on_arrival` is called with the end of each piece of a stream before its records are applied, and
    gives the fold its arrival; without it the reader takes arrivals from the file beside the stream
    and from the clock. `on_event` is called for each event once the fold has it.
    """

    def __init__(
        self,
        files: Sequence[EventFile],
        fold: NightFold,
        rows: EventIndex | None = None,
        *,
        tail_bytes: int | None = None,
        rotates: bool = True,
        wall: Callable[[], float] = time.time,
        on_arrival: Callable[[int], None] | None = None,
        on_event: Callable[[AgentEvent], None] | None = None,
    ) -> None:
        self.fold = fold
        self._rows = rows
        self.bells = 0
        self._wall = wall
        self._tail_bytes = tail_bytes
        self._rotates = rotates
        self._on_arrival = on_arrival
        self._on_event = on_event
        self._is_first_pass = True
        self._merge: Iterator[_Timed] | None = None
        self._sources: list[FollowedFile] = []
        self.caught_up = False
        for file in files:
            self.add(file)

    # --- sources -------------------------------------------------------------------------------

    def add(self, file: EventFile, start: FilePosition | None = None) -> FollowedFile:
        """Begins to follow one more file."""
        source = FollowedFile(file, start, self._tail_bytes, self._rotates)
        self._sources.append(source)
        self._new_generation(source, start.generation if start is not None else 0)
        if file.kind == "stream" and self._on_arrival is None:
            self.fold.apply(followed_file.recorded_arrivals(file.path, most=_MOST_ARRIVALS))
        return source

    @property
    def files(self) -> tuple[EventFile, ...]:
        return tuple(source.file for source in self._sources)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(s.file.path for s in self._sources if s.file.kind != "journal")

    def followed(self, kind: Kind) -> FollowedFile:
        """The first file of that kind."""
        return next(source for source in self._sources if source.file.kind == kind)

    def size(self) -> int:
        """Bytes of all event files now."""
        return sum(source.follower.state.size for source in self._sources)

    def read_bytes(self) -> int:
        """Bytes read so far."""
        return sum(source.offset for source in self._sources)

    def states(self) -> tuple[SourceStatus, ...]:
        return tuple(source.state() for source in self._sources)

    # --- reading -------------------------------------------------------------------------------

    def poll(self, limit: int = 1 << 20) -> bool:
        """Reads at most about `limit` bytes; True when there was anything."""
        alone = len(self._sources) == 1
        busy = self._poll_one(self._sources[0], limit) if alone else self._poll_merged()
        self.caught_up = not busy
        self._note_files()
        if self.caught_up and self._is_first_pass:
            self._is_first_pass = False
            self._date_the_undated()
        if self._rows is not None:
            self._rows.set_abandoned(self.fold.abandoned)
        return busy

    def read_all(self) -> None:
        """Reads until there is nothing new."""
        while self.poll():
            pass

    def poll_in_turn(self, limit: int = 1 << 20) -> set[Kind]:
        """Reads each file once, in the order in which they were added; the kinds that had anything.

        For an owner that saves often: between two calls nothing is read and not yet applied, which
        a merge by time cannot promise.
        """
        grown: set[Kind] = set()
        for source in self._sources:
            for batch in source.read_once(limit):
                grown.add(source.file.kind)
                self._add(source, self._decode(source, batch))
        self.caught_up = not any(source.follower.is_behind for source in self._sources)
        self._note_files()
        self._is_first_pass = self._is_first_pass and not self.caught_up
        return grown

    def read_last_lines(self) -> None:
        """Reads the last line of each file that is whole but for its newline.

        Only for a reader that will read nothing more: the newline may still come.
        """
        for source in self._sources:
            data = b"" if source.file.until else source.last_line()
            if not data or isinstance(source.decoder, JournalDecoder):
                continue
            pending = source.follower.partial()
            if source.number < 0:
                self._new_generation(source, pending.generation)
            source.lines += 1
            decoded = source.decoder.decode(data + b"\n", pending.offset)
            self._add(source, self._decoded(source, decoded))

    def _note_files(self) -> None:
        """Tells the fold when its files were written to, and what the main one looks like."""
        looks = self._sources[0].recognise_format() if self._sources else None
        if looks is not None:
            self.fold.apply([looks])
        times = (one.follower.state.mtime for one in self._sources if one.file.kind != "journal")
        self.fold.written_at = max((at for at in times if at is not None), default=None)

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
            self._merge = heapq.merge(*map(self._timed, self._sources), key=itemgetter(0, 1))
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
                records = self._decode(source, batch)
                for at, record in followed_file.steady_times(records, source.latest):
                    source.latest = at
                    yield at, order, source, source.number, record

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
            self.bells += sum(followed_file.rings(entry, self._wall()) for entry in entries)
            return entries
        end = batch.offset + len(batch.data)
        if self._on_arrival is not None:
            self._on_arrival(end)
        elif not self._is_first_pass:
            self.fold.apply([Arrival(source.file.path, end, self._wall())])
        decoded = source.decoder.decode(batch.data, batch.offset)
        source.lines += decoded.lines
        if source.is_part:
            earlier, decoded = source.own_part(decoded)
            self.fold.apply_earlier(earlier)
        return self._decoded(source, decoded)

    def _decoded(self, source: FollowedFile, decoded: DecodedBatch) -> list[AgentEvent]:
        if decoded.deltas:
            at = None if self._is_first_pass else self._wall()
            self.fold.apply_deltas(decoded.deltas, at, source.file.path)
        return decoded.events

    def _new_generation(self, source: FollowedFile, generation: int, note: str = "") -> None:
        rows, path, before = self._rows, source.file.path, source.number
        source.number = 0
        if rows is not None:
            if before >= 0:
                rows.close_source(before)
            source.number = rows.open_source(path, partial(source.follower.read, generation))
            if note:
                text = f"{path} was {note}; it is read from its beginning"
                rows.add_notice(source.number, self._wall(), text)
        source.numbers[generation] = source.number

    # complexity: runs for each event of the night, where a call for each step would cost time
    def _add(self, source: FollowedFile, records: Sequence[AgentEvent | JournalEntry]) -> None:
        number, latest = source.number, source.latest
        add = self._rows.add if self._rows is not None else None
        now = _NAN if self._is_first_pass else self._wall()
        for record, fresh in zip(records, self.fold.apply(records), strict=True):
            at = record.at
            if at is None:
                at = now if now == now else (latest if latest > _LONG_AGO else _NAN)
            elif at > latest or at < latest - TURNED_BACK:
                latest = at
            if fresh:
                if add is not None:
                    add(number, record, at)
                if type(record) is AgentEvent and type(record.body) is MalformedLine:
                    source.malformed += 1
        source.latest = latest
        if self._on_event is not None:
            for record in records:
                if type(record) is AgentEvent:
                    self._on_event(record)

    def _add_merged(self, held: list[_Timed]) -> None:
        rows = self._rows
        records: list[Record] = [item[4] for item in held]
        now = _NAN if self._is_first_pass else self._wall()
        for item, fresh in zip(held, self.fold.apply(records), strict=True):
            latest, _, source, number, record = item
            at = record.at
            if not fresh:
                if rows is not None and at is not None and isinstance(record, AgentEvent):
                    rows.set_time(record.uuid, at)
                continue
            if rows is not None:
                if at is None:
                    at = now if now == now else (latest if latest > _LONG_AGO else _NAN)
                rows.add(number, record, at)
            if type(record) is AgentEvent and type(record.body) is MalformedLine:
                source.malformed += 1

    # --- saving --------------------------------------------------------------------------------

    @property
    def has_rows(self) -> bool:
        """Whether it has an index of rows."""
        return self._rows is not None

    @property
    def index(self) -> EventIndex:
        """The index of rows; TypeError for a reader without one."""
        if self._rows is None:
            raise TypeError("this reader keeps no rows")
        return self._rows

    def save(self, owner: bytes = b"") -> SavedReader | None:
        """All but fold and columns; None while something was read and not yet applied.

        None also once a file was rewritten under an index: its old rows would be lost.
        """
        sources = self._sources
        if self._merge is not None or any(source.waiting for source in sources):
            return None
        rewritten = any(source.number != place for place, source in enumerate(sources))
        if self._rows is not None and rewritten:
            return None
        index = self._rows.save() if self._rows is not None else None
        return SavedReader(SAVED_VERSION, tuple(source.save() for source in sources), index, owner)

    def resume(
        self, files: Sequence[EventFile], saved: SavedReader, fill: Callable[[Any, int], None]
    ) -> bool:
        """Goes on over the files where the saved reader stood; for a reader that has none yet.

        False, and the reader is closed, when one of them no longer begins with what was read of it.
        """
        if len(files) != len(saved.files) or self.has_rows != (saved.index is not None):
            return False
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            for file, state in zip(files, saved.files, strict=True):
                if not self.add(file, state.position).resume(state):
                    return False
            if saved.index is not None:
                self.index.load(saved.index, fill)
            on_failure.pop_all()
        return True

    def close(self) -> None:
        for source in self._sources:
            source.follower.close()


_Timed = tuple[float, int, FollowedFile, int, AgentEvent | JournalEntry]


class FoldRules(Struct, frozen=True):
    """Prices and thresholds as the settings give them; travels to the child that folds.

    `own` says that our supervisor started the session; `test_command` is the project's own.
    """

    prices: dict[str, ModelPrice]
    thresholds: StallThresholds
    own: bool = False
    prices_file: str | None = None
    test_command: str = ""

    def fold(self) -> NightFold:
        """An empty fold under these rules."""
        table = price_table(self.prices, self.prices_file)
        return NightFold(table, self.thresholds, own=self.own, test_command=self.test_command)

    def load(self, data: bytes | bytearray) -> NightFold:
        """A saved fold under these rules; FoldCacheError when it does not fit."""
        table = price_table(self.prices, self.prices_file)
        own, command = self.own, self.test_command
        return NightFold.load(data, table, self.thresholds, own=own, test_command=command)


def fold_rules(settings: Settings, *, own: bool = False) -> FoldRules:
    """The rules that the settings give; what they do not name keeps the package's default."""
    stalls = settings.stalls
    names = StallThresholds.__struct_fields__
    thresholds = {name: getattr(stalls, name) for name in names if hasattr(stalls, name)}
    command = " ".join(settings.session.test_command)
    given = StallThresholds(**thresholds)
    return FoldRules(dict(settings.prices), given, own, settings.prices_file, command)
