""""""

from __future__ import annotations

from datetime import date

import pytest

from tui.model.events import TokenUsage
from tui.night.usage.prices import (
    LONG_PROMPTS,
    PRICED_ON,
    TABLE,
    Price,
    PriceTable,
    plain_model,
    usual_window,
)


def usd(model: str, usage: TokenUsage, prices: PriceTable | None = None) -> float | None:
    rates = (prices or PriceTable()).rates(model)
    if rates is None:
        return None
    return (
        rates.cost(
            usage.input,
            usage.output,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.cache_read,
        )
        / 10**12
    )


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("claude-opus-4-6[1m]", "claude-opus-4-6"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("anthropic/claude-opus-5-5", "claude-opus-5-5"),
        ("us.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("claude-opus-4-6@default", "claude-opus-4-6"),
        ("glm-5.1", "glm-5.1"),
        ("nvidia/nemotron:free", "nvidia/nemotron:free"),
    ],
)
def test_names_lose_what_does_not_matter(model: str, name: str) -> None:
    assert plain_model(model) == name


def test_the_arithmetic_of_a_recorded_session() -> None:
    usage = TokenUsage(input=72, output=185, cache_write_5m=1800, cache_read=76985)
    assert usd("claude-opus-5-5", usage) == pytest.approx(0.028385, abs=1e-12)


def test_the_arithmetic_of_an_older_recorded_session() -> None:
    usage = TokenUsage(input=27, output=8158, cache_write_5m=78009, cache_read=1920483)
    assert usd("claude-opus-4-6", usage) == pytest.approx(1.65188275, abs=1e-12)


def test_one_hour_writes_cost_more() -> None:
    assert usd("claude-opus-5-5", TokenUsage(cache_write_1h=1_000_000)) == pytest.approx(8.0)
    assert usd("claude-opus-5-5", TokenUsage(cache_write_5m=1_000_000)) == pytest.approx(5.0)


def test_a_long_prompt_costs_more_in_every_part() -> None:
    assert usd("claude-haiku-5-5", TokenUsage(input=100_000, output=1_000)) == pytest.approx(0.0105)
    assert usd("claude-haiku-5-5", TokenUsage(input=100_001, output=1_000)) == pytest.approx(
        0.0525005
    )


@pytest.mark.parametrize(
    "model", ["glm-5.1", "deepseek-v4-pro", "", "claude", "claude-opus-5-7", "claude-opus-4-10"]
)
def test_nobody_guesses_a_price(model: str) -> None:
    assert PriceTable().rates(model) is None


def test_settings_override_and_add() -> None:
    prices = PriceTable({"glm-5.1": Price(1, 2, 3, 4, 5), "claude-opus-5-5": Price(9, 9, 9, 9, 9)})
    assert usd("glm-5.1", TokenUsage(output=1_000_000), prices) == pytest.approx(2.0)
    assert usd("us.anthropic.claude-opus-5-5-v1:0", TokenUsage(1_000_000), prices) == pytest.approx(
        9.0
    )
    assert prices.mark != PriceTable().mark


def test_the_table_is_dated_and_whole() -> None:
    assert date.fromisoformat(PRICED_ON) >= date(2026, 10, 1)
    assert LONG_PROMPTS.keys() <= TABLE.keys()
    for price in TABLE.values():
        assert 0 < price.cache_read < price.input < price.cache_write_5m < price.cache_write_1h
        assert price.output > price.input


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("claude-opus-5-5", 1_000_000),
        ("claude-opus-4-6", 200_000),
        ("claude-opus-4-6[1m]", 1_000_000),
        ("claude-haiku-4-5-20251001", 200_000),
        ("something-else", 200_000),
    ],
)
def test_usual_windows(model: str, window: int) -> None:
    assert usual_window(model) == window
