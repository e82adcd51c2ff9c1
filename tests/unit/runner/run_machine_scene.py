"""A run machine whose agent, reader and rewinder are not there: everything that can happen to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from tests.fakes import FakeClock
from tests.unit.runner.test_runner_rules import progress, result
from tui.model.events import AgentEvent, AssistantMessage, RateLimit, TurnResult
from tui.model.records import ProgressFile
from tui.model.state import EndKind, LimitKind, OutcomeKind, RunPhase, StopKind
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.turn_tracker import TurnTracker
from tui.runner.checkpoints import CheckpointSchedule
from tui.runner.decisions import end_of_intent, first_attempt
from tui.runner.machine import RunMachine
from tui.runner.requests import RequestHandler
from tui.runner.rewinds import RewindOutcome
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import StopIntent
from tui.runner.transitions import RunEvent
from tui.settings.settings import Settings
from tui.store.inbox import RunnerRequest
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, create_run
from tui.system.processes import ProcessIdentity

AGENT = ProcessIdentity(4_000_000, 1)
OPEN = progress(("open", ""), ("done", ""))


class FakeEyes:
    """A reader whose turns and tasks a test sets."""

    def __init__(self) -> None:
        self.turns = TurnTracker()
        self.progress: ProgressFile | None = OPEN

    def tasks(self) -> ProgressFile | None:
        return self.progress

    def end_of_stream(self) -> int:
        return 0

    def close_line(self) -> None: ...


class FakeSegment:
    """An attempt that starts nothing; `refuses` is the error its start raises."""

    refuses: OSError | None = None

    def __init__(self, run: RunDirectory, number: int) -> None:
        self.number = number

    def order(self, *given: object) -> None: ...

    def launch(self, environ: Mapping[str, str]) -> None:
        if self.refuses is not None:
            raise self.refuses


class FakeRewinder:
    def check(self, kind: str, arguments: Mapping[str, Any]) -> None: ...

    def carry_out(self, kind: str, arguments: Mapping[str, Any], before: str) -> RewindOutcome:
        return RewindOutcome({}, "rewound", "It was rewound.")


class Machine:
    """A run machine and everything that can happen to it."""

    def __init__(self, folder: Path, kept: Settings) -> None:
        facts = RunFacts("r", "goal", str(folder), 1_000.0, ("agent",))
        self.clock = FakeClock()
        self.desk = RunContext.of(create_run(folder / "runs", facts, kept), self.clock)
        self.desk.settings = kept
        self.eyes = FakeEyes()
        eyes = cast(RunReader, self.eyes)
        self.deliveries = MessageSender(self.desk, self.eyes.turns)
        self.attempt = type("Attempt", (FakeSegment,), {})
        attempts = cast(Callable[..., AttemptProcess], self.attempt)
        self.conductor = RunMachine(self.desk, eyes, self.deliveries, attempts)
        self.conductor.baseline.trouble = lambda: self.trouble  # type: ignore[method-assign]
        self.trouble: str | None = None
        keeper = cast(CheckpointSchedule, None)
        self.requests = RequestHandler(
            self.desk, eyes, self.deliveries, self.conductor, keeper, FakeRewinder()
        )
        self._numbers = iter(range(1, 1_000_000))

    @property
    def phase(self) -> RunPhase:
        return self.conductor.phase

    def start(self) -> Machine:
        step = first_attempt("goal", self.desk.settings)
        self.conductor.launch(step, RunEvent.STARTED)
        return self

    def runs(self) -> Machine:
        self.conductor.on_agent_running(AttemptStatus("running", AGENT))
        self.eyes.turns.started, self.eyes.turns.session = True, self.desk.state.session
        self.conductor.note_session()
        self.deliveries.on_attempt_ended(resumes=False)
        return self

    def turn(
        self, body: TurnResult | None = None, error: str = "", limited: bool = False
    ) -> Machine:
        """A turn ends with this result, and everything the agent was told is taken in."""
        self.deliveries.on_attempt_ended(resumes=False)
        self.hear(body or result(), error, limited)
        self.conductor.on_turn_ended()
        return self

    def hear(self, body: TurnResult, error: str = "", limited: bool = False) -> None:
        turns = self.eyes.turns
        turns.limited, turns.error = False, ""
        if limited:
            turns.apply(AgentEvent("s", 0, 1, RateLimit("rejected", self.clock.wall() + 50, "w")))
        if error:
            turns.apply(
                AgentEvent(
                    "s", 1, 1, AssistantMessage("m", "r", "x", None, True, text=error, error=error)
                )
            )
        turns.apply(AgentEvent("s", 2, 1, body))

    def process_ends(self, look: AttemptStatus | None = None) -> Machine:
        look = look or AttemptStatus("ended", AGENT, code=0, signal=9)
        self.conductor.on_agent_running(look)
        intent = self.desk.state.intent
        self.deliveries.on_attempt_ended(resumes=intent is None or intent.goes_on)
        if intent is not None and intent.kind == StopKind.REWIND:
            self.requests.rewind_now(intent)
        else:
            self.conductor.on_process_ended(look)
        return self

    def asks(self, verb: str, **arguments: object) -> Machine:
        name = f"request-{next(self._numbers)}"
        self.requests._carry_out(RunnerRequest(name, verb, arguments, 0.0))  # type: ignore[arg-type]
        return self

    def limit(self, alive: bool) -> Machine:
        intent = StopIntent(StopKind.LIMIT, "cost $2 of $1", "limit", limit=LimitKind.COST)
        event = RunEvent.LIMIT_REACHED
        if alive:
            self.conductor.stop_agent(intent, event, "a limit was reached")
        else:
            self.conductor.end_run(end_of_intent(intent), None, event)
        return self

    def wait(self, seconds: float = 1e6) -> Machine:
        self.clock.advance(seconds)
        self.desk.advance_clock()
        self.conductor.on_wait_due()
        return self

    def stopping(self) -> tuple[StopKind, EndKind | None]:
        """How the agent is being ended, and how the run ends by it."""
        assert self.phase == RunPhase.STOPPING
        intent = self.desk.state.intent
        assert intent is not None
        return intent.kind, None if intent.goes_on else end_of_intent(intent).kind

    def ended(self) -> EndKind:
        assert self.phase == RunPhase.ENDED
        assert self.conductor.over is not None
        return self.conductor.over.kind

    def waits(self) -> tuple[OutcomeKind, bool, bool]:
        """For what it waits, whether that counts as a restart, and whether an attempt follows."""
        assert self.phase == RunPhase.WAITING
        pending = self.desk.state.pending
        assert pending is not None
        return pending.kind, pending.counts, pending.next is not None
