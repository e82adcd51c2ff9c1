"""Watches one project in a thread; offers the newest snapshot to any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.feeds.sessions.registry import SessionRegistry
from tui.feeds.sessions.select import SessionSources, select_session
from tui.model.records import SourceStatus
from tui.model.session import KnownSession, NamedSources
from tui.model.snapshot import NightSnapshot
from tui.monitor.followed_file import total_size
from tui.monitor.session_reader import LARGE, SAVE_ABOVE, SessionReader, fold_rules
from tui.monitor.sidecars import SidecarFiles
from tui.settings.settings import Settings
from tui.system.clock import Clock

if TYPE_CHECKING:
    from tui.feeds.follow.wake import ChangeNotifier
    from tui.monitor.loading import BackgroundFold
    from tui.monitor.rows.event_index import EventIndex
    from tui.monitor.search import RawSearch, SearchHit


_REDISCOVER_EVERY = 3.0
_SNAPSHOT_EVERY = 1.0
_BUSY_EVERY = 0.14
_READ_FOR = 0.09
_BREATH = 0.01
OnChange = Callable[[frozenset[str]], None]


class SessionMonitor:
    """Reads a session's files in one thread and offers what is known of it to any thread.

    `on_change` is called from that thread with the names of what changed: "events", "night", "log",
    "progress", "notes", "feeds", "folding", "bell". `night` is None until the first snapshot;
    `caught_up` says that all there was had been read when the newest one was taken.
    """

    def __init__(
        self,
        project: Path,
        settings: Settings,
        named: NamedSources,
        clock: Clock,
        on_change: OnChange | None = None,
    ) -> None:
        self.project = project
        self.settings = settings
        self.night: NightSnapshot | None = None
        self.sources: SessionSources | None = None
        self.sidecars: SidecarFiles | None = None
        self.reader: SessionReader | None = None
        self.fault: Exception | None = None
        self.caught_up = False
        self.named = self._named_first = named
        self._clock = clock
        self._on_change = on_change or (lambda names: None)
        self._rules = fold_rules(settings)
        self._folding: BackgroundFold | None = None
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._wake: ChangeNotifier | None = None
        self._thread: threading.Thread | None = None
        self._next_discovery = 0.0
        self._next_snapshot = 0.0
        self._level = 1
        self.is_chosen = False
        self._background = self._is_switched = False
        self._empty: EventIndex | None = None
        self._registry = SessionRegistry(project)

    # --- for screens and commands --------------------------------------------------------------

    def start(self) -> None:
        """Begins to read in a thread of its own."""
        self._background = True
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops reading, and saves the reader where a later start gains by it."""
        self._stopping.set()
        self._woken.set()
        if self._wake is not None:
            self._wake.close()
        if self._folding is not None:
            self._folding.stop()
        if self._thread is not None:
            self._thread.join(5)
        if self.reader is not None:
            is_worth_saving = self.reader.has_rows and self.reader.size() > SAVE_ABOVE
            if self._folding is None and is_worth_saving:
                from tui.monitor import loading

                loading.save_reader(self.reader)
            self.reader.close()
        if self.sidecars is not None:
            self.sidecars.close()

    def set_callback(self, on_change: OnChange) -> None:
        """Calls this from now on; for a screen that is built after the monitor was started."""
        self._on_change = on_change

    def read_all(self) -> NightSnapshot:
        """Reads everything that is there, in the calling thread."""
        self._open()
        while self._read()[0]:
            pass
        return self._take_snapshot()

    def read_once(self) -> NightSnapshot:
        """As `read_all`, for callers without rows: what only rows need is not even imported."""
        self.sources = self._select()
        files = self.sources.events
        if total_size(files) > LARGE:
            return self.read_all()
        self.sidecars = SidecarFiles(self.project, self.sources, self._clock)
        self.reader = SessionReader(files, self._rules.fold())
        self.reader.read_all()
        self.reader.read_last_lines()
        records, _ = self.sidecars.poll()
        self.reader.fold.apply(records)
        self.night = self.reader.fold.snapshot(self._clock.wall())
        return self.night

    @property
    def events(self) -> EventIndex:
        """The rows of the events pane; another object after a large file was folded."""
        if self.reader is not None:
            return self.reader.index
        if self._empty is None:
            from tui.monitor.rows.event_index import EventIndex

            self._empty = EventIndex()
        return self._empty

    @property
    def folding(self) -> tuple[int, int] | None:
        """Bytes folded and to fold while a large file is being read, else None."""
        return self._folding.progress if self._folding is not None else None

    @property
    def partial(self) -> bool:
        """Whether only the newest part of the events is known yet."""
        return self._folding is not None

    def search(self, text: str, on_progress: Callable[[], None] | None = None) -> RawSearch:
        """Starts a search through the raw event files."""
        from tui.monitor.search import RawSearch

        paths = self.reader.paths if self.reader is not None else ()

        # A match counts once when two files have the event: where its row came from.
        def is_shown(hit: SearchHit) -> bool:
            return self.partial or self.events.holds(hit.source, hit.offset)

        return RawSearch(text, paths, on_progress, is_shown, self.base_of).start()

    def base_of(self, path: str) -> str:
        """The folder that a file must not leave when it is read; empty for no such bound."""
        from tui.store.project_files import reading_base

        return reading_base(self.project, path, self.named.paths)

    def feeds(self) -> tuple[SourceStatus, ...]:
        """How each source is doing."""
        events = self.reader.states() if self.reader is not None else ()
        sidecars = self.sidecars.states() if self.sidecars is not None else ()
        return (*events, *sidecars)

    @property
    def wake_mode(self) -> str:
        """How changes are noticed: "notified" or "polling"."""
        return self._wake.mode if self._wake is not None else "polling"

    @property
    def level(self) -> int:
        """The verbosity of the event rows."""
        return self._level

    def set_level(self, level: int) -> None:
        """Sets the verbosity of the event rows, 1 to 3."""
        self._level = level
        self.events.level = level

    def wait_for_change(self) -> None:
        """Blocks until something new was read; for commands that follow without a thread."""
        self._begin_waking()
        while True:
            busy, changed = self._read()
            if busy or changed or self._rediscover():
                self._take_snapshot()
                return
            self._woken.wait()
            self._woken.clear()

    def watch(self, session: KnownSession | None) -> None:
        """Watches this session of the project from now on; None: again what was watched at first."""
        named = self._named_first
        if session is not None:
            run, path = session.run_id or None, session.path if not session.run_id else None
            named = replace(named, events=None, run=run, session=path)
        if named != self.named:
            self.named, self.is_chosen, self._is_switched = named, session is not None, True
            self.rediscover()

    def rediscover(self) -> None:
        """Looks for new sessions and files now, not only at the next interval."""
        self._next_discovery = 0.0
        self._woken.set()

    def _select(self) -> SessionSources:
        return select_session(self.project, self.settings, self.named, registry=self._registry)

    # --- opening -------------------------------------------------------------------------------

    def _open(self) -> None:
        from tui.monitor import loading

        self.sources = self._select()
        files = self.sources.events
        self.sidecars = SidecarFiles(self.project, self.sources, self._clock)
        if total_size(files) <= LARGE:
            self._adopt(loading.new_reader(files, self._rules, self._level))
        elif self._background:
            self._adopt(loading.tail_reader(files, self._rules, self._level))
            self._folding = loading.BackgroundFold(
                files, self._rules, self._level, self._on_folding
            )
        else:
            restored = loading.restored_reader(files, self._rules, self._level)
            self._adopt(restored or loading.new_reader(files, self._rules, self._level))
        if self._wake is not None:
            self._wake.watch(self._watched())
        self._next_discovery = self._clock.monotonic() + _REDISCOVER_EVERY

    def _begin_waking(self) -> None:
        from tui.feeds.follow.wake import ChangeNotifier

        if self._wake is None:
            seconds = self.settings.screen.poll_ms / 1000
            self._wake = ChangeNotifier(
                lambda paths: self._woken.set(), self._watched(), seconds=seconds
            )
            self._wake.start()

    def _adopt(self, reader: SessionReader) -> None:
        old, self.reader = self.reader, reader
        reader.index.level = self._level
        reader.index.root = f"{self.project}/"
        reader.index.generation = (old.index.generation if old else 0) + 1
        if old is not None:
            old.close()

    def _watched(self) -> list[str]:
        events = [file.path for file in self.reader.files] if self.reader else []
        return [*events, *(self.sidecars.watched_paths if self.sidecars else ())]

    def _on_folding(self) -> None:
        self._on_change(frozenset({"folding"}))
        if self._folding is not None and self._folding.is_done:
            self._woken.set()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._pump()
        except Exception as error:  # the screen ends with a sentence about it
            self.fault = error
            self._on_change(frozenset({"fault"}))
        finally:
            if self._folding is not None:
                self._folding.stop()

    def _pump(self) -> None:
        self._open()
        self._begin_waking()
        opened = {"events", "progress", "notes", "log", "feeds"}
        while not self._stopping.is_set():
            began = self._clock.monotonic()
            busy, changed = self._read_for(began + _READ_FOR)
            self.caught_up = not busy
            changed |= self._adopt_folded() | opened
            opened = set()
            changed |= self._rediscover()
            if changed or began >= self._next_snapshot:
                self._take_snapshot()
                changed.add("night")
                if self.events.changed:
                    changed.add("events")
            if changed:
                self._on_change(frozenset(changed))
            if busy:
                # The first change after quiet is read at once, a busy stream seven times a second.
                self._stopping.wait(max(_BREATH, _BUSY_EVERY - (self._clock.monotonic() - began)))
            else:
                self._woken.wait(_SNAPSHOT_EVERY)
                self._woken.clear()

    def _read_for(self, until: float) -> tuple[bool, set[str]]:
        """Reads until there is nothing new or the time is up; a fast writer is kept up with."""
        busy, changed = self._read()
        while busy and self.reader is not None and self._clock.monotonic() < until:
            if not self.reader.poll():
                break
        return busy, changed

    def _read(self) -> tuple[bool, set[str]]:
        """Reads what is new; says whether there may be more, and what changed."""
        assert self.reader is not None
        assert self.sidecars is not None
        busy = self.reader.poll()
        records, changed = self.sidecars.poll()
        if records:
            self.reader.fold.apply(records)
            changed.add("night")
        if self.reader.bells:
            self.reader.bells = 0
            changed.add("bell")
        if busy:
            changed |= {"events", "night"}
        elif not self.sidecars.follows_commits and self._folding is None:
            self.sidecars.follow_commits(self.reader.fold.snapshot(0.0).run.started_at)
        return busy, changed

    def _adopt_folded(self) -> set[str]:
        folding = self._folding
        if folding is None or not folding.is_done:
            return set()
        self._folding = None
        reader = folding.pop_reader()
        if reader is None:  # without a child it takes longer, but all of it is read all the same
            from tui.monitor import loading

            assert self.reader is not None
            reader = loading.new_reader(self.reader.files, self._rules, self._level)
        else:
            reader.read_all()
        if self.sidecars is not None:
            reader.fold.apply(self.sidecars.records)
        self._adopt(reader)
        return {"folding", "events", "night", "feeds"}

    def _rediscover(self) -> set[str]:
        """Looks every few seconds whether another session began or a file appeared; what changed."""
        now = self._clock.monotonic()
        if self._is_switched:
            self._is_switched = False
            if self._folding is not None:
                self._folding.stop()
                self._folding = None
        elif now < self._next_discovery or self._folding is not None:
            return set()
        self._next_discovery = now + _REDISCOVER_EVERY
        sources = self._select()
        assert self.reader is not None
        assert self.sidecars is not None
        self.sidecars.others = sources.others
        before, self.sources = self.sources, sources
        if before is not None and replace(sources, others=before.others) == before:
            return set()
        known_paths = {file.path for file in self.reader.files}
        if known_paths and known_paths <= {file.path for file in sources.events}:
            for file in sources.events:
                if file.path not in known_paths:
                    self.reader.add(file)
            if _without_events(sources) != _without_events(before):
                self.sidecars.close()
                self.sidecars = SidecarFiles(self.project, sources, self._clock)
            if self._wake is not None:
                self._wake.watch(self._watched())
        else:
            self.sidecars.close()
            self._open()
            self._read()  # a snapshot without any look at the processes would say less than before
        return {"feeds", "events", "progress", "notes", "log"}

    def _take_snapshot(self) -> NightSnapshot:
        assert self.reader is not None
        self.night = self.reader.fold.snapshot(self._clock.wall())
        self._next_snapshot = self._clock.monotonic() + _SNAPSHOT_EVERY
        self.events.is_live = not self.night.is_over
        self.events.set_outcomes(self.night)
        return self.night


def _without_events(sources: SessionSources | None) -> SessionSources | None:
    return replace(sources, events=(), why="", others=()) if sources is not None else None
