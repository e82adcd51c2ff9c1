"""How often a run goes on by itself, and the floor for its tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.runner.run_machine_scene import OPEN, Machine
from tests.unit.runner.test_runner_rules import progress, result
from tui.model.events import SourceRef
from tui.model.evidence.log import TestRun, TestSummary
from tui.model.state import EndKind, LimitKind, StopKind
from tui.runner.agent import attempt_start
from tui.runner.policy.test_floor import MEND_CONTINUATIONS, green_pct
from tui.runner.run_state import RunState
from tui.settings.original_sections import EnforcementSettings, SessionSettings
from tui.settings.settings import Settings
from tui.store.journal import read_entries

BUDGET = result(subtype="error_max_budget_usd", is_error=True)


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_start, "current_head", lambda project: "")


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Machine]:
    def made(**parts: Any) -> Machine:
        return Machine(tmp_path, Settings(**parts)).start().runs()

    return made


Build = Callable[..., Machine]


def hand_over(made: Machine) -> Machine:
    """A session whose context is full writes its note and is replaced, if the run goes on."""
    made.context.state.handoff_message = "asked"
    made.turn()
    intent = made.context.state.intent
    if intent is not None and intent.kind == StopKind.HANDOFF:
        made.process_ends().runs()
    return made


def test_hand_overs_without_a_task_done_are_given_up(build: Build) -> None:
    made = build(session=SessionSettings(max_continuation_attempts=3))
    for _ in range(3):
        hand_over(made)
        assert made.context.state.intent is None
    assert hand_over(made).stopping() == (StopKind.NEEDS_PERSON, EndKind.GAVE_UP)


def test_continuations_and_hand_overs_count_together(build: Build) -> None:
    made = build(session=SessionSettings(max_continuation_attempts=3))
    made.turn()
    hand_over(made).turn()
    assert made.context.state.continuations == 3
    assert hand_over(made).stopping() == (StopKind.NEEDS_PERSON, EndKind.GAVE_UP)


def test_a_task_done_begins_the_count_anew(build: Build) -> None:
    made = build(session=SessionSettings(max_continuation_attempts=2))
    for done in range(1, 6):
        made.reader.progress = progress(("open", ""), *[("done", "")] * done)
        hand_over(made)
        assert made.context.state.continuations == 1
    assert made.context.state.continuations_in_all == 5


def test_all_continuations_together_are_bounded(build: Build) -> None:
    made = build(session=SessionSettings(max_continuations=2))
    for done in (1, 2):
        made.reader.progress = progress(("open", ""), *[("done", "")] * done)
        hand_over(made)
    made.reader.progress = progress(("open", ""), *[("done", "")] * 3)
    assert hand_over(made).stopping() == (StopKind.LIMIT, EndKind.LIMIT)
    intent = made.context.state.intent
    assert intent is not None
    assert (intent.limit, intent.note) == (LimitKind.CONTINUATIONS, True)
    (hit,) = [one for one in read_entries(made.context.folder.journal) if one.kind == "limit_hit"]
    assert (hit.data["used"], hit.data["bound"]) == (2, 2)


def test_none_at_all_may_be_allowed(build: Build) -> None:
    made = build(session=SessionSettings(max_continuations=0)).turn()
    assert made.stopping() == (StopKind.LIMIT, EndKind.LIMIT)


def test_the_hand_over_of_the_plan_does_not_count(build: Build) -> None:
    made = build(session=SessionSettings(initializer=True, max_continuations=0)).turn()
    assert made.stopping() == (StopKind.HANDOFF, None)
    made.process_ends().runs()
    assert made.context.state.continuations_in_all == 0


def test_counts_survive_the_supervisor(tmp_path: Path) -> None:
    import msgspec

    state = RunState(continuations_in_all=3, floor_continuations=1, note_message="n")
    assert msgspec.json.decode(msgspec.json.encode(state), type=RunState) == state
    old = msgspec.json.decode(b'{"segment": 1, "continuations": 2}', type=RunState)
    assert (old.continuations, old.continuations_in_all, old.note_message) == (2, 0, "")


@pytest.mark.parametrize("kind", [LimitKind.COST, LimitKind.COST_PER_DAY, None])
def test_the_agents_budget_is_the_limit_that_it_stood_for(
    build: Build, kind: LimitKind | None
) -> None:
    made = build()
    made.context.state.budget_limit = kind
    made.turn(BUDGET)
    intent = made.context.state.intent
    assert intent is not None
    assert intent.limit == (kind or LimitKind.AGENT_BUDGET)
    assert made.stopping()[1] == EndKind.LIMIT


def test_a_new_days_budget_is_used_by_a_fresh_process(build: Build) -> None:
    made = build()

    class Renewed:
        def may_spend(self) -> bool:
            return True

        def settings_for_launch(self) -> Settings:
            return made.context.settings

        def readings(self) -> tuple[()]:
            return ()

    made.machine.money = Renewed()  # type: ignore[assignment]
    made.context.state.budget_limit = LimitKind.COST_PER_DAY
    made.turn(BUDGET)
    assert made.stopping() == (StopKind.HANDOFF, None)


# --- the floor for the tests ---


def run(
    passed: int | None,
    failed: int | None,
    part: str = "",
    command: str = "make test",
    framework: str = "pytest",
) -> TestRun:
    return TestRun(0.0, command, framework, passed, failed, "red", SourceRef("s", 0), part=part)


def summary(*runs: TestRun) -> TestSummary:
    return TestSummary("red", runs, len(runs))


@pytest.mark.parametrize(
    ("runs", "share"),
    [
        ((), None),
        ((run(8, 2),), 80.0),
        ((run(9, 1), run(0, 1, "test_a.py")), 90.0),
        ((run(9, 1), run(None, None)), 90.0),
        ((run(9, 1), run(3, 1, command="pytest -x")), 90.0),
        ((run(9, 1), run(0, 1, command="pytest --lf -q")), 90.0),
        ((run(9, 1), run(10, 0, command="pytest -x")), 100.0),
        ((run(9, 1), run(1, 3)), 90.0),
        ((run(9, 1), run(2, 1, framework="jest")), 100 * 2 / 3),
        ((run(0, 0),), None),
        ((run(0, 1, "test_a.py"),), None),
    ],
)
def test_only_the_newest_run_of_all_tests_counts(
    runs: tuple[TestRun, ...], share: float | None
) -> None:
    assert green_pct(summary(*runs)) == (None if share is None else pytest.approx(share))


def sets_tests(made: Machine, *runs: TestRun) -> Machine:
    made.reader.night = replace(made.reader.night, tests=summary(*runs))
    return made


def said(made: Machine) -> str:
    return made.context.state.outgoing[-1].text


def test_below_the_floor_it_is_asked_once_and_then_ended(build: Build) -> None:
    made = build(session=SessionSettings(min_test_pass_pct=90))
    sets_tests(made, run(6, 4)).turn()
    assert "60% green" in said(made)
    for _ in range(MEND_CONTINUATIONS - 1):
        made.turn()
        assert "still open" in said(made)
    assert made.turn().stopping() == (StopKind.LIMIT, EndKind.LIMIT)
    intent = made.context.state.intent
    assert intent is not None
    assert (intent.limit, intent.note) == (LimitKind.TESTS, True)
    made.process_ends()
    assert made.machine.end is not None
    assert made.machine.end.reason == "limit: tests 60% green of at least 90%"


def test_mended_tests_are_forgotten(build: Build) -> None:
    made = build(session=SessionSettings(min_test_pass_pct=90))
    sets_tests(made, run(6, 4)).turn()
    sets_tests(made, run(10, 0)).turn()
    assert made.context.state.floor_continuations == 0
    sets_tests(made, run(6, 4)).turn()
    assert "60% green" in said(made)


def test_a_run_below_the_floor_is_not_done(build: Build) -> None:
    made = build(
        session=SessionSettings(min_test_pass_pct=90),
        enforcement=EnforcementSettings(continuous_mode=False),
    )
    made.reader.progress = progress(("done", ""))
    sets_tests(made, run(6, 4)).turn()
    assert "60% green" in said(made)
    made.turn()
    assert "60% green" in said(made)
    sets_tests(made, run(10, 0)).turn()
    assert made.stopping() == (StopKind.FINISH, EndKind.TASKS_DONE)


def test_a_run_without_a_progress_file_has_the_floor_too(build: Build) -> None:
    made = build(session=SessionSettings(min_test_pass_pct=90))
    made.reader.progress = None
    sets_tests(made, run(6, 4)).turn()
    assert "60% green" in said(made)


def test_without_a_floor_red_tests_change_nothing(build: Build) -> None:
    made = build()
    made.reader.progress = OPEN
    sets_tests(made, run(0, 10)).turn()
    assert "still open" in said(made)
