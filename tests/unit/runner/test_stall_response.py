"""What the supervisor does by itself about a session that is stuck, with a run whose agent is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.night.night_script import Script, night
from tests.unit.runner.run_machine_scene import Machine
from tui.model.events import SourceRef
from tui.model.interventions import Effect, Injection, InjectionState
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall, StallStep, StallWaste
from tui.model.state import (
    EndKind,
    HelpStep,
    RunPhase,
    SessionState,
    StallKind,
    StallLevel,
    StopKind,
)
from tui.runner.agent import attempt_start
from tui.runner.checkpoints import CheckpointSchedule, Then
from tui.runner.policy.stall_response import (
    PERSON_SECONDS,
    STEPS,
    StallResponse,
    can_help,
    next_step,
)
from tui.runner.run_context import RunContext
from tui.runner.run_state import load_state, save_state
from tui.settings.own_sections import StallsSettings
from tui.settings.settings import Settings
from tui.store.journal import read_entries

REF = SourceRef("stream.jsonl", 0)
SCRIPT = Script()
SCRIPT.init()
SCRIPT.call("Bash", "make")
BASE = night(SCRIPT)
ACTIONS = ("notice", "nudge", "interrupt", "end")
TITLE = "repeated calls"


class FakeCheckpoints:
    """Takes no checkpoint until it is told what came of it."""

    def __init__(self) -> None:
        self.asked: list[Then] = []

    def request(self, label: str, why: str, *, then: Then) -> None:
        assert label == why == "before interrupt"
        self.asked.append(then)


class Stuck:
    """A run that circles, and what its supervisor does about it."""

    def __init__(self, folder: Path, action: str) -> None:
        kept = Settings(stalls=StallsSettings(loop_action=cast(Any, action)))
        self.kept = kept
        self.scene = Machine(folder, kept)
        self.scene.context.start_clock()
        self.scene.start().runs()
        self.notes: list[tuple[str, str]] = []
        self.scene.context.notify = lambda event, text: self.notes.append((str(event), text))
        self.messages: dict[str, Injection] = {}
        self.interrupted: list[str] = []
        self.scene.messages.interrupt = self.interrupt  # type: ignore[method-assign]
        self.since = 0.0
        self.stall: Stall | None = None
        self.state = BASE.activity.state
        self.adopted()

    @property
    def context(self) -> RunContext:
        return self.scene.context

    def adopted(self) -> Stuck:
        """A new supervisor takes over, with the state as it was saved last."""
        self.checkpoints = FakeCheckpoints()
        keeper = cast(CheckpointSchedule, self.checkpoints)
        self.response = StallResponse(self.context, self.scene.messages, self.scene.machine, keeper)
        return self

    def reloaded(self) -> Stuck:
        """The same, from the state on disk."""
        loaded = load_state(self.context.folder)
        for name in loaded.__struct_fields__:
            setattr(self.context.state, name, getattr(loaded, name))
        return self.adopted()

    def circles(
        self,
        level: str = "suspected",
        count: int = 5,
        kind: StallKind = StallKind.LOOP,
        *,
        pattern: str = "Bash make",
        progress: float | None = None,
        waiting: bool = False,
        rule: str = "",
        outcome: str = "Error 2",
    ) -> Stuck:
        """It goes round: `progress` is the time of the last progress."""
        now = self.scene.clock.wall()
        self.since = self.since or now
        self.stall = Stall(
            kind,
            self.since,
            (f"{pattern}: {count} times with the same answer",),
            (REF,),
            StallLevel(level),
            count,
            waiting,
            now,
            pattern,
            DetectorName.REPEATED_CALLS,
            (StallStep(now, pattern, outcome, REF),),
            waste=StallWaste(count, 60.0, progress),
            rule=rule,
        )
        return self.look()

    def waits(self) -> Stuck:
        """A turn is over, and the next one has not begun."""
        kept, self.stall = self.stall, None
        self.state = SessionState.WAITING_INPUT
        self.look()
        self.stall, self.state = kept, BASE.activity.state
        return self

    def goes_on(self) -> Stuck:
        """It does something else."""
        self.stall, self.since = None, 0.0
        return self.look()

    def look(self, seconds: float = 10.0) -> Stuck:
        self.scene.clock.advance(seconds)
        self.context.advance_clock()
        self.response.update(self.snapshot())
        return self

    def snapshot(self) -> NightSnapshot:
        """With every message of the journal, in the state that the test gave it."""
        for entry in read_entries(self.context.folder.journal):
            if entry.kind == "inject" and entry.id not in self.messages:
                text = str(entry.data["text"])
                self.messages[entry.id] = Injection(entry.id, entry.at, text, "step-back", "queued")
        told = replace(BASE.interventions, injections=tuple(self.messages.values()))
        now = self.scene.clock.wall()
        activity = replace(BASE.activity, state=self.state)
        return replace(BASE, now=now, stall=self.stall, interventions=told, activity=activity)

    def reads(self, state: InjectionState = "seen", effect: Effect | None = None) -> Stuck:
        """The agent takes in every message that waits."""
        self.snapshot()
        now = self.scene.clock.wall()
        for name, message in self.messages.items():
            if message.state == "queued":
                self.messages[name] = replace(message, state=state, moved_at=now, effect=effect)
        self.context.state.outgoing.clear()
        save_state(self.context.folder.state, self.context.state)
        return self.look()

    def checkpoint(self, name: str = "c7", reason: str = "") -> Stuck:
        self.checkpoints.asked[-1](name, reason)
        return self.look()

    def interrupt(self, name: str) -> bool:
        assert [one.id for one in self.context.state.outgoing] == [name], "what follows waits"
        self.interrupted.append(name)
        return True

    # --- what came of it ---

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return [one.data for one in read_entries(self.context.folder.journal) if one.kind == kind]

    def kinds(self) -> list[str]:
        told = ("stall", "stall_over", "stall_step", "inject", "interrupt")
        return [one.kind for one in read_entries(self.context.folder.journal) if one.kind in told]

    def steps(self) -> list[str]:
        return [str(one["step"]) for one in self.entries("stall_step")]

    def urgent(self) -> list[str]:
        return [text for event, text in self.notes if event == "needs_you"]


Build = Callable[[str], Stuck]


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_start, "current_head", lambda project: "")


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return lambda action: Stuck(tmp_path, action)


def two_step_backs(stuck: Stuck) -> Stuck:
    stuck.circles().reads()
    return stuck.circles("stuck", 8).reads()


# --- the order of the steps ---


def test_the_order_of_the_steps() -> None:
    for action, most in zip(ACTIONS, (0, 2, 3, 4), strict=True):
        taken: list[HelpStep] = []
        while (step := next_step(action, taken)) is not None:
            taken.append(step)
        ends = [HelpStep.NEEDS_PERSON] if action != "end" else []
        assert taken == [*STEPS[:most], *ends]


def test_with_notice_nothing_is_done_but_people_are_notified_once_of_each_level(
    build: Build,
) -> None:
    stuck = build("notice")
    for level, count in (("notice", 3), ("notice", 4), ("suspected", 5), ("suspected", 7)):
        stuck.circles(level, count)
    assert [event for event, _ in stuck.notes] == ["stall", "stall"]
    assert all("press s for help" in text and TITLE in text for _, text in stuck.notes)
    stuck.circles("stuck", 8).circles("stuck", 9).look()
    assert len(stuck.urgent()) == 1
    assert "press s" in stuck.urgent()[0]
    assert stuck.entries("inject") == []
    assert stuck.steps() == ["needs you"]
    assert not stuck.context.state.outgoing


def test_the_same_trouble_that_comes_again_is_not_notified_again(build: Build) -> None:
    stuck = build("notice")
    stuck.circles("notice", 3).goes_on().circles("notice", 3).goes_on()
    assert len(stuck.notes) == 1
    stuck.circles("notice", 3, pattern="Bash npm test", progress=stuck.scene.clock.wall())
    assert len(stuck.notes) == 2


def test_one_stall_lasts_from_turn_to_turn_whichever_detector_sees_most_of_it(build: Build) -> None:
    stuck = build("notice").circles("notice", 3)
    stuck.waits().circles(count=5, kind=StallKind.NO_PROGRESS).waits().circles(count=6)
    assert stuck.entries("stall_over") == []
    assert [one["stall"] for one in stuck.entries("stall")] == ["loop"]
    stuck.goes_on()
    assert stuck.entries("stall_over") == [{"stall": "loop", "count": 6}]
    stuck.circles()
    assert len(stuck.entries("stall")) == 2


def test_a_notice_is_too_little_for_a_step_back(build: Build) -> None:
    stuck = build("end")
    stuck.circles("notice", 4)
    assert stuck.steps() == []
    stuck.circles("suspected", 5)
    assert stuck.steps() == ["step-back"]
    assert stuck.kinds() == ["stall", "inject", "stall_step"]


def test_a_step_is_told_with_its_reason_and_detector(build: Build) -> None:
    stuck = build("nudge")
    stuck.circles("suspected", 5)
    (step,) = stuck.entries("stall_step")
    assert (step["detector"], step["level"], step["count"]) == ("repeated_calls", "suspected", 5)
    assert step["number"] == 1
    assert step["reason"] == f"{TITLE}: Bash make: 5 times with the same answer"
    (inject,) = stuck.entries("inject")
    assert (inject["mode"], inject["by"]) == ("step-back", "supervisor")
    assert "Bash make: answered “Error 2”" in inject["text"]
    assert [event for event, _ in stuck.notes] == ["stall"]


def test_nothing_more_until_the_step_back_was_read_and_did_not_help(build: Build) -> None:
    stuck = build("end")
    stuck.circles("suspected", 5)
    stuck.circles("stuck", 9)
    assert len(stuck.steps()) == 1, "it has not read the first"
    stuck.reads()
    stuck.circles("stuck", 11)
    assert len(stuck.steps()) == 1, "two rounds since may be what it was at"
    stuck.circles("stuck", 12)
    assert len(stuck.steps()) == 2


def test_with_nudge_it_stops_after_two_step_backs_and_calls_a_person(build: Build) -> None:
    stuck = build("nudge")
    two_step_backs(stuck)
    for count in range(9, 60):
        stuck.circles("stuck", count)
    assert stuck.steps() == ["step-back", "step-back", "needs you"]
    assert [one["number"] for one in stuck.entries("stall_step")] == [1, 2, 1]
    assert len(stuck.entries("inject")) == 2
    assert len(stuck.urgent()) == 1
    assert stuck.context.state.phase == RunPhase.WORKING


def test_the_effect_of_the_last_step_is_part_of_the_reason(build: Build) -> None:
    stuck = build("nudge")
    effect = Effect(0.0, calls=4, kind=StallKind.LOOP)
    stuck.circles().reads(effect=effect).circles("stuck", 8)
    reason = stuck.entries("stall_step")[1]["reason"]
    assert reason.endswith("; after the last step: 4 calls and none different since; it goes on")


def test_the_interrupt_takes_a_checkpoint_first(build: Build) -> None:
    stuck = build("interrupt")
    two_step_backs(stuck).circles("stuck", 11).circles("stuck", 12)
    assert len(stuck.checkpoints.asked) == 1
    assert stuck.entries("interrupt") == []
    stuck.checkpoint("c7")
    assert stuck.steps() == ["step-back", "step-back", "interrupt"]
    assert stuck.entries("stall_step")[-1]["checkpoint"] == "c7"
    assert [one["by"] for one in stuck.entries("interrupt")] == ["supervisor"]
    assert stuck.interrupted == [stuck.context.state.outgoing[-1].id]
    stuck.reads()
    stuck.circles("stuck", 20)
    assert stuck.steps()[-1] == "needs you"
    assert len(stuck.entries("inject")) == 3


def test_an_interrupt_needs_the_level_stuck(build: Build) -> None:
    stuck = build("interrupt")
    two_step_backs(stuck)
    stuck.goes_on().circles("suspected", 7).circles("suspected", 20)
    assert stuck.checkpoints.asked == []


def test_without_a_checkpoint_there_is_no_interrupt(build: Build) -> None:
    stuck = build("end")
    two_step_backs(stuck).circles("stuck", 11).checkpoint("", "the disk is full")
    assert stuck.steps() == ["step-back", "step-back", "needs you"]
    assert stuck.entries("stall_step")[-1]["reason"].startswith("no checkpoint: the disk is full")
    assert stuck.entries("interrupt") == []
    stuck.circles("stuck", 40)
    assert len(stuck.steps()) == 3


def test_a_checkpoint_that_comes_when_all_is_well_again_interrupts_nothing(build: Build) -> None:
    stuck = build("end")
    two_step_backs(stuck).circles("stuck", 11).goes_on().checkpoint("c7")
    assert stuck.entries("interrupt") == []
    stuck.circles("stuck", 8)
    assert len(stuck.checkpoints.asked) == 2, "what it holds by now is another state"


def test_in_the_end_the_run_is_ended_with_a_note_and_needs_a_person(build: Build) -> None:
    stuck = build("end")
    two_step_backs(stuck).circles("stuck", 11).checkpoint().reads().circles("stuck", 15)
    assert stuck.steps() == ["step-back", "step-back", "interrupt", "end"]
    intent = stuck.context.state.intent
    assert intent is not None
    assert (intent.kind, intent.end, intent.note) == (
        StopKind.NEEDS_PERSON,
        EndKind.NEEDS_PERSON,
        True,
    )
    assert intent.reason.startswith("needs you: it is stuck: Bash make")
    assert stuck.scene.stopping() == (StopKind.NEEDS_PERSON, EndKind.NEEDS_PERSON)
    stuck.scene.process_ends()
    assert stuck.scene.ended() == EndKind.NEEDS_PERSON


# --- one trouble, another trouble ---


def test_the_same_trouble_again_goes_on_where_it_was(build: Build) -> None:
    stuck = build("nudge")
    stuck.circles().reads().goes_on()
    stuck.circles("suspected", 5, progress=stuck.scene.clock.wall())
    stuck.reads().goes_on().circles("suspected", 5).circles("stuck", 8)
    assert stuck.steps() == ["step-back", "step-back", "needs you"]


def test_another_trouble_without_progress_between_is_the_same(build: Build) -> None:
    stuck = build("nudge")
    began = stuck.scene.clock.wall()
    for number in range(6):
        stuck.circles(
            "suspected", 5, pattern=f"Bash try {number}", progress=began
        ).reads().goes_on()
    assert stuck.steps() == ["step-back", "step-back"]
    stuck.circles("stuck", 8, pattern="Bash else", progress=began)
    assert stuck.steps()[-1] == "needs you"


def test_another_trouble_after_progress_has_steps_of_its_own(build: Build) -> None:
    stuck = build("nudge")
    two_step_backs(stuck).goes_on()
    stuck.circles("suspected", 5, pattern="Bash npm test", progress=stuck.scene.clock.wall())
    assert stuck.steps() == ["step-back"] * 3


# --- when nothing is done ---


def test_a_refusal_is_no_case_for_a_step_back(build: Build) -> None:
    stuck = build("end")
    for count in (3, 6, 10, 40):
        level = "notice" if count < 6 else "stuck"
        stuck.circles(level, count, StallKind.REFUSED, rule="Bash(pytest:*)")
    assert stuck.steps() == ["needs you"]
    assert stuck.entries("inject") == []
    assert len(stuck.urgent()) == 1
    assert "allow Bash(pytest:*) in permissions.allow" in stuck.urgent()[0]
    assert "allow Bash(pytest:*)" in stuck.notes[0][1]


@pytest.mark.parametrize("words", ["connect ECONNREFUSED", "HTTP 503 Service Unavailable"])
def test_an_error_of_the_infrastructure_is_no_case_for_a_step_back(
    build: Build, words: str
) -> None:
    stuck = build("end")
    stuck.circles("stuck", 12, StallKind.SAME_ERROR, outcome=words).circles(
        "stuck", 30, StallKind.SAME_ERROR, outcome=words
    )
    assert stuck.steps() == ["needs you"]
    assert stuck.entries("inject") == []


def test_an_error_that_the_agent_can_mend_is_one(build: Build) -> None:
    stuck = build("nudge")
    stuck.circles("suspected", 6, StallKind.SAME_ERROR, outcome="No module named 'requests'")
    assert stuck.steps() == ["step-back"]


def test_what_only_time_ends_is_left_alone(build: Build) -> None:
    stuck = build("end")
    stuck.circles("stuck", 12, waiting=True)
    assert not can_help(cast(Stall, stuck.stall))
    assert stuck.steps() == []
    assert stuck.notes == []


@pytest.mark.parametrize("verb", ["inject", "withdraw", "pause_limits", "interrupt"])
def test_while_a_person_acts_nothing_is_done(build: Build, verb: str) -> None:
    stuck = build("end")
    stuck.scene.asks(verb, text="try the other door", id="x", minutes=0.001)
    stuck.context.state.outgoing.clear()
    stuck.circles("stuck", 9)
    assert stuck.steps() == []
    assert stuck.notes == []
    stuck.context.state.limits_paused_until = None
    stuck.look(PERSON_SECONDS)
    assert stuck.steps() == ["step-back"]


def test_paused_limits_are_a_pause_of_all_that_it_does_by_itself(build: Build) -> None:
    stuck = build("end")
    stuck.context.state.limits_paused_until = stuck.scene.clock.wall() + 1e6
    stuck.circles("stuck", 9)
    assert stuck.steps() == []


def test_a_person_begins_it_anew(build: Build) -> None:
    stuck = build("nudge")
    two_step_backs(stuck)
    stuck.scene.asks("inject", text="use the other compiler")
    stuck.reads().goes_on().look(PERSON_SECONDS).circles("suspected", 5)
    assert stuck.steps() == ["step-back"] * 3


@pytest.mark.parametrize("phase", [one for one in RunPhase if one != RunPhase.WORKING])
def test_only_an_agent_at_work_is_stepped_in_upon(build: Build, phase: RunPhase) -> None:
    stuck = build("end")
    stuck.context.state.phase = phase
    stuck.circles("suspected", 7)
    assert stuck.steps() == []


def test_a_message_on_its_way_goes_first(build: Build) -> None:
    stuck = build("nudge")
    stuck.scene.messages.queue("go on with the next task")
    stuck.circles()
    assert stuck.steps() == []
    stuck.reads()
    assert stuck.steps() == ["step-back"]


# --- supervisors that are killed ---


def test_a_new_supervisor_repeats_no_step(build: Build) -> None:
    stuck = build("end")
    stuck.circles().reloaded().circles("suspected", 6).reloaded().circles("stuck", 12)
    assert stuck.steps() == ["step-back"]
    assert len(stuck.entries("inject")) == 1


def test_a_new_supervisor_asks_for_the_checkpoint_again(build: Build) -> None:
    stuck = build("interrupt")
    two_step_backs(stuck).circles("stuck", 11)
    stuck.reloaded().circles("stuck", 12)
    assert len(stuck.checkpoints.asked) == 1
    stuck.checkpoint()
    assert stuck.steps()[-1] == "interrupt"


class DiedError(Exception):
    """The supervisor is killed at this moment."""


POINTS = ("save", "inject", "injection", "interrupt", "stall_step", "log_line", "notify")


@settings(deadline=None, max_examples=15)
@given(deaths=st.lists(st.integers(0, 24), max_size=4))
def test_killed_anywhere_each_step_is_taken_once(
    tmp_path_factory: pytest.TempPathFactory, deaths: list[int]
) -> None:
    """Every write may be the last: the steps of the next supervisor are those that are missing."""
    stuck = Stuck(tmp_path_factory.mktemp("run"), "interrupt")
    waits = iter(deaths)
    left = next(waits, 10_000)

    def moment() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            left = next(waits, 10_000)
            raise DiedError

    context = stuck.context
    write, save, log = context.journal_entry, context.save, context.log_line

    def journal_entry(kind: str, *facts: Any, **more: Any) -> None:
        moment()
        write(kind, *facts, **more)

    def saved() -> None:
        moment()
        save()

    def log_line(*words: Any) -> None:
        moment()
        log(*words)

    patched = pytest.MonkeyPatch()
    patched.setattr(context, "journal_entry", journal_entry)
    patched.setattr(context, "save", saved)
    patched.setattr(context, "log_line", log_line)
    try:
        for count in range(5, 60):
            try:
                stuck.circles("suspected" if count < 8 else "stuck", count)
                for then in stuck.checkpoints.asked[-1:]:
                    then("c7", "")
                stuck.reads()
            except DiedError:
                stuck.reloaded()
    finally:
        patched.undo()
    assert stuck.steps() == ["step-back", "step-back", "interrupt", "needs you"]
    assert len(stuck.entries("inject")) == 3
    assert len(stuck.messages) == 3
