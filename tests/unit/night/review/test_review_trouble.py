"""What held a night up: each trouble once, each minute once, its causes, the reasons of the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.unit.night.night_script import Script, fold
from tui.model.events import SourceRef, TokenUsage
from tui.model.evidence.log import TestSummary
from tui.model.permissions.refusals import Refusals
from tui.model.review import Ending, Reason, TaskChanges, WasteItem
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall, StallStep, StallWaste
from tui.model.state import EndKind, StallKind, StallLevel
from tui.night.evidence.wasted_work import WastedWork
from tui.night.review.causes import find_causes
from tui.night.review.trouble import (
    LostTime,
    Span,
    find_stalls,
    find_waste,
    lost_seconds,
    priced_stalls,
)
from tui.night.review.verdict import VerdictInputs, judge_night
from tui.night.usage.bill import SpendingCurve

USAGE = TokenUsage(1_000, 1_000, 0, 0, 0)
# A dollar at each whole minute.
CURVE = SpendingCurve(
    tuple(60.0 * n for n in range(1, 200)), tuple(map(float, range(1, 200))), True
)


def place(number: int) -> SourceRef:
    return SourceRef("s", number)


def circling(kind: StallKind, since: float, until: float, **more: Any) -> Stall:
    facts: dict[str, Any] = {
        "evidence": (f"{kind} since {since:.0f}",),
        "refs": (place(int(since)),),
        "last_at": until,
        "count": 5,
        "level": StallLevel.SUSPECTED,
        "detector": DetectorName.SAME_ERROR,
    }
    return Stall(kind, since, **(facts | more))


REFUSED = DetectorName.REFUSED_CALLS


def priced(*stalls: Stall) -> tuple[tuple[Stall, ...], LostTime]:
    lost = LostTime()
    return priced_stalls(stalls, CURVE, lost), lost


def test_no_minute_counts_twice() -> None:
    one = circling(StallKind.SAME_ERROR, 600.0, 1800.0)
    other = circling(StallKind.REFUSED, 1200.0, 2400.0, detector=REFUSED)
    (first, second), lost = priced(one, other)
    assert first.waste is not None
    assert second.waste is not None
    assert first.waste.seconds == 1200.0
    assert second.waste.seconds == pytest.approx(600.0, abs=0.01)
    assert first.waste.usd == pytest.approx(21.0)
    assert second.waste.usd == pytest.approx(10.0)
    assert CURVE.between(600.0, 2400.0) == 21.0 + 10.0
    assert lost.holds(900.0)
    assert not lost.holds(2500.0)


def test_the_surest_trouble_counts_first() -> None:
    one = circling(StallKind.SAME_ERROR, 600.0, 1800.0)
    sure = circling(StallKind.REFUSED, 1200.0, 2400.0, level=StallLevel.STUCK)
    (first, second), _ = priced(one, sure)
    assert lost_seconds(second) == 1200.0
    assert lost_seconds(first) == pytest.approx(600.0, abs=0.01)


def test_what_was_spent_on_the_way_to_progress_is_not_lost() -> None:
    waste = StallWaste(4, 300.0, 1500.0)
    (stall,), _ = priced(circling(StallKind.REFUSED, 600.0, 1800.0, waste=waste))
    assert lost_seconds(stall) == 300.0
    assert stall.waste is not None
    assert stall.waste.calls == 4


def texts(reasons: Iterable[Reason]) -> list[str]:
    return [reason.text for reason in reasons]


def test_a_person_who_says_not_stuck_takes_it_out_of_everything() -> None:
    wrong = circling(StallKind.SAME_ERROR, 0.1, 7200.0, called_wrong_at=5000.0)
    (stall,), lost = priced(wrong)
    assert lost_seconds(stall) == 0.0
    assert find_causes((stall,), (), Refusals()) == ()
    assert find_waste((stall,), WastedWork(), CURVE, lost, False) == ()
    assert not any("Stuck" in reason.text for reason in judge_night(facts(stall))[1])


def test_what_has_no_price_is_unknown_not_nothing() -> None:
    stalls = priced_stalls(
        (circling(StallKind.SAME_ERROR, 600.0, 1800.0),), SpendingCurve(), LostTime()
    )
    assert stalls[0].waste is not None
    assert stalls[0].waste.usd is None


@pytest.mark.parametrize(
    ("taken", "asked", "rest"),
    [
        ([], (0.0, 10.0), [(0.0, 10.0)]),
        ([(0.0, 10.0)], (0.0, 10.0), []),
        ([(4.0, 6.0)], (0.0, 10.0), [(0.0, 4.0), (6.0, 10.0)]),
        ([(-5.0, 4.0), (8.0, 20.0)], (0.0, 10.0), [(4.0, 8.0)]),
        ([(0.0, 10.0)], (10.0, 5.0), []),
    ],
)
def test_spans(
    taken: list[tuple[float, float]], asked: tuple[float, float], rest: list[tuple[float, float]]
) -> None:
    lost = LostTime([Span(*one) for one in taken])
    found = lost.rest_of(*asked)
    assert [pytest.approx(one, abs=0.01) for one in rest] == [tuple(one) for one in found]


# --- one trouble is one entry ---


def night(*found: Stall) -> NightSnapshot:
    from msgspec import structs

    script = Script()
    script.init()
    return structs.replace(fold(script.events).snapshot(1e9), circling=found)


def test_one_trouble_that_several_detectors_saw_is_one_entry() -> None:
    calls = circling(StallKind.LOOP, 600.0, 1800.0, refs=(place(1), place(2)))
    errors = circling(
        StallKind.SAME_ERROR, 500.0, 1700.0, refs=(place(2), place(3)), level=StallLevel.STUCK
    )
    other = circling(StallKind.SAME_ERROR, 600.0, 1800.0, refs=(place(9),))
    later = circling(StallKind.LOOP, 2600.0, 2800.0, refs=(place(1),))
    found = find_stalls(night(calls, errors, other, later))
    assert [(one.kind, one.since, one.last_at) for one in found] == [
        (StallKind.SAME_ERROR, 500.0, 1800.0),
        (StallKind.SAME_ERROR, 600.0, 1800.0),
        (StallKind.LOOP, 2600.0, 2800.0),
    ]


def test_causes_carry_every_kind_and_join_what_came_again() -> None:
    refused = circling(
        StallKind.REFUSED, 100.0, 200.0, pattern="pytest", detector=REFUSED, count=12
    )
    again = circling(
        StallKind.REFUSED, 900.0, 950.0, pattern="pytest", detector=REFUSED, count=4,
        steps=(StallStep(900.0, "a", "b", place(901)), StallStep(950.0, "a", "b", place(950))),
    )  # fmt: skip
    error = circling(StallKind.SAME_ERROR, 300.0, 400.0, pattern="ENOSPC", count=7)
    nameless = [circling(StallKind.NO_PROGRESS, at, at + 9, count=5) for at in (500.0, 600.0)]
    silence = Stall(StallKind.SILENT_API, 700.0, ("nothing",), last_at=800.0)
    causes = find_causes((refused, error, *nameless, silence, again), (), Refusals())
    assert [cause.count for cause in causes] == [16, 7, 5, 5]
    assert causes[0].what == "refused since 100, and 1 more of the kind"
    assert (causes[0].first, causes[0].last) == (place(100), place(950))


# --- what the page says ---


def facts(*stalls: Stall, end: EndKind = EndKind.TASKS_DONE) -> VerdictInputs:
    return VerdictInputs(
        ending=Ending(end, "All tasks are done"),
        tasks=TaskChanges(done=("one",)),
        tests=TestSummary(),
        claims=(),
        risks=(),
        stalls=stalls,
        commits=0,
        changed_files=0,
        edits=0,
    )


def test_a_stuck_hour_is_a_reason_and_does_not_change_the_verdict() -> None:
    stuck, _ = priced(circling(StallKind.SAME_ERROR, 60.0, 3700.0))
    verdict, reasons = judge_night(facts(*stuck))
    assert verdict == judge_night(facts())[0] == "keep"
    assert "Stuck for 1 h in all: same_error since 60." in texts(reasons)
    assert len(reasons) <= 3
    verdict, reasons = judge_night(facts(*stuck, end=EndKind.CRASH))
    assert verdict == "look"
    assert any(reason.text.startswith("Stuck for 1 h") for reason in reasons)


def test_less_than_an_hour_is_no_reason_and_silences_count_too() -> None:
    brief, _ = priced(circling(StallKind.SAME_ERROR, 60.0, 3000.0))
    assert not any("Stuck" in reason.text for reason in judge_night(facts(*brief))[1])
    silence = Stall(StallKind.SILENT_API, 4000.0, ("nothing for 20 minutes",), last_at=5200.0)
    both = judge_night(facts(*brief, silence))[1]
    assert "Stuck for 1 h 9 min in all: same_error since 60." in texts(both)
    waits = Stall(StallKind.LIMIT_WAIT, 4000.0, ("a limit",), last_at=9200.0, waiting=True)
    assert not any("Stuck" in reason.text for reason in judge_night(facts(waits))[1])


def test_waste_is_named_by_its_kind() -> None:
    stalls, lost = priced(
        circling(StallKind.REFUSED, 600.0, 1200.0, detector=REFUSED),
        circling(StallKind.NO_PROGRESS, 1300.0, 1400.0),
    )
    found: list[WasteItem] = list(find_waste(stalls, WastedWork(), CURVE, lost, False))
    assert [item.kind for item in found] == ["refused", "no_progress"]


def test_one_mark_for_each_trouble_at_the_moment_it_was_noticed() -> None:
    script = Script()
    script.init()
    script.prompt()
    noticed = 0.0
    for number in range(8):
        script.step("Bash", "make check", "boom", error=True)
        noticed = (script.at or 0.0) if number == 2 else noticed
    snapshot = fold(script.events).snapshot((script.at or 0.0) + 1)
    (mark,) = [mark for mark in snapshot.timeline.marks if mark.kind == "loop"]
    assert mark.at == noticed
    assert "8 times" in mark.label
    assert snapshot.circling[-1].noticed_at == noticed
