"""Loops are found and work is left alone; `night_loops` has the cases."""

from __future__ import annotations

import pytest

from tests.unit.night.night_calls import CIRCLING, WORKING
from tests.unit.night.night_loops import NEGATIVE, POSITIVE, answers, records, rounds
from tests.unit.night.night_script import Script, fold, night
from tui.model.events import ToolResult, UserMessage
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallThresholds
from tui.night.stuck.chance import mask
from tui.night.stuck.similarity import is_infrastructure_error, repeated_phrase


def outcome(name: str) -> NightSnapshot:
    script, found = records(name, (POSITIVE | NEGATIVE | CIRCLING | WORKING)[name])
    return fold(found).snapshot((script.at or 0.0) + 5.0)


def loops(seen: NightSnapshot) -> list[Stall]:
    return list(seen.circling)


def test_there_are_as_many_cases_as_promised() -> None:
    assert (len(POSITIVE), len(NEGATIVE)) == (24, 24)
    assert len(CIRCLING) >= 20
    assert len(WORKING) >= 20
    assert len(POSITIVE | NEGATIVE | CIRCLING | WORKING) == sum(
        map(len, (POSITIVE, NEGATIVE, CIRCLING, WORKING))
    )


@pytest.mark.parametrize("name", [*POSITIVE, *CIRCLING])
def test_a_loop_is_found(name: str) -> None:
    seen = outcome(name)
    assert seen.stall is not None
    assert (seen.activity.state == "looping") == (seen.stall.level != "notice")
    assert seen.stall.kind == "loop"
    assert seen.stall.refs
    assert seen.stall.evidence
    assert seen.stall.count >= 3
    assert seen.stall.level != ""
    assert seen.stall.since > 0


@pytest.mark.parametrize("name", [*NEGATIVE, *WORKING])
def test_work_is_left_alone(name: str) -> None:
    seen = outcome(name)
    assert loops(seen) == []
    assert seen.stall is None


@pytest.mark.parametrize(
    ("times", "level"), [(2, None), (3, "notice"), (4, "notice"), (5, "suspected"), (8, "stuck")]
)
def test_levels_grow(times: int, level: str | None) -> None:
    script = Script()
    script.init()
    rounds(times, ("Read", "a", "1"), ("Read", "b", "2"))(script)
    stall = night(script).stall
    assert (None if stall is None else stall.level) == level


def test_pollers_get_four_times_the_patience_and_ten_minutes() -> None:
    script = Script()
    for _ in range(30):
        script.step("Bash", "check; sleep 18", "no such file", error=True, takes=19.0)
    assert night(script).stall is None
    script.step("Bash", "check; sleep 18", "no such file", error=True, takes=19.0)
    stall = night(script).stall
    assert stall is not None
    assert (stall.level, stall.count) == ("notice", 31)
    slow = Script()
    for _ in range(11):
        slow.step("Bash", "sleep 99; check", "no such file", error=True, takes=99.0)
    assert night(slow).stall is None
    slow.step("Bash", "sleep 99; check", "no such file", error=True, takes=99.0)
    assert night(slow).stall is not None


def test_one_patient_step_makes_the_cycle_patient() -> None:
    script = Script()
    rounds(6, ("Bash", "sleep 9", ""), ("Read", "out.txt", "nothing yet"))(script)
    assert night(script).stall is None


def test_failing_and_working_are_not_the_same() -> None:
    script = Script()
    script.step("Bash", "make", "text")
    script.step("Bash", "make", "text")
    script.step("Bash", "make", "text", error=True)
    assert night(script).stall is None


def test_errors_of_the_api_are_not_the_models_words() -> None:
    script = Script()
    for _ in range(6):
        script.say("API Error: 529 overloaded", error="overloaded", model="<synthetic>")
    assert night(script).circling == ()
    assert night(script).counts.api_errors == 6


def test_a_pipe_into_tail_is_no_poller() -> None:
    script = Script()
    rounds(3, ("Bash", "pytest -q | tail -5", "1 failed in 1.0s"))(script)
    assert night(script).stall is not None


def test_settings_decide() -> None:
    script = Script()
    rounds(3, ("Bash", "./my-waiter", "no"))(script)
    patient = StallThresholds(loop_notice=4)
    assert fold(script.events, thresholds=patient).snapshot(0.0).stall is None
    poller = StallThresholds(pollers=("./my-waiter",))
    assert fold(script.events, thresholds=poller).snapshot(0.0).stall is None
    short = StallThresholds(loop_longest_cycle=1, disabled_detectors=("recurring_calls",))
    cycle = Script()
    rounds(6, ("Read", "a", "1"), ("Read", "b", "2"))(cycle)
    assert fold(cycle.events, thresholds=short).snapshot(0.0).stall is None


@pytest.mark.parametrize("name", ["repeated_calls", "monologue"])
def test_a_detector_that_is_switched_off_finds_nothing(name: str) -> None:
    script = Script()
    script.init()
    if name == "monologue":
        for _ in range(5):
            script.say("I will look at the parser once more and then decide what to do about it.")
    else:
        rounds(5, ("Read", "a", "1"))(script)
    others = tuple(other for other in DetectorName if other != name)
    on = fold(script.events, thresholds=StallThresholds(disabled_detectors=others))
    assert [loop.detector for loop in on.snapshot(0.0).circling] == [name]
    off = StallThresholds(disabled_detectors=(name,))
    found = fold(script.events, thresholds=off).snapshot(0.0).circling
    assert name not in [loop.detector for loop in found]


def test_a_loop_that_ends_is_kept() -> None:
    script = Script()
    rounds(4, ("Read", "a", "1"))(script)
    script.step("Read", "b", "2")
    seen = night(script)
    assert seen.stall is None
    assert [loop.count for loop in seen.circling] == [4]
    assert seen.circling[0].since == script.events[1].at


def test_the_evidence_says_what_and_how_often() -> None:
    script = Script()
    answers("Bash", "make all", *["gcc: no\nmake: *** Error 2"] * 5, error=True)(script)
    stall = night(script).stall
    assert stall is not None
    assert stall.evidence == (
        "Bash make all: 5 times with the same answer",
        "error: make: *** Error 2",
        "for 8 s without a change of files or answers",
    )
    assert [ref.offset for ref in stall.refs] == [100, 900]


def test_a_failed_edit_changes_nothing_but_a_good_one_does() -> None:
    script = Script()
    for number in range(4):
        script.step("Edit", "a.py", "not found", key=str(number), error=True)
        script.step("Bash", "make", "bad", error=True)
    stall = night(script).stall  # each edit is another one, but `make` says the same four times
    assert stall is not None
    assert stall.detector == "recurring_calls"
    script = Script()
    for number in range(4):
        script.step("Edit", "a.py", "updated", key=str(number))
        script.step("Bash", "make", "bad", error=True)
    assert night(script).stall is None
    script = Script()
    for _ in range(4):
        script.step("Edit", "a.py", "not found", key="same", error=True)
        script.step("Bash", "make", "bad", error=True)
    assert night(script).stall is not None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3 failed in 1.2s", "2 failed in 1.2s", False),
        ("done 10 %", "done 20 %", False),
        ("line 12: error", "line 14: error", False),
        ("took 1.2 s", "took 17 min", True),
        ("port :8080 used", "port :9090 used", True),
        ("a  b\n", "a b", True),
        ("at 22:01:07", "at 23:59:59", True),
    ],
)
def test_what_is_the_same_answer(one: str, other: str, same: bool) -> None:
    assert (mask(one) == mask(other)) is same


def test_chants() -> None:
    assert repeated_phrase("Let me look at that file again, slowly. " * 20) >= 15
    assert repeated_phrase("short " * 20) == 0
    assert repeated_phrase("=" * 2000) == 0
    assert repeated_phrase(" ".join(f"word{number}" for number in range(500))) == 0


def test_memory_stays_small() -> None:
    script = Script()
    for number in range(500):
        script.step("Read", f"file{number}", "x" * 2000, thread=f"agent{number % 90}")
    made = fold(script.events)
    assert len(made.save()) < 600_000


def test_a_missing_module_is_no_matter_of_the_network() -> None:
    assert not is_infrastructure_error("ModuleNotFoundError: No module named 'quay'")
    assert is_infrastructure_error("getaddrinfo ENOTFOUND registry.example")


@pytest.mark.parametrize("by_agent_id", [False, True], ids=["stream", "transcript"])
def test_the_trouble_of_a_subagent_ends_with_its_answer(by_agent_id: bool) -> None:
    script = Script()
    script.prompt()
    parent = script.call("Task", "print the labels")
    thread = "a5f9c2" if by_agent_id else parent
    for _ in range(6):
        script.step("Bash", "./label", "no printer", error=True, thread=thread)
    during = night(script).stall
    result = ToolResult(parent, False, "no printer here", 15, agent_id="a5f9c2")
    script.add(UserMessage("results", results=(result,)))
    after = night(script)
    assert during is not None and during.detector == DetectorName.REPEATED_CALLS
    assert after.stall is None
    assert [one.count for one in after.circling] == [6]
