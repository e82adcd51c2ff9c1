"""Keep, look, discard: by rules, with reasons."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.evidence.claims import CheckedFact, Claim, ClaimKind
from tui.model.evidence.log import TestRun, TestSummary
from tui.model.review import Ending, Proof, Risk, TaskChanges
from tui.model.state import EndKind
from tui.night.review.verdict import VerdictInputs, judge_night

HERE = SourceRef("s", 0)


def run(colour: str, edits: int = 0, first: str = "") -> TestSummary:
    runs = [
        TestRun(1.0, "t", "pytest", 1, 0, word, HERE)  # type: ignore[arg-type]
        for word in ([first, colour] if first else [colour])
    ]
    last_green = next((one for one in reversed(runs) if one.verdict == "green"), None)
    last = "red" if colour == "red" else "green"
    return TestSummary(last, tuple(runs), len(runs), 0, edits, last_green)  # type: ignore[arg-type]


GOOD = VerdictInputs(
    Ending(EndKind.TASKS_DONE, "All tasks done"),
    TaskChanges(done=("a", "b")),
    run("green"),
    (Claim("x", "verified", "y", "commit"),),
    (),
    (),
    3,
    5,
    9,
)
RISK = Risk("secret", "a", "b", HERE, "high")
BARE = Claim("x", "unverified", "nothing", "final message")


def test_a_good_night_is_kept_and_says_why() -> None:
    judged, reasons = judge_night(GOOD)
    assert judged == "keep"
    assert reasons[0].text == "2 tasks done."
    assert 2 <= len(reasons) <= 3


def test_a_night_that_was_told_to_change_nothing() -> None:
    quiet = replace(
        GOOD, tests=TestSummary(), tasks=TaskChanges(), commits=0, changed_files=0, edits=0
    )
    assert judge_night(quiet)[0] == "discard"
    judged, reasons = judge_night(replace(quiet, only_report=True))
    assert (judged, reasons[0].text) == ("keep", "Nothing was changed, as the goal asks.")
    assert judge_night(replace(GOOD, tests=run("red"), only_report=True))[0] == "look"


def test_tests_that_went_with_their_code_are_not_missed() -> None:
    runs = [TestRun(1.0, "t", "pytest", n, 0, "green", HERE) for n in (40, 20)]
    fewer = replace(GOOD, tests=replace(run("green"), runs=tuple(runs)))
    assert "an earlier one" in judge_night(fewer)[1][0].text
    gone = Risk("test_deleted", "tests/test_old.py", "3 tests deleted", HERE, "low")
    assert judge_night(replace(fewer, risks=(gone,)))[0] == "keep"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ending": Ending(EndKind.CRASH, "It crashed at night")}, "It crashed at night."),
        ({"ending": Ending(EndKind.OPEN, "It goes on")}, "It goes on."),
        ({"tests": run("red")}, "The last test run is red."),
        ({"tests": run("green", edits=2)}, "2 edits of code came after"),
        ({"tests": TestSummary()}, "no green test run"),
        ({"risks": (RISK,)}, "1 risk of high weight"),
        ({"claims": (BARE,)}, "1 of 1 claim has no support."),
    ],
)
def test_any_doubt_is_a_reason_to_look(change: dict[str, Any], words: str) -> None:
    judged, reasons = judge_night(replace(GOOD, **change))
    assert judged == "look"
    assert words in reasons[0].text


def test_a_low_risk_and_a_partial_claim_do_not_stand_in_the_way() -> None:
    low = replace(RISK, severity="medium")
    partly = replace(BARE, verdict="partial")
    assert judge_night(replace(GOOD, risks=(low,), claims=(partly,)))[0] == "keep"


def test_red_that_was_green_without_a_task_is_discarded() -> None:
    broken = replace(GOOD, tests=run("red", first="green"), tasks=TaskChanges())
    judged, reasons = judge_night(broken)
    assert judged == "discard"
    assert tuple(reason.text for reason in reasons) == (
        "Tests that were green are red at the end.",
        "No task was done.",
    )
    assert judge_night(replace(broken, tests=run("red")))[0] == "look"
    assert judge_night(replace(broken, tasks=TaskChanges(done=("a",))))[0] == "look"


def test_a_night_that_left_nothing_is_discarded_unless_it_goes_on() -> None:
    nothing = replace(GOOD, commits=0, changed_files=0, edits=0, tasks=TaskChanges())
    assert judge_night(nothing)[0] == "discard"
    assert judge_night(replace(nothing, ending=Ending(EndKind.OPEN, "on")))[0] == "look"
    assert judge_night(replace(nothing, commits=1))[0] == "keep"


def texts(change: dict[str, Any]) -> tuple[str, str]:
    """The verdict of a good night that was changed so, and its first reason."""
    judged, reasons = judge_night(replace(GOOD, **change))
    return judged, reasons[0].text


FALSE = CheckedFact("the file is there", False)
HALF = Claim(
    "All tests pass", "partial", "2 edits since", "final message", kind=ClaimKind.TESTS_PASS
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"claims": (replace(BARE, verdict="contradicted", why="it is not"),)}, "but it is not"),
        ({"claims": (replace(HALF, checked=(FALSE,)),)}, "holds in part only: 2 edits since"),
        ({"risks": (replace(RISK, kind="test_weakened", severity="medium"),)}, "ask for less"),
        ({"risks": (replace(RISK, kind="hard_coded", severity="high"),)}, "ask for less"),
        ({"risks": (replace(RISK, kind="outward", severity="medium"),)}, "reached beyond"),
        ({"risks": (replace(RISK, severity="medium"),) * 3}, "3 risks of medium weight"),
        ({"tests": TestSummary(), "edits": 0, "changed_files": 0}, "files that are not known"),
        ({"unseen": 12}, "No record shows what it did in 12 steps"),
        ({"proof": Proof(1.0, base_tests="red")}, "red on its new code"),
    ],
)
def test_what_can_not_be_trusted_is_never_kept(change: dict[str, Any], words: str) -> None:
    judged, first = texts(change)
    assert judged == "look"
    assert words in first


@pytest.mark.parametrize(
    "change",
    [
        {"risks": (replace(RISK, kind="test_weakened", severity="low"),)},
        {"risks": (replace(RISK, kind="outward", severity="low"),)},
        {"risks": (replace(RISK, kind="dependency", severity="medium"),) * 2},
        {"claims": (HALF,)},
        {"claims": (replace(HALF, checked=(FALSE,), source="notes"),)},
        {"claims": (replace(BARE, kind=ClaimKind.NOT_DONE),)},
        {"tests": TestSummary(), "only_prose": True},
        {"proof": Proof(1.0, base_tests="green")},
    ],
)
def test_what_does_not_stand_in_the_way(change: dict[str, Any]) -> None:
    assert texts(change)[0] == "keep"


def test_a_result_alone_does_not_prove_that_nothing_was_done() -> None:
    nothing = {"commits": 0, "changed_files": 0, "edits": 0, "tasks": TaskChanges()}
    assert texts(nothing)[0] == "discard"
    assert texts({**nothing, "unseen": 3})[0] == "look"


def counted(*numbers: int, part: str = "") -> TestSummary:
    runs = tuple(TestRun(1.0, "t", "pytest", n, 0, "green", HERE, part=part) for n in numbers)
    return TestSummary("green", runs, len(runs), 0, 0, runs[-1])


def test_tests_that_are_gone_are_a_reason_to_look() -> None:
    judged, first = texts({"tests": counted(48, 12)})
    assert (judged, first) == (
        "look",
        "The last test run had 12 tests, an earlier one of the same had 48.",
    )
    assert texts({"tests": counted(48, 47)})[0] == "keep"
    assert texts({"tests": counted(12, 48)})[0] == "keep"
    assert texts({"tests": counted(48, 12, part="-k add")})[0] == "keep"


def test_a_reason_says_where_it_rests() -> None:
    _, reasons = judge_night(replace(GOOD, tests=run("green", edits=2), risks=(RISK,)))
    assert [reason.ref for reason in reasons] == [HERE, HERE]
