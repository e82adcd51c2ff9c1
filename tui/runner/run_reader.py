"""The session reader of a run, with arrivals and saved state.

One file beside the stream, replaced in one step and checked as a whole. What does not fit, or no
longer goes on where it stopped, is dropped, and the night is read from its start.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.follow.follower import FileFollower
from tui.feeds.follow.position import FilePosition, LineBatch
from tui.feeds.follow.whole_file import WholeFile
from tui.feeds.progress.feature_list import read_feature_list
from tui.feeds.progress.reader import read_progress, with_features
from tui.model.events import AgentEvent
from tui.model.records import Arrival, ProgressFile
from tui.model.session import SidecarPath
from tui.model.snapshot import NightSnapshot
from tui.night.fold import NightFold
from tui.night.stuck.silence import StallThresholds
from tui.night.usage.prices import PriceTable
from tui.runner.agent.turn_tracker import TurnTracker
from tui.runner.run_context import RunContext
from tui.settings.settings import Settings
from tui.store.attempt_files import arrival_line, read_arrivals
from tui.store.cache_file import open_cache, write_cache
from tui.store.journal import JournalDecoder
from tui.system.errors import FoldCacheError
from tui.system.files import append_line
from tui.system.sanitize import clean_bytes

VERSION = 1
_KIND = b"recall"


class SavedRunReader(Struct, frozen=True):
    """Where reading stood: positions of stream and journal, messages in the making, the turns.

    `announced` is where the segment began that the turns are of; `arrivals` how much of the file of
    arrival times the fold has been told, `quiet_at` the last time in it.
    """

    stream: FilePosition
    journal: FilePosition | None
    messages: dict[str, str]
    turns: TurnTracker
    announced: int
    arrivals: int
    quiet_at: float | None
    version: int = VERSION


def write(path: Path, recall: SavedRunReader, fold: NightFold) -> None:
    """Replaces what was kept. Raises OSError."""
    write_cache(path, _KIND, ((msgspec.msgpack.encode(recall),), (fold.save(),)))


def read(
    path: Path, prices: PriceTable, thresholds: StallThresholds
) -> tuple[SavedRunReader, NightFold] | None:
    """What was kept; None where there is nothing, or nothing that can be trusted."""
    try:
        with open_cache(path, _KIND) as cache:
            recall = msgspec.msgpack.decode(cache.part(), type=SavedRunReader)
            if recall.version != VERSION:
                return None
            return recall, NightFold.load(cache.part(), prices, thresholds, own=True)
    except (OSError, ValueError, msgspec.MsgspecError, FoldCacheError):
        return None


_SLICE = 1 << 20
_FRESH = 1.0
_WORTH_KEEPING = 8 << 20


def thresholds_of(settings: Settings) -> StallThresholds:
    """When silence or repetition counts as a stall, by these settings."""
    stalls = settings.stalls
    names = StallThresholds.__struct_fields__
    return StallThresholds(
        **{name: getattr(stalls, name) for name in names if hasattr(stalls, name)}
    )


class RunReader:
    """Follows stream, journal and progress file.

    A run taken up late is read from its start in slices; `caught_up` says when what is known is of
    now. `quiet_since` is when the stream last grew, by the clock that stands still in sleep.
    """

    def __init__(self, desk: RunContext) -> None:
        self.desk = desk
        self.turns = TurnTracker(session=desk.state.session)
        self.caught_up = False
        self.quiet_since = desk.clock.monotonic()
        self._source = str(desk.folder.stream)
        prices, thresholds = PriceTable(desk.settings.prices), thresholds_of(desk.settings)
        self._waiting: list[LineBatch] = []
        self._events = ClaudeDecoder(self._source)
        self._entries = JournalDecoder(str(desk.folder.journal))
        self._kept_to = self._arrivals_from = 0
        self._quiet_at: float | None = None
        if not self._recall(prices, thresholds):
            self.fold = NightFold(prices, thresholds, own=True)
            self._stream = FileFollower(self._source, rotates=False)
            self._journal = FileFollower(desk.folder.journal, rotates=False)
        paths = desk.settings.paths
        self._progress = WholeFile("progress", SidecarPath(str(desk.path(paths.progress_file)), ""))
        self._features = WholeFile("features", SidecarPath(str(desk.path(paths.feature_list)), ""))
        self._listed: ProgressFile | None = None
        self.progress: ProgressFile | None = None
        self._past = self._past_arrivals()
        self._recorded = max(self._kept_to, self._past[-1].offset if self._past else 0)
        if self._past:
            self._quiet_at = self._past[-1].at
        if self._quiet_at is not None:
            self.quiet_since -= max(0.0, desk.clock.wall() - self._quiet_at)
        self._night: NightSnapshot | None = None
        self._changed = True

    # --- what an earlier supervisor has read ---

    def _recall(self, prices: PriceTable, thresholds: StallThresholds) -> bool:
        """Goes on where an earlier supervisor stood; False where the night is to be read anew."""
        desk = self.desk
        found = read(desk.folder.reader_state, prices, thresholds)
        if found is None:
            return False
        kept, fold = found
        same_segment = kept.announced == desk.state.attempt_stream_offset
        if not same_segment and kept.stream.offset > desk.state.attempt_stream_offset:
            return False
        stream = FileFollower(self._source, start=kept.stream, rotates=False)
        journal = FileFollower(desk.folder.journal, start=kept.journal, rotates=False)
        waiting, entries = stream.poll(_SLICE), journal.poll(_SLICE)
        if not (_goes_on(stream, kept.stream) and _goes_on(journal, kept.journal)):
            stream.close()
            journal.close()
            return False
        for batch in entries:
            fold.apply(self._entries.decode(batch.data, batch.offset))
        self.fold, self._stream, self._journal, self._waiting = fold, stream, journal, waiting
        self._events.open_messages.update(kept.messages)
        if same_segment:
            self.turns = kept.turns
        self._kept_to, self._arrivals_from = kept.stream.offset, kept.arrivals
        self._quiet_at = kept.quiet_at
        return True

    def save(self) -> None:
        """Keeps what was read where the next supervisor would take long to read it again."""
        position = self._stream.position
        if position is None or not self.caught_up or self._waiting:
            return
        if position.offset - self._kept_to < _WORTH_KEEPING:
            return
        arrived = self._arrivals_from if self._past else self._size_of_arrivals()
        kept = SavedRunReader(
            position,
            self._journal.position,
            self._events.open_messages,
            self.turns,
            self.desk.state.attempt_stream_offset,
            arrived,
            self._quiet_at,
        )
        try:
            write(self.desk.folder.reader_state, kept, self.fold)
        except OSError:
            return
        self._kept_to = position.offset

    def _size_of_arrivals(self) -> int:
        try:
            return os.stat(self.desk.folder.arrivals).st_size
        except OSError:
            return 0

    def _past_arrivals(self) -> deque[Arrival]:
        try:
            with open(self.desk.folder.arrivals, "rb") as file:
                file.seek(self._arrivals_from)
                data = file.read()
        except OSError:
            return deque()
        return deque(read_arrivals(data, self._source))

    def poll(self, on_event: Callable[[AgentEvent], None]) -> bool:
        """Takes in what is new, up to a slice of it; True when there was anything of the agent's."""
        self._read_journal()
        self._read_progress()
        busy = False
        batches, self._waiting = self._waiting or self._stream.poll(_SLICE), []
        for batch in batches:
            busy = True
            end = batch.offset + len(batch.data)
            if self._arrived(end):
                self.quiet_since = self.desk.clock.monotonic()
            decoded = self._events.decode(batch.data, batch.offset)
            if decoded.deltas:
                at = self.desk.clock.wall() if self.caught_up else None
                self.fold.apply_deltas(decoded.deltas, at, self._source)
            self.fold.apply(decoded.events)
            for event in decoded.events:
                if event.offset >= self.desk.state.attempt_stream_offset:
                    self.turns.apply(event)
                on_event(event)
        self._changed = self._changed or busy
        self.caught_up = not self._stream.is_behind
        return busy

    def _arrived(self, end: int) -> bool:
        """Tells the fold when bytes arrived: as written down, or now, and then it is written down.

        True for bytes that nobody had seen before.
        """
        while self._past and self._past[0].offset <= end:
            self.fold.apply((self._past.popleft(),))
        if end <= self._recorded:
            return False
        now = round(self.desk.clock.wall(), 3)  # as it can be read back
        self.fold.apply([Arrival(self._source, end, now)])
        self._recorded, self._quiet_at = end, now
        with suppress(OSError):
            append_line(self.desk.folder.arrivals, arrival_line(end, now))
        return True

    def _read_journal(self) -> None:
        for batch in self._journal.poll(_SLICE):
            self.fold.apply(self._entries.decode(batch.data, batch.offset))
            self._changed = True

    def _read_progress(self) -> None:
        data, features = self._progress.read_changed(), self._features.read_changed()
        if features is not None:
            where, at = str(self._features.path), self._features.mtime
            self._listed = read_feature_list(features, where, at)
        if data is not None:
            where, at = str(self._progress.path), self._progress.mtime
            self.progress = read_progress(clean_bytes(data), where, at)
        if data is None and features is None:
            return
        if self.progress is not None:
            self.progress = with_features(self.progress, self._listed)
            self.fold.apply([self.progress])
            self._changed = True

    def read_progress(self) -> ProgressFile | None:
        """The progress file as it stands at this moment; None where nothing is counted."""
        self._read_progress()
        progress = self.progress
        return None if progress is None or progress.basis == "unknown" else progress

    def snapshot(self) -> NightSnapshot:
        """What is known now; at most a second old."""
        now = self.desk.clock.wall()
        if self._night is None or self._changed or abs(now - self._night.now) >= _FRESH:
            self._night = self.fold.snapshot(now)
            self._changed = False
        return self._night

    def end_of_stream(self) -> int:
        """Bytes of the stream that are there now."""
        try:
            return os.stat(self._source).st_size
        except OSError:
            return 0

    def is_complete(self) -> bool:
        """Whether every byte of the stream that is there was taken in."""
        position = self._stream.position
        done = position.offset if position is not None else 0
        return done + self._stream.partial().size >= self.end_of_stream()

    def terminate_line(self) -> None:
        """Ends a line that a dead agent left unfinished, so that the next one's first line is whole.

        Raises OSError.
        """
        size = self.end_of_stream()
        if not size:
            return
        descriptor = os.open(self._source, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            if os.pread(descriptor, 1, size - 1) != b"\n":
                os.write(descriptor, b"\n")
        finally:
            os.close(descriptor)

    def close(self) -> None:
        self._stream.close()
        self._journal.close()


def _goes_on(follower: FileFollower, kept: FilePosition | None) -> bool:
    """Whether the file still begins with what was read of it."""
    now = follower.position
    return kept is None or (now is not None and now.generation == kept.generation)
