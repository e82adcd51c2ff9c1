"""The turns of the agent: whether one is open, which messages it took in, and what its end means."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from msgspec.structs import replace

from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    AssistantMessage,
    ControlMessage,
    MessageLifecycle,
    RateLimit,
    StreamDelta,
    TaskUpdate,
    TurnResult,
    TurnStarted,
    UserMessage,
)
from tui.model.failures import SYNTHETIC, ApiFailure, FailureKind
from tui.model.state import ExitStatus, Outcome, OutcomeKind
from tui.model.turn_end import TurnOutcome, read_result
from tui.runner.agent.attempt import AttemptStatus

WITHDRAW = "withdraw-"
"""How the ids of requests begin that take a message back; the message's uuid follows."""


@dataclass
class TurnTracker:
    """The main conversation of the current attempt, as far as decisions need it.

    `queued`, `taken`, `answered`, `over` and `cancelled` hold uuids of messages, `kept` of those that the
    agent did not give back. `version` and `capabilities` are the CLI's, `called` are the open tool calls.
    `safe_uuid` is the last event after which the conversation can be cut cleanly. `begun` counts answers of
    the API once each, `newest` is the id of the last one.
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
        self.turns = self.answers = self.first_context = 0
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

    # complexity: a table in code, one case for each kind of record
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
        if body.role in ("replay", "prompt") and event.uuid:
            self.taken.add(body.command_uuid or event.uuid)


# What an API error means for the run; all other classes are worth another attempt.
_API_OUTCOMES = {
    FailureKind.LOGIN: OutcomeKind.LOGIN_REQUIRED,
    FailureKind.CREDIT: OutcomeKind.BILLING_REQUIRED,
    FailureKind.EXTRA_USAGE: OutcomeKind.BILLING_REQUIRED,
    FailureKind.MODEL_NOT_FOUND: OutcomeKind.PERSON_REQUIRED,
    FailureKind.USAGE_LIMIT: OutcomeKind.USAGE_LIMIT,
    FailureKind.RATE_LIMIT: OutcomeKind.OVERLOADED,
    FailureKind.OVERLOADED: OutcomeKind.OVERLOADED,
    FailureKind.SERVER_ERROR: OutcomeKind.OVERLOADED,
    FailureKind.CONNECTION: OutcomeKind.OVERLOADED,
    # Only a fresh conversation can go on.
    FailureKind.PROMPT_TOO_LONG: OutcomeKind.RESUME_REFUSED,
}


def turn_outcome(turns: TurnTracker) -> Outcome:
    """The outcome of the turn that ended last."""
    result = turns.result
    if result is None:
        return Outcome(OutcomeKind.CRASH, "the turn has no end")
    end = read_result(result, turns.failure, None)
    if not end.outcome.is_trouble and not end.interrupted:
        return Outcome(OutcomeKind.COMPLETED, "the turn ended")
    text = end.text or result.text or end.word
    outcome = _api_outcome(turns, end.status, text[:300])
    if outcome.kind in (OutcomeKind.LOGIN_REQUIRED, OutcomeKind.BILLING_REQUIRED):
        return outcome
    match end.outcome:
        case TurnOutcome.TURNS_USED_UP:
            return Outcome(OutcomeKind.MAX_TURNS, "the agent used up its turns")
        case TurnOutcome.BUDGET_USED_UP:
            return Outcome(OutcomeKind.BUDGET_EXHAUSTED, "the agent used up its own budget")
        case TurnOutcome.INTERRUPTED:
            return Outcome(OutcomeKind.INTERRUPTED, "the turn was interrupted")
        case _:
            return outcome


def _api_outcome(turns: TurnTracker, status: int, text: str) -> Outcome:
    """What the API error of a failed turn means; without one it is a crash."""
    failure = turns.failure
    if failure is None and (turns.limited or status):
        kind = FailureKind.USAGE_LIMIT if turns.limited else FailureKind.of_status(status)
        failure = ApiFailure(kind, text or f"HTTP {status}", status)
    if failure is None:
        return Outcome(OutcomeKind.CRASH, text)
    kind = failure.kind
    if turns.limited and not kind.needs_person:
        kind = FailureKind.USAGE_LIMIT
    words = failure.text or text
    resets_at = turns.resets_at if kind == FailureKind.USAGE_LIMIT else None
    outcome = _API_OUTCOMES.get(kind, OutcomeKind.CRASH)
    return Outcome(outcome, f"{kind.words}: {words}" if words else kind.words, resets_at)


def exit_outcome(status: AttemptStatus, turns: TurnTracker, resumed: bool, stderr: str) -> Outcome:
    """The outcome of a process that this program did not end.

    `resumed` says that it was started to resume a session; `stderr` is the end of its output there.
    """
    record = ExitStatus(status.code, status.signal, status.error)
    refusal = _resume_refusal(turns, resumed, stderr)
    if refusal:
        return Outcome(OutcomeKind.RESUME_REFUSED, refusal, exit=record)
    return replace(_process_outcome(status, turns), exit=record)


def _process_outcome(status: AttemptStatus, turns: TurnTracker) -> Outcome:
    crashes = {
        "the agent was never started": status.state == "void",
        f"the agent could not be started: {status.error}": status.error,
        f"the agent was ended by {signal_name(status.signal)}": status.signal,
        "the agent is gone, and nothing recorded how": status.state == "lost",
    }
    for text, applies in crashes.items():
        if applies:
            return Outcome(OutcomeKind.CRASH, text)
    result = turns.result
    if result is not None and not turns.open:
        turn = turn_outcome(turns)
        if turn.kind == OutcomeKind.INTERRUPTED and status.code == 0:
            return Outcome(OutcomeKind.STOPPED_BY_PERSON, "the agent was asked to end (SIGINT)")
        return turn
    if status.code in (0, None):
        return Outcome(OutcomeKind.CRASH, "the agent ended in the middle of a turn")
    return Outcome(OutcomeKind.CRASH, f"the agent ended with exit code {status.code}")


def _resume_refusal(turns: TurnTracker, resumed: bool, stderr: str) -> str:
    """Why the session could not be resumed; empty where that is not what happened."""
    if not resumed or turns.started:
        return ""
    result = turns.result
    output = " ".join(result.errors if result is not None else ()) + stderr
    if "No conversation found" in output or "No message found" in output:
        return "the conversation was not found"
    if result is not None and result.is_error and not result.duration_ms and not result.turns:
        return "the conversation could not be read"
    return ""


def exit_text(status: AttemptStatus) -> str:
    """How an attempt ended, for people."""
    if status.error:
        return status.error
    if status.state in ("lost", "void"):
        return "gone without a record" if status.state == "lost" else "never started"
    return signal_name(status.signal) if status.signal else f"exit code {status.code}"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
