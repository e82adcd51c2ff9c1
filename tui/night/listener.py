"""What each kind of event changes in what is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.night import timeline
from tui.night.activity import IDLE, OpenTool
from tui.night.cost import Accounts
from tui.night.memory import Memory
from tui.night.testoutput import Verdict
from tui.night.thresholds import Thresholds
from tui.night.times import Source
from tui.night.tools import EDITING, SUBAGENTS
from tui.night.usage import SYNTHETIC
from tui.records import (
    Assistant,
    Compaction,
    Control,
    CostState,
    Denied,
    Event,
    Heartbeat,
    Init,
    Lifecycle,
    Notice,
    Partial,
    RateLimit,
    Ref,
    Result,
    Retry,
    SessionState,
    TaskNote,
    ToolUse,
    Unknown,
    User,
)
from tui.system.format import shorten

_MOST_LATE = 4_096
_PROMPT = 300

Handler = Callable[[Event, Any, float | None, bool, Source], None]
"""Takes event, body, its time, whether it is news and not history, and its source."""


class Listener:
    """Handlers of events by the type of their body."""

    def __init__(self, memory: Memory, accounts: Accounts, limits: Thresholds) -> None:
        self._memory = memory
        self._accounts = accounts
        self._limits = limits
        self._doing = memory.doing
        self._strip = memory.strip
        self._tally = memory.tally
        self._watcher = memory.watcher
        self._gauge = memory.gauge
        self.handlers: dict[type, Handler] = {
            Assistant: self._assistant,
            User: self._user,
            Result: self._result,
            Partial: self._partial,
            Init: self._init,
            Retry: self._retry,
            RateLimit: self._rate_limit,
            Compaction: self._compaction,
            TaskNote: self._task,
            Heartbeat: self._heartbeat,
            Lifecycle: self._lifecycle,
            SessionState: self._session_state,
            CostState: self._cost_state,
            Denied: self._denied,
            Control: self._control,
            Notice: self._notice,
            Unknown: self._unknown,
        }

    def used(self, event: Event, body: Assistant, at: float | None, source: Source) -> None:
        """A response's usage was told; once more, perhaps, and more completely."""
        usage = body.usage
        if usage is None or body.model == SYNTHETIC:
            return
        message = body.message_id or body.request_id
        self._accounts.responses.add(
            message or event.uuid or f"{event.source} {event.offset} {event.part}",
            body.request_id,
            body.model,
            usage,
            body.final,
            at,
            source.number,
            self._memory.sessions.number(event.session),
        )

    def _assistant(
        self, event: Event, body: Assistant, at: float | None, live: bool, source: Source
    ) -> None:
        thread = event.thread
        ref = event.ref
        text = body.text
        tools = body.tools
        usage = body.usage
        if usage is not None and body.model != SYNTHETIC:
            self.used(event, body, at, source)
            if not thread:
                if live:
                    self._gauge.answered(body.model, usage.context)
                self._memory.model = body.model
        if live and not thread and body.model != SYNTHETIC and self._doing.answers():
            self._memory.loss.cut_off(at, "process ended")
            self._memory.loss.turn_begins(at, ref, cut=False)
        for use in tools:
            self._called(use, ref, thread, at, live)
        if body.error:
            self._tally.api_errors += 1
            self._strip.mark(at, "error", shorten(text or body.error), ref)
        elif text:
            self._watcher.spoke(thread, text, bool(tools), at, ref, self._limits)
            if not thread and not body.thinking:
                self._memory.witness.spoke(text, at, ref)
        if live and not thread:
            if not body.error:
                self._memory.loss.heard(at, ref)
            self._doing.on_assistant(body, at)
            self._memory.ref = ref
            if self._memory.heard:
                self._memory.heard = False
                self._memory.book.heard(at)

    def _called(self, use: ToolUse, ref: Ref, thread: str, at: float | None, live: bool) -> None:
        memory = self._memory
        if use.id and not memory.calls.new(use.id):
            return
        self._tally.call(use.name)
        memory.trail.called(use, ref, at)
        if use.name in SUBAGENTS:
            self._tally.subagent(use.id)
        if live:
            self._doing.calls(OpenTool(use, ref, thread, at))
        elif len(memory.late) < _MOST_LATE:
            memory.late[use.id] = use

    def _user(self, event: Event, body: User, at: float | None, live: bool, source: Source) -> None:
        ref = event.ref
        for result in body.results:
            tool = self._doing.answered(result.tool_use_id)
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
            self._watcher.step(event.thread, use, result, at, ref, self._limits)
            before = self._memory.proof.last
            run = self._memory.proof.answered(use, result, at, ref)
            self._memory.failures.answered(use, result, run)
            commits = len(self._memory.witness.commits)
            sources = self._memory.witness.answered(use, result, run, at, ref)
            if not event.thread:
                since = tool.since if tool is not None else None
                self._memory.loss.answered(use, result, since, at, ref)
            edited = use.name in EDITING and not result.is_error
            if edited or sources or len(self._memory.witness.commits) != commits:
                self._memory.loss.kept(at)
            if sources and run is None:
                self._memory.proof.edited(sources)
            if run is not None and run.verdict != before:
                self._mark_tests(run.verdict, run.command, at, event)
        if event.thread:
            return
        if body.role in ("prompt", "replay"):
            self._prompt(event, body, live)
        if live:
            if body.role == "interrupted":
                self._memory.loss.cut_off(at, "interrupted")
            self._doing.on_user(body, at)
            self._memory.ref = ref

    def _mark_tests(self, verdict: Verdict, command: str, at: float | None, event: Event) -> None:
        if verdict != "unknown":
            self._strip.mark(at, verdict, shorten(command), event.ref)

    def _prompt(self, event: Event, body: User, live: bool) -> None:
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
            self._watcher.reset("")

    def _result(
        self, event: Event, body: Result, at: float | None, live: bool, source: Source
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
        self, event: Event, body: Partial, at: float | None, live: bool, source: Source
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

    def _init(self, event: Event, body: Init, at: float | None, live: bool, source: Source) -> None:
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
                self._strip.rename_last(at, timeline.DEAD)
            memory.loss.turn_begins(at, event.ref, cut=self._doing.turn_open)
            self._doing.turn_begins(at)
            memory.ref = event.ref

    def _retry(
        self, event: Event, body: Retry, at: float | None, live: bool, source: Source
    ) -> None:
        self._tally.retry(body.attempt, at, source.number)
        if live:
            self._memory.loss.retried(body, at, event.ref)
            self._doing.on_retry(body, at)

    def _rate_limit(
        self, event: Event, body: RateLimit, at: float | None, live: bool, source: Source
    ) -> None:
        if body.status == "rejected":
            self._tally.rate_limits += 1
            self._strip.mark(at, "limit", f"{body.window} limit reached", event.ref)
        if live:
            self._doing.on_limit(body, at)

    def _compaction(
        self, event: Event, body: Compaction, at: float | None, live: bool, source: Source
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
            self._watcher.reset("")

    def _task(
        self, event: Event, body: TaskNote, at: float | None, live: bool, source: Source
    ) -> None:
        if body.task_type == "local_agent":
            self._tally.subagent(body.task_id, body.tool_use_id)
        if live:
            self._doing.on_task(body)

    def _heartbeat(
        self, event: Event, body: Heartbeat, at: float | None, live: bool, source: Source
    ) -> None:
        self._doing.on_beat(body, at)

    def _lifecycle(
        self, event: Event, body: Lifecycle, at: float | None, live: bool, source: Source
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
        self, event: Event, body: SessionState, at: float | None, live: bool, source: Source
    ) -> None:
        if live and not event.thread:
            self._doing.on_state(body, at)

    def _cost_state(
        self, event: Event, body: CostState, at: float | None, live: bool, source: Source
    ) -> None:
        session = self._memory.sessions.number(event.session)
        self._accounts.cost_state(session, source.number, at, body.cost_usd)

    def _denied(
        self, event: Event, body: Denied, at: float | None, live: bool, source: Source
    ) -> None:
        if live:
            self._doing.on_denied(body, at)

    def _control(
        self, event: Event, body: Control, at: float | None, live: bool, source: Source
    ) -> None:
        if live and body.subtype == "can_use_tool":
            self._doing.on_denied(Denied(body.text or "a tool", "", "", waiting=True), at)

    def _notice(
        self, event: Event, body: Notice, at: float | None, live: bool, source: Source
    ) -> None:
        if live and body.topic == "local_command":
            self._doing.answered_locally(at)

    def _unknown(
        self, event: Event, body: Unknown, at: float | None, live: bool, source: Source
    ) -> None:
        self._tally.unknown_record(body.type, body.subtype)
