"""Everything that is read beside the events: progress, notes, log, histories, commits, processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.feeds.follow.follower import FileFollower
from tui.feeds.follow.whole_file import WholeFile
from tui.feeds.sessions.live_processes import AgentProcessReader
from tui.feeds.sessions.select import SessionSources
from tui.model.journal import JournalEntry
from tui.model.records import (
    Commit,
    LogEntry,
    ProgressFile,
    Record,
    SessionHistoryLine,
    SessionNotes,
    SourceStatus,
    SupervisorSeen,
)
from tui.model.session import AgentProcesses, KnownSession, SidecarPath
from tui.monitor.followed_file import feed_status
from tui.store.layout import RunDirectory
from tui.store.runs import is_supervised, is_supervisor_coming
from tui.system.clock import Clock

# What reads a kind of file is imported once there is one: `status` in an empty folder needs none.
if TYPE_CHECKING:
    from tui.feeds.repo.commits import CommitReader
    from tui.feeds.watchdog_log import WatchdogLogDecoder


_LOG_ENTRIES = 5_000
_VERSIONS = 200
_SETTLED = 2.0
_PROCESS_EVERY = 2.0
_COMMITS_EVERY = 2.0
_LEAST_SLEEP = 60.0


class WatchdogLogTail:
    """The newest entries of the watchdog log; `generation` changes when the file began anew.

    An entry that repeats the one above it is counted there. The last entry may still grow or be counted
    again, so its number is always among those that `update` of a view must read again.
    """

    def __init__(self, file: SidecarPath, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.generation = 0
        self._monotonic = monotonic
        self._quiet_since = 0.0
        self._entries: list[LogEntry] = []
        self._follower = FileFollower(file.path, at_end_bytes=2 << 20, base=file.base)
        self._decoder: WatchdogLogDecoder | None = None
        self._file = file
        self._seen_generation: int | None = None
        self._lines = 0
        self._held: LogEntry | None = None
        self._held_repeats = False
        self._last: LogEntry | None = None

    def __len__(self) -> int:
        return len(self._entries) + (self._held is not None and not self._held_repeats)

    def _look_at_held(self) -> None:
        """Takes over the entry that may still grow, as it stands after these lines."""
        self._held = self._decoder.pending if self._decoder is not None else None
        again = None
        if self._held is not None and self._entries:
            from tui.feeds.watchdog_log import folded

            again = folded(self._entries[-1], self._held)
        self._held_repeats = again is not None
        self._last = again or self._held

    def entry(self, index: int) -> LogEntry:
        if index == len(self) - 1 and self._last is not None:
            return self._last
        return self._entries[index]

    def row_at_time(self, at: float) -> int | None:
        """The newest entry that first came not after `at`; None when there is none."""
        for index in reversed(range(len(self._entries))):
            time = self._entries[index].at
            if time is not None and time <= at:
                return index
        return None

    @property
    def state(self) -> tuple[int, int, LogEntry | None]:
        """Another value where what is to be shown has changed."""
        return (
            self.generation,
            len(self),
            self._last or (self._entries[-1] if self._entries else None),
        )

    def poll(self) -> list[LogEntry]:
        """New whole entries, oldest first; the newest one is held until it cannot grow."""
        fresh: list[LogEntry] = []
        before = 0  # entries of a file that this one replaced
        grown = False
        for batch in self._follower.poll():
            grown = True
            if self._seen_generation not in (None, batch.generation):
                self.generation += 1
                self._entries.clear()
                before = len(fresh)
            self._seen_generation = batch.generation
            self._lines += batch.data.count(b"\n")
            if self._decoder is None:
                from tui.feeds.watchdog_log import WatchdogLogDecoder

                self._decoder = WatchdogLogDecoder(self.path)
            fresh += self._decoder.decode(batch.data, batch.offset)
        now = self._monotonic()
        if fresh:
            self._quiet_since = now
        elif self._held and self._decoder and now - self._quiet_since >= _SETTLED:
            fresh += self._decoder.flush()
        if fresh:
            self._append(fresh[before:])
        if grown or fresh:
            self._look_at_held()
        if len(self._entries) > 2 * _LOG_ENTRIES:
            del self._entries[:-_LOG_ENTRIES]
            self.generation += 1
        return fresh

    def _append(self, fresh: list[LogEntry]) -> None:
        from tui.feeds.watchdog_log import folded

        for entry in fresh:
            again = folded(self._entries[-1], entry) if self._entries else None
            if again is not None:
                self._entries[-1] = again
            else:
                self._entries.append(entry)

    @property
    def path(self) -> str:
        return self._follower.path

    def feed_state(self) -> SourceStatus:
        follower = self._follower
        status = feed_status(follower)
        return SourceStatus(
            "watchdog",
            follower.path,
            status,
            self._file.missing if status == "missing" else follower.state.reason,
            self._file.chosen,
            follower.state.size,
            follower.state.mtime,
            self._lines,
        )

    def close(self) -> None:
        self._follower.close()


class SidecarFiles:
    """Polls everything that is not an event file; each poll returns the records that are new.

    `others` are the sessions beside the one that is read, as they were found last.
    """

    def __init__(self, project: Path, sources: SessionSources, clock: Clock) -> None:
        self.progress: ProgressFile | None = None
        self.notes: SessionNotes | None = None
        self.log = WatchdogLogTail(sources.watchdog)
        self._clock = clock
        self._progress = WholeFile("progress", sources.progress)
        self._features = WholeFile("features", sources.features)
        self._notes = WholeFile("notes", sources.notes, from_end=True)
        self._history = WholeFile("history", sources.history)
        self._compactions = WholeFile("compactions", sources.compactions)
        self._processes: AgentProcessReader | None = None
        self._alone = sources.is_whole_truth
        self._has_session = sources.has_session
        if not sources.is_whole_truth and not sources.elsewhere:
            self._processes = AgentProcessReader(Path(sources.folder or project), clock)
            self._processes.own_agent = sources.agent
        self.others: tuple[KnownSession, ...] = sources.others
        self._run = None
        if sources.run_dir and not sources.elsewhere and not sources.is_whole_truth:
            self._run = RunDirectory(Path(sources.run_dir))
        self._commits: CommitReader | None = None
        self._project = project
        self._next_processes = 0.0
        self._next_commits = 0.0
        self._text_progress: ProgressFile | None = None
        self._listed: ProgressFile | None = None
        self._progress_seen: list[ProgressFile] = []
        self._newest: dict[type, Record] = {}
        self._lasting: list[Record] = []
        self._notes_sleep = not sources.run  # a supervisor does it by itself
        self._seen_at = clock.wall(), clock.monotonic()

    def poll(self) -> tuple[list[Record], set[str]]:
        """New records, and the names of the panes they touch."""
        records: list[Record] = []
        touched: set[str] = set()
        if self._poll_progress(records):
            touched.add("progress")
        data = self._notes.read_changed()
        if data is not None:
            from tui.feeds.sidecar_files import read_notes

            file = self._notes
            self.notes = read_notes(data, file.path, file.mtime, file.size)
            records.append(self.notes)
            touched.add("notes")
        before = self.log.state
        records += self.log.poll()
        if self.log.state != before:
            touched.add("log")
        self._poll_histories(records)
        self._poll_slow(records)
        if self._notes_sleep:
            self._poll_sleep(records)
        self._remember(records)
        return records, touched

    def _remember(self, records: list[Record]) -> None:
        """Keeps what a fold that begins later must get."""
        for record in records:
            if isinstance(record, ProgressFile):
                self._progress_seen = [*self._progress_seen[-_VERSIONS:], record]
            if isinstance(record, ProgressFile | SessionNotes | AgentProcesses | SupervisorSeen):
                self._newest[type(record)] = record
            elif isinstance(record, Commit | SessionHistoryLine | JournalEntry) or (
                # the entry in which the original system's watchdog ends a session
                isinstance(record, LogEntry) and "Terminating session" in record.text
            ):
                self._lasting.append(record)

    def progress_at(self, at: float) -> ProgressFile | None:
        """The progress as this viewer saw it at `at`; None when it was not reading yet."""
        versions = reversed(self._progress_seen)
        return next((version for version in versions if (version.at or 0.0) <= at), None)

    @property
    def records(self) -> list[Record]:
        """Everything that still matters of what was read so far."""
        return [*self._lasting, *self._progress_seen[:1], *self._newest.values()]

    def _poll_progress(self, records: list[Record]) -> bool:
        data = self._progress.read_changed()
        features = self._features.read_changed()
        if data is None and features is None:
            return False
        from tui.feeds.progress.feature_list import read_feature_list
        from tui.feeds.progress.reader import read_progress_file, with_features

        if data is not None:
            file = self._progress
            before = self._text_progress
            self._text_progress = read_progress_file(data, file.path, file.mtime, before)
        if features is not None:
            file = self._features
            self._listed = read_feature_list(features, file.path, file.mtime, self._listed)
        if self._text_progress is not None:
            self.progress = with_features(self._text_progress, self._listed)
        else:
            self.progress = self._listed
        if self.progress is None:
            return False
        records.append(self.progress)
        return True

    @property
    def follows_commits(self) -> bool:
        return self._commits is not None or self._alone

    def follow_commits(self, since: float | None) -> None:
        """From now on also yields commits made after `since`, the session's start."""
        from tui.feeds.repo.commits import CommitReader

        self._commits = CommitReader(self._project, since)

    def _poll_sleep(self, records: list[Record]) -> None:
        """The machine slept, or its clock was set forward: that silence is nobody's."""
        wall, awake = self._seen_at
        self._seen_at = now = self._clock.wall(), self._clock.monotonic()
        missed = now[0] - wall - (now[1] - awake)
        if missed >= _LEAST_SLEEP:
            records.append(JournalEntry(now[0], "suspended", "", {"seconds": missed}))

    def _poll_histories(self, records: list[Record]) -> None:
        data = self._history.read_changed()
        if data is not None:
            from tui.feeds.sidecar_files import read_history

            records += read_history(data, self._history.path)
        data = self._compactions.read_changed()
        if data is not None:
            from tui.feeds.sidecar_files import read_compactions

            records += read_compactions(data, self._compactions.path)

    def _poll_slow(self, records: list[Record]) -> None:
        now = self._clock.monotonic()
        if self._processes is not None and now >= self._next_processes:
            self._next_processes = now + _PROCESS_EVERY
            if self._run is not None and not self._run.end.exists():
                lives, coming = is_supervised(self._run), is_supervisor_coming(self._run)
                records.append(SupervisorSeen(self._clock.wall(), lives, coming))
            records.append(self._own_agents(self._processes.read()))
        if self._commits is not None and now >= self._next_commits:
            self._next_commits = now + _COMMITS_EVERY
            records += self._commits.poll()

    def _own_agents(self, found: AgentProcesses) -> AgentProcesses:
        """The agents without those of the sessions beside this one: they say nothing about it."""
        if not self._has_session:
            return found
        strangers = {one.process.pid for one in self.others if one.process is not None}
        own = tuple(agent for agent in found.agents if agent.pid not in strangers)
        return AgentProcesses(found.at, own)

    @property
    def watched_paths(self) -> Sequence[str]:
        """Files whose change should wake the pump."""
        return (self._progress.path, self._notes.path, self.log.path)

    def states(self) -> tuple[SourceStatus, ...]:
        files = (self._progress, self._notes)
        return (*(file.source_status() for file in files), self.log.feed_state())

    def close(self) -> None:
        self.log.close()
