from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.paint_governor import FPS, PaintGovernor


class Clockwork:
    """A clock and a timer that only move when told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def later(self, delay: float, call: Callable[[], None]) -> None:
        self.due.append((self.now + delay, call))

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and min(self.due, key=lambda each: each[0])[0] <= end:
            first = min(self.due, key=lambda each: each[0])
            self.due.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = end


def governed(fps: float = FPS) -> tuple[PaintGovernor, Clockwork]:
    clockwork = Clockwork()
    return PaintGovernor(fps, now=lambda: clockwork.now, later=clockwork.later), clockwork


def test_the_first_change_after_quiet_is_painted_at_once() -> None:
    governor, clockwork = governed()
    painted: list[str] = []
    governor.request(lambda: painted.append("first"))
    clockwork.advance(0)
    assert painted == ["first"]
    clockwork.advance(5)
    governor.request(lambda: painted.append("second"))
    clockwork.advance(0)
    assert painted == ["first", "second"]


@pytest.mark.parametrize("fps", [FPS, 4.0])
def test_a_thousand_changes_a_second_are_painted_at_the_rate(fps: float) -> None:
    governor, clockwork = governed(fps)
    painted: list[float] = []

    def paint() -> None:
        painted.append(clockwork.now)

    for _ in range(5000):
        governor.request(paint)
        clockwork.advance(0.001)
    assert 5 * fps - 1 <= len(painted) <= 5 * fps + 1
    assert governor.rounds == len(painted)
    clockwork.advance(1)
    assert painted[-1] >= 104.9, "the last change of a burst must be painted too"


def test_panes_changed_by_the_same_news_are_painted_together() -> None:
    governor, clockwork = governed()
    painted: list[int] = []
    paints = [lambda n=n: painted.append(n) for n in range(4)]
    for paint in (*paints, *paints):
        governor.request(paint)
    clockwork.advance(0)
    assert painted == [0, 1, 2, 3]
    assert governor.rounds == 1


def test_a_widget_that_is_gone_is_not_painted() -> None:
    governor, clockwork = governed()
    painted: list[str] = []

    def paint() -> None:
        painted.append("ghost")

    governor.request(paint)
    governor.cancel(paint)
    clockwork.advance(1)
    assert painted == []


def test_a_paint_may_ask_for_another() -> None:
    governor, clockwork = governed()
    painted: list[float] = []

    def paint() -> None:
        painted.append(clockwork.now)
        if len(painted) < 3:
            governor.request(paint)

    governor.request(paint)
    clockwork.advance(1)
    assert [round(at - 100, 3) for at in painted] == [0.0, 0.1, 0.2]


@given(st.lists(st.floats(min_value=0, max_value=0.5), max_size=60))
@settings(deadline=None)
def test_no_two_paints_are_closer_than_the_rate_allows(gaps: list[float]) -> None:
    governor, clockwork = governed()
    painted: list[float] = []
    for gap in gaps:
        governor.request(lambda: painted.append(clockwork.now))
        clockwork.advance(gap)
    clockwork.advance(1)
    rounds = sorted(set(painted))
    assert all(b - a >= 0.1 - 1e-9 for a, b in pairwise(rounds))
    assert len(painted) == len(gaps)
