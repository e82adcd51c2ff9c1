"""The clocks: the machine's own agree with themselves, the fake one moves when told to."""

from __future__ import annotations

import time

import pytest

from tests.fakes import FakeClock
from tui.system.clock import Clock, SystemClock


def test_system_clock_is_the_machines() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.wall() - time.time()) < 5
    first = (clock.monotonic(), clock.boottime())
    assert clock.monotonic() >= first[0]
    assert clock.boottime() >= first[1]
    assert clock.boottime() >= clock.monotonic() - 1


def test_fake_clock_moves_all_three() -> None:
    clock = FakeClock(wall=100.0, monotonic=5.0)
    clock.advance(2.5)
    assert (clock.wall(), clock.monotonic(), clock.boottime()) == (102.5, 7.5, 7.5)


def test_sleep_stops_monotonic_only() -> None:
    clock = FakeClock(wall=100.0, monotonic=5.0)
    clock.suspend(3600)
    assert (clock.wall(), clock.monotonic(), clock.boottime()) == (3700.0, 5.0, 3605.0)


def test_setting_the_wall_clock_moves_nothing_else() -> None:
    clock = FakeClock(monotonic=5.0)
    clock.set_wall(1.0)
    assert (clock.wall(), clock.monotonic(), clock.boottime()) == (1.0, 5.0, 5.0)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
