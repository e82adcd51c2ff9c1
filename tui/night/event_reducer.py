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
Handler = Callable[[AgentEvent, Any, float | None, bool, SourceClock], None]
"""Takes event, body, its time, whether it is news and not history, and its source."""


class EventReducer:
    """Handlers of events by the type of their body."""

    def __init__(self, memory: FoldState, accounts: CostAccounts, limits: StallThresholds) -> None:
        self._memory = memory
        self._accounts = accounts
        self._limits = limits
        self._doing = memory.activity
        self._strip = memory.timeline
        self._tally = memory.counters
        self._watcher = memory.loop_detector
        self._gauge = memory.context_meter
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
        self, event: AgentEvent, body: AssistantMessage, at: float | None, source: SourceClock
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
            self._memory.sessions.number(event.session),
        )

    def _assistant(
        self,
        event: AgentEvent,
        body: AssistantMessage,
        at: float | None,
        live: bool,
        source: SourceClock,
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
                    self._gauge.on_answer(body.model, usage.context)
                self._memory.model = body.model
        if live and not thread and body.model != SYNTHETIC and self._doing.drop_lost_calls():
            self._memory.waste.abort_turn(at, "process ended")
            self._memory.waste.begin_turn(at, ref, cut=False)
        for use in tools:
            self._tool_called(use, ref, thread, at, live)
        if body.error:
            self._tally.api_errors += 1
            self._strip.mark(at, "error", shorten(text or body.error), ref)
        elif text:
            self._watcher.on_text(thread, text, bool(tools), at, ref, self._limits)
            if not thread and not body.thinking:
                self._memory.evidence.on_text(text, at, ref)
        if live and not thread:
            if not body.error:
                self._memory.waste.on_progress(at, ref)
            self._doing.on_assistant(body, at)
            self._memory.last_ref = ref
            if self._memory.message_delivered:
                self._memory.message_delivered = False
                self._memory.interventions.mark_seen(at)

    def _tool_called(
        self, use: ToolCall, ref: SourceRef, thread: str, at: float | None, live: bool
    ) -> None:
        memory = self._memory
        if use.id and not memory.calls.add(use.id):
            return
        self._tally.count_call(use.name)
        memory.risky_calls.on_tool_call(use, ref, at)
        if use.name in SUBAGENTS:
            self._tally.link_subagent(use.id)
        if live:
            self._doing.open_call(OpenToolCall(use, ref, thread, at))
        elif len(memory.late_calls) < _MOST_LATE:
            memory.late_calls[use.id] = use

    def _user(
        self,
        event: AgentEvent,
        body: UserMessage,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        ref = event.ref
        for result in body.results:
            tool = self._doing.close_call(result.tool_use_id)
            use = tool.call if tool is not None else self._memory.late_calls.pop(result.tool_use_id, None)
            if result.agent_id:
                self._tally.link_subagent(result.agent_id, result.tool_use_id)
            if result.is_error and self._memory.errors.add(result.tool_use_id):
                self._tally.tool_errors += 1
            if use is None:
                continue
            self._memory.risky_calls.on_tool_result(result)
            if use.name in EDITING and not result.is_error:
                self._tally.edits += 1
            self._watcher.on_tool_result(event.thread, use, result, at, ref, self._limits)
            before = self._memory.test_runs.last_verdict
            run = self._memory.test_runs.on_tool_result(use, result, at, ref)
            self._memory.failures.on_tool_result(use, result, run)
            commits = len(self._memory.evidence.commits)
            sources = self._memory.evidence.on_tool_result(use, result, run, at, ref)
            if not event.thread:
                since = tool.since if tool is not None else None
                self._memory.waste.on_tool_result(use, result, since, at, ref)
            edited = use.name in EDITING and not result.is_error
            if edited or sources or len(self._memory.evidence.commits) != commits:
                self._memory.waste.on_change(at)
            if sources and run is None:
                self._memory.test_runs.on_edit(sources)
            if run is not None and run.verdict != before:
                self._mark_test_run(run.verdict, run.command, at, event)
        if event.thread:
            return
        if body.role in ("prompt", "replay"):
            self._prompt(event, body, live)
        if live:
            if body.role == "interrupted":
                self._memory.waste.abort_turn(at, "interrupted")
            self._doing.on_user(body, at)
            self._memory.last_ref = ref

    def _mark_test_run(
        self, verdict: Verdict, command: str, at: float | None, event: AgentEvent
    ) -> None:
        if verdict != "unknown":
            self._strip.mark(at, verdict, shorten(command), event.ref)

    def _prompt(self, event: AgentEvent, body: UserMessage, live: bool) -> None:
        memory = self._memory
        if not memory.prompt:
            memory.prompt = body.text[:_PROMPT]
        memory.evidence.end_turn("", None, None)
        self._accounts.begin_turn(memory.sessions.number(event.session))
        if body.command_uuid:
            memory.interventions.advance_injection(body.command_uuid, "delivered", event.at)
            memory.message_delivered = True
        if live:
            self._memory.waste.begin_turn(event.at, event.ref, cut=False)
            self._watcher.reset_conversation("")

    def _result(
        self, event: AgentEvent, body: TurnResult, at: float | None, live: bool, source: SourceClock
    ) -> None:
        self._tally.turns += 1
        self._tally.denials += body.denials
        self._memory.evidence.end_turn("" if body.is_error else body.text, at, event.ref)
        session = self._memory.sessions.number(event.session)
        self._accounts.on_result(session, source.number, at, body.cost_usd, body.models)
        self._gauge.on_result(body.models)
        if body.is_error:
            words = body.terminal_reason or body.subtype
            self._strip.mark(at, "error", f"the turn failed: {words}", event.ref)
        if live:
            self._memory.waste.end_turn(at, event.ref)
            self._doing.on_result(body, at)
            self._memory.last_ref = event.ref

    def _partial(
        self,
        event: AgentEvent,
        body: StreamDelta,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        doing = self._doing
        doing.has_deltas = True
        if body.usage is not None:
            self._accounts.responses.add_streamed(
                event.thread,
                body.message_id,
                body.model,
                body.usage,
                body.step == "message_delta",
                at,
                source.number,
                self._memory.sessions.number(event.session),
            )
        if live and not event.thread:
            doing.retry = None
            doing.request_reported = False
            if body.step == "message_start":
                doing.on_message_start(at)
                if body.usage is not None:
                    self._gauge.on_answer(body.model, body.usage.context)

    def _init(
        self,
        event: AgentEvent,
        body: TurnStarted,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        memory = self._memory
        memory.has_stream = True
        memory.agent_version = body.version or memory.agent_version
        memory.cwd = body.cwd or memory.cwd
        memory.permission_mode = body.permission_mode or memory.permission_mode
        memory.started_model = body.model or memory.started_model
        self._gauge.on_turn_start(body.model)
        self._accounts.responses.assume_model(source.number, "", body.model)
        self._accounts.begin_turn(memory.sessions.number(event.session))
        if live:
            if self._doing.turn_open and at is not None:
                self._strip.reclassify_last_gap(at, timeline_builder.DEAD)
            memory.waste.begin_turn(at, event.ref, cut=self._doing.turn_open)
            self._doing.begin_turn(at)
            memory.last_ref = event.ref

    def _retry(
        self, event: AgentEvent, body: ApiRetry, at: float | None, live: bool, source: SourceClock
    ) -> None:
        self._tally.count_retry(body.attempt, at, source.number)
        if live:
            self._memory.waste.on_retry(body, at, event.ref)
            self._doing.on_retry(body, at)

    def _rate_limit(
        self, event: AgentEvent, body: RateLimit, at: float | None, live: bool, source: SourceClock
    ) -> None:
        if body.status == "rejected":
            self._tally.rate_limits += 1
            self._strip.mark(at, "limit", f"{body.window} limit reached", event.ref)
        if live:
            self._doing.on_limit(body, at)

    def _compaction(
        self, event: AgentEvent, body: Compaction, at: float | None, live: bool, source: SourceClock
    ) -> None:
        if event.thread:
            return
        self._tally.compactions += 1
        after = "" if body.after is None else f" to {body.after:,}"
        self._strip.mark(at, "compaction", f"{body.before:,} tokens{after}", event.ref)
        if live:
            self._gauge.on_compaction(body.after)
            self._memory.waste.on_compaction(at)
            self._doing.on_compaction()
            self._watcher.reset_conversation("")

    def _task(
        self, event: AgentEvent, body: TaskUpdate, at: float | None, live: bool, source: SourceClock
    ) -> None:
        if body.task_type == "local_agent":
            self._tally.link_subagent(body.task_id, body.tool_use_id)
        if live:
            self._doing.on_task(body)

    def _heartbeat(
        self,
        event: AgentEvent,
        body: ToolHeartbeat,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        self._doing.on_heartbeat(body, at)

    def _lifecycle(
        self,
        event: AgentEvent,
        body: MessageLifecycle,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        if body.state == "started":
            self._memory.interventions.advance_injection(body.command_uuid, "delivered", at)
            self._memory.message_delivered = True
            if live and self._doing.phase == IDLE:
                self._doing.begin_turn(at)
        elif body.state == "completed":
            self._memory.interventions.advance_injection(body.command_uuid, "seen", at)
        elif body.state == "cancelled":
            self._memory.interventions.advance_injection(body.command_uuid, "withdrawn", at)

    def _session_state(
        self,
        event: AgentEvent,
        body: AgentStateReport,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        if live and not event.thread:
            self._doing.on_state(body, at)

    def _cost_state(
        self,
        event: AgentEvent,
        body: RunningCost,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        session = self._memory.sessions.number(event.session)
        self._accounts.on_running_cost(session, source.number, at, body.cost_usd)

    def _denied(
        self,
        event: AgentEvent,
        body: PermissionDenied,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        if live:
            self._doing.on_denied(body, at)

    def _control(
        self,
        event: AgentEvent,
        body: ControlMessage,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        if live and body.subtype == "can_use_tool":
            self._doing.on_denied(PermissionDenied(body.text or "a tool", "", "", waiting=True), at)

    def _notice(
        self, event: AgentEvent, body: Notice, at: float | None, live: bool, source: SourceClock
    ) -> None:
        if live and body.topic == "local_command":
            self._doing.on_local_answer(at)

    def _unknown(
        self,
        event: AgentEvent,
        body: UnknownRecord,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        self._tally.count_unknown(body.type, body.subtype)
