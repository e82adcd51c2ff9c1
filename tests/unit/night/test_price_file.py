"""Prices in LiteLLM's format: read with bounds, found by the names that records use."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.night_script import Script
from tui.model.events import TokenUsage
from tui.night.fold import NightFold
from tui.night.usage.price_file import PriceFile, PriceFileError, read_prices
from tui.night.usage.prices import PICO, Price, PriceTable, TokenRates

MILLION = 1_000_000
OPUS = {
    "input_cost_per_token": 7e-06,
    "output_cost_per_token": 3.5e-05,
    "cache_creation_input_token_cost": 8e-06,
    "cache_creation_input_token_cost_above_1hr": 1.3e-05,
    "cache_read_input_token_cost": 7e-07,
    "max_input_tokens": 300_000,
}


def table(prices: Any = None, **models: Any) -> PriceTable:
    data = json.dumps({name.replace("__", "/"): facts for name, facts in models.items()})
    return PriceTable(prices, PriceFile(read_prices(data.encode()), "2026-11-01 (p.json", "m"))


def million(rates: TokenRates | None) -> tuple[float, ...]:
    """USD for a million tokens of each kind."""
    assert rates is not None
    return tuple(each * MILLION / PICO for each in rates.each)


def test_an_entry_prices_all_five_kinds() -> None:
    rates = table(**{"claude-opus-5-5": OPUS}).rates("claude-opus-5-5")
    assert million(rates) == pytest.approx((7, 35, 8, 13, 0.7))


def test_the_file_goes_before_the_built_in_table_and_own_prices_before_the_file() -> None:
    own = {"claude-opus-5-5": Price(1, 2, 3, 4, 5)}
    assert million(table(own, **{"claude-opus-5-5": OPUS}).rates("claude-opus-5-5"))[0] == 1
    assert million(table(**{"glm-5.1": OPUS}).rates("claude-opus-5-5"))[0] == 4


@pytest.mark.parametrize(
    "model",
    [
        "glm-5.1",
        "GLM-5.1",
        "zai/glm-5.1",
        "us.anthropic.claude-opus-9-20270101-v1:0",
        "claude-opus-9[1m]",
        "claude-opus-9@20270101",
    ],
)
def test_names_of_records_find_their_entry(model: str) -> None:
    entries = {"zai/glm-5.1": OPUS, "claude-opus-9-20270101": OPUS}
    assert million(table(**entries).rates(model))[0] == 7


def test_providers_that_ask_differently_leave_a_bare_name_without_a_price() -> None:
    dear = OPUS | {"input_cost_per_token": 9e-06}
    prices = table(**{"zai/glm-5.1": OPUS, "openrouter/z-ai/glm-5.1": dear})
    assert prices.rates("glm-5.1") is None
    assert million(prices.rates("zai/glm-5.1"))[0] == 7
    assert (prices.choices("glm-5.1"), prices.choices("zai/glm-5.1")) == (2, 0)
    fold = NightFold(prices)
    script = Script()
    script.say("x", usage=TokenUsage(10), model="glm-5.1")
    fold.apply(script.events)
    assert "prices_file has 2 different ones" in fold.snapshot(0.0).cost.reason


def test_a_longer_prompt_has_the_price_of_its_tier() -> None:
    tier = {"input_cost_per_token_above_200k_tokens": 1.4e-05}
    rates = table(**{"m": OPUS | tier}).rates("m")
    assert rates is not None
    assert rates.cost(200_000, 0, 0, 0, 0) == 200_000 * 7_000_000
    assert rates.cost(200_001, 1, 0, 0, 0) == 200_001 * 14_000_000 + 35_000_000


def test_what_an_entry_leaves_out() -> None:
    bare = {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
    assert million(table(**{"m": bare}).rates("m")) == pytest.approx((1, 2, 1, 1, 1))
    claude = bare | {"cache_creation_input_token_cost": 1.25e-06}
    assert million(table(**{"claude-x-1": claude}).rates("claude-x-1"))[2:4] == pytest.approx(
        (1.25, 2)
    )


def test_fast_mode_window_and_searches_are_taken_from_the_file() -> None:
    facts = OPUS | {
        "provider_specific_entry": {"fast": 3.0},
        "search_context_cost_per_query": {"search_context_size_medium": 0.02},
    }
    prices = table(**{"claude-opus-5-5": facts})
    fast = prices.rates("claude-opus-5-5", ("fast",))
    assert million(fast)[0] == pytest.approx(21)
    assert fast is not None
    assert fast.search == PICO // 50
    assert prices.window("claude-opus-5-5") == 300_000
    assert prices.window("claude-opus-5-5[1m]") == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"[]", "is no object"),
        (b"{}", "has no model"),
        (b'{"m": {"mode": "chat"}}', "has no model"),
        (b'{"m": {"input_cost_per_token": "1", "output_cost_per_token": 1e-6}}', "has no model"),
        (b'{"m": {"input_cost_per_token": -1, "output_cost_per_token": 1e-6}}', "has no model"),
        (b'{"m": {"input_cost_per_token": 3, "output_cost_per_token": 15}}', "has no model"),
        (b'{"sample_spec": {"input_cost_per_token": 0, "output_cost_per_token": 0}}', "no model"),
    ],
)
def test_a_file_without_prices_says_why(data: bytes, why: str) -> None:
    with pytest.raises(PriceFileError, match=why):
        read_prices(data)


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
)
_KEYS = st.sampled_from(
    (
        *OPUS,
        "input_cost_per_token_above_128k_tokens",
        "provider_specific_entry",
        "search_context_cost_per_query",
    )
)


@given(st.dictionaries(st.text(max_size=12), st.dictionaries(_KEYS, _VALUES) | _VALUES))
def test_whatever_a_file_holds_its_prices_are_none_or_sums_that_make_sense(models: Any) -> None:
    try:
        entries = read_prices(msgspec.json.encode(models))
    except PriceFileError:
        return
    for entry in filter(None, map(entries.get, entries)):
        assert all(0 <= rate <= 2 * PICO for rate in (*entry.rates.each, *entry.rates.long))
        assert entry.rates.cost(1, 2, 3, 4, 5) >= 0
        assert entry.window >= 0
