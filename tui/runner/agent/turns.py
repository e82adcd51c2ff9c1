"""The turns of the agent: whether one is open, which messages it took in, how the last one ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    AssistantMessage,
    ControlMessage,
    MalformedLine,
    MessageLifecycle,
    RateLimit,
    StreamDelta,
    TaskUpdate,
    TurnResult,
    TurnStarted,
    UserMessage,
)
from tui.model.failures import SYNTHETIC, ApiFailure

_MOST_WORDS = 4_000

WITHDRAW = "withdraw-"
"""How the ids of requests begin that take a message back; the message's uuid follows."""


@dataclass
class TurnTracker:
    """The main conversation of the current attempt, as far as decisions need it.

    `queued`, `taken`, `answered`, `over` and `cancelled` hold uuids of messages, `kept` of those that the
    agent did not give back. `version` and `capabilities` are the CLI's, `called` are the open tool calls.
    `safe_uuid` is the last event after which the conversation can be cut cleanly. `replies` are the model's
    own answers in the turn that was opened last, `interrupted` says that somebody stopped it. `words` is what
    the process printed that is no record. `begun` counts answers of the API once each, `newest` is the id of
    the last one.
    """

    session: str = ""
    started: bool = False
    open: bool = False
    said_idle: bool = False
    tells_states: bool = False
    result: TurnResult | None = None
    failure: ApiFailure | None = None
    resets_at: float | None = None
    limited: bool = False
    turns: int = 0
    answers: int = 0
    first_context: int = 0
    replies: int = 0
    interrupted: bool = False
    words: str = ""
    tasks: set[str] = field(default_factory=set)
    queued: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    version: str = ""
    capabilities: tuple[str, ...] = ()
    safe_uuid: str = ""
    called: set[str] = field(default_factory=set)
    begun: int = 0
    newest: str = ""
    replied: set[str] = field(default_factory=set)

    def begin_attempt(self, resume: str = "", resume_at: str = "") -> None:
        """Forgets the turns of the process that is gone; the next one resumes that session there, or none."""
        if resume_at or resume != self.session:
            self.session, self.safe_uuid = resume, resume_at
        self.started = self.open = self.said_idle = self.tells_states = False
        self.result = None
        self.failure = None
        self.limited, self.resets_at = False, None
        self.turns = self.answers = self.first_context = self.replies = 0
        self.interrupted, self.words = False, ""
        self.tasks.clear()
        self.called.clear()
        self.queued.clear()

    def message_sent(self) -> None:
        """The agent owes a turn for a message."""
        self.open, self.said_idle = True, False

    @property
    def is_idle(self) -> bool:
        """Whether the last turn is over, nothing waits and nothing runs in the background."""
        if self.open or self.result is None or self.result.queued:
            return False
        return self.said_idle or (not self.tells_states and not self.tasks)

    # complexity: one case for each kind of event
    def apply(self, event: AgentEvent) -> None:
        """Takes in one event of the stream; those of subagents do not count."""
        body = event.body
        match body:
            case StreamDelta(step="message_start") if not event.thread:
                self._begin_answer(body.message_id)
            case AssistantMessage() if not event.thread:
                self._begin_answer(body.message_id)
                self._assistant(event, body)
            case UserMessage() if not event.thread:
                self._user(event, body)
            case TurnStarted():
                self.session = event.session or self.session
                self.started = True
                self.replies, self.interrupted = 0, False
                self.version, self.capabilities = body.version, body.capabilities
                self.message_sent()
                self.called.clear()
                self.failure = None
            case TurnResult():
                self.session = event.session or self.session
                self._result(body)
            case AgentStateReport(state="idle" | "running" | "requires_action"):
                self.tells_states, self.said_idle = True, body.state == "idle"
                self.open = self.open or body.state == "running"
            case TaskUpdate(is_over=True):
                self.tasks.discard(body.task_id)
            case TaskUpdate(phase="started"):
                self.tasks.add(body.task_id)
            case ControlMessage() if body.request_id.startswith(WITHDRAW):
                name = body.request_id.removeprefix(WITHDRAW)
                given_back = body.ok and body.cancelled and name not in self.taken
                (self.cancelled if given_back else self.kept).add(name)
            case MessageLifecycle():
                self._lifecycle(body.command_uuid, body.state)
            case RateLimit():
                self.limited = body.status == "rejected"
                self.resets_at = body.resets_at if self.limited else None
            case MalformedLine():
                self.words = f"{self.words}\n{body.excerpt}"[-_MOST_WORDS:]

    def _begin_answer(self, message: str) -> None:
        """The API has begun an answer; a stream tells of it before its records do."""
        self.replied |= self.taken
        if not message or message != self.newest:
            self.begun, self.newest = self.begun + 1, message

    def _assistant(self, event: AgentEvent, body: AssistantMessage) -> None:
        self.answered |= self.taken
        self.called.update(tool.id for tool in body.tools if not tool.on_server)
        self.answers += 1
        if not self.first_context and body.usage is not None:
            self.first_context = body.usage.context
        if body.error:
            self._failed(body.failure)
        elif body.model != SYNTHETIC:
            self.failure, self.limited = None, False
            self.replies += 1
            if body.text and not self.called and event.uuid:
                self.safe_uuid = event.uuid

    def _result(self, body: TurnResult) -> None:
        self.open, self.result = False, body
        self.turns += 1
        if body.failure is not None and self.failure is None:
            self._failed(body.failure)

    def _failed(self, failure: ApiFailure | None) -> None:
        self.failure = failure
        limit = failure.limit if failure is not None else None
        if limit is None:
            return
        # An event before it has the moment to the second, the words only a clock.
        if self.resets_at is None or not self.limited:
            self.resets_at = limit.resets_at
        self.limited = True

    def _lifecycle(self, name: str, state: str) -> None:
        self.queued.add(name)
        if state == "cancelled":
            (self.over if name in self.taken else self.cancelled).add(name)
        elif state in ("started", "completed"):
            self.taken.add(name)
            if state == "completed":
                self.over.add(name)

    def _user(self, event: AgentEvent, body: UserMessage) -> None:
        self.called.difference_update(result.tool_use_id for result in body.results)
        # Of parallel calls only the last result is a clean cut: before it, other calls are open.
        if body.role == "results" and not self.called and event.uuid:
            self.safe_uuid = event.uuid
        if body.role == "interrupted":
            self.interrupted = True
        if body.role in ("replay", "prompt") and event.uuid:
            self.taken.add(body.command_uuid or event.uuid)
