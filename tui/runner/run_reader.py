"""The session reader of a run, with arrivals and saved state.

What a supervisor has read is saved in one file beside the stream, replaced in one step and checked
as a whole. A saved reader that does not fit run and files is dropped, and the run is read anew.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec
from msgspec import Struct

from tui.feeds.follow.whole_file import WholeFile
from tui.feeds.progress.feature_list import read_feature_list
from tui.feeds.progress.reader import read_progress_file, with_features
from tui.feeds.sessions.select import EventFile
from tui.model.events import AgentEvent
from tui.model.records import Arrival, ProgressFile
from tui.model.session import SidecarPath
from tui.model.snapshot import NightSnapshot
from tui.monitor import reader_state
from tui.monitor.followed_file import recorded_arrivals
from tui.monitor.session_reader import SessionReader, fold_rules
from tui.night.fold import NightFold
from tui.night.usage.running_total import RunningTotal, running_total, spent_by_slot
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext, file_size
from tui.store.project_files import reading_base
from tui.store.runs import arrival_line
from tui.system.files import append_line

VERSION = 2
_KIND = b"recall"
_SLICE = 1 << 20
_FRESH = 1.0
_WORTH_SAVING = 8 << 20


class SavedRunReader(Struct, frozen=True):
    """What a supervisor saves beside its reader.

    `offset` is how far the stream was read, `announced` where the attempt began that the turns are
    of; `arrivals` how much of the file of arrival times the fold knows, `quiet_at` the last time in it.
    """

    offset: int
    turns: TurnTracker
    announced: int
    arrivals: int
    quiet_at: float | None
    version: int = VERSION


class RunReader:
    """Reads journal, stream and progress file of a run, and records when the stream's bytes arrived.

    A run that is adopted late is read in slices; `caught_up` says when what is known is of now.
    `quiet_since` is when the stream last grew, by the clock that stands still in sleep.
    """

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.turns = TurnTracker(session=context.state.session)
        self.quiet_since = context.clock.monotonic()
        self._source = str(context.folder.stream)
        self._on_event: Callable[[AgentEvent], None] | None = None
        self._saved_to = self._arrivals_from = 0
        self._quiet_at: float | None = None
        self._reader = self._open()
        self._stream = self._reader.followed("stream")
        names = context.settings.paths
        self._progress = WholeFile("progress", self._sidecar(names.progress_file))
        self._features = WholeFile("features", self._sidecar(names.feature_list))
        self._listed: ProgressFile | None = None
        self.progress: ProgressFile | None = None
        self._written: ProgressFile | None = None
        self._past = deque(recorded_arrivals(self._source, self._arrivals_from))
        self._recorded = max(self._saved_to, self._past[-1].offset if self._past else 0)
        if self._past:
            self._quiet_at = self._past[-1].at
        if self._quiet_at is not None:
            self.quiet_since -= max(0.0, context.clock.wall() - self._quiet_at)
        self._night: NightSnapshot | None = None
        self._changed = True

    def _sidecar(self, name: str) -> SidecarPath:
        path = str(self.context.path(name))
        return SidecarPath(path, "", base=reading_base(self.context.project, path))

    @property
    def fold(self) -> NightFold:
        return self._reader.fold

    @property
    def caught_up(self) -> bool:
        return self._reader.caught_up

    # --- what an earlier supervisor has read ---

    def _open(self) -> SessionReader:
        """A reader that goes on where an earlier supervisor stopped, else one from the start."""
        folder = self.context.folder
        # The journal first: what the supervisor did is known before the agent's answer to it.
        files = (
            EventFile("journal", str(folder.journal), "the run's own"),
            EventFile("stream", self._source, "the run's own"),
        )
        rules = fold_rules(self.context.settings, own=True)
        build = partial(
            SessionReader,
            rotates=False,
            wall=self.context.clock.wall,
            on_arrival=self._record_arrival,
            on_event=self._apply_event,
        )
        restored = reader_state.restore(
            folder.reader_state, _KIND, files, rules, lambda fold: build((), fold)
        )
        if restored is not None:
            reader, own = restored
            if self._restore_own(own):
                return reader
            reader.close()
        return build(files, rules.fold())

    def _restore_own(self, data: bytes) -> bool:
        """Restores what was saved beside the reader; False when it does not fit the run's state."""
        try:
            saved = msgspec.msgpack.decode(data, type=SavedRunReader)
        except (ValueError, msgspec.MsgspecError):
            return False
        announced = self.context.state.attempt_stream_offset
        is_same_attempt = saved.announced == announced
        # A state older than the saved reader would take turns of an unknown attempt for its own.
        if saved.version != VERSION or not (is_same_attempt or saved.offset <= announced):
            return False
        if is_same_attempt:
            self.turns = saved.turns
        self._saved_to, self._arrivals_from = saved.offset, saved.arrivals
        self._quiet_at = saved.quiet_at
        return True

    def save(self) -> None:
        """Saves what was read where the next supervisor would take long to read it again."""
        offset = self._stream.offset
        if not self.caught_up or offset - self._saved_to < _WORTH_SAVING:
            return
        arrivals = self._arrivals_from if self._past else file_size(self.context.folder.arrivals)
        announced = self.context.state.attempt_stream_offset
        own = SavedRunReader(offset, self.turns, announced, arrivals, self._quiet_at)
        if reader_state.save(
            self.context.folder.reader_state, _KIND, self._reader, msgspec.msgpack.encode(own)
        ):
            self._saved_to = offset

    # --- reading ---

    def poll(self, on_event: Callable[[AgentEvent], None]) -> bool:
        """Reads what is new, up to a slice of it; True when the stream had anything."""
        self._on_event = on_event
        self._read_progress()
        grown = self._reader.poll_in_turn(_SLICE)
        self._changed = self._changed or bool(grown)
        return "stream" in grown

    def _apply_event(self, event: AgentEvent) -> None:
        if event.offset >= self.context.state.attempt_stream_offset:
            self.turns.apply(event)
        if self._on_event is not None:
            self._on_event(event)

    def _record_arrival(self, end: int) -> None:
        """Gives the fold the time when bytes came: as recorded, or now, and then it is recorded."""
        while self._past and self._past[0].offset <= end:
            self.fold.apply((self._past.popleft(),))
        if end <= self._recorded:
            return
        now = round(self.context.clock.wall(), 3)  # as it can be read back
        self.fold.apply([Arrival(self._source, end, now)])
        self._recorded, self._quiet_at = end, now
        self.quiet_since = self.context.clock.monotonic()
        with suppress(OSError):
            append_line(self.context.folder.arrivals, arrival_line(end, now))

    def _read_progress(self) -> None:
        data, features = self._progress.read_changed(), self._features.read_changed()
        if features is not None:
            where, at = str(self._features.path), self._features.mtime
            self._listed = read_feature_list(features, where, at, self._listed)
        if data is not None:
            where, at = str(self._progress.path), self._progress.mtime
            self._written = read_progress_file(data, where, at, self._written)
        if self._written is not None and (data is not None or features is not None):
            self.progress = with_features(self._written, self._listed)
            self.fold.apply([self.progress])
            self._changed = True

    def read_progress(self) -> ProgressFile | None:
        """The progress file as it stands at this moment; None where no task is counted."""
        self._read_progress()
        progress = self.progress
        return progress if progress is not None and progress.counts_tasks else None

    def snapshot(self) -> NightSnapshot:
        """What is known now; at most a second old."""
        now = self.context.clock.wall()
        if self._night is None or self._changed or abs(now - self._night.now) >= _FRESH:
            self._night = self.fold.snapshot(now)
            self._changed = False
        return self._night

    def silence(self) -> float:
        """Seconds since the stream grew; those asleep do not count."""
        return self.context.clock.monotonic() - self.quiet_since

    def running_total(self) -> RunningTotal:
        """What the run has cost, as far as the stream was read."""
        return running_total(self.fold.accounts)

    def spent_by_slot(self) -> dict[float, float]:
        """The same by the moment it was spent."""
        return spent_by_slot(self.fold.accounts)

    def end_of_stream(self) -> int:
        """Bytes of the stream that are there now."""
        return file_size(self.context.folder.stream)

    def is_complete(self) -> bool:
        """Whether every byte of the stream that is there was read."""
        unfinished = self._stream.follower.partial().size
        return self._stream.offset + unfinished >= self.end_of_stream()

    def terminate_line(self) -> None:
        """Ends a line that a dead agent left unfinished, so that the next one's first line is whole.

        Raises OSError.
        """
        if self.end_of_stream():
            with open(self._source, "ab+") as file:
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":
                    file.write(b"\n")

    def close(self) -> None:
        self._reader.close()
