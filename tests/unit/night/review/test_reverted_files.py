"""After a person's rewind the last tests are not of the files as they are now."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.night.review.review_sample import sample
from tests.unit.night.review.review_sample_night import at
from tests.unit.night.review.test_review_verdict import GOOD
from tui.model.events import SourceRef
from tui.model.evidence.log import TestRun, TestSummary
from tui.model.interventions import RewindRecord
from tui.model.snapshot import NightSnapshot
from tui.night.review.verdict import judge_night, reverted_files

BACK = RewindRecord(at(200), "c2", "code", False, 3, 1)
UNDONE = RewindRecord(at(210), "c6", "code", True, 3, 1)


def night(*rewinds: RewindRecord, tested: float = 100) -> NightSnapshot:
    run = TestRun(at(tested), "t", "pytest", 1, 0, "green", SourceRef("s", 0))
    told = replace(sample().night.interventions, rewinds=rewinds)
    return replace(sample().night, interventions=told, tests=TestSummary("green", (run,), 1))


def test_files_brought_back_after_the_tests_are_told() -> None:
    said = reverted_files(night(BACK))
    assert "brought back to c2" in said
    judged, reasons = judge_night(replace(GOOD, reverted=said))
    assert (judged, reasons[0].text) == ("look", said + ".")


@pytest.mark.parametrize(
    "known",
    [
        night(),
        night(BACK, UNDONE),
        night(BACK, tested=250),
        night(replace(BACK, mode="conversation")),
        night(replace(BACK, written=0, deleted=0)),
    ],
)
def test_undone_tested_or_empty_is_no_matter(known: NightSnapshot) -> None:
    assert reverted_files(known) == ""
