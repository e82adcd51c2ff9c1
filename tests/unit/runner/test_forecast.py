"""What tonight will cost and which limit it meets first, by earlier nights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.runner.doctor import examine
from tui.runner.doctor.earlier_nights import MOST_NIGHTS, earlier_nights
from tui.runner.doctor.examine import Examination
from tui.runner.doctor.forecast import PastNight, WindowUse, forecast_night
from tui.settings.settings import Settings
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory
from tui.store.ledgers.spending import RunSpending, SpendingLedger
from tui.store.runs import RunFacts, create_run

NOW = 1_800_000_000.0
HOUR = 3600.0


def test_without_earlier_nights_only_the_limits_are_known() -> None:
    ahead = forecast_night((), now=NOW, hours=8, usd=20)
    assert (ahead.ends_at, ahead.usd, ahead.nights) == (NOW + 8 * HOUR, 20, 0)
    assert (ahead.usd_per_hour, ahead.cost_limit_at, ahead.windows) == (None, None, ())


def test_an_hour_costs_what_the_hours_of_all_nights_did() -> None:
    nights = [PastNight(8.0, 16.0), PastNight(2.0, 14.0), PastNight(5.0), PastNight(0.05, 9.0)]
    ahead = forecast_night(nights, now=NOW, hours=8, usd=12)
    assert (ahead.nights, ahead.usd_per_hour) == (2, 3.0)
    assert ahead.cost_limit_at == NOW + 4 * HOUR


def test_a_night_for_nothing_meets_no_cost_limit() -> None:
    ahead = forecast_night([PastNight(3.0, 0.0)], now=NOW, hours=None, usd=5)
    assert (ahead.usd_per_hour, ahead.cost_limit_at, ahead.ends_at) == (0.0, None, None)


@pytest.mark.parametrize(
    ("used", "resets_in", "rate", "full_in"),
    [
        (0.5, 4.0, 0.25, 2.0),  # full before it resets
        (0.5, 1.0, 0.25, 5.0),  # empty again in an hour, full four hours later
        (0.5, 1.0, 0.1, None),  # a whole window lasts longer than it is open
        (0.9, -1.0, 0.5, 2.0),  # it has reset since
        (0.9, -1.0, 0.1, None),
        (0.9, None, 0.5, 2.0),
        (1.0, 2.0, 0.5, 0.0),
        (0.5, 4.0, None, None),
        (0.5, 4.0, -0.2, None),
    ],
)
def test_a_window_of_the_plan_fills_at_the_pace_of_earlier_nights(
    used: float, resets_in: float | None, rate: float | None, full_in: float | None
) -> None:
    resets = None if resets_in is None else NOW + resets_in * HOUR
    night = PastNight(4.0, 1.0, (WindowUse("five_hour", used, NOW - HOUR, resets, rate),))
    (window,) = forecast_night([night], now=NOW, hours=8, usd=5).windows
    assert window.full_at == (None if full_in is None else pytest.approx(NOW + full_in * HOUR))


def test_the_newest_report_and_the_mean_pace_count() -> None:
    resets = NOW + 100 * HOUR
    nights = [
        PastNight(4.0, 1.0, (WindowUse("seven_day", 0.4, NOW - HOUR, resets, 0.02),)),
        PastNight(4.0, 1.0, (WindowUse("seven_day", 0.2, NOW - 25 * HOUR, resets, 0.04),)),
    ]
    (window,) = forecast_night(nights, now=NOW, hours=8, usd=5).windows
    assert window.used == 0.4
    assert window.full_at == pytest.approx(NOW + 20 * HOUR)


_UNIT = st.floats(0, 1)
_NIGHTS = st.lists(
    st.builds(
        PastNight,
        st.floats(0, 20),
        st.none() | st.floats(0, 500),
        st.tuples(
            st.builds(
                WindowUse,
                st.sampled_from(["five_hour", "seven_day", "seven_day_opus"]),
                _UNIT,
                st.floats(NOW - 1e6, NOW),
                st.none() | st.floats(NOW - 1e5, NOW + 1e6),
                st.none() | st.floats(-1, 1),
            )
        ),
    )
)


@given(_NIGHTS, st.none() | st.floats(0, 1000))
def test_no_forecast_lies_in_the_past(nights: list[PastNight], usd: float | None) -> None:
    ahead = forecast_night(nights, now=NOW, hours=8, usd=usd)
    assert ahead.cost_limit_at is None or ahead.cost_limit_at >= NOW
    assert all(one.full_at is None or one.full_at >= NOW for one in ahead.windows)
    assert (ahead.usd_per_hour is None) == (ahead.nights == 0)


# --- from the files of runs ---


class Nights:
    """A project with finished runs."""

    def __init__(self, base: Path) -> None:
        self.project = base / "project"
        self.project.mkdir()
        self.environ = {
            "HOME": str(base),
            "XDG_STATE_HOME": str(base / "state"),
            "PATH": "/usr/bin",
        }

    def add(
        self, name: str, hours: float, usd: float | None = None, command: str = "run"
    ) -> RunDirectory:
        began = NOW - 24 * HOUR
        facts = RunFacts(name, "goal", str(self.project), began, ("claude",), command)
        run = create_run(self.project, facts, Settings(), self.environ)
        end = {"reason": "done", "code": 0, "at": began + hours * HOUR, "end": "tasks_done"}
        run.end.write_text(json.dumps(end))
        if usd is not None:
            spending = RunSpending(name, str(self.project), {"2027-01-14": usd})
            SpendingLedger(self.environ).record(run, spending)
        return run

    def found(self) -> list[PastNight]:
        return earlier_nights(self.project, self.environ)


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def entry(run: RunDirectory, hours: float, kind: str, **data: object) -> None:
    JournalWriter(run.journal, lambda: NOW - 24 * HOUR + hours * HOUR).write(kind, data)


def test_a_run_tells_its_hours_and_its_cost(nights: Nights) -> None:
    nights.add("a", 4.0, 6.0)
    nights.add("simulated", 4.0, 6.0, "demo")
    (nights.add("open", 4.0, 6.0).end).unlink()
    assert nights.found() == [PastNight(4.0, 6.0)]


def test_hours_of_sleep_and_of_waiting_are_no_work(nights: Nights) -> None:
    run = nights.add("a", 8.0, 6.0)
    entry(run, 1.0, "suspended", seconds=HOUR)
    entry(run, 3.0, "restart_scheduled", delay_s=2 * HOUR)
    entry(run, 4.0, "segment_started", session="s")
    entry(run, 7.0, "restart_scheduled", delay_s=5 * HOUR)
    assert nights.found()[0].hours == pytest.approx(8 - 1 - 1 - 1)


def limit_line(used: float, resets: float) -> bytes:
    info = {
        "status": "allowed",
        "resetsAt": int(resets),
        "rateLimitType": "five_hour",
        "utilization": used,
    }
    return json.dumps({"type": "rate_limit_event", "rate_limit_info": info}).encode() + b"\n"


def test_windows_of_the_plan_are_read_with_their_pace(nights: Nights) -> None:
    run, resets = nights.add("a", 4.0, 6.0), NOW + HOUR
    first, last = limit_line(0.2, resets), limit_line(0.8, resets)
    run.stream.write_bytes(first + last)
    began = NOW - 20 * HOUR
    ends = (len(first), began), (len(first + last), began + 2 * HOUR)
    run.arrivals.write_text("".join(f"{offset} {at}\n" for offset, at in ends))
    (use,) = nights.found()[0].windows
    assert (use.window, use.used, use.resets_at) == ("five_hour", 0.8, int(resets))
    assert use.per_hour == pytest.approx(0.3)


def test_a_run_without_a_ledger_has_what_its_cli_told(nights: Nights) -> None:
    run = nights.add("a", 4.0)
    assert nights.found()[0].usd is None
    costs = [{"type": "result", "subtype": "success", "total_cost_usd": usd} for usd in (1.5, 2.5)]
    run.stream.write_text("".join(json.dumps(one) + "\n" for one in costs))
    assert nights.found()[0].usd == 2.5


def test_the_newest_few_count(nights: Nights) -> None:
    for number in range(MOST_NIGHTS + 3):
        nights.add(f"r{number:02}", 4.0, 6.0)
    assert len(nights.found()) == MOST_NIGHTS


def test_the_doctor_says_which_limit_comes_first(nights: Nights) -> None:
    nights.add("a", 1.0, 40.0)
    examination = Examination(nights.project, nights.environ, NOW)
    found = {one.name: one for one in examination.checks()}
    assert found["forecast"].state == "warn"
    assert "$40.00 an hour, by 1 earlier night: the cost limit is hit" in found["forecast"].text
    assert examination.forecast.nights == 1
    assert examine._CHECKS
