"""A run machine whose agent, reader and rewinder are not there: everything that can happen to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from tests.fakes import FakeClock
from tests.unit.runner.test_runner_rules import progress, result
from tui.feeds.claude.api_failures import read_failure
from tui.model.events import AgentEvent, AssistantMessage, RateLimit, TurnResult
from tui.model.failures import SYNTHETIC
from tui.model.journal import Requester
from tui.model.records import ProgressFile
from tui.model.snapshot import NightSnapshot
from tui.model.state import EndKind, LimitKind, OutcomeKind, RunPhase, StopKind
from tui.night.fold import NightFold
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.turns import TurnTracker
from tui.runner.checkpoints import CheckpointSchedule
from tui.runner.decisions import end_for_intent
from tui.runner.machine import RunMachine
from tui.runner.requests import RequestHandler
from tui.runner.rewinds import RewindOutcome, RunRewinder
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


class FakeReader:
    """A reader whose turns and tasks a test sets."""

    def __init__(self) -> None:
        self.turns = TurnTracker()
        self.progress: ProgressFile | None = OPEN
        self.night = NightFold().snapshot(1_000.0)

    def read_progress(self) -> ProgressFile | None:
        return self.progress

    def snapshot(self) -> NightSnapshot:
        return self.night

    def end_of_stream(self) -> int:
        return 0

    def terminate_line(self) -> None: ...


class FakeAttempt:
    """An attempt that starts nothing; `refuses` is the error its start raises."""

    refuses: OSError | None = None

    def __init__(self, run: RunDirectory, number: int) -> None:
        self.number = number

    def write_order(self, *arguments: object) -> None: ...

    def launch(self, environ: Mapping[str, str], *, own_group: bool) -> None:
        if self.refuses is not None:
            raise self.refuses


class FakeRewinder:
    """Rewinds nothing, or raises `fault`."""

    fault: Exception | None = None

    def check(self, kind: str, arguments: Mapping[str, Any]) -> None: ...

    def execute(self, kind: str, arguments: Mapping[str, Any], before: str) -> RewindOutcome:
        if self.fault is not None:
            raise self.fault
        return RewindOutcome({}, "rewound", "It was rewound.")


class Machine:
    """A run machine and everything that can happen to it."""

    def __init__(self, folder: Path, kept: Settings) -> None:
        facts = RunFacts("r", "goal", str(folder), 1_000.0, ("agent",))
        self.clock = FakeClock()
        self.context = RunContext.load(create_run(folder / "runs", facts, kept), self.clock)
        self.context.settings = kept
        self.reader = FakeReader()
        reader = cast(RunReader, self.reader)
        self.messages = MessageSender(self.context, self.reader.turns)
        self.attempt = type("Attempt", (FakeAttempt,), {})
        attempts = cast(Callable[..., AttemptProcess], self.attempt)
        self.machine = RunMachine(self.context, reader, self.messages, attempts)
        self.machine.baseline.trouble = lambda: self.trouble  # type: ignore[method-assign]
        self.trouble: str | None = None
        self.rewinder = FakeRewinder()
        rewinder = cast(RunRewinder, self.rewinder)
        keeper = cast(CheckpointSchedule, None)
        self.requests = RequestHandler(
            self.context, reader, self.messages, self.machine, keeper, rewinder
        )
        self._numbers = iter(range(1, 1_000_000))

    @property
    def phase(self) -> RunPhase:
        return self.machine.phase

    def start(self) -> Machine:
        """Begins the run; tests that come before the first attempt pass."""
        self.begin()
        if self.phase == RunPhase.BASELINE:
            self.trouble = ""
            self.machine.on_baseline()
            self.trouble = None
        return self

    def begin(self) -> Machine:
        self.machine.begin()
        return self

    def runs(self) -> Machine:
        self.machine.on_agent_running(AttemptStatus("running", AGENT))
        self.reader.turns.started, self.reader.turns.session = True, self.context.state.session
        self.machine.record_session()
        self.messages.on_attempt_ended(resumes=False)
        return self

    def turn(
        self, body: TurnResult | None = None, error: str = "", limited: bool = False
    ) -> Machine:
        """A turn ends with this result, and everything the agent was told is taken in."""
        self.messages.on_attempt_ended(resumes=False)
        self.hear(body or result(), error, limited)
        self.machine.on_turn_ended()
        return self

    def hear(self, body: TurnResult, error: str = "", limited: bool = False) -> None:
        turns = self.reader.turns
        turns.limited, turns.failure = False, None
        if limited:
            turns.apply(AgentEvent("s", 0, 1, RateLimit("rejected", self.clock.wall() + 50, "w")))
        if error:
            failure = read_failure(error, error, 0, None)
            said = AssistantMessage(
                "m", "r", SYNTHETIC, None, True, text=error, error=error, failure=failure
            )
            turns.apply(AgentEvent("s", 1, 1, said))
        turns.apply(AgentEvent("s", 2, 1, body))

    def process_ends(self, status: AttemptStatus | None = None) -> Machine:
        status = status or AttemptStatus("ended", AGENT, code=0, signal=9)
        self.machine.on_agent_running(status)
        intent = self.context.state.intent
        self.messages.on_attempt_ended(resumes=intent is None or intent.goes_on)
        if intent is not None and intent.kind == StopKind.REWIND:
            self.requests.execute_rewind(intent)
        else:
            self.machine.on_process_ended(status)
        return self

    def asks(self, verb: str, **arguments: object) -> Machine:
        name = f"request-{next(self._numbers)}"
        request = RunnerRequest(name, verb, arguments, 0.0, Requester.KEY)  # type: ignore[arg-type]
        self.requests._execute(request)
        return self

    def limit(self, alive: bool) -> Machine:
        intent = StopIntent(StopKind.LIMIT, "cost $2 of $1", "limit", limit=LimitKind.COST)
        event = RunEvent.LIMIT_REACHED
        if alive:
            self.machine.stop_agent(intent, event, "a limit was reached")
        else:
            self.machine.end_run(end_for_intent(intent), None, event)
        return self

    def wait(self, seconds: float = 1e6) -> Machine:
        self.clock.advance(seconds)
        self.context.advance_clock()
        self.machine.on_wait_due()
        return self

    def stopping(self) -> tuple[StopKind, EndKind | None]:
        """How the agent is being ended, and how the run ends by it."""
        assert self.phase == RunPhase.STOPPING
        intent = self.context.state.intent
        assert intent is not None
        return intent.kind, None if intent.goes_on else end_for_intent(intent).kind

    def ended(self) -> EndKind:
        assert self.phase == RunPhase.ENDED
        assert self.machine.end is not None
        return self.machine.end.kind

    def waits(self) -> tuple[OutcomeKind, bool, bool]:
        """For what it waits, whether that counts as a restart, and whether an attempt follows."""
        assert self.phase == RunPhase.WAITING
        pending = self.context.state.wait
        assert pending is not None
        return pending.kind, pending.counts, pending.next is not None
