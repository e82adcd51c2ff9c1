"""What changes the price of a response beside its tokens: from the record to the bill."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.snapshot import Cost, NightSnapshot
from tui.night.fold import NightFold
from tui.night.usage.prices import Price, PriceTable

TOKENS = {
    "input_tokens": 1_000,
    "output_tokens": 100,
    "cache_creation_input_tokens": 1_000_000,
    "cache_read_input_tokens": 0,
}
PLAIN = 1_000 * 5e-6 + 100 * 25e-6 + 6.25


def answer(
    usage: dict[str, Any], model: str = "claude-opus-4-8", number: int = 1, **more: Any
) -> Any:
    message = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": "x"}],
        "stop_reason": "end_turn",
        "usage": usage,
    }
    return {"type": "assistant", "uuid": f"u{number}", "sessionId": "s", "message": message} | more


def night(*records: Any, prices: PriceTable | None = None) -> NightSnapshot:
    data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    fold = NightFold(prices)
    fold.apply(ClaudeDecoder("t.jsonl").decode(data, 0).events)
    again = NightFold.load(fold.save(), prices)
    assert again.snapshot(0.0).cost == fold.snapshot(0.0).cost
    return fold.snapshot(0.0)


def cost(*records: Any, prices: PriceTable | None = None) -> Cost:
    return night(*records, prices=prices).cost


def test_web_searches_cost_ten_dollars_a_thousand_and_fetches_nothing() -> None:
    tools = {"web_search_requests": 3, "web_fetch_requests": 7}
    assert cost(answer(TOKENS | {"server_tool_use": tools})).usd == pytest.approx(PLAIN + 0.03)


def test_a_search_is_counted_once_for_all_records_of_a_response() -> None:
    usage = TOKENS | {"server_tool_use": {"web_search_requests": 2}}
    records = [answer(usage, uuid=f"u{n}") for n in range(3)]
    assert cost(*records).usd == pytest.approx(PLAIN + 0.02)


@pytest.mark.parametrize(
    ("model", "factor"),
    [("claude-opus-5", 2), ("claude-opus-4-8", 2), ("claude-opus-4-7", 6), ("claude-opus-4-6", 6)],
)
def test_fast_mode_costs_what_is_documented(model: str, factor: int) -> None:
    assert cost(answer(TOKENS | {"speed": "fast"}, model)).usd == pytest.approx(PLAIN * factor)


def test_fast_mode_of_a_model_without_a_factor_has_no_price() -> None:
    found = cost(answer(TOKENS | {"speed": "fast"}, "claude-sonnet-5"))
    assert found.usd is None
    assert "no price for fast mode of claude-sonnet-5 (1 answer)" in found.reason


def test_the_batch_tier_costs_half() -> None:
    assert cost(answer(TOKENS | {"service_tier": "batch"})).usd == pytest.approx(PLAIN / 2)


HOUR = TOKENS | {
    "cache_creation": {"ephemeral_1h_input_tokens": 1_000_000, "ephemeral_5m_input_tokens": 0}
}


@pytest.mark.parametrize(
    ("version", "usd"),
    [("2.1.39", PLAIN), ("2.1.80", PLAIN), ("2.1.197", PLAIN + 3.75), ("x", PLAIN + 3.75)],
)
def test_one_hour_writes_cost_what_the_cli_of_that_version_says(version: str, usd: float) -> None:
    assert cost(answer(HOUR, version=version)).usd == pytest.approx(usd)
    begins = {
        "type": "system",
        "subtype": "init",
        "session_id": "s",
        "claude_code_version": version,
    }
    assert cost(begins, answer(HOUR)).usd == pytest.approx(usd)


ADVICE = {
    "type": "advisor_message",
    "model": "claude-haiku-4-5",
    "input_tokens": 1_000_000,
    "output_tokens": 0,
}


def test_an_advisor_is_billed_apart_to_its_own_model() -> None:
    usage = TOKENS | {"iterations": [TOKENS | {"type": "message"}, ADVICE]}
    found = cost(answer(usage), answer(usage, uuid="u2"))
    assert found.usd == pytest.approx(PLAIN + 1.0)
    assert {one.model: one.usd for one in found.by_model}["claude-haiku-4-5"] == pytest.approx(1.0)


def test_several_passes_fill_the_window_once_and_each_has_its_own_tier() -> None:
    one = {"type": "message", "input_tokens": 90_000, "output_tokens": 0}
    usage = {"input_tokens": 180_000, "output_tokens": 0, "iterations": [one, one]}
    found = night(answer(usage, "claude-haiku-5-5"))
    assert found.cost.usd == pytest.approx(180_000 * 0.1e-6)
    assert found.context.used == 90_000


@pytest.mark.parametrize(
    "passes", [None, {}, "advisor", [1, "advisor"], [{"type": "advisor_message"}]]
)
def test_passes_that_are_none_change_nothing(passes: Any) -> None:
    assert cost(answer(TOKENS | {"iterations": passes})).usd == pytest.approx(PLAIN)


def state(usd: float, models: dict[str, Any], **more: Any) -> Any:
    return {
        "type": "cost-state",
        "sessionId": "s",
        "totalCostUSD": usd,
        "modelUsage": models,
    } | more


def used(usd: float, prompt: int, output: int) -> dict[str, Any]:
    return {"inputTokens": prompt, "outputTokens": output, "costUSD": usd}


def test_what_totals_hold_beyond_the_records_is_told_by_model() -> None:
    models = {
        "claude-opus-4-8": used(PLAIN, 1_001_000, 100),
        "claude-haiku-4-5": used(0.41, 400_000, 2_000),
    }
    found = cost(answer(TOKENS), state(PLAIN + 0.41, models))
    assert [(gap.model, gap.prompt_tokens, gap.output_tokens) for gap in found.beyond_records] == [
        ("claude-haiku-4-5", 400_000, 2_000)
    ]
    assert found.beyond_records[0].usd == pytest.approx(0.41)
    (note,) = found.notes
    assert note.startswith("the estimate was $6.26 until the CLI's total said $6.67: $0.41 is for")
    assert "402,000 tokens of claude-haiku-4-5" in note


def test_a_total_that_agrees_needs_no_word() -> None:
    found = cost(answer(TOKENS), state(PLAIN, {"claude-opus-4-8": used(PLAIN, 1_001_000, 100)}))
    assert (found.source, found.notes, found.beyond_records) == ("result", (), ())


def test_an_estimate_that_lacked_output_says_so_when_it_is_corrected() -> None:
    record = answer(TOKENS)
    record["message"]["stop_reason"] = None
    found = cost(record, state(PLAIN + 1, {"claude-opus-4-8": used(PLAIN + 1, 1_001_000, 40_100)}))
    assert "output tokens of 1 answer were told by the total only" in found.notes[0]


def test_a_total_over_a_model_that_the_cli_has_no_price_for_is_called_a_guess() -> None:
    models = {"glm-5.1": used(0.5, 1_001_000, 100)}
    found = cost(answer(TOKENS, "glm-5.1"), state(0.5, models, hasUnknownModelCost=True))
    assert any("no price for glm-5.1" in note and "guess" in note for note in found.notes)


def test_a_file_that_gives_no_prices_is_named() -> None:
    found = cost(answer(TOKENS), prices=PriceTable({}, problem="prices_file /x is no JSON"))
    assert found.notes == ("prices_file /x is no JSON; the built-in prices hold",)
    assert found.usd == pytest.approx(PLAIN)
    assert found.priced_on.endswith("(built in)")


def test_own_prices_are_counted_where_the_table_is_named() -> None:
    table = PriceTable({"m": Price(1, 1, 1, 1, 1)})
    assert table.priced_on.endswith("(built in, 1 of your own)")


def test_a_file_that_is_read_later_fills_the_gap_without_a_word() -> None:
    """A subagent's own file tells answers that the total accounted for already."""
    lines = [
        [answer(TOKENS, timestamp="2026-11-01T00:00:03Z")],
        [answer(TOKENS, number=2, timestamp="2026-11-01T00:00:02Z", isSidechain=True)],
    ]
    total = state(2 * PLAIN, {"claude-opus-4-8": used(2 * PLAIN, 2_002_000, 200)})
    lines[0].append(total)
    fold = NightFold()
    for name, records in zip(("t.jsonl", "agent.jsonl"), lines, strict=True):
        data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
        fold.apply(ClaudeDecoder(name).decode(data, 0).events)
        seen = fold.snapshot(0.0).cost
        assert seen.usd == pytest.approx(2 * PLAIN)
        assert bool(seen.notes) == bool(seen.beyond_records) == (name == "t.jsonl")


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**18),
    st.sampled_from(("fast", "batch", "3", [], {}, {"web_search_requests": 10**30})),
    st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from(("message", "advisor_message", "x"))},
            optional={
                "model": st.just("m"),
                "input_tokens": st.integers(),
                "iterations": st.just([]),
            },
        ),
        max_size=3,
    ),
)
_USAGE = st.dictionaries(
    st.sampled_from((*TOKENS, "server_tool_use", "service_tier", "speed", "iterations")), _VALUES
)


@given(st.lists(_USAGE, min_size=1, max_size=4), _USAGE, st.sampled_from(("2.1.1", "x", None)))
def test_whatever_usage_holds_it_is_priced_and_saved(
    usages: list[dict[str, Any]], total: dict[str, Any], version: str | None
) -> None:
    records = [answer(usage, version=version, uuid=f"u{n}") for n, usage in enumerate(usages)]
    found = cost(*records, state(1.0, {"claude-opus-4-8": total}))
    assert found.usd is not None
    assert found.usd >= 0
