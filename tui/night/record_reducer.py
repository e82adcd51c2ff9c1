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

    def __init__(self, state: FoldState, accounts: CostAccounts) -> None:
        self._state = state
        self._accounts = accounts
        self.handlers: dict[type, Callable[[Any], None]] = {
            Arrival: self._arrival,
            ProgressFile: self._progress,
            SessionNotes: state.evidence.on_notes,
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
        state = self._state
        state.source_clock(arrival.source).record_arrival(arrival.offset, arrival.at)
        state.record_sign(arrival.at)

    def _progress(self, progress: ProgressFile) -> None:
        state = self._state
        if state.first_progress is None and progress.basis != "unknown":
            state.first_progress = progress
        state.progress = progress
        state.evidence.on_progress(progress)

    def _log(self, entry: LogEntry) -> None:
        """The original system's watchdog says in its log whom it ends and why."""
        _, found, reason = entry.text.partition("Terminating session:")
        if found:
            self._state.watchdog_reason = shorten(reason, 160)
            self._state.watchdog_at = entry.at

    def _session_history(self, record: SessionHistoryLine) -> None:
        self._state.last_session_end = record

    def _commit(self, commit: Commit) -> None:
        state = self._state
        if commit.sha in state.commits:
            return
        state.commits[commit.sha] = commit
        if len(state.commits) > _MOST_COMMITS:
            del state.commits[next(iter(state.commits))]
        self._state.loop_detector.on_work_tree_change()
        self._state.timeline.mark(commit.at, "commit", shorten(commit.subject))

    def _processes(self, seen: AgentProcesses) -> None:
        state = self._state
        state.agents, state.agents_at = seen.agents, seen.at

    def _journal(self, entry: JournalEntry) -> None:
        state = self._state
        apply_entry(state.interventions, entry, self._state.timeline)
        if entry.kind == "segment_started":
            self._segment(entry)
        elif entry.kind == "segment_ended" and state.activity.turn_open:
            state.waste.abort_turn(entry.at, "process ended")
        elif entry.kind in ("rewind", "undo"):
            self._state.loop_detector.on_work_tree_change()
            self._state.evidence.on_rewind(entry)
        elif entry.kind == "inject":
            self._state.loop_detector.reset_conversation("")
        elif entry.kind == "injection" and entry.data.get("state") == "delivered":
            state.message_delivered = True

    def _segment(self, entry: JournalEntry) -> None:
        attempt = self._state.interventions.attempt
        if attempt is None or not attempt.session:
            return
        sessions = self._state.sessions
        parent = attempt.resume_of
        if parent and parent != attempt.session:
            self._accounts.link(sessions.number(attempt.session), sessions.number(parent))
        elif not parent:
            self._accounts.link(sessions.number(attempt.session), None)
