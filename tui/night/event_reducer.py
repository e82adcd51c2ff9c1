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
        self._doing = memory.doing
        self._strip = memory.strip
        self._tally = memory.tally
        self._watcher = memory.watcher
        self._gauge = memory.gauge
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
                    self._gauge.answered(body.model, usage.context)
                self._memory.model = body.model
        if live and not thread and body.model != SYNTHETIC and self._doing.model_answered():
            self._memory.loss.turn_aborted(at, "process ended")
            self._memory.loss.turn_begins(at, ref, cut=False)
        for use in tools:
            self._tool_called(use, ref, thread, at, live)
        if body.error:
            self._tally.api_errors += 1
            self._strip.mark(at, "error", shorten(text or body.error), ref)
        elif text:
            self._watcher.on_text(thread, text, bool(tools), at, ref, self._limits)
            if not thread and not body.thinking:
                self._memory.witness.text_seen(text, at, ref)
        if live and not thread:
            if not body.error:
                self._memory.loss.progress_seen(at, ref)
            self._doing.on_assistant(body, at)
            self._memory.ref = ref
            if self._memory.heard:
                self._memory.heard = False
                self._memory.book.heard(at)

    def _tool_called(
        self, use: ToolCall, ref: SourceRef, thread: str, at: float | None, live: bool
    ) -> None:
        memory = self._memory
        if use.id and not memory.calls.new(use.id):
            return
        self._tally.call(use.name)
        memory.trail.called(use, ref, at)
        if use.name in SUBAGENTS:
            self._tally.subagent(use.id)
        if live:
            self._doing.tool_called(OpenToolCall(use, ref, thread, at))
        elif len(memory.late) < _MOST_LATE:
            memory.late[use.id] = use

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
            tool = self._doing.tool_answered(result.tool_use_id)
            use = tool.use if tool is not None else self._memory.late.pop(result.tool_use_id, None)
            if result.agent_id:
                self._tally.subagent(result.agent_id, result.tool_use_id)
            if result.is_error and self._memory.errors.new(result.tool_use_id):
                self._tally.tool_errors += 1
            if use is None:
                continue
            self._memory.trail.answered(result)
            if use.name in EDITING and not result.is_error:
                self._tally.edits += 1
            self._watcher.on_tool_result(event.thread, use, result, at, ref, self._limits)
            before = self._memory.proof.last
            run = self._memory.proof.answered(use, result, at, ref)
            self._memory.failures.answered(use, result, run)
            commits = len(self._memory.witness.commits)
            sources = self._memory.witness.tool_answered(use, result, run, at, ref)
            if not event.thread:
                since = tool.since if tool is not None else None
                self._memory.loss.answered(use, result, since, at, ref)
            edited = use.name in EDITING and not result.is_error
            if edited or sources or len(self._memory.witness.commits) != commits:
                self._memory.loss.change_kept(at)
            if sources and run is None:
                self._memory.proof.edited(sources)
            if run is not None and run.verdict != before:
                self._mark_test_run(run.verdict, run.command, at, event)
        if event.thread:
            return
        if body.role in ("prompt", "replay"):
            self._prompt(event, body, live)
        if live:
            if body.role == "interrupted":
                self._memory.loss.turn_aborted(at, "interrupted")
            self._doing.on_user(body, at)
            self._memory.ref = ref

    def _mark_test_run(
        self, verdict: Verdict, command: str, at: float | None, event: AgentEvent
    ) -> None:
        if verdict != "unknown":
            self._strip.mark(at, verdict, shorten(command), event.ref)

    def _prompt(self, event: AgentEvent, body: UserMessage, live: bool) -> None:
        memory = self._memory
        if not memory.prompt:
            memory.prompt = body.text[:_PROMPT]
        memory.witness.turn_ends("", None, None)
        self._accounts.begins(memory.sessions.number(event.session))
        if body.command_uuid:
            memory.book.injection(body.command_uuid, "delivered", event.at)
            memory.heard = True
        if live:
            self._memory.loss.turn_begins(event.at, event.ref, cut=False)
            self._watcher.reset_conversation("")

    def _result(
        self, event: AgentEvent, body: TurnResult, at: float | None, live: bool, source: SourceClock
    ) -> None:
        self._tally.turns += 1
        self._tally.denials += body.denials
        self._memory.witness.turn_ends("" if body.is_error else body.text, at, event.ref)
        session = self._memory.sessions.number(event.session)
        self._accounts.result(session, source.number, at, body.cost_usd, body.models)
        self._gauge.told(body.models)
        if body.is_error:
            words = body.terminal_reason or body.subtype
            self._strip.mark(at, "error", f"the turn failed: {words}", event.ref)
        if live:
            self._memory.loss.turn_ends(at, event.ref)
            self._doing.on_result(body, at)
            self._memory.ref = event.ref

    def _partial(
        self,
        event: AgentEvent,
        body: StreamDelta,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        doing = self._doing
        doing.partials = True
        if body.usage is not None:
            self._accounts.responses.streamed(
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
            doing.requested = False
            if body.step == "message_start":
                doing.streams(at)
                if body.usage is not None:
                    self._gauge.answered(body.model, body.usage.context)

    def _init(
        self,
        event: AgentEvent,
        body: TurnStarted,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        memory = self._memory
        memory.streams = True
        memory.version = body.version or memory.version
        memory.cwd = body.cwd or memory.cwd
        memory.permission_mode = body.permission_mode or memory.permission_mode
        memory.started_model = body.model or memory.started_model
        self._gauge.asked(body.model)
        self._accounts.responses.guess(source.number, "", body.model)
        self._accounts.begins(memory.sessions.number(event.session))
        if live:
            if self._doing.turn_open and at is not None:
                self._strip.rename_last(at, timeline_builder.DEAD)
            memory.loss.turn_begins(at, event.ref, cut=self._doing.turn_open)
            self._doing.turn_begins(at)
            memory.ref = event.ref

    def _retry(
        self, event: AgentEvent, body: ApiRetry, at: float | None, live: bool, source: SourceClock
    ) -> None:
        self._tally.retry(body.attempt, at, source.number)
        if live:
            self._memory.loss.retried(body, at, event.ref)
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
            self._gauge.compacted(body.after)
            self._memory.loss.compacted(at)
            self._doing.on_compaction()
            self._watcher.reset_conversation("")

    def _task(
        self, event: AgentEvent, body: TaskUpdate, at: float | None, live: bool, source: SourceClock
    ) -> None:
        if body.task_type == "local_agent":
            self._tally.subagent(body.task_id, body.tool_use_id)
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
            self._memory.book.injection(body.command_uuid, "delivered", at)
            self._memory.heard = True
            if live and self._doing.phase == IDLE:
                self._doing.turn_begins(at)
        elif body.state == "completed":
            self._memory.book.injection(body.command_uuid, "seen", at)
        elif body.state == "cancelled":
            self._memory.book.injection(body.command_uuid, "withdrawn", at)

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
        self._accounts.cost_state(session, source.number, at, body.cost_usd)

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
            self._doing.answered_locally(at)

    def _unknown(
        self,
        event: AgentEvent,
        body: UnknownRecord,
        at: float | None,
        live: bool,
        source: SourceClock,
    ) -> None:
        self._tally.unknown_record(body.type, body.subtype)
