"""What each kind of event changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    ApiRetry,
    AssistantMessage,
    Compaction,
    ControlMessage,
    MessageLifecycle,
    Notice,
    PermissionDenied,
    RateLimit,
    RunningCost,
    SourceRef,
    StreamDelta,
    TaskUpdate,
    ToolCall,
    ToolHeartbeat,
    TurnResult,
    TurnStarted,
    UnknownRecord,
    UserMessage,
)
from tui.model.evidence import Verdict
from tui.night import timeline_builder
from tui.night.activity import EDITING, IDLE, SUBAGENTS, OpenToolCall
from tui.night.fold_state import FoldState, SourceClock
from tui.night.stuck.silence import StallThresholds
from tui.night.usage.accounts import CostAccounts
from tui.night.usage.responses import SYNTHETIC
from tui.system.format import shorten

_MOST_LATE = 4_096
_PROMPT = 300
Time = float | None
"""Seconds since the epoch; None where the source does not say."""
Handler = Callable[[AgentEvent, Any, Time, bool, SourceClock], None]
"""Applies an event and its body at a time: as news or as history, from a source."""


class EventReducer:
    """Handlers of events by the type of their body."""

    def __init__(self, state: FoldState, accounts: CostAccounts, limits: StallThresholds) -> None:
        self._state = state
        self._accounts = accounts
        self._limits = limits
        self._activity = state.activity
        self._timeline = state.timeline
        self._counters = state.counters
        self._loop_detector = state.loop_detector
        self._context_meter = state.context_meter
        self.handlers: dict[type, Handler] = {
            AssistantMessage: self._assistant,
            UserMessage: self._user,
            TurnResult: self._result,
            StreamDelta: self._partial,
            TurnStarted: self._init,
            ApiRetry: self._retry,
            RateLimit: self._rate_limit,
            Compaction: self._compaction,
            TaskUpdate: self._task,
            ToolHeartbeat: self._heartbeat,
            MessageLifecycle: self._lifecycle,
            AgentStateReport: self._session_state,
            RunningCost: self._cost_state,
            PermissionDenied: self._denied,
            ControlMessage: self._control,
            Notice: self._notice,
            UnknownRecord: self._unknown,
        }

    def record_usage(
        self, event: AgentEvent, body: AssistantMessage, at: Time, source: SourceClock
    ) -> None:
        """A response's usage was told; once more, perhaps, and more completely."""
        usage = body.usage
        if usage is None or body.model == SYNTHETIC:
            return
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

    # complexity: runs for each answer, where a call for each of the parts it tells would cost time
    def _assistant(
        self, event: AgentEvent, body: AssistantMessage, at: Time, live: bool, source: SourceClock
    ) -> None:
        thread = event.thread
        ref = event.ref
        text = body.text
        tools = body.tools
        usage = body.usage
        if usage is not None and body.model != SYNTHETIC:
            self.record_usage(event, body, at, source)
            if not thread:
                if live:
                    self._context_meter.on_answer(body.model, usage.context)
                self._state.model = body.model
        if live and not thread and body.model != SYNTHETIC and self._activity.drop_lost_calls():
            self._state.waste.abort_turn(at, "process ended")
            self._state.waste.begin_turn(at, ref, cut=False)
        for use in tools:
            self._tool_called(use, ref, thread, at, live)
        if body.error:
            self._counters.api_errors += 1
            self._timeline.mark(at, "error", shorten(text or body.error), ref)
        elif text:
            self._loop_detector.on_text(thread, text, bool(tools), at, ref, self._limits)
            if not thread and not body.thinking:
                self._state.evidence.on_text(text, at, ref)
        if live and not thread:
            if not body.error:
                self._state.waste.on_progress(at, ref)
            self._activity.on_assistant(body, at)
            self._state.last_ref = ref
            if self._state.message_delivered:
                self._state.message_delivered = False
                self._state.interventions.mark_seen(at)

    def _tool_called(
        self, use: ToolCall, ref: SourceRef, thread: str, at: Time, live: bool
    ) -> None:
        state = self._state
        if use.id and not state.calls.add(use.id):
            return
        self._counters.count_call(use.name)
        state.risky_calls.on_tool_call(use, ref, at)
        if use.name in SUBAGENTS:
            self._counters.link_subagent(use.id)
        if live:
            self._activity.open_call(OpenToolCall(use, ref, thread, at))
        elif len(state.late_calls) < _MOST_LATE:
            state.late_calls[use.id] = use

    # complexity: each record hears of a result in order and needs what those before it found
    def _user(
        self, event: AgentEvent, body: UserMessage, at: Time, live: bool, source: SourceClock
    ) -> None:
        ref = event.ref
        for result in body.results:
            tool = self._activity.close_call(result.tool_use_id)
            use = (
                tool.call
                if tool is not None
                else self._state.late_calls.pop(result.tool_use_id, None)
            )
            if result.agent_id:
                self._counters.link_subagent(result.agent_id, result.tool_use_id)
            if result.is_error and self._state.errors.add(result.tool_use_id):
                self._counters.tool_errors += 1
            if use is None:
                continue
            self._state.risky_calls.on_tool_result(result)
            if use.name in EDITING and not result.is_error:
                self._counters.edits += 1
            self._loop_detector.on_tool_result(event.thread, use, result, at, ref, self._limits)
            before = self._state.test_runs.last_verdict
            run = self._state.test_runs.on_tool_result(use, result, at, ref)
            self._state.failures.on_tool_result(use, result, run)
            commits = len(self._state.evidence.commits)
            sources = self._state.evidence.on_tool_result(use, result, run, at, ref)
            if not event.thread:
                since = tool.since if tool is not None else None
                self._state.waste.on_tool_result(use, result, since, at, ref)
            edited = use.name in EDITING and not result.is_error
            if edited or sources or len(self._state.evidence.commits) != commits:
                self._state.waste.on_change(at)
            if sources and run is None:
                self._state.test_runs.on_edit(sources)
            if run is not None and run.verdict != before:
                self._mark_test_run(run.verdict, run.command, at, event)
        if event.thread:
            return
        if body.role in ("prompt", "replay"):
            self._prompt(event, body, live)
        if live:
            if body.role == "interrupted":
                self._state.waste.abort_turn(at, "interrupted")
            self._activity.on_user(body, at)
            self._state.last_ref = ref

    def _mark_test_run(self, verdict: Verdict, command: str, at: Time, event: AgentEvent) -> None:
        if verdict != "unknown":
            self._timeline.mark(at, verdict, shorten(command), event.ref)

    def _prompt(self, event: AgentEvent, body: UserMessage, live: bool) -> None:
        state = self._state
        if not state.prompt:
            state.prompt = body.text[:_PROMPT]
        state.evidence.end_turn("", None, None)
        self._accounts.begin_turn(state.sessions.number(event.session))
        if body.command_uuid:
            state.interventions.advance_injection(body.command_uuid, "delivered", event.at)
            state.message_delivered = True
        if live:
            self._state.waste.begin_turn(event.at, event.ref, cut=False)
            self._loop_detector.reset_conversation("")

    def _result(
        self, event: AgentEvent, body: TurnResult, at: Time, live: bool, source: SourceClock
    ) -> None:
        self._counters.turns += 1
        self._counters.denials += body.denials
        self._state.evidence.end_turn("" if body.is_error else body.text, at, event.ref)
        session = self._state.sessions.number(event.session)
        self._accounts.on_result(session, source.number, at, body.cost_usd, body.models)
        self._context_meter.on_result(body.models)
        if body.is_error:
            words = body.terminal_reason or body.subtype
            self._timeline.mark(at, "error", f"the turn failed: {words}", event.ref)
        if live:
            self._state.waste.end_turn(at, event.ref)
            self._activity.on_result(body, at)
            self._state.last_ref = event.ref

    def _partial(
        self, event: AgentEvent, body: StreamDelta, at: Time, live: bool, source: SourceClock
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
                    self._context_meter.on_answer(body.model, body.usage.context)

    def _init(
        self, event: AgentEvent, body: TurnStarted, at: Time, live: bool, source: SourceClock
    ) -> None:
        state = self._state
        state.has_stream = True
        state.agent_version = body.version or state.agent_version
        state.cwd = body.cwd or state.cwd
        state.permission_mode = body.permission_mode or state.permission_mode
        state.started_model = body.model or state.started_model
        self._context_meter.on_turn_start(body.model)
        self._accounts.responses.assume_model(source.number, "", body.model)
        self._accounts.begin_turn(state.sessions.number(event.session))
        if live:
            if self._activity.turn_open and at is not None:
                self._timeline.reclassify_last_gap(at, timeline_builder.DEAD)
            state.waste.begin_turn(at, event.ref, cut=self._activity.turn_open)
            self._activity.begin_turn(at)
            state.last_ref = event.ref

    def _retry(
        self, event: AgentEvent, body: ApiRetry, at: Time, live: bool, source: SourceClock
    ) -> None:
        self._counters.count_retry(body.attempt, at, source.number)
        if live:
            self._state.waste.on_retry(body, at, event.ref)
            self._activity.on_retry(body, at)

    def _rate_limit(
        self, event: AgentEvent, body: RateLimit, at: Time, live: bool, source: SourceClock
    ) -> None:
        if body.status == "rejected":
            self._counters.rate_limits += 1
            self._timeline.mark(at, "limit", f"{body.window} limit reached", event.ref)
        if live:
            self._activity.on_limit(body, at)

    def _compaction(
        self, event: AgentEvent, body: Compaction, at: Time, live: bool, source: SourceClock
    ) -> None:
        if event.thread:
            return
        self._counters.compactions += 1
        after = "" if body.after is None else f" to {body.after:,}"
        self._timeline.mark(at, "compaction", f"{body.before:,} tokens{after}", event.ref)
        if live:
            self._context_meter.on_compaction(body.after)
            self._state.waste.on_compaction(at)
            self._activity.on_compaction()
            self._loop_detector.reset_conversation("")

    def _task(
        self, event: AgentEvent, body: TaskUpdate, at: Time, live: bool, source: SourceClock
    ) -> None:
        if body.task_type == "local_agent":
            self._counters.link_subagent(body.task_id, body.tool_use_id)
        if live:
            self._activity.on_task(body)

    def _heartbeat(
        self, event: AgentEvent, body: ToolHeartbeat, at: Time, live: bool, source: SourceClock
    ) -> None:
        self._activity.on_heartbeat(body, at)

    def _lifecycle(
        self, event: AgentEvent, body: MessageLifecycle, at: Time, live: bool, source: SourceClock
    ) -> None:
        if body.state == "started":
            self._state.interventions.advance_injection(body.command_uuid, "delivered", at)
            self._state.message_delivered = True
            if live and self._activity.phase == IDLE:
                self._activity.begin_turn(at)
        elif body.state == "completed":
            self._state.interventions.advance_injection(body.command_uuid, "seen", at)
        elif body.state == "cancelled":
            self._state.interventions.advance_injection(body.command_uuid, "withdrawn", at)

    def _session_state(
        self, event: AgentEvent, body: AgentStateReport, at: Time, live: bool, source: SourceClock
    ) -> None:
        if live and not event.thread:
            self._activity.on_state(body, at)

    def _cost_state(
        self, event: AgentEvent, body: RunningCost, at: Time, live: bool, source: SourceClock
    ) -> None:
        session = self._state.sessions.number(event.session)
        self._accounts.on_running_cost(session, source.number, at, body.cost_usd)

    def _denied(
        self, event: AgentEvent, body: PermissionDenied, at: Time, live: bool, source: SourceClock
    ) -> None:
        if live:
            self._activity.on_denied(body, at)

    def _control(
        self, event: AgentEvent, body: ControlMessage, at: Time, live: bool, source: SourceClock
    ) -> None:
        if live and body.subtype == "can_use_tool":
            self._activity.on_denied(
                PermissionDenied(body.text or "a tool", "", "", waiting=True), at
            )

    def _notice(
        self, event: AgentEvent, body: Notice, at: Time, live: bool, source: SourceClock
    ) -> None:
        if live and body.topic == "local_command":
            self._activity.on_local_answer(at)

    def _unknown(
        self, event: AgentEvent, body: UnknownRecord, at: Time, live: bool, source: SourceClock
    ) -> None:
        self._counters.count_unknown(body.type, body.subtype)
