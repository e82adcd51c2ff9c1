"""What came after an intervention, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tui.model.interventions import Effect
from tui.model.labels import describe_effect
from tui.model.state import StallKind
from tui.system.format import format_local

SINCE = 1_780_000_000.0
LATER = SINCE + 600


def at(moment: float) -> str:
    return format_local(moment)


@dataclass
class Case:
    effect: Effect
    words: str


CASES = [
    Case(Effect(SINCE), "no call since"),
    Case(
        Effect(SINCE, calls=1, kind=StallKind.LOOP), "1 call and none different since; it goes on"
    ),
    Case(
        Effect(SINCE, None, 9, 7, StallKind.LOOP, ended_at=LATER, tests="green", tests_at=LATER),
        f"7 different calls since; tests green at {at(LATER)}",
    ),
    Case(
        Effect(SINCE, LATER, 9, 1, StallKind.LOOP, ended_at=SINCE + 5, again_at=SINCE + 60),
        f"1 different call of 9 in 10m; the same came again at {at(SINCE + 60)}",
    ),
    Case(
        Effect(SINCE, calls=12, different=11, contents=4, commits=1, tasks=2),
        "11 different calls since; 1 commit; 2 tasks done",
    ),
    Case(Effect(SINCE, calls=3, different=3, contents=1), "3 different calls since; files changed"),
    Case(Effect(SINCE, calls=12, different=4), "4 different calls of 12 since"),
    Case(Effect(SINCE, calls=12, different=1), "1 different call of 12 since"),
    Case(
        Effect(SINCE, calls=3, different=3, tests="red", tests_at=LATER),
        f"3 different calls since; tests red at {at(LATER)}",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_an_effect_in_words(case: Case) -> None:
    assert describe_effect(case.effect) == case.words


def test_trouble_goes_on_until_it_has_ended_and_after_it_came_again() -> None:
    assert not Effect(SINCE).goes_on
    assert Effect(SINCE, kind=StallKind.LOOP).goes_on
    assert not Effect(SINCE, kind=StallKind.LOOP, ended_at=LATER).goes_on
    assert Effect(SINCE, kind=StallKind.LOOP, ended_at=SINCE, again_at=LATER).goes_on


def test_red_tests_are_no_progress() -> None:
    assert not Effect(SINCE, calls=9, different=9, tests="red").has_progress
    assert Effect(SINCE, tests="green").has_progress
    assert Effect(SINCE, contents=1).has_progress
