"""What the agent's own words say of its turns: open or over, how one ended, what it took in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tui.records import (
    Assistant,
    Control,
    Event,
    Init,
    Lifecycle,
    RateLimit,
    Result,
    SessionState,
    TaskNote,
    User,
)

_ENDED = ("completed", "failed", "stopped", "killed")


@dataclass
class Turns:
    """The main conversation of the segment that runs, as far as decisions need it.

    `safe_uuid` is the last event after which the conversation can be cut cleanly.
    """

    session: str = ""
    started: bool = False
    open: bool = False
    said_idle: bool = False
    tells_states: bool = False
    result: Result | None = None
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
    replies: dict[str, Control] = field(default_factory=dict)
    permission_mode: str = ""
    safe_uuid: str = ""
    called: set[str] = field(default_factory=set)

    def begin_segment(self) -> None:
        """A new process: nothing of the old one's turns holds any longer."""
        self.started = self.open = self.said_idle = self.tells_states = False
        self.result = None
        self.error = self.error_text = ""
        self.limited, self.resets_at = False, None
        self.turns = self.answers = self.first_context = 0
        self.tasks.clear()
        self.called.clear()
        self.queued.clear()
        self.replies.clear()

    def wrote(self) -> None:
        """A message was written: the agent owes a turn for it."""
        self.open, self.said_idle = True, False

    @property
    def settled(self) -> bool:
        """Whether the last turn is over, nothing waits and nothing runs in the background."""
        if self.open or self.result is None or self.result.queued:
            return False
        return self.said_idle or (not self.tells_states and not self.tasks)

    def take(self, event: Event) -> None:
        """Takes in one event of the stream."""
        body = event.body
        kind = type(body)
        if event.thread and kind in (Assistant, User):
            return
        if event.session and kind in (Init, Result):
            self.session = event.session
        reader = _READERS.get(kind)
        if reader is not None:
            reader(self, event, body)

    def _init(self, event: Event, body: Init) -> None:
        self.started = True
        self.open, self.said_idle = True, False
        self.called.clear()
        self.error = self.error_text = ""
        self.permission_mode = body.permission_mode

    def _assistant(self, event: Event, body: Assistant) -> None:
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

    def _result(self, event: Event, body: Result) -> None:
        self.open = False
        self.result = body
        self.turns += 1

    def _state(self, event: Event, body: SessionState) -> None:
        if body.state in ("idle", "running", "requires_action"):
            self.tells_states = True
            self.said_idle = body.state == "idle"
            if body.state == "running":
                self.open = True

    def _task(self, event: Event, body: TaskNote) -> None:
        if body.phase == "ended" or body.status in _ENDED:
            self.tasks.discard(body.task_id)
        elif body.phase == "started":
            self.tasks.add(body.task_id)

    def _lifecycle(self, event: Event, body: Lifecycle) -> None:
        name = body.command_uuid
        self.queued.add(name)
        if body.state == "started":
            self.taken.add(name)
        elif body.state == "completed":
            self.taken.add(name)
            self.over.add(name)
        elif body.state == "cancelled":
            (self.over if name in self.taken else self.cancelled).add(name)

    def _user(self, event: Event, body: User) -> None:
        self.called.difference_update(result.tool_use_id for result in body.results)
        # Of parallel calls only the last answer is a clean place: before it, others hang open.
        if body.role == "results" and not self.called and event.uuid:
            self.safe_uuid = event.uuid
        if body.role in ("replay", "prompt") and event.uuid:
            self.taken.add(body.command_uuid or event.uuid)

    def _limit(self, event: Event, body: RateLimit) -> None:
        if body.status == "rejected":
            self.limited, self.resets_at = True, body.resets_at
        elif body.status == "allowed":
            self.limited = False

    def _control(self, event: Event, body: Control) -> None:
        if len(self.replies) > 100:
            self.replies.clear()
        self.replies[body.request_id] = body


_READERS: dict[type, Callable[[Turns, Event, Any], None]] = {
    Init: Turns._init,
    Assistant: Turns._assistant,
    Result: Turns._result,
    SessionState: Turns._state,
    TaskNote: Turns._task,
    Lifecycle: Turns._lifecycle,
    User: Turns._user,
    RateLimit: Turns._limit,
    Control: Turns._control,
}
