"""Each API response counts once, with its largest usage."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import MODEL, Script, fold, night
from tui.model.events import AgentEvent, AssistantMessage, StreamDelta, TokenUsage
from tui.model.snapshot import NightSnapshot


def tokens(*scripts: Script) -> TokenUsage:
    return fold(*(script.events for script in scripts)).snapshot(0.0).tokens


def test_blocks_of_one_response_count_once() -> None:
    script = Script()
    for _ in range(3):
        script.say("x", usage=TokenUsage(10, 1, 5, 2, 100), message="m")
    assert tokens(script) == TokenUsage(10, 1, 5, 2, 100)


def test_the_largest_usage_wins_whichever_comes_first() -> None:
    small, large = TokenUsage(10, 1, 0, 0, 100), TokenUsage(10, 45, 0, 0, 100)
    for order in ((small, large), (large, small)):
        script = Script()
        for usage in order:
            script.say("x", usage=usage, message="m")
        assert tokens(script) == large


def test_the_winner_is_one_record_and_no_mixture() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(500, 1, 0, 0, 0), message="m")
    script.say("x", usage=TokenUsage(10, 45, 0, 0, 1000), message="m")
    assert tokens(script) == TokenUsage(10, 45, 0, 0, 1000)


def test_equal_ids_with_other_requests_are_other_responses() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(10), message="m", request="r1")
    script.say("x", usage=TokenUsage(10), message="m", request="r2")
    script.say("x", usage=TokenUsage(10), message="m", request="r1")
    script.say("x", usage=TokenUsage(10), message="m", request="r2")
    assert tokens(script) == TokenUsage(20)


def test_a_record_without_request_matches_its_message() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(10, 1), message="m", request="r1")
    script.say("x", usage=TokenUsage(10, 9), message="m")
    other = Script("other.jsonl")
    other.say("x", usage=TokenUsage(10, 1), message="n")
    other.say("x", usage=TokenUsage(10, 9), message="n", request="r2")
    assert tokens(script, other) == TokenUsage(20, 18)


def test_the_same_record_in_a_transcript_completes_the_stream() -> None:
    stream = Script("stream.jsonl")
    stream.say("x", usage=TokenUsage(10, 1, 3), message="m", request="r")
    transcript = Script("transcript.jsonl")
    body = AssistantMessage("m", "r", MODEL, TokenUsage(10, 45, 3), True, "x")
    transcript.add(body, uuid=stream.events[0].uuid)
    made = fold(stream.events)
    assert made.apply(transcript.events) == [False]
    seen = made.snapshot(0.0)
    assert seen.tokens == TokenUsage(10, 45, 3)
    assert seen.counts.total == 1
    assert seen.cost.source == "estimate"


def test_subagents_and_forked_copies_count_once() -> None:
    stream = Script("stream.jsonl")
    stream.say("x", usage=TokenUsage(10, 1), message="m")
    stream.say("x", usage=TokenUsage(7, 1), message="sub", thread="call-1")
    fork = Script("fork.jsonl", "s2")
    fork.say("x", usage=TokenUsage(10, 1), message="m")
    agent = Script("agent.jsonl")
    agent.say("x", usage=TokenUsage(7, 20), message="sub", thread="agent-1", final=True)
    assert tokens(stream, fork, agent) == TokenUsage(17, 21)


def test_what_the_cli_says_in_the_models_place_costs_nothing() -> None:
    script = Script()
    script.say("limit", usage=TokenUsage(5, 5), model="<synthetic>", error="rate_limit")
    assert tokens(script) == TokenUsage()


def streamed(thread: str = "") -> Script:
    script = Script()
    script.init()
    script.add(
        StreamDelta("message_start", "m", "", TokenUsage(12, 1, 0, 300, 7000)), thread=thread
    )
    return script


def test_a_streams_last_word_completes_its_message() -> None:
    script = streamed()
    script.say("x", usage=TokenUsage(12, 1, 0, 300, 7000), message="m", request="r")
    script.add(StreamDelta("message_delta", "", "", TokenUsage(output=88)))
    assert tokens(script) == TokenUsage(12, 88, 0, 300, 7000)
    assert night(script).cost.source == "estimate"


def test_a_last_word_that_lumps_cache_kinds_keeps_them_apart() -> None:
    script = streamed()
    script.add(StreamDelta("message_delta", "m", "", TokenUsage(12, 88, 300, 0, 7000)))
    assert tokens(script) == TokenUsage(12, 88, 0, 300, 7000)


def test_two_conversations_stream_at_once() -> None:
    script = streamed()
    script.add(StreamDelta("message_start", "n", "", TokenUsage(5, 1)), thread="call-1")
    script.add(StreamDelta("message_delta", "", "", TokenUsage(output=50)), thread="call-1")
    script.add(StreamDelta("message_delta", "", "", TokenUsage(output=88)))
    assert tokens(script) == TokenUsage(17, 138, 0, 300, 7000)


def test_an_answer_that_never_came_to_words_still_cost() -> None:
    seen = night(streamed())
    assert seen.tokens == TokenUsage(12, 1, 0, 300, 7000)
    assert seen.cost.usd == pytest.approx((12 * 4 + 20 + 300 * 8 + 7000 * 0.2) / 1e6)
    assert seen.cost.source == "partial"


def by_model(seen: NightSnapshot) -> dict[str, tuple[int, float | None]]:
    return {part.model: (part.responses, part.usd) for part in seen.cost.by_model}


def test_a_guessed_model_gives_way_to_the_named_one() -> None:
    script = streamed()
    script.say("x", usage=TokenUsage(12, 1, 0, 300, 7000), message="m", model="claude-haiku-4-5")
    models = by_model(night(script))
    assert models.keys() == {"claude-haiku-4-5"}
    assert models["claude-haiku-4-5"][0] == 1


def test_a_time_told_later_is_taken() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(1_000_000), message="m")
    late = script.events[0]
    early = AgentEvent("s", 0, 1, late.body, "other", late.session)
    assert fold([early]).snapshot(0.0).cost.by_hour == ()
    hours = fold([early, late]).snapshot(0.0).cost.by_hour
    assert [hour.usd for hour in hours] == [pytest.approx(4.0)]


def test_hostile_figures_are_bounded() -> None:
    script = Script()
    for number in range(600):
        script.say("x", usage=TokenUsage(10**18, -5, 10**18), message=f"m{number}")
    made = fold(script.events)
    assert made.snapshot(0.0).tokens.input == 600 * 100_000_000
    assert made.save()
