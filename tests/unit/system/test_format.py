"""Durations, times, money, sizes and counts as text."""

from __future__ import annotations

import pytest

from tui.system import format as system_format


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0s"),
        (18.24, "18.2s"),
        (99.96, "1m40s"),
        (252, "4m12s"),
        (3599.6, "1h00m"),
        (11520, "3h12m"),
        (200_000, "55h33m"),
        (500_000, "5d18h"),
        (-3, "0.0s"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert system_format.format_duration_short(seconds) == words
    assert len(words) <= 6


def test_clocks_and_ages() -> None:
    assert system_format.format_clock(8047.9) == "02:14:07"
    assert system_format.format_clock(8047.9, seconds=False) == "02:14"
    assert system_format.format_clock(None) == " " * 8
    assert system_format.format_clock(1e30) == "?" * 8
    assert [system_format.format_age(s) for s in (1, 40, 540, 7200, 90_000_0)] == [
        "now",
        "40s",
        "9m",
        "2h",
        "10d",
    ]
    assert [system_format.format_idle(s) for s in (4, 750, 3900)] == ["0:04", "12:30", "1h05m"]
    assert [system_format.format_running(s) for s in (0.4, 47.9, 252)] == ["0s", "47s", "4m12s"]


def test_amounts() -> None:
    assert [system_format.format_money(m) for m in (0, 0.004, 0.005, 12.4, 1240.2)] == [
        "$0.00",
        "<$0.01",
        "$0.01",
        "$12.40",
        "$1,240",
    ]
    assert [system_format.format_number(n) for n in (940, 12_400, 3_100_000, 250_000)] == [
        "940",
        "12.4k",
        "3.1M",
        "250k",
    ]
    assert [
        system_format.format_size_long(n) for n in (812, 4_100, 999_960, 2_500_000_000_000)
    ] == [
        "812 B",
        "4.1 kB",
        "1000.0 kB",
        "2,500 GB",
    ]
    assert [system_format.format_size(n) for n in (812, 4_100, 412_000_000, 1_200_000_000)] == [
        "812 B",
        "4.1 kB",
        "412 MB",
        "1.2 GB",
    ]
