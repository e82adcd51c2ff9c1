"""What records beside the events change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.model.journal import JournalEntry
from tui.model.records import (
    Arrival,
    Commit,
    CompactionHistoryLine,
    LogEntry,
    ProgressFile,
    SessionHistoryLine,
    SessionNotes,
)
from tui.model.session import AgentProcesses
from tui.night.fold_state import FoldState
from tui.night.journal_reducer import apply_entry
from tui.night.usage.accounts import CostAccounts
from tui.system.format import shorten

_MOST_COMMITS = 5_000


class RecordReducer:
    """Handlers of everything that is no event."""

    def __init__(self, memory: FoldState, accounts: CostAccounts) -> None:
        self._memory = memory
        self._accounts = accounts
        self.handlers: dict[type, Callable[[Any], None]] = {
            Arrival: self._arrival,
            ProgressFile: self._progress,
            SessionNotes: memory.evidence.on_notes,
            LogEntry: self._log,
            SessionHistoryLine: self._session_history,
            CompactionHistoryLine: self._nothing,
            Commit: self._commit,
            AgentProcesses: self._processes,
            JournalEntry: self._journal,
        }

    def _nothing(self, record: object) -> None:
        """The pane that shows it reads it by itself."""

    def _arrival(self, arrival: Arrival) -> None:
        memory = self._memory
        memory.source_clock(arrival.source).record_arrival(arrival.offset, arrival.at)
        memory.record_sign(arrival.at)

    def _progress(self, progress: ProgressFile) -> None:
        memory = self._memory
        if memory.first_progress is None and progress.basis != "unknown":
            memory.first_progress = progress
        memory.progress = progress
        memory.evidence.on_progress(progress)

    def _log(self, entry: LogEntry) -> None:
        """The original system's watchdog says in its log whom it ends and why."""
        _, found, reason = entry.text.partition("Terminating session:")
        if found:
            self._memory.watchdog_reason = shorten(reason, 160)
            self._memory.watchdog_at = entry.at

    def _session_history(self, record: SessionHistoryLine) -> None:
        self._memory.last_session_end = record

    def _commit(self, commit: Commit) -> None:
        memory = self._memory
        if commit.sha in memory.commits:
            return
        memory.commits[commit.sha] = commit
        if len(memory.commits) > _MOST_COMMITS:
            del memory.commits[next(iter(memory.commits))]
        self._memory.loop_detector.on_work_tree_change()
        self._memory.timeline.mark(commit.at, "commit", shorten(commit.subject))

    def _processes(self, seen: AgentProcesses) -> None:
        memory = self._memory
        memory.agents, memory.agents_at = seen.agents, seen.at

    def _journal(self, entry: JournalEntry) -> None:
        memory = self._memory
        apply_entry(memory.interventions, entry, self._memory.timeline)
        if entry.kind == "segment_started":
            self._segment(entry)
        elif entry.kind == "segment_ended" and memory.activity.turn_open:
            memory.waste.abort_turn(entry.at, "process ended")
        elif entry.kind in ("rewind", "undo"):
            self._memory.loop_detector.on_work_tree_change()
            self._memory.evidence.on_rewind(entry)
        elif entry.kind == "inject":
            self._memory.loop_detector.reset_conversation("")
        elif entry.kind == "injection" and entry.data.get("state") == "delivered":
            memory.message_delivered = True

    def _segment(self, entry: JournalEntry) -> None:
        segment = self._memory.interventions.attempt
        if segment is None or not segment.session:
            return
        sessions = self._memory.sessions
        parent = segment.resume_of
        if parent and parent != segment.session:
            self._accounts.link(sessions.number(segment.session), sessions.number(parent))
        elif not parent:
            self._accounts.link(sessions.number(segment.session), None)
