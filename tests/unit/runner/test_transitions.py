"""The table of a run's phases, row by row, with an agent and files that are not there.

The numbers are those of the table in the architecture document.
"""

from __future__ import annotations

import ast
import errno
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.runner.run_machine_scene import AGENT, OPEN, Machine
from tests.unit.runner.test_runner_rules import progress, result
from tui.model.events import TurnResult
from tui.model.records import ProgressFile
from tui.model.state import EndKind, LimitKind, OutcomeKind, RunPhase, StopKind
from tui.runner.agent import attempt_start
from tui.runner.agent.attempt import AttemptStatus
from tui.runner.decisions import end_of_wait
from tui.runner.transitions import TRANSITIONS, RunEvent, TransitionError, check_transition
from tui.settings.original_sections import EnforcementSettings, RecoverySettings, SessionSettings
from tui.settings.settings import Settings
from tui.store.journal import read_entries
from tui.system.format import format_weekday_clock


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_start, "current_head", lambda project: "")


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Machine]:
    def made(**parts: Any) -> Machine:
        return Machine(tmp_path, Settings(**parts))

    return made


Build = Callable[..., Machine]
NOT_CONTINUOUS = EnforcementSettings(continuous_mode=False)
LOGIN = result(is_error=True, api_error_status=401)
BUSY = result(is_error=True, api_error_status=529)
BROKEN = result(is_error=True, api_error_status=400)
INTERRUPTED = result(is_error=True, terminal_reason="aborted_tools")
BUDGET = result(subtype="error_max_budget_usd", is_error=True)
MAX_TURNS = result(subtype="error_max_turns", is_error=True)
NO_RESUME = RecoverySettings(auto_resume=False)
NO_RESTARTS = RecoverySettings(max_restarts=0)
NO_FRESH = RecoverySettings(max_fresh_conversations=0)
TOO_LONG = result(is_error=True, terminal_reason="prompt_too_long")
PLANNING = SessionSettings(initializer=True)
TESTED = SessionSettings(baseline_tests=("true",))
TESTED_PLAN = SessionSettings(initializer=True, baseline_tests=("true",))


def test_1_start_launches_with_the_goal(build: Build) -> None:
    made = build().start()
    assert (made.phase, made.context.state.step.why) == (RunPhase.LAUNCHING, "start")  # type: ignore[union-attr]
    planning = build(session=PLANNING).start().context.state.step
    assert planning is not None
    assert planning.initializer


def test_1b_the_tests_come_before_the_first_attempt(build: Build) -> None:
    for session in (TESTED, TESTED_PLAN):
        made = build(session=session).begin()
        made.machine.on_baseline()
        assert (made.phase, made.machine.attempt) == (RunPhase.BASELINE, None)
        assert made.context.state.attempt_number == 0
        made.trouble = ""
        made.machine.on_baseline()
        assert made.phase == RunPhase.LAUNCHING
        assert made.context.state.step is not None
        assert made.context.state.step.initializer == session.initializer


def test_1c_tests_that_fail_end_the_run_before_any_attempt(build: Build) -> None:
    made = build(session=TESTED).begin()
    made.trouble = "make ended with 2"
    made.machine.on_baseline()
    assert made.ended() == EndKind.NEEDS_PERSON
    assert made.machine.end is not None
    assert made.machine.end.reason == "needs you: the baseline tests fail: make ended with 2"
    assert (made.machine.attempt, made.context.state.attempt_number) == (None, 0)


@pytest.mark.parametrize(
    ("asked", "end"),
    [
        (lambda made: made.limit(alive=False), EndKind.LIMIT),
        (lambda made: made.asks("stop"), EndKind.STOPPED),
        (lambda made: made.asks("kill"), EndKind.KILLED),
    ],
)
def test_1d_limits_and_people_end_a_run_whose_tests_run(
    build: Build, asked: Callable[[Machine], Machine], end: EndKind
) -> None:
    assert asked(build(session=TESTED).begin()).ended() == end


def test_1e_nothing_can_be_rewound_before_the_first_attempt(build: Build) -> None:
    made = build(session=TESTED).begin().asks("rewind")
    assert made.phase == RunPhase.BASELINE
    assert b"no agent was started yet" in made.context.folder.journal.read_bytes()


def test_1f_a_new_supervisor_begins_the_tests_anew(build: Build) -> None:
    made = build(session=TESTED).begin()
    made.machine.begin()
    assert made.phase == RunPhase.BASELINE


def test_2_an_attempt_that_never_started_is_launched_again(build: Build) -> None:
    made = build().start()
    step = made.context.state.step
    assert step is not None
    made.machine.launch(step, RunEvent.ADOPTED)
    assert made.phase == RunPhase.LAUNCHING


def test_4_an_agent_that_runs_works(build: Build) -> None:
    assert build().start().runs().phase == RunPhase.WORKING


def test_5_a_start_without_room_is_tried_later_and_not_counted(build: Build) -> None:
    made = build()
    made.attempt.refuses = OSError(errno.ENOSPC, "No space left on device")  # type: ignore[attr-defined]
    assert made.start().waits() == (OutcomeKind.CRASH, False, True)


def test_6_another_failed_start_is_a_crash(build: Build) -> None:
    made = build()
    made.attempt.refuses = OSError(errno.ENOENT, "No such file or directory")  # type: ignore[attr-defined]
    assert made.start().phase == RunPhase.LAUNCHING
    assert made.process_ends(AttemptStatus("void")).waits() == (OutcomeKind.CRASH, True, True)


@pytest.mark.parametrize("body", [result(), MAX_TURNS])
def test_7_a_plan_is_handed_over(build: Build, body: TurnResult) -> None:
    made = build(session=PLANNING).start().runs().turn(body)
    assert made.stopping() == (StopKind.HANDOFF, None)


def test_8_to_10_a_plan_is_tested_first(build: Build) -> None:
    made = build(session=TESTED_PLAN).start().runs().turn()
    assert made.phase == RunPhase.BASELINE
    made.machine.on_turn_ended()
    assert made.phase == RunPhase.BASELINE
    made.trouble = ""
    made.machine.on_turn_ended()
    assert made.stopping() == (StopKind.HANDOFF, None)
    made = build(session=TESTED_PLAN).start().runs().turn()
    made.trouble = "exit code 1"
    made.machine.on_turn_ended()
    assert made.stopping() == (StopKind.NEEDS_PERSON, EndKind.NEEDS_PERSON)


@pytest.mark.parametrize(
    ("row", "tasks", "parts", "body", "stop", "end"),
    [
        (11, None, {}, result(), StopKind.FINISH, EndKind.TURN_ENDED),
        (12, progress(("done", "")), {}, result(), StopKind.FINISH, EndKind.TASKS_DONE),
        (14, OPEN, {"enforcement": NOT_CONTINUOUS}, result(), StopKind.FINISH, EndKind.TURN_ENDED),
        (15, progress(("blocked", "")), {}, result(), StopKind.NEEDS_PERSON, EndKind.NEEDS_PERSON),
        (18, OPEN, {}, LOGIN, StopKind.NEEDS_PERSON, EndKind.NEEDS_PERSON),
        (19, OPEN, {}, BUDGET, StopKind.FINISH, EndKind.LIMIT),
        (22, OPEN, {"recovery": NO_RESUME}, BROKEN, StopKind.NEEDS_PERSON, EndKind.CRASH),
        (24, OPEN, {"recovery": NO_FRESH}, TOO_LONG, StopKind.NEEDS_PERSON, EndKind.NEEDS_PERSON),
    ],
)  # fmt: skip
def test_turns_that_end_the_run(
    build: Build,
    row: int,
    tasks: ProgressFile | None,
    parts: Any,
    body: TurnResult,
    stop: Any,
    end: Any,
) -> None:
    made = build(**parts).start().runs()
    made.reader.progress = tasks
    assert made.turn(body).stopping() == (stop, end)
    assert made.process_ends().ended() == end  # 43
    gone = build(**parts).start().runs()
    gone.reader.progress = tasks
    gone.hear(body)
    assert gone.process_ends(AttemptStatus("ended", AGENT, code=0)).ended() == end  # 30


def test_13_a_hand_over_that_was_asked_for_follows_the_turn(build: Build) -> None:
    made = build().start().runs()
    made.context.state.handoff_message = "message"
    assert made.turn().stopping() == (StopKind.HANDOFF, None)


def test_16_and_17_open_tasks_are_gone_on_with_so_often(build: Build) -> None:
    made = build(session=SessionSettings(max_continuation_attempts=2)).start().runs()
    for count in (1, 2):
        made.turn()
        assert (made.phase, made.context.state.continuations) == (RunPhase.WORKING, count)
    made.reader.progress = progress(("open", ""), ("done", ""), ("done", ""))
    made.turn()
    assert (made.phase, made.context.state.continuations) == (RunPhase.WORKING, 1)
    assert made.turn().phase == RunPhase.WORKING
    assert made.turn().stopping() == (StopKind.NEEDS_PERSON, EndKind.GAVE_UP)


def test_20_and_26_an_interrupted_turn_waits_for_a_message(build: Build) -> None:
    made = build().start().runs().turn(INTERRUPTED)
    assert made.phase == RunPhase.HELD
    made.machine.on_turn_ended()
    made.machine.on_message_queued()
    assert made.phase == RunPhase.HELD
    made.asks("inject", text="Go on.")
    made.machine.on_message_queued()
    assert made.machine.phase == RunPhase.WORKING


@pytest.mark.parametrize(("code", "number"), [(0, 9), (1, 0), (0, 0)])
def test_an_interrupted_agent_that_goes_is_not_taken_up_again(
    build: Build, code: int, number: int
) -> None:
    made = build().start().runs().turn(INTERRUPTED)
    assert (
        made.process_ends(AttemptStatus("ended", AGENT, code=code, signal=number)).ended()
        == EndKind.STOPPED
    )
    assert not made.context.state.restarts
    spoken = build().start().runs().turn(INTERRUPTED)
    spoken.asks("inject", text="Go on.")
    spoken.process_ends(AttemptStatus("ended", AGENT, signal=9))
    assert spoken.phase == RunPhase.WAITING


def test_an_interrupt_takes_the_hand_over_back(build: Build) -> None:
    made = build().start().runs()
    state, sent = made.context.state, []
    made.messages.control = lambda what, *_, **__: sent.append(what) or "id"  # type: ignore[func-returns-value,method-assign]
    state.handoff_message = made.messages.queue("Hand over.")
    state.outgoing[-1].step = "queued"
    made.reader.turns.open = True
    made.asks("interrupt")
    assert sent == ["cancel_async_message", "interrupt"]
    made.reader.turns.taken.add(state.handoff_message)  # an agent that gave it not back
    made.messages.deliver()
    assert sent == ["cancel_async_message", "interrupt", "interrupt"]
    assert made.turn(INTERRUPTED).phase == RunPhase.HELD
    assert not state.handoff_message


@pytest.mark.parametrize(
    ("body", "limited", "kind"),
    [(BUSY, False, OutcomeKind.OVERLOADED), (BROKEN, True, OutcomeKind.USAGE_LIMIT)],
)
def test_21_and_27_limits_are_waited_for(
    build: Build, body: TurnResult, limited: bool, kind: OutcomeKind
) -> None:
    made = build().start().runs().turn(body, limited=limited)
    assert made.waits() == (kind, False, False)
    made.wait(0.0)
    assert made.phase == RunPhase.WAITING
    assert made.wait().phase == RunPhase.WORKING
    assert made.messages.has_waiting


@pytest.mark.parametrize(
    ("body", "limited", "kind"),
    [(BUSY, False, OutcomeKind.OVERLOADED), (BROKEN, True, OutcomeKind.USAGE_LIMIT)],
)
def test_21c_an_agent_that_is_lost_while_a_limit_is_waited_for_is_resumed_when_it_is_over(
    build: Build, body: TurnResult, limited: bool, kind: OutcomeKind
) -> None:
    made = build().start().runs().turn(body, limited=limited)
    before = made.context.state.wait
    made.process_ends()
    assert made.waits() == (kind, False, True)
    after = made.context.state.wait
    assert before is not None and after is not None
    assert (after.due_wall, after.due_elapsed) == (before.due_wall, before.due_elapsed)
    assert after.next is not None and after.next.resume == made.context.state.session
    made.wait(0.0)
    assert made.phase == RunPhase.WAITING
    assert made.wait().phase == RunPhase.LAUNCHING
    assert made.context.state.restarts == []


def test_21d_without_recovery_it_is_a_crash(build: Build) -> None:
    made = build(recovery=RecoverySettings(auto_resume=False)).start().runs()
    made.turn(BROKEN, limited=True).process_ends()
    assert made.ended() == EndKind.CRASH


def test_21a_the_allowance_is_named_where_a_reset_is_known(build: Build) -> None:
    made = build(recovery=RecoverySettings(max_limit_wait_hours=1)).start().runs()
    resets = made.clock.wall() + 2 * 3600
    end = end_of_wait("usage limit", resets, 2 * 3600.0, made.machine._circumstances())
    assert end is not None
    assert "it resets " in end.reason
    assert end.reason.endswith("recovery.max_limit_wait_hours is 1")
    beyond = made.clock.wall() + 20 * 3600
    end = end_of_wait("usage limit", beyond, 20 * 3600.0, made.machine._circumstances())
    assert end is not None
    assert "after the run's end" in end.reason


def test_21a_beyond_the_allowance_a_person_is_needed(build: Build) -> None:
    made = build(recovery=RecoverySettings(max_limit_wait_hours=0.001)).start().runs()
    assert made.turn(BROKEN, limited=True).stopping()[1] == EndKind.NEEDS_PERSON


def test_21b_a_reset_after_the_end_of_the_run_is_not_waited_for(build: Build) -> None:
    made = build(session=SessionSettings(max_runtime_hours=0.01)).start().runs()
    assert made.turn(BROKEN, limited=True).stopping()[1] == EndKind.NEEDS_PERSON
    intent = made.context.state.intent
    assert intent is not None
    lifted = format_weekday_clock(made.clock.wall() + 50)
    end = format_weekday_clock(made.clock.wall() + 36)
    assert intent.reason.endswith(f"; it resets {lifted}, after the run's end {end}")


def test_23_a_crash_is_taken_up_again_and_counted_when_it_is(build: Build) -> None:
    made = build().start().runs().process_ends()
    assert made.waits() == (OutcomeKind.CRASH, True, True)
    assert made.context.state.restarts == []
    assert made.wait().phase == RunPhase.LAUNCHING  # 29
    assert len(made.context.state.restarts) == 1
    assert made.context.state.step is not None
    assert made.context.state.step.resume


def test_23b_restarts_that_are_used_up_end_the_run(build: Build) -> None:
    assert build(recovery=NO_RESTARTS).start().runs().process_ends().ended() == EndKind.GAVE_UP


def test_25_a_refused_resume_is_followed_by_a_fresh_session(build: Build) -> None:
    made = build().start().runs().process_ends().wait()
    made.context.folder.stderr.write_text("No conversation found with session ID")
    made.process_ends(AttemptStatus("ended", AGENT, code=1))
    assert made.waits() == (OutcomeKind.RESUME_REFUSED, True, True)
    made.wait()
    assert made.context.state.step is not None
    assert made.context.state.step.resume == ""


def test_28_a_session_that_goes_on_by_itself_ends_the_wait(build: Build) -> None:
    made = build().start().runs().turn(BUSY)
    made.reader.turns.open = True
    assert made.wait(0.0).phase == RunPhase.WORKING
    assert made.context.state.wait is None


def test_30_without_an_agent_a_prompt_becomes_a_launch(build: Build) -> None:
    made = build().start().runs()
    made.hear(result())
    made.process_ends(AttemptStatus("ended", AGENT, code=0))
    assert (made.phase, made.context.state.step.why) == (RunPhase.LAUNCHING, "continue")  # type: ignore[union-attr]
    waiting = build().start().runs().turn(BUSY).process_ends()
    assert waiting.waits() == (OutcomeKind.OVERLOADED, False, True)


@pytest.mark.parametrize("code", [0, 1])
def test_31_an_interrupted_process_ends_the_run(build: Build, code: int) -> None:
    made = build().start().runs()
    made.hear(INTERRUPTED)
    assert made.process_ends(AttemptStatus("ended", AGENT, code=code)).ended() == EndKind.STOPPED


def test_32_and_33_a_limit_ends_the_run(build: Build) -> None:
    made = build().start().runs().limit(alive=True)
    assert made.stopping() == (StopKind.LIMIT, EndKind.LIMIT)
    assert made.process_ends().ended() == EndKind.LIMIT
    assert made.machine.end is not None
    assert made.machine.end.limit == LimitKind.COST
    assert build().start().runs().process_ends().limit(alive=False).ended() == EndKind.LIMIT


@pytest.mark.parametrize(
    ("verb", "stop", "end"),
    [("stop", StopKind.STOP, EndKind.STOPPED), ("kill", StopKind.KILL, EndKind.KILLED)],
)
def test_34_and_35_a_person_ends_the_run(
    build: Build, verb: str, stop: StopKind, end: EndKind
) -> None:
    made = build().start().runs().asks(verb)
    assert made.stopping() == (stop, end)
    assert made.process_ends().ended() == end
    assert build().start().runs().process_ends().asks(verb).ended() == end
    assert build().start().runs().turn(BUSY).asks(verb).stopping() == (stop, end)


def test_34_a_stronger_wish_replaces_a_weaker_one(build: Build) -> None:
    made = build().start().runs().asks("stop").asks("kill")
    assert made.stopping() == (StopKind.KILL, EndKind.KILLED)
    assert made.asks("stop").stopping() == (StopKind.KILL, EndKind.KILLED)  # 36


@pytest.mark.parametrize("verb", ["inject", "rewind", "undo"])
def test_37_who_is_being_ended_takes_no_more_orders(build: Build, verb: str) -> None:
    made = build().start().runs().asks("stop").asks(verb, text="words")
    assert made.stopping() == (StopKind.STOP, EndKind.STOPPED)
    assert b"is being ended" in made.context.folder.journal.read_bytes()


def test_39_to_41_a_rewind_stops_the_agent_and_starts_another(build: Build) -> None:
    for made in (build().start().runs(), build().start().runs().process_ends()):
        assert made.asks("rewind").stopping() == (StopKind.REWIND, None)
        made.process_ends()
        assert (made.phase, made.context.state.step.why) == (RunPhase.LAUNCHING, "rewind")  # type: ignore[union-attr]


def test_40_a_rewind_that_a_killed_supervisor_began_is_begun_again(build: Build) -> None:
    made = build().start().runs().asks("rewind")
    made.machine.begin_rewind()
    assert made.phase == RunPhase.REWINDING
    assert made.process_ends().phase == RunPhase.LAUNCHING


def test_41_a_fault_in_a_rewind_is_answered_and_the_run_goes_on(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = build().start().runs().asks("rewind")
    made.rewinder.fault = ValueError("a fault of the program")
    made.process_ends()
    assert (made.phase, made.context.state.step.why) == (RunPhase.LAUNCHING, "rewind")  # type: ignore[union-attr]
    (answer,) = [one for one in read_entries(made.context.folder.journal) if one.kind == "answer"]
    assert not answer.data["ok"]
    assert "this should not have happened" in str(answer.data["text"])
    assert "a fault of the program" in (tmp_path / "state/overnight-tui/crash.log").read_text()


def test_42_a_hand_over_starts_a_fresh_session(build: Build) -> None:
    made = build(session=PLANNING).start().runs().turn().process_ends()
    assert made.phase == RunPhase.LAUNCHING
    step = made.context.state.step
    assert step is not None
    assert (step.why, step.resume) == ("handover", "")


def test_45_a_note_that_does_not_come_is_done_without(build: Build) -> None:
    made = build().start().runs()
    made.machine.start_handoff("it wrote no hand-over in time", RunEvent.HANDOFF_OVERDUE)
    assert made.stopping() == (StopKind.HANDOFF, None)


def test_47_nothing_follows_the_end(build: Build) -> None:
    made = build().start().runs().asks("kill").process_ends()
    for verb in ("stop", "kill", "inject", "rewind"):
        assert made.asks(verb, text="words").ended() == EndKind.KILLED
    assert not any(RunPhase.ENDED in row.phases for row in TRANSITIONS)


def test_what_the_table_does_not_have_is_refused() -> None:
    for phase in RunPhase:
        for event in RunEvent:
            allowed = {
                row.next for row in TRANSITIONS if phase in row.phases and event == row.event
            }
            for following in RunPhase:
                if following in allowed:
                    check_transition(phase, event, following)
                else:
                    with pytest.raises(TransitionError):
                        check_transition(phase, event, following)


BODIES = (result(), LOGIN, BUSY, BROKEN, INTERRUPTED, BUDGET, MAX_TURNS)
ALIVE: dict[str, Callable[[Machine], object]] = {
    **{f"turn {n}": lambda made, body=body: made.turn(body) for n, body in enumerate(BODIES)},  # type: ignore[misc]
    "limited": lambda made: made.turn(BROKEN, limited=True),
    "runs": lambda made: made.runs(),
    "process ends": lambda made: made.process_ends(),
    "exits": lambda made: made.process_ends(AttemptStatus("ended", AGENT, code=0)),
    "limit": lambda made: None if made.phase.is_ending else made.limit(alive=True),
    "overdue": lambda made: (
        None
        if made.phase.is_ending or made.phase == RunPhase.WAITING
        else made.machine.start_handoff("late", RunEvent.HANDOFF_OVERDUE)
    ),
}
ALWAYS: dict[str, Callable[[Machine], object]] = {
    "stop": lambda made: made.asks("stop"),
    "kill": lambda made: made.asks("kill"),
    "rewind": lambda made: made.asks("rewind"),
    "inject": lambda made: made.asks("inject", text="words").machine.on_message_queued(),
    "time": lambda made: made.wait(),
    "no time": lambda made: made.wait(0.0),
    "turn opens": lambda made: setattr(made.reader.turns, "open", True),
    "tests pass": lambda made: setattr(made, "trouble", ""),
    "tests fail": lambda made: setattr(made, "trouble", "exit code 1"),
    "tasks done": lambda made: setattr(made.reader, "progress", progress(("done", ""))),
    "no room": lambda made: setattr(made.attempt, "refuses", OSError(errno.ENOSPC, "full")),
    "room": lambda made: setattr(made.attempt, "refuses", None),
}


def likely(phase: RunPhase, event: str) -> str:
    """What comes first in most runs, where random events alone would seldom get far."""
    if phase == RunPhase.LAUNCHING and event in ("time", "no time", "turn 0", "rewind", "stop"):
        return "runs"
    if phase == RunPhase.STOPPING and event in ALIVE:
        return "process ends"
    if phase == RunPhase.HELD and event in (*ALIVE, "time", "no time"):
        return event if event in ("exits", "limit", "overdue") else "inject"
    if phase == RunPhase.WAITING and event in ALIVE:
        return "time"
    return event


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from([*ALIVE, *ALWAYS]), min_size=12, max_size=40),
    st.sampled_from([SessionSettings(), PLANNING, TESTED, TESTED_PLAN]),
)
def test_no_order_of_events_leaves_the_table(events: list[str], session: SessionSettings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Machine(Path(folder), Settings(session=session)).start()
        for event in events:
            event = likely(made.phase, event)
            pending, state = made.context.state.wait, made.context.state
            if made.phase == RunPhase.ENDED:
                break
            if event in ALWAYS:
                ALWAYS[event](made)
            elif pending is None or pending.next is None:
                ALIVE[event](made)
            assert (state.wait is not None) == (made.phase == RunPhase.WAITING)
            assert (state.intent is not None) or made.phase != RunPhase.STOPPING
            assert (made.machine.end is not None) == (made.machine.phase == RunPhase.ENDED)


def test_only_enter_changes_the_phase() -> None:
    """A state that is loaded may be given its phase; nothing else sets one."""
    found = set()
    for path in sorted(Path(attempt_start.__file__).parents[1].rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                targets = node.targets if isinstance(node, ast.Assign) else []
                names = [part for target in targets for part in ast.walk(target)]
                if any(isinstance(name, ast.Attribute) and name.attr == "phase" for name in names):
                    found.add((path.stem, function.name))
    assert found == {("attempt_start", "_enter"), ("run_state", "load_state")}
