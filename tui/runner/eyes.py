"""What the supervisor sees: the stream as it grows, folded into the same night as the screen's."""

from __future__ import annotations

import os
from collections.abc import Callable

from tui.feeds import arrivals
from tui.feeds.events import EventDecoder
from tui.feeds.follower import Follower
from tui.feeds.journal import JournalDecoder
from tui.feeds.progress import read_feature_list, read_progress, with_features
from tui.feeds.sanitize import clean_bytes
from tui.night.fold import Fold
from tui.night.model import Night
from tui.night.prices import Prices
from tui.night.thresholds import Thresholds
from tui.records import Arrival, Event, Progress
from tui.runner.desk import Desk
from tui.runner.small_file import SmallFile
from tui.runner.turns import Turns
from tui.settings import Settings

_SLICE = 1 << 20
_FRESH = 1.0


def thresholds_of(settings: Settings) -> Thresholds:
    """When silence or repetition counts as a stall, by these settings."""
    stalls = settings.stalls
    names = Thresholds.__struct_fields__
    return Thresholds(**{name: getattr(stalls, name) for name in names if hasattr(stalls, name)})


class Eyes:
    """Follows stream, journal and progress file.

    A run taken up late is read from its start in slices; `caught_up` says when what is known is of
    now. `quiet_since` is when the stream last grew, by the clock that stands still in sleep.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.turns = Turns(session=desk.state.session)
        self.caught_up = False
        self.quiet_since = desk.clock.monotonic()
        self._source = str(desk.folder.stream)
        prices = Prices(desk.settings.prices)
        self.fold = Fold(prices, thresholds_of(desk.settings), own=True)
        self._stream = Follower(self._source, rotates=False)
        self._events = EventDecoder(self._source)
        self._journal = Follower(desk.folder.journal, rotates=False)
        self._entries = JournalDecoder(str(desk.folder.journal))
        paths = desk.settings.paths
        self._progress = SmallFile(desk.path(paths.progress_file))
        self._features = SmallFile(desk.path(paths.feature_list))
        self._listed: Progress | None = None
        self.progress: Progress | None = None
        self._past = self._past_arrivals()
        self._recorded = self._past[-1].offset if self._past else 0
        if self._past:
            silent = max(0.0, desk.clock.wall() - self._past[-1].at)
            self.quiet_since -= silent
        self._night: Night | None = None
        self._changed = True

    def _past_arrivals(self) -> list[Arrival]:
        try:
            data = self.desk.folder.arrivals.read_bytes()
        except OSError:
            return []
        return arrivals.read(data, self._source)

    def look(self, on_event: Callable[[Event], None]) -> bool:
        """Takes in what is new, up to a slice of it; True when there was anything of the agent's."""
        self._read_journal()
        self._read_progress()
        busy = False
        for batch in self._stream.poll(_SLICE):
            busy = True
            end = batch.offset + len(batch.data)
            if self._arrived(end):
                self.quiet_since = self.desk.clock.monotonic()
            decoded = self._events.decode(batch.data, batch.offset)
            if decoded.deltas:
                at = self.desk.clock.wall() if self.caught_up else None
                self.fold.deltas(decoded.deltas, at, self._source)
            self.fold.apply(decoded.events)
            for event in decoded.events:
                if event.offset >= self.desk.state.announced:
                    self.turns.take(event)
                on_event(event)
        self._changed = self._changed or busy
        self.caught_up = not self._stream.behind
        return busy

    def _arrived(self, end: int) -> bool:
        """Tells the fold when bytes arrived: as written down, or now, and then it is written down.

        True for bytes that nobody had seen before.
        """
        known = [one for one in self._past if one.offset <= end]
        if known:
            self.fold.apply(known)
            del self._past[: len(known)]
        if end <= self._recorded:
            return False
        now = self.desk.clock.wall()
        self.fold.apply([Arrival(self._source, end, now)])
        self._recorded = end
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(self.desk.folder.arrivals, flags, 0o600)
        except OSError:
            return True
        try:
            os.write(descriptor, arrivals.line(end, now))
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return True

    def _read_journal(self) -> None:
        for batch in self._journal.poll(_SLICE):
            self.fold.apply(self._entries.decode(batch.data, batch.offset))
            self._changed = True

    def _read_progress(self) -> None:
        data, features = self._progress.changed(), self._features.changed()
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

    def tasks(self) -> Progress | None:
        """The progress file as it stands at this moment; None where nothing is counted."""
        self._read_progress()
        progress = self.progress
        return None if progress is None or progress.basis == "unknown" else progress

    def night(self) -> Night:
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

    def read_all(self) -> bool:
        """Whether every byte of the stream that is there was taken in."""
        position = self._stream.position
        done = position.offset if position is not None else 0
        return done + self._stream.partial().size >= self.end_of_stream()

    def close_line(self) -> None:
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
