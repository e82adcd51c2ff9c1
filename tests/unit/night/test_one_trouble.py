"""What several detectors see at once is one trouble, and the one that is shown stays."""

from __future__ import annotations

from tui.model.events import SourceRef
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallKind, StallLevel
from tui.night.stuck.detector_set import DetectorSet

REF = SourceRef("stream.jsonl", 0)


def finding(detector: DetectorName, level: StallLevel = StallLevel.NOTICE) -> Stall:
    return Stall(StallKind.LOOP, 10.0, ("again",), (REF,), level, 20, detector=detector)


def test_of_equals_the_one_that_is_shown_stays() -> None:
    detectors = DetectorSet()
    main = detectors.conversation("")
    main.repeated_calls.finding = finding(DetectorName.REPEATED_CALLS)
    detectors._update(main)
    main.same_error.finding = finding(DetectorName.SAME_ERROR)
    detectors._update(main)
    active = detectors.active()
    assert active is not None
    assert active.detector == DetectorName.REPEATED_CALLS


def test_a_surer_one_takes_its_place() -> None:
    detectors = DetectorSet()
    main = detectors.conversation("")
    main.repeated_calls.finding = finding(DetectorName.REPEATED_CALLS)
    detectors._update(main)
    main.same_error.finding = finding(DetectorName.SAME_ERROR, StallLevel.SUSPECTED)
    detectors._update(main)
    active = detectors.active()
    assert active is not None
    assert active.detector == DetectorName.SAME_ERROR
