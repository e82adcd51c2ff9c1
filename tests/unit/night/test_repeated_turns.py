"""Turns that bring nothing are found, whoever prompts for them; `night_turns` has the cases."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.night.night_script import Script, fold
from tests.unit.night.night_turns import (
    BLOCKED,
    CONTINUE,
    NEGATIVE_TURNS,
    POSITIVE_TURNS,
    Case,
    merged,
    turn,
    turns,
)
from tui.model.records import ProgressFile, Record
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.fold import NightFold


def records(case: Case) -> list[Record]:
    script = Script()
    return merged(script, case(script))


def found(made: NightFold, name: DetectorName = DetectorName.REPEATED_TURNS) -> list[Stall]:
    return [one for one in made.findings() if one.detector == name]


def ever(case: Case) -> list[Stall]:
    """Every finding at whatever moment of the night."""
    made, seen = fold(), []
    for record in records(case):
        made.apply([record])
        seen += found(made)
    return seen


@pytest.mark.parametrize("name", POSITIVE_TURNS)
def test_turns_that_bring_nothing_are_found(name: str) -> None:
    stalls = ever(POSITIVE_TURNS[name])
    assert stalls
    last = stalls[-1]
    assert last.kind == StallKind.NO_PROGRESS
    assert last.count >= 4
    assert last.level >= StallLevel.NOTICE
    assert last.refs and last.steps and last.pattern
    assert "turns" in last.evidence[0]


@pytest.mark.parametrize("name", NEGATIVE_TURNS)
def test_turns_that_bring_something_are_left_alone(name: str) -> None:
    assert ever(NEGATIVE_TURNS[name]) == []


@pytest.mark.parametrize("name", sorted(set(NEGATIVE_TURNS) - {"a new poem in each turn"}))
def test_nothing_else_takes_them_for_stuck(name: str) -> None:
    assert fold(records(NEGATIVE_TURNS[name])).snapshot(2_000_000_000.0).circling == ()


def after(
    times: int, case: Case | None = None, limits: StallThresholds | None = None
) -> Stall | None:
    made = fold(records(case or turns(times)), thresholds=limits)
    stalls = found(made)
    return stalls[0] if stalls else None


@pytest.mark.parametrize(
    ("times", "level"), [(4, ""), (5, "notice"), (7, "suspected"), (10, "suspected"), (11, "stuck")]
)
def test_levels_grow_by_the_turns_that_are_over(times: int, level: str) -> None:
    stall = after(times)
    assert ("" if stall is None else stall.level) == level


def test_the_evidence_says_what_is_equal() -> None:
    stall = after(6, POSITIVE_TURNS["with open tasks"])
    assert stall is not None
    assert stall.evidence[0] == "5 turns: same calls, same answers, same files, 6 tasks still open"
    assert stall.evidence[1] == f"the last ends: “{BLOCKED}”"
    assert stall.evidence[2].startswith("for ")
    assert [step.words for step in stall.steps] == [
        "Read claude-progress.txt → Bash ./deploy.sh preview"
    ] * 3
    assert [(one.value, one.threshold) for one in stall.signals] == [(5, 4)]


def test_the_open_tasks_are_named() -> None:
    script = Script()
    events = turns(5)(script) or script.events
    plan = ProgressFile("progress", script.events[0].at, "checkboxes", 4, 6)
    stall = found(fold([plan, *events]))[0]
    assert stall.evidence[0] == "4 turns: same calls, same answers, same files, 6 tasks still open"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("calls in another order", "turns: same calls, same answers, same files"),
        ("a call more or less", "turns brought nothing new"),
        ("words alone", "turns without a call say the same"),
    ],
)
def test_same_is_said_only_where_nothing_differs(name: str, words: str) -> None:
    assert words in ever(POSITIVE_TURNS[name])[-1].evidence[0]


def test_answers_that_differ_by_chance_are_not_called_the_same() -> None:
    script = Script()
    for number in range(6):
        failed = ("Bash", "./deploy.sh", f"failed after {number}.3 s")
        turn(script, CONTINUE, [failed], BLOCKED)
    stall = found(fold(script.events))[0]
    assert (
        stall.evidence[0] == "5 turns: same calls, same answers but for times and ids, same files"
    )


def test_a_new_call_ends_the_finding_at_once() -> None:
    script = Script()
    turns(6)(script)
    script.init()
    script.prompt(CONTINUE)
    made = fold(script.events)
    assert found(made)
    for number in range(3):
        script.step("Bash", f"./other {number}", f"new knowledge {number}")
    made = fold(script.events)
    assert found(made) == []


@pytest.mark.parametrize("middle", [3, 9, 17, 26, 33, 40])
def test_a_fold_saved_in_the_middle_goes_on(middle: int) -> None:
    events = records(turns(7))
    made = fold(events[:middle])
    again = NightFold.load(made.save())
    again.apply(events[middle:])
    assert found(again) == found(fold(events))
    assert found(again)


def test_settings_decide() -> None:
    assert after(7, limits=StallThresholds(detector_counts={"repeated_turns": (7, 8, 9)})) is None
    assert after(7, limits=StallThresholds(disabled_detectors=("repeated_turns",))) is None


@pytest.mark.parametrize(("calls", "is_found"), [(60, True), (70, False)])
def test_long_turns_are_kept_within_bounds(calls: int, is_found: bool) -> None:
    script = Script()
    for _ in range(6):
        looks = [("Read", f"f{number}", "x" * 1000) for number in range(calls)]
        turn(script, CONTINUE, looks, "done " * 1000)
    made = fold(script.events)
    assert bool(found(made)) is is_found
    kept = made._state.detectors.conversation("").repeated_turns
    assert len(msgspec.msgpack.encode(kept)) < 400_000


@pytest.mark.parametrize(("pause", "most"), [(240.0, StallLevel.STUCK), (600.0, StallLevel.NOTICE)])
def test_turns_that_a_clock_begins_are_a_watch(pause: float, most: StallLevel) -> None:
    script = Script()
    for _ in range(60):
        turn(script, "check for new issues", [("Bash", "gh issues", "[]")], "Nothing.", pause=pause)
    assert max(one.level.rank for one in found(fold(script.events))) == most.rank
