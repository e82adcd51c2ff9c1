"""A session written down record by record, for tests of the fold."""

from __future__ import annotations

from collections.abc import Iterable

from tui.feeds.claude.api_failures import read_failure
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    Body,
    ModelUsage,
    TokenUsage,
    ToolCall,
    ToolResult,
    TurnResult,
    TurnStarted,
    UserMessage,
)
from tui.model.failures import DenialKind
from tui.model.records import Record
from tui.model.snapshot import NightSnapshot
from tui.model.state import StallThresholds
from tui.night.fold import NightFold
from tui.night.usage.compact_tables import digest

START = 1_790_000_000.0
MODEL = "claude-opus-5-5"


class Script:
    """Events of one file with growing offsets, times a second apart and uuids of their own."""

    def __init__(
        self, source: str = "stream.jsonl", session: str = "s1", start: float | None = START
    ) -> None:
        self.source = source
        self.session = session
        self.at = start
        self.events: list[AgentEvent] = []
        self.calls = 0
        self.messages = 0

    def add(
        self,
        body: Body,
        after: float = 1.0,
        *,
        thread: str = "",
        uuid: str | None = None,
        timed: bool = True,
    ) -> AgentEvent:
        """One more event, `after` seconds later."""
        if self.at is not None:
            self.at += after
        number = len(self.events)
        event = AgentEvent(
            self.source,
            number * 100,
            100,
            body,
            f"{self.source}-{self.session}-{number}" if uuid is None else uuid,
            self.session,
            self.at if timed else None,
            thread,
        )
        self.events.append(event)
        return event

    def init(self, after: float = 1.0, version: str = "2.1.329", model: str = MODEL) -> AgentEvent:
        return self.add(TurnStarted(model, "/w", version, "default"), after)

    def prompt(self, text: str = "do it", after: float = 1.0) -> AgentEvent:
        return self.add(UserMessage("prompt", text), after)

    def say(
        self,
        text: str = "",
        after: float = 1.0,
        *,
        tools: tuple[ToolCall, ...] = (),
        usage: TokenUsage | None = None,
        final: bool = False,
        model: str = MODEL,
        message: str | None = None,
        request: str = "",
        thread: str = "",
        error: str = "",
        stop: str = "",
        thinking: bool = False,
    ) -> AgentEvent:
        if message is None:
            self.messages += 1
            message = f"{self.source}-{self.session}-msg-{self.messages}"
        failure = read_failure(text, error, 0, self.at) if error else None
        body = AssistantMessage(
            *(message, request, model, usage, final, text, thinking, tools, error),
            stop_reason=stop or ("end_turn" if final and not tools else ""),
            failure=failure,
        )
        return self.add(body, after, thread=thread)

    def use(self, name: str, target: str, *, key: str | None = None, path: str = "") -> ToolCall:
        self.calls += 1
        stands_for = digest(f"{name} {target if key is None else key}")
        return ToolCall(
            f"{self.source}-{self.session}-call-{self.calls}", name, target, stands_for, path
        )

    def call(
        self,
        name: str,
        target: str,
        after: float = 1.0,
        *,
        key: str | None = None,
        path: str = "",
        thread: str = "",
        message: str | None = None,
    ) -> str:
        """A tool call; its id. Parallel calls are blocks of one `message`."""
        use = self.use(name, target, key=key, path=path)
        self.say("", after, tools=(use,), thread=thread, message=message)
        return use.id

    def answer(
        self,
        call: str,
        text: str = "",
        after: float = 1.0,
        *,
        error: bool = False,
        thread: str = "",
        denial: DenialKind | None = None,
    ) -> AgentEvent:
        result = ToolResult(call, error, text[-2000:], len(text), denial=denial)
        return self.add(UserMessage("results", results=(result,)), after, thread=thread)

    def step(
        self,
        name: str,
        target: str,
        text: str = "",
        *,
        error: bool = False,
        key: str | None = None,
        path: str = "",
        thread: str = "",
        takes: float = 1.0,
    ) -> None:
        """A tool call and its answer."""
        call = self.call(name, target, key=key, path=path, thread=thread)
        self.answer(call, text, takes, error=error, thread=thread)

    def result(
        self,
        usd: float | None = None,
        after: float = 1.0,
        *,
        models: tuple[ModelUsage, ...] = (),
        subtype: str = "success",
        is_error: bool = False,
        reason: str = "completed",
        text: str = "",
        queued: int = 0,
    ) -> AgentEvent:
        body = TurnResult(
            subtype, is_error, 1, 1000, usd, models, None, reason, text, (), (), queued, 0
        )
        return self.add(body, after)


def fold(*batches: Iterable[Record], thresholds: StallThresholds | None = None) -> NightFold:
    """A fold of all batches."""
    made = NightFold(thresholds=thresholds)
    for batch in batches:
        made.apply(batch)
    return made


def night(script: Script, later: float = 1.0, *more: Iterable[Record]) -> NightSnapshot:
    """What is known `later` seconds after the script's last event."""
    made = fold(script.events, *more)
    return made.snapshot((script.at or 0.0) + later)
