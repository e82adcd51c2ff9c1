"""What the session is doing now: a state machine over events.

It keeps facts and leaves judging them to `tui.night.rules.state_rules`, because most judgements need the
time that has passed since.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from tui.model.cli_commands import ASKING, asks_no_model
from tui.model.events import (
    HOOK_STOPPED,
    AgentStateReport,
    ApiRetry,
    AssistantMessage,
    HookRun,
    RateLimit,
    ToolHeartbeat,
    TurnResult,
    UserMessage,
)
from tui.model.failures import SYNTHETIC, ApiFailure, LimitNotice
from tui.model.turn_end import TurnEnd, TurnOutcome, read_answer, read_result
from tui.night import timeline_builder
from tui.night.background import BackgroundTracker
from tui.night.pending import (
    OpenToolCall,
    PendingQuestion,
    PendingRetry,
    UsageLimit,
    merge_limit_notice,
    repeats_failure,
)

NONE, STARTING, REQUESTING, STREAMING, TOOL, IDLE = range(6)
_MOST_TOOLS = 512
_SAID = 200
_LATE_PROMPT = 600.0
_OUT_OF_ORDER = 60.0
_KIND_OF_PHASE = (
    *(timeline_builder.IDLE, *(timeline_builder.WORKING,) * 3),
    *(timeline_builder.TOOL, timeline_builder.IDLE),
)


class ActivityTracker(Struct):
    """The facts of the moment."""

    phase: int = NONE
    since: float | None = None
    after_tool: bool = False
    request_reported: bool = False
    may_be_over: bool = False
    has_deltas: bool = False
    has_heartbeats: bool = False
    open_calls: dict[str, OpenToolCall] = {}
    main_calls: int = 0
    asks: str = ""
    retry: PendingRetry | None = None
    limit: UsageLimit | None = None
    ended_limit: UsageLimit | None = None
    failure: ApiFailure | None = None
    question: PendingQuestion | None = None
    compacting: bool = False
    turn_end: TurnEnd | None = None
    end_before_command: TurnEnd | None = None
    taken_up: bool = False
    background: BackgroundTracker = field(default_factory=BackgroundTracker)
    last_text: str = ""
    slash_command: bool = False
    prompted: bool = False
    answered_at: float | None = None
    hook: str = ""
    hook_since: float | None = None

    def enter_phase(self, phase: int, at: float | None) -> None:
        """Go over to `phase`; staying in it does not start it anew."""
        if phase != self.phase:
            self.phase = phase
            self.since = at
        if phase != IDLE:
            self.turn_end = None
        self.may_be_over = self.taken_up = False

    def end_turn(self, end: TurnEnd) -> None:
        """The turn is over, and a record says so."""
        self.enter_phase(IDLE, end.at)
        self.turn_end, self.compacting = end, False

    def time_kind(self) -> int:
        """What time that passes now counts as in the timeline."""
        if self.question is not None or self.asks:
            return timeline_builder.IDLE
        if self.limit is not None and self.phase != TOOL:
            return timeline_builder.LIMITED
        if self.rests:
            works = self.background.works
            return timeline_builder.WORKING if works else timeline_builder.IDLE
        if self.retry is not None:
            return timeline_builder.LIMITED if self.retry.limited else timeline_builder.API
        if self.phase == REQUESTING and (self.has_deltas or self.request_reported):
            return timeline_builder.API
        return _KIND_OF_PHASE[self.phase]

    def is_news(self, at: float, *, leads: bool) -> bool:
        """Whether a record of `at` can belong to what comes after the turn's end.

        The records of a session's first turn may stand in any order, even its last answer first. One
        that is much older is no such record: its clock was set back (it `leads` if its file does).
        """
        end = self.turn_end
        ended_at = self.since if self.phase == IDLE or end is None else end.at
        if ended_at is None or at >= ended_at:
            return True
        return leads and at < ended_at - _OUT_OF_ORDER

    @property
    def rests(self) -> bool:
        """Whether no answer is owed, as far as the records tell."""
        return self.may_be_over or self.phase == IDLE

    @property
    def turn_open(self) -> bool:
        """Whether the model owes an answer."""
        return self.phase in (REQUESTING, STREAMING, TOOL)

    def on_record(self, at: float | None) -> None:
        """Any record at all: something is starting."""
        if self.phase == NONE:
            self.phase = STARTING
            self.since = at

    def begin_turn(self, at: float | None) -> None:
        """The CLI begins a turn; what a process before it left open will not be answered."""
        self.try_again(at)
        self.drop_calls(keep_subagents=bool(self.background))
        self.after_tool = self.request_reported = self.compacting = False
        self.retry = self.question = None
        before = self.turn_end
        self.enter_phase(REQUESTING, at)
        self.end_before_command, self.taken_up = before, True

    def drop_calls(self, keep_subagents: bool) -> None:
        """Forget calls that nobody will answer."""
        self.drop_main_calls()
        if not keep_subagents:
            self.open_calls = {}

    def open_call(self, tool: OpenToolCall) -> None:
        """A tool call was made; one that the API runs itself is answered in the same message."""
        if tool.call.on_server or tool.call.id in self.open_calls:
            return
        if len(self.open_calls) >= _MOST_TOOLS:
            return
        self.open_calls[tool.call.id] = tool
        if not tool.thread:
            self.main_calls += 1
            if tool.call.name in ASKING:
                self.asks = tool.call.id

    def lost_calls(self, message: str, thread: str = "") -> list[OpenToolCall]:
        """Takes out the calls of a thread that the beginning of another `message` proves to be over.

        The API wants every call answered before the model's next message, so the answer of a call
        that is still open then was lost, or the process with it. A message without an id proves it
        only when a person spoke since.
        """
        prompted = self.prompted
        if not thread:
            self.prompted = False
        lost = [
            tool
            for tool in self.open_calls.values()
            if tool.thread == thread and (tool.message != message if message else prompted)
        ]
        for tool in lost:
            self.close_call(tool.call.id)
        return lost

    def drop_main_calls(self) -> None:
        """Forget the main conversation's own calls."""
        self.open_calls = {key: tool for key, tool in self.open_calls.items() if tool.thread}
        self.main_calls = 0
        self.asks = ""

    def drop_threads(self, *threads: str) -> None:
        """Forget the calls of subagents that are over."""
        if len(self.open_calls) > self.main_calls:
            calls = self.open_calls.items()
            self.open_calls = {key: tool for key, tool in calls if tool.thread not in threads}

    def close_call(self, tool_use_id: str) -> OpenToolCall | None:
        """A tool's answer came; the call it belongs to, if it was seen."""
        tool = self.open_calls.pop(tool_use_id, None)
        if tool_use_id == self.asks:
            self.asks = ""
        if tool is not None and not tool.thread:
            self.main_calls -= 1
        return tool

    def on_assistant(self, body: AssistantMessage, at: float | None) -> None:
        """The main conversation's model said something."""
        self.retry = self.question = None
        if self.limit is not None and not body.error and body.model != SYNTHETIC:
            if at in (None, self.limit.since):
                # No time has passed for want of a clock: the wait may lie before these words.
                self.ended_limit = self.limit
            self.limit = None
        self.request_reported = False
        if body.text:
            self.last_text = body.text[:_SAID]
        if body.error:
            self.on_api_error(body.failure, at)
            return
        if body.model != SYNTHETIC:
            self.failure = None
        self.answered_at = at
        self.compacting, self.hook = False, ""
        awaits = TOOL if self.main_calls else STREAMING
        if body.tools and awaits == STREAMING and any(not tool.on_server for tool in body.tools):
            awaits = REQUESTING  # the results were written before the calls
        self.enter_phase(awaits, at)
        if awaits == STREAMING:
            self.turn_end = read_answer(body, at)
            self.may_be_over = self.turn_end is not None and self.turn_end.outcome.is_certain

    def on_message_start(self, at: float | None) -> None:
        """The main conversation's answer begins to arrive."""
        self.question = None
        self.enter_phase(STREAMING, at)

    def on_api_error(self, failure: ApiFailure | None, at: float | None) -> None:
        """The CLI put an error of the API in the model's place."""
        self._failed(failure, at)
        self.enter_phase(STREAMING, at)
        self.may_be_over = True
        self.turn_end = TurnEnd(TurnOutcome.FAILED, at, failure=failure)

    def _failed(self, failure: ApiFailure | None, at: float | None) -> None:
        self.failure = failure
        if failure is not None and failure.limit is not None:
            self.limit = merge_limit_notice(self.limit, failure.limit, at)

    def try_again(self, at: float | None) -> None:
        """A new turn begins: the error before it is past, and so is a limit that was lifted."""
        self.failure = None
        if self.limit is not None and at is not None and self.limit.is_over(at):
            self.limit = None

    # complexity: a table in code, one case for each role of a message
    def on_user(self, body: UserMessage, at: float | None) -> None:
        """Something reached the main conversation's model."""
        role = body.role
        if role == "results":
            self._on_results(body, at)
        elif role == "interrupted":
            self.drop_calls(keep_subagents=False)
            self.question = self.retry = None
            self.end_turn(TurnEnd(TurnOutcome.INTERRUPTED, at))
        elif role == "summary":
            self.compacting = False
        elif role == "prompt" and asks_no_model(body.text):
            # A version that has the model answer to a person's own shell command says so itself.
            if self.phase in (NONE, STARTING) or self.taken_up:
                before = self.end_before_command if self.taken_up else None
                self.enter_phase(IDLE, at)
                self.turn_end = before
        elif role == "note" and body.origin != "task-notification":
            if body.origin.startswith("local-command-std"):
                self.on_local_answer(at)
        elif not self._is_answered(role, at):
            self._asked(role, body.text, at)

    def _on_results(self, body: UserMessage, at: float | None) -> None:
        self.question = None
        if self.main_calls:
            self.enter_phase(TOOL, at)
        elif any(result.stopped for result in body.results):
            self.end_turn(TurnEnd(TurnOutcome.INTERRUPTED, at))
        else:
            self.after_tool = True
            self.enter_phase(REQUESTING, at)

    def _asked(self, role: str, text: str, at: float | None) -> None:
        """The model is asked for an answer."""
        self.try_again(at)
        self.slash_command = role == "prompt" and text.startswith("/")
        self.compacting |= self.slash_command and text.startswith("/compact")
        self.prompted = role in ("prompt", "note")
        if not self.main_calls:
            self.after_tool = False
            self.end_before_command = self.turn_end if self.slash_command else None
            self.enter_phase(REQUESTING, at)

    def _is_answered(self, role: str, at: float | None) -> bool:
        """Whether a prompt was written after its answer, as the first one of a session may be."""
        if role != "prompt" or at is None or self.answered_at is None:
            return False
        return self.answered_at - _LATE_PROMPT < at < self.answered_at

    def on_local_answer(self, at: float | None) -> None:
        """The CLI answered a command by itself; no model is asked."""
        if self.slash_command and not self.main_calls:
            self.slash_command = self.compacting = False
            self.enter_phase(IDLE, at)
            # How the last turn ended is not changed by a command that asks no model.
            self.turn_end = self.end_before_command

    def on_result(self, body: TurnResult, at: float | None) -> None:
        """A turn ended."""
        self.drop_calls(keep_subagents=bool(self.background))
        self.retry = self.question = None
        self.compacting, self.hook = False, ""
        end = read_result(body, self.failure, at)
        was_interrupted = self.turn_end and self.turn_end.outcome == TurnOutcome.INTERRUPTED
        if was_interrupted and end.outcome == TurnOutcome.FAILED:
            end = replace(end, outcome=TurnOutcome.INTERRUPTED, text="", failure=None)
        if (
            not body.is_error
            and body.subtype == "success"
            and not repeats_failure(body, self.failure)
        ):
            self.limit = self.failure = None
        elif self.failure is None:
            self._failed(end.failure, at)
        self.end_turn(end)

    def on_hook(self, body: HookRun, at: float | None) -> None:
        """A hook began or answered; some end the turn."""
        begins = body.outcome in ("started", "running")
        self.hook, self.hook_since = (body.text or body.name, at) if begins else ("", None)
        if body.outcome == HOOK_STOPPED and not self.main_calls and self.turn_open:
            self.end_turn(TurnEnd(TurnOutcome.HOOK_STOPPED, at, "", body.text))

    def on_retry(self, body: ApiRetry, at: float | None) -> None:
        """The API failed and will be called again."""
        due = None if at is None else at + body.delay_s
        self.retry = PendingRetry(body.attempt, body.limit, due, at, body.status, body.error)
        if self.phase != TOOL:
            self.enter_phase(REQUESTING, at)

    def on_limit(self, body: RateLimit, at: float | None) -> None:
        """A limit's state was told."""
        if body.status == "rejected":
            self.limit = merge_limit_notice(
                self.limit, LimitNotice(body.window, body.resets_at), at
            )
        else:
            self.limit = None

    def on_state(self, body: AgentStateReport, at: float | None) -> None:
        """The CLI said what it is at."""
        state = body.state
        if state == "requires_action":
            self.question = self.question or PendingQuestion(body.detail or "an action", at)
        elif state == "requesting":
            self.request_reported = self.has_deltas = True
            if self.phase != TOOL:
                self.enter_phase(REQUESTING, at)
        elif state == "compacting":
            self.compacting = True
        elif state == "idle":
            self.question = None
            self.hook = ""
            if body.background == 0:
                self.background.end_work()
            self.drop_calls(keep_subagents=bool(self.background))
            end = self.turn_end
            if self.turn_open and (end is None or not end.outcome.is_certain):
                end = TurnEnd(TurnOutcome.COMPLETED, at)
            self.enter_phase(IDLE, at)
            self.turn_end = end
        elif state == "running":
            self.question = None
            if self.phase in (NONE, STARTING, IDLE):
                self.enter_phase(REQUESTING, at)
        else:
            self.compacting = False

    def await_leave(self, tool: str, at: float | None) -> None:
        """A call waits for a person's leave."""
        self.question = PendingQuestion(f"leave to use {tool}", at)

    def on_heartbeat(self, body: ToolHeartbeat, at: float | None) -> None:
        """A tool still runs."""
        self.has_heartbeats = True
        self.question = None
        tool = self.open_calls.get(body.tool_use_id)
        if tool is not None and tool.since is None and at is not None:
            tool.since = at - body.elapsed_s
