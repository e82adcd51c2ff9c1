"""How an agent is ended at a limit: what it is asked, how long it is waited for, and when it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeClock
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    MessageLifecycle,
    StreamDelta,
    TurnResult,
    TurnStarted,
)
from tui.model.state import LimitKind, StopKind
from tui.runner.agent import escalation
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.agent.escalation import Escalation
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext
from tui.runner.run_state import StopIntent
from tui.settings.original_sections import SessionSettings
from tui.settings.settings import Settings
from tui.store.runs import RunFacts, create_run
from tui.system.processes import ProcessIdentity

STATUS = AttemptStatus("running", ProcessIdentity(4_000_000, 1))
COST = StopIntent(StopKind.LIMIT, "cost", "limit", limit=LimitKind.COST)


class Ending:
    """An agent that hears everything and does what a test says, and the steps it is ended by."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock()
        facts = RunFacts("r", "goal", str(folder), 0.0, ("agent",))
        self.context = RunContext.load(create_run(folder, facts, Settings()), self.clock)
        self.context.start_clock()
        self.turns = TurnTracker(started=True, open=True)
        self.done: list[str] = []
        self.silence = 0.0
        patch.setattr(escalation.time, "monotonic", self.clock.monotonic)  # type: ignore[attr-defined]
        patch.setattr(escalation, "send_signal", lambda who, number: self.done.append("term"))
        self.patch = patch
        self.begin()

    def begin(self) -> None:
        """A supervisor, the first or one after it."""
        messages = MessageSender(self.context, self.turns)
        self.patch.setattr(messages, "control", self.control)
        self.messages = messages
        self.escalation = Escalation(self.context, self.turns, messages, lambda: self.silence)
        self.patch.setattr(self.escalation, "kill_tree", lambda *_: self.done.append("tree"))

    def control(self, subtype: str, request_id: str = "", **more: Any) -> str:
        self.done.append(subtype + (" all" if more.get("cancel_queued") else ""))
        return "id"

    def passes(self, intent: StopIntent, seconds: float = 0.0) -> list[str]:
        """Time passes in rounds; what was done meanwhile."""
        before, step = len(self.done), 0.5
        for _ in range(int(seconds / step) + 2):
            self.escalation.advance(intent, AttemptProcess(self.context.folder, 1), STATUS)
            self.clock.advance(step if seconds else 0.0)
            self.context.advance_clock()
        return self.done[before:]

    def answers(self, message: str) -> None:
        self.turns.apply(AgentEvent("s", 0, 1, StreamDelta("message_start", message)))
        said = AssistantMessage(message, "", "m", None, True)
        for place in (1, 2):
            self.turns.apply(AgentEvent("s", place, 1, said))

    def note(self) -> str:
        return self.context.state.note_message

    def receives(self, state: str) -> None:
        self.turns.apply(AgentEvent("s", 0, 1, MessageLifecycle(self.note(), state)))

    @property
    def asked(self) -> int:
        return sum("ends now" in one.text for one in self.context.state.outgoing)


@pytest.fixture
def ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ending:
    return Ending(tmp_path, monkeypatch)


def test_money_ends_without_a_word_and_clears_the_queue(ending: Ending) -> None:
    ending.escalation.start(COST)
    assert ending.passes(COST) == ["interrupt all"]
    assert not ending.escalation.takes_messages
    assert ending.asked == 0


def test_an_agent_that_spends_on_is_not_waited_for(ending: Ending) -> None:
    ending.escalation.start(COST)
    for name in "xyz":  # written before the interrupt, read after it
        ending.passes(COST)
        ending.answers(name)
    assert ending.passes(COST, 0.5) == []
    ending.answers("under way")
    assert ending.passes(COST) == []
    ending.answers("one more")
    for step in ("end_session", "term", "tree"):
        assert ending.passes(COST, 0.5) == [step]
        for name in "ab":
            ending.answers(f"{step} {name}")


def test_a_turn_that_begins_after_the_interrupt_is_not_waited_for(ending: Ending) -> None:
    """A message that was queued opens one at once; nothing of it was on its way already."""
    ending.escalation.start(COST)
    assert ending.passes(COST) == ["interrupt all"]
    ending.turns.apply(
        AgentEvent("s", 0, 1, TurnResult("error_during_execution", True, 1, 1, None))
    )
    ending.turns.apply(AgentEvent("s", 0, 1, TurnStarted("m", "/p", "2.1.300", "default")))
    ending.answers("of the note")
    assert ending.passes(COST) == ["end_session"]


def test_other_limits_keep_their_grace_while_it_works(ending: Ending) -> None:
    intent = StopIntent(StopKind.LIMIT, "runtime", "limit", limit=LimitKind.RUNTIME)
    ending.escalation.start(intent)
    assert ending.passes(intent) == ["interrupt"]
    for name in "abc":
        ending.answers(name)
    assert ending.passes(intent) == []
    assert ending.passes(intent, 4) == ["end_session"]


def test_a_receipt_is_no_sign_of_life_of_an_idle_agent(ending: Ending) -> None:
    intent = StopIntent(StopKind.LIMIT, "idle", "limit", note=True, limit=LimitKind.IDLE)
    ending.escalation.start(intent)
    ending.passes(intent)
    assert ending.asked == 1
    for receipt in ("queued", "started"):
        ending.receives(receipt)
    assert ending.passes(intent, 18) == []
    assert "interrupt" in ending.passes(intent, 4)


def test_an_idle_agent_that_answers_has_its_time(ending: Ending) -> None:
    intent = StopIntent(StopKind.LIMIT, "idle", "limit", note=True, limit=LimitKind.IDLE)
    ending.escalation.start(intent)
    ending.passes(intent)
    ending.receives("started")
    ending.answers("alive")
    assert ending.passes(intent, 250) == []
    assert "interrupt" in ending.passes(intent, 60)


def test_an_idle_agent_that_falls_silent_again_is_not_waited_for(ending: Ending) -> None:
    intent = StopIntent(StopKind.LIMIT, "idle", "limit", note=True, limit=LimitKind.IDLE)
    ending.escalation.start(intent)
    ending.passes(intent)
    ending.receives("started")
    ending.answers("the same call again")
    assert ending.passes(intent, 30) == []
    ending.silence = 21.0
    assert "interrupt" in ending.passes(intent, 1)


def test_an_agent_that_takes_nothing_in_is_not_waited_for(ending: Ending) -> None:
    intent = StopIntent(StopKind.LIMIT, "runtime", "limit", note=True, limit=LimitKind.RUNTIME)
    ending.escalation.start(intent)
    ending.passes(intent)
    ending.receives("queued")
    assert "interrupt" in ending.passes(intent, 25)


def test_the_next_supervisor_does_not_ask_again(ending: Ending) -> None:
    intent = StopIntent(StopKind.LIMIT, "runtime", "limit", note=True, limit=LimitKind.RUNTIME)
    ending.escalation.start(intent)
    ending.passes(intent)
    name = ending.note()
    ending.receives("started")
    ending.answers("writing")
    ending.passes(intent, 200)
    ending.begin()
    ending.escalation.start(intent)
    assert ending.passes(intent, 60) == []
    assert (ending.asked, ending.note()) == (1, name)
    assert "interrupt" in ending.passes(intent, 60)


def test_a_stronger_end_does_not_ask_again(ending: Ending) -> None:
    intent = StopIntent(StopKind.LIMIT, "runtime", "limit", note=True, limit=LimitKind.RUNTIME)
    ending.escalation.start(intent)
    ending.passes(intent)
    stop = StopIntent(StopKind.STOP, "person", "person", note=True)
    ending.escalation.start(stop)
    ending.passes(stop)
    assert ending.asked == 1
    ending.escalation.reset()
    assert ending.note() == ""


def test_the_note_bound_is_a_setting(ending: Ending) -> None:
    ending.context.settings = Settings(session=SessionSettings(handover_timeout_minutes=0.1))
    ending.escalation.start(intent := StopIntent(StopKind.STOP, "person", "person", note=True))
    ending.passes(intent)
    ending.receives("started")
    ending.answers("writing for ever")
    assert "interrupt" in ending.passes(intent, 8)
