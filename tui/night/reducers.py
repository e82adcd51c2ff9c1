"""What each kind of event, and each kind of other record, changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.model import events, records
from tui.model.cli_commands import SUBAGENTS, is_cli_command
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    SourceRef,
    ToolCall,
    UserMessage,
)
from tui.model.failures import SYNTHETIC
from tui.model.journal import JournalEntry
from tui.model.session import AgentProcesses
from tui.model.stall import ProgressKind
from tui.model.state import StallThresholds
from tui.model.timeline import MarkKind
from tui.night import timeline_builder
from tui.night.activity import IDLE
from tui.night.fold_state import FoldState, SourceClock
from tui.night.journal_reducer import apply_entry
from tui.night.pending import OpenToolCall
from tui.night.rules.limit_rules import limit_name, note_lifted_limit
from tui.night.stuck.called_wrong import read_not_stuck
from tui.night.stuck.turns.prompts import begins_turn
from tui.night.tool_answers import AnswerPlace, apply_answer, keep_late, lose_calls, on_result
from tui.night.usage.accounts import CostAccounts
from tui.system.format import shorten

_MOST_COMMITS = 5_000
_PROMPT = 300
Time = float | None
"""Seconds since the epoch; None where the source does not say."""
Handler = Callable[[AgentEvent, Any, Time, bool, SourceClock], None]
"""Applies an event and its body at a time: as news or as history, from a source."""
_MINOR = (
    *(events.ApiRetry, events.RateLimit, events.Compaction, events.TaskUpdate),
    *(events.ToolHeartbeat, events.MessageLifecycle, events.AgentStateReport, events.RunningCost),
    *(events.PermissionDenied, events.ControlMessage, events.Notice, events.UnknownRecord),
)


class Reducer:
    """Applies events, by the type of their body in `handlers`, and all other records."""

    def __init__(self, state: FoldState, accounts: CostAccounts, limits: StallThresholds) -> None:
        self._state = state
        self._accounts = accounts
        self._limits = limits
        self._activity, self._timeline = state.activity, state.timeline
        self._counters = state.counters
        self._detectors = state.detectors
        self._context_meter = state.context_meter
        self.handlers: dict[type, Handler] = {
            AssistantMessage: self._assistant,
            UserMessage: self._user,
            events.TurnResult: self._result,
            events.StreamDelta: self._delta,
            events.TurnStarted: self._turn_started,
            events.HookRun: self._hook_ran,
            **dict.fromkeys(_MINOR, self._minor),
        }

    def record_usage(
        self, event: AgentEvent, body: AssistantMessage, at: Time, source: SourceClock
    ) -> bool:
        """A response's usage was told, once more, perhaps, and more completely; False if not."""
        usage = body.usage
        if usage is None or body.model == SYNTHETIC:
            return False
        message = body.message_id or body.request_id
        self._accounts.responses.add(
            message or event.uuid or f"{event.source} {event.offset} {event.index_in_line}",
            body.request_id,
            body.model,
            usage,
            body.final,
            at,
            source.number,
            self._state.sessions.number(event.session),
        )
        return True

    # complexity: runs for each answer, where a call for each of the parts it tells would cost time
    def _assistant(
        self, event: AgentEvent, body: AssistantMessage, at: Time, live: bool, source: SourceClock
    ) -> None:
        state = self._state
        thread, ref, text, tools = event.thread, event.ref, body.text, body.tools
        main_news, activity = live and not thread, self._activity
        if self.record_usage(event, body, at, source) and not thread:
            if live:
                self._context_meter.on_answer(body.model, body.usage.window)  # type: ignore[union-attr]
            state.model = body.model
        if live and (activity.open_calls or activity.prompted) and body.model != SYNTHETIC:
            lose_calls(state, body.message_id, thread, at, ref)
        for use in tools:
            self._tool_called(use, body.message_id, ref, thread, at, live)
        if body.error:
            self._counters.api_errors += 1
            limited = body.failure is not None and body.failure.limit is not None
            kind: MarkKind = "limit" if limited else "error"
            self._timeline.mark(at, kind, shorten(text or body.error), ref)
        elif text:
            self._detectors.on_text(
                *(thread, text, bool(tools), at, ref, self._limits),
                *(body.message_id, body.thinking),
            )
            if not thread and not body.thinking:
                state.evidence.on_text(text, at, ref)
        if main_news:
            if self._activity.limit is not None:
                note_lifted_limit(self._activity, at, self._state.interventions.spans)
            if not body.error:
                state.waste.on_progress(at, ref)
            activity.on_assistant(body, at)
            state.last_ref = ref
            if state.message_delivered:
                state.message_delivered = False
                state.interventions.mark_seen(at)

    def _tool_called(
        self, use: ToolCall, message: str, ref: SourceRef, thread: str, at: Time, live: bool
    ) -> None:
        state = self._state
        if use.id and not state.calls.add(use.id):
            return
        self._counters.count_call(use.name)
        state.risky_calls.on_tool_call(use, ref, at)
        if use.name in SUBAGENTS:
            self._counters.link_subagent(use.id)
        early = state.early_results.pop(use.id, None) if state.early_results else None
        if early is not None:
            apply_answer(state, use, early, None, AnswerPlace(thread, at, ref, self._limits))
        elif live:
            self._activity.open_call(OpenToolCall(use, ref, thread, at, message))
        else:
            keep_late(state, use)

    def _user(
        self, event: AgentEvent, body: UserMessage, at: Time, live: bool, source: SourceClock
    ) -> None:
        state, ref, activity = self._state, event.ref, self._activity
        if body.results:
            place = AnswerPlace(event.thread, at, ref, self._limits)
            for result in body.results:
                on_result(state, result, place)
        for task in body.tasks:
            activity.background.on_update(task, at)
        if event.thread:
            return
        if body.role in ("prompt", "replay"):
            self._prompt(event, body, live)
        if live:
            if begins_turn(body, activity.turn_open):
                self._detectors.on_prompt(body.text, at, ref, self._limits, by_program=True)
            if body.role == "interrupted":
                state.waste.abort_turn(at, "interrupted")
            if self._activity.limit is not None:
                note_lifted_limit(self._activity, at, self._state.interventions.spans)
            self._activity.on_user(body, at)
            state.last_ref = ref

    def _prompt(self, event: AgentEvent, body: UserMessage, live: bool) -> None:
        state = self._state
        if not state.prompt or is_cli_command(state.prompt):
            state.prompt = body.text[:_PROMPT] or state.prompt
        state.evidence.end_turn("", None, None)
        self._accounts.begin_turn(state.sessions.number(event.session))
        if body.text == "/clear" and live:
            self._context_meter.on_compaction(0)
        if body.command_uuid:
            state.interventions.advance_injection(body.command_uuid, "delivered", event.at)
            state.message_delivered = True
        if live:
            state.waste.begin_turn(event.at, event.ref, cut=False)
            self._detectors.on_prompt(body.text, event.at, event.ref, self._limits)

    def _result(
        self, event: AgentEvent, body: events.TurnResult, at: Time, live: bool, source: SourceClock
    ) -> None:
        state = self._state
        self._counters.turns += 1
        if body.turns > 1 and not self._counters.tool_calls:
            self._counters.unseen += body.turns - 1
        for call in body.denied:
            state.count_denial(call)
        state.evidence.end_turn("" if body.is_error else body.text, at, event.ref)
        session = state.sessions.number(event.session)
        self._accounts.on_result(session, source.number, at, body.cost_usd, body.models)
        self._context_meter.on_result(body.models)
        if body.is_error:
            words = body.terminal_reason or body.subtype
            self._timeline.mark(at, "error", f"the turn failed: {words}", event.ref)
        if live:
            state.waste.end_turn(at, event.ref)
            self._activity.on_result(body, at)
            state.last_ref = event.ref

    def _delta(
        self, event: AgentEvent, body: events.StreamDelta, at: Time, live: bool, source: SourceClock
    ) -> None:
        activity = self._activity
        activity.has_deltas = True
        if body.usage is not None:
            self._accounts.responses.add_streamed(
                event.thread,
                body.message_id,
                body.model,
                body.usage,
                body.step == "message_delta",
                at,
                source.number,
                self._state.sessions.number(event.session),
            )
        if live and not event.thread:
            activity.retry = None
            activity.request_reported = False
            if body.step == "message_start":
                activity.on_message_start(at)
                if body.usage is not None:
                    self._context_meter.on_answer(body.model, body.usage.window)

    def _hook_ran(
        self, event: AgentEvent, body: events.HookRun, at: Time, live: bool, source: SourceClock
    ) -> None:
        if live and not event.thread:
            self._activity.on_hook(body, at)

    def _turn_started(
        self, event: AgentEvent, body: events.TurnStarted, at: Time, live: bool, source: SourceClock
    ) -> None:
        state = self._state
        state.has_stream = True
        state.agent_version = body.version or state.agent_version
        state.cwd = body.cwd or state.cwd
        state.permission_mode = body.permission_mode or state.permission_mode
        self._detectors.progress.cwd = state.cwd
        state.started_model = body.model or state.started_model
        self._context_meter.on_turn_start(body.model)
        self._accounts.responses.assume_model(source.number, "", body.model)
        self._accounts.responses.begin_source(source.number, body.hour_as_five)
        self._accounts.begin_turn(state.sessions.number(event.session))
        if live:
            if self._activity.limit is not None:
                note_lifted_limit(self._activity, at, self._state.interventions.spans)
            open = self._activity.turn_open and not self._activity.may_be_over
            if open and at is not None:
                self._timeline.reclassify_last_gap(at, timeline_builder.DEAD)
            state.waste.begin_turn(at, event.ref, cut=self._activity.turn_open)
            self._activity.begin_turn(at)
            self._detectors.on_turn_started(at, event.ref, self._limits)
            state.last_ref = event.ref

    # complexity: a table in code, one case for each kind of event that changes a fact or two
    def _minor(
        self, event: AgentEvent, body: events.Body, at: Time, live: bool, source: SourceClock
    ) -> None:
        state, activity = self._state, self._activity
        match body:
            case events.ApiRetry():
                self._counters.count_retry(body.attempt, at, source.number)
                if live:
                    state.waste.on_retry(body, at, event.ref)
                    activity.on_retry(body, at)
            case events.RateLimit():
                if body.status == "rejected":
                    self._counters.rate_limits += 1
                    self._timeline.mark(
                        at, "limit", f"{limit_name(body.window)} reached", event.ref
                    )
                if live:
                    activity.on_limit(body, at)
            case events.Compaction() if not event.thread:
                self._counters.compactions += 1
                after = "" if body.after is None else f" to {body.after:,}"
                label = f"{body.before:,} tokens{after}"
                self._timeline.mark(at, "compaction", label, event.ref)
                if live:
                    self._context_meter.on_compaction(body.after)
                    state.waste.on_compaction(at)
                    activity.compacting = False
                    self._detectors.on_compaction(at, event.ref, self._limits)
            case events.TaskUpdate():
                if body.task_type == "local_agent":
                    self._counters.link_subagent(body.task_id, body.tool_use_id)
                activity.background.on_update(body, at)
                if live and body.phase == "started":
                    activity.question = None
            case events.ToolHeartbeat():
                activity.on_heartbeat(body, at)
            case events.MessageLifecycle():
                self._message_moved(body, at, live)
            case events.AgentStateReport() if live and not event.thread:
                activity.on_state(body, at)
            case events.RunningCost():
                session = state.sessions.number(event.session)
                self._accounts.on_running_cost(session, source.number, at, body)
                self._context_meter.on_result(body.models)
            case events.PermissionDenied(waiting=True) if live:
                activity.await_leave(body.tool, at)
            case events.PermissionDenied(waiting=False):
                state.expect_denial(body.tool_use_id, body.kind)
            case events.ControlMessage(subtype="can_use_tool") if live:
                activity.await_leave(body.text or "a tool", at)
            case events.Notice(topic="local_command") if live:
                activity.on_local_answer(at)
            case events.UnknownRecord():
                self._counters.count_unknown(body.type, body.subtype)

    def _message_moved(self, body: events.MessageLifecycle, at: Time, live: bool) -> None:
        injections = self._state.interventions
        for task in body.tasks:
            self._activity.background.on_update(task, at)
        if body.state == "started":
            injections.advance_injection(body.command_uuid, "delivered", at)
            self._state.message_delivered = True
            if live and self._activity.phase == IDLE:
                self._activity.begin_turn(at)
        elif body.state == "completed":
            injections.advance_injection(body.command_uuid, "seen", at)
        elif body.state == "cancelled":
            injections.advance_injection(body.command_uuid, "withdrawn", at)

    # --- beside the events -----------------------------------------------------------------------

    # complexity: a table in code, one case for each kind of record
    def apply_record(self, record: records.Record) -> None:
        """A record that is no event; what only a pane shows, the pane reads by itself."""
        state = self._state
        match record:
            case records.Arrival():
                state.source_clock(record.source).record_arrival(record.offset, record.at)
                state.hear(record.at)
            case JournalEntry():
                self._journal(record)
            case records.ProgressFile():
                if state.first_progress is None and record.basis != "unknown":
                    state.first_progress = record
                state.progress = record
                state.evidence.on_progress(record)
                if record.counts_tasks:
                    self._detectors.on_tasks(record.done, record.open, record.at)
            case records.SessionNotes():
                state.evidence.on_notes(record)
            case records.LogEntry():
                # The original system's watchdog says in its log whom it ends and why.
                _, found, reason = record.text.partition("Terminating session:")
                if found:
                    state.watchdog_reason, state.watchdog_at = shorten(reason, 160), record.at
            case records.SessionHistoryLine():
                state.last_session_end = record
            case records.Commit() if record.sha not in state.commits:
                state.commits[record.sha] = record
                if len(state.commits) > _MOST_COMMITS:
                    del state.commits[next(iter(state.commits))]
                if record.sha not in state.interventions.own_commits:  # no work of the agent
                    self._detectors.on_progress(ProgressKind.COMMIT, record.at)
                self._timeline.mark(record.at, "commit", shorten(record.subject))
            case records.SourceFormat():
                state.source_format = record
            case AgentProcesses():
                state.see_agents(record)
            case records.SupervisorSeen():
                state.interventions.see_supervisor(record)

    def _journal(self, entry: JournalEntry) -> None:
        state = self._state
        state.interventions.effects.on_journal(entry, self._detectors.active())
        apply_entry(state.interventions, entry, self._timeline)
        self._detectors.on_journal(entry, self._limits)
        if (correction := read_not_stuck(entry)) is not None:
            self._detectors.on_not_stuck(correction)
        if entry.kind in ("segment_started", "segment_ended"):
            self._activity.background.end_process_tasks()
        if entry.kind == "segment_started":
            self._link_sessions()
        elif entry.kind == "segment_ended" and self._activity.turn_open:
            state.waste.abort_turn(entry.at, "process ended")
        elif entry.kind in ("rewind", "undo"):
            state.test_runs.on_edit(int(state.evidence.on_rewind(entry)))
        elif entry.kind == "injection" and entry.data.get("state") == "delivered":
            state.message_delivered = True

    def _link_sessions(self) -> None:
        """The session of the newest attempt begins at zero, or carries on another one's bill."""
        attempt, sessions = self._state.interventions.attempt, self._state.sessions
        if attempt is None or not attempt.session or attempt.resume_of == attempt.session:
            return
        parent = sessions.number(attempt.resume_of) if attempt.resume_of else None
        self._accounts.link(sessions.number(attempt.session), parent)
