"""What a person calls wrong: it counts from its time on, in whichever order the files are read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from tests.unit.night.night_loops import rounds
from tests.unit.night.night_script import Script, fold
from tui.model.journal import JournalEntry
from tui.model.records import Record
from tui.model.stall import DetectorName
from tui.night.fold import NightFold

CALL = ("Read", "a.py", "text")
OTHER = ("Read", "b.py", "other text")


def said(at: float, detector: str = DetectorName.REPEATED_CALLS) -> JournalEntry:
    return JournalEntry(at, "not_stuck", data={"detector": detector, "pattern": "x"})


def looping(times: int, call: tuple[str, str, str] = CALL) -> Script:
    script = Script()
    script.init()
    rounds(times, call)(script)
    return script


def test_a_finding_that_is_called_wrong_is_gone_at_once() -> None:
    script = looping(5)
    now = script.at or 0.0
    night = fold([*script.events, said(now + 1)])
    assert night.snapshot(now).stall is not None
    seen = night.snapshot(now + 2)
    assert seen.stall is None
    assert seen.state != "looping"
    assert [one.called_wrong_at for one in seen.circling] == [now + 1]


def test_the_same_comes_back_when_it_has_come_twice_as_often() -> None:
    script = looping(5)
    night = fold([*script.events, said((script.at or 0.0) + 0.5)])
    for times in range(6, 11):
        before = len(script.events)
        rounds(1, CALL)(script)
        night.apply(script.events[before:])
        stall = night.snapshot(script.at or 0.0).stall
        assert (stall is not None) == (times == 10), times
    assert stall is not None
    assert stall.called_wrong_at is None


def test_other_trouble_of_that_detector_needs_twice_as_much() -> None:
    script = looping(3)
    night = fold([*script.events, said((script.at or 0.0) + 0.5)])
    for times in range(1, 7):
        before = len(script.events)
        rounds(1, OTHER)(script)
        night.apply(script.events[before:])
        assert (night.snapshot(script.at or 0.0).stall is not None) == (times == 6), times


def test_other_detectors_are_as_ready_as_before() -> None:
    script = looping(3)
    night = fold([*script.events, said((script.at or 0.0) + 0.5)])
    for _ in range(8):
        script.say("I will look at the file again and then decide what to do about it.")
    night.apply(script.events)
    stall = night.snapshot(script.at or 0.0).stall
    assert stall is not None
    assert stall.detector == DetectorName.MONOLOGUE


def test_words_of_another_detector_or_of_none_change_nothing() -> None:
    script = looping(5)
    now = script.at or 0.0
    for name in ("monologue", "no such detector", ""):
        assert fold([*script.events, said(now, name)]).snapshot(now + 1).stall is not None


def test_words_of_an_earlier_night_change_nothing() -> None:
    script = looping(3)
    entry = said((script.at or 0.0) - 10_000)
    assert fold([entry, *script.events]).snapshot(script.at or 0.0).stall is not None


def told(night: NightFold, now: float) -> list[tuple[object, ...]]:
    seen = night.snapshot(now)
    stalls = [*seen.circling, *([seen.stall] if seen.stall is not None else [])]
    return [
        (one.detector, one.since, one.count, one.level, one.called_wrong_at, one.last_at)
        for one in stalls
    ]


@pytest.mark.parametrize("later", [0, 2, 6, 12])
def test_an_old_night_reads_as_the_live_one_did(later: int) -> None:
    """Live the entry comes between the events; a supervisor reads its journal first, a viewer by time."""
    script = looping(4)
    live: list[Record] = [*script.events, entry := said((script.at or 0.0) + 0.5)]
    before = len(script.events)
    rounds(later, CALL)(script)
    now = (script.at or 0.0) + 1
    live += script.events[before:]
    journal_first: Sequence[Record] = [entry, *script.events]
    journal_last: Sequence[Record] = [*script.events, entry]
    assert told(fold(live), now) == told(fold(journal_first), now)
    if not later:
        assert told(fold(live), now) == told(fold(journal_last), now)


def test_the_order_of_several_words_does_not_matter() -> None:
    script = looping(40)
    entries = [said((script.events[place].at or 0.0) + 0.5) for place in (7, 20, 33)]
    now = (script.at or 0.0) + 1
    seen = {tuple(told(fold([*each, *script.events]), now)) for each in permutations(entries)}
    assert len(seen) == 1


def test_the_same_words_twice_count_once() -> None:
    script = looping(3)
    entry = said((script.at or 0.0) + 0.5)
    night = fold([*script.events, entry, entry])
    before = len(script.events)
    rounds(6, OTHER)(script)
    night.apply(script.events[before:])
    assert night.snapshot(script.at or 0.0).stall is not None


def test_a_saved_night_keeps_what_was_called_wrong() -> None:
    script = looping(5)
    night = fold([*script.events, said((script.at or 0.0) + 0.5)])
    again = NightFold.load(night.save())
    now = (script.at or 0.0) + 1
    assert told(again, now) == told(night, now)
    before = len(script.events)
    rounds(4, CALL)(script)
    for one in (night, again):
        one.apply(script.events[before:])
        assert one.snapshot(script.at or 0.0).stall is None


def test_what_is_over_can_be_called_wrong_too() -> None:
    script = looping(5)
    script.step("Read", "c.py", "new")
    now = script.at or 0.0
    night = fold([*script.events, said(now + 1)])
    assert [one.called_wrong_at for one in night.snapshot(now + 2).circling] == [now + 1]
    before = len(script.events)
    rounds(5, OTHER)(script)
    night.apply(script.events[before:])
    assert night.snapshot(script.at or 0.0).stall is None
