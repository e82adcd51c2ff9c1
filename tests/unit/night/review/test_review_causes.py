"""One thing behind many calls is one line with its count."""

from __future__ import annotations

from tests.unit.night.night_script import Script, fold
from tui.model.events import SourceRef
from tui.model.permissions.refusals import Refusals
from tui.model.review import Cause
from tui.night.evidence.wasted_work import RetryStreak
from tui.night.review.causes import find_causes

HERE = SourceRef("s", 5)


def test_a_full_disk_is_one_cause_whatever_came_between() -> None:
    night = Script()
    for number in range(31):
        night.step(
            "Bash", f"make part{number}", "cp: write error: No space left on device", error=True
        )
        night.step("Read", f"notes{number}.md", f"text {number}")
    (cause,) = fold(night.events).wasted_work().errors
    assert cause.count == 31
    assert "No space left on device" in cause.what
    assert cause.first != cause.last
    assert find_causes((), (cause,), Refusals()) == (cause,)


def test_what_came_twice_is_no_cause() -> None:
    night = Script()
    for number in range(2):
        night.step("Bash", f"make {number}", "cp: No space left on device", error=True)
    assert fold(night.events).wasted_work().errors == ()


def test_waits_for_the_api_are_a_cause_by_their_answer() -> None:
    streaks = [RetryStreak(at, at + 60, 4, 529, "overloaded", HERE) for at in (10.0, 900.0)]
    (cause,) = find_causes((), (), Refusals(), streaks)
    assert cause == Cause("the API answered with HTTP 529", 8, HERE, HERE, 10.0)
