"""Levels: by the evidence of a detector, and by what the trouble has cost since the last progress."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.night_script import MODEL, Script, night
from tui.model.events import TokenUsage
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall, StallWaste
from tui.model.state import SessionState, StallKind, StallLevel
from tui.night.stuck.levels import judged
from tui.night.usage.accounts import CostAccounts
from tui.night.usage.bill import spent_since
from tui.night.usage.prices import PICO, PriceTable

NOTICE, SUSPECTED, STUCK = StallLevel.NOTICE, StallLevel.SUSPECTED, StallLevel.STUCK
HOUR = 3600.0
_RATES = PriceTable().rates(MODEL)
assert _RATES is not None
OUTPUT_PRICE = _RATES.cost(0, 1_000_000, 0, 0, 0) / PICO / 1_000_000
"""USD for a token of output."""


def level(
    evidence: StallLevel,
    calls: int,
    seconds: float,
    *,
    count: int = 3,
    lasts: float | None = None,
    usd: float | None = None,
    waiting: bool = False,
) -> StallLevel:
    """The level of a trouble that goes on for `lasts` seconds of the `seconds` without progress."""
    own = seconds if lasts is None else lasts
    finding = Stall(
        StallKind.LOOP,
        1000.0 - own,
        ("evidence",),
        level=evidence,
        count=count,
        waiting=waiting,
        last_at=1000.0,
        detector=DetectorName.REPEATED_CALLS,
    )
    return judged(finding, StallWaste(calls, seconds, 1000.0 - seconds, usd=usd)).level


@pytest.mark.parametrize(
    ("evidence", "calls", "seconds", "expected"),
    [
        (NOTICE, 3, 9.0, NOTICE),
        (SUSPECTED, 3, 600.0, NOTICE),
        (SUSPECTED, 4, 9.0, SUSPECTED),
        (STUCK, 3, 600.0, NOTICE),
        (STUCK, 7, 600.0, SUSPECTED),
        (STUCK, 8, 119.0, SUSPECTED),
        (STUCK, 8, 120.0, STUCK),
        (STUCK, 16, 20.0, STUCK),
        (STUCK, 16, 0.0, STUCK),
    ],
)
def test_what_cost_little_is_held_back(
    evidence: StallLevel, calls: int, seconds: float, expected: StallLevel
) -> None:
    assert level(evidence, calls, seconds) == expected


@pytest.mark.parametrize(
    ("calls", "seconds", "usd", "expected"),
    [
        (39, HOUR, None, NOTICE),
        (40, HOUR / 2 - 1, None, NOTICE),
        (40, HOUR / 2, None, SUSPECTED),
        (9, 600.0, 1.99, NOTICE),
        (9, 600.0, 2.0, SUSPECTED),
        (900, 9 * HOUR, 90.0, SUSPECTED),
    ],
)
def test_what_cost_much_is_suspected_but_never_more(
    calls: int, seconds: float, usd: float | None, expected: StallLevel
) -> None:
    assert level(NOTICE, calls, seconds, usd=usd) == expected


def test_what_was_spent_before_the_trouble_raises_nothing() -> None:
    assert level(NOTICE, 80, HOUR, lasts=HOUR / 2 - 1, usd=9.0) == NOTICE
    assert level(NOTICE, 80, HOUR, lasts=HOUR / 2, usd=9.0) == SUSPECTED


def test_what_only_time_ends_is_never_more_than_noticed() -> None:
    for evidence in (NOTICE, SUSPECTED, STUCK):
        assert level(evidence, 500, 5 * HOUR, usd=50.0, waiting=True) == NOTICE


def test_words_without_a_call_cost_rounds() -> None:
    assert level(STUCK, 0, 300.0, count=8) == STUCK
    assert level(SUSPECTED, 0, 300.0, count=3) == NOTICE


@given(
    st.sampled_from((NOTICE, SUSPECTED, STUCK)),
    st.integers(0, 100),
    st.floats(0, 1e5),
    st.none() | st.floats(0, 100),
)
def test_a_level_is_found_once(
    evidence: StallLevel, calls: int, seconds: float, usd: float | None
) -> None:
    """Judging again changes nothing, more waste lowers nothing, and stuck needs the evidence."""
    first = level(evidence, calls, seconds, usd=usd)
    assert level(first, calls, seconds, usd=usd) == first
    assert level(evidence, calls + 1, seconds, usd=usd).rank >= first.rank
    assert first != STUCK or evidence == STUCK


# --- dollars ---


def circling(rounds: int, output: int, model: str = MODEL) -> NightSnapshot:
    """A prompt, a dear answer, a commit, then one call again and again in answers of `output` tokens."""
    script = Script()
    script.init(model=model)
    script.prompt()
    script.say("a dear plan", usage=TokenUsage(0, 90_000), final=True, model=model, stop="tool_use")
    script.prompt("now do it", after=5.0)
    for _ in range(rounds):
        use = script.use("Bash", "make")
        script.say("", 20.0, tools=(use,), usage=TokenUsage(0, output), final=True, model=model)
        script.answer(use.id, "no rule", 10.0, error=True)
    return night(script)


def test_while_it_circles_it_says_what_it_cost_since_the_last_progress() -> None:
    snapshot = circling(3, 1000)
    stall = snapshot.stall
    assert stall is not None and stall.waste is not None
    assert stall.level == NOTICE
    assert stall.waste.usd == pytest.approx(3 * 1000 * OUTPUT_PRICE)
    assert snapshot.circling == (stall,)


def test_dollars_raise_a_notice_and_with_it_the_state() -> None:
    tokens = round(0.7 / OUTPUT_PRICE)
    snapshot = circling(3, tokens)
    assert snapshot.stall is not None
    assert (snapshot.stall.level, snapshot.activity.state) == (SUSPECTED, SessionState.LOOPING)
    assert circling(3, tokens // 2).activity.state == SessionState.WORKING


def test_without_a_price_the_cost_is_not_known() -> None:
    snapshot = circling(3, 1000, model="nobody-knows-it")
    assert snapshot.stall is not None and snapshot.stall.waste is not None
    assert snapshot.stall.waste.usd is None


def test_spending_is_read_back_over_answers_in_another_order() -> None:
    """Sources interleave: an older answer among newer ones does not end the search."""
    accounts = CostAccounts(PriceTable())
    times = [10.0, 50.0, 20.0, 60.0, 30.0, 70.0]
    for number, at in enumerate(times):
        usage = TokenUsage(0, 1000)
        accounts.responses.add(f"m{number}", "", MODEL, usage, True, at, 0, 0)
    assert spent_since(accounts, 40.0) == pytest.approx(3 * 1000 * OUTPUT_PRICE)
    assert spent_since(accounts, 100.0) is None
