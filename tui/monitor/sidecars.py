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
from tui.model.records import (
    Commit,
    LogEntry,
    ProgressFile,
    Record,
    SessionHistoryLine,
    SessionNotes,
    SourceStatus,
)
from tui.model.session import AgentProcesses, KnownSession, SidecarPath
from tui.monitor.followed_file import feed_status
from tui.system.clock import Clock

# What reads a kind of file is imported once there is one: `status` in an empty folder needs none.
if TYPE_CHECKING:
    from tui.feeds.repo.commits import CommitReader
    from tui.feeds.sidecar_files import WatchdogLogDecoder


_LOG_ENTRIES = 5_000
_VERSIONS = 200
_SETTLED = 2.0
_PROCESS_EVERY = 2.0
_COMMITS_EVERY = 2.0


class WatchdogLogTail:
    """The newest entries of the watchdog log; `generation` changes when the file began anew."""

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

    def __len__(self) -> int:
        return len(self._entries) + (self._held is not None)

    @property
    def _held(self) -> LogEntry | None:
        return self._decoder.pending if self._decoder is not None else None

    def entry(self, index: int) -> LogEntry:
        held = self._held
        if index == len(self._entries) and held is not None:
            return held
        return self._entries[index]

    def row_at_time(self, at: float) -> int | None:
        """The newest entry not after `at`; None when there is none."""
        for index in reversed(range(len(self._entries))):
            time = self._entries[index].at
            if time is not None and time <= at:
                return index
        return None

    def poll(self) -> list[LogEntry]:
        """New whole entries, oldest first; the newest one is held until it cannot grow."""
        fresh: list[LogEntry] = []
        for batch in self._follower.poll():
            if self._seen_generation not in (None, batch.generation):
                self.generation += 1
                self._entries.clear()
            self._seen_generation = batch.generation
            self._lines += batch.data.count(b"\n")
            if self._decoder is None:
                from tui.feeds.sidecar_files import WatchdogLogDecoder

                self._decoder = WatchdogLogDecoder(self.path)
            fresh += self._decoder.decode(batch.data, batch.offset)
        now = self._monotonic()
        if fresh:
            self._quiet_since = now
        elif self._held and self._decoder and now - self._quiet_since >= _SETTLED:
            fresh += self._decoder.flush()
        self._entries.extend(fresh)
        if len(self._entries) > 2 * _LOG_ENTRIES:
            del self._entries[:-_LOG_ENTRIES]
            self.generation += 1
        return fresh

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
        self._notes = WholeFile("notes", sources.notes)
        self._history = WholeFile("history", sources.history)
        self._compactions = WholeFile("compactions", sources.compactions)
        self._processes: AgentProcessReader | None = None
        self._alone = sources.is_whole_truth
        if not sources.is_whole_truth and not sources.elsewhere:
            self._processes = AgentProcessReader(Path(sources.folder or project), clock)
            self._processes.own_agent = sources.agent
        self.others: tuple[KnownSession, ...] = sources.others
        self._commits: CommitReader | None = None
        self._project = project
        self._next_processes = 0.0
        self._next_commits = 0.0
        self._text_progress: ProgressFile | None = None
        self._listed: ProgressFile | None = None
        self._progress_seen: list[ProgressFile] = []
        self._newest: dict[type, Record] = {}
        self._lasting: list[Record] = []

    def poll(self) -> tuple[list[Record], set[str]]:
        """New records, and the names of the panes they touch."""
        records: list[Record] = []
        touched: set[str] = set()
        if self._poll_progress(records):
            touched.add("progress")
        data = self._notes.read_changed()
        if data is not None:
            from tui.feeds.sidecar_files import read_notes

            self.notes = read_notes(data, self._notes.path, self._notes.mtime)
            records.append(self.notes)
            touched.add("notes")
        shown = len(self.log)
        records += self.log.poll()
        if len(self.log) != shown:
            touched.add("log")
        self._poll_histories(records)
        self._poll_slow(records)
        self._remember(records)
        return records, touched

    def _remember(self, records: list[Record]) -> None:
        """Keeps what a fold that begins later must get."""
        for record in records:
            if isinstance(record, ProgressFile):
                self._progress_seen = [*self._progress_seen[-_VERSIONS:], record]
            if isinstance(record, ProgressFile | SessionNotes | AgentProcesses):
                self._newest[type(record)] = record
            elif isinstance(record, Commit | SessionHistoryLine) or (
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
        from tui.feeds.progress.reader import read_progress, with_features
        from tui.feeds.progress.tasks_and_counts import read_feature_list

        if data is not None:
            self._text_progress = read_progress(
                data.decode("utf-8", "replace"), self._progress.path, self._progress.mtime
            )
        if features is not None:
            self._listed = read_feature_list(features, self._features.path, self._features.mtime)
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
            records.append(self._own_agents(self._processes.read()))
        if self._commits is not None and now >= self._next_commits:
            self._next_commits = now + _COMMITS_EVERY
            records += self._commits.poll()

    def _own_agents(self, found: AgentProcesses) -> AgentProcesses:
        """The agents without those of the sessions beside this one: they say nothing about it."""
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
