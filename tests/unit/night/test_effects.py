"""What came after a message, an interrupt or a rewind: the effect that the snapshot has of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.night_script import Script, fold
from tui.model.events import AgentEvent
from tui.model.interventions import Effect
from tui.model.journal import JournalEntry
from tui.model.records import Record
from tui.model.snapshot import NightSnapshot
from tui.model.state import StallKind
from tui.night.fold import NightFold


class Night:
    """A script with entries of the journal between its events; each entry comes at once."""

    def __init__(self) -> None:
        self.script = Script()
        self.script.init()
        self.entries: list[JournalEntry] = []

    @property
    def now(self) -> float:
        return self.script.at or 0.0

    def loop(self, times: int, target: str = "make", text: str = "Error 2") -> None:
        for _ in range(times):
            self.script.step("Bash", target, text, error=True)

    def entry(self, kind: str, name: str = "", **data: object) -> float:
        self.entries.append(JournalEntry(self.now, kind, name, data))
        return self.now

    def message(self, name: str = "m1", by: str = "key", mode: str = "step-back") -> float:
        """A message that the session takes in at once; the time of that."""
        self.entry("inject", name, text="Please stop", mode=mode, by=by)
        return self.entry("injection", name, state="delivered")

    def records(self) -> list[Record]:
        """Everything in the order of its times, journal first, as the viewer reads it."""
        both: list[JournalEntry | AgentEvent] = [*self.entries, *self.script.events]
        return [*sorted(both, key=lambda record: record.at or 0.0)]

    def journal_first(self) -> list[Record]:
        """As a supervisor reads it that takes a run over."""
        return [*self.entries, *self.script.events]

    def seen(self, records: Iterable[Record] | None = None) -> NightSnapshot:
        return fold(self.records() if records is None else records).snapshot(self.now + 1.0)

    def effect(self, name: str = "m1", records: Iterable[Record] | None = None) -> Effect:
        found = self.seen(records).interventions.injections
        effect = next(one.effect for one in found if one.id == name)
        assert effect is not None
        return effect


def other_calls(night: Night, number: int, first: int = 0) -> None:
    for count in range(first, first + number):
        night.script.step("Read", f"file{count}.py", f"content {count}")


def test_a_message_that_waits_has_no_effect() -> None:
    night = Night()
    night.loop(5)
    night.entry("inject", "m1", text="Please stop", mode="step-back")
    night.loop(2)
    assert night.seen().interventions.injections[0].effect is None


def test_a_message_that_was_just_taken_in_has_an_effect_without_calls() -> None:
    night = Night()
    night.loop(5)
    at = night.message()
    effect = night.effect()
    assert (effect.since, effect.calls, effect.kind) == (at, 0, StallKind.LOOP)
    assert effect.detector == "repeated_calls"
    assert effect.goes_on


def test_different_calls_end_the_trouble() -> None:
    night = Night()
    night.loop(5)
    at = night.message()
    night.loop(1)
    other_calls(night, 3)
    effect = night.effect()
    assert (effect.since, effect.calls, effect.different) == (at, 4, 3)
    assert effect.ended_at == night.script.events[-5].at  # the answer to the first other call
    assert not effect.goes_on
    assert effect.again_at is None


@pytest.mark.parametrize("by", ["key", "supervisor"])
def test_a_loop_that_simply_goes_on_has_not_ended(by: str) -> None:
    night = Night()
    night.loop(5)
    night.message(by=by)
    night.loop(9)
    effect = night.effect()
    assert (effect.calls, effect.different) == (9, 0)
    assert effect.ended_at is None
    assert effect.goes_on


def test_a_loop_that_comes_again() -> None:
    night = Night()
    night.loop(5)
    night.message()
    other_calls(night, 2)
    began = night.now
    night.loop(4)
    effect = night.effect()
    assert (effect.calls, effect.different) == (6, 2)
    assert effect.ended_at is not None
    assert effect.again_at is not None
    assert effect.again_at >= began > effect.ended_at
    assert effect.goes_on


def test_a_loop_that_came_again_and_ended_is_over() -> None:
    night = Night()
    night.loop(5)
    night.message()
    other_calls(night, 2)
    night.loop(4)
    other_calls(night, 1, first=50)
    effect = night.effect()
    assert effect.again_at is None
    assert not effect.goes_on
    assert effect.different == 3


def test_another_loop_is_not_the_same_trouble_but_nothing_different_either() -> None:
    night = Night()
    night.loop(5)
    night.message()
    night.loop(5, "npm test", "exit 1")
    effect = night.effect()
    assert effect.ended_at is not None
    assert (effect.again_at, effect.different) == (None, 0)


def test_the_same_call_twice_counts_once() -> None:
    night = Night()
    night.loop(5)
    night.message()
    for _ in range(2):
        other_calls(night, 3)
    assert night.effect().different == 3


def test_calls_that_were_made_before_the_loop_are_not_different() -> None:
    night = Night()
    other_calls(night, 3)
    night.loop(5)
    night.message()
    other_calls(night, 4)
    assert night.effect().different == 1


def test_tests_are_told_with_the_time_of_their_newest_verdict() -> None:
    night = Night()
    night.loop(5)
    night.message()
    night.script.step("Bash", "pytest -q", "1 failed, 3 passed in 0.1s", error=True)
    red = night.now
    assert (night.effect().tests, night.effect().tests_at) == ("red", red)
    night.script.step("Edit", "a.py", "done", path="/w/a.py")
    night.script.step("Bash", "pytest -q", "4 passed in 0.1s")
    green = night.now
    night.script.step("Bash", "pytest -q", "4 passed in 0.2s")
    effect = night.effect()
    assert (effect.tests, effect.tests_at) == ("green", green)
    assert effect.contents == 1
    assert effect.has_progress


def test_a_run_of_tests_before_the_message_is_none_of_its_effect() -> None:
    night = Night()
    night.script.step("Bash", "pytest -q", "4 passed in 0.1s")
    night.loop(5)
    night.message()
    other_calls(night, 1)
    assert night.effect().tests == ""


def test_the_next_intervention_ends_the_watch() -> None:
    night = Night()
    night.loop(5)
    night.message("m1")
    other_calls(night, 2)
    until = night.message("m2", mode="soft")
    other_calls(night, 3, first=10)
    assert (night.effect("m1").calls, night.effect("m1").until) == (2, until)
    assert (night.effect("m2").calls, night.effect("m2").until) == (3, None)


def test_an_interrupt_and_the_message_with_it_are_watched_together() -> None:
    night = Night()
    night.loop(8)
    night.entry("interrupt", by="supervisor", reason="stuck")
    night.message("m1")
    other_calls(night, 2)
    seen = night.seen().interventions
    assert [one.effect and one.effect.calls for one in seen.others] == [2]
    assert night.effect("m1").calls == 2


def test_a_rewind_has_an_effect() -> None:
    night = Night()
    night.loop(5)
    at = night.entry("rewind", checkpoint="c1", mode="code")
    other_calls(night, 2)
    (rewind,) = night.seen().interventions.rewinds
    assert rewind.effect is not None
    assert (rewind.effect.since, rewind.effect.different) == (at, 2)
    assert rewind.effect.kind == StallKind.LOOP


def test_half_an_hour_is_watched() -> None:
    night = Night()
    night.loop(5)
    at = night.message()
    other_calls(night, 2)
    night.script.step("Read", "late.py", "late", takes=1_800.0)
    effect = night.effect()
    assert (effect.calls, effect.until) == (2, at + 1_800.0)


def test_without_trouble_there_is_none_to_end() -> None:
    night = Night()
    other_calls(night, 2)
    night.message()
    other_calls(night, 3, first=10)
    effect = night.effect()
    assert (effect.kind, effect.ended_at, effect.different) == (None, None, 3)
    assert not effect.goes_on


def plays() -> st.SearchStrategy[Sequence[int]]:
    return st.lists(st.integers(0, 5), max_size=30)


@settings(deadline=None, max_examples=80)
@given(plays(), plays())
def test_the_order_of_reading_does_not_matter(before: Sequence[int], after: Sequence[int]) -> None:
    night = Night()
    for number in before:
        night.script.step("Read", f"f{number}", "x" * number)
    night.message(by="supervisor")
    for number in after:
        night.script.step("Read", f"f{number}", "x" * number)
    effect = night.effect()
    again = night.effect(records=night.journal_first())
    assert (again.since, again.calls) == (effect.since, effect.calls)
    assert effect.calls == len(after)
    assert effect.different <= len(set(after) - set(before))
    saved = fold(night.records()).save()
    restored = NightFold.load(saved).snapshot(night.now + 1.0)
    assert restored.interventions.injections[0].effect == effect
