"""Whether a turn is open, and which messages the agent accepted."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    AssistantMessage,
    MessageLifecycle,
    RateLimit,
    TaskUpdate,
    TurnResult,
    TurnStarted,
    UserMessage,
)

_ENDED = ("completed", "failed", "stopped", "killed")


@dataclass
class TurnTracker:
    """The main conversation of the current attempt, as far as decisions need it.

    `queued`, `taken`, `answered`, `over` and `cancelled` hold uuids of messages. `called` are the open
    tool calls. `safe_uuid` is the last event after which the conversation can be cut cleanly.
    """

    session: str = ""
    started: bool = False
    open: bool = False
    said_idle: bool = False
    tells_states: bool = False
    result: TurnResult | None = None
    error: str = ""
    error_text: str = ""
    resets_at: float | None = None
    limited: bool = False
    turns: int = 0
    answers: int = 0
    first_context: int = 0
    tasks: set[str] = field(default_factory=set)
    queued: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    safe_uuid: str = ""
    called: set[str] = field(default_factory=set)

    def begin_attempt(self) -> None:
        """Forgets the turns of the process that is gone."""
        self.started = self.open = self.said_idle = self.tells_states = False
        self.result = None
        self.error = self.error_text = ""
        self.limited, self.resets_at = False, None
        self.turns = self.answers = self.first_context = 0
        self.tasks.clear()
        self.called.clear()
        self.queued.clear()

    def message_sent(self) -> None:
        """The agent owes a turn for a message."""
        self.open, self.said_idle = True, False

    @property
    def is_settled(self) -> bool:
        """Whether the last turn is over, nothing waits and nothing runs in the background."""
        if self.open or self.result is None or self.result.queued:
            return False
        return self.said_idle or (not self.tells_states and not self.tasks)

    def apply(self, event: AgentEvent) -> None:
        """Takes in one event of the stream; those of subagents do not count."""
        body = event.body
        match body:
            case AssistantMessage() if not event.thread:
                self._assistant(event, body)
            case UserMessage() if not event.thread:
                self._user(event, body)
            case TurnStarted():
                self.session = event.session or self.session
                self.started = True
                self.message_sent()
                self.called.clear()
                self.error = self.error_text = ""
            case TurnResult():
                self.session = event.session or self.session
                self.open = False
                self.result = body
                self.turns += 1
            case AgentStateReport(state="idle" | "running" | "requires_action"):
                self.tells_states, self.said_idle = True, body.state == "idle"
                self.open = self.open or body.state == "running"
            case TaskUpdate() if body.phase == "ended" or body.status in _ENDED:
                self.tasks.discard(body.task_id)
            case TaskUpdate(phase="started"):
                self.tasks.add(body.task_id)
            case MessageLifecycle():
                self._lifecycle(body.command_uuid, body.state)
            case RateLimit(status="rejected"):
                self.limited, self.resets_at = True, body.resets_at
            case RateLimit(status="allowed"):
                self.limited = False

    def _assistant(self, event: AgentEvent, body: AssistantMessage) -> None:
        self.answered |= self.taken
        self.called.update(tool.id for tool in body.tools)
        self.answers += 1
        if not self.first_context and body.usage is not None:
            self.first_context = body.usage.context
        if body.error:
            self.error, self.error_text = body.error, body.text
        else:
            self.error, self.limited = "", False
            if body.text and not self.called and event.uuid:
                self.safe_uuid = event.uuid

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
        if body.role in ("replay", "prompt") and event.uuid:
            self.taken.add(body.command_uuid or event.uuid)
