"""A stall that a person called wrong is not held against the night, and its moments say so."""

from __future__ import annotations

import pytest

from tests.unit.night.night_loops import rounds
from tests.unit.night.night_script import Script, fold
from tui.model.journal import JournalEntry
from tui.model.review import Review
from tui.night.review.build import assemble_review
from tui.night.review.verdict import ReviewInputs
from tui.night.usage.bill import spending


def reviewed(called_wrong: bool) -> Review:
    script = Script()
    script.init()
    script.prompt()
    script.step("Edit", "a.py", "updated", path="a.py")
    rounds(12, ("Grep", "needle", "no match"))(script)
    now = script.at or 0.0
    said = JournalEntry(now + 0.5, "not_stuck", data={"detector": "repeated_calls"})
    script.step("Read", "b.py", "new")
    night = fold([*script.events, *([said] if called_wrong else [])])
    snapshot = night.snapshot((script.at or 0.0) + 1)
    inputs = ReviewInputs(
        night.evidence_log(), night.wasted_work(), spending(night.accounts, snapshot.cost.usd)
    )
    return assemble_review(snapshot, inputs)


def test_it_is_held_against_the_night_until_a_person_says_that_it_is_none() -> None:
    held = reviewed(called_wrong=False)
    assert len(held.stalls) == 1
    assert [waste.kind for waste in held.wasted] == ["loop"]
    assert any("Grep needle" in item.what for item in held.attention)


@pytest.mark.parametrize("what", ["stalls", "wasted", "attention"])
def test_called_wrong_it_is_not(what: str) -> None:
    review = reviewed(called_wrong=True)
    if what == "attention":
        assert not any("Grep needle" in item.what for item in review.attention)
    else:
        assert getattr(review, what) == ()


def test_the_moments_say_who_said_so_and_of_what() -> None:
    (moment,) = [one for one in reviewed(called_wrong=True).moments if one.kind == "stall"]
    assert moment.label.startswith("a person said that this is not stuck: Grep needle")
    assert moment.ref is not None
